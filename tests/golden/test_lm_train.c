/* Twenty steps of a language model against PyTorch's, by the files of data/lm_train that lm_train.py wrote: documents
 * packed side by side, the batch whole and in two parts, every kernel level. */
#include "reference_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fusion/lm_step.h"

#define FOLDER "../lm_train/"

enum { BATCH = 6, LONGEST = 9, PARTS = 2, STRIDE = 7 /* of stored weights */ };

/* One run of gaze, and PyTorch's. */
typedef struct trial {
  reference_run reference;
  gaze_safetensors *start, *samples;
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_decoder decoder;
  gaze_parameters list;
  float *values, *gradients;
  gaze_lm_step step;
  size_t parts;
  gaze_lm_batch batches[PARTS];
  int32_t ids[BATCH * LONGEST], labels[BATCH * LONGEST];
  size_t offsets[PARTS][BATCH + 1];
} trial;

static const char *name_of(const trial *t) { return json_string_value(json_object_get(t->reference.json, "name")); }

/* In transformers' layout. */
static void name_parameter(const gaze_parameter *parameter, char *out, size_t size) {
  size_t turn = 0;
  gaze_tensor_place place;
  assert_true(gaze_tensor_place_next(&gaze_decoder_names, parameter->name, &turn, &place));
  snprintf(out, size, "%s", place.name);
}

static void open_decoder(trial *t) {
  gaze_decoder_config config;
  char file[64];
  snprintf(file, sizeof file, FOLDER "%s.json", name_of(t));
  json_t *json = open_clip_json(file);
  assert_int_equal(gaze_decoder_config_read(json, &config), GAZE_OK);
  json_decref(json);
  assert_int_equal(gaze_decoder_init(&t->decoder, &config, true), GAZE_OK);
  assert_int_equal(gaze_decoder_list(&t->decoder, &t->list), GAZE_OK);
  size_t size = gaze_parameters_size(&t->list);
  assert_int_equal(gaze_alloc(size, sizeof(float), &t->values), GAZE_OK);
  assert_int_equal(gaze_alloc(size, sizeof(float), &t->gradients), GAZE_OK);
  gaze_parameters_bind(&t->list, t->values, t->gradients);
  gaze_decoder_tie(&t->decoder);
  t->reference.list = &t->list;
  t->reference.values = t->values;
  t->reference.gradients = t->gradients;
  for (size_t i = 0; i < t->list.n; i++) {
    const gaze_parameter *parameter = &t->list.items[i];
    const gaze_tensor *tensor = reference_tensor(&t->reference, t->start, "", parameter);
    assert_int_equal(gaze_tensor_count(tensor), gaze_parameter_count(parameter));
    t->kernels.f32_from_f16(reference_values(&t->reference, parameter), tensor->data, gaze_tensor_count(tensor));
  }
}

static void open_trial(trial *t, const json_t *json, unsigned cpu_flags, size_t parts) {
  char file[64];
  *t = (trial){.reference = {.name = name_parameter, .stride = STRIDE}, .parts = parts};
  open_reference(&t->reference, FOLDER, json);
  snprintf(file, sizeof file, FOLDER "%s.start", name_of(t));
  t->start = open_clip_tensors(file);
  t->samples = open_clip_tensors(FOLDER "samples");
  gaze_kernels_init(&t->kernels, cpu_flags);
  t->compute = (gaze_compute){.kernels = &t->kernels};
  open_decoder(t);
  begin_reference(&t->reference);
  size_t rows = BATCH / parts * LONGEST;
  assert_int_equal(gaze_lm_step_init(&t->step, &t->decoder, &t->compute, rows, LONGEST, parts > 1), GAZE_OK);
}

static void close_trial(trial *t) {
  gaze_lm_step_fini(&t->step);
  gaze_decoder_fini(&t->decoder);
  gaze_parameters_fini(&t->list);
  free(t->values);
  free(t->gradients);
  gaze_safetensors_close(t->start);
  gaze_safetensors_close(t->samples);
  close_reference(&t->reference);
}

/* chosen: [n] documents, side by side. */
static void fill_batch(trial *t, size_t part, const int32_t *chosen, size_t n) {
  size_t *offsets = t->offsets[part], first = part * n * LONGEST;
  pack_samples(t->samples, chosen, n, t->ids + first, t->labels + first, offsets);
  t->batches[part] = (gaze_lm_batch){.sequences = {.count = n, .offsets = offsets, .longest = LONGEST},
                                     .ids = t->ids + first,
                                     .labels = t->labels + first};
}

static void make_gradients(trial *t, size_t step) {
  const int32_t *chosen = (const int32_t *)find_tensor(t->samples, "batches")->data + step * BATCH;
  size_t n = BATCH / t->parts;
  for (size_t part = 0; part < t->parts; part++)
    fill_batch(t, part, chosen + part * n, n);
  gaze_lm_step_run(&t->step, t->batches, t->parts);
}

static void check_run(const json_t *json, unsigned cpu_flags, const char *level, size_t parts) {
  trial t;
  open_trial(&t, json, cpu_flags, parts);
  snprintf(t.reference.where, sizeof t.reference.where, "%s, level %s, %zu parts", name_of(&t), level, parts);
  for (size_t step = 0; step < REFERENCE_STEPS; step++) {
    make_gradients(&t, step);
    if (step == 0)
      check_gradients(&t.reference);
    double norm = step_reference(&t.reference, &t.compute, step);
    check_rate(&t.reference, step);
    check_figures(&t.reference, step, t.step.loss, 2e-6, norm, 1e-5);
    if (step == 0 || step == REFERENCE_STEPS - 1)
      check_weights(&t.reference, step);
  }
  close_trial(&t);
}

static void a_head_of_its_own(void **state) { check_levels(FOLDER, 0, PARTS, check_run); }
static void tied_and_biased(void **state) { check_levels(FOLDER, 1, PARTS, check_run); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_head_of_its_own), cmocka_unit_test(tied_and_biased)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
