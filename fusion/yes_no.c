#include "fusion/yes_no.h"

#include <string.h>

static bool is_one_of(const char *word, const char *const *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(word, words[i]) == 0)
      return true;
  return false;
}

bool gaze_yes_no_is_yes(const char *truth) {
  static const char *const words[] = {"yes", "네", "예"};
  return is_one_of(truth, words, sizeof words / sizeof *words);
}

bool gaze_yes_no_is_no(const char *truth) {
  static const char *const words[] = {"no", "아니요", "아니오", "아뇨"};
  return is_one_of(truth, words, sizeof words / sizeof *words);
}

static bool denies(const char *word) {
  return strcmp(word, "No") == 0 || strcmp(word, "not") == 0 || gaze_yes_no_is_no(word);
}

bool gaze_yes_no_says_yes(const char *answer) {
  size_t left = strcspn(answer, ".");
  while (left) {
    char word[16] = "";
    size_t kept = 0, length = 0;
    for (; length < left && answer[length] != ' '; length++)
      if (answer[length] != ',' && kept < sizeof word - 1)
        word[kept++] = answer[length];
    if (denies(word))
      return false;
    length += length < left;
    answer += length;
    left -= length;
  }
  return true;
}

static double share(size_t part, size_t whole) { return whole ? (double)part / (double)whole : 0; }

gaze_yes_no_figures gaze_yes_no_measure(const gaze_yes_no_counts *counts) {
  size_t hits = counts->said[1][1], false_yes = counts->said[1][0], misses = counts->said[0][1];
  size_t all = hits + false_yes + misses + counts->said[0][0];
  return (gaze_yes_no_figures){.accuracy = share(hits + counts->said[0][0], all),
                               .precision = share(hits, hits + false_yes),
                               .recall = share(hits, hits + misses),
                               .f1 = share(2 * hits, 2 * hits + false_yes + misses),
                               .yes_ratio = share(hits + false_yes, all)};
}
