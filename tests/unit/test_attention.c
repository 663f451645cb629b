/* Attention that is only run against the forward that training has: any lengths, masks and groups of heads. */
#include "core/base/random.h"
#include "core/nn/attention.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static float *random_floats(size_t n, gaze_random *random) {
  float *values;
  assert_int_equal(gaze_alloc(n, sizeof *values, &values), GAZE_OK);
  for (size_t i = 0; i < n; i++)
    values[i] = (float)(4 * (gaze_random_uniform(random) - 0.5));
  return values;
}

typedef struct shape {
  size_t heads, kv_heads, head_dim, lengths[3];
  bool causal;
} shape;

static const shape shapes[] = {{2, 2, 64, {577, 1, 64}, false},
                               {3, 1, 72, {65, 49, 2}, false},
                               {4, 2, 7, {3, 130, 95}, true},
                               {2, 2, 64, {77, 1, 48}, true}};

/* *out of both, and of the one that is run with another number of threads: the same bits. */
static void run(const gaze_compute *compute, const shape *s, double tolerance) {
  gaze_attention a = {.heads = s->heads, .kv_heads = s->kv_heads, .head_dim = s->head_dim, .causal = s->causal};
  size_t offsets[4] = {0}, longest = 0, width = (a.heads + 2 * a.kv_heads) * a.head_dim;
  for (size_t b = 0; b < 3; b++) {
    offsets[b + 1] = offsets[b] + s->lengths[b];
    longest = s->lengths[b] > longest ? s->lengths[b] : longest;
  }
  gaze_sequences sequences = {.count = 3, .offsets = offsets, .longest = longest};
  gaze_random random;
  gaze_random_init(&random, 31, longest);
  size_t n = offsets[3] * a.heads * a.head_dim, room = gaze_attention_scratch(&a, longest, 3),
         run_room = gaze_attention_run_scratch(&a, longest, 3);
  float *qkv = random_floats(offsets[3] * width, &random), *want = random_floats(n, &random),
        *got = random_floats(n, &random), *again = random_floats(n, &random),
        *scratch = random_floats(room > run_room ? room : run_room, &random);
  gaze_kept in = {.f32 = qkv, .columns = width}, out = {.f32 = want, .columns = a.heads * a.head_dim};
  omp_set_num_threads(1);
  gaze_attention_forward(compute, &out, &in, &a, &sequences, NULL, scratch);
  gaze_attention_run(compute, got, qkv, &a, &sequences, scratch);
  omp_set_num_threads(3);
  gaze_attention_run(compute, again, qkv, &a, &sequences, scratch);
  assert_memory_equal(got, again, n * sizeof *got);
  for (size_t i = 0; i < n; i++)
    assert_true(fabs((double)got[i] - (double)want[i]) <= tolerance);
  free(qkv);
  free(want);
  free(got);
  free(again);
  free(scratch);
}

static void check(unsigned cpu_flags, gaze_precision precision, double tolerance) {
  gaze_kernels kernels;
  gaze_kernels_init(&kernels, cpu_flags);
  gaze_compute compute = {.kernels = &kernels};
  assert_int_equal(gaze_matmul_new(&kernels, cpu_flags, precision, &compute.matmul), GAZE_OK);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    run(&compute, &shapes[i], tolerance);
  gaze_matmul_free(compute.matmul);
}

static void the_same_in_f32(void **state) {
  check(0, GAZE_PRECISION_F32, 4e-6);
  check(gaze_cpu_detect(), GAZE_PRECISION_F32, 4e-6);
}

/* Numbers up to 2 in bf16 are off by 2^-8, and so are scores of deviation 1 at most. */
static void close_in_bf16(void **state) {
  check(gaze_cpu_detect(), GAZE_PRECISION_BF16, 0.06);
  check(gaze_cpu_detect(), GAZE_PRECISION_INT8, 0.06);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_in_f32), cmocka_unit_test(close_in_bf16)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
