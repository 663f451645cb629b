/* What stands behind gaze.h's gaze_assistant: a language decoder that is only run, its tokenizer and chat template,
 * and what it sees pictures with. */
#ifndef GAZE_FUSION_ASSISTANT_H
#define GAZE_FUSION_ASSISTANT_H

#include "core/nn/kv_cache.h"
#include "fusion/eye.h"
#include "fusion/picture_rows.h"
#include "fusion/prepared.h"
#include "fusion/prompt.h"
#include "text/chat_template.h"
#include "text/decoder.h"
#include "text/tokenizer.h"

enum {
  GAZE_PROMPT_PIECE = 512, /* rows of a prompt that are read at once */
  GAZE_DRAFT_MOST = 7,     /* ids that are guessed ahead: with the one before them as many rows as products take
                            * alike, whatever stands beside a row */
  GAZE_ENDS_MOST = 16      /* ids that end an answer */
};

struct gaze_assistant {
  char *path;                     /* a folder, or a GGUF */
  char *adapter;                  /* folder of what LoRA learned beside it; NULL: nothing */
  gaze_assistant_options options; /* without what is borrowed */
  gaze_kernels kernels;
  gaze_matmul *matmul;
  gaze_compute compute;
  gaze_decoder decoder;
  gaze_parameters parameters;
  gaze_weights *weights;
  gaze_loaded loaded;
  gaze_prepared prepared;  /* the decoder's */
  const gaze_gguf *gguf;   /* its metadata, where the model is one */
  gaze_llava_files files;  /* of a folder whose model sees */
  gaze_eye *eye;           /* NULL: it does not see */
  gaze_weights *projector; /* the GGUF that the eye lies in; NULL: the same files */
  int32_t image_token;     /* id that stands for a row of a picture; -1: none does */
  gaze_tokenizer *tokenizer;
  gaze_chat_template chat;
  int32_t ends[GAZE_ENDS_MOST];
  size_t n_ends;
  size_t context; /* rows of a conversation */
  gaze_arena arena;
  gaze_decoder_tape tape;
  float *logits; /* [1 + GAZE_DRAFT_MOST, V], in the arena */
  char key[33];  /* empty: not yet made */
  gaze_picture_rows seen;
};

/* For people: where it lies. */
static inline const char *gaze_assistant_name(const gaze_assistant *assistant) {
  return assistant->adapter ? assistant->adapter : assistant->path;
}

/* Lays step memory out for so many rows, GAZE_PROMPT_PIECE at most: a short prompt touches little of it. The logits
 * stay where they are. */
void gaze_assistant_make_room(gaze_assistant *assistant, size_t rows);

/* In both files that a model becomes: its key (gaze_assistant_key). */
#define GAZE_PAIR_KEY "gaze.model"

/* As gaze_model_key: of all files that the answers come from. */
GAZE_CHECKED gaze_err gaze_assistant_key(gaze_assistant *assistant, char key[33]);
/* Of that key and of all else that numbers depend on to the last bit, besides what is read. */
GAZE_CHECKED gaze_err gaze_assistant_arithmetic(gaze_assistant *assistant, uint64_t hash[2]);

/* Fills path from what a person calls the model, and adapter where that is one's name. */
GAZE_CHECKED gaze_err gaze_assistant_find(gaze_assistant *assistant, const char *name);
GAZE_CHECKED gaze_err gaze_assistant_open_files(gaze_assistant *assistant);
void gaze_assistant_close_files(gaze_assistant *assistant);
/* Before a decoder is run, tied where it is: of the list's matrices and the head, F32 becomes bf16 for products in
 * bf16; for products in int8 F32, F16 and BF16 become Q8_0, as the quantised models are multiplied, where rows are of
 * whole blocks. */
GAZE_CHECKED gaze_err gaze_decoder_prepare(gaze_decoder *decoder, const gaze_parameters *list,
                                           const gaze_compute *compute, gaze_prepared *prepared);
/* Of one, and of all weights that a token goes through: not of the table of embeddings, of which it reads a row. */
size_t gaze_decoder_bytes_of(const gaze_decoder *decoder, const gaze_parameter *parameter);
size_t gaze_decoder_bytes(const gaze_decoder *decoder, const gaze_parameters *list);
/* What an assistant answers with, before it is run; what it sees with, before each picture. */
GAZE_CHECKED gaze_err gaze_assistant_prepare(gaze_assistant *assistant);
GAZE_CHECKED gaze_err gaze_assistant_prepare_eye(gaze_assistant *assistant);
/* After the decoder. */
GAZE_CHECKED gaze_err gaze_assistant_open_tokenizer(gaze_assistant *assistant);
/* After tokenizer and, where there is one, template. */
GAZE_CHECKED gaze_err gaze_assistant_find_ends(gaze_assistant *assistant);

/* Whether an id, or the key of a row, ends an answer. */
static inline bool gaze_assistant_ends(const gaze_assistant *assistant, int64_t key) {
  for (size_t i = 0; i < assistant->n_ends; i++)
    if (assistant->ends[i] == key)
      return true;
  return false;
}

/* Rows that were read, with their keys. */
typedef struct gaze_reading {
  gaze_kv_cache *cache;
  int64_t *keys; /* [capacity of cache] */
  size_t near;   /* gaze_rope_near of the decoder */
  bool far;      /* its rows were turned as those of a longer sequence are */
} gaze_reading;

GAZE_CHECKED gaze_err gaze_reading_init(gaze_reading *reading, const gaze_assistant *assistant);
void gaze_reading_fini(gaze_reading *reading);

/* Rows [n, C] that stand for a part of a picture of the conversation, borrowed. */
typedef gaze_err gaze_picture_rows_fn(void *user, const gaze_prompt_picture *which, const float **rows);

/* Reads what of the prompt the cache does not have yet, which drops its rows behind the first that differs, and all
 * where the prompt is longer than near factors serve and they were not, or the other way around. There must be room.
 * logits: [V], of the last row. *read: how many rows were. */
GAZE_CHECKED gaze_err gaze_reading_go_on(gaze_assistant *assistant, gaze_reading *reading, const gaze_prompt *prompt,
                                         gaze_picture_rows_fn *rows, void *user, const volatile int *stop,
                                         float *logits, size_t *read);
/* Puts n ids, GAZE_DRAFT_MOST + 1 at most and gaze_reading_room, behind what was read. logits: [n, V], of each. */
void gaze_reading_add(gaze_assistant *assistant, gaze_reading *reading, const int32_t *ids, size_t n, float *logits);
/* How many ids can be put behind without reading all anew. */
size_t gaze_reading_room(const gaze_reading *reading);
/* Forgets all but the first n rows. */
void gaze_reading_cut(gaze_reading *reading, size_t n);
/* Of the first n rows how many are worth keeping: all or none, if a conversation of so many would turn them otherwise.
 */
size_t gaze_reading_worth(const gaze_reading *reading, size_t n);

#endif
