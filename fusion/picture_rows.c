#include "fusion/picture_rows.h"

#include "fusion/chat.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void gaze_picture_rows_fini(gaze_picture_rows *seen) {
  for (size_t i = 0; i < seen->n; i++)
    free(seen->items[i].rows);
  free(seen->items);
  *seen = (gaze_picture_rows){0};
}

void gaze_picture_rows_key(const gaze_chat_picture *picture, uint64_t key[2]) {
  const gaze_tile_plan *p = &picture->plan;
  uint64_t facts[] = {picture->hash,
                      picture->size,
                      (uint64_t)p->rows,
                      (uint64_t)p->columns,
                      p->tiles,
                      p->tokens,
                      p->squared,
                      (uint64_t)p->width,
                      (uint64_t)p->height,
                      p->left,
                      (uint64_t)p->first_width,
                      (uint64_t)p->first_height,
                      p->top,
                      p->columns_kept,
                      p->rows_kept,
                      p->columns_shrunk,
                      p->rows_shrunk};
  XXH128_hash_t hash = XXH3_128bits(facts, sizeof facts);
  key[0] = hash.low64;
  key[1] = hash.high64;
}

static gaze_seen_picture *find(gaze_picture_rows *seen, const uint64_t key[2]) {
  for (size_t i = 0; i < seen->n; i++)
    if (memcmp(seen->items[i].key, key, sizeof seen->items[i].key) == 0)
      return &seen->items[i];
  return NULL;
}

/* Those that were not used for longest go until `bytes` more have room. */
static void make_room(gaze_picture_rows *seen, size_t bytes) {
  while (seen->n && seen->bytes + bytes > seen->limit) {
    size_t oldest = 0;
    for (size_t i = 1; i < seen->n; i++)
      if (seen->items[i].used < seen->items[oldest].used)
        oldest = i;
    free(seen->items[oldest].rows);
    seen->bytes -= seen->items[oldest].bytes;
    seen->items[oldest] = seen->items[--seen->n];
  }
}

/* What is kept belongs to a version of gaze, kernels, a precision and a model. */
static gaze_err store_key(gaze_assistant *assistant, const uint64_t key[2], char name[33]) {
  uint64_t all[] = {key[0], key[1], 0, 0};
  GAZE_TRY(gaze_assistant_arithmetic(assistant, &all[2]));
  XXH128_hash_t hash = XXH3_128bits(all, sizeof all);
  snprintf(name, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
  return GAZE_OK;
}

/* *rows NULL: nothing is kept of it. */
static gaze_err recall(const gaze_assistant *assistant, const char *name, size_t bytes, float **rows) {
  const gaze_keep *keep = &assistant->options.keep;
  void *kept = NULL;
  size_t size = 0;
  *rows = NULL;
  if (!keep->get || keep->get(keep->user, name, &kept, &size) != GAZE_OK)
    return GAZE_OK;
  gaze_err err = kept && size == bytes ? gaze_alloc(1, bytes, rows) : GAZE_OK;
  if (*rows)
    memcpy(*rows, kept, bytes);
  free(kept);
  return err;
}

static gaze_err look(gaze_assistant *assistant, const gaze_chat_picture *picture, float *rows) {
  gaze_picture decoded;
  GAZE_TRY(gaze_assistant_prepare_eye(assistant));
  if (picture->pixels.rgb)
    return gaze_eye_look(&assistant->compute, assistant->eye, &picture->plan, &picture->pixels, rows);
  GAZE_TRY(gaze_picture_decode(picture->bytes, picture->size, picture->name, NULL, NULL, &decoded));
  gaze_err err = gaze_eye_look(&assistant->compute, assistant->eye, &picture->plan, &decoded, rows);
  gaze_picture_fini(&decoded);
  return err;
}

static gaze_err look_and_keep(gaze_assistant *assistant, const gaze_chat_picture *picture, const char *name,
                              size_t bytes, float **out) {
  const gaze_keep *keep = &assistant->options.keep;
  GAZE_TRY(gaze_alloc(1, bytes, out));
  gaze_err err = look(assistant, picture, *out);
  if (err != GAZE_OK) {
    free(*out);
    return err;
  }
  if (keep->put)
    keep->put(keep->user, name, *out, bytes);
  return GAZE_OK;
}

/* From where it is kept, else through the encoder. */
static gaze_err fetch(gaze_assistant *assistant, const gaze_chat_picture *picture, const uint64_t key[2], size_t bytes,
                      float **rows) {
  char name[33] = "";
  if (assistant->options.keep.get || assistant->options.keep.put)
    GAZE_TRY(store_key(assistant, key, name));
  GAZE_TRY(recall(assistant, name, bytes, rows));
  if (assistant->options.model.verbose)
    gaze_warn("%s: %s", *rows ? "seen before" : "looked at", picture->name);
  return *rows ? GAZE_OK : look_and_keep(assistant, picture, name, bytes, rows);
}

gaze_err gaze_picture_rows_get(gaze_assistant *assistant, const gaze_chat_picture *picture, const float **rows) {
  gaze_picture_rows *seen = &assistant->seen;
  uint64_t key[2];
  gaze_picture_rows_key(picture, key);
  gaze_seen_picture *found = find(seen, key);
  if (!found) {
    size_t bytes = picture->plan.tokens * assistant->decoder.config.block.dim * sizeof **rows;
    gaze_seen_picture item = {.key = {key[0], key[1]}, .bytes = bytes};
    GAZE_TRY(gaze_grow(&seen->items, &seen->capacity, seen->n + 1, sizeof *seen->items));
    GAZE_TRY(fetch(assistant, picture, key, bytes, &item.rows));
    make_room(seen, bytes);
    found = &seen->items[seen->n++];
    *found = item;
    seen->bytes += bytes;
  }
  found->used = ++seen->clock;
  *rows = found->rows;
  return GAZE_OK;
}
