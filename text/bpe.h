/* Byte-pair encoding: the ranks of a vocabulary's merges, and the merging of one piece of text. Three styles:
 * - of bytes: GPT-2's and CLIP's. A spelling is in a byte alphabet, where every byte is written as a visible character;
 *   with CLIP a piece's last character carries "</w>".
 * - of characters: tokenizers' byte_fallback. A character that is not in the vocabulary becomes its bytes
 * <0x00>..<0xFF>.
 * - of spellings: SentencePiece's. There is no list of merges: two neighbours whose spellings joined are a piece become
 *   it, the piece of the highest score first. */
#ifndef GAZE_TEXT_BPE_H
#define GAZE_TEXT_BPE_H

#include "text/ids.h"
#include "text/trie.h"
#include "text/vocabulary.h"

#define GAZE_BPE_WORD_END "</w>"
enum { GAZE_BPE_BYTES = 256, GAZE_BPE_SPELLING_MAX = 1024 };

typedef enum gaze_bpe_style { GAZE_BPE_OF_BYTES, GAZE_BPE_OF_CHARACTERS, GAZE_BPE_OF_SPELLINGS } gaze_bpe_style;

typedef struct gaze_bpe_merge {
  int32_t left, right, into; /* ids; left -1: an empty slot */
  uint32_t rank;             /* lower merges first */
} gaze_bpe_merge;

/* Begin with the style and the vocabulary, both settings and unknown. */
typedef struct gaze_bpe {
  gaze_bpe_style style;
  const gaze_vocabulary *vocabulary; /* borrowed */
  const char *word_end;              /* of bytes: what a spelling at a piece's end has behind it, "" or </w> */
  bool byte_fallback;                /* a character without id becomes its bytes, where all have ids */
  bool fuse_unknown;                 /* neighbours without id become one unknown */
  bool whole_first;                  /* a piece that is in the vocabulary is not made of merges */
  int32_t unknown;                   /* stands for what has no id; -1: that is left out */
  struct gaze_bpe_waiting *waiting;  /* merges whose spellings are being looked up */
  gaze_bpe_merge *list;              /* as they were added [n_merges], until gaze_bpe_finish */
  gaze_bpe_merge *merges;            /* hash table [n_slots] */
  size_t n_slots, n_merges, list_capacity, n_waiting;
  int32_t n_ids;   /* those of the vocabulary at gaze_bpe_finish; later ones are made of no text */
  uint32_t *ranks; /* of spellings: of each id [V]; GAZE_BPE_NEVER: nothing is joined into it */
  gaze_trie fixed; /* of spellings: pieces that are cut out first and never joined */
  int32_t inner[GAZE_BPE_BYTES], last[GAZE_BPE_BYTES]; /* ids of a byte within a piece and at its end; -1: none */
} gaze_bpe;

static const uint32_t GAZE_BPE_NEVER = UINT32_MAX;

void gaze_bpe_fini(gaze_bpe *bpe);
/* The spellings of a merge, not ended by 0, which must be in the vocabulary, joined too; the error may come with a
 * later call. name is for messages. */
GAZE_CHECKED gaze_err gaze_bpe_add_merge(gaze_bpe *bpe, const char *left, size_t left_size, const char *right,
                                         size_t right_size, uint32_t rank, const char *name);
/* After gaze_bpe_finish; left -1: there is none. */
const gaze_bpe_merge *gaze_bpe_find_merge(const gaze_bpe *bpe, int32_t left, int32_t right);
/* After all additions. */
GAZE_CHECKED gaze_err gaze_bpe_finish(gaze_bpe *bpe, const char *name);

/* The byte alphabet: of a byte the character [5 with its end], and of a character the byte, -1: none. */
void gaze_bpe_spell_byte(uint8_t byte, char spelling[5]);
int gaze_bpe_byte_of(int32_t point);
/* The first entries, in CLIP's order: the byte alphabet, and with `ends` the same at a piece's end. */
GAZE_CHECKED gaze_err gaze_bpe_add_letters(gaze_vocabulary *vocabulary, bool ends);
/* Adds left and right joined. */
GAZE_CHECKED gaze_err gaze_bpe_add_joined(gaze_vocabulary *vocabulary, const char *left, size_t left_size,
                                          const char *right, size_t right_size, int32_t id, const char *name);
/* Spelling of the index-th character of CLIP's byte alphabet, which stands for byte *byte (may be NULL). */
void gaze_bpe_letter(size_t index, char spelling[5], uint8_t *byte);

/* Memory of an encoding in progress; begin with zeroes. */
typedef struct gaze_bpe_work {
  const uint8_t *bytes;            /* the piece */
  struct gaze_bpe_symbol *symbols; /* what it is so far, a linked list */
  struct gaze_bpe_candidate *heap; /* merges that could be made, the best in front */
  uint8_t *spelling;               /* of a whole piece, in the byte alphabet */
  size_t n, n_heap, symbols_capacity, heap_capacity, spelling_capacity;
} gaze_bpe_work;

void gaze_bpe_work_fini(gaze_bpe_work *work);
/* Appends the ids of one piece, UTF-8 [n]. O(n log n). */
GAZE_CHECKED gaze_err gaze_bpe_encode(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n,
                                      gaze_ids *ids);

#endif
