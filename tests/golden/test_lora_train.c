/* Twenty steps of pairs of small matrices beside a language model, with a projector, against peft's, by the files of
 * data/lora_train that lora_train.py wrote: conversations packed side by side, the batch whole and in two parts. And
 * peft's adapters in gaze: beside their model and in it. */
#include "llava_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

#define LORA "../lora_train/"

static const char *const projector_names[] = {"linear_1.weight", "linear_1.bias", "linear_2.weight", "linear_2.bias"};

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

/* Pairs as a file of peft's has them. */
static void load_pairs(llava_trial *t, const char *file) {
  char name[160];
  gaze_safetensors *start = open_clip_tensors(file);
  const gaze_parameters *pairs = &t->llava.lora.learned;
  for (size_t i = 0; i < pairs->n; i++) {
    size_t n = gaze_parameter_count(&pairs->items[i]);
    name_pair(pairs->items[i].name, name, sizeof name);
    const gaze_tensor *tensor = find_tensor(start, name);
    assert_int_equal(gaze_tensor_count(tensor), n);
    memcpy(trial_values(t, t->llava.values, &pairs->items[i]), tensor->data, n * sizeof(float));
  }
  gaze_safetensors_close(start);
}

static void load_projector(llava_trial *t, const char *file) {
  char name[160];
  gaze_safetensors *from = open_clip_tensors(file);
  for (size_t i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "base_model.model.model.multi_modal_projector.%s", projector_names[i]);
    const gaze_parameter *parameter = &t->llava.learned.items[i];
    memcpy(trial_values(t, t->llava.values, parameter), find_tensor(from, name)->data,
           gaze_parameter_count(parameter) * sizeof(float));
  }
  gaze_safetensors_close(from);
}

static void add_pairs(llava_trial *t) {
  const gaze_lora_options options = {.rank = (size_t)reference_option(&t->reference, "rank"),
                                     .alpha = reference_option(&t->reference, "alpha"),
                                     .targets = text_of(t->reference.json, "targets")};
  assert_int_equal(gaze_llava_add_lora(&t->llava, &options, 0), GAZE_OK);
  load_pairs(t, LORA "start");
}

static void open_trial(llava_trial *t, const json_t *run, size_t parts) {
  *t = (llava_trial){.reference = {.json = run, .tensors = open_clip_tensors(LORA "gradient")}};
  snprintf(t->reference.where, sizeof t->reference.where, "%zu parts", parts);
  open_llava_trial(t, parts);
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, clip_path("../llava/llava"), NULL, false, 0), GAZE_OK);
  add_pairs(t);
  begin_llava_trial(t);
}

/* Gradients of the pairs. */
static void check_pairs(const llava_trial *t) {
  char name[160];
  const gaze_parameters *pairs = &t->llava.lora.learned;
  for (size_t i = 0; i < pairs->n; i++) {
    size_t n = gaze_parameter_count(&pairs->items[i]);
    name_pair(pairs->items[i].name, name, sizeof name);
    const float *wanted = find_tensor(t->reference.tensors, name)->data;
    check_off(&t->reference, 0, name, "",
              distance(trial_values(t, t->llava.gradients, &pairs->items[i]), wanted, n, 1) /
                  distance(wanted, NULL, n, 1),
              1e-5);
  }
}

static void take_step(llava_trial *t, size_t step) {
  add_trial_gradients(t, step);
  if (step == 0)
    check_pairs(t);
  check_figures(&t->reference, step, t->step.loss, 1e-5, step_reference(&t->reference, &t->compute, step), 1e-4);
}

/* What gaze writes has the names and numbers of what peft wrote. */
static void check_adapter(const llava_trial *t) {
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
    check_off(&t->reference, REFERENCE_STEPS - 1, theirs->name, "",
              distance(ours->data, theirs->tensor.data, n, 1) / distance(theirs->tensor.data, NULL, n, 1), 1e-4);
  }
  gaze_safetensors_close(got);
  gaze_safetensors_close(wanted);
}

static void pairs_beside_the_language_model(void **state) {
  json_t *run = open_clip_json(LORA "run.json");
  for (size_t parts = 1; parts <= TRIAL_PARTS; parts++) {
    llava_trial t;
    open_trial(&t, run, parts);
    for (size_t step = 0; step < REFERENCE_STEPS; step++)
      take_step(&t, step);
    check_adapter(&t);
    close_llava_trial(&t);
  }
  json_decref(run);
}

/* Logits of all rows of conversation 1; [rows, V], yours: free(). */
static float *answer(llava_trial *t) {
  const gaze_decoder *decoder = &t->llava.decoder;
  const gaze_decoder_config *c = &decoder->config;
  fill_trial_batch(t, 0, (const int32_t[]){1}, 1);
  size_t rows = gaze_sequences_rows(&t->batches[0].sequences);
  gaze_arena arena = GAZE_ARENA_MEASURE;
  gaze_decoder_tape tape;
  gaze_kv_cache *cache;
  float *logits;
  gaze_decoder_tape_layout(&tape, decoder, 1, rows, TRIAL_MOST + GAZE_KV_TILE, &arena);
  assert_int_equal(gaze_arena_init(&arena, arena.used), GAZE_OK);
  gaze_decoder_tape_layout(&tape, decoder, 1, rows, TRIAL_MOST + GAZE_KV_TILE, &arena);
  assert_int_equal(gaze_kv_cache_new(c->layers, c->block.attention.kv_heads, c->block.attention.head_dim, TRIAL_MOST,
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

static size_t count_rows(const llava_trial *t) { return gaze_sequences_rows(&t->batches[0].sequences); }

/* Model and adapter in one; look_at_samples() and the rest as ever. */
static void open_merged(llava_trial *t, const json_t *run, const char *adapter) {
  const char *folder = test_path(adapter + strlen(LORA));
  if (gaze_model_merge(clip_path("../llava/llava"), clip_path(adapter), folder) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  open_trial(t, run, 1);
  gaze_llava_fini(&t->llava);
  free(t->features);
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, folder, NULL, false, 0), GAZE_OK);
  look_at_samples(t);
}

/* peft's adapters, joined with their model and beside it: the same as peft's sums in float64. */
static void adapters_of_others(void **state) {
  json_t *run = open_clip_json(LORA "run.json");
  gaze_safetensors *wanted = open_clip_tensors(LORA "logits");
  llava_trial merged, beside;
  for (int i = 0; i < 2; i++) {
    open_merged(&merged, run, i ? LORA "rslora" : LORA "adapter");
    float *logits = answer(&merged);
    const gaze_tensor *theirs = find_tensor(wanted, i ? "rslora" : "adapter");
    assert_int_equal(theirs->shape[0], count_rows(&merged));
    check_near(i ? "rslora" : "adapter", "merged", logits, theirs->data, gaze_tensor_count(theirs));
    free(logits);
    close_llava_trial(&merged);
  }
  open_trial(&beside, run, 1);
  load_pairs(&beside, LORA "adapter/adapter_model");
  load_projector(&beside, LORA "adapter/adapter_model");
  float *logits = answer(&beside);
  const gaze_tensor *theirs = find_tensor(wanted, "adapter");
  check_near("adapter", "beside", logits, theirs->data, gaze_tensor_count(theirs));
  free(logits);
  close_llava_trial(&beside);
  gaze_safetensors_close(wanted);
  json_decref(run);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_beside_the_language_model),
                                     cmocka_unit_test(adapters_of_others)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
