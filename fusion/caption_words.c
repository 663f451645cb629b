#include "fusion/caption_words.h"

#include "core/base/memory.h"
#include "fusion/instruct_lists.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NOUN_WORDS = 3, LOOK_BACK = 5 }; /* of a noun's name; words before it that may belong to it */

/* Words before which a noun's own words end, parted by spaces. */
static const char breaking[] =
    "of in on at to with and or the is are was were by for from near into onto over under through "
    "while who that which as his her their its behind beside between across along against around up "
    "down off out this these those it he she they there has have";
static const char vague[] = "another other second several many some few multiple numerous various more both all any";
static const char not_there[] =
    "no without toy stuffed fake plastic inflatable painted statue sculpture photo picture painting "
    "drawing cartoon";
static const char numbers[] = "one two three four five six seven eight nine ten";

static bool is_in(const char *list, const char *word, size_t length) {
  return gaze_list_has(list, strlen(list), ' ', word, length);
}

static const char *word_at(const gaze_caption *c, size_t i, size_t *length) {
  *length = c->words[i].length;
  return c->lower + c->words[i].start;
}

bool gaze_caption_word_is(const gaze_caption *caption, size_t i, const char *word) {
  size_t length;
  const char *text;
  if (i >= caption->n_words)
    return false;
  text = word_at(caption, i, &length);
  return strlen(word) == length && memcmp(text, word, length) == 0;
}

static bool is_listed(const gaze_caption *c, size_t i, const char *list) {
  size_t length;
  const char *text = word_at(c, i, &length);
  return is_in(list, text, length);
}

static bool ends_word(const gaze_caption *c, size_t i, const char *ending) {
  size_t length, n = strlen(ending);
  const char *text = word_at(c, i, &length);
  return length > n + 1 && memcmp(text + length - n, ending, n) == 0;
}

static bool is_letter(char c) { return isalnum((unsigned char)c) || c == '\'' || c == '-' || (unsigned char)c >= 0x80; }

static void cut_words(gaze_caption *c) {
  const char *at = c->lower;
  while (*at && c->n_words < GAZE_CAPTION_WORDS) {
    while (*at && !is_letter(*at))
      at++;
    const char *start = at;
    while (*at && is_letter(*at))
      at++;
    const char *end = at;
    while (start < end && (*start == '\'' || *start == '-'))
      start++;
    while (start < end && (end[-1] == '\'' || end[-1] == '-'))
      end--;
    if (start < end)
      c->words[c->n_words++] = (gaze_word){(size_t)(start - c->lower), (size_t)(end - start)};
  }
}

static ptrdiff_t find_colour(const gaze_caption *c, size_t i) {
  gaze_lines lines = gaze_lines_colours();
  size_t length;
  const char *word = word_at(c, i, &length);
  for (size_t line = 0; line < lines.n; line++) {
    size_t n;
    const char *field = gaze_line_field(lines.items[line], 0, &n);
    if (gaze_list_has(field, n, '|', word, length))
      return (ptrdiff_t)line;
  }
  return -1;
}

static bool is_possessive(const gaze_caption *c, size_t i) { return ends_word(c, i, "'s"); }

/* A noun of n words that begins at word i. */
static ptrdiff_t find_noun(const gaze_nouns *nouns, const gaze_caption *c, size_t i, size_t n, bool *plural) {
  char name[96];
  size_t used = 0;
  if (i + n > c->n_words)
    return -1;
  for (size_t k = i; k < i + n; k++) {
    size_t length;
    const char *word = word_at(c, k, &length);
    length -= k + 1 == i + n && is_possessive(c, k) ? 2 : 0;
    if (used + length + 1 > sizeof name)
      return -1;
    if (used)
      name[used++] = ' ';
    memcpy(name + used, word, length);
    used += length;
  }
  return gaze_nouns_find(nouns, name, used, plural);
}

/* "orange" is a fruit where nothing follows that it could be the colour of: "an orange on". */
static bool is_colour_here(const gaze_caption *c, size_t i) {
  if (find_colour(c, i) < 0)
    return false;
  bool article = i > 0 && (gaze_caption_word_is(c, i - 1, "an") || gaze_caption_word_is(c, i - 1, "a") ||
                           gaze_caption_word_is(c, i - 1, "one"));
  return !article || (i + 1 < c->n_words && !is_listed(c, i + 1, breaking));
}

static bool is_alive(const gaze_nouns *nouns, const gaze_mention *mention) {
  gaze_noun_kind kind = nouns->items[mention->noun].kind;
  return kind == GAZE_NOUN_PERSON || kind == GAZE_NOUN_ANIMAL;
}

/* "a man waves", "two men fish", "to drink": what is a noun elsewhere is what somebody does here. */
static bool is_verb_here(const gaze_nouns *nouns, const gaze_caption *c, const gaze_mention *mention) {
  const gaze_mention *before = c->n_mentions ? &c->mentions[c->n_mentions - 1] : NULL;
  bool adjacent = before && before->last + 1 == mention->first && mention->first == mention->last;
  if (adjacent && is_alive(nouns, before) && !is_alive(nouns, mention) && !is_possessive(c, before->last))
    return before->plural != mention->plural;
  return mention->first > 0 && gaze_caption_word_is(c, mention->first - 1, "to") &&
         is_listed(c, mention->first, "fish drink swing surf ski skate ride board");
}

static size_t number_at(const gaze_caption *c, size_t i) {
  size_t length, n = 1;
  const char *word = word_at(c, i, &length);
  if (length == 1 && *word >= '1' && *word <= '9')
    return (size_t)(*word - '0');
  if (length == 1 && *word == 'a')
    return 1;
  if (length == 2 && memcmp(word, "an", 2) == 0)
    return 1;
  for (const char *at = numbers; *at; n++) {
    size_t end = strcspn(at, " ");
    if (end == length && memcmp(at, word, length) == 0)
      return n;
    at += end + (at[end] == ' ');
  }
  return 0;
}

/* Number and colours stand before a noun among its adjectives. */
static void look_back(const gaze_caption *c, gaze_mention *mention) {
  size_t first = mention->first > LOOK_BACK ? mention->first - LOOK_BACK : 0;
  for (size_t i = mention->first; i-- > first;) {
    ptrdiff_t colour = find_colour(c, i);
    bool joins = gaze_caption_word_is(c, i, "and") && mention->colours && i > 0 && find_colour(c, i - 1) >= 0;
    if (colour >= 0)
      mention->colours |= 1u << colour;
    if (is_listed(c, i, not_there))
      mention->shown = false;
    if (is_listed(c, i, vague))
      mention->vague = true;
    mention->number = number_at(c, i);
    if (mention->number && i > 0 && gaze_caption_word_is(c, i - 1, "without"))
      mention->shown = false;
    if (mention->number || mention->vague)
      return;
    if (colour < 0 && !joins && (is_listed(c, i, breaking) || ends_word(c, i, "ing") || ends_word(c, i, "ed")))
      return;
  }
}

/* A noun right before another one only says of what kind that is. */
static void look_ahead(const gaze_nouns *nouns, const gaze_caption *c, gaze_mention *mention) {
  size_t next = mention->last + 1;
  bool plural = false;
  if (next >= c->n_words || is_possessive(c, mention->last) || is_colour_here(c, next))
    return;
  const char *between = c->lower + c->words[mention->last].start + c->words[mention->last].length;
  if (memchr(between, ',', (size_t)(c->lower + c->words[next].start - between)))
    return;
  ptrdiff_t noun = find_noun(nouns, c, next, 1, &plural);
  gaze_mention other = {.noun = noun < 0 ? 0 : (size_t)noun};
  bool verb = noun >= 0 && is_alive(nouns, mention) && !is_alive(nouns, &other) && plural != mention->plural;
  mention->shown = mention->shown && (noun < 0 || verb);
}

/* Reads the mention that begins at word i, if any. Returns how many words it has. */
static size_t read_mention(const gaze_nouns *nouns, gaze_caption *c, size_t i) {
  for (size_t n = NOUN_WORDS; n; n--) {
    bool plural = false;
    ptrdiff_t noun = find_noun(nouns, c, i, n, &plural);
    if (noun < 0 || (n == 1 && is_colour_here(c, i)))
      continue;
    gaze_mention mention = {.noun = (size_t)noun, .first = i, .last = i + n - 1, .plural = plural, .shown = true};
    look_back(c, &mention);
    look_ahead(nouns, c, &mention);
    if (is_verb_here(nouns, c, &mention))
      mention.shown = false;
    c->mentions[c->n_mentions++] = mention;
    return n;
  }
  return 1;
}

gaze_err gaze_caption_read(const gaze_nouns *nouns, const char *text, gaze_caption *out) {
  *out = (gaze_caption){.text = text};
  for (gaze_language language = 0; language < GAZE_LANGUAGES; language++)
    out->known[language] = gaze_is_in_language(text, language);
  GAZE_TRY(gaze_strdup(text, &out->lower));
  for (char *c = out->lower; *c; c++)
    if (*c >= 'A' && *c <= 'Z')
      *c = (char)(*c - 'A' + 'a');
  if (out->known[GAZE_ENGLISH])
    cut_words(out);
  for (size_t i = 0; i < out->n_words && out->n_mentions < GAZE_CAPTION_MENTIONS;)
    i += read_mention(nouns, out, i);
  return GAZE_OK;
}

void gaze_caption_fini(gaze_caption *caption) {
  free(caption->lower);
  caption->lower = NULL;
}
