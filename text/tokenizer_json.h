/* The parts of a tokenizer.json; for the files that read it. */
#ifndef GAZE_TEXT_TOKENIZER_JSON_H
#define GAZE_TEXT_TOKENIZER_JSON_H

#include "text/json_walk.h"
#include "text/tokenizer_parts.h"

/* "unsupported", what, by its value. */
GAZE_CHECKED gaze_err gaze_tokenizer_refuse(const char *name, const char *what, const char *value);
/* A member that has to be `wanted`, "" where it is absent; and one that has to be absent, null or false. */
GAZE_CHECKED gaze_err gaze_tokenizer_require(const json_t *object, const char *key, const char *wanted,
                                             const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_require_false(const json_t *object, const char *key, const char *name);

/* The text or the regular expression of a Split or Replace. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_pattern(gaze_pattern *pattern, const json_t *json, const char *what,
                                                  const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_normalizer(gaze_normalizer *normalizer, const json_t *json, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_cutter(gaze_cutter *cutter, const json_t *json, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_around(gaze_tokenizer *tokenizer, const json_t *json, const char *name);
/* "decoder"; another than those that are implemented leaves GAZE_DECODE_NOT. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_decoder(gaze_decoding *decoding, const json_t *json);
/* "model" without its two lists, which have been read. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_model(gaze_tokenizer *tokenizer, const json_t *model, const char *name);
/* "vocab" of a model: an object {spelling: id}, or a list [[spelling, score], ...], which goes into the unigram too. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_vocabulary(gaze_tokenizer *tokenizer, gaze_json_walk *walk);
/* "merges", after the vocabulary. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_merges_list(gaze_tokenizer *tokenizer, gaze_json_walk *walk);

#endif
