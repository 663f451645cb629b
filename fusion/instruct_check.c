/* Whether what a model wrote can teach: long enough, not too long, in the language asked for, and about a picture
 * alone. */
#include "fusion/instruct_reply.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { QUESTION_MOST = 600, ANSWER_MOST = 4000, FEWEST_TURNS = 2 }; /* bytes; of a conversation */
static const size_t fewest_words[GAZE_RECORD_KINDS] = {
    [GAZE_CONVERSATION] = 1, [GAZE_DETAIL] = 20, [GAZE_REASONING] = 8};

/* Marks that a chat template or LLaVA gives a meaning. */
static const char *const marks[] = {"<image>", "<|", "|>", "</s>", "[INST]", "###"};

static bool is_word_part(unsigned char c) { return isalnum(c) || c >= 0x80; }

/* A phrase in capitals or not. Of Latin ones whole words are looked for; Korean words take endings. */
static bool has_phrase(const char *text, const char *phrase) {
  size_t n = strlen(phrase);
  bool latin = !((unsigned char)*phrase & 0x80);
  for (const char *at = text; (at = strcasestr(at, phrase)); at++) {
    bool begins = at == text || !is_word_part((unsigned char)at[-1]);
    if (!latin || (begins && !is_word_part((unsigned char)at[n])))
      return true;
  }
  return false;
}

static bool is_clean(const char *text, char reason[GAZE_REASON]) {
  gaze_lines forbidden = gaze_lines_forbidden();
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (strstr(text, marks[i])) {
      snprintf(reason, GAZE_REASON, "the mark \"%s\" in it", marks[i]);
      return false;
    }
  for (size_t i = 0; i < forbidden.n; i++)
    if (has_phrase(text, forbidden.items[i])) {
      snprintf(reason, GAZE_REASON, "it speaks of \"%s\"", forbidden.items[i]);
      return false;
    }
  return true;
}

static size_t count_words(const char *text) {
  size_t n = 0;
  for (const char *at = text; *at; at++)
    n += !isspace((unsigned char)*at) && (at == text || isspace((unsigned char)at[-1]));
  return n;
}

static bool check_turn(const gaze_turn *turn, gaze_record_kind kind, gaze_language language, char reason[GAZE_REASON]) {
  const char *fault = NULL;
  /* Korean says as much in half the words. */
  size_t fewest = language == GAZE_KOREAN ? (fewest_words[kind] + 1) / 2 : fewest_words[kind];
  if (!*turn->question)
    fault = "an empty question";
  else if (!*turn->answer)
    fault = "an empty answer";
  else if (strlen(turn->question) > QUESTION_MOST)
    fault = "a question that is too long";
  else if (strlen(turn->answer) > ANSWER_MOST)
    fault = "an answer that is too long";
  else if (count_words(turn->answer) < fewest)
    fault = "an answer that is too short";
  else if (!gaze_is_in_language(turn->question, language) || !gaze_is_in_language(turn->answer, language))
    fault = "another language than was asked for";
  if (fault)
    snprintf(reason, GAZE_REASON, "%s", fault);
  return !fault && is_clean(turn->question, reason) && is_clean(turn->answer, reason);
}

bool gaze_reply_check(const gaze_turns *turns, gaze_record_kind kind, gaze_language language,
                      char reason[GAZE_REASON]) {
  bool many = kind == GAZE_CONVERSATION;
  if (many ? turns->n < FEWEST_TURNS : turns->n != 1) {
    snprintf(reason, GAZE_REASON, "%zu turns", turns->n);
    return false;
  }
  for (size_t i = 0; i < turns->n; i++)
    if (!check_turn(&turns->items[i], kind, language, reason))
      return false;
  return true;
}
