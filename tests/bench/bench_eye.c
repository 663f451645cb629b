/* What a language model sees one picture with, from pixels to its rows: image encoder and projector of an mmproj GGUF,
 * in f32, bf16 and int8, as a part of the GEMM ceiling of the same run, the best product of the encoder's widest layer.
 * JSON lines on standard output.
 * bench_eye MMPROJ [RUNS] [f32|bf16|int8] */
#include "fusion/eye.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const precision_names[] = {"f32", "bf16", "int8"};

/* The encoder's widest product, in operations a second. */
static double ceiling(gaze_precision precision, size_t rows, size_t C, size_t F) {
  if (!gaze_precision_is_native(precision, gaze_cpu_detect()))
    precision = GAZE_PRECISION_F32;
  return 1e9 * (precision == GAZE_PRECISION_BF16   ? gaze_bench_gemm_bf16_gflops(rows, F, C)
                : precision == GAZE_PRECISION_INT8 ? gaze_bench_gemm_int8_gops(rows, F, C)
                                                   : gaze_bench_gemm_gflops(rows, F, C));
}

/* Operations of the products of one tile: every row of every block that is run is finished. */
static double tile_work(const gaze_eye *eye) {
  const gaze_vit_config *v = &eye->config.vision;
  const gaze_projector_config *p = &eye->config.projector;
  double C = (double)v->block.dim, F = (double)v->block.mlp_dim, patches = (double)gaze_vit_patches(v);
  double T = (double)gaze_vit_rows(v, gaze_vit_patches(v)), R = (double)gaze_vit_feature_rows(v);
  double blocks = (double)v->layers * (8 * T * C * C + 4 * T * C * F + 4 * T * T * C);
  double embed = 2 * patches * C * 3 * (double)(v->patch_size * v->patch_size);
  double projector = p->kind == GAZE_PROJECTOR_MLP ? 2 * R * (double)p->hidden * ((double)p->C + (double)p->D)
                                                   : 2 * R * (double)p->C * (double)p->D;
  return blocks + embed + projector;
}

typedef struct subject {
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_weights *weights;
  gaze_eye eye;
  gaze_tile_plan plan;
  float *pixels, *rows; /* [3, S, S] and what becomes of them */
} subject;

static void open_subject(subject *s, const char *path, gaze_precision precision) {
  static const bool keeps[GAZE_DTYPES] = {[GAZE_DTYPE_F16] = true, [GAZE_DTYPE_BF16] = true, [GAZE_DTYPE_Q8_0] = true};
  gaze_llava_config config;
  *s = (subject){.compute.kernels = &s->kernels};
  gaze_kernels_init(&s->kernels, gaze_cpu_detect());
  must(gaze_matmul_new(&s->kernels, gaze_cpu_detect(), precision, &s->compute.matmul));
  must(gaze_weights_open(path, &s->weights));
  must(gaze_llava_config_read_mmproj(s->weights, &config));
  must(gaze_eye_init(&s->eye, &config));
  must(gaze_eye_load(&s->eye, &s->kernels, s->weights, NULL, keeps));
  s->plan = (gaze_tile_plan){.tiles = 1, .tokens = config.tiling.tile_rows};
  size_t n = 3 * config.vision.image_size * config.vision.image_size;
  must(gaze_alloc(n, sizeof *s->pixels, &s->pixels));
  must(gaze_alloc(s->plan.tokens * config.projector.D, sizeof *s->rows, &s->rows));
  for (size_t i = 0; i < n; i++)
    s->pixels[i] = (float)(i * 7919 % 2003) / 1000 - 1;
}

static void close_subject(subject *s) {
  gaze_eye_fini(&s->eye);
  gaze_weights_close(s->weights);
  gaze_matmul_free(s->compute.matmul);
  free(s->pixels);
  free(s->rows);
}

static double look(const subject *s) {
  double start = gaze_bench_now();
  must(gaze_eye_encode(&s->compute, &s->eye, &s->plan, s->pixels, s->rows));
  return gaze_bench_now() - start;
}

static void run(const char *path, gaze_precision precision, int runs) {
  subject s;
  open_subject(&s, path, precision);
  const gaze_vit_config *v = &s.eye.config.vision;
  size_t T = gaze_vit_rows(v, gaze_vit_patches(v));
  double start = gaze_bench_now(), work = tile_work(&s.eye);
  must(gaze_eye_prepare(&s.eye, &s.compute));
  double prepared = gaze_bench_now() - start, first = look(&s), best = first;
  double top = ceiling(precision, T, v->block.dim, v->block.mlp_dim);
  for (int i = 0; i < runs; i++)
    best = fmin(best, look(&s));
  top = fmax(top, ceiling(precision, T, v->block.dim, v->block.mlp_dim));
  printf("{\"bench\":\"eye\",\"precision\":\"%s\",\"prepare_ms\":%.1f,\"first_ms\":%.1f,\"ms\":%.1f,\"gflops\":%.1f,"
         "\"gemm_ceiling_gflops\":%.1f,\"ratio\":%.3f}\n",
         precision_names[precision], 1e3 * prepared, 1e3 * first, 1e3 * best, 1e-9 * work / best, 1e-9 * top,
         work / best / top);
  fflush(stdout);
  close_subject(&s);
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "usage: bench_eye MMPROJ [RUNS] [f32|bf16|int8]\n");
    return 2;
  }
  omp_set_num_threads(gaze_cpu_count());
  for (gaze_precision p = GAZE_PRECISION_F32; p <= GAZE_PRECISION_INT8; p++)
    if (count < 4 || strcmp(arguments[3], precision_names[p]) == 0)
      run(arguments[1], p, count > 2 ? atoi(arguments[2]) : 3);
  return 0;
}
