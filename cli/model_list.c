#include "cli/model_list.h"

#include "cli/model_pull.h"
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

/* Bytes of the files in a folder. */
static uint64_t folder_bytes(const char *folder) {
  DIR *listing = opendir(folder);
  struct stat facts;
  uint64_t bytes = 0;
  for (struct dirent *entry; listing && (entry = readdir(listing));)
    if (fstatat(dirfd(listing), entry->d_name, &facts, 0) == 0 && S_ISREG(facts.st_mode))
      bytes += (uint64_t)facts.st_size;
  if (listing)
    closedir(listing);
  return bytes;
}

static void add(json_t *models, const char *name, const char *from, const char *path, uint64_t bytes, bool complete) {
  json_array_append_new(models, json_pack("{s:o, s:s, s:o, s:I, s:b}", "name", json_text(name), "from", from, "path",
                                          json_text(path), "bytes", (json_int_t)bytes, "complete", complete));
}

static void add_folder(json_t *models, const char *name, const char *from, const char *path) {
  if (is_model(path))
    add(models, name, from, path, folder_bytes(path), true);
}

static void add_named(json_t *models, const char *folder, const char *name) {
  char *path;
  if (asprintf(&path, "%s/%s", folder, name) < 0)
    return;
  add_folder(models, name, "folder", path);
  free(path);
}

static void add_cached(json_t *models) {
  char *text;
  size_t i;
  json_t *entry;
  if (gaze_hub_list_json(&text) != GAZE_OK) {
    report("%s", gaze_last_error());
    return;
  }
  json_t *cached = json_loads(text, 0, NULL);
  free(text);
  json_array_foreach(cached, i, entry) add(models, json_string_value(json_object_get(entry, "name")), "cache",
                                           json_string_value(json_object_get(entry, "path")),
                                           (uint64_t)json_integer_value(json_object_get(entry, "bytes")),
                                           json_is_true(json_object_get(entry, "complete")));
  json_decref(cached);
}

static void add_entries(json_t *models, char *folder) {
  struct dirent **entries;
  int n = folder ? scandir(folder, &entries, NULL, alphasort) : -1;
  for (int i = 0; i < n; i++) {
    if (entries[i]->d_name[0] != '.')
      add_named(models, folder, entries[i]->d_name);
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
  add_folder(models, slash ? slash + 1 : path, "default", path);
  gaze_model_close(model);
}

static void print_line(const json_t *model) {
  char size[16];
  format_bytes(size, (uint64_t)json_integer_value(json_object_get(model, "bytes")));
  printf("%s\t%s\t%s\t%s\t%s\n", json_string_value(json_object_get(model, "name")),
         json_string_value(json_object_get(model, "from")), json_string_value(json_object_get(model, "path")), size,
         json_is_true(json_object_get(model, "complete")) ? "complete" : "half-finished download");
}

int model_list_print(void) {
  json_t *models = json_array(), *model;
  size_t i;
  add_default(models);
  add_entries(models, home_path("XDG_DATA_HOME", ".local/share", "gaze/models"));
  add_cached(models);
  if (given.json) {
    json_print(models, stdout);
    return STATUS_DONE;
  }
  puts("name\tfrom\tpath\tsize\tstate");
  json_array_foreach(models, i, model) print_line(model);
  json_decref(models);
  return STATUS_DONE;
}
