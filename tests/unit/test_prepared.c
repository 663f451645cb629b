/* Weights in another form: which become it, what products give then, and that nothing else is read. */
#include "fusion/prepared.h"

#include "core/nn/linear.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IN = 96, ODD = 36, OUT = 70, ROWS = 40, MATRICES = 5 };

typedef struct model {
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_parameters list;
  gaze_weight weights[MATRICES], vector, table;
  void *stored[MATRICES]; /* as a file would hold them */
  size_t bytes[MATRICES];
  float values[OUT * IN], x[ROWS * IN];
  int8_t int8[OUT * IN];
  float scales[OUT], columns[IN];
  gaze_int8 of_list[MATRICES + 2];
} model;

/* Matrix i's dtype and columns; all have the same numbers, but for the one with fewer. */
static const struct {
  gaze_dtype dtype;
  size_t columns;
} kinds[MATRICES] = {
    {GAZE_DTYPE_F32, IN}, {GAZE_DTYPE_F16, IN}, {GAZE_DTYPE_BF16, IN}, {GAZE_DTYPE_Q8_0, IN}, {GAZE_DTYPE_F32, ODD}};

static void must(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static void open_model(model *m, gaze_precision precision) {
  memset(m, 0, sizeof *m);
  gaze_kernels_init(&m->kernels, gaze_cpu_detect());
  m->compute.kernels = &m->kernels;
  must(gaze_matmul_new(&m->kernels, gaze_cpu_detect(), precision, &m->compute.matmul));
  for (size_t i = 0; i < OUT * IN; i++)
    m->values[i] = sinf((float)(i * 7919 % 1013)) / 8;
  for (size_t i = 0; i < ROWS * IN; i++)
    m->x[i] = cosf((float)(i * 104729 % 1009));
  for (size_t i = 0; i < MATRICES; i++) {
    size_t n = OUT * kinds[i].columns;
    m->bytes[i] = gaze_dtype_bytes(kinds[i].dtype, n);
    must(gaze_alloc(m->bytes[i], 1, &m->stored[i]));
    gaze_weight_narrow(&m->kernels, m->stored[i], m->values, kinds[i].dtype, n);
    m->weights[i] = (gaze_weight){.data = m->stored[i], .dtype = kinds[i].dtype};
    must(gaze_parameters_add(&m->list, "text.", "up_weight", &m->weights[i], NULL, OUT, kinds[i].columns));
  }
  m->vector = m->table = (gaze_weight){.data = m->values, .dtype = GAZE_DTYPE_F32};
  must(gaze_parameters_add(&m->list, "text.", "up_bias", &m->vector, NULL, OUT, 1));
  must(gaze_parameters_add(&m->list, "text.", "token_embedding", &m->table, NULL, OUT, IN));
}

static void close_model(model *m) {
  for (size_t i = 0; i < MATRICES; i++)
    free(m->stored[i]);
  gaze_parameters_fini(&m->list);
  gaze_matmul_free(m->compute.matmul);
}

static gaze_preparation whole(const model *m) { return (gaze_preparation){.list = m->list, .compute = &m->compute}; }

/* y: [rows, OUT] */
static void multiply(const model *m, size_t i, size_t rows, float *y) {
  gaze_linear linear = {.weight = m->weights[i], .in = kinds[i].columns, .out = OUT};
  gaze_linear_forward(&m->compute, y, OUT, m->x, kinds[i].columns, &linear, rows, GAZE_STORE);
}

/* Length of the difference to the exact product over its length. */
static double error_of(const model *m, size_t i, size_t rows) {
  static float y[ROWS * OUT];
  double squares = 0, of_difference = 0;
  size_t K = kinds[i].columns;
  multiply(m, i, rows, y);
  for (size_t r = 0; r < rows; r++)
    for (size_t n = 0; n < OUT; n++) {
      double sum = 0;
      for (size_t k = 0; k < K; k++)
        sum += (double)m->x[r * K + k] * (double)m->values[n * K + k];
      double difference = (double)y[r * OUT + n] - sum;
      squares += sum * sum;
      of_difference += difference * difference;
    }
  return sqrt(of_difference / squares);
}

/* Where a weight lies in blocks, rows of the other operand become int8 in any precision. */
static void check_products(const model *m, double most) {
  for (size_t i = 0; i < MATRICES; i++)
    for (size_t rows = 1; rows <= ROWS; rows += ROWS - 1) {
      double found = error_of(m, i, rows);
      if (!(found <= (m->weights[i].dtype == GAZE_DTYPE_Q8_0 ? 0.02 : most)))
        fail_msg("matrix %zu, %zu rows: off by %g", i, rows, found);
    }
}

/* What was in the file becomes NaN: products that still read it are not finite. */
static void spoil(model *m, bool converted_alone) {
  for (size_t i = 0; i < MATRICES; i++)
    if (!converted_alone || m->weights[i].data != m->stored[i])
      memset(m->stored[i], 0xff, m->bytes[i]);
}

static void check_dtypes(const model *m, const gaze_dtype wanted[MATRICES]) {
  for (size_t i = 0; i < MATRICES; i++)
    if (m->weights[i].dtype != wanted[i])
      fail_msg("matrix %zu is %s, not %s", i, gaze_dtype_name(m->weights[i].dtype), gaze_dtype_name(wanted[i]));
  assert_true(m->vector.data == m->values && m->table.data == m->values && !m->table.packed);
}

static void check_conversion(gaze_precision precision, const bool from[GAZE_DTYPES], gaze_dtype to,
                             const gaze_dtype wanted[MATRICES], double most) {
  model m;
  gaze_prepared prepared = {0};
  open_model(&m, precision);
  const gaze_preparation what = whole(&m);
  must(gaze_prepared_convert(&prepared, &what, from, to));
  check_dtypes(&m, wanted);
  const void *first = m.weights[0].data;
  size_t used = prepared.converted.used;
  must(gaze_prepared_convert(&prepared, &what, from, to));
  assert_true(m.weights[0].data == first && prepared.converted.used == used);
  spoil(&m, true);
  check_products(&m, most);
  gaze_prepared_fini(&prepared);
  close_model(&m);
}

static void matrices_are_converted(void **state) {
  static const bool wide[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true},
                    plain[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true, [GAZE_DTYPE_F16] = true, [GAZE_DTYPE_BF16] = true};
  check_conversion(GAZE_PRECISION_F32, plain, GAZE_DTYPE_F32,
                   (gaze_dtype[]){GAZE_DTYPE_F32, GAZE_DTYPE_F32, GAZE_DTYPE_F32, GAZE_DTYPE_Q8_0, GAZE_DTYPE_F32},
                   0.004);
  check_conversion(GAZE_PRECISION_BF16, wide, GAZE_DTYPE_BF16,
                   (gaze_dtype[]){GAZE_DTYPE_BF16, GAZE_DTYPE_F16, GAZE_DTYPE_BF16, GAZE_DTYPE_Q8_0, GAZE_DTYPE_BF16},
                   0.01);
  check_conversion(GAZE_PRECISION_INT8, plain, GAZE_DTYPE_Q8_0,
                   (gaze_dtype[]){GAZE_DTYPE_Q8_0, GAZE_DTYPE_Q8_0, GAZE_DTYPE_Q8_0, GAZE_DTYPE_Q8_0, GAZE_DTYPE_F32},
                   0.004);
}

/* Nothing of what was packed is read again, settled or not. */
static void packed_matrices_stand_alone(void **state) {
  model m;
  gaze_prepared prepared = {0};
  open_model(&m, GAZE_PRECISION_INT8);
  const gaze_preparation what = whole(&m);
  must(gaze_prepared_pack(&prepared, &what));
  assert_int_equal(prepared.n_packed, MATRICES);
  const gaze_packed *first = m.weights[0].packed;
  must(gaze_prepared_pack(&prepared, &what));
  assert_true(m.weights[0].packed == first);
  assert_null(prepared.converted.base);
  spoil(&m, false);
  check_products(&m, 0.02);
  must(gaze_prepared_settle(&prepared, m.compute.matmul));
  check_products(&m, 0.02);
  gaze_prepared_fini(&prepared);
  close_model(&m);
}

/* What a file holds in int8 stays there, whatever stands before it in the model's list. */
static void int8_of_the_file_is_borrowed(void **state) {
  static float before[ROWS * OUT], after[ROWS * OUT];
  model m;
  gaze_prepared made = {0}, borrowed = {0};
  bool raised;
  open_model(&m, GAZE_PRECISION_INT8);
  gaze_preparation what = whole(&m);
  must(gaze_prepared_pack(&made, &what));
  multiply(&m, 0, ROWS, before);
  m.of_list[0] = (gaze_int8){m.int8, m.scales, m.columns};
  must(gaze_int8_quantise(&m.kernels, OUT, IN, m.values, IN, &m.of_list[0], &raised));
  m.weights[0] = (gaze_weight){.data = m.int8, .dtype = GAZE_DTYPE_I8};
  what.list.n = 1;
  what.int8 = m.of_list;
  must(gaze_prepared_pack(&borrowed, &what));
  multiply(&m, 0, ROWS, after);
  assert_memory_equal(before, after, sizeof after);
  must(gaze_prepared_settle(&borrowed, m.compute.matmul));
  multiply(&m, 0, ROWS, after);
  assert_memory_equal(before, after, sizeof after);
  gaze_prepared_fini(&borrowed);
  gaze_prepared_fini(&made);
  close_model(&m);
}

/* In bf16 and f32 packing is the processor's own layout, or nothing. */
static void packing_changes_no_result(void **state) {
  static const bool plain[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true, [GAZE_DTYPE_F16] = true, [GAZE_DTYPE_BF16] = true};
  for (gaze_precision precision = GAZE_PRECISION_F32; precision <= GAZE_PRECISION_BF16; precision++) {
    model m;
    gaze_prepared prepared = {0};
    open_model(&m, precision);
    gaze_preparation what = whole(&m);
    what.list.n = 3;
    must(gaze_prepared_convert(&prepared, &what, plain,
                               precision == GAZE_PRECISION_F32 ? GAZE_DTYPE_F32 : GAZE_DTYPE_BF16));
    must(gaze_prepared_pack(&prepared, &what));
    check_products(&m, 0.01);
    gaze_prepared_fini(&prepared);
    close_model(&m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matrices_are_converted), cmocka_unit_test(packed_matrices_stand_alone),
      cmocka_unit_test(int8_of_the_file_is_borrowed), cmocka_unit_test(packing_changes_no_result)};
  return cmocka_run_group_tests_name("prepared weights", tests, NULL, NULL);
}
