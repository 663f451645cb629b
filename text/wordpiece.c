#include "text/wordpiece.h"

#include <string.h>

void gaze_wordpiece_fini(gaze_wordpiece *wordpiece) {
  gaze_trie_fini(&wordpiece->first);
  gaze_trie_fini(&wordpiece->later);
}

gaze_err gaze_wordpiece_init(gaze_wordpiece *wordpiece, const gaze_vocabulary *vocabulary, const char *prefix,
                             const char *unknown, size_t longest, const char *name) {
  size_t prefix_size = strlen(prefix);
  *wordpiece = (gaze_wordpiece){.longest = longest};
  wordpiece->unknown = gaze_vocabulary_find(vocabulary, unknown, strlen(unknown));
  if (wordpiece->unknown < 0)
    return gaze_fail(GAZE_ERR_FORMAT, "no \"%s\" in the vocabulary: %s: take both from one model", unknown, name);
  for (size_t i = 0; i < vocabulary->size; i++) {
    size_t size;
    const char *spelling = gaze_vocabulary_spelling(vocabulary, (int32_t)i, &size);
    if (!spelling)
      continue;
    GAZE_TRY(gaze_trie_add(&wordpiece->first, spelling, size, (int32_t)i));
    if (size > prefix_size && !memcmp(spelling, prefix, prefix_size))
      GAZE_TRY(gaze_trie_add(&wordpiece->later, spelling + prefix_size, size - prefix_size, (int32_t)i));
  }
  return GAZE_OK;
}

static size_t count_points(const uint8_t *bytes, size_t n) {
  size_t points = 0;
  for (size_t i = 0; i < n; i++)
    points += (bytes[i] & 0xC0) != 0x80;
  return points;
}

gaze_err gaze_wordpiece_encode(const gaze_wordpiece *wordpiece, const uint8_t *bytes, size_t n, gaze_ids *ids) {
  size_t before = ids->n;
  bool bad = count_points(bytes, n) > wordpiece->longest;
  for (size_t start = 0; start < n && !bad;) {
    int32_t id;
    const gaze_trie *trie = start ? &wordpiece->later : &wordpiece->first;
    size_t length = gaze_trie_longest(trie, bytes + start, n - start, &id);
    bad = length == 0;
    if (!bad)
      GAZE_TRY(gaze_ids_push(ids, id));
    start += length;
  }
  if (!bad)
    return GAZE_OK;
  ids->n = before;
  return gaze_ids_push(ids, wordpiece->unknown);
}
