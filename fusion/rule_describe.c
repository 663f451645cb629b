/* Describing: what is this, which things are there, a sentence, a whole text. */
#include "fusion/rule_parts.h"

#include <stdlib.h>

enum { OPENING_WHAT, OPENING_LIST, OPENING_BRIEF };
enum { PLACES_SAID = 3, SIDES_SAID = 2, COLOURS_SAID = 2, SENTENCES = 2 }; /* of a description; the fewest of one */

/* Digits alone are in every language. */
static bool has_words(const gaze_caption *caption, gaze_language language) {
  bool alone = !caption->known[language == GAZE_KOREAN ? GAZE_ENGLISH : GAZE_KOREAN];
  return caption->known[language] && alone && (caption->n_words || language == GAZE_KOREAN);
}

static void gather_openings(gaze_rule_pool *pool) {
  const gaze_seen *list[GAZE_RULE_LIST], *main = gaze_rule_main(pool->job);
  if (main)
    gaze_rule_offer(pool, &(gaze_rule_choice){.seen = main, .key = OPENING_WHAT});
  if (gaze_rule_list(pool->job, list) > 1)
    gaze_rule_offer(pool, &(gaze_rule_choice){.key = OPENING_LIST});
  for (size_t i = 0; i < pool->job->facts->sample->n_captions; i++)
    if (has_words(&pool->job->facts->captions[i], pool->job->language))
      gaze_rule_offer(pool, &(gaze_rule_choice){.line = i, .key = OPENING_BRIEF});
}

static gaze_err take_caption(const gaze_rule_job *job, size_t i, gaze_phrase *phrase, char **out) {
  gaze_text text = {0};
  gaze_caption_say(&job->facts->captions[i], &text);
  GAZE_TRY(gaze_text_take(&text, out));
  phrase->sentence = *out;
  return GAZE_OK;
}

static gaze_err write_opening(gaze_rule_job *job, const gaze_rule_choice *choice) {
  static const char *const lists[][2] = {[OPENING_WHAT] = {"what.question", "what.answer"},
                                         [OPENING_LIST] = {"list.question", "list.answer"},
                                         [OPENING_BRIEF] = {"brief.question", "brief.answer"}};
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, NULL);
  const char *answer = lists[choice->key][1];
  char *said = NULL;
  if (choice->key == OPENING_LIST)
    GAZE_TRY(gaze_rule_take_list(job, &phrase, &said));
  else if (choice->key == OPENING_BRIEF)
    GAZE_TRY(take_caption(job, choice->line, &phrase, &said));
  else if (choice->seen->many || phrase.thing.noun->plural)
    answer = "what.answer.many";
  gaze_err err = gaze_rule_turn(job, &phrase, lists[choice->key][0], answer, NULL, NULL);
  free(said);
  return err;
}

const gaze_rule_kind gaze_rule_openings = {gather_openings, write_opening, false};

/* A description under way. */
typedef struct description {
  gaze_rule_job *job;
  gaze_text text;
  size_t sentences;
} description;

static void begin_sentence(description *d) {
  if (d->sentences++)
    gaze_text_say(&d->text, " ");
}

static void add_phrase(description *d, const gaze_phrase *phrase, const char *list) {
  begin_sentence(d);
  gaze_phrase_draw(phrase, list, d->job->random, &d->text);
}

static bool names(const gaze_caption *caption, size_t noun) {
  for (size_t m = 0; m < caption->n_mentions; m++)
    if (caption->mentions[m].noun == noun)
      return true;
  return false;
}

/* How many new things a caption adds to one that was said; 0 where both may differ on who is there. */
static size_t count_new(const gaze_facts *facts, const gaze_caption *caption, const gaze_caption *said) {
  size_t n = 0;
  for (size_t m = 0; m < caption->n_mentions; m++) {
    gaze_noun_kind kind = facts->nouns->items[caption->mentions[m].noun].kind;
    if (names(said, caption->mentions[m].noun))
      continue;
    if (kind == GAZE_NOUN_PERSON || kind == GAZE_NOUN_ANIMAL)
      return 0;
    n++;
  }
  return n;
}

/* The caption that names most, and one that adds most to it. */
static void add_captions(description *d) {
  const gaze_facts *facts = d->job->facts;
  const gaze_caption *first = NULL, *second = NULL;
  size_t most = 0;
  for (size_t i = 0; i < facts->sample->n_captions; i++)
    if (facts->captions[i].n_words && (!first || facts->captions[i].n_mentions > first->n_mentions))
      first = &facts->captions[i];
  for (size_t i = 0; first && i < facts->sample->n_captions; i++) {
    size_t n = count_new(facts, &facts->captions[i], first);
    second = n > most ? &facts->captions[i] : second;
    most = n > most ? n : most;
  }
  for (int i = 0; i < 2; i++)
    if (i ? second : first) {
      begin_sentence(d);
      gaze_caption_say(i ? second : first, &d->text);
    }
}

static gaze_err add_list(description *d) {
  const gaze_seen *list[GAZE_RULE_LIST];
  gaze_phrase phrase = gaze_rule_phrase(d->job, NULL, NULL);
  char *said;
  bool needed = d->job->facts->sample->n_objects || d->job->language == GAZE_KOREAN;
  if (!needed || gaze_rule_list(d->job, list) < 2)
    return GAZE_OK;
  GAZE_TRY(gaze_rule_take_list(d->job, &phrase, &said));
  add_phrase(d, &phrase, "detail.list");
  free(said);
  return GAZE_OK;
}

static void add_places(description *d) {
  const gaze_facts *facts = d->job->facts;
  size_t said = 0;
  for (size_t i = 0; i < facts->n_seen && said < PLACES_SAID; i++) {
    const gaze_seen *seen = &facts->seen[i];
    gaze_place place = seen->n_boxes == 1 ? gaze_box_place(gaze_facts_box(facts, seen->noun, 0)) : GAZE_PLACES;
    if (place == GAZE_PLACES || !gaze_rule_can_say(d->job, seen))
      continue;
    gaze_phrase phrase = gaze_rule_phrase(d->job, seen, NULL);
    phrase.place = gaze_phrase_pick(d->job->language, gaze_place_lists[place], d->job->random);
    add_phrase(d, &phrase, phrase.thing.noun->plural ? "detail.places" : "detail.place");
    said++;
  }
}

static bool can_stand_beside(const description *d, const gaze_seen *seen) {
  return seen->n_boxes == 1 && gaze_rule_can_say(d->job, seen);
}

static void add_sides(description *d) {
  const gaze_facts *facts = d->job->facts;
  size_t said = 0;
  for (size_t i = 0; i < facts->n_seen; i++)
    for (size_t k = i + 1; k < facts->n_seen && said < SIDES_SAID; k++) {
      const gaze_seen *seen = &facts->seen[i], *seen2 = &facts->seen[k];
      if (!can_stand_beside(d, seen) || !can_stand_beside(d, seen2))
        continue;
      gaze_side side = gaze_box_side(gaze_facts_box(facts, seen->noun, 0), gaze_facts_box(facts, seen2->noun, 0));
      if (side == GAZE_SIDES)
        continue;
      gaze_phrase phrase = gaze_rule_phrase(d->job, seen, seen2);
      phrase.side = gaze_phrase_pick(d->job->language, gaze_side_lists[side], d->job->random);
      add_phrase(d, &phrase, "detail.side");
      said++;
    }
}

static void add_colours(description *d) {
  const gaze_facts *facts = d->job->facts;
  size_t said = 0;
  for (size_t i = 0; i < facts->n_seen && said < COLOURS_SAID; i++) {
    const gaze_seen *seen = &facts->seen[i];
    if (!seen->colours || facts->nouns->items[seen->noun].plural || !gaze_rule_can_say(d->job, seen))
      continue;
    gaze_phrase phrase = gaze_rule_phrase(d->job, seen, NULL);
    add_phrase(d, &phrase, "detail.colour");
    said++;
  }
}

static void add_largest(description *d) {
  const gaze_seen *main = gaze_rule_main(d->job);
  if (!main || main->n_boxes != 1)
    return;
  gaze_phrase phrase = gaze_rule_phrase(d->job, main, NULL);
  add_phrase(d, &phrase, "detail.largest");
}

gaze_err gaze_rule_describe(gaze_rule_job *job) {
  description d = {.job = job};
  gaze_phrase phrase = gaze_rule_phrase(job, NULL, NULL);
  char *question, *answer;
  if (job->language == GAZE_ENGLISH)
    add_captions(&d);
  gaze_err err = add_list(&d);
  add_places(&d);
  add_sides(&d);
  add_colours(&d);
  add_largest(&d);
  if (err != GAZE_OK || d.sentences < SENTENCES) {
    gaze_text_fini(&d.text);
    return err;
  }
  GAZE_TRY(gaze_text_take(&d.text, &answer));
  gaze_phrase_draw(&phrase, "detail.question", job->random, &d.text);
  err = gaze_text_take(&d.text, &question);
  if (err == GAZE_OK)
    gaze_turns_add(job->turns, question, answer);
  else
    free(answer);
  return err;
}
