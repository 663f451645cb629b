#include "text/prompt_lookup.h"

/* How many of the last ids agree with those that end at `end`, up to longest. */
static size_t count_agreeing(const int32_t *ids, size_t n, size_t end, size_t longest) {
  size_t agree = 0;
  while (agree < longest && agree < end && ids[end - 1 - agree] == ids[n - 1 - agree] && ids[n - 1 - agree] >= 0)
    agree++;
  return agree;
}

size_t gaze_prompt_lookup_draft(const int32_t *ids, size_t n, size_t longest, int32_t *draft, size_t room) {
  size_t best = 0, place = 0, drafted = 0;
  for (size_t end = n; end > 1 && best < longest; end--) {
    size_t agree = count_agreeing(ids, n, end - 1, longest);
    if (agree > best) {
      best = agree;
      place = end - 1;
    }
  }
  for (size_t i = place; best && i < n && drafted < room && ids[i] >= 0; i++)
    draft[drafted++] = ids[i];
  return drafted;
}

size_t gaze_prompt_lookup_accepted(const int32_t *draft, size_t n, const int32_t *chosen) {
  size_t accepted = 0;
  while (accepted < n && draft[accepted] == chosen[accepted])
    accepted++;
  return accepted;
}

size_t gaze_lookup_pace_next(gaze_lookup_pace *pace) {
  if (!pace->wait)
    return pace->most;
  pace->wait--;
  return 0;
}

void gaze_lookup_pace_learn(gaze_lookup_pace *pace, size_t n, size_t accepted, double seconds) {
  if (!n) {
    pace->alone = pace->alone > 0 ? 0.75 * pace->alone + 0.25 * seconds : seconds;
    return;
  }
  pace->most = accepted == n ? 2 * n : accepted + 1;
  if (accepted && seconds <= (double)(1 + accepted) * pace->alone) {
    pace->pause = 0;
    return;
  }
  pace->pause = pace->pause < GAZE_LOOKUP_PAUSE_MOST / 2 ? 2 * pace->pause + 1 : GAZE_LOOKUP_PAUSE_MOST;
  pace->wait = pace->pause;
}
