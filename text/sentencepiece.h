/* A SentencePiece model (.model): sentencepiece_model.proto's ModelProto, as far as encoding a text needs it. */
#ifndef GAZE_TEXT_SENTENCEPIECE_H
#define GAZE_TEXT_SENTENCEPIECE_H

#include "core/base/error.h"

/* The numbers are the format's. */
typedef enum gaze_sentencepiece_kind {
  GAZE_SENTENCEPIECE_NORMAL = 1,
  GAZE_SENTENCEPIECE_UNKNOWN,
  GAZE_SENTENCEPIECE_CONTROL,
  GAZE_SENTENCEPIECE_USER,
  GAZE_SENTENCEPIECE_UNUSED,
  GAZE_SENTENCEPIECE_BYTE
} gaze_sentencepiece_kind;

typedef enum gaze_sentencepiece_type {
  GAZE_SENTENCEPIECE_UNIGRAM = 1,
  GAZE_SENTENCEPIECE_BPE,
  GAZE_SENTENCEPIECE_WORD,
  GAZE_SENTENCEPIECE_CHAR
} gaze_sentencepiece_type;

typedef struct gaze_sentencepiece {
  const char *text; /* borrowed, no end mark */
  size_t size;
  float score;
  gaze_sentencepiece_kind kind;
} gaze_sentencepiece;

/* What a file says; texts are borrowed from it. */
typedef struct gaze_sentencepiece_model {
  gaze_sentencepiece *pieces; /* [n], by id */
  size_t n, capacity;
  int32_t type; /* gaze_sentencepiece_type */
  bool byte_fallback, suffix_spaces;
  const char *begin, *end, *pad; /* spellings, no end mark; NULL: the usual */
  size_t begin_size, end_size, pad_size;
  const uint8_t *charsmap; /* charsmap.h */
  size_t charsmap_size;
  bool dummy_prefix, fold_spaces, escape_spaces;
  const char *name; /* for messages */
} gaze_sentencepiece_model;

void gaze_sentencepiece_fini(gaze_sentencepiece_model *model);
/* Refuses by name what is not implemented. fairseq: with the ids of XLM-R. What there is on failure is gone. */
GAZE_CHECKED gaze_err gaze_sentencepiece_read(gaze_sentencepiece_model *model, const uint8_t *bytes, size_t size,
                                              bool fairseq, const char *name);

#endif
