/* transformers' image processors of the models that cut pictures into tiles. */
#include "fusion/llava_config_parts.h"

#include <stdio.h>
#include <string.h>

static gaze_err check_processor(const json_t *json, const char *const *starts) {
  const char *type;
  GAZE_TRY(gaze_json_string(json, "image_processor_type", "", &type));
  for (; *starts; starts++)
    if (strncmp(type, *starts, strlen(*starts)) == 0)
      return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "preprocessing not implemented: image processor, image_processor_type: %s does not belong to this "
                   "family of models",
                   type);
}

gaze_err gaze_llava_read_whole(const gaze_llava_files *files, gaze_llava_config *config) {
  gaze_llava_fill_tiling(config);
  return gaze_preprocess_read(files->pictures, (int)config->vision.image_size, &config->tiling.preprocess);
}

/* One of the members, which are lengths in pixels, that an object has; 0 where it has none. */
static gaze_err read_edge(const json_t *json, const char *key, const char *const *members, int64_t otherwise,
                          int64_t *out) {
  json_t *object;
  GAZE_TRY(gaze_config_object(json, key, &object));
  *out = object ? 0 : otherwise;
  for (; object && *members; members++)
    if (json_object_get(object, *members)) {
      size_t length;
      GAZE_TRY(gaze_config_size(object, *members, 0, &length));
      *out = (int64_t)length;
    }
  return GAZE_OK;
}

/* A tile must be a whole input of the encoder. */
static gaze_err check_tile(const char *key, int64_t edge, const gaze_llava_config *config) {
  if (edge == (int64_t)config->vision.image_size)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH,
                   "the image processor makes tiles of %lld pixels (%s), the model takes %zu: use files of one model",
                   (long long)edge, key, config->vision.image_size);
}

gaze_err gaze_llava_read_pinpoints(const json_t *list, bool heights_first, gaze_tiling *tiling) {
  size_t n = json_array_size(list);
  int tile = tiling->preprocess.size;
  if (n < 1 || n > GAZE_GRIDS_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "\"image_grid_pinpoints\": a list of 1 to %d pairs is needed", GAZE_GRIDS_MAX);
  for (size_t i = 0; i < n; i++) {
    json_int_t sides[2] = {0, 0};
    for (size_t k = 0; k < 2; k++)
      sides[k] = json_integer_value(json_array_get(json_array_get(list, i), k));
    if (sides[0] < tile || sides[1] < tile || sides[0] > 16384 || sides[1] > 16384 || sides[0] % tile ||
        sides[1] % tile || sides[0] / tile * (sides[1] / tile) >= GAZE_TILES_MAX)
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "\"image_grid_pinpoints\": %lld x %lld is not made of 1 to %d tiles of %d pixels",
                       (long long)sides[0], (long long)sides[1], GAZE_TILES_MAX, tile);
    tiling->grids[i] = (gaze_grid){(int)sides[heights_first], (int)sides[!heights_first]};
  }
  tiling->grid_count = n;
  return GAZE_OK;
}

/* The class's: in tiles, heights first; of LLaVA-OneVision all from 1 x 1 to 6 x 6. */
static void default_grids(gaze_tiling *tiling) {
  static const int next[][2] = {{1, 2}, {2, 1}, {2, 2}, {3, 1}, {1, 3}};
  int side = tiling->preprocess.size;
  tiling->grid_count = tiling->lone ? 36 : sizeof next / sizeof *next;
  for (int i = 0; i < (int)tiling->grid_count; i++)
    tiling->grids[i] = tiling->lone ? (gaze_grid){side * (i % 6 + 1), side * (i / 6 + 1)}
                                    : (gaze_grid){side * next[i][1], side * next[i][0]};
}

/* The defaults are in pixels, of the model that the class was made for. */
static gaze_err read_grids(const json_t *json, gaze_tiling *tiling) {
  const json_t *list = json_object_get(json, "image_grid_pinpoints");
  if (list && !json_is_null(list))
    return gaze_llava_read_pinpoints(list, true, tiling);
  if (tiling->preprocess.size != (tiling->lone ? 384 : 336))
    return gaze_fail(GAZE_ERR_MISMATCH, "\"image_grid_pinpoints\" is missing: its default is not made of tiles of %d",
                     tiling->preprocess.size);
  default_grids(tiling);
  return GAZE_OK;
}

/* Processor and model each have their list. */
static gaze_err read_both_grids(const gaze_llava_files *files, gaze_tiling *tiling) {
  gaze_tiling other = *tiling;
  GAZE_TRY(read_grids(files->pictures, tiling));
  GAZE_TRY(read_grids(files->model, &other));
  if (tiling->grid_count == other.grid_count &&
      memcmp(tiling->grids, other.grids, tiling->grid_count * sizeof *other.grids) == 0)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH, "\"image_grid_pinpoints\" of the image processor and of config.json differ: use "
                                      "files of one model");
}

bool gaze_llava_parse_most(const char *ratio, gaze_tiling *tiling) {
  char after;
  unsigned most;
  if (sscanf(ratio, "anyres_max_%4u%c", &most, &after) != 1 || !most)
    return false;
  tiling->most_tiles = most;
  return true;
}

static gaze_err read_most(const json_t *json, gaze_tiling *tiling) {
  const char *ratio;
  GAZE_TRY(gaze_json_string(json, "vision_aspect_ratio", "anyres_max_9", &ratio));
  if (gaze_llava_parse_most(ratio, tiling))
    return GAZE_OK;
  return gaze_llava_unsupported("vision_aspect_ratio", "only \"anyres_max_N\" is followed");
}

gaze_err gaze_llava_read_grids(const gaze_llava_files *files, gaze_llava_config *config) {
  static const char *const next[] = {"LlavaNextImage", NULL}, *const onevision[] = {"LlavaOnevisionImage", NULL},
                           *const members[] = {"shortest_edge", "height", NULL};
  gaze_tiling *tiling = &config->tiling;
  int64_t size, crop, otherwise = tiling->lone ? 384 : 224;
  tiling->kind = GAZE_TILING_GRID;
  config->projector.newline = true;
  gaze_llava_fill_tiling(config);
  if (tiling->tile_rows != tiling->side * tiling->side)
    return gaze_llava_unsupported("vision_feature_select_strategy", "\"full\" leaves a class token in every tile");
  gaze_preprocess_default(&tiling->preprocess, (int)config->vision.image_size);
  GAZE_TRY(check_processor(files->pictures, tiling->lone ? onevision : next));
  GAZE_TRY(gaze_preprocess_read_common(files->pictures, &tiling->preprocess));
  GAZE_TRY(read_edge(files->pictures, "size", members, otherwise, &size));
  GAZE_TRY(read_edge(files->pictures, "crop_size", members, size, &crop));
  GAZE_TRY(check_tile("size", size, config));
  GAZE_TRY(check_tile("crop_size", crop, config));
  GAZE_TRY(read_both_grids(files, tiling));
  return tiling->lone ? read_most(files->model, tiling) : GAZE_OK;
}

gaze_err gaze_llava_set_longest(gaze_tiling *tiling, int64_t longest) {
  int64_t along = longest / tiling->preprocess.size + 1;
  if (longest < 1 || longest > 16384 || along * along > GAZE_TILES_MAX)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "not implemented: size, longest_edge: %lld pixels with tiles of %d: 1 to %d tiles a picture are "
                     "possible",
                     (long long)longest, tiling->preprocess.size, GAZE_TILES_MAX);
  tiling->longest = (int)longest;
  return GAZE_OK;
}

void gaze_llava_fill_splits(gaze_llava_config *config) {
  gaze_tiling *tiling = &config->tiling;
  tiling->kind = GAZE_TILING_SPLIT;
  gaze_llava_fill_tiling(config);
  tiling->preprocess = (gaze_preprocess){.size = (int)config->vision.image_size,
                                         .resize = (int)config->vision.image_size,
                                         .fit = GAZE_FIT_SQUASH,
                                         .filter = GAZE_LANCZOS,
                                         .mean = {0.5f, 0.5f, 0.5f},
                                         .deviation = {0.5f, 0.5f, 0.5f}};
}

gaze_err gaze_llava_read_splits(const gaze_llava_files *files, gaze_llava_config *config) {
  static const char *const types[] = {"Idefics3Image", "SmolVLMImage", NULL}, *const members[] = {"longest_edge", NULL};
  gaze_tiling *tiling = &config->tiling;
  int64_t longest, tile;
  gaze_llava_fill_splits(config);
  GAZE_TRY(check_processor(files->pictures, types));
  GAZE_TRY(gaze_preprocess_read_common(files->pictures, &tiling->preprocess));
  GAZE_TRY(gaze_json_bool(files->pictures, "do_image_splitting", true, &tiling->splits));
  GAZE_TRY(read_edge(files->pictures, "size", members, 4 * 364, &longest));
  GAZE_TRY(read_edge(files->pictures, "max_image_size", members, 364, &tile));
  GAZE_TRY(check_tile("max_image_size", tile, config));
  return gaze_llava_set_longest(tiling, longest);
}
