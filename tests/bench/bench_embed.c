/* From JPEG bytes to vectors, the whole way that a person's pictures go: decode, resize, image encoder. One file and
 * all of them at once, in each precision, and a query in words; milliseconds a picture or query, the least of several
 * runs. JSON lines on standard output. bench_embed MODEL FILE... ($RUNS of them; $PRECISION alone);
 * tests/bench/embed_peers.py is the same in PyTorch and ONNX Runtime. */
#include "gaze.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5, WARM = 12 /* pictures from which weights are packed */ };

static double run(gaze_model *model, const char *const *files, size_t n, float *out) {
  gaze_err *status = calloc(n, sizeof *status);
  char **messages = calloc(n, sizeof *messages);
  double start = gaze_bench_now();
  must(gaze_embed_files(model, files, n, NULL, out, status, messages));
  double elapsed = gaze_bench_now() - start;
  for (size_t i = 0; i < n; i++)
    must(status[i]);
  free(status);
  free(messages);
  return elapsed;
}

static int wanted_runs(void) {
  const char *asked = getenv("RUNS");
  return asked && atoi(asked) > 0 ? atoi(asked) : RUNS;
}

/* After a run of WARM: weights are then as the precision wants them. */
static double least(gaze_model *model, const char *const *files, size_t n, float *out) {
  double best = INFINITY;
  for (int i = 0; i < wanted_runs(); i++)
    best = fmin(best, run(model, files, n, out));
  return 1e3 * best / (double)n;
}

/* A query of eight tokens, its ends among them. */
static double least_query(gaze_model *model, float *out) {
  static const char *const query = "a photo of a small dog";
  double best = INFINITY;
  for (int i = 0; i < WARM + wanted_runs(); i++) {
    double start = gaze_bench_now();
    must(gaze_embed_texts(model, &query, 1, out));
    best = i < WARM ? best : fmin(best, gaze_bench_now() - start);
  }
  return 1e3 * best;
}

int main(int count, char **arguments) {
  static const char *const names[] = {"f32", "bf16", "int8"};
  if (count < 3) {
    fprintf(stderr, "usage: bench_embed MODEL FILE...\n");
    return 2;
  }
  const char *only = getenv("PRECISION");
  size_t n = (size_t)count - 2;
  const char *const *files = (const char *const *)arguments + 2;
  for (gaze_precision precision = GAZE_PRECISION_F32; precision <= GAZE_PRECISION_INT8; precision++) {
    gaze_model_options options = {.precision = precision};
    if (only && strcmp(only, names[precision]) != 0)
      continue;
    gaze_model *model;
    must(gaze_model_open(arguments[1], &options, &model));
    float *out = calloc(n * (size_t)gaze_model_dim(model), sizeof *out);
    run(model, files, n < WARM ? n : WARM, out);
    double all = least(model, files, n, out), one = least(model, files, 1, out), query = least_query(model, out);
    printf("{\"bench\":\"embed\",\"model\":\"%s\",\"precision\":\"%s\",\"one_ms\":%.1f,\"batch\":%zu,\"batch_ms\":%.1f,"
           "\"query_ms\":%.1f}\n",
           arguments[1], names[precision], one, n, all, query);
    fflush(stdout);
    free(out);
    gaze_model_close(model);
  }
  return 0;
}
