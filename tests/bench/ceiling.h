/* What this machine can do at most, measured in the same run as whatever is compared with it. */
#ifndef GAZE_TESTS_BENCH_CEILING_H
#define GAZE_TESTS_BENCH_CEILING_H

#include <stdbool.h>
#include <stddef.h>

typedef enum gaze_bench_library {
  GAZE_BENCH_OPENBLAS,
  GAZE_BENCH_ONEDNN,
  GAZE_BENCH_ONEDNN_BF16,
  GAZE_BENCH_ONEDNN_INT8 /* B packed once, as weights are */
} gaze_bench_library;

const char *gaze_bench_cpu_name(void); /* as /proc/cpuinfo names it; "unknown" */
double gaze_bench_now(void);           /* seconds, monotonic */

/* C[M, N] = op(A) op(B) in GFLOP/s (2 M N K operations), the best of several runs, with OpenMP's current number of
 * threads. 0 when the library is absent or has nothing fast for this processor. */
double gaze_bench_product_gflops(gaze_bench_library library, bool transpose_a, bool transpose_b, size_t M, size_t N,
                                 size_t K);
/* The ceiling of X[M, K] W[N, K]^T: the better of OpenBLAS and oneDNN in f32; oneDNN in bf16, 0 when not native. */
double gaze_bench_gemm_gflops(size_t M, size_t N, size_t K);
double gaze_bench_gemm_bf16_gflops(size_t M, size_t N, size_t K);
double gaze_bench_gemm_int8_gops(size_t M, size_t N, size_t K); /* 0 without VNNI */

/* Reading `bytes` of memory once, in GB/s, the best of several runs. 0 when they cannot be allocated. */
double gaze_bench_read_gbps(size_t bytes, int threads);
double gaze_bench_read_once(const void *bytes, size_t size, int threads); /* GB/s of your own, 64-byte aligned; once */

/* Sorts x. */
double gaze_bench_median(double *x, size_t n);
/* Seconds from exec to exit of a program, its output thrown away, the median of several runs. 0 when it fails. */
double gaze_bench_process(char *const *arguments);

#endif
