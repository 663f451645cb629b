/* What an endpoint answers: chat completions, the turns in their text, and whether they can be kept. */
#ifndef GAZE_FUSION_INSTRUCT_REPLY_H
#define GAZE_FUSION_INSTRUCT_REPLY_H

#include "fusion/rule_writer.h"

enum { GAZE_REASON = 160 }; /* bytes of a reason, with its end */

/* The text of an answer in JSON. *text is yours: free(); NULL where there is none, and then reason says why. */
GAZE_CHECKED gaze_err gaze_reply_read(const char *bytes, size_t size, char **text, char reason[GAZE_REASON]);
/* Turns of a text with "Question:" and "Answer:" at the beginnings of lines (of GAZE_DETAIL: the text is the answer to
 * `question`), checked: order, number, lengths, language, and that nothing speaks of how the picture was told.
 * *kept false: reason says why not. Turns are yours: gaze_turns_fini. */
GAZE_CHECKED gaze_err gaze_reply_turns(const char *text, gaze_record_kind kind, gaze_language language,
                                       const char *question, gaze_turns *turns, bool *kept, char reason[GAZE_REASON]);

/* The checks alone, by which gaze_reply_turns keeps turns. */
bool gaze_reply_check(const gaze_turns *turns, gaze_record_kind kind, gaze_language language, char reason[GAZE_REASON]);

#endif
