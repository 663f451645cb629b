/* What stands behind gaze.h's gaze_chat: messages, the rows they became, and what the decoder has read of them. */
#ifndef GAZE_FUSION_CHAT_H
#define GAZE_FUSION_CHAT_H

#include "fusion/assistant.h"
#include "fusion/thoughts.h"

typedef struct gaze_said {
  gaze_chat_role role;
  char *text;
  size_t pictures; /* in front of the text */
} gaze_said;

/* A picture of the conversation, as it was given. */
typedef struct gaze_chat_picture {
  uint8_t *bytes;
  size_t size;
  char *name;
  uint64_t hash;       /* of the bytes */
  gaze_picture pixels; /* decoded, until it is looked at or its question is answered; rgb NULL: not */
  int width, height;   /* upright */
  gaze_tile_plan plan;
} gaze_chat_picture;

struct gaze_chat {
  gaze_assistant *assistant; /* borrowed */
  gaze_said *said;           /* [n] */
  size_t n, said_capacity;
  gaze_prompt prompt;     /* of what was said, as far as it was read or written */
  size_t rendered;        /* messages whose rows are in prompt; of the last, an answer, the opening and the text */
  bool exact;             /* the answer's rows are its text, and no more than an end */
  bool shortened;         /* of the answer that is being written the beginning is no longer among the rows */
  size_t forgotten;       /* messages that went while a question was answered */
  gaze_thinking thinking; /* of the answer that is asked for */
  gaze_reading reading;
  gaze_chat_picture *pictures; /* [n_pictures], in the order in which they were given */
  size_t n_pictures, pictures_capacity;
  size_t coming; /* so many of the last belong to the next question */
  bool blind;    /* one could not be looked at */
};

#define GAZE_CHAT_PIXELS_LIMIT ((size_t)256 << 20) /* bytes of pixels that wait for a question */

double gaze_chat_now(void); /* seconds since some moment */

/* A copy of a picture file's bytes, once it is sure that they can be decoded, and its pixels. */
GAZE_CHECKED gaze_err gaze_chat_picture_init(gaze_chat_picture *picture, const void *bytes, size_t size,
                                             const char *name);
void gaze_chat_picture_fini(gaze_chat_picture *picture);
/* Forgets all pixels: what is looked at later is decoded anew. */
void gaze_chat_drop_pixels(gaze_chat_picture *pictures, size_t n);
/* Plans of the first n pictures, which may depend on how many these are; where one changed, all is rendered anew. */
void gaze_chat_plan_pictures(gaze_chat *chat, size_t n);
/* Forgets all but the first n. */
void gaze_chat_drop_pictures(gaze_chat *chat, size_t n);
/* A gaze_picture_rows_fn; user is the chat. Looks at a picture when its rows are first wanted. */
gaze_err gaze_chat_picture_rows(void *user, const gaze_prompt_picture *which, const float **rows);

/* One more message, behind `pictures` of the conversation's; and without all but the first n messages. */
GAZE_CHECKED gaze_err gaze_chat_say(gaze_chat *chat, gaze_chat_role role, const char *text, size_t pictures);
void gaze_chat_unsay(gaze_chat *chat, size_t n);

/* Appends what was said since `rendered`, and the opening of an answer, to the prompt. */
GAZE_CHECKED gaze_err gaze_chat_render(gaze_chat *chat);
/* After that, an answer that somebody else wrote: what the model is to write behind the opening is appended. */
GAZE_CHECKED gaze_err gaze_chat_put_answer(gaze_chat *chat, const char *text);
/* Makes room in a prompt that is full, whose last n rows are ids of an answer; *kept: how many of the last of these are
 * still there. Where nothing can go it stays full. */
GAZE_CHECKED gaze_err gaze_chat_slide(gaze_chat *chat, const int32_t *answer, size_t n, size_t *kept);
/* Writes an answer behind the prompt, which was read up to its last row: logits [V] are of that. */
GAZE_CHECKED gaze_err gaze_chat_write(gaze_chat *chat, const gaze_answer_options *options, gaze_answer *out);

#endif
