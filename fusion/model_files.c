#include "fusion/model_files.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

const char *const gaze_model_configurations[] = {"config.json",
                                                 "open_clip_config.json",
                                                 "processor_config.json",
                                                 "preprocessor_config.json",
                                                 "adapter_config.json",
                                                 GAZE_SENTENCE_MODULES,
                                                 GAZE_SENTENCE_POOLING,
                                                 GAZE_SENTENCE_SETTINGS,
                                                 NULL};

gaze_err gaze_open_clip_path(const char *folder, char **path) {
  char *ours, *theirs = NULL;
  GAZE_TRY(gaze_path_join(folder, "config.json", &ours));
  gaze_err err = gaze_path_join(folder, "open_clip_config.json", &theirs);
  if (err == GAZE_OK && (gaze_file_exists(ours) || !gaze_file_exists(theirs))) {
    free(theirs);
    theirs = NULL;
  }
  free(ours);
  *path = theirs;
  return err;
}

gaze_err gaze_open_clip_words(const json_t *json, char **name) {
  const json_t *text = json_object_get(json_object_get(json, "model_cfg"), "text_cfg");
  const char *folder;
  *name = NULL;
  GAZE_TRY(gaze_json_string(text, "hf_model_name", "", &folder));
  if (!*folder || *folder == '.' || strchr(folder, '/'))
    return GAZE_OK;
  return gaze_format(name, "%s/config.json", folder);
}

static gaze_err visit_named(const char *place, const char *name, gaze_model_file_fn *visit, void *user) {
  char *path;
  GAZE_TRY(gaze_path_join(place, name, &path));
  gaze_err err = gaze_file_exists(path) ? visit(user, path, name) : GAZE_OK;
  free(path);
  return err;
}

static gaze_err visit_words(const char *place, gaze_model_file_fn *visit, void *user) {
  char *path, *name = NULL;
  json_t *json = NULL;
  gaze_err err;
  GAZE_TRY(gaze_open_clip_path(place, &path));
  if (!path)
    return GAZE_OK;
  GAZE_TRY_DONE(gaze_json_open(path, &json));
  GAZE_TRY_DONE(gaze_open_clip_words(json, &name));
  if (name)
    GAZE_TRY_DONE(visit_named(place, name, visit, user));
done:
  json_decref(json);
  free(name);
  free(path);
  return err;
}

gaze_err gaze_model_configurations_visit(const char *place, gaze_model_file_fn *visit, void *user) {
  for (const char *const *name = gaze_model_configurations; *name; name++)
    GAZE_TRY(visit_named(place, *name, visit, user));
  return visit_words(place, visit, user);
}
