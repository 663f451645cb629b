/* Twenty steps of a model that looks and talks against PyTorch's, by the files of data/llava_train that llava_train.py
 * wrote: both stages, conversations packed side by side, the batch whole and in two parts. */
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
  gaze_parameters projector; /* a part of what learns, borrowed */
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

static const int32_t *numbers(const trial *t, const char *name) { return find_tensor(t->samples, name)->data; }

/* What the encoder makes of the pixels of all pictures. */
static void look(trial *t) {
  const gaze_tensor *pixels = find_tensor(t->samples, "pixels");
  const gaze_vit *encoder = &t->llava.eye.encoder;
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

/* Of the projector. */
static void name_parameter(const gaze_parameter *parameter, char *out, size_t size) {
  static const char *const names[][2] = {{"projector.first_weight", "linear_1.weight"},
                                         {"projector.first_bias", "linear_1.bias"},
                                         {"projector.second_weight", "linear_2.weight"},
                                         {"projector.second_bias", "linear_2.bias"}};
  size_t i = 0;
  while (i < 3 && strcmp(parameter->name, names[i][0]) != 0)
    i++;
  assert_string_equal(parameter->name, names[i][0]);
  snprintf(out, size, "%s", names[i][1]);
}

static void begin(trial *t) {
  const gaze_llava *l = &t->llava;
  t->reference.list = &l->learned;
  t->reference.values = l->values;
  t->reference.gradients = l->gradients;
  t->projector = (gaze_parameters){.items = l->learned.items, .n = l->n_projector};
  assert_int_equal(l->n_projector, 4);
  for (size_t i = 0; i < l->n_projector && l->learned.n > l->n_projector; i++)
    l->learned.items[i].pace = reference_option(&t->reference, "projector_lr") / reference_option(&t->reference, "lr");
  begin_reference(&t->reference);
}

static void open_trial(trial *t, const json_t *json, size_t parts) {
  *t = (trial){.reference.name = name_parameter, .parts = parts};
  snprintf(t->reference.where, sizeof t->reference.where, "%s, %zu parts",
           json_string_value(json_object_get(json, "name")), parts);
  open_reference(&t->reference, FOLDER, json);
  t->samples = open_clip_tensors(FOLDER "samples");
  t->longest = find_tensor(t->samples, "ids")->shape[1];
  assert_true(t->longest <= MOST);
  gaze_kernels_init(&t->kernels, gaze_cpu_detect());
  t->compute = (gaze_compute){.kernels = &t->kernels};
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, clip_path("../llava/llava"), NULL,
                                   reference_option(&t->reference, "stage") > 1),
                   GAZE_OK);
  look(t);
  begin(t);
  assert_int_equal(gaze_llava_project_init(&t->project, &t->llava.eye.projector, &t->seen, &t->compute, BATCH),
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

/* Of the projector after the last step, relative. */
static void check_end(const trial *t) {
  for (size_t i = 0; i < t->projector.n; i++) {
    const gaze_parameter *parameter = &t->projector.items[i];
    const float *wanted = reference_tensor(&t->reference, t->reference.tensors, "weights.", parameter)->data;
    size_t n = gaze_parameter_count(parameter);
    double off = distance(reference_values(&t->reference, parameter), wanted, n, 1) / distance(wanted, NULL, n, 1);
    check_off(&t->reference, REFERENCE_STEPS - 1, "weights of ", parameter->name, off, 1e-4);
  }
}

static void take_step(trial *t, size_t step) {
  const int32_t *chosen = numbers(t, "batches") + step * BATCH;
  size_t n = BATCH / t->parts;
  for (size_t part = 0; part < t->parts; part++)
    fill_batch(t, part, chosen + part * n, n);
  gaze_lm_step_run(&t->step, t->batches, t->parts);
  if (step == 0)
    check_gradients(&t->reference, &t->projector);
  check_figures(&t->reference, step, t->step.loss, 1e-5, step_reference(&t->reference, &t->compute, step), 1e-4);
}

static void check_run(size_t number) {
  json_t *runs = open_clip_json(FOLDER "runs.json");
  for (size_t parts = 1; parts <= PARTS; parts++) {
    trial t;
    open_trial(&t, json_array_get(runs, number), parts);
    for (size_t step = 0; step < REFERENCE_STEPS; step++)
      take_step(&t, step);
    check_end(&t);
    close_trial(&t);
  }
  json_decref(runs);
}

static void the_projector_alone(void **state) { check_run(0); }
static void with_the_language_model(void **state) { check_run(1); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_projector_alone), cmocka_unit_test(with_the_language_model)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
