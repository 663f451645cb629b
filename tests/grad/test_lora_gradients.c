/* Pairs of small matrices beside a decoder that does not learn, in double: gradients against central differences, with
 * dropout too, whose numbers depend neither on pieces nor on whether a block runs twice; and what a step of them is to
 * the product. */
#include "fusion/lora.h"
#include "tests/grad/grad.h"
#include "tests/grad/small_lm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOLERANCE 1e-7

enum { RANK = 3, MOST = 30 };

static gaze_kernels kernels;

typedef struct subject {
  gaze_compute compute;
  gaze_decoder decoder;
  gaze_parameters list;
  float *values, *gradients; /* of the decoder; gradients NULL where pairs learn */
  gaze_lora lora;
  float *pairs, *dpairs;
  gaze_lm_step step;
  gaze_lm_batch batches[2];
} subject;

typedef struct setting {
  bool pairs, checkpointing;
  double dropout;
  size_t piece; /* rows that blocks work on at once; 0: all */
} setting;

static void make_floats(size_t n, float **out) { assert_int_equal(gaze_alloc(n, sizeof(float), out), GAZE_OK); }

static void add_pairs(subject *s, double dropout) {
  const gaze_lora_options options = {.rank = RANK, .alpha = 5, .dropout = dropout, .targets = "all"};
  assert_int_equal(gaze_lora_init(&s->lora, &options, &s->list, 17), GAZE_OK);
  assert_int_equal(s->lora.targets.n, 14);
  size_t size = gaze_parameters_size(&s->lora.learned);
  make_floats(size, &s->pairs);
  make_floats(size, &s->dpairs);
  gaze_parameters_bind(&s->lora.learned, s->pairs, s->dpairs);
  grad_fill(s->pairs, size, 0.3, 3);
  gaze_lora_attach(&s->lora);
  s->step.added = &s->lora.step;
}

static void subject_init(subject *s, const setting *how) {
  gaze_decoder_config config = small_config(true, false);
  *s = (subject){.compute = {.kernels = &kernels}};
  assert_int_equal(gaze_decoder_init(&s->decoder, &config, true), GAZE_OK);
  assert_int_equal(gaze_decoder_list(&s->decoder, &s->list), GAZE_OK);
  size_t size = gaze_parameters_size(&s->list);
  make_floats(size, &s->values);
  if (!how->pairs)
    make_floats(size, &s->gradients);
  gaze_parameters_bind(&s->list, s->values, s->gradients);
  grad_fill(s->values, size, 0.4, 5);
  gaze_decoder_tie(&s->decoder);
  assert_int_equal(gaze_lm_step_init(&s->step, &s->decoder, &s->compute, ROWS, LONGEST, how->checkpointing), GAZE_OK);
  if (how->pairs)
    add_pairs(s, how->dropout);
  if (how->piece)
    s->step.tape.stack.scratch.piece = how->piece;
  for (size_t i = 0; i < 2; i++)
    s->batches[i] = small_batch(i);
}

static void subject_fini(subject *s) {
  gaze_lm_step_fini(&s->step);
  gaze_lora_fini(&s->lora);
  gaze_decoder_fini(&s->decoder);
  gaze_parameters_fini(&s->list);
  free(s->values);
  free(s->gradients);
  free(s->pairs);
  free(s->dpairs);
}

/* The mean over both batches, the first of which is number 4 of the run, with what dropout leaves. */
static double mean_loss(void *user) {
  subject *s = user;
  size_t n, all = 0;
  double sum = 0;
  for (size_t i = 0; i < 2; i++) {
    s->lora.step.learns = true;
    s->lora.step.pass = 4 + i;
    sum += gaze_lm_step_measure(&s->step, &s->batches[i], &n);
    all += n;
  }
  s->lora.step.learns = false;
  return sum / (double)all;
}

static void run(subject *s) {
  s->lora.step.pass = 4;
  gaze_lm_step_run(&s->step, s->batches, 2);
}

static void check_gradients(const setting *how) {
  subject s;
  subject_init(&s, how);
  run(&s);
  assert_false(s.lora.step.learns);
  assert_true(fabs(s.step.loss - mean_loss(&s)) < 1e-14);
  for (size_t i = 0; i < s.lora.learned.n; i++) {
    const gaze_parameter *p = &s.lora.learned.items[i];
    size_t offset = (size_t)(gaze_f32(*p->weight) - s.pairs);
    double worst = grad_worst(s.pairs + offset, s.dpairs + offset, gaze_parameter_count(p), MOST, mean_loss, &s);
    if (!(worst <= TOLERANCE))
      fail_msg("%s: worst relative error %g", p->name, worst);
  }
  subject_fini(&s);
}

static void of_pairs(void **state) { check_gradients(&(setting){.pairs = true}); }
static void with_dropout(void **state) { check_gradients(&(setting){.pairs = true, .dropout = 0.3}); }
static void in_pieces(void **state) { check_gradients(&(setting){.pairs = true, .dropout = 0.3, .piece = 4}); }

/* What is left out does not depend on how the rows are worked on. */
static void dropout_is_of_places(void **state) {
  static const setting settings[] = {{.pairs = true, .dropout = 0.5},
                                     {.pairs = true, .dropout = 0.5, .checkpointing = true},
                                     {.pairs = true, .dropout = 0.5, .piece = 2}};
  subject first;
  subject_init(&first, &settings[0]);
  run(&first);
  size_t size = gaze_parameters_size(&first.lora.learned);
  for (size_t i = 1; i < sizeof settings / sizeof *settings; i++) {
    subject s;
    subject_init(&s, &settings[i]);
    run(&s);
    assert_true(s.step.loss == first.step.loss);
    for (size_t k = 0; k < size; k++)
      assert_true(fabs(s.dpairs[k] - first.dpairs[k]) < 1e-14);
    subject_fini(&s);
  }
  double loss = first.step.loss;
  first.lora.step.pass = 6; /* another batch of the run leaves out others */
  gaze_lm_step_run(&first.step, first.batches, 2);
  assert_true(fabs(first.step.loss - loss) > 1e-6);
  subject_fini(&first);
}

/* W + s B A in place of W. */
static void compose(subject *whole, const subject *pairs) {
  for (size_t i = 0; i < pairs->lora.targets.n; i++) {
    const gaze_low_rank *pair = &pairs->lora.items[i];
    const gaze_parameter *target = &pairs->lora.targets.items[i];
    float *W = whole->values + (gaze_f32(*target->weight) - pairs->values);
    kernels.gemm(false, false, target->rows, target->columns, RANK, pair->scale, gaze_f32(pair->b), RANK,
                 gaze_f32(pair->a), target->columns, 1, W, target->columns);
  }
}

/* change = s B' A - s B A where B' = B - lr dB; -lr s^2 dW A^T A is what it must be. All: [rows, columns]. */
static void check_change(const gaze_low_rank *pair, const gaze_parameter *target, const float *dW) {
  enum { LARGEST = 20 * WIDTH };
  float change[LARGEST], wanted[LARGEST], square[20 * 20];
  double lr = 0.1, s = pair->scale;
  size_t rows = target->rows, columns = target->columns;
  assert_true(rows * columns <= LARGEST);
  const float *A = gaze_f32(pair->a);
  kernels.gemm(false, false, rows, columns, RANK, -lr * s, pair->db, RANK, A, columns, 0, change, columns);
  kernels.gemm(true, false, columns, columns, RANK, 1, A, columns, A, columns, 0, square, columns);
  kernels.gemm(false, false, rows, columns, columns, -lr * s * s, dW, columns, square, columns, 0, wanted, columns);
  for (size_t i = 0; i < rows * columns; i++)
    if (!(fabs(change[i] - wanted[i]) < 1e-13))
      fail_msg("%s: %g, not %g", target->name, change[i], wanted[i]);
}

/* A model without pairs whose matrices are the sums: it says the same, and its gradient says how the product moves. */
static void a_step_moves_the_product(void **state) {
  subject pairs, whole;
  subject_init(&pairs, &(setting){.pairs = true});
  subject_init(&whole, &(setting){0});
  compose(&whole, &pairs);
  for (size_t i = 0; i < pairs.lora.targets.n; i++)
    pairs.lora.items[i].da = NULL; /* frozen */
  run(&pairs);
  run(&whole);
  assert_true(fabs(pairs.step.loss - whole.step.loss) < 1e-13);
  for (size_t i = 0; i < pairs.lora.targets.n; i++) {
    const gaze_parameter *target = &pairs.lora.targets.items[i];
    size_t offset = (size_t)(gaze_f32(*target->weight) - pairs.values);
    check_change(&pairs.lora.items[i], target, whole.gradients + offset);
    const gaze_parameter *A = &pairs.lora.learned.items[2 * i];
    const float *dA = pairs.dpairs + (gaze_f32(*A->weight) - pairs.pairs);
    for (size_t k = 0; k < gaze_parameter_count(A); k++)
      assert_true(dA[k] == 0);
  }
  subject_fini(&pairs);
  subject_fini(&whole);
}

/* As peft begins: nothing is added. */
static void begins_with_the_model(void **state) {
  subject pairs, whole;
  subject_init(&pairs, &(setting){.pairs = true});
  subject_init(&whole, &(setting){0});
  gaze_lora_randomise(&pairs.lora, pairs.pairs);
  run(&pairs);
  run(&whole);
  assert_true(fabs(pairs.step.loss - whole.step.loss) < 1e-14);
  for (size_t i = 0; i < pairs.lora.targets.n; i++) {
    const float *A = gaze_f32(pairs.lora.items[i].a), *B = gaze_f32(pairs.lora.items[i].b);
    double largest = 0, bound = 1 / sqrt((double)pairs.lora.targets.items[i].columns);
    for (size_t k = 0; k < RANK * pairs.lora.targets.items[i].columns; k++)
      largest = fmax(largest, fabs(A[k]));
    assert_true(largest > 0.7 * bound && largest <= bound);
    assert_true(B[0] == 0 && B[RANK * pairs.lora.targets.items[i].rows - 1] == 0);
  }
  subject_fini(&pairs);
  subject_fini(&whole);
}

int main(void) {
  grad_kernels_init(&kernels);
  const struct CMUnitTest tests[] = {cmocka_unit_test(of_pairs),
                                     cmocka_unit_test(with_dropout),
                                     cmocka_unit_test(in_pieces),
                                     cmocka_unit_test(dropout_is_of_places),
                                     cmocka_unit_test(a_step_moves_the_product),
                                     cmocka_unit_test(begins_with_the_model)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
