#include "cli/model_list.h"

#include "cli/report.h"
#include "cli/settings.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* $variable/rest, else $HOME/fallback/rest; yours: free(). */
static char *home_path(const char *variable, const char *fallback, const char *rest) {
  const char *base = getenv(variable), *home = getenv("HOME");
  char *path;
  int length = base && *base ? asprintf(&path, "%s/%s", base, rest)
                             : asprintf(&path, "%s/%s/%s", home ? home : "", fallback, rest);
  return length < 0 ? NULL : path;
}

/* Hugging Face's own order: HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HOME. */
static char *hub_path(void) {
  const char *cache = getenv("HF_HUB_CACHE"), *home = getenv("HF_HOME");
  if (cache && *cache)
    return strdup(cache);
  return home && *home ? home_path("HF_HOME", "", "hub") : home_path("XDG_CACHE_HOME", ".cache", "huggingface/hub");
}

static bool file_exists(const char *folder, const char *name) {
  char *path;
  struct stat facts;
  if (asprintf(&path, "%s/%s", folder, name) < 0)
    return false;
  bool exists = stat(path, &facts) == 0;
  free(path);
  return exists;
}

static bool is_model(const char *folder) {
  return file_exists(folder, "config.json") || file_exists(folder, "open_clip_config.json");
}

static void add(json_t *models, const char *name, const char *from, const char *path) {
  if (is_model(path))
    json_array_append_new(models,
                          json_pack("{s:o, s:s, s:o}", "name", json_text(name), "from", from, "path", json_text(path)));
}

static void add_named(json_t *models, const char *folder, const char *name) {
  char *path;
  if (asprintf(&path, "%s/%s", folder, name) < 0)
    return;
  add(models, name, "folder", path);
  free(path);
}

/* models--ORG--REPO/snapshots/<what refs/main says> is ORG/REPO. */
static void add_cached(json_t *models, const char *hub, const char *name) {
  static const char prefix[] = "models--";
  char *id = NULL, *path = NULL, commit[65] = "";
  const char *separator = strncmp(name, prefix, 8) == 0 ? strstr(name + 8, "--") : NULL;
  if (!separator || asprintf(&path, "%s/%s/refs/main", hub, name) < 0)
    return;
  FILE *reference = fopen(path, "r");
  if (reference && fscanf(reference, "%64[0-9a-f]", commit) != 1)
    commit[0] = 0;
  if (reference)
    fclose(reference);
  free(path);
  path = NULL;
  if (*commit && asprintf(&id, "%.*s/%s", (int)(separator - name - 8), name + 8, separator + 2) > 0 &&
      asprintf(&path, "%s/%s/snapshots/%s", hub, name, commit) > 0)
    add(models, id, "cache", path);
  free(id);
  free(path);
}

static void add_entries(json_t *models, char *folder, void (*add_entry)(json_t *, const char *, const char *)) {
  struct dirent **entries;
  int n = folder ? scandir(folder, &entries, NULL, alphasort) : -1;
  for (int i = 0; i < n; i++) {
    if (entries[i]->d_name[0] != '.')
      add_entry(models, folder, entries[i]->d_name);
    free(entries[i]);
  }
  if (n >= 0)
    free(entries);
  free(folder);
}

/* The model of a command without -m, when it opens. */
static void add_default(json_t *models) {
  gaze_model *model;
  if (gaze_model_open(NULL, NULL, &model) != GAZE_OK)
    return;
  const char *path = gaze_model_path(model), *slash = strrchr(path, '/');
  add(models, slash ? slash + 1 : path, "default", path);
  gaze_model_close(model);
}

int model_list_print(void) {
  json_t *models = json_array(), *model;
  size_t i;
  add_default(models);
  add_entries(models, home_path("XDG_DATA_HOME", ".local/share", "gaze/models"), add_named);
  add_entries(models, hub_path(), add_cached);
  if (given.json) {
    json_print(models, stdout);
    return STATUS_DONE;
  }
  puts("name\tfrom\tpath");
  json_array_foreach(models, i, model)
      printf("%s\t%s\t%s\n", json_string_value(json_object_get(model, "name")),
             json_string_value(json_object_get(model, "from")), json_string_value(json_object_get(model, "path")));
  json_decref(models);
  return STATUS_DONE;
}
