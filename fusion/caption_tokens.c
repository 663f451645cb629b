#include "fusion/caption_tokens.h"

#include "core/base/memory.h"
#include "text/points.h"

#include <stdlib.h>
#include <string.h>

typedef struct word_reader {
  const int32_t *at; /* [n], the text */
  size_t n;
  gaze_points out; /* words, a space behind each */
} word_reader;

/* Keep their period, wherever they stand. */
static const char *const abbreviations[] = {
    "ala",  "apr",  "ariz", "assn", "aug",  "ave",  "blvd", "bros", "calif", "capt", "co",  "col",  "colo",
    "conn", "corp", "dec",  "dept", "dr",   "esq",  "est",  "etc",  "feb",   "fla",  "fri", "ft",   "ga",
    "gen",  "gov",  "hon",  "inc",  "ind",  "jan",  "jr",   "jul",  "jun",   "kan",  "ky",  "lt",   "ltd",
    "mar",  "md",   "mich", "minn", "mo",   "mon",  "mont", "mr",   "mrs",   "ms",   "mt",  "neb",  "nev",
    "nov",  "oct",  "okla", "ph.d", "pres", "prof", "rd",   "rep",  "rev",   "sen",  "sep", "sept", "sgt",
    "sr",   "st",   "tenn", "thu",  "tue",  "univ", "va",   "vs",   "vt",    "wis"};
/* A single letter before one of these ends a sentence. */
static const char *const beginnings[] = {"The",  "He",    "She",  "It", "A",    "An",  "In",   "This",
                                         "That", "There", "They", "We", "You",  "But", "What", "Here",
                                         "Her",  "Their", "At",   "As", "Some", "Many"};
static const char *const endings[] = {"s", "d", "m", "ll", "re", "ve"}; /* of contractions, behind ' */
static const char *const openings[] = {"em", "til", "cause"};           /* words that begin with ' */
static const char *const pairs[] = {"cannot", "gonna", "gotta",
                                    "wanna",  "lemme", "gimme"}; /* three letters, and more */

static int32_t point(const word_reader *reader, size_t i) { return i < reader->n ? reader->at[i] : 0; }

static bool is_digit(int32_t p) { return p >= '0' && p <= '9'; }
static bool is_fraction(int32_t p) { return p >= 0xbc && p <= 0xbe; }
static bool is_letter(int32_t p) { return gaze_point_is_letter(p) || gaze_point_is_mark(p, true); }
static bool is_word(int32_t p) { return is_letter(p) || (gaze_point_is_number(p) && !is_fraction(p)); }

static size_t skip_word(const word_reader *reader, size_t i) {
  while (is_word(point(reader, i)))
    i++;
  return i;
}

static size_t skip_digits(const word_reader *reader, size_t i) {
  while (is_digit(point(reader, i)))
    i++;
  return i;
}

static int32_t lower(int32_t p) { return p >= 'A' && p <= 'Z' ? p + 'a' - 'A' : p; }

/* Whether an ASCII word stands at i, in capitals or not unless `exact`, and no word goes on behind it. */
static bool stands(const word_reader *reader, size_t i, const char *word, bool exact) {
  for (; *word; word++, i++)
    if ((exact ? point(reader, i) : lower(point(reader, i))) != *word)
      return false;
  return !is_word(point(reader, i));
}

static bool stands_one(const word_reader *reader, size_t i, const char *const *words, size_t n, bool exact) {
  for (size_t k = 0; k < n; k++)
    if (stands(reader, i, words[k], exact))
      return true;
  return false;
}

#define STANDS_ONE(reader, i, words, exact) stands_one(reader, i, words, sizeof(words) / sizeof *(words), exact)

/* Whether all of [from, to) is a digit or one of `others`. */
static bool is_number(const word_reader *reader, size_t from, size_t to, const char *others) {
  for (size_t i = from; i < to; i++)
    if (!is_digit(reader->at[i]) && !(reader->at[i] < 0x80 && strchr(others, (int)reader->at[i])))
      return false;
  return true;
}

/* Whether they are letters, digits and some of `others`, the first a letter. */
static bool is_spelled(const word_reader *reader, size_t from, size_t to, const char *others) {
  for (size_t i = from; i < to; i++)
    if (!is_word(reader->at[i]) && !(reader->at[i] < 0x80 && strchr(others, (int)reader->at[i])))
      return false;
  return is_letter(reader->at[from]);
}

static bool is_capital(int32_t p) { return p >= 'A' && p <= 'Z'; }

/* o'clock, d'oeuvre; the ' is at end. */
static bool joins_apostrophe(const word_reader *reader, size_t from, size_t end) {
  if (end == from + 1 && strchr("odl", (int)(lower(reader->at[from]) & 0x7f)) && is_letter(point(reader, end + 2)))
    return true;
  return stands(reader, from, "c", false)
             ? stands(reader, end + 1, "mon", false)
             : (stands(reader, from, "ma", false) && stands(reader, end + 1, "am", false)) ||
                   (stands(reader, from, "cap", false) && stands(reader, end + 1, "n", false));
}

/* Whether the sign at end binds the word [from, end) to what follows it, a letter or digit. */
static bool joins(const word_reader *reader, size_t from, size_t end) {
  int32_t last = reader->at[end - 1], next = point(reader, end + 1);
  if (!is_word(next))
    return false;
  switch (point(reader, end)) {
  case '-':
  case '/':
  case '@':
  case '_':
    return true;
  case '.':
    return is_number(reader, from, end, ".,") ? is_digit(next) : is_spelled(reader, from, end, ".'") && is_letter(next);
  case ',':
    return is_number(reader, from, end, ".,") && is_digit(next);
  case ':':
    return is_number(reader, from, end, ":") && is_digit(next);
  case '&':
    return is_capital(last) && is_capital(next);
  case '!':
  case '?':
    return is_letter(last) && is_letter(next);
  case '\'':
    return joins_apostrophe(reader, from, end);
  default:
    return false;
  }
}

static size_t word_end(const word_reader *reader, size_t from) {
  size_t end = skip_word(reader, from);
  while (joins(reader, from, end)) {
    int32_t sign = reader->at[end];
    bool number = (sign == '.' || sign == ',' || sign == ':') && is_digit(reader->at[end + 1]);
    end = number ? skip_digits(reader, end + 1) : skip_word(reader, end + 1);
  }
  return end;
}

/* d.c, s.c.u.b.a */
static bool is_acronym(const word_reader *reader, size_t from, size_t end) {
  for (size_t i = from; i < end; i++)
    if ((i - from) % 2 ? reader->at[i] != '.' : !is_letter(reader->at[i]))
      return false;
  return (end - from) % 2;
}

/* Whether the period at end belongs to the word. */
static bool keeps_period(const word_reader *reader, size_t from, size_t end) {
  bool space = gaze_point_is_python_space(point(reader, end + 1));
  if (end == from + 1 && is_letter(reader->at[from]))
    return end + 1 < reader->n && !(space && STANDS_ONE(reader, end + 2, beginnings, true));
  if (is_acronym(reader, from, end) || STANDS_ONE(reader, from, abbreviations, false))
    return true;
  return stands(reader, from, "no", false) && is_digit(point(reader, space ? end + 2 : end + 1));
}

static gaze_err emit_text(word_reader *reader, const char *text) {
  for (; *text; text++)
    GAZE_TRY(gaze_points_push(&reader->out, *text));
  return gaze_points_push(&reader->out, ' ');
}

static gaze_err emit(word_reader *reader, size_t from, size_t end) {
  for (size_t i = from; i < end; i++)
    GAZE_TRY(gaze_points_lower(&reader->out, reader->at[i]));
  return gaze_points_push(&reader->out, ' ');
}

/* A word of contractions is its stem: could n't 've, dog 's. What is behind it begins with n't or with '. */
static size_t cut_contraction(const word_reader *reader, size_t from, size_t end) {
  bool negated = point(reader, end) == '\'' && stands(reader, end + 1, "t", false);
  if (negated && end > from + 1 && lower(reader->at[end - 1]) == 'n' && is_word(reader->at[end - 2]))
    return end - 1;
  return end;
}

/* ol' man, y'all */
static bool takes_apostrophe(const word_reader *reader, size_t from, size_t end) {
  if (point(reader, end) != '\'')
    return false;
  if (stands(reader, from, "ol", false))
    return !is_word(point(reader, end + 1));
  return end == from + 1 && strchr("djly", (int)(lower(reader->at[from]) & 0x7f)) &&
         is_letter(point(reader, end + 1)) && !STANDS_ONE(reader, end + 1, endings, false);
}

static gaze_err read_word(word_reader *reader, size_t *i) {
  size_t from = *i, end = word_end(reader, from);
  if (lower(reader->at[from]) == 'n' && end == from + 1 && point(reader, end) == '\'' &&
      stands(reader, end + 1, "t", false)) {
    *i = from + 3;
    return emit(reader, from, *i);
  }
  end = cut_contraction(reader, from, end);
  if (point(reader, end) == '.' && keeps_period(reader, from, end))
    end++;
  else if (takes_apostrophe(reader, from, end))
    end++;
  *i = end;
  if (!STANDS_ONE(reader, from, pairs, false) || end - from > 6)
    return emit(reader, from, end);
  GAZE_TRY(emit(reader, from, from + 3));
  return emit(reader, from + 3, end);
}

/* 's, 'n', 'em, '80s, 'tis; alone it is dropped. */
static gaze_err read_apostrophe(word_reader *reader, size_t *i) {
  size_t from = *i, word = from + 1, end = skip_word(reader, word);
  bool decade = end == word + 3 && is_number(reader, word, word + 2, "") && reader->at[word + 2] == 's';
  *i = word;
  if (stands(reader, word, "tis", false) || stands(reader, word, "twas", false)) {
    *i = end;
    GAZE_TRY(emit(reader, from, word + 1));
    return emit(reader, word + 1, end);
  }
  if (stands(reader, word, "n", false))
    end += point(reader, end) == '\'';
  else if (!decade && !STANDS_ONE(reader, word, endings, false) && !STANDS_ONE(reader, word, openings, false))
    return GAZE_OK;
  *i = end;
  return emit(reader, from, end);
}

/* Signs that a caption loses. */
static bool is_dropped(int32_t p) {
  return (p < 0x80 && strchr("\"`.,:;-", (int)p)) || (p >= 0x2013 && p <= 0x201d) || p == 0x2026 || p == 0xab ||
         p == 0xbb;
}

static const char *rename_sign(int32_t p) {
  static const struct {
    int32_t sign;
    const char *name;
  } names[] = {{'(', "-lrb-"}, {')', "-rrb-"}, {'[', "-lsb-"},  {']', "-rsb-"}, {'{', "-lcb-"}, {'}', "-rcb-"},
               {0xa3, "#"},    {0x20ac, "$"},  {0xa2, "cents"}, {0xbc, "1/4"},  {0xbd, "1/2"},  {0xbe, "3/4"}};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (names[k].sign == p)
      return names[k].name;
  return NULL;
}

/* Where a sign's word ends: signs that gather, numbers with a sign or point before them, #tag and @user. */
static size_t sign_end(const word_reader *reader, size_t i) {
  int32_t sign = reader->at[i], before = i ? reader->at[i - 1] : ' ', next = point(reader, i + 1);
  size_t end = i + 1;
  if (sign == '!' || sign == '?') {
    while (point(reader, end) == '!' || point(reader, end) == '?')
      end++;
  } else if (sign == '_' || sign == '*' || sign == '#') {
    while (point(reader, end) == sign)
      end++;
  }
  if ((sign == '#' || sign == '@') && end == i + 1 && is_letter(next))
    return skip_word(reader, end);
  if (sign == '.' && is_digit(next) && before != '.')
    return skip_digits(reader, end);
  if ((sign == '-' || sign == '+') && is_digit(next) && before != '-' && !is_word(before))
    return word_end(reader, end);
  return end;
}

static gaze_err read_sign(word_reader *reader, size_t *i) {
  size_t from = *i, end = sign_end(reader, from);
  int32_t sign = reader->at[from];
  const char *name = rename_sign(sign);
  *i = end;
  if (name)
    return emit_text(reader, name);
  if (end == from + 1 && (is_dropped(sign) || sign == '!' || sign == '?'))
    return GAZE_OK;
  return emit(reader, from, end);
}

static gaze_err read_all(word_reader *reader) {
  for (size_t i = 0; i < reader->n;) {
    int32_t p = reader->at[i];
    if (gaze_point_is_python_space(p))
      i++;
    else if (is_word(p))
      GAZE_TRY(read_word(reader, &i));
    else if (p == '\'')
      GAZE_TRY(read_apostrophe(reader, &i));
    else
      GAZE_TRY(read_sign(reader, &i));
  }
  return GAZE_OK;
}

/* Without the last space. */
static gaze_err encode(const gaze_points *points, char **out) {
  char *text;
  size_t used = 0;
  GAZE_TRY(gaze_alloc(points->n + 1, 4, &text));
  for (size_t i = 0; i + 1 < points->n; i++)
    used += gaze_point_encode(points->at[i], (uint8_t *)text + used);
  text[used] = 0;
  *out = text;
  return GAZE_OK;
}

gaze_err gaze_caption_tokens(const char *text, char **words) {
  gaze_points points = {0};
  word_reader reader = {0};
  gaze_err err;
  GAZE_TRY_DONE(gaze_points_decode(&points, text, strlen(text)));
  for (size_t i = 0; i < points.n; i++)
    if (points.at[i] == 0x2018 || points.at[i] == 0x2019)
      points.at[i] = '\'';
  reader.at = points.at;
  reader.n = points.n;
  GAZE_TRY_DONE(read_all(&reader));
  err = encode(&reader.out, words);
done:
  gaze_points_fini(&points);
  gaze_points_fini(&reader.out);
  return err;
}
