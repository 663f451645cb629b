#include "fusion/vqa_score.h"

#include "core/base/memory.h"
#include "fusion/caption_tokens.h"
#include "fusion/yes_no.h"
#include "text/points.h"

#include <stdlib.h>
#include <string.h>

static const char punctuation[] = ";/[]\"{}()=+\\_-><@`,?!";
static const char *const numbers[] = {"zero", "one",   "two",   "three", "four", "five",
                                      "six",  "seven", "eight", "nine",  "ten"};

/* As they are written; an answer that lacks one of the apostrophes gets it. */
static const char *const contractions[] = {
    "'ow's'at",     "'twas",      "ain't",        "aren't",     "can't",        "could've",      "couldn't",
    "couldn't've",  "didn't",     "doesn't",      "don't",      "hadn't",       "hadn't've",     "hasn't",
    "haven't",      "he'd",       "he'd've",      "he's",       "how'd",        "how'll",        "how's",
    "isn't",        "it'd",       "it'd've",      "it'll",      "ma'am",        "might've",      "mightn't",
    "mightn't've",  "must've",    "mustn't",      "needn't",    "not've",       "o'clock",       "oughtn't",
    "shan't",       "she'd've",   "should've",    "shouldn't",  "shouldn't've", "somebody'd've", "somebody'll",
    "somebody's",   "someone'd",  "someone'd've", "someone'll", "someone's",    "something'd",   "something'd've",
    "something'll", "that's",     "there'd",      "there'd've", "there're",     "there's",       "they'd",
    "they'd've",    "they'll",    "they're",      "they've",    "wasn't",       "we'd've",       "we've",
    "weren't",      "what'll",    "what're",      "what's",     "what've",      "when's",        "where'd",
    "where's",      "where've",   "who'd",        "who'd've",   "who'll",       "who's",         "who've",
    "why'll",       "why're",     "why's",        "won't",      "would've",     "wouldn't",      "wouldn't've",
    "y'all",        "y'all'd've", "y'all'll",     "you'd",      "you'd've",     "you'll",        "you're",
    "you've"};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A comma between digits: "1,000". */
static bool has_grouped_number(const char *text) {
  for (const char *comma = strchr(text, ','); comma; comma = strchr(comma + 1, ','))
    if (comma > text && is_digit(comma[-1]) && is_digit(comma[1]))
      return true;
  return false;
}

/* Whether a space stands beside the sign somewhere. */
static bool stands_apart(const char *text, char sign) {
  for (const char *at = strchr(text, sign); at; at = strchr(at + 1, sign))
    if (at[1] == ' ' || (at > text && at[-1] == ' '))
      return true;
  return false;
}

/* Takes signs away or puts spaces in their place; a period stays in front of a digit alone. The text begins and ends
 * without space and has no space but ' '. out: as long as text. */
static void replace_punctuation(const char *text, char *out) {
  bool grouped = has_grouped_number(text);
  for (const char *at = text; *at; at++) {
    if (strchr(punctuation, *at)) {
      if (!grouped && !stands_apart(text, *at))
        *out++ = ' ';
    } else {
      *out++ = *at;
    }
  }
  *out = 0;
}

static void strip_periods(char *text) {
  char *out = text;
  for (const char *at = text; *at; at++)
    if (*at != '.' || is_digit(at[1]))
      *out++ = *at;
  *out = 0;
}

/* Whether word [length] is the contraction without one of its apostrophes. */
static bool lacks_apostrophe(const char *word, size_t length, const char *contraction) {
  if (length + 1 != strlen(contraction))
    return false;
  for (const char *at = strchr(contraction, '\''); at; at = strchr(at + 1, '\'')) {
    size_t before = (size_t)(at - contraction);
    if (memcmp(word, contraction, before) == 0 && memcmp(word + before, at + 1, length - before) == 0)
      return true;
  }
  return false;
}

static bool is_text(const char *word, size_t length, const char *text) {
  return strlen(text) == length && memcmp(word, text, length) == 0;
}

static char *put(char *out, const char *text, size_t length) {
  memcpy(out, text, length);
  return out + length;
}

/* Appends what becomes of a word, and a space; nothing of an article. */
static char *put_word(char *out, const char *word, size_t length) {
  static const char *const articles[] = {"a", "an", "the"};
  for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
    if (is_text(word, length, articles[i]))
      return out;
  if (is_text(word, length, "none"))
    return put(out, "0 ", 2);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (is_text(word, length, numbers[i]))
      return i < 10 ? put(put(out, &"0123456789"[i], 1), " ", 1) : put(out, "10 ", 3);
  for (size_t i = 0; i < sizeof contractions / sizeof *contractions; i++)
    if (lacks_apostrophe(word, length, contractions[i]))
      return put(put(out, contractions[i], length + 1), " ", 1);
  if (is_text(word, length, "somebody'd")) /* so the reference has it */
    return put(out, "somebodyd ", 10);
  return put(put(out, word, length), " ", 1);
}

/* The text in lower case with one ' ' for each run of white space, none at its ends. *out: yours. */
static gaze_err fold(const char *text, bool lower, char **out) {
  gaze_points points = {0}, folded = {0};
  gaze_err err;
  GAZE_TRY_DONE(gaze_points_decode(&points, text, strlen(text)));
  for (size_t i = 0; i < points.n; i++)
    if (gaze_point_is_python_space(points.at[i]))
      points.at[i] = ' ';
  if (lower)
    GAZE_TRY_DONE(gaze_points_lower_words(&folded, points.at, points.n));
  else
    gaze_points_swap(&points, &folded);
  GAZE_TRY_DONE(gaze_alloc(folded.n + 1, 4, out));
  char *end = *out;
  for (size_t i = 0; i < folded.n; i++)
    if (folded.at[i] != ' ' || (end > *out && end[-1] != ' '))
      end += gaze_point_encode(folded.at[i], (uint8_t *)end);
  end[end > *out && end[-1] == ' ' ? -1 : 0] = 0;
done:
  gaze_points_fini(&points);
  gaze_points_fini(&folded);
  return err;
}

/* text: folded, and in lower case. *out: yours. */
static gaze_err replace_words(const char *text, char **out) {
  GAZE_TRY(gaze_alloc(2 * strlen(text) + 2, 1, out)); /* a word and its space grow by an apostrophe at most */
  char *end = *out;
  while (*text) {
    size_t length = strcspn(text, " ");
    end = put_word(end, text, length);
    text += length + (text[length] != 0);
  }
  if (end > *out)
    end[-1] = 0;
  return GAZE_OK;
}

gaze_err gaze_vqa_normalise(const char *answer, char **out) {
  char *plain = NULL, *bare = NULL, *lower = NULL;
  gaze_err err;
  GAZE_TRY_DONE(fold(answer, false, &plain));
  GAZE_TRY_DONE(gaze_alloc(strlen(plain) + 1, 1, &bare));
  replace_punctuation(plain, bare);
  strip_periods(bare);
  GAZE_TRY_DONE(fold(bare, true, &lower));
  err = replace_words(lower, out);
done:
  free(plain);
  free(bare);
  free(lower);
  return err;
}

static size_t count_same(const char *answer, const char *const *truths, size_t n) {
  size_t same = 0;
  for (size_t i = 0; i < n; i++)
    same += strcmp(answer, truths[i]) == 0;
  return same;
}

const char *gaze_vqa_usual(const char *const *answers, size_t n) {
  const char *usual = NULL;
  size_t most = 0;
  for (size_t i = 0; i < n; i++) {
    size_t same = 0;
    for (size_t k = i; k < n; k++)
      same += strcmp(answers[i], answers[k]) == 0;
    if (same > most) {
      most = same;
      usual = answers[i];
    }
  }
  return usual;
}

bool gaze_vqa_is_exact(const char *answer, const char *const *truths, size_t n) {
  return count_same(answer, truths, n) > 0;
}

static double third(size_t people) { return people < 3 ? (double)people / 3 : 1; }

double gaze_vqa_consensus(const char *answer, const char *const *truths, size_t n) {
  size_t same = count_same(answer, truths, n);
  double without_one_of_them = same ? (double)same * third(same - 1) : 0;
  return (without_one_of_them + (double)(n - same) * third(same)) / (double)n;
}

gaze_err gaze_vqa_question_type(const char *question, char **out) {
  GAZE_TRY(gaze_caption_tokens(question, out));
  size_t length = strcspn(*out, " ");
  if ((*out)[length])
    length += 1 + strcspn(*out + length + 1, " ");
  (*out)[length] = 0;
  return GAZE_OK;
}

gaze_answer_kind gaze_vqa_kind(const char *truth) {
  if (gaze_yes_no_is_yes(truth) || gaze_yes_no_is_no(truth))
    return GAZE_ANSWER_YES_NO;
  return *truth && truth[strspn(truth, "0123456789.")] == 0 ? GAZE_ANSWER_NUMBER : GAZE_ANSWER_OTHER;
}
