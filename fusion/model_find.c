/* From what a person calls a model to its folder. */
#include "core/base/file.h"
#include "core/base/memory.h"
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

static bool is_model(const char *folder) {
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/config.json", folder);
  return length > 0 && (size_t)length < sizeof path && gaze_file_exists(path);
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

/* Shipped models lie beside the program: in the source tree it was built in, or in its installation. */
static gaze_err look_beside_program(const char *name, char **out) {
  static const char *const places[] = {"../samples/models", "../../samples/models", "../share/gaze/models"};
  char program[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length < 0)
    return GAZE_OK;
  program[length] = 0;
  char *slash = strrchr(program, '/');
  if (slash)
    *slash = 0;
  for (size_t i = 0; i < sizeof places / sizeof *places && !*out; i++) {
    char *candidate, *real;
    GAZE_TRY(gaze_format(&candidate, "%s/%s/%s", program, places[i], name));
    real = realpath(candidate, NULL);
    free(candidate);
    offer(real, out);
  }
  if (*out)
    return GAZE_OK;
  char *candidate;
  GAZE_TRY(gaze_format(&candidate, "samples/models/%s", name));
  offer(candidate, out);
  return GAZE_OK;
}

/* The hub's cache of repository ORG/REPO: models--ORG--REPO/{refs/main, snapshots/COMMIT}. */
static gaze_err look_in_cache(const char *cache, const char *name, char **out) {
  const char *slash = strchr(name, '/');
  char *reference, *candidate;
  uint8_t *commit;
  size_t size;
  GAZE_TRY(gaze_format(&reference, "%s/models--%.*s--%s/refs/main", cache, (int)(slash - name), name, slash + 1));
  gaze_err err = gaze_file_exists(reference) ? gaze_file_read(reference, 256, &commit, &size) : GAZE_ERR_NOT_FOUND;
  free(reference);
  if (err != GAZE_OK)
    return err == GAZE_ERR_NOT_FOUND ? GAZE_OK : err;
  commit[strspn((char *)commit, "0123456789abcdef")] = 0;
  err = gaze_format(&candidate, "%s/models--%.*s--%s/snapshots/%s", cache, (int)(slash - name), name, slash + 1,
                    (char *)commit);
  free(commit);
  GAZE_TRY(err);
  offer(candidate, out);
  return GAZE_OK;
}

static gaze_err look_in_caches(const char *name, char **out) {
  static const struct {
    const char *variable, *inside;
  } places[] = {{"HF_HUB_CACHE", ""},
                {"HF_HOME", "/hub"},
                {"XDG_CACHE_HOME", "/huggingface/hub"},
                {"HOME", "/.cache/huggingface/hub"}};
  const char *slash = strchr(name, '/');
  if (!slash || strchr(slash + 1, '/') || strstr(name, ".."))
    return GAZE_OK;
  for (size_t i = 0; i < sizeof places / sizeof *places && !*out; i++) {
    const char *root = getenv(places[i].variable);
    char *cache;
    if (!root || !root[0])
      continue;
    GAZE_TRY(gaze_format(&cache, "%s%s", root, places[i].inside));
    gaze_err err = look_in_cache(cache, name, out);
    free(cache);
    GAZE_TRY(err);
  }
  return GAZE_OK;
}

gaze_err gaze_model_find(const char *name, char **out) {
  char *found = NULL;
  if (!name)
    name = getenv("GAZE_MODEL");
  if (!name || !name[0])
    name = SHIPPED;
  if (gaze_folder_exists(name) && is_model(name))
    return gaze_strdup(name, out);
  if (gaze_folder_exists(name))
    return gaze_fail(GAZE_ERR_NOT_FOUND, "no config.json in the folder: %s: name a model's folder", name);
  GAZE_TRY(look_in_model_folder(name, &found));
  if (!found)
    GAZE_TRY(look_beside_program(name, &found));
  if (!found)
    GAZE_TRY(look_in_caches(name, &found));
  if (!found)
    return gaze_fail(GAZE_ERR_NOT_FOUND,
                     "no such model: %s: name a folder, a repository in the hub cache, or see gaze model list", name);
  *out = found;
  return GAZE_OK;
}
