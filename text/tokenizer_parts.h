/* What a tokenizer is made of; for the files of text/ that fill one. */
#ifndef GAZE_TEXT_TOKENIZER_PARTS_H
#define GAZE_TEXT_TOKENIZER_PARTS_H

#include "core/base/json.h"
#include "text/bpe.h"
#include "text/split.h"
#include "text/tokenizer.h"

#define GAZE_TOKEN_START "<|startoftext|>"
#define GAZE_TOKEN_END "<|endoftext|>"

enum { GAZE_NORMALIZER_STEPS_MAX = 8 };

typedef enum gaze_normalizer_step {
  GAZE_NORMALIZER_COMPOSE,    /* NFC */
  GAZE_NORMALIZER_FOLD_SPACE, /* \s+ becomes one space */
  GAZE_NORMALIZER_LOWER       /* point by point: no final sigma */
} gaze_normalizer_step;

typedef struct gaze_normalizer {
  gaze_normalizer_step steps[GAZE_NORMALIZER_STEPS_MAX];
  size_t n;
} gaze_normalizer;

/* A text that is one id wherever it stands. */
typedef struct gaze_added_token {
  gaze_points content; /* normalised when `normalized` */
  int32_t id;
  bool normalized; /* looked for after the normalizer rather than before */
} gaze_added_token;

struct gaze_tokenizer {
  gaze_bpe bpe;
  gaze_normalizer normalizer;
  gaze_split_rules rules;
  gaze_added_token *added; /* [n_added] */
  size_t n_added, added_capacity;
  int32_t start, end;
  bool cleans; /* open_clip: html and white space cleaned first, literals are ids */
};

/* Appends source [n], normalised. */
GAZE_CHECKED gaze_err gaze_normalize(const gaze_normalizer *normalizer, const int32_t *source, size_t n,
                                     gaze_points *out);
/* The normalizer and the pieces that CLIPTokenizerFast writes into its tokenizer.json. */
void gaze_tokenizer_set_clip_rules(gaze_normalizer *normalizer, gaze_split_rules *rules);
GAZE_CHECKED gaze_err gaze_tokenizer_add_token(gaze_tokenizer *tokenizer, const char *content, int32_t id,
                                               bool normalized);
/* A JSON object {spelling: id} into a fresh bpe with room for n_merges. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_vocabulary(gaze_bpe *bpe, const json_t *vocabulary, size_t n_merges,
                                                     const char *path);
/* Ids of start and end, by their spellings. */
GAZE_CHECKED gaze_err gaze_tokenizer_find_ends(gaze_tokenizer *tokenizer, const char *path);

/* Each fills a zeroed tokenizer, from the contents of a tokenizer.json and of a merges file; name is for messages. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_json(gaze_tokenizer *tokenizer, const json_t *json, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_merges(gaze_tokenizer *tokenizer, const char *text, const char *name);
/* Each fills a zeroed tokenizer; what it holds on failure is released by gaze_tokenizer_free. */
GAZE_CHECKED gaze_err gaze_tokenizer_load_json(gaze_tokenizer *tokenizer, const char *path);
GAZE_CHECKED gaze_err gaze_tokenizer_load_pair(gaze_tokenizer *tokenizer, const char *vocabulary, const char *merges);
GAZE_CHECKED gaze_err gaze_tokenizer_load_merges(gaze_tokenizer *tokenizer, const char *path);

#endif
