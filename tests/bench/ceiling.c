#include "tests/bench/ceiling.h"
#include "core/base/memory.h"
#include "core/kernels/kernels.h"
#include "core/kernels/matmul.h"
#if defined(GAZE_ONEDNN)
#include "core/kernels/onednn.h"
#endif

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define RUNS 7

double gaze_bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *gaze_bench_cpu_name(void) {
  static char name[128] = "unknown";
  char line[256];
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file && fgets(line, sizeof line, file)) {
    char *value = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !value)
      continue;
    line[strcspn(line, "\n")] = 0;
    snprintf(name, sizeof name, "%s", value + 2);
    break;
  }
  if (file)
    fclose(file);
  return name;
}

typedef struct product {
  bool transpose_a, transpose_b;
  size_t M, N, K, lda, ldb;
  void *A, *B;
  float *C;
} product;

static bool run_openblas(const product *p) {
  gaze_kernels kernels;
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  kernels.gemm(p->transpose_a, p->transpose_b, p->M, p->N, p->K, 1, p->A, p->lda, p->B, p->ldb, 0, p->C, p->N);
  return true;
}

#if defined(GAZE_ONEDNN)
static bool run_onednn(const product *p, gaze_onednn_type type) {
  static gaze_onednn *onednn; /* kept: preparing a product is not what is measured */
  if (!onednn && gaze_onednn_new(&onednn) != GAZE_OK)
    return false;
  gaze_product shape = {.M = p->M,
                        .N = p->N,
                        .K = p->K,
                        .lda = p->lda,
                        .ldb = p->ldb,
                        .ldc = p->N,
                        .transpose_a = p->transpose_a,
                        .transpose_b = p->transpose_b,
                        .type = type};
  if (type != GAZE_ONEDNN_INT8)
    return gaze_onednn_matmul(onednn, &shape, p->A, p->B, p->C);
  static gaze_onednn_packed *packed;
  static const void *of;
  if (of != p->B) {
    gaze_onednn_packed_free(packed);
    packed = gaze_onednn_pack(onednn, &shape, p->B);
    of = packed ? p->B : NULL;
  }
  shape.packed = true;
  return packed && gaze_onednn_matmul(onednn, &shape, p->A, packed, p->C);
}

static bool run(gaze_bench_library library, const product *p) {
  if (library == GAZE_BENCH_OPENBLAS)
    return run_openblas(p);
  if (library == GAZE_BENCH_ONEDNN_BF16)
    return gaze_precision_is_native(GAZE_PRECISION_BF16, gaze_cpu_detect()) && run_onednn(p, GAZE_ONEDNN_BF16);
  if (library == GAZE_BENCH_ONEDNN_INT8)
    return gaze_precision_is_native(GAZE_PRECISION_INT8, gaze_cpu_detect()) && run_onednn(p, GAZE_ONEDNN_INT8);
  return run_onednn(p, GAZE_ONEDNN_F32);
}
#else
static bool run(gaze_bench_library library, const product *p) {
  return library == GAZE_BENCH_OPENBLAS && run_openblas(p);
}
#endif

/* Ones: the same bytes serve as f32 and, read as bf16, as harmless small numbers. */
static bool fill(product *p) {
  if (gaze_alloc(p->M * p->K, sizeof(float), &p->A) != GAZE_OK ||
      gaze_alloc(p->K * p->N, sizeof(float), &p->B) != GAZE_OK ||
      gaze_alloc(p->M * p->N, sizeof(float), &p->C) != GAZE_OK)
    return false;
  for (size_t i = 0; i < p->M * p->K; i++)
    ((float *)p->A)[i] = 1;
  for (size_t i = 0; i < p->K * p->N; i++)
    ((float *)p->B)[i] = 1;
  return true;
}

double gaze_bench_product_gflops(gaze_bench_library library, bool transpose_a, bool transpose_b, size_t M, size_t N,
                                 size_t K) {
  product p = {transpose_a, transpose_b, M, N, K, transpose_a ? M : K, transpose_b ? K : N, NULL, NULL, NULL};
  double best = 0, operations = 2e-9 * (double)M * (double)N * (double)K;
  bool works = fill(&p) && run(library, &p);
  int repeat = operations < 0.2 ? (int)(0.2 / operations) + 1 : 1;
  for (int i = 0; works && i < RUNS; i++) {
    double start = gaze_bench_now();
    for (int j = 0; j < repeat; j++)
      run(library, &p);
    double rate = operations * repeat / (gaze_bench_now() - start);
    best = rate > best ? rate : best;
  }
  free(p.A);
  free(p.B);
  free(p.C);
  return best;
}

double gaze_bench_gemm_gflops(size_t M, size_t N, size_t K) {
  double blas = gaze_bench_product_gflops(GAZE_BENCH_OPENBLAS, false, true, M, N, K);
  double onednn = gaze_bench_product_gflops(GAZE_BENCH_ONEDNN, false, true, M, N, K);
  return blas > onednn ? blas : onednn;
}

double gaze_bench_gemm_bf16_gflops(size_t M, size_t N, size_t K) {
  return gaze_bench_product_gflops(GAZE_BENCH_ONEDNN_BF16, false, true, M, N, K);
}

double gaze_bench_gemm_int8_gops(size_t M, size_t N, size_t K) {
  return gaze_bench_product_gflops(GAZE_BENCH_ONEDNN_INT8, false, true, M, N, K);
}

/* Four independent sums of 64 bytes, so that loads are all that takes time. */
typedef uint64_t line __attribute__((vector_size(64)));

enum { EARLY = 128 }; /* lines: the processor's own guess stops at pages */

static uint64_t read_all(const line *data, size_t lines) {
  line a = {0}, b = {0}, c = {0}, d = {0};
  for (size_t i = 0; i + 4 <= lines; i += 4) {
    for (size_t j = 0; j < 4; j++)
      __builtin_prefetch(data + i + EARLY + j, 0, 2);
    a += data[i];
    b += data[i + 1];
    c += data[i + 2];
    d += data[i + 3];
  }
  a += b + c + d;
  return a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7];
}

static volatile uint64_t sink; /* keeps the sums from being left out */

double gaze_bench_read_once(const void *bytes, size_t size, int threads) {
  const line *data = bytes;
  size_t lines = size / sizeof *data / (size_t)threads / 4 * 4;
  uint64_t sum = 0;
  double start = gaze_bench_now();
#pragma omp parallel for num_threads(threads) reduction(+ : sum)
  for (int t = 0; t < threads; t++)
    sum += read_all(data + lines * (size_t)t, lines);
  sink = sum;
  return 1e-9 * (double)(lines * (size_t)threads * sizeof *data) / (gaze_bench_now() - start);
}

double gaze_bench_read_gbps(size_t bytes, int threads) {
  void *data;
  double best = 0;
  if (!bytes || gaze_alloc(bytes, 1, &data) != GAZE_OK)
    return 0;
  memset(data, 1, bytes);
  for (int i = 0; i < RUNS; i++) {
    double rate = gaze_bench_read_once(data, bytes, threads);
    best = rate > best ? rate : best;
  }
  free(data);
  return best;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double gaze_bench_median(double *x, size_t n) {
  qsort(x, n, sizeof *x, compare_doubles);
  return x[n / 2];
}

double gaze_bench_process(char *const *arguments) {
  double seconds[RUNS];
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  bool done = true;
  for (size_t i = 0; i < RUNS && done; i++) {
    pid_t child;
    int status = 1;
    double start = gaze_bench_now();
    done = posix_spawnp(&child, arguments[0], &quiet, NULL, arguments, environ) == 0 &&
           waitpid(child, &status, 0) == child && status == 0;
    seconds[i] = gaze_bench_now() - start;
  }
  posix_spawn_file_actions_destroy(&quiet);
  return done ? gaze_bench_median(seconds, RUNS) : 0;
}
