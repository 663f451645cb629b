/* A stage-2 step of a model that looks and talks: 64 rows of 256 features a picture, which are there already, an MLP
 * projector to 320, a decoder of 10 million parameters (width 320, 6 layers, 5 heads over 5, vocabulary 5,000, tied);
 * samples of 64 picture's rows, 24 of a question and 40 of an answer, which are asked for. Rows a second, part of the
 * GEMM ceiling of the same run, resident memory. JSON on standard output.
 * bench_llava [STEPS] [BATCH] [f32|bf16] [keep|checkpointing]; tests/bench/llava_step.py is the same in PyTorch. */
#include "core/base/random.h"
#include "core/nn/optimizer.h"
#include "fusion/llava_project.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"
#include "tests/bench/small_decoder.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
  VOCABULARY = 5000,
  PICTURE = 64,
  FEATURES = 256,
  QUESTION = 24,
  ANSWER = 40,
  ROWS = PICTURE + QUESTION + ANSWER
};

typedef struct bench {
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_matmul *matmul;
  gaze_eye eye; /* of its encoder no more than how many rows a picture is */
  gaze_decoder decoder;
  gaze_parameters parameters; /* the projector's, then the decoder's */
  float *values, *gradients;
  gaze_llava_features features;
  gaze_llava_project project;
  gaze_optimizer optimizer;
  gaze_lm_step step;
  gaze_lm_batch batch;
} bench;

static void make_model(bench *b) {
  gaze_decoder_config config = small_decoder(VOCABULARY);
  b->eye.projector.config = (gaze_projector_config){
      .kind = GAZE_PROJECTOR_MLP, .C = FEATURES, .hidden = WIDTH, .D = WIDTH, .activation = GAZE_GELU, .biased = true};
  b->eye.encoder.config = (gaze_vit_config){.image_size = 8, .patch_size = 1, .drops_class_token = true};
  must(gaze_decoder_init(&b->decoder, &config, true));
  must(gaze_projector_list(&b->eye.projector, true, &b->parameters));
  must(gaze_decoder_list(&b->decoder, &b->parameters));
  must(gaze_alloc(gaze_parameters_size(&b->parameters), sizeof(float), &b->values));
  must(gaze_alloc(gaze_parameters_size(&b->parameters), sizeof(float), &b->gradients));
  gaze_parameters_bind(&b->parameters, b->values, b->gradients);
  gaze_decoder_tie(&b->decoder);
  for (size_t i = 0; i < b->parameters.n; i++)
    gaze_parameter_randomise(&b->parameters.items[i], b->values, 0.02, 1, i);
}

static void make_features(bench *b, size_t n) {
  float *values;
  gaze_random random;
  gaze_random_init(&random, 1, 2);
  must(gaze_alloc(n * PICTURE * FEATURES, sizeof *values, &values));
  for (size_t i = 0; i < n * PICTURE * FEATURES; i++)
    values[i] = (float)gaze_random_normal(&random);
  b->features = (gaze_llava_features){.rows = PICTURE, .C = FEATURES, .n = n, .values = values};
}

static void make_batch(bench *b, size_t n) {
  int32_t *ids, *labels;
  size_t *offsets;
  gaze_lm_picture *pictures;
  gaze_random random;
  gaze_random_init(&random, 1, 1);
  must(gaze_alloc(n * ROWS + 1, sizeof *ids, &ids));
  must(gaze_alloc(n * ROWS, sizeof *labels, &labels));
  must(gaze_alloc(n + 1, sizeof *offsets, &offsets));
  must(gaze_alloc(n, sizeof *pictures, &pictures));
  for (size_t i = 0; i < n * ROWS + 1; i++)
    ids[i] = i % ROWS < PICTURE ? -1 : (int32_t)gaze_random_below(&random, VOCABULARY);
  for (size_t i = 0; i < n * ROWS; i++)
    labels[i] = i % ROWS < PICTURE + QUESTION || i % ROWS == ROWS - 1 ? GAZE_NO_LABEL : ids[i + 1];
  for (size_t i = 0; i < n; i++) {
    offsets[i + 1] = (i + 1) * ROWS;
    pictures[i] = (gaze_lm_picture){.row = i * ROWS, .number = i};
  }
  b->batch = (gaze_lm_batch){.sequences = {.count = n, .offsets = offsets, .longest = ROWS},
                             .ids = ids,
                             .labels = labels,
                             .pictures = pictures,
                             .n_pictures = n};
}

static void bench_init(bench *b, size_t batch_size, bool bf16, bool checkpointing) {
  *b = (bench){0};
  omp_set_num_threads(gaze_cpu_count());
  gaze_kernels_init(&b->kernels, gaze_cpu_detect());
  must(gaze_matmul_new(&b->kernels, gaze_cpu_detect(), bf16 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_F32, &b->matmul));
  b->compute = (gaze_compute){.kernels = &b->kernels, .matmul = b->matmul};
  make_model(b);
  make_features(b, batch_size);
  make_batch(b, batch_size);
  must(gaze_optimizer_init(&b->optimizer, &b->parameters, b->values, b->gradients));
  must(gaze_llava_project_init(&b->project, &b->eye, &b->features, &b->compute, batch_size, checkpointing));
  must(gaze_lm_step_init(&b->step, &b->decoder, &b->compute, batch_size * ROWS, ROWS, checkpointing));
  b->step.sight = gaze_llava_project_sight(&b->project);
}

static double run_steps(bench *b, int steps) {
  double start = gaze_bench_now();
  for (int i = 0; i < steps; i++) {
    gaze_lm_step_run(&b->step, &b->batch, 1);
    gaze_optimizer_step(&b->optimizer, &b->compute, &b->parameters, 1e-4);
  }
  return gaze_bench_now() - start;
}

/* Floating-point operations of the linear layers a sample, forward and backward; features get no gradient. */
static double work_a_sample(void) {
  double blocks = 6.0 * LAYERS * WIDTH * (4 * WIDTH + 3 * HIDDEN) * ROWS,
         head = 6.0 * WIDTH * VOCABULARY * (ANSWER - 1);
  return blocks + head + (4.0 * FEATURES + 6.0 * WIDTH) * WIDTH * PICTURE;
}

int main(int count, char **arguments) {
  int steps = count > 1 ? atoi(arguments[1]) : 10;
  size_t batch = count > 2 ? (size_t)atoi(arguments[2]) : 8;
  bool bf16 = count > 3 && strcmp(arguments[3], "bf16") == 0;
  bool checkpointing = count > 4 && strcmp(arguments[4], "checkpointing") == 0;
  bench b;
  bench_init(&b, batch, bf16, checkpointing);
  run_steps(&b, 1);
  double rate = (double)batch * steps / run_steps(&b, steps), work = work_a_sample();
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage); /* of the steps, not of the ceiling */
  bool native = bf16 && gaze_precision_is_native(GAZE_PRECISION_BF16, gaze_cpu_detect());
  double ceiling = 1e9 * (native ? gaze_bench_gemm_bf16_gflops : gaze_bench_gemm_gflops)(batch * ROWS, HIDDEN, WIDTH);
  printf("{\"bench\":\"llava\",\"precision\":\"%s\",\"batch\":%zu,\"rows\":%d,\"parameters\":%zu,"
         "\"rows_per_second\":%.0f,\"linear_gflops\":%.1f,\"gemm_ceiling_gflops\":%.1f,\"ratio\":%.3f,"
         "\"resident_mb\":%ld,\"loss\":%.4f}\n",
         bf16 ? "bf16" : "f32", batch, ROWS, gaze_parameters_size(&b.parameters), ROWS * rate, 1e-9 * work * rate,
         1e-9 * ceiling, work * rate / ceiling, usage.ru_maxrss / 1024, b.step.loss);
  return 0;
}
