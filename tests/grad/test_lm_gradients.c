/* A whole step of a language model against central differences in double: masked labels, ragged sequences in several
 * batches, heads tied and not, and rows that no id gave. */
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
#define MOST 40 /* entries checked of each tensor */

static gaze_kernels kernels;

typedef struct subject {
  gaze_compute compute;
  gaze_decoder decoder;
  gaze_parameters list;
  float *values, *gradients;
  gaze_lm_step step;
  gaze_lm_batch batches[2];
} subject;

static void subject_init(subject *s, bool tied, bool checkpointing) {
  gaze_decoder_config config = small_config(tied, !tied);
  *s = (subject){.compute = {.kernels = &kernels}};
  assert_int_equal(gaze_decoder_init(&s->decoder, &config, true), GAZE_OK);
  assert_int_equal(gaze_decoder_list(&s->decoder, &s->list), GAZE_OK);
  size_t size = gaze_parameters_size(&s->list);
  assert_int_equal(gaze_alloc(size, sizeof(float), &s->values), GAZE_OK);
  assert_int_equal(gaze_alloc(size, sizeof(float), &s->gradients), GAZE_OK);
  gaze_parameters_bind(&s->list, s->values, s->gradients);
  gaze_decoder_tie(&s->decoder);
  grad_fill(s->values, size, 0.4, 5);
  assert_int_equal(gaze_lm_step_init(&s->step, &s->decoder, &s->compute, ROWS, LONGEST, checkpointing), GAZE_OK);
  s->step.tape.piece = 4; /* the head in pieces that end within sequences */
  for (size_t i = 0; i < 2; i++)
    s->batches[i] = small_batch(i);
}

static void subject_fini(subject *s) {
  gaze_lm_step_fini(&s->step);
  gaze_decoder_fini(&s->decoder);
  gaze_parameters_fini(&s->list);
  free(s->values);
  free(s->gradients);
}

/* The mean over both batches, without gradients. */
static double mean_loss(void *user) {
  subject *s = user;
  size_t n, all = 0;
  double sum = 0;
  for (size_t i = 0; i < 2; i++) {
    sum += gaze_lm_step_measure(&s->step, &s->batches[i], &n);
    all += n;
  }
  return sum / (double)all;
}

/* most: entries of each tensor */
static void check_parameters(subject *s, size_t most, double (*loss)(void *)) {
  for (size_t i = 0; i < s->list.n; i++) {
    const gaze_parameter *p = &s->list.items[i];
    size_t offset = (size_t)(gaze_f32(*p->weight) - s->values);
    double worst = grad_worst(s->values + offset, s->gradients + offset, gaze_parameter_count(p), most, loss, s);
    if (!(worst <= TOLERANCE))
      fail_msg("%s: worst relative error %g", p->name, worst);
  }
}

static void check_step(bool tied, bool checkpointing) {
  subject s;
  subject_init(&s, tied, checkpointing);
  gaze_lm_step_run(&s.step, s.batches, 2);
  assert_int_equal(s.step.labels, 8);
  assert_true(fabs(s.step.loss - mean_loss(&s)) < 1e-14);
  check_parameters(&s, MOST, mean_loss);
  subject_fini(&s);
}

enum { LONG = 150 }; /* more than attention looks at in one go */

static const size_t long_offsets[] = {0, LONG, LONG + 3};
static int32_t long_ids[LONG + 3], long_labels[LONG + 3];
static const gaze_lm_batch long_batch = {
    .sequences = {.count = 2, .offsets = long_offsets, .longest = LONG}, .ids = long_ids, .labels = long_labels};

static double long_loss(void *user) {
  subject *s = user;
  size_t n;
  double sum = gaze_lm_step_measure(&s->step, &long_batch, &n);
  return sum / (double)n;
}

static void a_long_sequence(void **state) {
  subject s;
  subject_init(&s, true, false);
  gaze_lm_step_fini(&s.step);
  assert_int_equal(gaze_lm_step_init(&s.step, &s.decoder, &s.compute, LONG + 3, LONG, false), GAZE_OK);
  for (int32_t i = 0; i < LONG + 3; i++) {
    long_ids[i] = i * i % VOCABULARY;
    long_labels[i] = (i * 7 + i / 5) % VOCABULARY;
  }
  gaze_lm_step_run(&s.step, &long_batch, 1);
  check_parameters(&s, 5, long_loss);
  subject_fini(&s);
}

/* Three branches of a stem that is longer than attention looks at in one go, and a sequence without; and the same as
 * sequences that are each for itself. */
enum { STEM = 140, BRANCHES = 3, PLAIN = 3, JOINED = STEM + 35 + PLAIN, APART = BRANCHES * STEM + 35 + PLAIN };
static const size_t branch_rows[BRANCHES] = {4, 1, 30};

typedef struct branched {
  size_t offsets[BRANCHES + 2];
  uint32_t stems[2], begins[JOINED];
  int32_t ids[APART], labels[APART];
  gaze_lm_batch batch;
} branched;

static void put_row(branched *b, size_t at, size_t salt, bool asked) {
  b->ids[at] = (int32_t)(salt * salt % VOCABULARY);
  b->labels[at] = asked ? (int32_t)((salt * 7 + salt / 5) % VOCABULARY) : NO;
}

/* rows of a branch, or of the sequence without, from row n on; returns where they end. begin: theirs in the sequence.
 */
static size_t put_rows(branched *b, size_t n, size_t branch, size_t begin) {
  for (size_t i = 0; i < (branch < BRANCHES ? branch_rows[branch] : PLAIN); i++, n++) {
    put_row(b, n, 200 + 50 * branch + i, true);
    if (n < JOINED)
      b->begins[n] = (uint32_t)begin;
  }
  return n;
}

static size_t put_stem(branched *b, size_t n) {
  for (size_t i = 0; i < STEM; i++)
    put_row(b, n++, i, false);
  return n;
}

static void branched_init(branched *b, bool joined) {
  size_t n = 0, count = 0;
  *b = (branched){.stems = {STEM, PLAIN}};
  for (size_t branch = 0; branch < BRANCHES; branch++) {
    if (!joined || branch == 0)
      n = put_stem(b, n);
    n = put_rows(b, n, branch, n);
    if (!joined || branch == BRANCHES - 1)
      b->offsets[++count] = n;
  }
  b->offsets[++count] = put_rows(b, n, BRANCHES, 0);
  b->batch = (gaze_lm_batch){
      .sequences = {.count = count, .offsets = b->offsets, .longest = STEM + 35}, .ids = b->ids, .labels = b->labels};
  if (joined) {
    b->batch.sequences.stems = b->stems;
    b->batch.sequences.begins = b->begins;
  }
}

static void branches_are_sequences(void **state) {
  branched one, other;
  subject joined, apart;
  branched_init(&one, true);
  branched_init(&other, false);
  assert_int_equal(gaze_sequences_rows(&one.batch.sequences), JOINED);
  assert_int_equal(gaze_sequences_rows(&other.batch.sequences), APART);
  subject_init(&joined, false, false);
  subject_init(&apart, false, false);
  gaze_lm_step_fini(&joined.step);
  gaze_lm_step_fini(&apart.step);
  assert_int_equal(gaze_lm_step_init(&joined.step, &joined.decoder, &joined.compute, JOINED, STEM + 35, false),
                   GAZE_OK);
  assert_int_equal(gaze_lm_step_init(&apart.step, &apart.decoder, &apart.compute, APART, STEM + 35, false), GAZE_OK);
  gaze_lm_step_run(&joined.step, &one.batch, 1);
  gaze_lm_step_run(&apart.step, &other.batch, 1);
  assert_int_equal(joined.step.labels, 35 + PLAIN);
  assert_true(fabs(joined.step.loss - apart.step.loss) < 1e-13);
  for (size_t i = 0; i < gaze_parameters_size(&joined.list); i++)
    assert_true(fabs((double)joined.gradients[i] - (double)apart.gradients[i]) < 1e-12);
  size_t n;
  assert_true(fabs(gaze_lm_step_measure(&joined.step, &one.batch, &n) / (double)n - apart.step.loss) < 1e-13);
  subject_fini(&joined);
  subject_fini(&apart);
}

static void tied_heads(void **state) { check_step(true, false); }
static void heads_of_their_own(void **state) { check_step(false, false); }
static void blocks_run_again(void **state) { check_step(true, true); }

/* Rows that a caller gave, as of a picture: their own gradient, and none of any embedding. */
typedef struct given {
  subject *subject;
  float rows[ROWS * WIDTH];
} given;

static double given_loss(void *user) {
  given *g = user;
  subject *s = g->subject;
  memcpy(gaze_decoder_train_rows(&s->step.tape), g->rows, sizeof g->rows);
  return gaze_decoder_train_measure(&s->compute, &s->decoder, &s->batches[0].sequences, labels[0], &s->step.tape);
}

static void rows_without_ids(void **state) {
  static const int32_t none[ROWS] = {-1, -1, -1, -1, -1, -1, -1, -1, -1};
  subject s;
  given g = {.subject = &s};
  float kept[ROWS * WIDTH];
  double sum;
  subject_init(&s, false, false);
  grad_fill(g.rows, ROWS * WIDTH, 1, 7);
  memcpy(gaze_decoder_train_rows(&s.step.tape), g.rows, sizeof g.rows);
  const float *drows =
      gaze_decoder_train_learn(&s.compute, &sum, &s.decoder, &s.batches[0].sequences, labels[0], 1, &s.step.tape);
  memcpy(kept, drows, sizeof kept);
  gaze_decoder_embed_backward(&s.compute, &s.decoder, drows, none, ROWS);
  for (size_t i = 0; i < VOCABULARY * WIDTH; i++)
    assert_true(s.decoder.dtoken_embedding[i] == 0);
  assert_true(fabs(sum - given_loss(&g)) < 1e-13);
  assert_true(grad_worst(g.rows, kept, ROWS * WIDTH, ROWS * WIDTH, given_loss, &g) <= TOLERANCE);
  subject_fini(&s);
}

/* A decoder that does not learn passes the gradient on all the same: stage 1 of LLaVA. */
static void a_frozen_decoder_passes_on(void **state) {
  subject s;
  double sum;
  float wanted[ROWS * WIDTH];
  subject_init(&s, true, false);
  for (int frozen = 0; frozen < 2; frozen++) {
    for (size_t i = 0; frozen && i < s.list.n; i++)
      *s.list.items[i].gradient = NULL;
    gaze_decoder_tie(&s.decoder);
    gaze_decoder_embed(&s.compute, &s.decoder, gaze_decoder_train_rows(&s.step.tape), ids[0], ROWS);
    const float *drows =
        gaze_decoder_train_learn(&s.compute, &sum, &s.decoder, &s.batches[0].sequences, labels[0], 1, &s.step.tape);
    if (frozen)
      assert_memory_equal(drows, wanted, sizeof wanted);
    memcpy(wanted, drows, sizeof wanted);
  }
  subject_fini(&s);
}

int main(void) {
  grad_kernels_init(&kernels);
  const struct CMUnitTest tests[] = {cmocka_unit_test(tied_heads),
                                     cmocka_unit_test(heads_of_their_own),
                                     cmocka_unit_test(blocks_run_again),
                                     cmocka_unit_test(rows_without_ids),
                                     cmocka_unit_test(a_long_sequence),
                                     cmocka_unit_test(branches_are_sequences),
                                     cmocka_unit_test(a_frozen_decoder_passes_on)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
