/* A training step of the model in SPEED.md (96 px, patches of 12, width 256, 6 + 3 layers, 24 tokens, batch 256) on
 * random data: samples a second, part of the GEMM ceiling of the same run, resident memory. JSON on standard output.
 * bench_train [STEPS] [BATCH] [f32|bf16] [keep|checkpointing]; tests/bench/train_step.py is the same in PyTorch. */
#include "core/nn/optimizer.h"
#include "fusion/clip_step.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { TOKENS = 24, VOCABULARY = 5000 };

static gaze_block_config tower(bool causal) {
  return (gaze_block_config){.dim = 256,
                             .mlp_dim = 1024,
                             .attention = {.heads = 4, .kv_heads = 4, .head_dim = 64, .causal = causal},
                             .norm = GAZE_LAYER_NORM,
                             .activation = GAZE_QUICK_GELU,
                             .biased = true,
                             .eps = 1e-5f};
}

static gaze_clip_config bench_config(void) {
  gaze_clip_config config = {.dim = 256, .end_of_text = VOCABULARY - 1};
  config.vision =
      (gaze_vit_config){.image_size = 96, .patch_size = 12, .block = tower(false), .layers = 6, .dim_out = 256};
  config.text = (gaze_text_config){
      .vocabulary = VOCABULARY, .context = TOKENS, .block = tower(true), .layers = 3, .dim_out = 256};
  return config;
}

static gaze_batch random_batch(size_t n) {
  gaze_batch batch = {.n = n};
  gaze_random random;
  gaze_random_init(&random, 1, 1);
  must(gaze_alloc(n, 3 * 96 * 96 * sizeof(float), &batch.pixels));
  must(gaze_alloc(n, TOKENS * sizeof(int32_t), &batch.ids));
  must(gaze_alloc(n + 1, sizeof(size_t), &batch.offsets));
  must(gaze_alloc(n, sizeof(int32_t), &batch.classes));
  for (size_t i = 0; i < n * 3 * 96 * 96; i++)
    batch.pixels[i] = (float)gaze_random_normal(&random);
  for (size_t i = 0; i < n * TOKENS; i++)
    batch.ids[i] = (int32_t)gaze_random_below(&random, VOCABULARY);
  for (size_t i = 0; i < n; i++) {
    batch.offsets[i + 1] = (i + 1) * TOKENS;
    batch.classes[i] = (int32_t)i;
  }
  return batch;
}

/* Multiply-adds of the linear layers of one sample, forward. */
static double tower_work(const gaze_block_config *block, size_t layers, size_t tokens) {
  double C = (double)block->dim;
  return (double)(layers * tokens) * C * (4 * C + 2 * (double)block->mlp_dim);
}

typedef struct bench {
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_matmul *matmul;
  gaze_clip clip;
  gaze_optimizer optimizer;
  gaze_clip_step step;
  gaze_batch batch;
} bench;

static void bench_init(bench *b, size_t batch_size, bool bf16, bool checkpointing) {
  gaze_clip_config config = bench_config();
  gaze_teacher none = {0};
  *b = (bench){.batch = random_batch(batch_size)};
  omp_set_num_threads(gaze_cpu_count());
  gaze_kernels_init(&b->kernels, gaze_cpu_detect());
  must(gaze_matmul_new(&b->kernels, gaze_cpu_detect(), bf16 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_F32, &b->matmul));
  b->compute = (gaze_compute){.kernels = &b->kernels, .matmul = b->matmul};
  must(gaze_clip_init(&b->clip, &config, true));
  must(gaze_clip_allocate(&b->clip));
  gaze_clip_randomise(&b->clip, 1);
  must(gaze_optimizer_init(&b->optimizer, &b->clip.parameters, b->clip.values, b->clip.gradients));
  gaze_clip_step_options options = {.batch_size = batch_size, .accum_freq = 1, .checkpointing = checkpointing};
  must(gaze_clip_step_init(&b->step, &options, &b->clip, &b->compute, &none));
}

static double run_steps(bench *b, int steps) {
  const gaze_batch *batches[] = {&b->batch};
  double start = gaze_bench_now();
  for (int i = 0; i < steps; i++) {
    gaze_clip_step_run(&b->step, batches);
    gaze_optimizer_step(&b->optimizer, &b->compute, &b->clip.parameters, 1e-4);
  }
  return gaze_bench_now() - start;
}

int main(int count, char **arguments) {
  int steps = count > 1 ? atoi(arguments[1]) : 5;
  size_t batch = count > 2 ? (size_t)atoi(arguments[2]) : 256;
  bool bf16 = count > 3 && strcmp(arguments[3], "bf16") == 0;
  bool checkpointing = count > 4 && strcmp(arguments[4], "checkpointing") == 0;
  bench b;
  bench_init(&b, batch, bf16, checkpointing);
  run_steps(&b, 1);
  double rate = (double)batch * steps / run_steps(&b, steps),
         ceiling = 1e9 * (bf16 && gaze_precision_is_native(GAZE_PRECISION_BF16, gaze_cpu_detect())
                              ? gaze_bench_gemm_bf16_gflops(batch * 65, 1024, 256)
                              : gaze_bench_gemm_gflops(batch * 65, 1024, 256));
  double work = 6 * (tower_work(&b.clip.config.vision.block, 6, 65) + tower_work(&b.clip.config.text.block, 3, TOKENS));
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"bench\":\"train\",\"precision\":\"%s\",\"batch\":%zu,\"samples_per_second\":%.1f,"
         "\"linear_gflops\":%.1f,\"gemm_ceiling_gflops\":%.1f,\"ratio\":%.3f,\"resident_mb\":%ld,\"loss\":%.4f}\n",
         bf16 ? "bf16" : "f32", batch, rate, 1e-9 * work * rate, 1e-9 * ceiling, work * rate / ceiling,
         usage.ru_maxrss / 1024, b.step.loss);
  return 0;
}
