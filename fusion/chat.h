/* What stands behind gaze.h's gaze_chat: messages, the rows they became, and what the decoder has read of them. */
#ifndef GAZE_FUSION_CHAT_H
#define GAZE_FUSION_CHAT_H

#include "fusion/assistant.h"

typedef struct gaze_said {
  gaze_chat_role role;
  char *text;
  size_t pictures; /* in front of the text */
} gaze_said;

struct gaze_chat {
  gaze_assistant *assistant; /* borrowed */
  gaze_said *said;           /* [n] */
  size_t n, said_capacity;
  gaze_prompt prompt; /* of what was said, as far as it was read or written */
  size_t rendered;    /* messages whose rows are in prompt; of the last, an answer, the opening and the text */
  bool exact;         /* the answer's rows are its text, and no more than an end */
  gaze_reading reading;
};

/* Appends what was said since `rendered`, and the opening of an answer, to the prompt. */
GAZE_CHECKED gaze_err gaze_chat_render(gaze_chat *chat);
/* Writes an answer behind the prompt, which was read up to its last row: logits [V] are of that. */
GAZE_CHECKED gaze_err gaze_chat_write(gaze_chat *chat, const gaze_answer_options *options, gaze_answer *out);

#endif
