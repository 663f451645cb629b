/* Chat templates: a conversation as what a model was trained to read.
 *
 *   gaze_chat_template chat = {0};
 *   gaze_chat_segments list = {0};
 *   gaze_chat_template_open(folder, &chat);                                  // or _find by name, _read from a GGUF
 *   gaze_chat_template_render(&chat, messages, n, 0, GAZE_CHAT_ANSWER, &list);
 *   // ids of the segments; the model's answer; the answer and the next question become messages n and n + 1
 *   gaze_chat_template_render(&chat, messages, n + 2, n, GAZE_CHAT_ANSWER, &list);
 *
 * Templates are built in and recognised from a checkpoint's own Jinja text; one that is not is refused, and the message
 * says how to name one. Rendered segments, put together, are the string that transformers' apply_chat_template gives.
 */
#ifndef GAZE_TEXT_CHAT_TEMPLATE_H
#define GAZE_TEXT_CHAT_TEMPLATE_H

#include "core/base/error.h"
#include "text/chat_format.h"

typedef enum gaze_chat_role { GAZE_CHAT_SYSTEM, GAZE_CHAT_USER, GAZE_CHAT_ASSISTANT } gaze_chat_role;

typedef struct gaze_chat_part {
  const char *text; /* borrowed, need not end by 0; NULL: a picture */
  size_t size;      /* bytes of text */
} gaze_chat_part;

typedef struct gaze_chat_message {
  gaze_chat_role role;
  const gaze_chat_part *parts; /* [n], borrowed */
  size_t n;
} gaze_chat_message;

/* Neighbours of kinds TEMPLATE and TEXT are one text to the tokenizer: it is their joined bytes that are cut into
 * tokens. Only inside a TEMPLATE segment may the spelling of a special token become that token: what a person typed
 * never does. START and END are the tokenizer's own ids for the beginning and the end of a text; a template that has
 * START anywhere (gaze_chat_template_starts) wants none added by the tokenizer. PICTURE is where a picture's embeddings
 * go. */
typedef enum gaze_chat_kind {
  GAZE_CHAT_TEMPLATE,
  GAZE_CHAT_TEXT,
  GAZE_CHAT_PICTURE,
  GAZE_CHAT_START,
  GAZE_CHAT_END
} gaze_chat_kind;

typedef struct gaze_chat_segment {
  gaze_chat_kind kind;
  size_t at, size; /* bytes, in the list's */
  size_t picture;  /* which, counted from the first of all messages */
} gaze_chat_segment;

/* Begin with {0}; what is rendered is appended. */
typedef struct gaze_chat_segments {
  gaze_chat_segment *at; /* [n] */
  size_t n, capacity;
  char *bytes;
  size_t size, bytes_capacity;
} gaze_chat_segments;

void gaze_chat_segments_fini(gaze_chat_segments *segments);

typedef enum gaze_chat_ending {
  GAZE_CHAT_GOES_ON,        /* nothing behind the last message: more will be appended */
  GAZE_CHAT_ANSWER,         /* asks for an answer: add_generation_prompt */
  GAZE_CHAT_ANSWER_AT_ONCE, /* the same, without thoughts where the family has them: enable_thinking=False */
  GAZE_CHAT_WHOLE           /* ends the conversation, as for training */
} gaze_chat_ending;

typedef struct gaze_chat_template {
  const gaze_chat_format *format; /* borrowed, static */
  char *system;                   /* the text where no system message is given; NULL: none */
  bool starts;                    /* START stands in front of the conversation */
  bool alternates;                /* user and assistant must take turns */
  unsigned trims;                 /* bit per role: space around the content is stripped */
} gaze_chat_template;

/* The built-in one of that name. fini in any case, here and below. */
GAZE_CHECKED gaze_err gaze_chat_template_find(const char *name, gaze_chat_template *out);
/* The built-in one that does what a Jinja text does; name: of the source, for messages. */
GAZE_CHECKED gaze_err gaze_chat_template_read(const char *jinja, size_t size, const char *name,
                                              gaze_chat_template *out);
/* The same for a model's folder: chat_template.jinja, else chat_template of chat_template.json, else of
 * tokenizer_config.json (of several, the one named "default"). GAZE_ERR_NOT_FOUND where none has any. */
GAZE_CHECKED gaze_err gaze_chat_template_open(const char *folder, gaze_chat_template *out);
/* The Jinja text that this would read, and of which file; *jinja NULL: there is none. Both yours: free(). */
GAZE_CHECKED gaze_err gaze_chat_template_text(const char *folder, char **jinja, char **path);
void gaze_chat_template_fini(gaze_chat_template *chat);

const char *gaze_chat_template_name(const gaze_chat_template *chat); /* borrowed, static */
/* Names of all, "a, b, c", for help and messages; yours: free(). */
GAZE_CHECKED gaze_err gaze_chat_template_names(char **out);
/* Whether START is among what it writes. */
bool gaze_chat_template_starts(const gaze_chat_template *chat);
/* Whether its models reason by themselves, in <think>, unless they are asked for an answer at once. */
bool gaze_chat_template_thinks(const gaze_chat_template *chat);
/* What stands in front of an answer's text and is left to the model to write, such as a space. Borrowed, static. */
const char *gaze_chat_template_lead(const gaze_chat_template *chat);
/* Strings that end an answer, most of them single special tokens, besides the tokenizer's end; NULL ends them. */
const char *const *gaze_chat_template_stops(const gaze_chat_template *chat);

/* Appends what messages [from, n) of a conversation add to messages [0, from), and the ending. With from 0, all of it.
 * Rendering piece by piece gives what rendering at once gives, as long as gaze_chat_template_keeps says so.
 * GAZE_ERR_ARGUMENT where the family has no place for a message; nothing is appended then. */
GAZE_CHECKED gaze_err gaze_chat_template_render(const gaze_chat_template *chat, const gaze_chat_message *messages,
                                                size_t n, size_t from, gaze_chat_ending ending,
                                                gaze_chat_segments *segments);
/* The same where message `from` is the answer that was just generated: its opening and its text lie behind the prompt
 * already, and what follows its text is appended, beginning with the family's end of a turn (which is there already if
 * the model wrote it). */
GAZE_CHECKED gaze_err gaze_chat_template_resume(const gaze_chat_template *chat, const gaze_chat_message *messages,
                                                size_t n, size_t from, gaze_chat_ending ending,
                                                gaze_chat_segments *segments);
/* Whether messages [from, n) leave what was rendered of [0, from) as it is. Not where a system text moves on to the
 * last question (mistral-v3, mistral-tekken) or thoughts of an answer are dropped when a question follows (qwen3): then
 * render from 0. */
bool gaze_chat_template_keeps(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n, size_t from);

#endif
