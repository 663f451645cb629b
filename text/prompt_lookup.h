/* Prompt lookup: drafts of ids from what was said before, for answers that repeat the prompt (Saxena 2023). The decoder
 * runs a draft as one batch, and what it would have chosen itself is kept: the text is the same, only sooner there. */
#ifndef GAZE_TEXT_PROMPT_LOOKUP_H
#define GAZE_TEXT_PROMPT_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#define GAZE_PROMPT_LOOKUP_LONGEST 3 /* ids that must agree are tried from this many down to 1 */

/* Writes at most `room` ids into draft: those that followed the latest earlier place where the last ids of ids [n]
 * stand, as many of them as can be found. Returns how many; 0: nothing like it was said. Ids below 0 (pictures) never
 * match and end a draft. */
size_t gaze_prompt_lookup_draft(const int32_t *ids, size_t n, size_t longest, int32_t *draft, size_t room);
/* How many ids of draft [n] the decoder chose itself: chosen[i] is its choice in draft[i]'s place, [n] or more. The
 * choice behind the last one accepted is good, too. */
size_t gaze_prompt_lookup_accepted(const int32_t *draft, size_t n, const int32_t *chosen);

/* How many ids the next draft may have: one at first and twice as many behind drafts that were right. Where one took
 * longer than the ids that it brought would have taken alone, there is none for a while, for longer each time, so that
 * an answer that repeats nothing, or a model too small to gain, takes no longer. Begin with GAZE_LOOKUP_PACE. */
typedef struct gaze_lookup_pace {
  size_t most;  /* ids of a draft */
  size_t wait;  /* so many steps without one */
  size_t pause; /* the last such wait */
  double alone; /* seconds of a step without one */
} gaze_lookup_pace;

#define GAZE_LOOKUP_PACE ((gaze_lookup_pace){.most = 1, .wait = 1})
#define GAZE_LOOKUP_PAUSE_MOST 64 /* steps */

/* Called once a step. */
size_t gaze_lookup_pace_next(gaze_lookup_pace *pace);
/* Of a draft of n ids as many were right; seconds: the step. */
void gaze_lookup_pace_learn(gaze_lookup_pace *pace, size_t n, size_t accepted, double seconds);

#endif
