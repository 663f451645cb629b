/* Sampling from 151,936 logits, with a few likely ids and with none; the ceiling is one pass that finds the largest:
 * prints a line of JSON a setting, the best of many runs, microseconds a token. */
#include "tests/bench/ceiling.h"
#include "text/sampler.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VOCABULARY = 151936, RUNS = 30, TOKENS = 10 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void make_logits(float *logits, bool peaked) {
  gaze_random random;
  gaze_random_init(&random, peaked, 0);
  for (size_t i = 0; i < VOCABULARY; i++)
    logits[i] = (float)gaze_random_normal(&random) * (peaked ? 2.5f : 1.0f);
  for (size_t i = 0; peaked && i < 20; i++)
    logits[i * 37] = 18 - 0.5f * (float)i;
}

static int measure(const char *name, const gaze_sampling *settings, const float *logits, bool peaked) {
  gaze_sampler sampler;
  double best = 1e9;
  int32_t last = 0;
  if (gaze_sampler_init(&sampler, settings, VOCABULARY) != GAZE_OK) {
    fprintf(stderr, "bench_sampler: %s\n", gaze_last_error());
    return 1;
  }
  for (int32_t i = 0; i < 500; i++)
    gaze_sampler_accept(&sampler, i * 200);
  for (int run = 0; run < RUNS; run++) {
    double start = now();
    for (int i = 0; i < TOKENS; i++)
      last = gaze_sampler_next(&sampler, logits);
    double seconds = (now() - start) / TOKENS;
    best = seconds < best ? seconds : best;
  }
  printf("{\"bench\":\"sampler\",\"cpu\":\"%s\",\"settings\":\"%s\",\"logits\":\"%s\",\"us\":%.0f,\"last\":%d}\n",
         gaze_bench_cpu_name(), name, peaked ? "peaked" : "flat", 1e6 * best, last);
  gaze_sampler_fini(&sampler);
  return 0;
}

int main(void) {
  static const struct {
    const char *name;
    gaze_sampling settings;
  } cases[] = {
      {"greedy", {.seed = 1}},
      {"temperature", {.temperature = 0.8f}},
      {"top-k 40", {.temperature = 0.8f, .top_k = 40}},
      {"top-p 0.95", {.temperature = 0.8f, .top_p = 0.95f}},
      {"min-p 0.05", {.temperature = 0.8f, .min_p = 0.05f}},
      {"all and a penalty",
       {.temperature = 0.8f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f, .repetition_penalty = 1.1f}},
  };
  float *logits = malloc(VOCABULARY * sizeof *logits);
  int failed = !logits;
  for (int peaked = 1; logits && peaked >= 0; peaked--) {
    make_logits(logits, peaked);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
      failed |= measure(cases[i].name, &cases[i].settings, logits, peaked);
  }
  free(logits);
  return failed;
}
