/* A language decoder on its weights as they lie in a file: tokens a second of a prompt of 512, and of what follows
 * token by token behind contexts of 1, 512 and 4,000, with the bytes that such a token must read (weights, keys and
 * values) as a part of what memory gives in turn with the tokens, the best of each: memory of our own, and the file's
 * pages where the weights lie. JSON lines on standard output.
 * bench_decoder MODEL [f32|bf16|int8] [CONTEXT]... */
#include "core/base/memory.h"
#include "fusion/assistant.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT = 512, TOKENS = 24, REPEATS = 3 };
#define POOL ((size_t)256 << 20) /* bytes that are read between tokens */

static gaze_err no_rows(void *user, const gaze_prompt_picture *which, const float **rows) {
  (void)user, (void)which, (void)rows;
  return GAZE_ERR_UNSUPPORTED;
}

static void fill_prompt(gaze_prompt *prompt, size_t n, size_t vocabulary) {
  gaze_prompt_cut(prompt, 0);
  for (size_t i = 0; i < n; i++)
    must(gaze_prompt_add_ids(prompt, &(int32_t){(int32_t)((i * 7919 + 13) % vocabulary)}, 1));
}

/* GB/s of a plain reading of what is large of them, where it lies: a file's pages are not always as fast as others. */
static double read_weights(const gaze_assistant *assistant) {
  enum { LARGE = 1 << 20, LINE = 64 };
  double bytes = 0, seconds = 0;
  for (size_t i = 0; i < assistant->parameters.n; i++) {
    const gaze_parameter *p = &assistant->parameters.items[i];
    size_t size = gaze_decoder_bytes_of(&assistant->decoder, p), skipped = LINE - (uintptr_t)p->weight->data % LINE;
    if (size < LARGE)
      continue;
    bytes += (double)(size - skipped);
    seconds += (double)(size - skipped) /
               gaze_bench_read_once((const char *)p->weight->data + skipped, size - skipped, omp_get_max_threads());
  }
  return bytes / seconds;
}

/* *contexts: where they begin among the arguments. */
static gaze_precision read_precision(int count, char **arguments, int *contexts) {
  static const char *const names[] = {"f32", "bf16", "int8"};
  *contexts = 3;
  for (gaze_precision p = GAZE_PRECISION_F32; count > 2 && p <= GAZE_PRECISION_INT8; p++)
    if (strcmp(arguments[2], names[p]) == 0)
      return p;
  *contexts = 2;
  return GAZE_PRECISION_F32;
}

static double read_prompt(gaze_assistant *assistant, gaze_reading *reading, const gaze_prompt *prompt) {
  size_t read;
  double start = gaze_bench_now();
  gaze_reading_cut(reading, 0);
  must(gaze_reading_go_on(assistant, reading, prompt, no_rows, NULL, NULL, assistant->logits, &read));
  return gaze_bench_now() - start;
}

static void bench_prompt(gaze_assistant *assistant, gaze_reading *reading, const char *name) {
  gaze_prompt prompt = {0};
  double best = INFINITY;
  fill_prompt(&prompt, PROMPT, assistant->decoder.config.vocabulary);
  for (int i = 0; i < REPEATS; i++)
    best = fmin(best, read_prompt(assistant, reading, &prompt));
  printf("{\"bench\":\"decoder\",\"model\":\"%s\",\"prompt\":%d,\"tokens_per_second\":%.1f}\n", name, PROMPT,
         PROMPT / best);
  fflush(stdout);
  gaze_prompt_fini(&prompt);
}

static void bench_tokens(gaze_assistant *assistant, gaze_reading *reading, size_t context, const char *name) {
  gaze_prompt prompt = {0};
  int32_t id = 17;
  void *pool;
  must(gaze_alloc(POOL, 1, &pool));
  memset(pool, 1, POOL);
  fill_prompt(&prompt, context, assistant->decoder.config.vocabulary);
  read_prompt(assistant, reading, &prompt);
  double best = INFINITY, memory = 0, weights = 0;
  for (int i = 0; i < TOKENS; i++) {
    memory = fmax(memory, gaze_bench_read_once(pool, POOL, omp_get_max_threads()));
    weights = fmax(weights, read_weights(assistant));
    double start = gaze_bench_now();
    gaze_reading_add(assistant, reading, &id, 1, assistant->logits);
    best = fmin(best, gaze_bench_now() - start);
  }
  free(pool);
  double bytes = (double)gaze_decoder_bytes(&assistant->decoder, &assistant->parameters) +
                 (double)gaze_kv_cache_bytes(reading->cache);
  printf("{\"bench\":\"decoder\",\"model\":\"%s\",\"context\":%zu,\"tokens_per_second\":%.1f,\"gbps\":%.1f,"
         "\"memory_gbps\":%.1f,\"ratio\":%.3f,\"weights_gbps\":%.1f,\"of_weights\":%.3f}\n",
         name, context, 1 / best, 1e-9 * bytes / best, memory, 1e-9 * bytes / best / memory, weights,
         1e-9 * bytes / best / weights);
  fflush(stdout);
  gaze_prompt_fini(&prompt);
}

int main(int count, char **arguments) {
  static const size_t usual[] = {1, 512, 4000};
  gaze_assistant *assistant;
  gaze_reading reading;
  if (count < 2) {
    fprintf(stderr, "usage: bench_decoder MODEL [f32|bf16|int8] [CONTEXT]...\n");
    return 2;
  }
  int contexts;
  gaze_assistant_options options = {
      .model.precision = read_precision(count, arguments, &contexts), .chat_template = "plain", .context = 4096};
  must(gaze_assistant_open(arguments[1], &options, &assistant));
  must(gaze_reading_init(&reading, assistant));
  bench_prompt(assistant, &reading, arguments[1]);
  for (size_t i = 0; count <= contexts && i < sizeof usual / sizeof *usual; i++)
    bench_tokens(assistant, &reading, usual[i], arguments[1]);
  for (int i = contexts; i < count; i++)
    bench_tokens(assistant, &reading, (size_t)atoi(arguments[i]), arguments[1]);
  gaze_reading_fini(&reading);
  gaze_assistant_close(assistant);
  return 0;
}
