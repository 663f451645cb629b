/* From what a person calls a model to its folder. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/adapter.h"
#include "fusion/hub.h"
#include "fusion/model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHIPPED "gaze-mini"

/* The variable, or home/otherwise; yours: free(). NULL when neither is there. */
static gaze_err home_folder(const char *variable, const char *otherwise, char **out) {
  const char *set = getenv(variable), *home = getenv("HOME");
  *out = NULL;
  if (set && set[0])
    return gaze_strdup(set, out);
  return home ? gaze_path_join(home, otherwise, out) : GAZE_OK;
}

/* By transformers' configuration, open_clip's, or peft's. */
static bool is_model(const char *folder) {
  static const char *const files[] = {"config.json", "open_clip_config.json", "adapter_config.json"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    if (length > 0 && (size_t)length < sizeof path && gaze_file_exists(path))
      return true;
  }
  return false;
}

/* Takes candidate; *out becomes it when it is a model's folder. */
static void offer(char *candidate, char **out) {
  if (candidate && !*out && is_model(candidate))
    *out = candidate;
  else
    free(candidate);
}

static gaze_err look_in_model_folder(const char *name, char **out) {
  char *data, *candidate;
  GAZE_TRY(home_folder("XDG_DATA_HOME", ".local/share", &data));
  if (!data)
    return GAZE_OK;
  gaze_err err = gaze_format(&candidate, "%s/gaze/models/%s", data, name);
  free(data);
  GAZE_TRY(err);
  offer(candidate, out);
  return GAZE_OK;
}

/* folder/place/name; place may climb out of the folder. */
static gaze_err offer_place(const char *folder, const char *place, const char *name, char **out) {
  char *candidate;
  GAZE_TRY(gaze_format(&candidate, "%s/%s/%s", folder, place, name));
  offer(realpath(candidate, NULL), out);
  free(candidate);
  return GAZE_OK;
}

/* Shipped models lie beside the program, in the source tree it was built in or in its installation, which may have been
 * moved as a whole; other programs that use the library find them where they were installed. */
static gaze_err look_for_shipped(const char *name, char **out) {
  static const char *const places[] = {"../samples/models", "../../samples/models", "../share/gaze/models"};
  char program[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length > 0) {
    program[length] = 0;
    *strrchr(program, '/') = 0;
  }
  for (size_t i = 0; length > 0 && i < sizeof places / sizeof *places && !*out; i++)
    GAZE_TRY(offer_place(program, places[i], name, out));
  if (!*out)
    GAZE_TRY(offer_place(GAZE_SHIPPED_MODELS, ".", name, out));
  if (*out)
    return GAZE_OK;
  char *candidate;
  GAZE_TRY(gaze_format(&candidate, "samples/models/%s", name));
  offer(candidate, out);
  return GAZE_OK;
}

/* What stands at the path `name` is no model's folder. */
static gaze_err refuse_path(const char *name) {
  if (!gaze_folder_exists(name))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "a file, not a model's folder: %s: weights are read with config.json beside them, name their "
                     "folder",
                     name);
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "no config.json or open_clip_config.json in the folder: %s: name a model's folder", name);
}

gaze_err gaze_model_find_any(const char *name, char **out) {
  char *found = NULL;
  if (!name)
    name = getenv("GAZE_MODEL");
  if (!name || !name[0])
    name = SHIPPED;
  if (gaze_folder_exists(name) && is_model(name))
    return gaze_strdup(name, out);
  GAZE_TRY(look_in_model_folder(name, &found));
  if (!found)
    GAZE_TRY(look_for_shipped(name, &found));
  if (!found)
    GAZE_TRY(gaze_hub_find(name, &found));
  if (!found && gaze_file_exists(name))
    return refuse_path(name);
  if (!found && gaze_hub_is_id(name))
    return gaze_fail(GAZE_ERR_NOT_FOUND,
                     "no such model: %s: gaze model pull %s fetches it from the hub; or name a folder, or see gaze "
                     "model list",
                     name, name);
  if (!found)
    return gaze_fail(GAZE_ERR_NOT_FOUND,
                     "no such model: %s: name a folder, a repository in the hub cache, or see gaze model list", name);
  *out = found;
  return GAZE_OK;
}

gaze_err gaze_model_find(const char *name, char **out) {
  char *found;
  GAZE_TRY(gaze_model_find_any(name, &found));
  if (!gaze_adapter_is_folder(found)) {
    *out = found;
    return GAZE_OK;
  }
  gaze_err err = gaze_fail(GAZE_ERR_UNSUPPORTED,
                           "an adapter, not a whole model: %s: gaze model merge-lora joins it with its model", found);
  free(found);
  return err;
}
