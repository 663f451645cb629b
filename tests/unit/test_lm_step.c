/* The gradients of a language model's step in f32 and bf16: packed or alone, whole or in parts, kept or made again. */
#include "core/base/random.h"
#include "fusion/lm.h"
#include "fusion/lm_step.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VOCABULARY = 300, ROWS = 96, SEQUENCES = 7, NO = GAZE_NO_LABEL };

static const size_t offsets[SEQUENCES + 1] = {0, 20, 21, 40, 71, 73, 90, ROWS};
static int32_t ids[ROWS], labels[ROWS];

typedef struct subject {
  gaze_kernels kernels;
  gaze_matmul *matmul;
  gaze_compute compute;
  gaze_lm lm;
  gaze_lm_step step;
} subject;

static gaze_decoder_config config_of(bool tied) {
  gaze_block_config block = {
      .dim = 48,
      .mlp_dim = 96,
      .attention = {.heads = 6, .kv_heads = 2, .head_dim = 8, .causal = true, .rope_theta = 1e4f},
      .norm = GAZE_RMS_NORM,
      .activation = GAZE_SILU,
      .gated = true,
      .eps = 1e-5f};
  return (gaze_decoder_config){
      .family = "llama", .vocabulary = VOCABULARY, .context = 64, .block = block, .layers = 3, .tied = tied};
}

static void subject_init(subject *s, gaze_precision precision, bool checkpointing) {
  gaze_decoder_config config = config_of(!checkpointing);
  gaze_random random;
  *s = (subject){0};
  gaze_kernels_init(&s->kernels, gaze_cpu_detect());
  assert_int_equal(gaze_matmul_new(&s->kernels, gaze_cpu_detect(), precision, &s->matmul), GAZE_OK);
  s->compute = (gaze_compute){.kernels = &s->kernels, .matmul = s->matmul};
  assert_int_equal(gaze_lm_init(&s->lm, &config, true), GAZE_OK);
  gaze_lm_randomise(&s->lm, 3);
  gaze_random_init(&random, 4, 0);
  for (size_t i = 0; i < ROWS; i++) {
    ids[i] = (int32_t)gaze_random_below(&random, VOCABULARY);
    labels[i] = gaze_random_below(&random, 4) ? (int32_t)gaze_random_below(&random, VOCABULARY) : NO;
  }
  assert_int_equal(gaze_lm_step_init(&s->step, &s->lm.decoder, &s->compute, ROWS, 40, checkpointing), GAZE_OK);
  s->step.tape.piece = 17;
}

static void subject_fini(subject *s) {
  gaze_lm_step_fini(&s->step);
  gaze_lm_fini(&s->lm);
  gaze_matmul_free(s->matmul);
}

/* Sequences first .. first + n - 1; places: [n + 1], filled. */
static gaze_lm_batch part_of(size_t first, size_t n, size_t *places) {
  for (size_t b = 0; b <= n; b++)
    places[b] = offsets[first + b] - offsets[first];
  return (gaze_lm_batch){.sequences = {.count = n, .offsets = places, .longest = 40},
                         .ids = ids + offsets[first],
                         .labels = labels + offsets[first]};
}

/* The gradients of a step over the parts; free(). */
static float *gradients_of(subject *s, const gaze_lm_batch *parts, size_t n, double *loss) {
  size_t size = gaze_parameters_size(&s->lm.parameters);
  float *copy = malloc(size * sizeof *copy);
  assert_non_null(copy);
  memset(s->lm.gradients, 0, size * sizeof *copy);
  gaze_lm_step_run(&s->step, parts, n);
  memcpy(copy, s->lm.gradients, size * sizeof *copy);
  *loss = s->step.loss;
  return copy;
}

static double difference(const subject *s, const float *a, const float *b) {
  double sum = 0, of_both = 0;
  for (size_t i = 0; i < gaze_parameters_size(&s->lm.parameters); i++) {
    sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    of_both += (double)b[i] * (double)b[i];
  }
  return sqrt(sum / of_both);
}

/* All side by side, in two batches, and each sequence alone: one and the same gradient. */
static void check_packing(gaze_precision precision, bool checkpointing, double tolerance) {
  subject s;
  size_t places[SEQUENCES][SEQUENCES + 1];
  double losses[3];
  subject_init(&s, precision, checkpointing);
  gaze_lm_batch whole[] = {part_of(0, SEQUENCES, places[0])};
  float *packed = gradients_of(&s, whole, 1, &losses[0]);
  gaze_lm_batch halves[] = {part_of(0, 3, places[0]), part_of(3, 4, places[1])};
  float *in_parts = gradients_of(&s, halves, 2, &losses[1]);
  gaze_lm_batch single[SEQUENCES];
  for (size_t b = 0; b < SEQUENCES; b++)
    single[b] = part_of(b, 1, places[b]);
  float *alone = gradients_of(&s, single, SEQUENCES, &losses[2]);
  assert_true(isfinite(losses[0]) && losses[0] > 3);
  assert_true(fabs(losses[1] / losses[0] - 1) < tolerance && fabs(losses[2] / losses[0] - 1) < tolerance);
  assert_true(difference(&s, in_parts, packed) < tolerance);
  assert_true(difference(&s, alone, packed) < tolerance);
  free(packed);
  free(in_parts);
  free(alone);
  subject_fini(&s);
}

static void packed_is_alone(void **state) { check_packing(GAZE_PRECISION_F32, false, 2e-6); }
static void packed_is_alone_recomputed(void **state) { check_packing(GAZE_PRECISION_F32, true, 2e-6); }
static void packed_is_alone_bf16(void **state) { check_packing(GAZE_PRECISION_BF16, false, 0.03); }

/* Blocks that run again give the bits that are kept otherwise. */
static void recomputed_is_kept(void **state) {
  subject s;
  size_t places[SEQUENCES + 1];
  double losses[2];
  float *gradients[2] = {NULL};
  for (int again = 0; again < 2; again++) {
    subject_init(&s, GAZE_PRECISION_F32, true);
    gaze_lm_step_fini(&s.step);
    assert_int_equal(gaze_lm_step_init(&s.step, &s.lm.decoder, &s.compute, ROWS, 40, again), GAZE_OK);
    gaze_lm_batch whole = part_of(0, SEQUENCES, places);
    gradients[again] = gradients_of(&s, &whole, 1, &losses[again]);
    if (again)
      assert_memory_equal(gradients[0], gradients[1], gaze_parameters_size(&s.lm.parameters) * sizeof(float));
    subject_fini(&s);
  }
  assert_true(losses[0] == losses[1]);
  free(gradients[0]);
  free(gradients[1]);
}

/* What is not asked does not count: other ids behind the last label of a sequence change nothing. */
static void what_is_not_asked_does_not_count(void **state) {
  subject s;
  size_t places[2];
  double losses[2];
  subject_init(&s, GAZE_PRECISION_F32, false);
  for (size_t i = 10; i < 20; i++)
    labels[i] = NO;
  gaze_lm_batch first = part_of(0, 1, places);
  float *before = gradients_of(&s, &first, 1, &losses[0]);
  for (size_t i = 10; i < 20; i++)
    ids[i] = (ids[i] + 7) % VOCABULARY;
  float *after = gradients_of(&s, &first, 1, &losses[1]);
  assert_true(losses[0] == losses[1]);
  assert_memory_equal(before, after, gaze_parameters_size(&s.lm.parameters) * sizeof *before);
  free(before);
  free(after);
  subject_fini(&s);
}

static void measuring_is_the_loss(void **state) {
  subject s;
  size_t places[SEQUENCES + 1], asked;
  subject_init(&s, GAZE_PRECISION_F32, false);
  gaze_lm_batch whole = part_of(0, SEQUENCES, places);
  double sum = gaze_lm_step_measure(&s.step, &whole, &asked);
  gaze_lm_step_run(&s.step, &whole, 1);
  assert_int_equal(asked, s.step.labels);
  assert_true(sum / (double)asked == s.step.loss);
  subject_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(packed_is_alone),
                                     cmocka_unit_test(packed_is_alone_recomputed),
                                     cmocka_unit_test(packed_is_alone_bf16),
                                     cmocka_unit_test(recomputed_is_kept),
                                     cmocka_unit_test(what_is_not_asked_does_not_count),
                                     cmocka_unit_test(measuring_is_the_loss)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
