/* Tokenizers: text to ids as the reference implementations give them.
 *
 * Sources, of which a folder's first is taken:
 * - tokenizer.json of the tokenizers library: BPE (of bytes as CLIP's and GPT-2's, of characters with byte_fallback as
 *   Gemma's), Unigram, WordPiece, with its own normalizer, pre-tokenizer and post-processor; what is not implemented is
 *   refused by name;
 * - vocab.json + merges.txt: as transformers' CLIPTokenizer reads the pair (NFC, lower case), or its GPT2Tokenizer or
 *   Qwen2Tokenizer, where tokenizer_config.json says so;
 * - a merges file, .txt or .gz: as open_clip's SimpleTokenizer reads it, ids by rank, text cleaned (clean.h);
 * - vocab.txt: BERT's WordPiece;
 * - a SentencePiece .model, Unigram or BPE, as the sentencepiece library reads it: spiece.model as SigLIP's,
 *   sentencepiece.bpe.model with XLM-R's ids, tokenizer.model as LLaMA's and Gemma's;
 * - a .gguf, by its path alone: tokenizer.ggml.model "llama" as a SentencePiece model, "gpt2" as a tokenizer.json whose
 *   pre-tokenizer has the name that tokenizer.ggml.pre says.
 * tokenizer_config.json of the folder says what these files do not: tokenizer_class, which token pads, do_lower_case.
 * With tokenizer_class SiglipTokenizer, spiece.model comes before tokenizer.json, as in transformers.
 * A text that holds the spelling of a special token gives its id, where the reference does so. With CLIP's, the first
 * source gives the ids that its added_tokens ask for, the second the special id, the third the special id for
 * <start_of_text> and <end_of_text>. Invalid UTF-8 counts as U+FFFD, as in Python's decode(errors="replace"). */
#ifndef GAZE_TEXT_TOKENIZER_H
#define GAZE_TEXT_TOKENIZER_H

#include "core/base/error.h"

typedef struct gaze_tokenizer gaze_tokenizer;

/* path: a folder that holds one of the others, or one such file, which then has no tokenizer_config.json. */
GAZE_CHECKED gaze_err gaze_tokenizer_open(const char *path, gaze_tokenizer **out);
void gaze_tokenizer_free(gaze_tokenizer *tokenizer);

size_t gaze_tokenizer_size(const gaze_tokenizer *tokenizer); /* V */
/* Special ids, -1: none. Start and end are the first and the last of what goes around every text. */
int32_t gaze_tokenizer_start(const gaze_tokenizer *tokenizer);
/* The start that chat templates write (bos_token): texts may go without. */
int32_t gaze_tokenizer_opening(const gaze_tokenizer *tokenizer);
int32_t gaze_tokenizer_end(const gaze_tokenizer *tokenizer);
int32_t gaze_tokenizer_pad(const gaze_tokenizer *tokenizer);    /* fills texts up to a model's context */
bool gaze_tokenizer_pads_left(const gaze_tokenizer *tokenizer); /* in front of them, not behind */
int32_t gaze_tokenizer_unknown(const gaze_tokenizer *tokenizer);
const char *gaze_tokenizer_text(const gaze_tokenizer *tokenizer, int32_t id);       /* borrowed; NULL: no such id */
int32_t gaze_tokenizer_find(const gaze_tokenizer *tokenizer, const char *spelling); /* -1: none */
/* The ids by which a language model says that it is done, as far as the tokenizer's files know: *ids borrowed. */
size_t gaze_tokenizer_stops(const gaze_tokenizer *tokenizer, const int32_t **ids);

/* Ids of text, without what goes around it, into a list that grows: *ids (malloc, may be NULL) with *capacity; appended
 * at *n. Thread-safe: several threads may encode with one tokenizer. */
GAZE_CHECKED gaze_err gaze_tokenizer_encode(const gaze_tokenizer *tokenizer, const char *text, size_t size,
                                            int32_t **ids, size_t *n, size_t *capacity);
/* A part of a text. */
typedef struct gaze_text_part {
  const char *text; /* borrowed for the call */
  size_t size;
  bool plain; /* said by a user: where it spells a special token it is text */
} gaze_text_part;

/* The same for parts that are one text, as the reference would take them joined; a special token that is not all in
 * parts that are not plain gives no id of its own. */
GAZE_CHECKED gaze_err gaze_tokenizer_encode_parts(const gaze_tokenizer *tokenizer, const gaze_text_part *parts,
                                                  size_t n_parts, int32_t **ids, size_t *n, size_t *capacity);
/* The same for a whole text, ended by 0: with what goes in front of it and behind. */
GAZE_CHECKED gaze_err gaze_tokenizer_encode_whole(const gaze_tokenizer *tokenizer, const char *text, int32_t **ids,
                                                  size_t *n, size_t *capacity);
/* What goes in front of a text, its ids cut so that all fits, what goes behind, into ids [context], yours; *n is how
 * many. cut (may be NULL): ids left out. Where a text itself spells CLIP's end, its ids end there: the reference models
 * pool the first end they meet. */
GAZE_CHECKED gaze_err gaze_tokenizer_encode_context(const gaze_tokenizer *tokenizer, const char *text, size_t context,
                                                    int32_t *ids, size_t *n, size_t *cut);

/* Learns a vocabulary of at most `size` entries (the bytes, merges, special tokens) from n texts, and writes
 * tokenizer.json (plus vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json) into folder, so that
 * transformers reads it. Merges seen fewer than `min_frequency` times are not made. kind: "clip", CLIPTokenizerFast's,
 * where the bytes are there at a word's end once more and case and white space are folded; "lm", cut as Qwen2's, which
 * gives back any text from its ids, with <|endoftext|>, ChatML's <|im_start|> and <|im_end|>, and <image>. */
GAZE_CHECKED gaze_err gaze_tokenizer_train_kind(const char *kind, const gaze_text_part *texts, size_t n, size_t size,
                                                size_t min_frequency, const char *folder);
/* Of CLIP's kind. */
GAZE_CHECKED gaze_err gaze_tokenizer_train(const char *const *texts, size_t n, size_t size, size_t min_frequency,
                                           const char *folder);

#endif
