/* A training step of a language model of 10 million parameters (width 320, 6 layers, 5 heads over 5, vocabulary 8,192,
 * tied) on sequences of 512 random tokens: tokens a second, part of the GEMM ceiling of the same run, resident memory.
 * JSON on standard output.
 * bench_lm [STEPS] [BATCH] [f32|bf16] [keep|checkpointing] [RANK]; tests/bench/lm_step.py is the same in PyTorch. With
 * a rank pairs learn beside all matrices of the blocks, and these do not. */
#include "core/base/random.h"
#include "core/nn/optimizer.h"
#include "fusion/lm.h"
#include "fusion/lm_step.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"
#include "tests/bench/small_decoder.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { TOKENS = 512, VOCABULARY = 8192 };

static gaze_lm_batch random_batch(size_t n) {
  int32_t *ids;
  size_t *offsets;
  gaze_random random;
  gaze_random_init(&random, 1, 1);
  must(gaze_alloc(n * TOKENS + 1, sizeof *ids, &ids));
  must(gaze_alloc(n + 1, sizeof *offsets, &offsets));
  for (size_t i = 0; i <= n * TOKENS; i++)
    ids[i] = (int32_t)gaze_random_below(&random, VOCABULARY);
  for (size_t b = 0; b < n; b++)
    offsets[b + 1] = (b + 1) * TOKENS;
  return (gaze_lm_batch){
      .sequences = {.count = n, .offsets = offsets, .longest = TOKENS}, .ids = ids, .labels = ids + 1};
}

typedef struct bench {
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_matmul *matmul;
  gaze_lm lm;
  gaze_optimizer optimizer;
  gaze_lm_step step;
  gaze_lm_batch batch;
} bench;

static void bench_init(bench *b, size_t batch_size, bool bf16, bool checkpointing, size_t rank) {
  gaze_decoder_config config = small_decoder(VOCABULARY);
  *b = (bench){.batch = random_batch(batch_size)};
  omp_set_num_threads(gaze_cpu_count());
  gaze_kernels_init(&b->kernels, gaze_cpu_detect());
  must(gaze_matmul_new(&b->kernels, gaze_cpu_detect(), bf16 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_F32, &b->matmul));
  b->compute = (gaze_compute){.kernels = &b->kernels, .matmul = b->matmul};
  must(gaze_lm_init(&b->lm, &config, !rank));
  gaze_lm_randomise(&b->lm, 1);
  if (rank)
    must(gaze_lm_add_lora(&b->lm, &(gaze_lora_options){.rank = rank}, 1));
  must(gaze_optimizer_init(&b->optimizer, &b->lm.learned, b->lm.values, b->lm.gradients));
  must(gaze_lm_step_init(&b->step, &b->lm.decoder, &b->compute, batch_size * TOKENS, TOKENS, checkpointing));
}

static double run_steps(bench *b, int steps) {
  double start = gaze_bench_now();
  for (int i = 0; i < steps; i++) {
    gaze_lm_step_run(&b->step, &b->batch, 1);
    gaze_optimizer_step(&b->optimizer, &b->compute, &b->lm.learned, 1e-4);
  }
  return gaze_bench_now() - start;
}

/* Floating-point operations of the linear layers a token, forward and backward. */
static double work_a_token(void) {
  double block = (double)WIDTH * (4 * WIDTH + 3 * HIDDEN);
  return 6 * (LAYERS * block + (double)WIDTH * VOCABULARY);
}

int main(int count, char **arguments) {
  int steps = count > 1 ? atoi(arguments[1]) : 5;
  size_t batch = count > 2 ? (size_t)atoi(arguments[2]) : 8;
  bool bf16 = count > 3 && strcmp(arguments[3], "bf16") == 0;
  bool checkpointing = count > 4 && strcmp(arguments[4], "checkpointing") == 0;
  size_t rank = count > 5 ? (size_t)atoi(arguments[5]) : 0;
  bench b;
  bench_init(&b, batch, bf16, checkpointing, rank);
  run_steps(&b, 1);
  double rate = (double)(batch * TOKENS) * steps / run_steps(&b, steps), work = work_a_token();
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage); /* of the steps, not of the ceiling */
  bool native = bf16 && gaze_precision_is_native(GAZE_PRECISION_BF16, gaze_cpu_detect());
  double ceiling = 1e9 * (native ? gaze_bench_gemm_bf16_gflops : gaze_bench_gemm_gflops)(batch * TOKENS, HIDDEN, WIDTH);
  printf("{\"bench\":\"lm\",\"precision\":\"%s\",\"batch\":%zu,\"tokens\":%d,\"parameters\":%zu,\"learned\":%zu,"
         "\"tokens_per_second\":%.0f,\"linear_gflops\":%.1f,\"gemm_ceiling_gflops\":%.1f,\"ratio\":%.3f,"
         "\"resident_mb\":%ld,\"loss\":%.4f}\n",
         bf16 ? "bf16" : "f32", batch, TOKENS, gaze_parameters_size(&b.lm.parameters),
         gaze_parameters_size(&b.lm.learned), rate, 1e-9 * work * rate, 1e-9 * ceiling, work * rate / ceiling,
         usage.ru_maxrss / 1024, b.step.loss);
  return 0;
}
