/* Twenty steps of a language model against PyTorch's, by the files of data/lm_train that lm_train.py wrote: documents
 * packed side by side, the batch whole and in two parts, every kernel level. */
#include "clip_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/optimizer.h"
#include "fusion/lm_step.h"
#include "fusion/schedule.h"

#define FOLDER "../lm_train/"

enum { STEPS = 20, BATCH = 6, LONGEST = 9, PARTS = 2, STRIDE = 7 /* of stored weights */ };

/* One run of gaze, and PyTorch's. */
typedef struct trial {
  char where[96];
  const json_t *run;
  gaze_safetensors *start, *samples, *reference;
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_decoder decoder;
  gaze_parameters list;
  float *values, *gradients;
  gaze_optimizer optimizer;
  gaze_schedule schedule;
  gaze_lm_step step;
  double rates; /* sum of the learning rates so far */
  size_t parts;
  gaze_lm_batch batches[PARTS];
  int32_t ids[BATCH * LONGEST], labels[BATCH * LONGEST];
  size_t offsets[PARTS][BATCH + 1];
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

static const char *name_of(const trial *t) { return json_string_value(json_object_get(t->run, "name")); }

static float *values_of(const trial *t, const gaze_parameter *parameter) {
  return t->values + (gaze_f32(*parameter->weight) - t->values);
}

/* The reference of a parameter: PREFIX and its name in transformers' layout. */
static const gaze_tensor *tensor_of(const gaze_safetensors *file, const char *prefix, const gaze_parameter *parameter) {
  char whole[200];
  size_t turn = 0;
  gaze_tensor_place place;
  assert_true(gaze_tensor_place_next(&gaze_decoder_names, parameter->name, &turn, &place));
  snprintf(whole, sizeof whole, "%s%s", prefix, place.name);
  return find_tensor(file, whole);
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
  for (size_t i = 0; i < t->list.n; i++) {
    const gaze_tensor *tensor = tensor_of(t->start, "", &t->list.items[i]);
    assert_int_equal(gaze_tensor_count(tensor), gaze_parameter_count(&t->list.items[i]));
    t->kernels.f32_from_f16(values_of(t, &t->list.items[i]), tensor->data, gaze_tensor_count(tensor));
  }
}

static void open_optimizer(trial *t) {
  const char *scheduler = json_string_value(json_object_get(t->run, "lr_scheduler"));
  assert_int_equal(gaze_schedule_init(&t->schedule, scheduler, option(t, "lr"), (uint64_t)option(t, "warmup"), STEPS,
                                      (uint64_t)option(t, "cooldown")),
                   GAZE_OK);
  assert_int_equal(gaze_optimizer_init(&t->optimizer, &t->list, t->values, t->gradients), GAZE_OK);
  t->optimizer.beta1 = option(t, "beta1");
  t->optimizer.beta2 = option(t, "beta2");
  t->optimizer.eps = option(t, "eps");
  t->optimizer.weight_decay = option(t, "weight_decay");
  t->optimizer.clip_norm = option(t, "clip_norm");
}

static void open_trial(trial *t, const json_t *run, unsigned cpu_flags, size_t parts) {
  char file[64];
  *t = (trial){.run = run, .parts = parts};
  snprintf(file, sizeof file, FOLDER "%s.start", name_of(t));
  t->start = open_clip_tensors(file);
  snprintf(file, sizeof file, FOLDER "%s", name_of(t));
  t->reference = open_clip_tensors(file);
  t->samples = open_clip_tensors(FOLDER "samples");
  gaze_kernels_init(&t->kernels, cpu_flags);
  t->compute = (gaze_compute){.kernels = &t->kernels};
  open_decoder(t);
  open_optimizer(t);
  size_t rows = BATCH / parts * LONGEST;
  assert_int_equal(gaze_lm_step_init(&t->step, &t->decoder, &t->compute, rows, LONGEST, parts > 1), GAZE_OK);
}

static void close_trial(trial *t) {
  gaze_lm_step_fini(&t->step);
  gaze_optimizer_fini(&t->optimizer);
  gaze_decoder_fini(&t->decoder);
  gaze_parameters_fini(&t->list);
  free(t->values);
  free(t->gradients);
  gaze_safetensors_close(t->start);
  gaze_safetensors_close(t->samples);
  gaze_safetensors_close(t->reference);
}

/* chosen: [n] documents, side by side. */
static void fill_batch(trial *t, size_t part, const int32_t *chosen, size_t n) {
  const int32_t *ids = find_tensor(t->samples, "ids")->data, *labels = find_tensor(t->samples, "labels")->data;
  const int32_t *lengths = find_tensor(t->samples, "lengths")->data;
  size_t *offsets = t->offsets[part], first = part * n * LONGEST;
  for (size_t b = 0; b < n; b++) {
    size_t document = (size_t)chosen[b], length = (size_t)lengths[document];
    memcpy(t->ids + first + offsets[b], ids + document * LONGEST, length * sizeof *ids);
    memcpy(t->labels + first + offsets[b], labels + document * LONGEST, length * sizeof *labels);
    offsets[b + 1] = offsets[b] + length;
  }
  t->batches[part] = (gaze_lm_batch){.sequences = {.count = n, .offsets = offsets, .longest = LONGEST},
                                     .ids = t->ids + first,
                                     .labels = t->labels + first};
}

static double distance(const float *a, const float *b, size_t n, size_t stride) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double difference = (double)a[i * stride] - (b ? (double)b[i] : 0);
    sum += difference * difference;
  }
  return sqrt(sum);
}

static void check(const trial *t, size_t step, const char *what, const char *of, double error, double tolerance) {
  if (!(error <= tolerance))
    fail_msg("%s, step %zu: %s%s is off by %.3g", t->where, step + 1, what, of, error);
}

static bool is_keys_bias(const gaze_parameter *parameter) { return strstr(parameter->name, "k_bias") != NULL; }

/* Rotary positions let softmax see the keys' bias, but hardly where sequences are short: it is measured against the
 * gradient of their weights. */
static double gradient_size(const trial *t, size_t i) {
  const gaze_parameter *parameter = &t->list.items[i];
  if (is_keys_bias(parameter)) {
    parameter -= 3; /* k_weight, v_weight, q_bias, k_bias */
    assert_non_null(strstr(parameter->name, "k_weight"));
  }
  const gaze_tensor *tensor = tensor_of(t->reference, "gradient.", parameter);
  return distance(tensor->data, NULL, gaze_tensor_count(tensor), 1);
}

static void check_gradients(const trial *t) {
  for (size_t i = 0; i < t->list.n; i++) {
    const gaze_parameter *parameter = &t->list.items[i];
    const gaze_tensor *wanted = tensor_of(t->reference, "gradient.", parameter);
    const float *got = t->gradients + (values_of(t, parameter) - t->values);
    size_t n = gaze_parameter_count(parameter);
    assert_int_equal(gaze_tensor_count(wanted), n);
    check(t, 0, "gradient of ", parameter->name, distance(got, wanted->data, n, 1) / gradient_size(t, i), 1e-5);
  }
}

/* Root mean squares. Allowed is a ten-thousandth of the way that Adam can have taken a weight, and a rounding to f32 in
 * each step and in the reference. row: the reference's. */
static void check_weights(const trial *t, size_t step, size_t row) {
  for (size_t i = 0; i < t->list.n; i++) {
    const gaze_parameter *parameter = &t->list.items[i];
    const gaze_tensor *tensor = tensor_of(t->reference, "weights.", parameter);
    size_t n = (gaze_parameter_count(parameter) + STRIDE - 1) / STRIDE;
    assert_int_equal(tensor->shape[1], n);
    const float *wanted = (const float *)tensor->data + row * n;
    double off = distance(values_of(t, parameter), wanted, n, STRIDE) / sqrt((double)n);
    double size = distance(wanted, NULL, n, 1) / sqrt((double)n);
    check(t, step, "weights of ", parameter->name, off, 1e-4 * t->rates + ldexp(size * (double)(step + 2), -24));
  }
}

static void make_gradients(trial *t, size_t step) {
  const int32_t *chosen = (const int32_t *)find_tensor(t->samples, "batches")->data + step * BATCH;
  size_t n = BATCH / t->parts;
  for (size_t part = 0; part < t->parts; part++)
    fill_batch(t, part, chosen + part * n, n);
  gaze_lm_step_run(&t->step, t->batches, t->parts);
}

static void take_step(trial *t, size_t step) {
  double rate = gaze_schedule_lr(&t->schedule, step);
  double norm = gaze_optimizer_step(&t->optimizer, &t->compute, &t->list, rate);
  t->rates += rate;
  check(t, step, "rate", "", fabs(rate / figure(t, step, "rate") - 1), 1e-11);
  check(t, step, "loss", "", fabs(t->step.loss / figure(t, step, "loss") - 1), 2e-6);
  check(t, step, "gradients' norm", "", fabs(norm / figure(t, step, "norm") - 1), 1e-5);
}

static void check_run(const json_t *run, unsigned cpu_flags, const char *level, size_t parts) {
  trial t;
  open_trial(&t, run, cpu_flags, parts);
  snprintf(t.where, sizeof t.where, "%s, level %s, %zu parts", name_of(&t), level, parts);
  for (size_t step = 0; step < STEPS; step++) {
    make_gradients(&t, step);
    if (step == 0)
      check_gradients(&t);
    take_step(&t, step);
    if (step == 0 || step == STEPS - 1)
      check_weights(&t, step, step == 0 ? 0 : 1);
  }
  close_trial(&t);
}

static void check_levels(size_t number) {
  static const char *const levels[] = {"c", "avx2", "avx512", "vnni", "bf16", "neon"};
  json_t *runs = open_clip_json(FOLDER "runs.json");
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    unsigned mask;
    assert_int_equal(gaze_cpu_mask(levels[i], &mask), GAZE_OK);
    for (size_t parts = 1; (gaze_cpu_detect() & mask) == mask && parts <= PARTS; parts++)
      check_run(json_array_get(runs, number), mask, levels[i], parts);
  }
  json_decref(runs);
}

static void a_head_of_its_own(void **state) { check_levels(0); }
static void tied_and_biased(void **state) { check_levels(1); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_head_of_its_own), cmocka_unit_test(tied_and_biased)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
