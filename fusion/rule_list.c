/* Which things are there, and which one the picture is of. */
#include "fusion/rule_parts.h"

/* Clothes and what is everywhere say little, and a second word for the same thing nothing. */
static bool is_listed(const gaze_rule_job *job, const gaze_seen *seen, const gaze_seen *const *list, size_t n) {
  bool boxes = job->facts->sample->n_objects > 0;
  if (!gaze_rule_can_say(job, seen) ||
      (boxes ? !seen->n_boxes : job->facts->nouns->items[seen->noun].kind == GAZE_NOUN_WEAR))
    return false;
  for (size_t i = 0; i < n && !boxes; i++)
    if (gaze_nouns_are_near(job->facts->nouns, seen->noun, list[i]->noun))
      return false;
  return true;
}

size_t gaze_rule_list(const gaze_rule_job *job, const gaze_seen **out) {
  size_t n = 0;
  for (size_t i = 0; i < job->facts->n_seen && n < GAZE_RULE_LIST; i++)
    if (is_listed(job, &job->facts->seen[i], out, n))
      out[n++] = &job->facts->seen[i];
  return n;
}

void gaze_rule_say_list(const gaze_rule_job *job, const gaze_seen *const *list, size_t n, gaze_text *text) {
  for (size_t i = 0; i < n; i++) {
    gaze_phrase_thing thing = gaze_rule_thing(job, list[i]);
    const char *last = job->language == GAZE_KOREAN ? ", " : " and ";
    gaze_text_say(text, i == 0 ? "" : i + 1 == n ? last : ", ");
    gaze_phrase_say_count(job->language, &thing, false, text);
  }
}

const gaze_seen *gaze_rule_main(const gaze_rule_job *job) {
  const gaze_seen *list[GAZE_RULE_LIST];
  size_t n = gaze_rule_list(job, list);
  if (!n)
    return NULL;
  if (list[0]->n_boxes)
    return list[0]->area >= 0.2f && (n == 1 || list[0]->area >= 2 * list[1]->area) ? list[0] : NULL;
  bool clear = list[0]->votes == job->facts->n_read && (n == 1 || list[1]->votes < list[0]->votes);
  return clear && job->facts->nouns->items[list[0]->noun].kind != GAZE_NOUN_SCENE ? list[0] : NULL;
}

gaze_err gaze_rule_take_list(const gaze_rule_job *job, gaze_phrase *phrase, char **out) {
  const gaze_seen *list[GAZE_RULE_LIST];
  size_t n = gaze_rule_list(job, list);
  gaze_text text = {0};
  gaze_rule_say_list(job, list, n, &text);
  GAZE_TRY(gaze_text_take(&text, out));
  phrase->list = *out;
  phrase->list_many = list[0]->many || job->facts->nouns->items[list[0]->noun].plural;
  return GAZE_OK;
}
