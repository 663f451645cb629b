/* What a caption tells: its words, and the things named in it with their number and colours. Only English is read. */
#ifndef GAZE_FUSION_CAPTION_WORDS_H
#define GAZE_FUSION_CAPTION_WORDS_H

#include "fusion/language.h"
#include "fusion/nouns.h"

enum { GAZE_CAPTION_WORDS = 96, GAZE_CAPTION_MENTIONS = 32 }; /* what is read of a caption; the rest is left */

typedef struct gaze_word {
  size_t start, length; /* bytes of the text */
} gaze_word;

typedef struct gaze_mention {
  size_t noun, first, last; /* words */
  size_t number;            /* "two dogs", "a dog"; 0: not said */
  uint32_t colours;         /* bits: lines of the list of colours */
  bool plural, vague;       /* vague: "another dog", "several dogs" */
  bool shown;               /* false: "dog house", "toy dog", "without a dog": spoken of, but not there */
} gaze_mention;

typedef struct gaze_caption {
  const char *text;           /* borrowed */
  char *lower;                /* the same in small letters */
  bool known[GAZE_LANGUAGES]; /* it is in that language */
  gaze_word words[GAZE_CAPTION_WORDS];
  gaze_mention mentions[GAZE_CAPTION_MENTIONS];
  size_t n_words, n_mentions; /* 0 in other languages */
} gaze_caption;

/* text lives as long as the caption. */
GAZE_CHECKED gaze_err gaze_caption_read(const gaze_nouns *nouns, const char *text, gaze_caption *out);
void gaze_caption_fini(gaze_caption *caption);
bool gaze_caption_word_is(const gaze_caption *caption, size_t i, const char *word);
/* What somebody does: the subject's mention, the line of the list of verbs (-1: another verb), and where the rest of
 * the caption begins, behind the verb's word `verb`. False: the caption does not say. */
typedef struct gaze_action {
  size_t mention, verb;
  ptrdiff_t line;
} gaze_action;
bool gaze_caption_find_action(const gaze_nouns *nouns, const gaze_caption *caption, gaze_action *out);
/* Whether something may be named behind the verb at word i that it is done to: "plays a guitar", not "plays in". */
bool gaze_caption_has_object(const gaze_caption *caption, size_t i);
/* The caption as a sentence: a capital letter, no space before signs, a stop at its end. */
void gaze_caption_say(const gaze_caption *caption, gaze_text *text);
/* What follows word i, tidied alike. */
void gaze_caption_say_rest(const gaze_caption *caption, size_t i, gaze_text *text);

#endif
