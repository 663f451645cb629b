#include "text/charsmap.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 256 /* bytes of a replacement */ };

void gaze_charsmap_fini(gaze_charsmap *map) {
  free(map->units);
  free(map->texts);
  *map = (gaze_charsmap){0};
}

static uint32_t read_u32(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Whether a replacement is longer than any of Unicode's forms, of which 33 bytes is the longest. */
static bool has_long_text(const uint8_t *bytes, size_t size) {
  size_t length = 0;
  for (size_t i = 0; i < size && length <= TEXT_MAX; i++)
    length = bytes[i] ? length + 1 : 0;
  return length > TEXT_MAX;
}

gaze_err gaze_charsmap_init(gaze_charsmap *map, const uint8_t *bytes, size_t size, const char *name) {
  *map = (gaze_charsmap){0};
  size_t trie = size > 4 ? read_u32(bytes) : 0;
  if (trie < 4 || trie % 4 || trie > size - 5 || bytes[size - 1] || has_long_text(bytes + 4 + trie, size - 4 - trie))
    return gaze_fail(GAZE_ERR_FORMAT, "a damaged normalisation map: %s: get the file again", name);
  map->n_units = trie / 4;
  map->n_texts = size - 4 - trie;
  GAZE_TRY(gaze_alloc(map->n_units, sizeof *map->units, &map->units));
  gaze_err err = gaze_alloc(map->n_texts, 1, &map->texts);
  if (err != GAZE_OK) {
    gaze_charsmap_fini(map);
    return err;
  }
  for (size_t i = 0; i < map->n_units; i++)
    map->units[i] = read_u32(bytes + 4 + 4 * i);
  memcpy(map->texts, bytes + 4 + trie, map->n_texts);
  return GAZE_OK;
}

/* Bits of a unit: 0 to 7 label, 8 a leaf follows, 9 the offset counts 256 times, 10 to 30 offset, 31 it is a leaf,
 * whose lower bits are the value. */
static size_t offset_of(uint32_t unit) { return (size_t)(unit >> 10) << ((unit & (1u << 9)) >> 6); }

const char *gaze_charsmap_find(const gaze_charsmap *map, const uint8_t *text, size_t size, bool longest,
                               size_t *length) {
  const char *found = NULL;
  size_t place = map->n_units ? offset_of(map->units[0]) : 0;
  for (size_t i = 0; i < size; i++) {
    place ^= text[i];
    if (place >= map->n_units || !text[i])
      break;
    uint32_t unit = map->units[place];
    if ((unit & (1u << 31 | 0xFF)) != text[i])
      break;
    place ^= offset_of(unit);
    if (!(unit >> 8 & 1))
      continue;
    size_t value = place < map->n_units ? map->units[place] & ~(1u << 31) : SIZE_MAX;
    if (value >= map->n_texts)
      break;
    found = map->texts + value;
    *length = i + 1;
    if (!longest)
      break;
  }
  return found;
}
