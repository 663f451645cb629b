/* The ceilings of matrix products and of memory on this machine, as JSON. `bench_gemm mini` measures gaze-mini's
 * products alone. */
#include "tests/bench/ceiling.h"

#include "core/base/cpu.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

typedef struct shape {
  const char *model, *what;
  size_t M, N, K;
  bool transpose_a, transpose_b;
} shape;

/* Totals of operations and seconds, for the figure over all shapes. */
static double operations, seconds[3];

static void print_shape(const shape *s) {
  static bool again;
  double gflop = 2e-9 * (double)s->M * (double)s->N * (double)s->K, rate[3];
  operations += gflop;
  for (int library = 0; library < 3; library++) {
    rate[library] =
        gaze_bench_product_gflops((gaze_bench_library)library, s->transpose_a, s->transpose_b, s->M, s->N, s->K);
    seconds[library] += rate[library] > 0 ? gflop / rate[library] : 0;
  }
  printf("%s\n  {\"model\": \"%s\", \"product\": \"%s\", \"m\": %zu, \"n\": %zu, \"k\": %zu, \"openblas_f32\": %.1f, "
         "\"onednn_f32\": %.1f, \"onednn_bf16\": %.1f}",
         again ? "," : "", s->model, s->what, s->M, s->N, s->K, rate[0], rate[1], rate[2]);
  fflush(stdout);
  again = true;
}

/* The four products of a block of width C: qkv, out, up, down; rows as 32, 14 and 14-336 pixel patches make them. */
static void print_vit(const char *model, size_t C, const size_t *rows, size_t count) {
  size_t widths[][2] = {{3 * C, C}, {C, C}, {4 * C, C}, {C, 4 * C}};
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < 4; j++)
      print_shape(&(shape){model, "x w'", rows[i], widths[j][0], widths[j][1], false, true});
}

/* Forward and both backward products of a training step of the small model: 256 pictures of 33 patches. */
static void print_mini(void) {
  static const size_t widths[][2] = {{768, 256}, {256, 256}, {1024, 256}, {256, 1024}};
  enum { ROWS = 8448 };
  for (size_t j = 0; j < 4; j++) {
    size_t out = widths[j][0], in = widths[j][1];
    print_shape(&(shape){"mini", "x w'", ROWS, out, in, false, true});
    print_shape(&(shape){"mini", "dy w", ROWS, in, out, false, false});
    print_shape(&(shape){"mini", "dy' x", out, in, ROWS, true, false});
  }
}

int main(int argc, char **argv) {
  static const size_t rows[] = {50, 197, 577, 1600};
  printf("{\"cpu\": \"%s\", \"threads\": %d, \"gflops\": [", gaze_bench_cpu_name(), omp_get_max_threads());
  print_mini();
  if (argc < 2 || strcmp(argv[1], "mini") != 0) {
    print_vit("vit-b", 768, rows, 4);
    print_vit("vit-l", 1024, rows, 4);
  }
  printf("],\n \"overall\": {\"openblas_f32\": %.1f, \"onednn_f32\": %.1f, \"onednn_bf16\": %.1f},\n",
         operations / seconds[0], seconds[1] > 0 ? operations / seconds[1] : 0,
         seconds[2] > 0 ? operations / seconds[2] : 0);
  size_t bytes = (size_t)256 << 20;
  printf(" \"read_gbps\": {\"one_thread\": %.1f, \"all_threads\": %.1f}}\n", gaze_bench_read_gbps(bytes, 1),
         gaze_bench_read_gbps(bytes, omp_get_max_threads()));
  return 0;
}
