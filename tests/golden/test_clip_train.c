/* Twenty steps of training against PyTorch's, by the files of data/clip_train that clip_train.py wrote: both losses,
 * the batch whole and in two parts, every kernel level. */
#include "reference_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fusion/clip_step.h"

#define FOLDER "../clip_train/"

enum { BATCH = 8, PIXELS = 3 * 12 * 12, CONTEXT = 9, PARTS = 2, STRIDE = 11 /* of stored weights */ };

/* One run of gaze, and PyTorch's. */
typedef struct trial {
  reference_run reference;
  gaze_safetensors *start;
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_clip clip;
  gaze_clip_step step;
  gaze_batch batches[PARTS];
  float pixels[BATCH * PIXELS];
  int32_t ids[BATCH * CONTEXT], classes[BATCH];
  size_t offsets[PARTS][BATCH + 1];
} trial;

/* In Hugging Face's layout. */
static void name_parameter(const gaze_parameter *parameter, char *out, size_t size) {
  assert_true(gaze_clip_tensor_name(parameter->name, out, size));
}

static void load_weights(trial *t) {
  for (size_t i = 0; i < t->clip.parameters.n; i++) {
    const gaze_parameter *parameter = &t->clip.parameters.items[i];
    if (strncmp(parameter->name, "logit_", 6) == 0) {
      *reference_values(&t->reference, parameter) = (float)reference_option(&t->reference, parameter->name);
      continue;
    }
    const gaze_tensor *tensor = reference_tensor(&t->reference, t->start, "", parameter);
    assert_int_equal(gaze_tensor_count(tensor), gaze_parameter_count(parameter));
    t->kernels.f32_from_f16(reference_values(&t->reference, parameter), tensor->data, gaze_tensor_count(tensor));
  }
}

static void open_clip(trial *t) {
  gaze_clip_config config;
  json_t *json = open_clip_json(FOLDER "config.json");
  assert_int_equal(gaze_clip_config_read(json, &config), GAZE_OK);
  json_decref(json);
  config.sigmoid = json_is_true(json_object_get(t->reference.json, "sigmoid"));
  assert_int_equal(gaze_clip_init(&t->clip, &config, true), GAZE_OK);
  assert_int_equal(gaze_clip_allocate(&t->clip), GAZE_OK);
  t->reference.list = &t->clip.parameters;
  t->reference.values = t->clip.values;
  t->reference.gradients = t->clip.gradients;
  load_weights(t);
}

static void open_trial(trial *t, const json_t *json, unsigned cpu_flags, size_t parts) {
  *t = (trial){.reference = {.name = name_parameter, .stride = STRIDE, .keys_bias_blind = true}};
  open_reference(&t->reference, FOLDER, json);
  t->start = open_clip_tensors(FOLDER "start");
  gaze_kernels_init(&t->kernels, cpu_flags);
  t->compute = (gaze_compute){.kernels = &t->kernels};
  open_clip(t);
  begin_reference(&t->reference);
  gaze_clip_step_options options = {
      .batch_size = BATCH / parts, .accum_freq = parts, .sigmoid = t->clip.config.sigmoid, .checkpointing = parts > 1};
  assert_int_equal(gaze_clip_step_init(&t->step, &options, &t->clip, &t->compute, &(gaze_teacher){0}), GAZE_OK);
}

static void close_trial(trial *t) {
  gaze_clip_step_fini(&t->step);
  gaze_clip_fini(&t->clip);
  gaze_safetensors_close(t->start);
  close_reference(&t->reference);
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

static void make_gradients(trial *t, size_t step) {
  const int32_t *chosen = (const int32_t *)find_tensor(t->start, "batches")->data + step * BATCH;
  const gaze_batch *batches[PARTS] = {&t->batches[0], &t->batches[1]};
  size_t B = t->step.options.batch_size;
  for (size_t part = 0; part < t->step.options.accum_freq; part++)
    fill_batch(t, part, chosen + part * B, B);
  gaze_clip_step_run(&t->step, batches);
}

static void take_step(trial *t, size_t step) {
  double norm = step_reference(&t->reference, &t->compute, step);
  gaze_clip_bound_scale(&t->clip);
  check_rate(&t->reference, step);
  check_figures(&t->reference, step, t->step.loss, 2e-5, norm, 2e-5);
  double scale = (double)gaze_f32(t->clip.logit_scale)[0];
  check_off(&t->reference, step, "temperature", "", fabs(scale - reference_figure(&t->reference, step, "logit_scale")),
            5e-6);
}

static void check_run(const json_t *json, unsigned cpu_flags, const char *level, size_t parts) {
  trial t;
  open_trial(&t, json, cpu_flags, parts);
  snprintf(t.reference.where, sizeof t.reference.where, "%s, level %s, %zu parts",
           json_string_value(json_object_get(json, "name")), level, parts);
  for (size_t step = 0; step < REFERENCE_STEPS; step++) {
    make_gradients(&t, step);
    if (step == 0)
      check_gradients(&t.reference);
    take_step(&t, step);
    if (step == 0 || step == REFERENCE_STEPS - 1)
      check_weights(&t.reference, step);
  }
  close_trial(&t);
}

static void info_nce_equals_pytorch(void **state) { check_levels(FOLDER, 0, PARTS, check_run); }
static void sigmoid_loss_equals_pytorch(void **state) { check_levels(FOLDER, 1, PARTS, check_run); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(info_nce_equals_pytorch),
                                     cmocka_unit_test(sigmoid_loss_equals_pytorch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
