/* Questions that take thought: what follows from the things together, and from their numbers, places and sizes. */
#include "fusion/rule_parts.h"

#include <stdlib.h>
#include <string.h>

enum { ORDERED = 4 }; /* most things that are put in order */
static const float much_larger = 2;

/* A person is whoever is seen. */
static bool is_there(const gaze_rule_job *job, const char *name, size_t length) {
  for (size_t i = 0; i < job->facts->n_seen; i++) {
    const gaze_noun *noun = &job->facts->nouns->items[job->facts->seen[i].noun];
    bool person = noun->kind == GAZE_NOUN_PERSON && length == 6 && memcmp(name, "person", 6) == 0;
    if (person || (strlen(noun->one) == length && memcmp(name, noun->one, length) == 0))
      return true;
  }
  return false;
}

static void gather_rules(gaze_rule_pool *pool) {
  gaze_lines lines = gaze_lines_reasoning(pool->job->language);
  for (size_t i = 0; i < lines.n; i++) {
    size_t length;
    bool all = true;
    const char *at = gaze_line_field(lines.items[i], 0, &length);
    for (const char *end = at + length; at < end && all;) {
      size_t n = strcspn(at, ",\t");
      all = is_there(pool->job, at, n);
      at += n + 1;
    }
    if (all)
      gaze_rule_offer(pool, &(gaze_rule_choice){.line = i, .key = i});
  }
}

static gaze_err write_rule(gaze_rule_job *job, const gaze_rule_choice *choice) {
  const char *line = gaze_lines_reasoning(job->language).items[choice->line];
  gaze_text text = {0};
  char *said[2] = {NULL, NULL};
  for (size_t i = 0; i < 2; i++) {
    size_t length;
    const char *field = gaze_line_field(line, i + 1, &length);
    gaze_text_add(&text, field, length);
    gaze_err err = gaze_text_take(&text, &said[i]);
    if (err != GAZE_OK) {
      free(said[0]);
      return err;
    }
  }
  gaze_turns_add(job->turns, said[0], said[1]);
  return GAZE_OK;
}

static bool has_few_boxes(const gaze_rule_job *job, const gaze_seen *seen) {
  return seen->n_boxes && seen->n_boxes <= GAZE_RULE_COUNT && gaze_rule_can_say(job, seen) &&
         gaze_noun_is_counted(&job->facts->nouns->items[seen->noun]);
}

/* Pairs of counted things, the more numerous first; two single things are no question. */
static void gather_pairs(gaze_rule_pool *pool, bool sum) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->n_seen; i++)
    for (size_t k = 0; k < facts->n_seen; k++) {
      const gaze_seen *seen = &facts->seen[i], *seen2 = &facts->seen[k];
      bool ordered = seen->n_boxes > seen2->n_boxes || (seen->n_boxes == seen2->n_boxes && i < k);
      if (ordered && seen->n_boxes > 1 && has_few_boxes(pool->job, seen) && has_few_boxes(pool->job, seen2))
        gaze_rule_offer(pool, &(gaze_rule_choice){
                                  .seen = seen, .seen2 = seen2, .key = sum ? seen->n + seen2->n : seen->n == seen2->n});
    }
}

static void gather_comparisons(gaze_rule_pool *pool) { gather_pairs(pool, false); }
static void gather_sums(gaze_rule_pool *pool) { gather_pairs(pool, true); }

static gaze_err write_comparison(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase asked = gaze_rule_phrase(job, choice->seen, choice->seen2);
  bool equal = choice->seen->n == choice->seen2->n, turned = gaze_random_below(job->random, 2);
  gaze_phrase order = turned ? gaze_rule_phrase(job, choice->seen2, choice->seen) : asked;
  return gaze_rule_pair(job, &order, "compare.question", &asked, equal ? "equal.answer" : "compare.answer");
}

static gaze_err write_sum(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase phrase = gaze_rule_phrase(job, choice->seen, choice->seen2);
  phrase.sum = choice->seen->n + choice->seen2->n;
  return gaze_rule_turn(job, &phrase, "total.question", "total.answer", NULL, NULL);
}

static const gaze_object *only_box(const gaze_rule_job *job, const gaze_seen *seen) {
  bool only =
      seen->n_boxes == 1 && gaze_rule_can_say(job, seen) && gaze_noun_is_counted(&job->facts->nouns->items[seen->noun]);
  return only ? gaze_facts_box(job->facts, seen->noun, 0) : NULL;
}

/* Single things from left to right whose boxes lie one clearly after the other. Returns how many there are. */
static size_t order_things(const gaze_rule_job *job, const gaze_seen **out) {
  size_t n = 0;
  for (size_t i = 0; i < job->facts->n_seen && n < ORDERED; i++) {
    const gaze_object *box = only_box(job, &job->facts->seen[i]);
    size_t at = 0;
    bool clear = box;
    for (size_t k = 0; k < n && clear; k++) {
      const gaze_object *other = only_box(job, out[k]);
      at += other->x < box->x;
      clear = other->x + other->width <= box->x || box->x + box->width <= other->x;
    }
    if (!clear)
      continue;
    memmove(out + at + 1, out + at, (n++ - at) * sizeof *out);
    out[at] = &job->facts->seen[i];
  }
  return n;
}

static void gather_orders(gaze_rule_pool *pool) {
  const gaze_seen *things[ORDERED];
  size_t n = order_things(pool->job, things);
  if (n >= 3)
    gaze_rule_offer(pool, &(gaze_rule_choice){.key = n});
}

static void say_the_things(const gaze_rule_job *job, const gaze_seen *const *things, size_t n, gaze_text *text) {
  for (size_t i = 0; i < n; i++) {
    gaze_phrase phrase = gaze_rule_phrase(job, things[i], NULL);
    bool korean = job->language == GAZE_KOREAN;
    gaze_text_say(text, i == 0 ? "" : i + 1 == n && !korean ? " and " : ", ");
    gaze_phrase_say(&phrase, korean ? "{thing}" : "{the}", text);
  }
}

static gaze_err write_order(gaze_rule_job *job, const gaze_rule_choice *choice) {
  const gaze_seen *things[ORDERED], *asked[ORDERED];
  uint32_t order[ORDERED];
  size_t n = order_things(job, things);
  gaze_phrase phrase = gaze_rule_phrase(job, NULL, NULL);
  gaze_text text = {0};
  char *list, *ordered = NULL;
  for (uint32_t i = 0; i < n; i++)
    order[i] = i;
  gaze_random_shuffle(job->random, order, n);
  for (size_t i = 0; i < n; i++)
    asked[i] = things[order[i]];
  say_the_things(job, asked, n, &text);
  GAZE_TRY(gaze_text_take(&text, &list));
  say_the_things(job, things, n, &text);
  gaze_err err = gaze_text_take(&text, &ordered);
  phrase.list = list;
  phrase.ordered = ordered;
  if (err == GAZE_OK)
    err = gaze_rule_turn(job, &phrase, "leftright.question", "leftright.answer", NULL, NULL);
  free(list);
  free(ordered);
  return err;
}

static void gather_sizes(gaze_rule_pool *pool) {
  const gaze_facts *facts = pool->job->facts;
  for (size_t i = 0; i < facts->n_seen; i++)
    for (size_t k = 0; k < facts->n_seen; k++) {
      const gaze_seen *seen = &facts->seen[i], *seen2 = &facts->seen[k];
      if (only_box(pool->job, seen) && only_box(pool->job, seen2) && seen2->area > 0 &&
          seen->area >= much_larger * seen2->area)
        gaze_rule_offer(pool, &(gaze_rule_choice){.seen = seen, .seen2 = seen2, .key = seen->noun});
    }
}

/* The larger thing is named first or second, by chance. */
static gaze_err write_size(gaze_rule_job *job, const gaze_rule_choice *choice) {
  gaze_phrase answer = gaze_rule_phrase(job, choice->seen, choice->seen2);
  gaze_phrase asked = gaze_random_below(job->random, 2) ? gaze_rule_phrase(job, choice->seen2, choice->seen) : answer;
  return gaze_rule_pair(job, &asked, "size.question", &answer, "size.answer");
}

const gaze_rule_kind gaze_rule_reasons[] = {{gather_rules, write_rule, false},
                                            {gather_comparisons, write_comparison, false},
                                            {gather_sums, write_sum, false},
                                            {gather_orders, write_order, false},
                                            {gather_sizes, write_size, false}};
const size_t gaze_rule_n_reasons = sizeof gaze_rule_reasons / sizeof *gaze_rule_reasons;
