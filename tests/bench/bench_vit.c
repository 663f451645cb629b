/* A whole image forward, from pixels to embedding, of CLIP's and SigLIP's image encoders with random weights, as a part
 * of the GEMM ceiling of the same run: the best product of that model's widest layer. JSON lines on standard output.
 * bench_vit [f32|bf16|int8] [RUNS] [MODEL]; MODEL: B/32, B/16, L/14, L/14-336 or SO400M, else B/32 and L/14. */
#include "core/base/memory.h"
#include "core/base/random.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"
#include "vision/vit.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct size_case {
  const char *name;
  size_t image, patch, width, heads, mlp, layers, dim, batch;
  bool named; /* only run when asked for */
} size_case;

static const char *const precision_names[] = {"f32", "bf16", "int8"};

static const size_case cases[] = {
    {"B/32", 224, 32, 768, 12, 3072, 12, 512, 1, false},      {"B/32", 224, 32, 768, 12, 3072, 12, 512, 8, false},
    {"B/32", 224, 32, 768, 12, 3072, 12, 512, 32, true},      {"B/16", 224, 16, 768, 12, 3072, 12, 512, 1, true},
    {"B/16", 224, 16, 768, 12, 3072, 12, 512, 32, true},      {"L/14", 224, 14, 1024, 16, 4096, 24, 768, 1, false},
    {"L/14", 224, 14, 1024, 16, 4096, 24, 768, 4, false},     {"L/14-336", 336, 14, 1024, 16, 4096, 24, 768, 1, true},
    {"L/14-336", 336, 14, 1024, 16, 4096, 24, 768, 32, true}, {"SO400M", 384, 14, 1152, 16, 4304, 27, 1152, 1, true},
    {"SO400M", 384, 14, 1152, 16, 4304, 27, 1152, 32, true}};

static bool is_siglip(const size_case *s) { return s->dim == s->width; }

static float *random_floats(size_t n, double deviation) {
  float *values;
  gaze_random random;
  gaze_random_init(&random, n, 3);
  must(gaze_alloc(n, sizeof *values, &values));
  for (size_t i = 0; i < n; i++)
    values[i] = (float)(deviation * (gaze_random_uniform(&random) - 0.5));
  return values;
}

/* The model's widest product, in operations a second. */
static double ceiling(const gaze_compute *compute, size_t rows, size_t C, size_t F) {
  gaze_precision precision = gaze_matmul_precision(compute->matmul);
  if (!gaze_precision_is_native(precision, gaze_cpu_detect()))
    precision = GAZE_PRECISION_F32;
  return 1e9 * (precision == GAZE_PRECISION_BF16   ? gaze_bench_gemm_bf16_gflops(rows, F, C)
                : precision == GAZE_PRECISION_INT8 ? gaze_bench_gemm_int8_gops(rows, F, C)
                                                   : gaze_bench_gemm_gflops(rows, F, C));
}

/* Weights as a model's are once it has seen a few pictures; memory is left to the end of the program. */
static void prepare_weights(const gaze_compute *compute, const gaze_parameters *list) {
  for (size_t i = 0; i < list->n; i++) {
    const gaze_parameter *p = &list->items[i];
    size_t count = gaze_parameter_count(p);
    gaze_operand W = {.f32 = gaze_f32(*p->weight), .ld = p->columns, .transpose = true};
    gaze_packed *packed;
    if (!gaze_parameter_is_product(p))
      continue;
    if (gaze_matmul_precision(compute->matmul) == GAZE_PRECISION_BF16) {
      uint16_t *halves;
      must(gaze_alloc(count, sizeof *halves, &halves));
      compute->kernels->bf16_from_f32(halves, W.f32, count);
      W = (gaze_operand){.bf16 = halves, .ld = p->columns, .transpose = true};
      *p->weight = (gaze_weight){.data = halves, .dtype = GAZE_DTYPE_BF16};
    }
    must(gaze_packed_new(compute->matmul, p->rows, p->columns, W, &packed));
    p->weight->packed = packed;
  }
}

/* The products that a forward really computes: of CLIP's last block only the class token is finished; SigLIP's pooling
 * needs keys and values of all rows, and little else. */
static double forward_work(const size_case *s) {
  double C = (double)s->width, patches = (double)(s->image / s->patch * (s->image / s->patch));
  double T = is_siglip(s) ? patches : patches + 1, layers = (double)s->layers;
  double qkv = 6 * T * C * C, rest = 2 * T * C * C + 4 * T * C * (double)s->mlp + 4 * T * T * C;
  double embed = 2 * patches * C * 3 * (double)(s->patch * s->patch);
  double blocks = is_siglip(s) ? layers * (qkv + rest) + qkv * 2 / 3 : layers * qkv + (layers - 1) * rest + rest / T;
  return (double)s->batch * (blocks + embed);
}

static gaze_vit_config config_of(const size_case *s) {
  return (gaze_vit_config){
      .image_size = s->image,
      .patch_size = s->patch,
      .block = {.dim = s->width,
                .mlp_dim = s->mlp,
                .attention = {.heads = s->heads, .kv_heads = s->heads, .head_dim = s->width / s->heads},
                .norm = GAZE_LAYER_NORM,
                .activation = is_siglip(s) ? GAZE_GELU_TANH : GAZE_QUICK_GELU,
                .biased = true,
                .eps = 1e-5f},
      .layers = s->layers,
      .dim_out = s->dim,
      .kind = is_siglip(s) ? GAZE_VIT_SIGLIP : GAZE_VIT_CLIP};
}

static void run_case(const gaze_compute *compute, const size_case *s, int runs) {
  gaze_vit_config config = config_of(s);
  gaze_vit vit;
  gaze_parameters list = {0};
  gaze_vit_tape tape;
  gaze_arena measure = GAZE_ARENA_MEASURE, arena;
  must(gaze_vit_init(&vit, &config, false));
  must(gaze_vit_list(&vit, &list));
  size_t patches = gaze_vit_patches(&config), rows = s->batch * gaze_vit_rows(&config, patches);
  float *values = random_floats(gaze_parameters_size(&list), 0.05);
  float *pixels = random_floats(s->batch * 3 * s->image * s->image, 2), *out = random_floats(s->batch * s->dim, 1);
  gaze_parameters_bind(&list, values, NULL);
  prepare_weights(compute, &list);
  gaze_vit_tape_layout(&tape, &vit, s->batch, patches, GAZE_TAPE_NONE, &measure);
  must(gaze_arena_init(&arena, measure.used));
  gaze_vit_tape_layout(&tape, &vit, s->batch, patches, GAZE_TAPE_NONE, &arena);
  double best = 1e9, top = ceiling(compute, rows, s->width, s->mlp);
  for (int i = 0; i <= runs; i++) {
    double start = gaze_bench_now();
    gaze_vit_forward(compute, out, pixels, s->batch, NULL, 0, &vit, &tape);
    best = fmin(best, gaze_bench_now() - start);
  }
  top = fmax(top, ceiling(compute, rows, s->width, s->mlp));
  printf("{\"bench\":\"vit\",\"model\":\"%s\",\"batch\":%zu,\"precision\":\"%s\",\"ms\":%.1f,\"gflops\":%.1f,"
         "\"gemm_ceiling_gflops\":%.1f,\"ratio\":%.3f}\n",
         s->name, s->batch, precision_names[gaze_matmul_precision(compute->matmul)], 1e3 * best,
         1e-9 * forward_work(s) / best, 1e-9 * top, forward_work(s) / best / top);
  gaze_arena_fini(&arena);
  gaze_parameters_fini(&list);
  gaze_vit_fini(&vit);
  free(values);
  free(pixels);
  free(out);
}

int main(int count, char **arguments) {
  gaze_precision precision = GAZE_PRECISION_F32;
  for (gaze_precision p = GAZE_PRECISION_F32; p <= GAZE_PRECISION_INT8; p++)
    if (count > 1 && strcmp(arguments[1], precision_names[p]) == 0)
      precision = p;
  int runs = count > 2 ? atoi(arguments[2]) : 3;
  gaze_kernels kernels;
  gaze_matmul *matmul = NULL;
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  omp_set_num_threads(gaze_cpu_count());
  must(gaze_matmul_new(&kernels, gaze_cpu_detect(), precision, &matmul));
  if (!gaze_precision_is_native(precision, gaze_cpu_detect()))
    fprintf(stderr, "gaze: no arithmetic for %s here: the ratio is to f32's ceiling\n", precision_names[precision]);
  gaze_compute compute = {.kernels = &kernels, .matmul = matmul};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (count > 3 ? strcmp(arguments[3], cases[i].name) == 0 : !cases[i].named)
      run_case(&compute, &cases[i], runs);
  gaze_matmul_free(matmul);
  return 0;
}
