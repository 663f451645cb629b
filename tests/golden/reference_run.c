#include "reference_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void open_reference(reference_run *run, const char *folder, const json_t *json) {
  char file[128];
  run->json = json;
  snprintf(file, sizeof file, "%s%s", folder, json_string_value(json_object_get(json, "name")));
  run->tensors = open_clip_tensors(file);
}

void begin_reference(reference_run *run) {
  const char *scheduler = json_string_value(json_object_get(run->json, "lr_scheduler"));
  uint64_t cooldown = (uint64_t)json_number_value(json_object_get(run->json, "cooldown"));
  gaze_optimizer *optimizer = &run->optimizer;
  assert_int_equal(gaze_schedule_init(&run->schedule, scheduler ? scheduler : "cosine", reference_option(run, "lr"),
                                      (uint64_t)reference_option(run, "warmup"), REFERENCE_STEPS, cooldown),
                   GAZE_OK);
  assert_int_equal(gaze_optimizer_init(optimizer, run->list, run->values, run->gradients), GAZE_OK);
  optimizer->beta1 = reference_option(run, "beta1");
  optimizer->beta2 = reference_option(run, "beta2");
  optimizer->eps = reference_option(run, "eps");
  optimizer->weight_decay = reference_option(run, "weight_decay");
  optimizer->clip_norm = reference_option(run, "clip_norm");
}

void close_reference(reference_run *run) {
  gaze_optimizer_fini(&run->optimizer);
  gaze_safetensors_close(run->tensors);
}

double reference_option(const reference_run *run, const char *name) {
  const json_t *value = json_object_get(run->json, name);
  if (!json_is_number(value))
    fail_msg("no option: %s", name);
  return json_number_value(value);
}

double reference_figure(const reference_run *run, size_t step, const char *name) {
  const json_t *value = json_object_get(json_array_get(json_object_get(run->json, "steps"), step), name);
  if (!json_is_number(value))
    fail_msg("no figure: %s", name);
  return json_number_value(value);
}

float *reference_values(const reference_run *run, const gaze_parameter *parameter) {
  return run->values + (gaze_f32(*parameter->weight) - run->values);
}

const gaze_tensor *reference_tensor(const reference_run *run, const gaze_safetensors *file, const char *prefix,
                                    const gaze_parameter *parameter) {
  char name[160], whole[200];
  run->name(parameter, name, sizeof name);
  snprintf(whole, sizeof whole, "%s%s", prefix, name);
  return find_tensor(file, whole);
}

double distance(const float *a, const float *b, size_t n, size_t stride) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double difference = (double)a[i * stride] - (b ? (double)b[i] : 0);
    sum += difference * difference;
  }
  return sqrt(sum);
}

void check_off(const reference_run *run, size_t step, const char *what, const char *of, double error,
               double tolerance) {
  if (!(error <= tolerance))
    fail_msg("%s, step %zu: %s%s is off by %.3g", run->where, step + 1, what, of, error);
}

double step_reference(reference_run *run, const gaze_compute *compute, size_t step) {
  double rate = gaze_schedule_lr(&run->schedule, step);
  run->rates += rate;
  return gaze_optimizer_step(&run->optimizer, compute, run->list, rate);
}

void check_rate(const reference_run *run, size_t step) {
  double rate = gaze_schedule_lr(&run->schedule, step);
  check_off(run, step, "rate", "", fabs(rate / reference_figure(run, step, "rate") - 1), 1e-11);
}

void check_figures(const reference_run *run, size_t step, double loss, double loss_tolerance, double norm,
                   double norm_tolerance) {
  check_off(run, step, "loss", "", fabs(loss / reference_figure(run, step, "loss") - 1), loss_tolerance);
  check_off(run, step, "gradients' norm", "", fabs(norm / reference_figure(run, step, "norm") - 1), norm_tolerance);
}

static bool is_keys_bias(const gaze_parameter *parameter) { return strstr(parameter->name, "k_bias") != NULL; }

/* What a gradient's error is measured against: its norm; that of the keys' weights for their bias, which softmax does
 * not see, or with rotary positions hardly where sequences are short. */
static double gradient_size(const reference_run *run, const gaze_parameter *parameter) {
  if (is_keys_bias(parameter)) {
    parameter -= 3; /* k_weight, v_weight, q_bias, k_bias */
    assert_non_null(strstr(parameter->name, "k_weight"));
  }
  const gaze_tensor *tensor = reference_tensor(run, run->tensors, "gradient.", parameter);
  return distance(tensor->data, NULL, gaze_tensor_count(tensor), 1);
}

void check_gradients(const reference_run *run) {
  for (size_t i = 0; i < run->list->n; i++) {
    const gaze_parameter *parameter = &run->list->items[i];
    const gaze_tensor *wanted = reference_tensor(run, run->tensors, "gradient.", parameter);
    const float *got = run->gradients + (reference_values(run, parameter) - run->values);
    size_t n = gaze_parameter_count(parameter);
    assert_int_equal(gaze_tensor_count(wanted), n);
    check_off(run, 0, "gradient of ", parameter->name,
              distance(got, wanted->data, n, 1) / gradient_size(run, parameter),
              is_keys_bias(parameter) && run->keys_bias_blind ? 1e-6 : 1e-5);
  }
}

/* Root mean squares. Allowed is a ten-thousandth of the way that Adam can have taken a weight, and a rounding to f32 in
 * each step and in the reference; a keys' bias that is not seen goes where its gradient's noise takes it. */
void check_weights(const reference_run *run, size_t step) {
  for (size_t i = 0; i < run->list->n; i++) {
    const gaze_parameter *parameter = &run->list->items[i];
    const gaze_tensor *tensor = reference_tensor(run, run->tensors, "weights.", parameter);
    size_t n = (gaze_parameter_count(parameter) + run->stride - 1) / run->stride;
    assert_int_equal(tensor->shape[1], n);
    const float *wanted = (const float *)tensor->data + (step ? n : 0);
    double off = distance(reference_values(run, parameter), wanted, n, run->stride) / sqrt((double)n);
    double size = distance(wanted, NULL, n, 1) / sqrt((double)n);
    double way = is_keys_bias(parameter) && run->keys_bias_blind ? run->rates : 1e-4 * run->rates;
    check_off(run, step, "weights of ", parameter->name, off, way + ldexp(size * (double)(step + 2), -24));
  }
}

void pack_samples(const gaze_safetensors *samples, const int32_t *chosen, size_t n, int32_t *ids, int32_t *labels,
                  size_t *offsets) {
  const gaze_tensor *all = find_tensor(samples, "ids");
  const int32_t *from_ids = all->data, *from_labels = find_tensor(samples, "labels")->data;
  const int32_t *lengths = find_tensor(samples, "lengths")->data;
  size_t longest = all->shape[1];
  for (size_t b = 0; b < n; b++) {
    size_t which = (size_t)chosen[b], length = (size_t)lengths[which];
    memcpy(ids + offsets[b], from_ids + which * longest, length * sizeof *ids);
    memcpy(labels + offsets[b], from_labels + which * longest, length * sizeof *labels);
    offsets[b + 1] = offsets[b] + length;
  }
}

void check_levels(const char *folder, size_t number, size_t most,
                  void (*check)(const json_t *json, unsigned cpu_flags, const char *level, size_t parts)) {
  static const char *const levels[] = {"c", "avx2", "avx512", "vnni", "bf16", "neon"};
  char file[128];
  snprintf(file, sizeof file, "%sruns.json", folder);
  json_t *runs = open_clip_json(file);
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    unsigned mask;
    assert_int_equal(gaze_cpu_mask(levels[i], &mask), GAZE_OK);
    for (size_t parts = 1; (gaze_cpu_detect() & mask) == mask && parts <= most; parts++)
      check(json_array_get(runs, number), mask, levels[i], parts);
  }
  json_decref(runs);
}
