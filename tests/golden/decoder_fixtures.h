/* A tiny decoder of data/decoders with all that it needs to run. */
#ifndef GAZE_TESTS_GOLDEN_DECODER_FIXTURES_H
#define GAZE_TESTS_GOLDEN_DECODER_FIXTURES_H

#include "fusion/assistant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

enum { DECODER_ROWS = 256, DECODER_BATCH = 3 };

typedef struct decoder_run {
  gaze_kernels kernels;
  gaze_matmul *matmul;
  gaze_compute compute;
  gaze_decoder decoder;
  gaze_parameters parameters;
  gaze_weights *weights;
  gaze_loaded loaded;
  gaze_prepared prepared;
  gaze_arena arena;
  gaze_decoder_tape tape;
  bool far; /* sequences will be longer than near factors serve (rope.h) */
} decoder_run;

/* Path below data/decoders; of eight calls at a time. */
const char *decoder_path(const char *name);
/* path: a folder, or a GGUF. */
void decoder_open_path(decoder_run *run, const char *path, gaze_precision precision);
/* One of data/decoders. */
void decoder_open(decoder_run *run, const char *name, gaze_precision precision);
void decoder_close(decoder_run *run);
gaze_kv_cache *decoder_cache(const decoder_run *run, gaze_dtype dtype);
/* Puts n ids behind each of the caches' rows. logits: as gaze_decoder_forward's. */
void decoder_step(decoder_run *run, float *logits, const int32_t *const *ids, const size_t *n,
                  gaze_kv_cache *const *caches, size_t batch, bool all);
/* Ids that go through together, as many as an answer guesses, have the logits that they have one by one, bit for bit.
 */
void decoder_check_together(decoder_run *run);

#endif
