/* Products with weights as they lie in a file, a JSON line each: one row, as decoding has it, against reading memory;
 * many, as a prompt has them, against the processor's int8. `bench_quantised ROWS [DTYPE...]`; ROWS 0: 1, then 512. */
#include "tests/bench/ceiling.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/kernels/matmul.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5, LONGEST = 11008, ROWS_MAX = 2048, PRODUCTS = 32000 };
#define POOL ((size_t)256 << 20) /* bytes of weights that are gone through: far more than caches hold */

static const size_t shapes[][2] = {{896, 896},    {4864, 896},   {896, 4864},  {4096, 4096},
                                   {11008, 4096}, {4096, 11008}, {32000, 4096}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct bench {
  gaze_matmul *matmul;
  uint8_t *weights;
  float *x, *y;
  double read_gbps, int8_gops; /* in the same rounds; in the same run */
} bench;

/* Random bytes, but what is f16, bf16 or f32 among them lies below 2 and is far from subnormal, which takes longer. */
static void fill(uint8_t *weights) {
  uint64_t state = 1;
  for (size_t i = 0; i < POOL; i += 8) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    uint64_t word = ((state ^ state >> 29) & 0xbfffbfffbfffbfffu) | 0x2000200020002000u;
    memcpy(weights + i, &word, sizeof word);
  }
}

/* Seconds a product, the best round. Where rows are few, rounds go through the pool, and reading it takes turns with
 * them: what else happens on this machine changes the speed of memory. */
static double measure(bench *b, gaze_dtype dtype, size_t M, size_t N, size_t K) {
  size_t size = N * gaze_dtype_bytes(dtype, K), copies = M > 8 || size > POOL ? 1 : POOL / size;
  double best = 1e9;
  b->read_gbps = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double rate = M > 8 ? 0 : gaze_bench_read_once(b->weights, POOL, omp_get_max_threads());
    b->read_gbps = rate > b->read_gbps ? rate : b->read_gbps;
    double start = gaze_bench_now();
    for (size_t i = 0; i < copies; i++)
      gaze_matmul_run(b->matmul, M, N, K, (gaze_operand){.f32 = b->x, .ld = K},
                      (gaze_operand){.stored = b->weights + i * size, .dtype = dtype, .ld = K, .transpose = true},
                      false, b->y, N);
    double seconds = (gaze_bench_now() - start) / (double)copies;
    best = seconds < best ? seconds : best;
  }
  return best;
}

static void print_product(bench *b, gaze_dtype dtype, size_t M, size_t N, size_t K) {
  if (N * gaze_dtype_bytes(dtype, K) > POOL)
    return;
  double seconds = measure(b, dtype, M, N, K), gops = 2e-9 * (double)M * (double)N * (double)K / seconds;
  double gbps = 1e-9 * (double)N * (double)gaze_dtype_bytes(dtype, K) / seconds;
  printf("{\"dtype\": \"%s\", \"m\": %zu, \"n\": %zu, \"k\": %zu, \"us\": %.1f, \"gbps\": %.1f, \"of_memory\": %.3f, "
         "\"gops\": %.1f, \"of_int8\": %.3f}\n",
         gaze_dtype_name(dtype), M, N, K, 1e6 * seconds, gbps, b->read_gbps > 0 ? gbps / b->read_gbps : 0, gops,
         b->int8_gops > 0 ? gops / b->int8_gops : 0);
  fflush(stdout);
}

static bool wanted(gaze_dtype dtype, int argc, char **argv) {
  bool any = dtype <= GAZE_DTYPE_BF16 || dtype >= GAZE_DTYPE_Q8_0;
  for (int i = 2; i < argc && any; i++) {
    if (strcmp(argv[i], gaze_dtype_name(dtype)) == 0)
      return true;
    if (i + 1 == argc)
      return false;
  }
  return any;
}

static void print_dtype(bench *b, gaze_dtype dtype, size_t rows) {
  static const size_t some[] = {1, 512};
  for (size_t i = 0; i < (rows ? 1 : 2); i++)
    for (size_t s = 0; s < SHAPES; s++) {
      size_t M = rows ? rows : some[i], N = shapes[s][0], K = shapes[s][1];
      if ((M <= 8 || N < PRODUCTS) && K % gaze_dtype_block(dtype) == 0)
        print_product(b, dtype, M, N, K);
    }
}

static gaze_err start(bench *b, const gaze_kernels *kernels) {
  gaze_random random;
  gaze_random_init(&random, 1, 1);
  GAZE_TRY(gaze_alloc(POOL, 1, &b->weights));
  GAZE_TRY(gaze_alloc((size_t)ROWS_MAX * LONGEST, sizeof(float), &b->x));
  GAZE_TRY(gaze_alloc((size_t)ROWS_MAX * PRODUCTS, sizeof(float), &b->y));
  fill(b->weights);
  for (size_t i = 0; i < (size_t)ROWS_MAX * LONGEST; i++)
    b->x[i] = (float)gaze_random_uniform(&random) - 0.5f;
  return gaze_matmul_new(kernels, gaze_cpu_detect(), GAZE_PRECISION_F32, &b->matmul);
}

int main(int argc, char **argv) {
  size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  unsigned mask;
  gaze_kernels kernels;
  bench b = {0};
  if (rows > ROWS_MAX || gaze_cpu_mask(getenv("GAZE_CPU"), &mask) != GAZE_OK)
    return 1;
  gaze_kernels_init(&kernels, gaze_cpu_detect() & mask);
  gaze_err err = start(&b, &kernels);
  if (err == GAZE_OK) {
    b.int8_gops = rows == 1 ? 0 : gaze_bench_gemm_int8_gops(512, 4096, 4096);
    printf("{\"cpu\": \"%s\", \"level\": \"%s\", \"threads\": %d, \"int8_gops\": %.1f}\n", gaze_bench_cpu_name(),
           kernels.level, omp_get_max_threads(), b.int8_gops);
    for (int dtype = 0; dtype < GAZE_DTYPES; dtype++)
      if (wanted((gaze_dtype)dtype, argc, argv))
        print_dtype(&b, (gaze_dtype)dtype, rows);
  }
  gaze_matmul_free(b.matmul);
  free(b.weights);
  free(b.x);
  free(b.y);
  return err != GAZE_OK;
}
