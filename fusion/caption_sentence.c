/* Captions as sentences, and what somebody does in them. */
#include "fusion/caption_words.h"
#include "fusion/instruct_lists.h"

#include <ctype.h>
#include <string.h>

enum { SUBJECT_WITHIN = 7, VERB_WITHIN = 7 }; /* words from the start to the subject, and from it to the verb */

/* The text without blanks at its ends, and without stops at the last. */
static void trim(const char **at, size_t *length) {
  while (*length && (isspace((unsigned char)(*at)[*length - 1]) || (*at)[*length - 1] == '.'))
    --*length;
  while (*length && isspace((unsigned char)**at))
    ++*at, --*length;
}

/* Quotes around the whole, and one at an end that has no other. */
static void strip_quotes(const char **at, size_t *length) {
  size_t quotes = 0;
  for (size_t i = 0; i < *length; i++)
    quotes += (*at)[i] == '"';
  bool begins = quotes && **at == '"', ends = quotes && (*at)[*length - 1] == '"';
  bool whole = quotes == 2 && begins && ends, odd = quotes % 2;
  *length -= whole || (odd && ends);
  if (whole || (odd && begins && !ends))
    ++*at, --*length;
}

/* Without blanks at the ends and before signs. */
static void say_tidy(const char *at, bool capital, gaze_text *text) {
  size_t length = strlen(at);
  trim(&at, &length);
  strip_quotes(&at, &length);
  trim(&at, &length);
  for (size_t i = 0; i < length; i++) {
    char c = at[i];
    bool space = isspace((unsigned char)c), first = i == 0 && capital;
    if (space && i + 1 < length && (strchr(".,;:!?", at[i + 1]) || isspace((unsigned char)at[i + 1])))
      continue;
    c = space ? ' ' : first ? (char)toupper((unsigned char)c) : c;
    gaze_text_add(text, &c, 1);
  }
  if (length && !strchr("!?", at[length - 1]))
    gaze_text_say(text, ".");
}

void gaze_caption_say(const gaze_caption *caption, gaze_text *text) { say_tidy(caption->text, true, text); }

void gaze_caption_say_rest(const gaze_caption *caption, size_t i, gaze_text *text) {
  const char *rest = caption->text + caption->words[i].start + caption->words[i].length;
  if (i + 1 < caption->n_words)
    gaze_text_say(text, " ");
  say_tidy(rest, false, text);
  if (i + 1 == caption->n_words && (!text->n || text->bytes[text->n - 1] != '.'))
    gaze_text_say(text, ".");
}

/* The verb whose form this is: 0 as with many, 1 as with one, 2 with "ing". */
static ptrdiff_t find_verb(const gaze_caption *c, size_t i, size_t form) {
  gaze_lines lines = gaze_lines_verbs();
  for (size_t line = 0; line < lines.n; line++) {
    size_t length;
    const char *word = gaze_line_field(lines.items[line], form, &length);
    if (c->words[i].length == length && memcmp(c->lower + c->words[i].start, word, length) == 0)
      return (ptrdiff_t)line;
  }
  return -1;
}

static bool is_gerund(const gaze_caption *c, size_t i) {
  size_t length = c->words[i].length;
  return length > 4 && memcmp(c->lower + c->words[i].start + length - 3, "ing", 3) == 0;
}

static bool is_one_of(const gaze_caption *c, size_t i, const char *const *words, size_t n) {
  for (size_t k = 0; k < n; k++)
    if (gaze_caption_word_is(c, i, words[k]))
      return true;
  return false;
}

static bool ends_search(const gaze_caption *c, size_t i) {
  static const char *const ends[] = {"who", "that", "which", "while", "and", "as", "but", "being", "wearing"};
  return is_one_of(c, i, ends, sizeof ends / sizeof *ends);
}

bool gaze_caption_has_object(const gaze_caption *c, size_t i) {
  static const char *const others[] = {
      "in",       "on",   "at",     "by",      "near",   "through",  "across",  "along",  "over",    "under", "up",
      "down",     "into", "onto",   "off",     "around", "beside",   "behind",  "with",   "while",   "and",   "as",
      "together", "to",   "toward", "towards", "past",   "next",     "outside", "inside", "against", "from",  "out",
      "away",     "back", "for",    "between", "during", "outdoors", "happily", "alone",  "above",   "after"};
  return i + 1 < c->n_words && !is_one_of(c, i + 1, others, sizeof others / sizeof *others);
}

static bool begins_mention(const gaze_nouns *nouns, const gaze_caption *c, size_t i, bool alive) {
  for (size_t m = 0; m < c->n_mentions; m++) {
    gaze_noun_kind kind = nouns->items[c->mentions[m].noun].kind;
    if (c->mentions[m].first == i && c->mentions[m].shown)
      return !alive || kind == GAZE_NOUN_PERSON || kind == GAZE_NOUN_ANIMAL;
  }
  return false;
}

/* "a woman holding a purse stands": the sentence has another verb than the participle at word i. */
static bool goes_on(const gaze_nouns *nouns, const gaze_caption *c, size_t i, bool plural) {
  for (i++; i < c->n_words; i++)
    if (gaze_caption_word_is(c, i, "is") || gaze_caption_word_is(c, i, "are") ||
        (!begins_mention(nouns, c, i, false) && find_verb(c, i, plural ? 0 : 1) >= 0))
      return true;
  return false;
}

static bool find_predicate(const gaze_nouns *nouns, const gaze_caption *c, const gaze_mention *subject,
                           gaze_action *out) {
  size_t end = subject->last + 1 + VERB_WITHIN;
  bool helped = false;
  for (size_t i = subject->last + 1; i < c->n_words && i < end; i++) {
    if (ends_search(c, i) || begins_mention(nouns, c, i, true))
      return false;
    out->verb = i;
    out->line = find_verb(c, i, 2);
    if (helped && is_gerund(c, i))
      return true;
    if (out->line >= 0)
      return !goes_on(nouns, c, i, subject->plural);
    out->line = begins_mention(nouns, c, i, false) ? -1 : find_verb(c, i, subject->plural ? 0 : 1);
    if (out->line >= 0)
      return true;
    helped = gaze_caption_word_is(c, i, "is") || gaze_caption_word_is(c, i, "are");
  }
  return false;
}

bool gaze_caption_find_action(const gaze_nouns *nouns, const gaze_caption *caption, gaze_action *out) {
  for (size_t m = 0; m < caption->n_mentions; m++) {
    const gaze_mention *mention = &caption->mentions[m];
    if (!mention->shown || !begins_mention(nouns, caption, mention->first, true))
      continue;
    out->mention = m;
    return mention->first < SUBJECT_WITHIN && find_predicate(nouns, caption, mention, out);
  }
  return false;
}
