/* Twenty steps of training against PyTorch's, by the files of data/clip_train that clip_train.py wrote: both losses,
 * the batch whole and in two parts, every kernel level. */
#include "clip_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/optimizer.h"
#include "fusion/clip_step.h"
#include "fusion/schedule.h"

#define FOLDER "../clip_train/"

enum { STEPS = 20, BATCH = 8, PIXELS = 3 * 12 * 12, CONTEXT = 9, PARTS = 2, STRIDE = 11 /* of stored weights */ };

/* One run of gaze, and PyTorch's. */
typedef struct trial {
  char where[96];
  const json_t *run;
  gaze_safetensors *start, *reference;
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_clip clip;
  gaze_optimizer optimizer;
  gaze_schedule schedule;
  gaze_clip_step step;
  double rates; /* sum of the learning rates so far */
  gaze_batch batches[PARTS];
  float pixels[BATCH * PIXELS];
  int32_t ids[BATCH * CONTEXT], classes[BATCH];
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

static float *values_of(const trial *t, const gaze_parameter *parameter) {
  return t->clip.values + (gaze_f32(*parameter->weight) - t->clip.values);
}

/* The reference of a parameter: PREFIX and its name in Hugging Face's layout. */
static const gaze_tensor *tensor_of(const gaze_safetensors *file, const char *prefix, const gaze_parameter *parameter) {
  char name[160], whole[200];
  assert_true(gaze_clip_tensor_name(parameter->name, name, sizeof name));
  snprintf(whole, sizeof whole, "%s%s", prefix, name);
  return find_tensor(file, whole);
}

static void load_weights(trial *t) {
  for (size_t i = 0; i < t->clip.parameters.n; i++) {
    const gaze_parameter *parameter = &t->clip.parameters.items[i];
    if (strncmp(parameter->name, "logit_", 6) == 0) {
      *values_of(t, parameter) = (float)option(t, parameter->name);
      continue;
    }
    const gaze_tensor *tensor = tensor_of(t->start, "", parameter);
    assert_int_equal(gaze_tensor_count(tensor), gaze_parameter_count(parameter));
    t->kernels.f32_from_f16(values_of(t, parameter), tensor->data, gaze_tensor_count(tensor));
  }
}

static void open_clip(trial *t) {
  gaze_clip_config config;
  json_t *json = open_clip_json(FOLDER "config.json");
  assert_int_equal(gaze_clip_config_read(json, &config), GAZE_OK);
  json_decref(json);
  config.sigmoid = json_is_true(json_object_get(t->run, "sigmoid"));
  assert_int_equal(gaze_clip_init(&t->clip, &config, true), GAZE_OK);
  assert_int_equal(gaze_clip_allocate(&t->clip), GAZE_OK);
  load_weights(t);
}

static void open_optimizer(trial *t) {
  const char *scheduler = json_string_value(json_object_get(t->run, "lr_scheduler"));
  assert_int_equal(gaze_schedule_init(&t->schedule, scheduler, option(t, "lr"), (uint64_t)option(t, "warmup"), STEPS,
                                      (uint64_t)option(t, "cooldown")),
                   GAZE_OK);
  assert_int_equal(gaze_optimizer_init(&t->optimizer, &t->clip.parameters, t->clip.values, t->clip.gradients), GAZE_OK);
  t->optimizer.beta1 = option(t, "beta1");
  t->optimizer.beta2 = option(t, "beta2");
  t->optimizer.eps = option(t, "eps");
  t->optimizer.weight_decay = option(t, "weight_decay");
  t->optimizer.clip_norm = option(t, "clip_norm");
}

static void open_trial(trial *t, const json_t *run, unsigned cpu_flags, size_t parts) {
  const char *name = json_string_value(json_object_get(run, "name"));
  char file_name[64];
  *t = (trial){.run = run};
  snprintf(file_name, sizeof file_name, FOLDER "%s", name);
  t->start = open_clip_tensors(FOLDER "start");
  t->reference = open_clip_tensors(file_name);
  gaze_kernels_init(&t->kernels, cpu_flags);
  t->compute = (gaze_compute){.kernels = &t->kernels};
  open_clip(t);
  open_optimizer(t);
  gaze_clip_step_options options = {
      .batch_size = BATCH / parts, .accum_freq = parts, .sigmoid = t->clip.config.sigmoid, .checkpointing = parts > 1};
  assert_int_equal(gaze_clip_step_init(&t->step, &options, &t->clip, &t->compute, &(gaze_teacher){0}), GAZE_OK);
}

static void close_trial(trial *t) {
  gaze_clip_step_fini(&t->step);
  gaze_optimizer_fini(&t->optimizer);
  gaze_clip_fini(&t->clip);
  gaze_safetensors_close(t->start);
  gaze_safetensors_close(t->reference);
}

/* chosen: [n] samples. Pixels, ids and classes lie behind those of the batches before. */
static void fill_batch(trial *t, size_t part, const int32_t *chosen, size_t n) {
  const uint16_t *pixels = find_tensor(t->start, "pixels")->data;
  const int32_t *ids = find_tensor(t->start, "ids")->data, *lengths = find_tensor(t->start, "lengths")->data;
  const int32_t *classes = find_tensor(t->start, "classes")->data;
  size_t longest = find_tensor(t->start, "ids")->shape[1], first = part * n;
  gaze_batch *batch = &t->batches[part];
  *batch = (gaze_batch){.n = n,
                        .pixels = t->pixels + first * PIXELS,
                        .ids = t->ids + first * CONTEXT,
                        .offsets = t->offsets[part],
                        .classes = t->classes + first};
  for (size_t b = 0; b < n; b++) {
    size_t sample = (size_t)chosen[b], length = (size_t)lengths[sample];
    t->kernels.f32_from_f16(batch->pixels + b * PIXELS, pixels + sample * PIXELS, PIXELS);
    memcpy(batch->ids + batch->offsets[b], ids + sample * longest, length * sizeof *ids);
    batch->offsets[b + 1] = batch->offsets[b] + length;
    batch->classes[b] = classes[sample];
  }
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

/* What a gradient's error is measured against: its norm. Softmax does not see what is added to all keys, so that the
 * gradient of their bias is zero but for rounding: there it is the norm of that of their weights. */
static double gradient_size(const trial *t, size_t i) {
  const gaze_parameter *parameter = &t->clip.parameters.items[i];
  if (is_keys_bias(parameter)) {
    parameter -= 3; /* k_weight, v_weight, q_bias, k_bias */
    assert_non_null(strstr(parameter->name, "k_weight"));
  }
  const gaze_tensor *tensor = tensor_of(t->reference, "gradient.", parameter);
  return distance(tensor->data, NULL, gaze_tensor_count(tensor), 1);
}

static void check_gradients(const trial *t) {
  for (size_t i = 0; i < t->clip.parameters.n; i++) {
    const gaze_parameter *parameter = &t->clip.parameters.items[i];
    const gaze_tensor *wanted = tensor_of(t->reference, "gradient.", parameter);
    const float *got = t->clip.gradients + (values_of(t, parameter) - t->clip.values);
    size_t n = gaze_parameter_count(parameter);
    assert_int_equal(gaze_tensor_count(wanted), n);
    check(t, 0, "gradient of ", parameter->name, distance(got, wanted->data, n, 1) / gradient_size(t, i),
          is_keys_bias(parameter) ? 1e-6 : 1e-5);
  }
}

/* Root mean squares. Allowed is a ten-thousandth of the way that Adam can have taken a weight, and a rounding to f32 in
 * each step and in the reference; the keys' bias goes where its gradient's noise takes it. row: the reference's. */
static void check_weights(const trial *t, size_t step, size_t row) {
  for (size_t i = 0; i < t->clip.parameters.n; i++) {
    const gaze_parameter *parameter = &t->clip.parameters.items[i];
    const gaze_tensor *tensor = tensor_of(t->reference, "weights.", parameter);
    size_t n = (gaze_parameter_count(parameter) + STRIDE - 1) / STRIDE;
    assert_int_equal(tensor->shape[1], n);
    const float *wanted = (const float *)tensor->data + row * n;
    double off = distance(values_of(t, parameter), wanted, n, STRIDE) / sqrt((double)n);
    double size = distance(wanted, NULL, n, 1) / sqrt((double)n);
    double way = is_keys_bias(parameter) ? t->rates : 1e-4 * t->rates;
    check(t, step, "weights of ", parameter->name, off, way + ldexp(size * (double)(step + 2), -24));
  }
}

static void make_gradients(trial *t, size_t step) {
  const int32_t *chosen = (const int32_t *)find_tensor(t->start, "batches")->data + step * BATCH;
  const gaze_batch *batches[PARTS] = {&t->batches[0], &t->batches[1]};
  size_t B = t->step.options.batch_size;
  for (size_t part = 0; part < t->step.options.accum_freq; part++)
    fill_batch(t, part, chosen + part * B, B);
  gaze_clip_step_run(&t->step, batches);
}

static void take_step(trial *t, size_t step) {
  double rate = gaze_schedule_lr(&t->schedule, step);
  double norm = gaze_optimizer_step(&t->optimizer, &t->compute, &t->clip.parameters, rate);
  gaze_clip_bound_scale(&t->clip);
  t->rates += rate;
  check(t, step, "rate", "", fabs(rate / figure(t, step, "rate") - 1), 1e-11);
  check(t, step, "loss", "", fabs(t->step.loss / figure(t, step, "loss") - 1), 2e-5);
  check(t, step, "gradients' norm", "", fabs(norm / figure(t, step, "norm") - 1), 2e-5);
  double scale = (double)gaze_f32(t->clip.logit_scale)[0];
  check(t, step, "temperature", "", fabs(scale - figure(t, step, "logit_scale")), 5e-6);
}

static void check_run(const json_t *run, unsigned cpu_flags, const char *level, size_t parts) {
  trial t;
  open_trial(&t, run, cpu_flags, parts);
  snprintf(t.where, sizeof t.where, "%s, level %s, %zu parts", json_string_value(json_object_get(run, "name")), level,
           parts);
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

static void info_nce_equals_pytorch(void **state) { check_levels(0); }
static void sigmoid_loss_equals_pytorch(void **state) { check_levels(1); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(info_nce_equals_pytorch),
                                     cmocka_unit_test(sigmoid_loss_equals_pytorch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
