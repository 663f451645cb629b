/* tokenizer_config.json of a Hugging Face folder: what a tokenizer's other files do not say. */
#ifndef GAZE_TEXT_TOKENIZER_CONFIG_H
#define GAZE_TEXT_TOKENIZER_CONFIG_H

#include "text/tokenizer_parts.h"

/* *out: yours; NULL where the folder has no such file. Every function below takes NULL, and then answers defaults. */
GAZE_CHECKED gaze_err gaze_tokenizer_config_open(const char *folder, json_t **out);
/* Whether its tokenizer_class is the one, with or without Fast behind it. */
bool gaze_tokenizer_config_is(const json_t *config, const char *class_name);
bool gaze_tokenizer_config_has_class(const json_t *config);
/* A token's spelling, which is a string or an object with "content"; borrowed. */
const char *gaze_tokenizer_config_token(const json_t *config, const char *key, const char *otherwise);
/* The id of such a token, -1: none. */
int32_t gaze_tokenizer_config_find(const gaze_tokenizer *tokenizer, const json_t *config, const char *key,
                                   const char *otherwise);
/* The steps that a tokenizer.json does not hold: SigLIP's preparation, lower case for SigLIP 2. */
GAZE_CHECKED gaze_err gaze_tokenizer_config_prepare(gaze_normalizer *normalizer, const json_t *config);
/* What tokenizer.json says otherwise, or not: ids around a text, padding. */
GAZE_CHECKED gaze_err gaze_tokenizer_config_finish(gaze_tokenizer *tokenizer, const json_t *config);
/* Its padding_side; else what tokenizer.json says; else Gemma's tokenizers pad on the left, all others on the right. */
GAZE_CHECKED gaze_err gaze_tokenizer_config_read_padding(gaze_tokenizer *tokenizer, const json_t *config);
/* "added_tokens_decoder", and the tokens that keys (NULL behind the last) name, as tokens of their own. */
GAZE_CHECKED gaze_err gaze_tokenizer_config_add_tokens(gaze_tokenizer *tokenizer, const json_t *config,
                                                       const char *const (*keys)[2], const char *name);
/* The ids that are marked as special, as tokens of their own. */
GAZE_CHECKED gaze_err gaze_tokenizer_add_special(gaze_tokenizer *tokenizer);
/* open_clip's settings for a tokenizer of transformers, where the folder's model is open_clip's (open_clip_config.json
 * and no config.json). */
GAZE_CHECKED gaze_err gaze_tokenizer_read_open_clip(gaze_tokenizer *tokenizer, const char *folder);
/* SigLIP's tokenizer of a SentencePiece model; and bos_token in front, eos_token behind, where they are asked for. */
GAZE_CHECKED gaze_err gaze_tokenizer_set_siglip(gaze_tokenizer *tokenizer, const json_t *config, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_set_around(gaze_tokenizer *tokenizer, const json_t *config, bool before,
                                                bool behind);

#endif
