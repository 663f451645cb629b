#include "cli/searching.h"

#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

gaze_search_options sought = {.min_score = -1};

/* A folder that gave nothing may be mistyped. */
static void check_folder(gaze_index *index, const char *key, const float *vector, size_t dim) {
  const gaze_search_options anything = {.top = 1, .min_score = -1, .folder = sought.folder};
  gaze_hit *hits = NULL;
  size_t n = 0;
  if (gaze_search(index, key, vector, (int)dim, &anything, &hits, &n) == GAZE_OK && n == 0)
    report("folder is not in the index: %s: no photo of it is known; look at its spelling, or run gaze index on it",
           sought.folder);
  free(hits);
}

/* The library knows models by their keys; a person by their folders. */
static int report_search(gaze_err err, const char *key, const gaze_model *model) {
  if (err != GAZE_ERR_NOT_FOUND || !strstr(gaze_last_error(), key))
    return report_error(err);
  report("no photo is indexed with this model: %s: run gaze index with it", gaze_model_path(model));
  return STATUS_FAILED;
}

static int find_with(gaze_model *model, const char *query, gaze_index *index, gaze_hit **hits, size_t *n) {
  char key[33] = "";
  size_t dim = (size_t)gaze_model_dim(model);
  float *vector = memory_resize(NULL, dim, sizeof *vector);
  gaze_err err = gaze_model_key(model, key);
  if (err == GAZE_OK)
    err = gaze_query_embed(model, query, &given.pictures, vector);
  if (err == GAZE_OK)
    err = gaze_search(index, key, vector, (int)dim, &sought, hits, n);
  int status = err == GAZE_OK ? STATUS_DONE : report_search(err, key, model);
  if (err == GAZE_OK && *n == 0 && sought.folder)
    check_folder(index, key, vector, dim);
  free(vector);
  return status;
}

int searching_find(const char *query, const char *name, gaze_hit **hits, size_t *n) {
  gaze_index *index = NULL;
  gaze_model *model = NULL;
  const char *typed = sought.folder;
  char *folder = typed ? realpath(typed, NULL) : NULL;
  sought.folder = folder ? folder : typed;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index);
  if (err == GAZE_OK)
    err = settings_open_named_model(name ? name : given.model, &model);
  int status = err == GAZE_OK ? find_with(model, query, index, hits, n) : report_error(err);
  gaze_model_close(model);
  gaze_index_close(index);
  sought.folder = typed;
  free(folder);
  return status;
}

/* From what gaze_index_info_json tells. */
static int choose_model(const json_t *info, const char *option, char **name) {
  const json_t *models = json_object_get(info, "models");
  const char *path = json_string_value(json_object_get(json_array_get(models, 0), "path"));
  *name = NULL;
  if (json_array_size(models) == 0)
    return STATUS_DONE;
  if (json_array_size(models) > 1 || !path) {
    report("photos are indexed with %s: %s: name one with %s",
           path ? "several models" : "a model whose folder is unknown",
           json_string_value(json_object_get(info, "path")), option);
    return STATUS_USAGE;
  }
  *name = strcpy(memory_resize(NULL, strlen(path) + 1, 1), path);
  return STATUS_DONE;
}

int searching_find_model(const char *option, char **name) {
  gaze_index *index = NULL;
  char *text = NULL;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index);
  if (err == GAZE_OK)
    err = gaze_index_info_json(index, &text);
  json_t *info = text ? json_loads(text, 0, NULL) : NULL;
  int status = err == GAZE_OK ? choose_model(info, option, name) : report_error(err);
  json_decref(info);
  free(text);
  gaze_index_close(index);
  return status;
}
