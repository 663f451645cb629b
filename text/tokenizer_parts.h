/* What a tokenizer is made of; for the files of text/ that fill one. */
#ifndef GAZE_TEXT_TOKENIZER_PARTS_H
#define GAZE_TEXT_TOKENIZER_PARTS_H

#include "core/base/json.h"
#include "core/tensor/gguf.h"
#include "text/bpe.h"
#include "text/clean.h"
#include "text/cutter.h"
#include "text/normalizer.h"
#include "text/sentencepiece.h"
#include "text/tokenizer.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

#define GAZE_TOKEN_START "<|startoftext|>"
#define GAZE_TOKEN_END "<|endoftext|>"

/* A text that is one id wherever it stands. */
typedef struct gaze_added_token {
  gaze_points content; /* normalised when `normalized` */
  int32_t id;
  bool normalized;              /* looked for after the normalizer rather than before */
  bool takes_left, takes_right; /* white space beside it belongs to it */
  bool special;                 /* no text of a user's gives it */
} gaze_added_token;

typedef enum gaze_tokenizer_model {
  GAZE_TOKENIZER_BPE, /* all its styles */
  GAZE_TOKENIZER_UNIGRAM,
  GAZE_TOKENIZER_WORDPIECE
} gaze_tokenizer_model;

/* Where what fills a text up goes. */
typedef enum gaze_padding_side { GAZE_PADDING_UNSAID, GAZE_PADDING_RIGHT, GAZE_PADDING_LEFT } gaze_padding_side;

enum { GAZE_AROUND_MAX = 4 };

/* Ids that go in front of a text's own, or behind. */
typedef struct gaze_around {
  int32_t ids[GAZE_AROUND_MAX];
  size_t n;
} gaze_around;

typedef enum gaze_decoding_kind {
  GAZE_DECODE_NOT,   /* not implemented */
  GAZE_DECODE_BYTES, /* spellings are in the byte alphabet */
  GAZE_DECODE_SIGNS  /* a sign stands for a space */
} gaze_decoding_kind;

/* From ids to text. */
typedef struct gaze_decoding {
  gaze_decoding_kind kind;
  int32_t sign;       /* the rest is of SIGNS */
  bool byte_fallback; /* <0x00> to <0xFF> are bytes */
  bool bare_front;    /* signs of the first id go */
  uint32_t stripped;  /* of the spaces at the text's front, so many go */
} gaze_decoding;

/* Begin with zeroes, the ids of NO_IDS. */
struct gaze_tokenizer {
  gaze_vocabulary vocabulary;
  gaze_tokenizer_model model;
  gaze_bpe bpe; /* the one of model is in use */
  gaze_unigram unigram;
  gaze_wordpiece wordpiece;
  gaze_normalizer normalizer;
  gaze_cutter cutter;
  gaze_added_token *added; /* [n_added] */
  size_t n_added, added_capacity;
  uint64_t added_first; /* a bit for each remainder by 64 of their first points */
  uint8_t *special;     /* [n_special]: 1 for the id of a special token */
  size_t n_special, special_capacity;
  gaze_decoding decoding;
  gaze_around before, behind, stops;
  int32_t start, end, pad, unknown; /* -1: none */
  int32_t opening;                  /* what files name as the start of texts, whether or not it is put there; -1 */
  gaze_padding_side padding;
  gaze_cleaning cleaning; /* of open_clip, before all else */
  bool ends_at_end;       /* what follows an end that the text spells is left out */
  bool one_end;           /* an end that the text's own ids end with is not put again */
  bool signed_front;      /* SigLIP: a sign for a space in front of the text, none in it */
  size_t dropped;         /* of the ids of every stretch, so many at its front are left out */
};

/* Yours: gaze_tokenizer_free(). */
GAZE_CHECKED gaze_err gaze_tokenizer_new(gaze_tokenizer **out);
/* The normalizer and the pieces that CLIPTokenizerFast writes into its tokenizer.json. */
void gaze_tokenizer_set_clip_rules(gaze_normalizer *normalizer, gaze_cutter *cutter);
/* content: UTF-8. */
GAZE_CHECKED gaze_err gaze_tokenizer_add_token(gaze_tokenizer *tokenizer, const char *content,
                                               const gaze_added_token *token);
GAZE_CHECKED gaze_err gaze_tokenizer_mark_special(gaze_tokenizer *tokenizer, int32_t id);
bool gaze_tokenizer_is_special(const gaze_tokenizer *tokenizer, int32_t id);
/* CLIP's start and end, by their spellings, around every text. */
GAZE_CHECKED gaze_err gaze_tokenizer_find_ends(gaze_tokenizer *tokenizer, const char *path);
/* LLaMA's newer way: a sign in front of the whole text, not of what follows a special token. Of pieces. */
void gaze_tokenizer_sign_first(gaze_tokenizer *tokenizer);
/* start and end, by what goes around every text. */
void gaze_tokenizer_set_ends(gaze_tokenizer *tokenizer);
/* An id before or behind every text. False: there is no room. */
bool gaze_around_add(gaze_around *around, int32_t id);
/* Appends points [n] that hold no added token: normalised, cut, and as ids. */
GAZE_CHECKED gaze_err gaze_tokenizer_encode_points(const gaze_tokenizer *tokenizer, const int32_t *points, size_t n,
                                                   gaze_ids *ids);

/* Each fills a new tokenizer, from the contents of a file; name is for messages. config: tokenizer_config.json, or
 * NULL.
 */
GAZE_CHECKED gaze_err gaze_tokenizer_read_json(gaze_tokenizer *tokenizer, const char *text, size_t size,
                                               const json_t *config, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_merges(gaze_tokenizer *tokenizer, const char *text, const char *name);
GAZE_CHECKED gaze_err gaze_tokenizer_read_gguf(gaze_tokenizer *tokenizer, const gaze_gguf *file);
/* Vocabulary, model and normalizer of pieces, which nothing borrows afterwards. */
GAZE_CHECKED gaze_err gaze_tokenizer_fill_sentencepiece(gaze_tokenizer *tokenizer,
                                                        const gaze_sentencepiece_model *model);
/* fairseq: with the ids of XLM-R. */
GAZE_CHECKED gaze_err gaze_tokenizer_read_sentencepiece(gaze_tokenizer *tokenizer, const uint8_t *bytes, size_t size,
                                                        bool fairseq, const char *name);
/* Each fills a new tokenizer; what it holds on failure is released by gaze_tokenizer_free. */
GAZE_CHECKED gaze_err gaze_tokenizer_load_json(gaze_tokenizer *tokenizer, const char *path, const json_t *config);
GAZE_CHECKED gaze_err gaze_tokenizer_load_pair(gaze_tokenizer *tokenizer, const char *vocabulary, const char *merges,
                                               const json_t *config);
GAZE_CHECKED gaze_err gaze_tokenizer_load_merges(gaze_tokenizer *tokenizer, const char *path);
GAZE_CHECKED gaze_err gaze_tokenizer_load_gguf(gaze_tokenizer *tokenizer, const char *path);
GAZE_CHECKED gaze_err gaze_tokenizer_load_words(gaze_tokenizer *tokenizer, const char *path, const json_t *config);

#endif
