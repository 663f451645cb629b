/* Is there a dog? For each noun yes and no are balanced over all pictures, so that a question alone tells nothing of
 * its answer. */
#include "fusion/rule_parts.h"

#include <string.h>

enum { MOST_UNEVEN = 2 }; /* questions about one noun that one answer may be ahead of the other */

/* One of those with the best score, by chance. */
typedef struct noun_draw {
  gaze_random *random;
  size_t n, noun;
  int score;
} noun_draw;

static void offer_noun(noun_draw *draw, size_t noun, int score) {
  if (draw->n && score < draw->score)
    return;
  draw->n = draw->n && score == draw->score ? draw->n + 1 : 1;
  draw->score = score;
  if (gaze_random_below(draw->random, draw->n) == 0)
    draw->noun = noun;
}

static bool can_ask(const gaze_rule_job *job, size_t noun) {
  return gaze_rule_can_say(job, &(gaze_seen){.noun = noun});
}

/* What was most often denied is confirmed. */
static bool draw_present(gaze_rule_job *job, size_t *out) {
  noun_draw draw = {.random = job->random};
  for (size_t i = 0; i < job->facts->n_seen; i++) {
    size_t noun = job->facts->seen[i].noun;
    int ahead = job->writer->asked[noun];
    if (can_ask(job, noun) && ahead < MOST_UNEVEN)
      offer_noun(&draw, noun, -ahead);
  }
  *out = draw.noun;
  return draw.n > 0;
}

/* What was most often confirmed is denied. */
static bool draw_absent(gaze_rule_job *job, size_t *out) {
  noun_draw draw = {.random = job->random};
  for (size_t noun = 0; noun < job->writer->nouns->n; noun++) {
    int ahead = job->writer->asked[noun];
    if (job->writer->known[noun] && !job->facts->told[noun] && can_ask(job, noun) && ahead > -MOST_UNEVEN)
      offer_noun(&draw, noun, ahead);
  }
  *out = draw.noun;
  return draw.n > 0;
}

/* One or many are asked for alike, whatever the answer. */
static gaze_err ask(gaze_rule_job *job, size_t noun, bool present) {
  const gaze_noun *word = &job->writer->nouns->items[noun];
  gaze_phrase phrase = gaze_rule_phrase(job, &(gaze_seen){.noun = noun}, NULL);
  const gaze_seen *seen = gaze_facts_find(job->facts, noun);
  bool many = word->plural || (present && seen->many && gaze_noun_is_counted(word));
  const char *answer =
      present ? (many ? "presence.yes.many" : "presence.yes") : (word->plural ? "presence.no.many" : "presence.no");
  bool asks_many = word->plural || (!word->mass && gaze_random_below(job->random, 4) == 0);
  bool brief = gaze_rule_is_brief(job);
  const char *word_alone = gaze_lines_section(gaze_lines_phrases(job->language), present ? "yes" : "no").items[0];
  job->writer->asked[noun] += present ? 1 : -1;
  return gaze_rule_turn(job, &phrase, asks_many ? "presence.question.many" : "presence.question", answer,
                        brief ? "yesno.hint" : NULL, word_alone);
}

gaze_err gaze_rule_ask_presence(gaze_rule_job *job) {
  size_t present, absent;
  if (!draw_present(job, &present) || !draw_absent(job, &absent))
    return GAZE_OK;
  GAZE_TRY(ask(job, present, true));
  return ask(job, absent, false);
}
