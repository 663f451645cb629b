#include "fusion/names.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define FNV_START 0xcbf29ce484222325u /* FNV-1a, 64 bits (Fowler, Noll, Vo) */
#define FNV_PRIME 0x100000001b3u

static uint64_t hash(const char *text, const void *space) {
  uint64_t value = FNV_START ^ (uint64_t)(uintptr_t)space;
  for (; *text; text++)
    value = (value ^ (uint8_t)*text) * FNV_PRIME;
  return value ^ value >> 32;
}

static gaze_name *find(const gaze_names *names, const void *space, const char *text) {
  size_t at = (size_t)hash(text, space) & (names->capacity - 1);
  while (names->places[at].text && (names->places[at].space != space || strcmp(names->places[at].text, text) != 0))
    at = (at + 1) & (names->capacity - 1);
  return &names->places[at];
}

static gaze_err grow(gaze_names *names) {
  gaze_names larger = {.n = names->n, .capacity = names->capacity ? names->capacity * 2 : 1024};
  GAZE_TRY(gaze_alloc(larger.capacity, sizeof *larger.places, &larger.places));
  for (size_t i = 0; i < names->capacity; i++)
    if (names->places[i].text)
      *find(&larger, names->places[i].space, names->places[i].text) = names->places[i];
  free(names->places);
  *names = larger;
  return GAZE_OK;
}

gaze_err gaze_names_number(gaze_names *names, const void *space, const char *text, size_t *out) {
  if (names->n >= names->capacity / 2)
    GAZE_TRY(grow(names));
  gaze_name *name = find(names, space, text);
  if (!name->text)
    *name = (gaze_name){space, text, names->n++};
  *out = name->number;
  return GAZE_OK;
}

bool gaze_names_find(const gaze_names *names, const void *space, const char *text, size_t *out) {
  const gaze_name *name = names->capacity ? find(names, space, text) : NULL;
  if (!name || !name->text)
    return false;
  *out = name->number;
  return true;
}

void gaze_names_fini(gaze_names *names) {
  free(names->places);
  *names = (gaze_names){0};
}
