/* Texts that models say, as words of a caption and as an answer. */
#include "fusion/caption_score.h"
#include "fusion/caption_tokens.h"
#include "fusion/vqa_score.h"
#include "fusion/yes_no.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Words are parted by single spaces. */
static void check_words(const char *words) {
  size_t length = strlen(words);
  if (length && (words[0] == ' ' || words[length - 1] == ' ' || strstr(words, "  ")))
    abort();
}

/* What is equal to a reference has all its n-grams; another reference takes none away. */
static void check_score(const char *words) {
  const char *references[] = {words, "a dog"};
  const gaze_scored_caption captions[] = {{words, references, 2}, {"a cat", references + 1, 1}};
  gaze_caption_scores scores;
  double each[2];
  if (gaze_caption_score(captions, 1, &scores, NULL) != GAZE_OK || fabs(scores.rouge_l - 1) > 1e-9 ||
      (*words && fabs(scores.bleu[0] - 1) > 1e-6))
    abort();
  if (gaze_caption_score(captions, 2, &scores, each) != GAZE_OK || !(each[0] >= 0 && each[0] <= 10 + 1e-9))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1), *made;
  if (!text)
    abort();
  memcpy(text, data, size);
  text[size] = 0;
  if (gaze_caption_tokens(text, &made) != GAZE_OK)
    abort();
  check_words(made);
  check_score(made);
  free(made);
  if (gaze_vqa_normalise(text, &made) != GAZE_OK)
    abort();
  check_words(made);
  gaze_vqa_kind(made);
  free(made);
  if (gaze_vqa_question_type(text, &made) != GAZE_OK)
    abort();
  free(made);
  gaze_yes_no_says_yes(text);
  free(text);
  return 0;
}
