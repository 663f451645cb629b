#include "cli/spelling.h"

#include <string.h>

/* Edit distance with neighbours swapped (optimal string alignment); names here are short: more than LONGEST is far. */
#define LONGEST 40
static size_t distance(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b), row[LONGEST + 1][LONGEST + 1];
  if (n > LONGEST || m > LONGEST)
    return LONGEST;
  for (size_t i = 0; i <= n; i++) {
    for (size_t j = 0; j <= m; j++) {
      if (i == 0 || j == 0) {
        row[i][j] = i + j;
        continue;
      }
      size_t best = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      best = row[i - 1][j] + 1 < best ? row[i - 1][j] + 1 : best;
      best = row[i][j - 1] + 1 < best ? row[i][j - 1] + 1 : best;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && row[i - 2][j - 2] + 1 < best)
        best = row[i - 2][j - 2] + 1;
      row[i][j] = best;
    }
  }
  return row[n][m];
}

const char *nearest_name(const char *word, candidate_fn *candidate, const void *user) {
  size_t third = strlen(word) / 3, limit = third < 1 ? 1 : third > 3 ? 3 : third, best = limit + 1;
  const char *nearest = NULL, *name;
  for (size_t i = 0; (name = candidate(user, i)); i++) {
    size_t away = distance(word, name);
    if (away < best) {
      best = away;
      nearest = name;
    }
  }
  return nearest;
}
