#include "fusion/rule_parts.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { WORN_FROM = 8 }; /* answers of one kind before it is asked which of them are too many */

static const double brief_share = 0.3; /* of the answers that can be a word */

const char *const gaze_record_names[GAZE_RECORD_KINDS] = {"conversation", "detail", "reasoning"};

gaze_err gaze_rule_writer_init(gaze_rule_writer *writer, const gaze_nouns *nouns, size_t most_turns) {
  *writer = (gaze_rule_writer){.nouns = nouns, .most_turns = most_turns};
  gaze_err err = gaze_alloc(nouns->n, sizeof *writer->known, &writer->known);
  if (err == GAZE_OK)
    err = gaze_alloc(nouns->n, sizeof *writer->asked, &writer->asked);
  if (err != GAZE_OK)
    gaze_rule_writer_fini(writer);
  return err;
}

void gaze_rule_writer_fini(gaze_rule_writer *writer) {
  free(writer->known);
  free(writer->asked);
  *writer = (gaze_rule_writer){0};
}

void gaze_rule_writer_note(gaze_rule_writer *writer, const gaze_facts *facts) {
  for (size_t i = 0; i < facts->n_seen; i++)
    writer->known[facts->seen[i].noun] = true;
}

void gaze_rule_offer(gaze_rule_pool *pool, const gaze_rule_choice *choice) {
  const uint32_t *tally = pool->job->writer->tallies[pool->tally];
  uint32_t asked = tally[choice->key % GAZE_RULE_KEYS], least = tally[pool->best.key % GAZE_RULE_KEYS];
  if (pool->n && asked > least)
    return;
  pool->n = pool->n && asked == least ? pool->n + 1 : 1;
  if (gaze_random_below(pool->job->random, pool->n) == 0)
    pool->best = *choice;
}

/* Whether an answer has been given more often than all others together: pictures with one thing are the most. */
static bool is_worn(const gaze_rule_pool *pool) {
  const uint32_t *tally = pool->job->writer->tallies[pool->tally];
  uint64_t all = 0, same = tally[pool->best.key % GAZE_RULE_KEYS];
  for (size_t i = 0; i < GAZE_RULE_KEYS; i++)
    all += tally[i];
  return 2 * same > all + WORN_FROM;
}

gaze_err gaze_rule_ask(gaze_rule_job *job, const gaze_rule_kind *kind, size_t tally, bool *asked) {
  gaze_rule_pool pool = {.job = job, .tally = tally};
  kind->gather(&pool);
  if (kind->balanced && pool.n && is_worn(&pool))
    pool.n = 0;
  if (asked)
    *asked = pool.n > 0;
  if (!pool.n)
    return GAZE_OK;
  job->writer->tallies[tally][pool.best.key % GAZE_RULE_KEYS]++;
  return kind->write(job, &pool.best);
}

bool gaze_rule_can_say(const gaze_rule_job *job, const gaze_seen *seen) {
  const gaze_noun *noun = &job->facts->nouns->items[seen->noun];
  return noun->kind != GAZE_NOUN_COMMON && (job->language != GAZE_KOREAN || noun->korean);
}

gaze_phrase_thing gaze_rule_thing(const gaze_rule_job *job, const gaze_seen *seen) {
  return seen ? (gaze_phrase_thing){&job->facts->nouns->items[seen->noun], seen->n, seen->many}
              : (gaze_phrase_thing){0};
}

gaze_phrase gaze_rule_phrase(const gaze_rule_job *job, const gaze_seen *seen, const gaze_seen *seen2) {
  return (gaze_phrase){.language = job->language,
                       .thing = gaze_rule_thing(job, seen),
                       .thing2 = gaze_rule_thing(job, seen2),
                       .colours = seen ? seen->colours : 0};
}

bool gaze_rule_is_brief(gaze_rule_job *job) { return gaze_random_uniform(job->random) < brief_share; }

gaze_err gaze_rule_pair(gaze_rule_job *job, const gaze_phrase *asked, const char *question, const gaze_phrase *said,
                        const char *answer) {
  gaze_text text = {0};
  char *first, *second;
  gaze_phrase_draw(asked, question, job->random, &text);
  GAZE_TRY(gaze_text_take(&text, &first));
  gaze_phrase_draw(said, answer, job->random, &text);
  gaze_err err = gaze_text_take(&text, &second);
  if (err == GAZE_OK)
    gaze_turns_add(job->turns, first, second);
  else
    free(first);
  return err;
}

gaze_err gaze_rule_turn(gaze_rule_job *job, const gaze_phrase *phrase, const char *question, const char *answer,
                        const char *hint, const char *brief) {
  gaze_text text = {0};
  char *asked, *said;
  if (!hint)
    return gaze_rule_pair(job, phrase, question, phrase, answer);
  gaze_phrase_draw(phrase, question, job->random, &text);
  gaze_text_say(&text, " ");
  gaze_phrase_draw(phrase, hint, job->random, &text);
  GAZE_TRY(gaze_text_take(&text, &asked));
  gaze_err err = gaze_strdup(brief, &said);
  if (err != GAZE_OK)
    free(asked);
  else
    gaze_turns_add(job->turns, asked, said);
  return err;
}

static void shuffle_turns(gaze_turns *turns, size_t first, gaze_random *random) {
  for (size_t i = turns->n; i > first + 1; i--) {
    size_t k = first + gaze_random_below(random, i - first);
    gaze_turn kept = turns->items[k];
    turns->items[k] = turns->items[i - 1];
    turns->items[i - 1] = kept;
  }
}

/* Opening and presence come first, then the kinds of questions in any order; with turns left all of them once more. The
 * opening may be the first turn or not. */
static gaze_err converse(gaze_rule_job *job) {
  uint32_t order[GAZE_RULE_TALLIES];
  size_t most = job->writer->most_turns;
  GAZE_TRY(gaze_rule_ask(job, &gaze_rule_openings, GAZE_TALLY_OPENING, NULL));
  if (job->turns->n + 2 <= most)
    GAZE_TRY(gaze_rule_ask_presence(job));
  for (uint32_t i = 0; i < gaze_rule_n_questions; i++)
    order[i] = i;
  gaze_random_shuffle(job->random, order, gaze_rule_n_questions);
  for (size_t i = 0; i < gaze_rule_n_questions && job->turns->n < most; i++)
    GAZE_TRY(gaze_rule_ask(job, &gaze_rule_questions[order[i]], GAZE_TALLY_QUESTIONS + order[i], NULL));
  shuffle_turns(job->turns, gaze_random_below(job->random, 2), job->random);
  return GAZE_OK;
}

static gaze_err reason(gaze_rule_job *job) {
  uint32_t order[GAZE_RULE_TALLIES];
  bool asked = false;
  for (uint32_t i = 0; i < gaze_rule_n_reasons; i++)
    order[i] = i;
  gaze_random_shuffle(job->random, order, gaze_rule_n_reasons);
  for (size_t i = 0; i < gaze_rule_n_reasons && !asked; i++)
    GAZE_TRY(gaze_rule_ask(job, &gaze_rule_reasons[order[i]], GAZE_TALLY_REASONS + order[i], &asked));
  return GAZE_OK;
}

gaze_err gaze_rule_write(gaze_rule_writer *writer, const gaze_facts *facts, gaze_record_kind kind,
                         gaze_language language, gaze_random *random, gaze_turns *out) {
  gaze_rule_job job = {writer, facts, language, random, out};
  if (kind == GAZE_CONVERSATION)
    return converse(&job);
  return kind == GAZE_DETAIL ? gaze_rule_describe(&job) : reason(&job);
}
