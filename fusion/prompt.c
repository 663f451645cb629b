#include "fusion/prompt.h"

#include <stdlib.h>
#include <string.h>

void gaze_prompt_fini(gaze_prompt *prompt) {
  free(prompt->keys);
  free(prompt->pictures);
  *prompt = (gaze_prompt){0};
}

gaze_err gaze_prompt_copy(const gaze_prompt *prompt, gaze_prompt *out) {
  gaze_prompt copy = {.n = prompt->n, .n_pictures = prompt->n_pictures};
  gaze_err err = gaze_grow(&copy.keys, &copy.capacity, copy.n, sizeof *copy.keys);
  if (err == GAZE_OK)
    err = gaze_grow(&copy.pictures, &copy.pictures_capacity, copy.n_pictures, sizeof *copy.pictures);
  if (err != GAZE_OK) {
    gaze_prompt_fini(&copy);
    return err;
  }
  if (copy.n)
    memcpy(copy.keys, prompt->keys, copy.n * sizeof *copy.keys);
  if (copy.n_pictures)
    memcpy(copy.pictures, prompt->pictures, copy.n_pictures * sizeof *copy.pictures);
  *out = copy;
  return GAZE_OK;
}

static gaze_err reserve(gaze_prompt *prompt, size_t n) {
  return gaze_grow(&prompt->keys, &prompt->capacity, prompt->n + n, sizeof *prompt->keys);
}

gaze_err gaze_prompt_add_ids(gaze_prompt *prompt, const int32_t *ids, size_t n) {
  GAZE_TRY(reserve(prompt, n));
  for (size_t i = 0; i < n; i++)
    prompt->keys[prompt->n++] = ids[i];
  return GAZE_OK;
}

/* Below 0, and as different as the hash is. */
static int64_t key_of(uint64_t hash, size_t row) {
  return -1 - (int64_t)((hash + (uint64_t)row * 0x9e3779b97f4a7c15u) >> 2);
}

gaze_err gaze_prompt_add_picture(gaze_prompt *prompt, size_t picture, uint64_t hash, size_t from, size_t n) {
  GAZE_TRY(reserve(prompt, n));
  GAZE_TRY(gaze_grow(&prompt->pictures, &prompt->pictures_capacity, prompt->n_pictures + 1, sizeof *prompt->pictures));
  prompt->pictures[prompt->n_pictures++] =
      (gaze_prompt_picture){.first = prompt->n, .n = n, .picture = picture, .from = from};
  for (size_t i = 0; i < n; i++)
    prompt->keys[prompt->n++] = key_of(hash, from + i);
  return GAZE_OK;
}

void gaze_prompt_cut(gaze_prompt *prompt, size_t n) {
  prompt->n = n;
  while (prompt->n_pictures && prompt->pictures[prompt->n_pictures - 1].first >= n)
    prompt->n_pictures--;
  if (!prompt->n_pictures)
    return;
  gaze_prompt_picture *last = &prompt->pictures[prompt->n_pictures - 1];
  last->n = last->first + last->n > n ? n - last->first : last->n;
}

size_t gaze_prompt_common(const gaze_prompt *prompt, const int64_t *keys, size_t n) {
  size_t common = 0;
  while (common < n && common < prompt->n && prompt->keys[common] == keys[common])
    common++;
  return common;
}
