/* Speed of every entry on data that lies in the second cache. */
#include "tests/kernels/check.h"

#include <stdio.h>
#include <time.h>

#define N 16384u

static float a[N], b[N], c[N], d[N], e[N];
static uint16_t h[N];
static int8_t q[N], r[N];
static volatile double sink;

static const gaze_adamw_step step = {.lr = 1e-3f,
                                     .beta1 = 0.9f,
                                     .beta2 = 0.98f,
                                     .eps = 1e-6f,
                                     .weight_decay = 0.1f,
                                     .correction1 = 1,
                                     .correction2 = 1,
                                     .gradient_scale = 1};

static void run_f32_from_f16(const gaze_kernels *k) { k->f32_from_f16(a, h, N); }
static void run_f16_from_f32(const gaze_kernels *k) { k->f16_from_f32(h, b, N); }
static void run_f32_from_bf16(const gaze_kernels *k) { k->f32_from_bf16(a, h, N); }
static void run_bf16_from_f32(const gaze_kernels *k) { k->bf16_from_f32(h, b, N); }
static void run_dot(const gaze_kernels *k) { sink = k->dot(a, b, N); }
static void run_sum_squares(const gaze_kernels *k) { sink = k->sum_squares(a, N); }
static void run_add(const gaze_kernels *k) { k->add(a, b, N); }
static void run_axpy(const gaze_kernels *k) { k->axpy(a, 0.5f, b, N); }
static void run_scale(const gaze_kernels *k) { k->scale(a, 0.999f, N); }
static void run_multiply(const gaze_kernels *k) { k->multiply(a, b, N); }
static void run_adamw(const gaze_kernels *k) { k->adamw(a, c, d, b, &step, N); }
static void run_dot_i8(const gaze_kernels *k) { sink = k->dot_i8(q, r, N); }

/* Rows as wide as the small models' (256), or as attention's (33). */
static void run_dot_i8_rows(const gaze_kernels *k) {
  for (size_t i = 0; i < N; i += 512)
    sink = k->dot_i8(q + i, r, 512);
}

static void run_layer_norm(const gaze_kernels *k) {
  float mean, rstd;
  for (size_t i = 0; i < N; i += 256)
    k->layer_norm(a + i, &mean, &rstd, b + i, c, d, 1e-5f, 256);
}

static void run_layer_norm_backward(const gaze_kernels *k) {
  for (size_t i = 0; i < N; i += 256)
    k->layer_norm_backward(a + i, c, d, e + i, b + i, 0, 1, c, 256);
}

static void run_rms_norm(const gaze_kernels *k) {
  float rstd;
  for (size_t i = 0; i < N; i += 256)
    k->rms_norm(a + i, &rstd, b + i, c, 1e-5f, 256);
}

static void run_softmax(const gaze_kernels *k) {
  for (size_t i = 0; i + 33 <= N; i += 33)
    k->softmax(a + i, 33);
}

static void run_softmax_backward(const gaze_kernels *k) {
  for (size_t i = 0; i + 33 <= N; i += 33)
    k->softmax_backward(a + i, b + i, 33);
}

static void run_gelu(const gaze_kernels *k) { k->activation[GAZE_GELU](a, b, N); }
static void run_gelu_tanh(const gaze_kernels *k) { k->activation[GAZE_GELU_TANH](a, b, N); }
static void run_quick_gelu(const gaze_kernels *k) { k->activation[GAZE_QUICK_GELU](a, b, N); }
static void run_gelu_backward(const gaze_kernels *k) { k->activation_backward[GAZE_GELU](a, e, b, N); }
static void run_gelu_tanh_backward(const gaze_kernels *k) { k->activation_backward[GAZE_GELU_TANH](a, e, b, N); }
static void run_quick_gelu_backward(const gaze_kernels *k) { k->activation_backward[GAZE_QUICK_GELU](a, e, b, N); }

/* bytes: read and written for one element. */
static const struct {
  const char *name;
  void (*run)(const gaze_kernels *k);
  int bytes;
} entries[] = {{"f32_from_f16", run_f32_from_f16, 6},
               {"f16_from_f32", run_f16_from_f32, 6},
               {"f32_from_bf16", run_f32_from_bf16, 6},
               {"bf16_from_f32", run_bf16_from_f32, 6},
               {"dot", run_dot, 8},
               {"sum_squares", run_sum_squares, 4},
               {"add", run_add, 12},
               {"axpy", run_axpy, 12},
               {"scale", run_scale, 8},
               {"multiply", run_multiply, 12},
               {"layer_norm, 256", run_layer_norm, 8},
               {"layer_norm_backward, 256", run_layer_norm_backward, 16},
               {"rms_norm, 256", run_rms_norm, 8},
               {"softmax, 33", run_softmax, 8},
               {"softmax_backward, 33", run_softmax_backward, 12},
               {"gelu", run_gelu, 8},
               {"gelu_backward", run_gelu_backward, 12},
               {"gelu_tanh", run_gelu_tanh, 8},
               {"gelu_tanh_backward", run_gelu_tanh_backward, 12},
               {"quick_gelu", run_quick_gelu, 8},
               {"quick_gelu_backward", run_quick_gelu_backward, 12},
               {"adamw", run_adamw, 28},
               {"dot_i8", run_dot_i8, 2},
               {"dot_i8, 512", run_dot_i8_rows, 2}};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fill(void) {
  gaze_random random;
  gaze_random_init(&random, 1, 0);
  for (size_t i = 0; i < N; i++) {
    a[i] = (float)gaze_random_normal(&random);
    b[i] = (float)gaze_random_normal(&random);
    c[i] = (float)gaze_random_uniform(&random);
    d[i] = (float)gaze_random_uniform(&random);
    e[i] = (float)gaze_random_normal(&random);
    q[i] = (int8_t)gaze_random_next(&random);
    r[i] = (int8_t)gaze_random_next(&random);
  }
}

/* The best of five tries of about 2 ms each. */
static double seconds_of(void (*run)(const gaze_kernels *k), const gaze_kernels *kernels) {
  double best = 1;
  int calls = 1;
  for (int attempt = 0; attempt < 5;) {
    double start = now();
    for (int i = 0; i < calls; i++)
      run(kernels);
    double seconds = now() - start;
    if (seconds < 2e-3) {
      calls *= 2;
      continue;
    }
    best = seconds / calls < best ? seconds / calls : best;
    attempt++;
  }
  return best;
}

void bench_kernels(const gaze_kernels *kernels) {
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    fill();
    double seconds = seconds_of(entries[i].run, kernels);
    printf("%-7s %-26s %7.3f ns/element %7.1f GB/s\n", kernels->level, entries[i].name, 1e9 * seconds / N,
           1e-9 * N * entries[i].bytes / seconds);
  }
}
