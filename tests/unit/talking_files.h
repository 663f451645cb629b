/* What the tests of conversations share: a tiny model that sees, with a tokenizer of letters, and two pictures. */
#ifndef GAZE_TESTS_UNIT_TALKING_FILES_H
#define GAZE_TESTS_UNIT_TALKING_FILES_H

#include "data_files.h"

#include "fusion/chat.h"

extern char model[];
extern uint8_t *red, *blue;
extern size_t red_size, blue_size;

/* Group set-up and tear-down of a test program: make_folder, the model in folder/model, $XDG_CACHE_HOME in
 * folder/cache. */
int make_talking_model(void **state);
int remove_talking_model(void **state);

void talk_check(gaze_err err);
/* In template plain, on one thread, without a system text. */
void open_talk(gaze_assistant_options *options, gaze_assistant **assistant, gaze_chat **chat);
void close_talk(gaze_chat *chat, gaze_assistant *assistant);
/* At most six ids. */
gaze_answer talk_ask(gaze_chat *chat, const char *question);

#endif
