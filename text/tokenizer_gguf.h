/* A tokenizer as GGUF's metadata; gaze_tokenizer_read_gguf reads it. */
#ifndef GAZE_TEXT_TOKENIZER_GGUF_H
#define GAZE_TEXT_TOKENIZER_GGUF_H

#include "core/tensor/gguf_write.h"
#include "text/tokenizer.h"

/* What GGUF has no key for and gaze reads all the same: a Unicode normal form by its name, and LLaMA's newer way with a
 * space in front (legacy: false). */
#define GAZE_FORM_KEY "gaze.tokenizer.form"
#define GAZE_SIGN_FIRST_KEY "gaze.tokenizer.sign_first"

/* What the other files of a model say. Ids may be -1: none. */
typedef struct gaze_tokenizer_surroundings {
  size_t rows;   /* of the model's embeddings: ids that no text has are filled up to there */
  int32_t start; /* where the tokenizer puts none in front */
  int32_t end, turn;
  bool widens;      /* whoever reads it makes special tokens take the white space behind them, as of phi3 with pieces */
  const char *name; /* for messages */
} gaze_tokenizer_surroundings;

/* Byte-pair encoding of bytes becomes "gpt2" with merges and the name of how it cuts, SentencePiece's "llama" with
 * scores. Anything else, and a normalizer that GGUF has no word for, is GAZE_ERR_UNSUPPORTED; What llama.cpp
 * cannot read is said in a warning: the keys above, and which special tokens take white space beside them, which is
 * lost. */
GAZE_CHECKED gaze_err gaze_tokenizer_write_gguf(const gaze_tokenizer *tokenizer,
                                                const gaze_tokenizer_surroundings *model, gaze_gguf_metadata *metadata);

#endif
