/* The parts of a tokenizer.json; for the files that read it. */
#ifndef GAZE_TEXT_TOKENIZER_JSON_H
#define GAZE_TEXT_TOKENIZER_JSON_H

#include "text/json_walk.h"
#include "text/tokenizer_parts.h"

/* A tokenizer.json whose two large lists stay text. */
typedef struct gaze_tokenizer_json {
  json_t *rest;                 /* all of it, null in the place of the lists; yours: json_decref */
  gaze_json_walk vocab, merges; /* at the lists' first characters; at NULL: there is none */
} gaze_tokenizer_json;

GAZE_CHECKED gaze_err gaze_tokenizer_json_parse(const char *text, size_t size, const char *name,
                                                gaze_tokenizer_json *out);

/* "unsupported", what, by its value. */
GAZE_CHECKED gaze_err gaze_tokenizer_refuse(const char *name, const char *what, const char *value);
/* A member that has to be `wanted`, "" where it is absent; and one that has to be absent, null or false. */
GAZE_CHECKED gaze_err gaze_tokenizer_require(const json_t *object, const char *key, const char *wanted,
                                             const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_require_false(const json_t *object, const char *key, const char *name);

GAZE_CHECKED gaze_err gaze_tokenizer_read_normalizer(gaze_normalizer *normalizer, const json_t *json, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_cutter(gaze_cutter *cutter, const json_t *json, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_around(gaze_tokenizer *tokenizer, const json_t *json, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_model(gaze_tokenizer *tokenizer, gaze_tokenizer_json *json, const char *name);
/* An object {spelling: id}, or a list [[spelling, score], ...] for a unigram. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_vocabulary(gaze_vocabulary *vocabulary, gaze_json_walk *walk);

#endif
