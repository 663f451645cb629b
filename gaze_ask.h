/* Models that answer, about pictures or without: not yet stable. */
#ifndef GAZE_ASK_H
#define GAZE_ASK_H

#include "gaze.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How keys and values of a conversation are kept. */
typedef enum gaze_cache_kind { GAZE_CACHE_F16, GAZE_CACHE_BF16, GAZE_CACHE_INT8, GAZE_CACHE_F32 } gaze_cache_kind;

typedef struct gaze_assistant_options {
  gaze_model_options model;
  const char *chat_template; /* by name; NULL: what the model says of itself */
  const char *projector; /* the GGUF that sees, of a GGUF that speaks; NULL: mmproj*.gguf beside it, if there is one */
  size_t context;        /* tokens of a conversation; 0: 8192, or the model's where that is less */
  gaze_cache_kind cache;
  gaze_keep keep; /* of what pictures look like to the model; {0}: nothing */
  bool prefixes;  /* keep what was read, up to the last picture, in $XDG_CACHE_HOME/gaze/prefixes */
} gaze_assistant_options;

typedef struct gaze_assistant gaze_assistant;

/* name: as of gaze_model_open, or a GGUF file; NULL: $GAZE_MODEL if it answers, else the shipped gaze-mini-vqa. A
 * language model, or one with an image encoder. options may be NULL. */
GAZE_CHECKED gaze_err gaze_assistant_open(const char *name, const gaze_assistant_options *options,
                                          gaze_assistant **out);
void gaze_assistant_close(gaze_assistant *assistant);
bool gaze_assistant_sees(const gaze_assistant *assistant);

/* One conversation; several may share an assistant, one at a time. system may be NULL. */
typedef struct gaze_chat gaze_chat;
GAZE_CHECKED gaze_err gaze_chat_new(gaze_assistant *assistant, const char *system, gaze_chat **out);
void gaze_chat_free(gaze_chat *chat);
void gaze_chat_clear(gaze_chat *chat); /* forgets all but the system text */
/* The conversation with all that was read, in a file, whole or absent. load takes the place of what was said; what it
 * fails on leaves that as it is. The model must be the same, and its template and cache. */
GAZE_CHECKED gaze_err gaze_chat_save(const gaze_chat *chat, const char *path);
GAZE_CHECKED gaze_err gaze_chat_load(gaze_chat *chat, const char *path);
/* A picture file's bytes, for the next question. name: for messages. */
GAZE_CHECKED gaze_err gaze_chat_add_picture(gaze_chat *chat, const void *bytes, size_t size, const char *name);
GAZE_CHECKED gaze_err gaze_chat_add_picture_file(gaze_chat *chat, const char *path);

typedef struct gaze_answer_options {
  size_t max_tokens;                                   /* 0: as many as there is room for */
  float temperature, top_p, min_p, repetition_penalty; /* 0: greedy, and none of the others */
  size_t top_k;
  uint64_t seed;
  const char *const *stops; /* [n_stops] strings that end the answer and are left out */
  size_t n_stops;
  bool look_up; /* guess from what was said, where greedy: sooner, and the same */
  bool slide;   /* a full conversation goes on without its oldest questions and answers */
  bool think;   /* reason first; models that do so by themselves do it only then */
  void (*text)(void *user, const char *piece); /* as it is written, without thoughts; may be NULL */
  void *user;
  const volatile int *stop; /* raised from a signal handler: the answer ends where it is */
} gaze_answer_options;

typedef struct gaze_answer {
  char *text;         /* yours: gaze_answer_fini */
  char *thoughts;     /* what stood before it where `think` was set; NULL: nothing that can be told from it */
  const char *ending; /* static: "end", "length", "context", "interrupted" */
  size_t prompt_tokens, cached_tokens, completion_tokens, guessed_tokens, accepted_tokens;
  size_t forgotten_messages;     /* of the conversation, to make room */
  size_t weight_bytes;           /* of the model, that a token reads */
  size_t cache_bytes;            /* of keys and values in the end */
  double first_seconds, seconds; /* to the first token; in all */
} gaze_answer;

/* options may be NULL. A question that fails is as if it had not been asked; its pictures belong to the next one, but
 * are forgotten where one of them could not be looked at. */
GAZE_CHECKED gaze_err gaze_chat_ask(gaze_chat *chat, const char *question, const gaze_answer_options *options,
                                    gaze_answer *out);
void gaze_answer_fini(gaze_answer *answer);

/* What a model is measured with: its pictures, none, or those of other rows. What it knows without looking is what the
 * last two give. */
typedef enum gaze_eval_pictures { GAZE_EVAL_SHOWN, GAZE_EVAL_WITHHELD, GAZE_EVAL_SHUFFLED } gaze_eval_pictures;

typedef struct gaze_eval_options {
  const char *prompt; /* what is asked, with {} for the question; NULL: the question; for captions a request for one */
  const char *system; /* NULL: the model's own */
  gaze_answer_options answer; /* of each; text is not called */
  gaze_eval_pictures pictures;
  uint64_t seed;            /* of whose picture is shown, where they are shuffled */
  const char *folder;       /* of pictures whose paths are relative; NULL: the set's own */
  const char *const *known; /* [n_known] sets with which questions are answered by looking them up, beside; not of */
  size_t n_known;           /* captions */
  size_t limit;             /* so many rows, 0: all */
  size_t max_bad;           /* rows that cannot be used; more end the run */
  const char *predictions;  /* a file of the answers, a line of JSON each; NULL: none */
  bool resume;              /* take from it what is there */
  void (*progress)(void *user, size_t done, size_t total, const char *key); /* may be NULL */
  void *user;
} gaze_eval_options;

/* Asks all questions of sets (paths, n): WebDataset tars or folders with `qa`, tables with the columns question and
 * answer, LLaVA's JSON. metrics: a JSON object in CLIP_benchmark's shape, with "answer_types" and "question_types"
 * beside "metrics", and in "failed" the rows that cannot be used; yours: free(). options may be NULL. */
GAZE_CHECKED gaze_err gaze_eval_vqa(gaze_assistant *assistant, const char *const *paths, size_t n,
                                    const gaze_eval_options *options, char **metrics);
/* The same of captions: tars or folders with `captions` or KEY.txt, tables with the column title, LLaVA's JSON. */
GAZE_CHECKED gaze_err gaze_eval_captioning(gaze_assistant *assistant, const char *const *paths, size_t n,
                                           const gaze_eval_options *options, char **metrics);

#ifdef __cplusplus
}
#endif
#endif
