/* Questions with short answers: how many, which colour, where, on which side, what is done. */
#include "fusion/rule_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_countable(const gaze_rule_job *job, const gaze_seen *seen) {
  return seen->n && seen->n <= GAZE_RULE_COUNT && gaze_rule_can_say(job, seen) &&
         gaze_noun_is_counted(&job->facts->nouns->items[seen->noun]);
}

static void gather_counts(gaze_rule_pool *pool) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->n_seen; i++)
    if (is_countable(pool->job, &facts->seen[i]))
      gaze_rule_offer(pool, &(gaze_rule_choice){.seen = &facts->seen[i], .key = facts->seen[i].n});
}

static gaze_err write_count(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, NULL);
  char digits[24];
  snprintf(digits, sizeof digits, "%zu", choice->seen->n);
  return gaze_rule_turn(job, &phrase, "count.question", "count.answer", gaze_rule_is_brief(job) ? "number.hint" : NULL,
                        digits);
}

static void gather_colours(gaze_rule_pool *pool) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->n_seen; i++) {
    const gaze_seen *seen = &facts->seen[i];
    bool plural = facts->nouns->items[seen->noun].plural;
    if (seen->colours && !plural && gaze_rule_can_say(pool->job, seen))
      gaze_rule_offer(pool, &(gaze_rule_choice){.seen = seen, .key = seen->colours});
  }
}

static gaze_err write_colour(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, NULL);
  gaze_text text = {0};
  char *colours;
  gaze_phrase_say_colours(job->language, choice->seen->colours, &text);
  GAZE_TRY(gaze_text_take(&text, &colours));
  gaze_err err = gaze_rule_turn(job, &phrase, "colour.question", "colour.answer",
                                gaze_rule_is_brief(job) ? "short.hint" : NULL, colours);
  free(colours);
  return err;
}

/* The place that all boxes of a noun share. */
static gaze_place common_place(const gaze_facts *facts, const gaze_seen *seen) {
  gaze_place place = gaze_box_place(gaze_facts_box(facts, seen->noun, 0));
  for (size_t i = 1; i < seen->n_boxes; i++)
    if (gaze_box_place(gaze_facts_box(facts, seen->noun, i)) != place)
      return GAZE_PLACES;
  return place;
}

static void gather_places(gaze_rule_pool *pool) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->n_seen; i++) {
    const gaze_seen *seen = &facts->seen[i];
    if (!seen->n_boxes || !gaze_rule_can_say(pool->job, seen))
      continue;
    gaze_rule_choice choice = {.seen = seen, .place = common_place(facts, seen), .place2 = GAZE_PLACES};
    if (choice.place == GAZE_PLACES && seen->n_boxes == 2) {
      choice.place = gaze_box_place(gaze_facts_box(facts, seen->noun, 0));
      choice.place2 = gaze_box_place(gaze_facts_box(facts, seen->noun, 1));
      if (choice.place2 == GAZE_PLACES)
        continue;
    }
    choice.key = choice.place2 == GAZE_PLACES ? choice.place : GAZE_PLACES;
    if (choice.place != GAZE_PLACES)
      gaze_rule_offer(pool, &choice);
  }
}

static gaze_err write_place(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, NULL);
  bool many = choice->seen->many || phrase.thing.noun->plural, two = choice->place2 != GAZE_PLACES;
  phrase.place = gaze_phrase_pick(job->language, gaze_place_lists[choice->place], job->random);
  if (two)
    phrase.place2 = gaze_phrase_pick(job->language, gaze_place_lists[choice->place2], job->random);
  const char *question = many ? "where.question.many" : "where.question";
  bool all = job->language == GAZE_KOREAN ? choice->seen->many : many; /* scissors are one thing in Korean */
  const char *answer = two ? "where.answer.two" : all ? "where.answer.many" : "where.answer";
  bool brief = !two && gaze_rule_is_brief(job);
  return gaze_rule_turn(job, &phrase, question, answer, brief ? "short.hint" : NULL, phrase.place);
}

/* Only things of which there is one, each with a box. */
static void gather_sides(gaze_rule_pool *pool) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->n_seen; i++)
    for (size_t k = 0; k < facts->n_seen; k++) {
      const gaze_seen *seen = &facts->seen[i], *seen2 = &facts->seen[k];
      if (i == k || seen->n_boxes != 1 || seen2->n_boxes != 1 || !gaze_rule_can_say(pool->job, seen) ||
          !gaze_rule_can_say(pool->job, seen2))
        continue;
      gaze_side side = gaze_box_side(gaze_facts_box(facts, seen->noun, 0), gaze_facts_box(facts, seen2->noun, 0));
      if (side != GAZE_SIDES)
        gaze_rule_offer(pool, &(gaze_rule_choice){.seen = seen, .seen2 = seen2, .side = side, .key = side});
    }
}

static const char *side_words(gaze_rule_job *job, gaze_side side) {
  return gaze_phrase_pick(job->language, gaze_side_lists[side], job->random);
}

static gaze_err write_side(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, choice->seen2);
  phrase.side = side_words(job, choice->side);
  return gaze_rule_turn(job, &phrase, "side.question", "side.answer", NULL, NULL);
}

/* As often yes as no: the side asked about is the true one or its opposite. */
static gaze_err write_check(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, choice->seen2);
  uint32_t *tally = job->writer->tallies[GAZE_TALLY_CHECK];
  bool yes = tally[1] != tally[0] ? tally[1] < tally[0] : gaze_random_below(job->random, 2) == 1;
  gaze_side opposite = gaze_side_opposite(choice->side);
  tally[yes]++;
  phrase.side = side_words(job, yes ? choice->side : opposite);
  phrase.other = side_words(job, yes ? opposite : choice->side);
  const char *word = gaze_lines_section(gaze_lines_phrases(job->language), yes ? "yes" : "no").items[0];
  return gaze_rule_turn(job, &phrase, "side.check", yes ? "side.yes" : "side.no",
                        gaze_rule_is_brief(job) ? "yesno.hint" : NULL, word);
}

/* Whether the verb has words of its own in Korean, where objects are left out. */
static bool says_korean(const gaze_caption *caption, const gaze_action *action) {
  size_t length = 0;
  const char *said = action->line < 0 ? "" : gaze_line_field(gaze_lines_verbs().items[action->line], 3, &length);
  return length && (strncmp(said, "무언가", strlen("무언가")) == 0 || !gaze_caption_has_object(caption, action->verb));
}

/* Somebody who is certainly there, as one caption tells of them. */
static void gather_actions(gaze_rule_pool *pool) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->sample->n_captions; i++) {
    gaze_rule_choice choice = {.line = i};
    const gaze_caption *caption = &facts->captions[i];
    if (!gaze_caption_find_action(facts->nouns, caption, &choice.action))
      continue;
    const gaze_mention *subject = &caption->mentions[choice.action.mention];
    choice.seen = gaze_facts_find(facts, subject->noun);
    bool fits = choice.seen && choice.seen->many == subject->plural && gaze_rule_can_say(pool->job, choice.seen);
    bool korean = pool->job->language == GAZE_KOREAN;
    choice.key = choice.action.line < 0 ? GAZE_RULE_KEYS - 1 : (size_t)choice.action.line;
    if (fits && (!korean || says_korean(caption, &choice.action)))
      gaze_rule_offer(pool, &choice);
  }
}

/* "The boy is jumping off a rock." */
static void say_action(const gaze_rule_job *job, const gaze_rule_choice *choice, gaze_text *text) {
  const gaze_caption *caption = &job->facts->captions[choice->line];
  const gaze_word *verb = &caption->words[choice->action.verb];
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, NULL);
  gaze_phrase_say(&phrase, "{The} {is} ", text);
  if (choice->action.line < 0) {
    gaze_text_add(text, caption->lower + verb->start, verb->length);
  } else {
    size_t length;
    const char *word = gaze_line_field(gaze_lines_verbs().items[choice->action.line], 2, &length);
    gaze_text_add(text, word, length);
  }
  gaze_caption_say_rest(caption, choice->action.verb, text);
}

static gaze_err write_action(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, NULL);
  gaze_text text = {0};
  char *said;
  if (job->language == GAZE_KOREAN)
    gaze_text_say(&text, gaze_line_field(gaze_lines_verbs().items[choice->action.line], 3, &(size_t){0}));
  else
    say_action(job, choice, &text);
  GAZE_TRY(gaze_text_take(&text, &said));
  phrase.sentence = phrase.action = said;
  gaze_err err = gaze_rule_turn(job, &phrase, "doing.question", "doing.answer", NULL, NULL);
  free(said);
  return err;
}

const gaze_rule_kind gaze_rule_questions[] = {
    {gather_counts, write_count, true}, {gather_colours, write_colour, true}, {gather_places, write_place, true},
    {gather_sides, write_side, true},   {gather_sides, write_check, false},   {gather_actions, write_action, false}};
const size_t gaze_rule_n_questions = sizeof gaze_rule_questions / sizeof *gaze_rule_questions;
