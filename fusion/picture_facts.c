#include "fusion/picture_facts.h"

#include "core/base/memory.h"
#include "fusion/instruct_lists.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const gaze_seen *gaze_facts_find(const gaze_facts *facts, size_t noun) {
  for (size_t i = 0; i < facts->n_seen; i++)
    if (facts->seen[i].noun == noun)
      return &facts->seen[i];
  return NULL;
}

const gaze_object *gaze_facts_box(const gaze_facts *facts, size_t noun, size_t i) {
  for (size_t k = 0; k < facts->sample->n_objects; k++)
    if (facts->object_nouns[k] == noun && i-- == 0)
      return &facts->sample->objects[k];
  return NULL;
}

/* What captions say of one noun. */
typedef struct noun_votes {
  size_t shown, plural, singular; /* captions */
  size_t number, numbered;        /* numbered: captions that say this number */
  uint32_t colours;
  bool unclear, coloured; /* unclear: several mentions in a caption, other numbers */
  bool colours_differ;
} noun_votes;

static void count_mention(const gaze_mention *mention, noun_votes *votes) {
  if (mention->plural)
    votes->plural++;
  else
    votes->singular++;
  votes->unclear |= mention->vague || (mention->number && votes->number && mention->number != votes->number);
  if (mention->number) {
    votes->number = mention->number;
    votes->numbered++;
  }
  if (mention->colours) {
    votes->colours_differ |= votes->coloured && votes->colours != mention->colours;
    votes->colours = mention->colours;
    votes->coloured = true;
  }
}

static noun_votes count_votes(const gaze_facts *facts, size_t noun) {
  noun_votes votes = {0};
  for (size_t i = 0; i < facts->sample->n_captions; i++) {
    const gaze_caption *caption = &facts->captions[i];
    size_t here = 0;
    for (size_t m = 0; m < caption->n_mentions; m++)
      if (caption->mentions[m].noun == noun && caption->mentions[m].shown) {
        here++;
        count_mention(&caption->mentions[m], &votes);
      }
    votes.shown += here > 0;
    votes.unclear |= here > 1;
  }
  return votes;
}

static size_t number_of(const noun_votes *votes) {
  bool agreed = !votes->unclear && 2 * votes->numbered >= votes->shown;
  bool fits = votes->number == 1 ? votes->plural == 0 : votes->singular == 0;
  return agreed && fits ? votes->number : 0;
}

static size_t count_boxes(const gaze_facts *facts, size_t noun, float *area) {
  size_t n = 0;
  *area = 0;
  for (size_t i = 0; i < facts->sample->n_objects; i++)
    if (facts->object_nouns[i] == noun) {
      *area += facts->sample->objects[i].width * facts->sample->objects[i].height;
      n++;
    }
  return n;
}

/* A thing is there where a box says so, or half of the captions. */
static gaze_err add_noun(gaze_facts *facts, size_t noun) {
  if (gaze_facts_find(facts, noun))
    return GAZE_OK;
  noun_votes votes = count_votes(facts, noun);
  gaze_seen seen = {.noun = noun, .votes = votes.shown};
  seen.n_boxes = count_boxes(facts, noun, &seen.area);
  if (!seen.n_boxes && 2 * votes.shown < facts->n_read)
    return GAZE_OK;
  const gaze_noun *word = &facts->nouns->items[noun];
  seen.n = seen.n_boxes ? seen.n_boxes : number_of(&votes);
  seen.many = seen.n ? seen.n > 1 : votes.plural > votes.singular || votes.unclear;
  bool only = seen.n == 1 || !gaze_noun_is_counted(word);
  if (only && !votes.colours_differ && !votes.plural && word->kind != GAZE_NOUN_PERSON)
    seen.colours = votes.colours;
  GAZE_TRY(gaze_grow(&facts->seen, &facts->seen_capacity, facts->n_seen + 1, sizeof *facts->seen));
  facts->seen[facts->n_seen++] = seen;
  return GAZE_OK;
}

static int compare_seen(const void *a, const void *b) {
  const gaze_seen *one = a, *other = b;
  if (one->area != other->area)
    return one->area > other->area ? -1 : 1;
  if (one->votes != other->votes)
    return one->votes > other->votes ? -1 : 1;
  return one->noun < other->noun ? -1 : one->noun > other->noun;
}

static void tell(gaze_facts *facts, size_t noun) {
  for (size_t i = 0; i < facts->nouns->n; i++)
    facts->told[i] |= gaze_nouns_are_near(facts->nouns, noun, i);
}

/* "surfing" speaks of waves. */
static void tell_implied(gaze_facts *facts, const gaze_caption *caption) {
  gaze_lines lines = gaze_lines_implied();
  bool plural;
  for (size_t i = 0; i < caption->n_words * lines.n; i++) {
    const gaze_word *word = &caption->words[i / lines.n];
    size_t n, n_things;
    const char *words = gaze_line_field(lines.items[i % lines.n], 0, &n);
    if (!gaze_list_has(words, n, '|', caption->lower + word->start, word->length))
      continue;
    const char *thing = gaze_line_field(lines.items[i % lines.n], 1, &n_things);
    for (const char *end = thing + n_things; thing < end;) {
      size_t length = strcspn(thing, ",");
      length = length < (size_t)(end - thing) ? length : (size_t)(end - thing);
      ptrdiff_t noun = gaze_nouns_find(facts->nouns, thing, length, &plural);
      if (noun >= 0)
        tell(facts, (size_t)noun);
      thing += length + 1;
    }
  }
}

static gaze_err read_objects(gaze_facts *facts) {
  const gaze_sample *sample = facts->sample;
  GAZE_TRY(gaze_alloc(sample->n_objects + 1, sizeof *facts->object_nouns, &facts->object_nouns));
  for (size_t i = 0; i < sample->n_objects; i++) {
    bool plural;
    ptrdiff_t noun = gaze_nouns_find(facts->nouns, sample->objects[i].name, strlen(sample->objects[i].name), &plural);
    assert(noun >= 0);
    facts->object_nouns[i] = (size_t)noun;
    tell(facts, (size_t)noun);
  }
  for (size_t i = 0; i < sample->n_objects; i++)
    GAZE_TRY(add_noun(facts, facts->object_nouns[i]));
  return GAZE_OK;
}

static gaze_err read_captions(gaze_facts *facts) {
  const gaze_sample *sample = facts->sample;
  GAZE_TRY(gaze_alloc(sample->n_captions + 1, sizeof *facts->captions, &facts->captions));
  for (size_t i = 0; i < sample->n_captions; i++) {
    gaze_caption *caption = &facts->captions[i];
    GAZE_TRY(gaze_caption_read(facts->nouns, sample->captions[i], caption));
    facts->n_read += caption->n_words > 0;
    for (size_t m = 0; m < caption->n_mentions; m++)
      tell(facts, caption->mentions[m].noun);
    tell_implied(facts, caption);
  }
  return GAZE_OK;
}

static gaze_err read_all(gaze_facts *facts) {
  GAZE_TRY(gaze_alloc(facts->nouns->n, sizeof *facts->told, &facts->told));
  GAZE_TRY(read_captions(facts));
  GAZE_TRY(read_objects(facts));
  for (size_t i = 0; i < facts->sample->n_captions; i++)
    for (size_t m = 0; m < facts->captions[i].n_mentions; m++)
      if (facts->captions[i].mentions[m].shown)
        GAZE_TRY(add_noun(facts, facts->captions[i].mentions[m].noun));
  if (facts->n_seen)
    qsort(facts->seen, facts->n_seen, sizeof *facts->seen, compare_seen);
  return GAZE_OK;
}

gaze_err gaze_facts_init(gaze_facts *facts, const gaze_nouns *nouns, const gaze_sample *sample) {
  *facts = (gaze_facts){.nouns = nouns, .sample = sample};
  gaze_err err = read_all(facts);
  if (err != GAZE_OK)
    gaze_facts_fini(facts);
  return err;
}

void gaze_facts_fini(gaze_facts *facts) {
  for (size_t i = 0; facts->captions && i < facts->sample->n_captions; i++)
    gaze_caption_fini(&facts->captions[i]);
  free(facts->captions);
  free(facts->object_nouns);
  free(facts->seen);
  free(facts->told);
  *facts = (gaze_facts){0};
}
