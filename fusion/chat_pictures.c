/* Pictures in a conversation: kept as they were given, planned together, looked at when a decoder
 * comes to them. */
#include "core/base/file.h"
#include "fusion/chat.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void gaze_chat_picture_fini(gaze_chat_picture *picture) {
  gaze_picture_fini(&picture->pixels);
  free(picture->bytes);
  free(picture->name);
  *picture = (gaze_chat_picture){0};
}

void gaze_chat_drop_pictures(gaze_chat *chat, size_t n) {
  while (chat->n_pictures > n)
    gaze_chat_picture_fini(&chat->pictures[--chat->n_pictures]);
}

static gaze_err fill(gaze_chat_picture *out, const void *bytes, size_t size, const char *name) {
  GAZE_TRY(gaze_picture_decode(bytes, size, name, NULL, NULL, &out->pixels));
  out->width = out->pixels.width;
  out->height = out->pixels.height;
  out->hash = XXH3_64bits(bytes, size);
  out->size = size;
  GAZE_TRY(gaze_strdup(name, &out->name));
  GAZE_TRY(gaze_alloc(size, 1, &out->bytes));
  memcpy(out->bytes, bytes, size);
  return GAZE_OK;
}

gaze_err gaze_chat_picture_init(gaze_chat_picture *picture, const void *bytes, size_t size, const char *name) {
  *picture = (gaze_chat_picture){0};
  gaze_err err = fill(picture, bytes, size, name);
  if (err != GAZE_OK)
    gaze_chat_picture_fini(picture);
  return err;
}

void gaze_chat_drop_pixels(gaze_chat_picture *pictures, size_t n) {
  for (size_t i = 0; i < n; i++)
    gaze_picture_fini(&pictures[i].pixels);
}

/* Of the last picture, if many wait. */
static void bound_pixels(gaze_chat *chat) {
  size_t bytes = 0;
  for (size_t i = 0; i < chat->n_pictures; i++)
    if (chat->pictures[i].pixels.rgb)
      bytes += (size_t)3 * (size_t)chat->pictures[i].width * (size_t)chat->pictures[i].height;
  if (bytes > GAZE_CHAT_PIXELS_LIMIT)
    gaze_chat_drop_pixels(&chat->pictures[chat->n_pictures - 1], 1);
}

gaze_err gaze_chat_add_picture(gaze_chat *chat, const void *bytes, size_t size, const char *name) {
  gaze_chat_picture picture;
  if (!chat->assistant->eye)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "a model that does not see: %s: name one with an image encoder",
                     chat->assistant->path);
  GAZE_TRY(gaze_grow(&chat->pictures, &chat->pictures_capacity, chat->n_pictures + 1, sizeof *chat->pictures));
  GAZE_TRY(gaze_chat_picture_init(&picture, bytes, size, name));
  chat->pictures[chat->n_pictures++] = picture;
  chat->coming++;
  bound_pixels(chat);
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
  }
}

gaze_err gaze_chat_picture_rows(void *user, const gaze_prompt_picture *which, const float **rows) {
  gaze_chat *chat = user;
  gaze_err err = gaze_picture_rows_get(chat->assistant, &chat->pictures[which->picture], rows);
  gaze_chat_drop_pixels(&chat->pictures[which->picture], 1);
  if (err != GAZE_OK) {
    chat->blind = true;
    return err;
  }
  *rows += which->from * chat->assistant->decoder.config.block.dim;
  return GAZE_OK;
}
