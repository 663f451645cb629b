/* Chat templates as Jinja texts that gaze writes, for programs that run those: whatever a message's content is, a text
 * or a list of {"type": "text"} and {"type": "image"}. */
#ifndef GAZE_TEXT_CHAT_JINJA_H
#define GAZE_TEXT_CHAT_JINJA_H

#include "text/chat_template.h"

/* What transformers' apply_chat_template gives by it is what gaze_chat_template_render gives. picture: what spells one.
 * *jinja, yours: free(); NULL for a template that tells thoughts from answers, which is not written. */
GAZE_CHECKED gaze_err gaze_chat_jinja_write(const gaze_chat_template *chat, const char *picture, char **jinja);
/* The template that such a text was written from, format NULL: none. system: the text that it sets, borrowed, NULL:
 * none or nothing. gaze_chat_template_fini. */
GAZE_CHECKED gaze_err gaze_chat_jinja_read(const char *jinja, size_t size, const char *system, gaze_chat_template *out);

#endif
