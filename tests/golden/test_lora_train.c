/* Twenty steps of pairs of small matrices beside a language model, with a projector, against peft's, by the files of
 * data/lora_train that lora_train.py wrote: conversations packed side by side, the batch whole and in two parts. And
 * peft's adapters in gaze: beside their model and in it. */
#include "clip_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/nn/optimizer.h"
#include "fusion/llava.h"
#include "fusion/llava_project.h"
#include "fusion/schedule.h"

#define FOLDER "../llava_train/"
#define LORA "../lora_train/"

enum { STEPS = 20, BATCH = 6, PARTS = 2, MOST = 64 /* rows of a conversation */ };

static const char *const projector_names[] = {"linear_1.weight", "linear_1.bias", "linear_2.weight", "linear_2.bias"};

/* One run of gaze, and PyTorch's. */
typedef struct trial {
  char where[64];
  const json_t *run;
  gaze_safetensors *samples, *reference;
  size_t longest; /* columns of the samples */
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_llava llava;
  float *features;
  gaze_llava_features seen;
  gaze_llava_project project;
  gaze_optimizer optimizer;
  gaze_schedule schedule;
  gaze_lm_step step;
  size_t parts;
  gaze_lm_batch batches[PARTS];
  int32_t ids[BATCH * MOST], labels[BATCH * MOST];
  size_t offsets[PARTS][BATCH + 1];
  gaze_lm_picture pictures[PARTS][BATCH];
} trial;

static double option(const trial *t, const char *name) {
  const json_t *value = json_object_get(t->run, name);
  if (!json_is_number(value))
    fail_msg("no option: %s", name);
  return json_number_value(value);
}

static double figure(const trial *t, size_t step, const char *name) {
  return json_number_value(json_object_get(json_array_get(json_object_get(t->run, "steps"), step), name));
}

static const int32_t *numbers(const trial *t, const char *name) { return find_tensor(t->samples, name)->data; }

/* What the encoder, or what of it does not learn, makes of the pixels of all pictures. */
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

static void open_optimizer(trial *t) {
  const gaze_llava *l = &t->llava;
  bool talks = option(t, "stage") > 1;
  double lr = option(t, "lr");
  for (size_t i = 0; i < l->n_tail + l->n_projector && talks; i++)
    l->learned.items[i].pace = option(t, i < l->n_tail ? "vision_lr" : "projector_lr") / lr;
  assert_int_equal(gaze_schedule_init(&t->schedule, "cosine", lr, (uint64_t)option(t, "warmup"), STEPS, 0), GAZE_OK);
  assert_int_equal(gaze_optimizer_init(&t->optimizer, &l->learned, l->values, l->gradients), GAZE_OK);
  t->optimizer.beta1 = option(t, "beta1");
  t->optimizer.beta2 = option(t, "beta2");
  t->optimizer.eps = option(t, "eps");
  t->optimizer.weight_decay = option(t, "weight_decay");
  t->optimizer.clip_norm = option(t, "clip_norm");
}

/* Of a parameter "text.block03.q_weight.A", as peft has it. */
static void name_pair(const char *parameter, char *name, size_t size) {
  static const char *const kinds[][2] = {{"q_weight", "self_attn.q_proj"},
                                         {"v_weight", "self_attn.v_proj"},
                                         {"out_weight", "self_attn.o_proj"},
                                         {"up_weight", "mlp.up_proj"},
                                         {"down_weight", "mlp.down_proj"}};
  unsigned layer;
  char kind[16], letter;
  assert_int_equal(sscanf(parameter, "text.block%u.%15[a-z_].%c", &layer, kind, &letter), 3);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kind, kinds[i][0]) == 0)
      snprintf(name, size, "base_model.model.model.language_model.layers.%u.%s.lora_%c.weight", layer, kinds[i][1],
               letter);
}

/* The pair's numbers in an arena of the learned. */
static float *numbers_in(const trial *t, float *arena, const gaze_parameter *parameter) {
  return arena + (gaze_f32(*parameter->weight) - t->llava.values);
}

/* Pairs as a file of peft's has them. */
static void load_pairs(trial *t, const char *file) {
  char name[160];
  gaze_safetensors *start = open_clip_tensors(file);
  const gaze_parameters *pairs = &t->llava.lora.learned;
  for (size_t i = 0; i < pairs->n; i++) {
    size_t n = gaze_parameter_count(&pairs->items[i]);
    name_pair(pairs->items[i].name, name, sizeof name);
    const gaze_tensor *tensor = find_tensor(start, name);
    assert_int_equal(gaze_tensor_count(tensor), n);
    memcpy(numbers_in(t, t->llava.values, &pairs->items[i]), tensor->data, n * sizeof(float));
  }
  gaze_safetensors_close(start);
}

static void load_projector(trial *t, const char *file) {
  char name[160];
  gaze_safetensors *from = open_clip_tensors(file);
  for (size_t i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "base_model.model.model.multi_modal_projector.%s", projector_names[i]);
    const gaze_parameter *parameter = &t->llava.learned.items[i];
    memcpy(numbers_in(t, t->llava.values, parameter), find_tensor(from, name)->data,
           gaze_parameter_count(parameter) * sizeof(float));
  }
  gaze_safetensors_close(from);
}

static void add_pairs(trial *t) {
  const gaze_lora_options options = {
      .rank = (size_t)option(t, "rank"), .alpha = option(t, "alpha"), .targets = text_of(t->run, "targets")};
  assert_int_equal(gaze_llava_add_lora(&t->llava, &options, 0), GAZE_OK);
  load_pairs(t, LORA "start");
}

static void open_trial(trial *t, const json_t *run, size_t parts) {
  *t = (trial){.run = run, .parts = parts};
  snprintf(t->where, sizeof t->where, "%zu parts", parts);
  t->reference = open_clip_tensors(LORA "gradient");
  t->samples = open_clip_tensors(FOLDER "samples");
  t->longest = find_tensor(t->samples, "ids")->shape[1];
  assert_true(t->longest <= MOST);
  gaze_kernels_init(&t->kernels, gaze_cpu_detect());
  t->compute = (gaze_compute){.kernels = &t->kernels};
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, clip_path("../llava/llava"), NULL, false, 0), GAZE_OK);
  add_pairs(t);
  look(t);
  open_optimizer(t);
  assert_int_equal(gaze_llava_project_init(&t->project, &t->llava.eye, &t->seen, &t->compute, BATCH, parts > 1),
                   GAZE_OK);
  size_t rows = BATCH / parts * t->longest;
  assert_int_equal(gaze_lm_step_init(&t->step, &t->llava.decoder, &t->compute, rows, t->longest, parts > 1), GAZE_OK);
  t->step.sight = gaze_llava_project_sight(&t->project);
}

static void close_trial(trial *t) {
  gaze_lm_step_fini(&t->step);
  gaze_llava_project_fini(&t->project);
  gaze_optimizer_fini(&t->optimizer);
  gaze_llava_fini(&t->llava);
  free(t->features);
  gaze_safetensors_close(t->samples);
  gaze_safetensors_close(t->reference);
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
  for (size_t b = 0; b < n; b++) {
    size_t which = (size_t)chosen[b], length = (size_t)numbers(t, "lengths")[which];
    const int32_t *ids = numbers(t, "ids") + which * t->longest, *labels = numbers(t, "labels") + which * t->longest;
    memcpy(t->ids + first + offsets[b], ids, length * sizeof *ids);
    memcpy(t->labels + first + offsets[b], labels, length * sizeof *labels);
    if (numbers(t, "pictures")[which] >= 0)
      t->pictures[part][batch->n_pictures++] =
          (gaze_lm_picture){offsets[b] + find_picture(ids), (size_t)numbers(t, "pictures")[which]};
    offsets[b + 1] = offsets[b] + length;
  }
}

static void check(const trial *t, size_t step, const char *what, double error, double tolerance) {
  if (!(error <= tolerance))
    fail_msg("%s, step %zu: %s is off by %.3g", t->where, step + 1, what, error);
}

static double distance(const float *a, const float *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double difference = (double)a[i] - (b ? (double)b[i] : 0);
    sum += difference * difference;
  }
  return sqrt(sum);
}

/* Gradients of the pairs. */
static void check_pairs(const trial *t) {
  char name[160];
  const gaze_parameters *pairs = &t->llava.lora.learned;
  for (size_t i = 0; i < pairs->n; i++) {
    size_t n = gaze_parameter_count(&pairs->items[i]);
    name_pair(pairs->items[i].name, name, sizeof name);
    const float *wanted = find_tensor(t->reference, name)->data;
    check(t, 0, name,
          distance(numbers_in(t, t->llava.gradients, &pairs->items[i]), wanted, n) / distance(wanted, NULL, n), 1e-5);
  }
}

static void take_step(trial *t, size_t step) {
  const int32_t *chosen = numbers(t, "batches") + step * BATCH;
  size_t n = BATCH / t->parts;
  for (size_t part = 0; part < t->parts; part++)
    fill_batch(t, part, chosen + part * n, n);
  gaze_lm_step_run(&t->step, t->batches, t->parts);
  if (step == 0)
    check_pairs(t);
  double norm =
      gaze_optimizer_step(&t->optimizer, &t->compute, &t->llava.learned, gaze_schedule_lr(&t->schedule, step));
  check(t, step, "loss", fabs(t->step.loss / figure(t, step, "loss") - 1), 1e-5);
  check(t, step, "gradients' norm", fabs(norm / figure(t, step, "norm") - 1), 1e-4);
}

/* What gaze writes has the names and numbers of what peft wrote. */
static void check_adapter(const trial *t) {
  gaze_safetensors *got, *wanted = open_clip_tensors(LORA "adapter/adapter_model");
  const char *folder = test_path("adapter");
  if (gaze_llava_save_adapter(&t->llava, &t->kernels, "tiny", folder, GAZE_DTYPE_F32) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_safetensors_open(test_path("adapter/adapter_model.safetensors"), &got), GAZE_OK);
  assert_int_equal(gaze_safetensors_count(got), gaze_safetensors_count(wanted));
  for (size_t i = 0; i < gaze_safetensors_count(wanted); i++) {
    const gaze_named_tensor *theirs = gaze_safetensors_get(wanted, i);
    const gaze_tensor *ours = find_tensor(got, theirs->name);
    size_t n = gaze_tensor_count(ours);
    assert_int_equal(ours->rank, theirs->tensor.rank);
    assert_memory_equal(ours->shape, theirs->tensor.shape, (size_t)ours->rank * sizeof *ours->shape);
    check(t, STEPS - 1, theirs->name,
          distance(ours->data, theirs->tensor.data, n) / distance(theirs->tensor.data, NULL, n), 1e-4);
  }
  gaze_safetensors_close(got);
  gaze_safetensors_close(wanted);
}

static void pairs_beside_the_language_model(void **state) {
  json_t *run = open_clip_json(LORA "run.json");
  for (size_t parts = 1; parts <= PARTS; parts++) {
    trial t;
    open_trial(&t, run, parts);
    for (size_t step = 0; step < STEPS; step++)
      take_step(&t, step);
    check_adapter(&t);
    close_trial(&t);
  }
  json_decref(run);
}

/* Logits of all rows of conversation 1; [rows, V], yours: free(). */
static float *answer(trial *t) {
  const gaze_decoder *decoder = &t->llava.decoder;
  const gaze_decoder_config *c = &decoder->config;
  fill_batch(t, 0, (const int32_t[]){1}, 1);
  size_t rows = gaze_sequences_rows(&t->batches[0].sequences);
  gaze_arena arena = GAZE_ARENA_MEASURE;
  gaze_decoder_tape tape;
  gaze_kv_cache *cache;
  float *logits;
  gaze_decoder_tape_layout(&tape, decoder, 1, rows, MOST + GAZE_KV_TILE, &arena);
  assert_int_equal(gaze_arena_init(&arena, arena.used), GAZE_OK);
  gaze_decoder_tape_layout(&tape, decoder, 1, rows, MOST + GAZE_KV_TILE, &arena);
  assert_int_equal(gaze_kv_cache_new(c->layers, c->block.attention.kv_heads, c->block.attention.head_dim, MOST,
                                     GAZE_DTYPE_F32, &cache),
                   GAZE_OK);
  assert_int_equal(gaze_alloc(rows * c->vocabulary, sizeof *logits, &logits), GAZE_OK);
  size_t start = 0;
  gaze_cached_batch batch = {.sequences = t->batches[0].sequences, .caches = &cache, .capacity = cache->capacity};
  batch.sequences.starts = &start;
  gaze_decoder_embed(&t->compute, decoder, tape.x[0], t->ids, rows);
  t->step.sight.put(t->step.sight.user, &t->batches[0], tape.x[0]);
  gaze_decoder_forward(&t->compute, logits, decoder, &batch, true, &tape);
  gaze_kv_cache_free(cache);
  gaze_arena_fini(&arena);
  return logits;
}

static size_t count_rows(const trial *t) { return gaze_sequences_rows(&t->batches[0].sequences); }

/* Model and adapter in one; look() and the rest as ever. */
static void open_merged(trial *t, const json_t *run, const char *adapter) {
  const char *folder = test_path(adapter + strlen(LORA));
  if (gaze_model_merge(clip_path("../llava/llava"), clip_path(adapter), folder) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  open_trial(t, run, 1);
  gaze_llava_fini(&t->llava);
  free(t->features);
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, folder, NULL, false, 0), GAZE_OK);
  look(t);
}

/* peft's adapters, joined with their model and beside it: the same as peft's sums in float64. */
static void adapters_of_others(void **state) {
  json_t *run = open_clip_json(LORA "run.json");
  gaze_safetensors *wanted = open_clip_tensors(LORA "logits");
  trial merged, beside;
  for (int i = 0; i < 2; i++) {
    open_merged(&merged, run, i ? LORA "rslora" : LORA "adapter");
    float *logits = answer(&merged);
    const gaze_tensor *theirs = find_tensor(wanted, i ? "rslora" : "adapter");
    assert_int_equal(theirs->shape[0], count_rows(&merged));
    check_near(i ? "rslora" : "adapter", "merged", logits, theirs->data, gaze_tensor_count(theirs));
    free(logits);
    close_trial(&merged);
  }
  open_trial(&beside, run, 1);
  load_pairs(&beside, LORA "adapter/adapter_model");
  load_projector(&beside, LORA "adapter/adapter_model");
  float *logits = answer(&beside);
  const gaze_tensor *theirs = find_tensor(wanted, "adapter");
  check_near("adapter", "beside", logits, theirs->data, gaze_tensor_count(theirs));
  free(logits);
  close_trial(&beside);
  gaze_safetensors_close(wanted);
  json_decref(run);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_beside_the_language_model),
                                     cmocka_unit_test(adapters_of_others)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
