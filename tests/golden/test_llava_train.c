/* Twenty steps of a model that looks and talks against PyTorch's, by the files of data/llava_train that llava_train.py
 * wrote: both stages, with and without the image encoder's last blocks, conversations packed side by side, the batch
 * whole and in two parts. */
#include "llava_trial.h"

#include <stdio.h>
#include <string.h>

static size_t vision_blocks(const llava_trial *t) {
  return (size_t)json_integer_value(json_object_get(t->reference.json, "vision_blocks"));
}

static void open_trial(llava_trial *t, const json_t *json, size_t parts) {
  *t = (llava_trial){0};
  snprintf(t->reference.where, sizeof t->reference.where, "%s, %zu parts",
           json_string_value(json_object_get(json, "name")), parts);
  open_reference(&t->reference, LLAVA_TRAIN, json);
  open_llava_trial(t, parts);
  assert_int_equal(gaze_llava_open(&t->llava, &t->kernels, clip_path("../llava/llava"), NULL,
                                   reference_option(&t->reference, "stage") > 1, vision_blocks(t)),
                   GAZE_OK);
  begin_llava_trial(t);
}

/* Of one parameter against PREFIX.NAME; relative. */
static void check_parameter(const llava_trial *t, size_t step, const gaze_parameter *parameter, const char *name,
                            float *arena, double tolerance) {
  const gaze_tensor *wanted = find_tensor(t->reference.tensors, name);
  size_t n = gaze_parameter_count(parameter);
  assert_int_equal(gaze_tensor_count(wanted), n);
  const float *got = trial_values(t, arena, parameter);
  check_off(&t->reference, step, name, "", distance(got, wanted->data, n, 1) / distance(wanted->data, NULL, n, 1),
            tolerance);
}

static const gaze_parameter *find_parameter(const llava_trial *t, const char *name) {
  for (size_t i = 0; i < t->llava.n_tail; i++)
    if (strcmp(t->llava.learned.items[i].name, name) == 0)
      return &t->llava.learned.items[i];
  fail_msg("%s: %s does not learn", t->reference.where, name);
  return NULL;
}

/* Of each block that learns; keys' biases change nothing. */
static void check_blocks(const llava_trial *t, size_t step, const char *prefix, float *arena, double tolerance) {
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
static void check_seeing(const llava_trial *t, size_t step, const char *prefix, float *arena, double tolerance) {
  static const char *const names[] = {"linear_1.weight", "linear_1.bias", "linear_2.weight", "linear_2.bias"};
  char name[64];
  assert_int_equal(t->llava.n_projector, 4);
  for (size_t i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "%s.%s", prefix, names[i]);
    check_parameter(t, step, &t->llava.learned.items[t->llava.n_tail + i], name, arena, tolerance);
  }
  check_blocks(t, step, prefix, arena, tolerance);
}

static void take_step(llava_trial *t, size_t step) {
  add_trial_gradients(t, step);
  if (step == 0)
    check_seeing(t, step, "gradient", t->llava.gradients, 1e-5);
  check_figures(&t->reference, step, t->step.loss, 1e-5, step_reference(&t->reference, &t->compute, step), 1e-4);
}

static void check_run(size_t number) {
  json_t *runs = open_clip_json(LLAVA_TRAIN "runs.json");
  for (size_t parts = 1; parts <= TRIAL_PARTS; parts++) {
    llava_trial t;
    open_trial(&t, json_array_get(runs, number), parts);
    for (size_t step = 0; step < REFERENCE_STEPS; step++)
      take_step(&t, step);
    check_seeing(&t, REFERENCE_STEPS - 1, "weights", t.llava.values, 1e-4);
    close_llava_trial(&t);
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
