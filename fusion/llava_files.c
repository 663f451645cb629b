/* The configuration files of a model that looks and talks. */
#include "core/base/file.h"
#include "fusion/clip_config.h"
#include "fusion/llava_config.h"
#include "fusion/model.h"

#include <stdlib.h>
#include <string.h>

static gaze_err open_optional(const char *folder, const char *name, json_t **out) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = gaze_file_exists(path) ? gaze_json_open(path, out) : GAZE_OK;
  free(path);
  return err;
}

/* Beside the model's weights, else where the hub's cache has it. */
static gaze_err find_tower(const char *folder, const char *name, char **out) {
  GAZE_TRY(gaze_path_join(folder, "vision_tower", out));
  if (gaze_folder_exists(*out))
    return GAZE_OK;
  free(*out);
  *out = NULL;
  return strchr(name, '/') ? gaze_hub_find(name, out) : GAZE_OK;
}

static gaze_err open_tower(const char *folder, gaze_llava_files *files) {
  const char *name;
  GAZE_TRY(gaze_json_string(files->model, "mm_vision_tower", "", &name));
  if (!*name)
    return GAZE_OK;
  GAZE_TRY(find_tower(folder, name, &files->tower_folder));
  if (!files->tower_folder)
    return GAZE_OK;
  GAZE_TRY(open_optional(files->tower_folder, "config.json", &files->tower));
  return gaze_config_open_pictures(files->tower_folder, true, &files->tower_pictures);
}

static gaze_err open_files(const char *folder, gaze_llava_files *files) {
  GAZE_TRY(gaze_json_open_in(folder, "config.json", &files->model));
  GAZE_TRY(open_tower(folder, files));
  return gaze_config_open_pictures(folder, files->tower_folder || json_object_get(files->model, "mm_vision_tower"),
                                   &files->pictures);
}

gaze_err gaze_llava_files_open(const char *folder, gaze_llava_files *out) {
  gaze_llava_files files = {0};
  gaze_err err = open_files(folder, &files);
  if (err != GAZE_OK)
    gaze_llava_files_close(&files);
  *out = files;
  return err;
}

void gaze_llava_files_close(gaze_llava_files *files) {
  json_decref(files->model);
  json_decref(files->pictures);
  json_decref(files->tower);
  json_decref(files->tower_pictures);
  free(files->tower_folder);
  *files = (gaze_llava_files){0};
}
