/* Twenty steps of a model that looks and talks against PyTorch's, by the files of data/llava_train that llava_train.py
 * wrote: both stages, with and without the image encoder's last blocks, conversations packed side by side, the batch
 * whole and in two parts. */
#include "reference_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fusion/llava.h"
#include "fusion/llava_project.h"

#define FOLDER "../llava_train/"

enum { BATCH = 6, PARTS = 2, MOST = 64 /* rows of a conversation */ };

/* One run of gaze, and PyTorch's. */
typedef struct trial {
  reference_run reference;
  gaze_safetensors *samples;
  size_t longest; /* columns of the samples */
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_llava llava;
  float *features;
  gaze_llava_features seen;
  gaze_llava_project project;
  gaze_lm_step step;
  size_t parts;
  gaze_lm_batch batches[PARTS];
  int32_t ids[BATCH * MOST], labels[BATCH * MOST];
  size_t offsets[PARTS][BATCH + 1];
  gaze_lm_picture pictures[PARTS][BATCH];
} trial;

static size_t vision_blocks(const trial *t) {
  return (size_t)json_integer_value(json_object_get(t->reference.json, "vision_blocks"));
}

static const int32_t *numbers(const trial *t, const char *name) { return find_tensor(t->samples, name)->data; }

/* What the encoder, or what of it does not learn, makes of the pixels of all pictures. */
static void look(trial *t) {
  const gaze_tensor *pixels = find_tensor(t->samples, "pixels");
  const gaze_vit front = gaze_vit_front(&t->llava.eye.encoder);
  const gaze_vit *encoder = vision_blocks(t) ? &front : &t->llava.eye.encoder;
  size_t n = pixels->shape[0], rows = gaze_vit_feature_rows(&encoder->config), C = encoder->config.block.dim;
  gaze_arena arena = GAZE_ARENA_MEASURE;
  gaze_vit_tape tape;
  gaze_vit_tape_layout(&tape, encoder, n, gaze_vit_patches(&encoder->config), GAZE_TAPE_NONE, &arena);
  assert_int_equal(gaze_arena_init(&arena, arena.used), GAZE_OK);
  gaze_vit_tape_layout(&tape, encoder, n, gaze_vit_patches(&encoder->config), GAZE_TAPE_NONE, &arena);
  assert_int_equal(gaze_alloc(n * rows * C, sizeof(float), &t->features), GAZE_OK);
  gaze_vit_features(&t->compute, t->features, pixels->data, n, encoder, &tape);
  gaze_arena_fini(&arena);
  t->seen = (gaze_llava_features){.rows = rows, .C = C, .n = n, .values = t->features};
}

static void begin(trial *t) {
  const gaze_llava *l = &t->llava;
  reference_run *run = &t->reference;
  bool talks = reference_option(run, "stage") > 1;
  run->list = &l->learned;
  run->values = l->values;
  run->gradients = l->gradients;
  for (size_t i = 0; i < l->n_tail + l->n_projector && talks; i++)
    l->learned.items[i].pace =
        reference_option(run, i < l->n_tail ? "vision_lr" : "projector_lr") / reference_option(run, "lr");
  begin_reference(run);
}

static void open_trial(trial *t, const json_t *json, size_t parts) {
  *t = (trial){.parts = parts};
  snprintf(t->reference.where, sizeof t->reference.where, "%s, %zu parts",
           json_string_value(json_object_get(json, "name")), parts);
  open_reference(&t->reference, FOLDER, json);
  t->samples = open_clip_tensors(FOLDER "samples");
  t->longest = find_tensor(t->samples, "ids")->shape[1];
  assert_true(t->longest <= MOST);
  gaze_kernels_init(&t->kernels, gaze_cpu_detect());
  t->compute = (gaze_compute){.kernels = &t->kernels};
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, clip_path("../llava/llava"), NULL,
                                   reference_option(&t->reference, "stage") > 1, vision_blocks(t)),
                   GAZE_OK);
  look(t);
  begin(t);
  assert_int_equal(gaze_llava_project_init(&t->project, &t->llava.eye, &t->seen, &t->compute, BATCH, parts > 1),
                   GAZE_OK);
  size_t rows = BATCH / parts * t->longest;
  assert_int_equal(gaze_lm_step_init(&t->step, &t->llava.decoder, &t->compute, rows, t->longest, parts > 1), GAZE_OK);
  t->step.sight = gaze_llava_project_sight(&t->project);
}

static void close_trial(trial *t) {
  gaze_lm_step_fini(&t->step);
  gaze_llava_project_fini(&t->project);
  gaze_llava_fini(&t->llava);
  free(t->features);
  gaze_safetensors_close(t->samples);
  close_reference(&t->reference);
}

static size_t find_picture(const int32_t *ids) {
  size_t row = 0;
  while (ids[row] >= 0)
    row++;
  return row;
}

/* chosen: [n] conversations, side by side. */
static void fill_batch(trial *t, size_t part, const int32_t *chosen, size_t n) {
  size_t *offsets = t->offsets[part], first = part * n * t->longest;
  gaze_lm_batch *batch = &t->batches[part];
  *batch = (gaze_lm_batch){.sequences = {.count = n, .offsets = offsets, .longest = t->longest},
                           .ids = t->ids + first,
                           .labels = t->labels + first,
                           .pictures = t->pictures[part]};
  pack_samples(t->samples, chosen, n, t->ids + first, t->labels + first, offsets);
  for (size_t b = 0; b < n; b++) {
    int32_t picture = numbers(t, "pictures")[chosen[b]];
    if (picture >= 0)
      t->pictures[part][batch->n_pictures++] =
          (gaze_lm_picture){offsets[b] + find_picture(t->ids + first + offsets[b]), (size_t)picture};
  }
}

/* Of one parameter against PREFIX.NAME; relative. */
static void check_parameter(const trial *t, size_t step, const gaze_parameter *parameter, const char *name,
                            const float *arena, double tolerance) {
  const gaze_tensor *wanted = find_tensor(t->reference.tensors, name);
  size_t n = gaze_parameter_count(parameter);
  assert_int_equal(gaze_tensor_count(wanted), n);
  const float *got = arena + (gaze_f32(*parameter->weight) - t->llava.values);
  check_off(&t->reference, step, name, "", distance(got, wanted->data, n, 1) / distance(wanted->data, NULL, n, 1),
            tolerance);
}

static const gaze_parameter *find_parameter(const trial *t, const char *name) {
  for (size_t i = 0; i < t->llava.n_tail; i++)
    if (strcmp(t->llava.learned.items[i].name, name) == 0)
      return &t->llava.learned.items[i];
  fail_msg("%s: %s does not learn", t->reference.where, name);
  return NULL;
}

/* Of each block that learns; keys' biases change nothing. */
static void check_blocks(const trial *t, size_t step, const char *prefix, const float *arena, double tolerance) {
  static const char *const names[][2] = {{"q_weight", "self_attn.q_proj.weight"},
                                         {"q_bias", "self_attn.q_proj.bias"},
                                         {"k_weight", "self_attn.k_proj.weight"},
                                         {"v_weight", "self_attn.v_proj.weight"},
                                         {"v_bias", "self_attn.v_proj.bias"},
                                         {"out_weight", "self_attn.out_proj.weight"},
                                         {"out_bias", "self_attn.out_proj.bias"},
                                         {"norm1_gain", "layer_norm1.weight"},
                                         {"norm1_bias", "layer_norm1.bias"},
                                         {"norm2_gain", "layer_norm2.weight"},
                                         {"norm2_bias", "layer_norm2.bias"},
                                         {"up_weight", "mlp.fc1.weight"},
                                         {"up_bias", "mlp.fc1.bias"},
                                         {"down_weight", "mlp.fc2.weight"},
                                         {"down_bias", "mlp.fc2.bias"}};
  const gaze_stack *stack = &t->llava.eye.encoder.stack;
  char ours[64], theirs[96];
  assert_int_equal(t->llava.n_tail, vision_blocks(t) * (sizeof names / sizeof *names + 1));
  for (size_t layer = stack->frozen; layer < stack->layers; layer++)
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      snprintf(ours, sizeof ours, "vision.block%02zu.%s", layer, names[i][0]);
      snprintf(theirs, sizeof theirs, "%s.layers.%zu.%s", prefix, layer, names[i][1]);
      check_parameter(t, step, find_parameter(t, ours), theirs, arena, tolerance);
    }
}

/* Of the projector, PREFIX.linear_N.weight or bias, and of blocks that learn. */
static void check_seeing(const trial *t, size_t step, const char *prefix, const float *arena, double tolerance) {
  static const char *const names[] = {"linear_1.weight", "linear_1.bias", "linear_2.weight", "linear_2.bias"};
  char name[64];
  assert_int_equal(t->llava.n_projector, 4);
  for (size_t i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "%s.%s", prefix, names[i]);
    check_parameter(t, step, &t->llava.learned.items[t->llava.n_tail + i], name, arena, tolerance);
  }
  check_blocks(t, step, prefix, arena, tolerance);
}

static void take_step(trial *t, size_t step) {
  const int32_t *chosen = numbers(t, "batches") + step * BATCH;
  size_t n = BATCH / t->parts;
  for (size_t part = 0; part < t->parts; part++)
    fill_batch(t, part, chosen + part * n, n);
  gaze_lm_step_run(&t->step, t->batches, t->parts);
  if (step == 0)
    check_seeing(t, step, "gradient", t->llava.gradients, 1e-5);
  check_figures(&t->reference, step, t->step.loss, 1e-5, step_reference(&t->reference, &t->compute, step), 1e-4);
}

static void check_run(size_t number) {
  json_t *runs = open_clip_json(FOLDER "runs.json");
  for (size_t parts = 1; parts <= PARTS; parts++) {
    trial t;
    open_trial(&t, json_array_get(runs, number), parts);
    for (size_t step = 0; step < REFERENCE_STEPS; step++)
      take_step(&t, step);
    check_seeing(&t, REFERENCE_STEPS - 1, "weights", t.llava.values, 1e-4);
    close_trial(&t);
  }
  json_decref(runs);
}

static void the_projector_alone(void **state) { check_run(0); }
static void with_the_language_model(void **state) { check_run(1); }
static void with_the_last_block_of_the_encoder(void **state) { check_run(2); }
static void with_all_blocks_that_are_run(void **state) { check_run(3); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_projector_alone), cmocka_unit_test(with_the_language_model),
                                     cmocka_unit_test(with_the_last_block_of_the_encoder),
                                     cmocka_unit_test(with_all_blocks_that_are_run)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
