/* Pictures in a conversation: kept as they were given, planned together, looked at when a decoder comes to them. */
#include "core/base/file.h"
#include "fusion/chat.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void fini_picture(gaze_chat_picture *picture) {
  free(picture->bytes);
  free(picture->name);
  free(picture->rows);
}

void gaze_chat_drop_pictures(gaze_chat *chat, size_t n) {
  while (chat->n_pictures > n)
    fini_picture(&chat->pictures[--chat->n_pictures]);
}

static gaze_err fill_picture(gaze_chat_picture *out, const void *bytes, size_t size, const char *name) {
  gaze_picture picture;
  GAZE_TRY(gaze_picture_decode(bytes, size, name, NULL, NULL, &picture));
  out->width = picture.width;
  out->height = picture.height;
  gaze_picture_fini(&picture);
  out->hash = XXH3_64bits(bytes, size);
  out->size = size;
  GAZE_TRY(gaze_strdup(name, &out->name));
  GAZE_TRY(gaze_alloc(size, 1, &out->bytes));
  memcpy(out->bytes, bytes, size);
  return GAZE_OK;
}

gaze_err gaze_chat_add_picture(gaze_chat *chat, const void *bytes, size_t size, const char *name) {
  gaze_chat_picture picture = {0};
  if (!chat->assistant->eye)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "a model that does not see: %s: name one with an image encoder",
                     chat->assistant->path);
  GAZE_TRY(gaze_grow(&chat->pictures, &chat->pictures_capacity, chat->n_pictures + 1, sizeof *chat->pictures));
  gaze_err err = fill_picture(&picture, bytes, size, name);
  if (err != GAZE_OK) {
    fini_picture(&picture);
    return err;
  }
  chat->pictures[chat->n_pictures++] = picture;
  chat->coming++;
  return GAZE_OK;
}

gaze_err gaze_chat_add_picture_file(gaze_chat *chat, const char *path) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_chat_add_picture(chat, map.data, map.size, path);
  gaze_map_close(&map);
  return err;
}

static bool same_plan(const gaze_tile_plan *a, const gaze_tile_plan *b) {
  return a->rows == b->rows && a->columns == b->columns && a->tiles == b->tiles && a->tokens == b->tokens &&
         a->squared == b->squared && a->width == b->width && a->height == b->height;
}

void gaze_chat_plan_pictures(gaze_chat *chat, size_t n) {
  for (size_t i = 0; i < n; i++) {
    gaze_chat_picture *picture = &chat->pictures[i];
    gaze_tile_plan plan = {0};
    gaze_tiling_plan(&chat->assistant->eye->config.tiling, picture->width, picture->height, n, &plan);
    if (same_plan(&plan, &picture->plan))
      continue;
    if (picture->plan.tokens)
      chat->rendered = 0;
    picture->plan = plan;
    free(picture->rows);
    picture->rows = NULL;
  }
}

static gaze_err look(const gaze_assistant *assistant, gaze_chat_picture *picture) {
  gaze_picture decoded;
  size_t C = assistant->decoder.config.block.dim;
  GAZE_TRY(gaze_picture_decode(picture->bytes, picture->size, picture->name, NULL, NULL, &decoded));
  gaze_err err = gaze_alloc(picture->plan.tokens, C * sizeof *picture->rows, &picture->rows);
  if (err == GAZE_OK)
    err = gaze_eye_look(&assistant->compute, assistant->eye, &picture->plan, &decoded, picture->rows);
  gaze_picture_fini(&decoded);
  if (err == GAZE_OK)
    return GAZE_OK;
  free(picture->rows);
  picture->rows = NULL;
  return err;
}

gaze_err gaze_chat_picture_rows(void *user, const gaze_prompt_picture *which, const float **rows) {
  gaze_chat *chat = user;
  gaze_chat_picture *picture = &chat->pictures[which->picture];
  gaze_err err = picture->rows ? GAZE_OK : look(chat->assistant, picture);
  if (err != GAZE_OK) {
    chat->blind = true;
    return err;
  }
  *rows = picture->rows + which->from * chat->assistant->decoder.config.block.dim;
  return GAZE_OK;
}
