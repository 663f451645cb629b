#include "fusion/features_file.h"

#include "core/base/memory.h"

#include <string.h>

uint64_t gaze_features_at(uint64_t pictures) {
  uint64_t end = sizeof(gaze_features_head) + pictures * sizeof(gaze_features_picture);
  return (end + GAZE_ALIGN - 1) / GAZE_ALIGN * GAZE_ALIGN;
}

static uint64_t size_of_one(const gaze_features_head *head) { return head->rows * head->C * sizeof(float); }

static uint64_t finish_check(XXH3_state_t *state, const gaze_features_head *head,
                             const gaze_features_picture *pictures) {
  gaze_features_head unchecked = *head;
  unchecked.check = 0;
  XXH3_64bits_update(state, pictures, head->pictures * sizeof *pictures);
  XXH3_64bits_update(state, &unchecked, sizeof unchecked);
  return XXH3_64bits_digest(state);
}

static gaze_err start_check(const char *name, XXH3_state_t **state) {
  *state = XXH3_createState();
  if (!*state)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: features of pictures: %s: free memory", name);
  XXH3_64bits_reset(*state);
  return GAZE_OK;
}

static gaze_err fail_damaged(const char *name) {
  return gaze_fail(GAZE_ERR_FORMAT, "damaged features of pictures: %s: they are made anew", name);
}

/* Whether the file has what its head says, and nothing else; no product here can be too large. */
static bool is_of_size(const gaze_features_head *head, uint64_t size) {
  if (head->pictures > size / sizeof(gaze_features_picture) || head->n > head->pictures)
    return false;
  uint64_t at = gaze_features_at(head->pictures), one = size_of_one(head);
  return size >= at && one && head->n == (size - at) / one && (size - at) % one == 0;
}

static gaze_err check_numbers(const gaze_features_head *head, const gaze_features_picture *pictures,
                              const float *values, const char *name) {
  XXH3_state_t *state;
  GAZE_TRY(start_check(name, &state));
  XXH3_64bits_update(state, values, head->n * size_of_one(head));
  bool whole = finish_check(state, head, pictures) == head->check;
  XXH3_freeState(state);
  for (uint64_t i = 0; i < head->pictures && whole; i++)
    whole = pictures[i].which < head->n || pictures[i].which == GAZE_NO_FEATURES;
  return whole ? GAZE_OK : fail_damaged(name);
}

gaze_err gaze_features_read(const uint8_t *data, size_t size, const char *name, gaze_features_head *wanted,
                            const gaze_features_picture **pictures, const float **values) {
  gaze_features_head head;
  if (size < sizeof head || memcmp(data, GAZE_FEATURES_MAGIC, sizeof head.magic) != 0)
    return fail_damaged(name);
  memcpy(&head, data, sizeof head);
  if (memcmp(head.key, wanted->key, sizeof head.key) != 0 || head.pictures != wanted->pictures ||
      head.rows != wanted->rows || head.C != wanted->C)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "features of other pictures, or of another image encoder: %s: they are made anew", name);
  if (!is_of_size(&head, size))
    return fail_damaged(name);
  *pictures = (const gaze_features_picture *)(const void *)(data + sizeof head);
  *values = (const float *)(const void *)(data + gaze_features_at(head.pictures));
  GAZE_TRY(check_numbers(&head, *pictures, *values, name));
  *wanted = head;
  return GAZE_OK;
}

static gaze_err put(gaze_features_writer *w, const void *bytes, size_t size) {
  if (!size || fwrite(bytes, size, 1, w->replace.stream) == 1)
    return GAZE_OK;
  return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space, or choose another --out", w->replace.path);
}

/* Zeros stand where head and pictures will. */
static gaze_err leave_room(gaze_features_writer *w) {
  static const uint8_t zeros[GAZE_ALIGN];
  for (uint64_t at = 0; at < gaze_features_at(w->head.pictures); at += sizeof zeros)
    GAZE_TRY(put(w, zeros, sizeof zeros));
  return GAZE_OK;
}

gaze_err gaze_features_writer_init(gaze_features_writer *writer, const char *path, const gaze_features_head *head) {
  *writer = (gaze_features_writer){.head = *head};
  memcpy(writer->head.magic, GAZE_FEATURES_MAGIC, sizeof writer->head.magic);
  writer->head.n = writer->head.check = 0;
  GAZE_TRY(gaze_replace_init(&writer->replace, path));
  GAZE_TRY(start_check(path, &writer->state));
  return leave_room(writer);
}

gaze_err gaze_features_writer_add(gaze_features_writer *writer, const float *values) {
  size_t size = size_of_one(&writer->head);
  XXH3_64bits_update(writer->state, values, size);
  writer->head.n++;
  return put(writer, values, size);
}

gaze_err gaze_features_writer_finish(gaze_features_writer *writer, const gaze_features_picture *pictures) {
  gaze_features_head *head = &writer->head;
  head->check = finish_check(writer->state, head, pictures);
  if (fseek(writer->replace.stream, 0, SEEK_SET) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space, or choose another --out", writer->replace.path);
  GAZE_TRY(put(writer, head, sizeof *head));
  GAZE_TRY(put(writer, pictures, head->pictures * sizeof *pictures));
  return gaze_replace_commit(&writer->replace);
}

void gaze_features_writer_fini(gaze_features_writer *writer) {
  XXH3_freeState(writer->state);
  gaze_replace_fini(&writer->replace);
  *writer = (gaze_features_writer){0};
}
