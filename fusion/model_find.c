/* From what a person calls a model to its folder. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/model.h"

#include <dirent.h>
#include <errno.h>
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

/* The cache of Hugging Face's hub: models--ORG--REPO/{refs/main, blobs/OID, snapshots/COMMIT/FILE -> ../../blobs/OID}.
 * What refs/main says; yours: free(). NULL: nothing. */
static gaze_err read_commit(const char *repository, char **out) {
  char *path;
  uint8_t *commit = NULL;
  size_t size;
  GAZE_TRY(gaze_path_join(repository, "refs/main", &path));
  gaze_err err = gaze_file_exists(path) ? gaze_file_read(path, 256, &commit, &size) : GAZE_OK;
  free(path);
  GAZE_TRY(err);
  if (commit)
    commit[strspn((char *)commit, "0123456789abcdef")] = 0;
  *out = (char *)commit;
  return GAZE_OK;
}

static bool begins_with(const char *text, const char *beginning) {
  return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* repository has no links in it. A link that leads nowhere, of a download that was not finished, is for whoever opens
 * it to name. */
static gaze_err check_file(const char *repository, const char *path) {
  char *real = realpath(path, NULL);
  if (!real && errno == ENOENT)
    return GAZE_OK;
  if (!real)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot follow the link: %s", path);
  const char *rest = begins_with(real, repository) ? real + strlen(repository) : "";
  gaze_err err = GAZE_OK;
  if (!begins_with(rest, "/blobs/") && !begins_with(rest, "/snapshots/"))
    err = gaze_fail(GAZE_ERR_FORMAT, "link out of the cache: %s: it leads to %s, download the model again", path, real);
  free(real);
  return err;
}

static gaze_err check_files(const char *repository, const char *snapshot) {
  char *real = realpath(repository, NULL);
  DIR *folder = real ? opendir(snapshot) : NULL;
  gaze_err err = GAZE_OK;
  if (!folder)
    err = gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", snapshot);
  for (struct dirent *entry; err == GAZE_OK && (entry = readdir(folder));) {
    char *path;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    err = gaze_path_join(snapshot, entry->d_name, &path);
    if (err != GAZE_OK)
      break;
    err = check_file(real, path);
    free(path);
  }
  if (folder)
    closedir(folder);
  free(real);
  return err;
}

/* *out becomes snapshots/COMMIT when a configuration lies there and no file lies elsewhere. */
static gaze_err look_in_repository(const char *repository, char **out) {
  char *commit, *snapshot = NULL, *config = NULL;
  gaze_err err = read_commit(repository, &commit);
  if (err != GAZE_OK || !commit)
    return err;
  GAZE_TRY_DONE(gaze_format(&snapshot, "%s/snapshots/%s", repository, commit));
  GAZE_TRY_DONE(gaze_path_join(snapshot, "config.json", &config));
  if (!commit[0] || !gaze_file_exists(config))
    goto done;
  GAZE_TRY_DONE(check_files(repository, snapshot));
  *out = snapshot;
  snapshot = NULL;
done:
  free(commit);
  free(snapshot);
  free(config);
  return err;
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
    char *repository;
    if (!root || !root[0])
      continue;
    GAZE_TRY(gaze_format(&repository, "%s%s/models--%.*s--%s", root, places[i].inside, (int)(slash - name), name,
                         slash + 1));
    gaze_err err = look_in_repository(repository, out);
    free(repository);
    GAZE_TRY(err);
  }
  return GAZE_OK;
}

/* What stands at the path `name` is no model's folder. */
static gaze_err refuse_path(const char *name) {
  char other[PATH_MAX];
  if (!gaze_folder_exists(name))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "a file, not a model's folder: %s: this version reads model.safetensors in one file with "
                     "config.json beside it, name their folder",
                     name);
  int length = snprintf(other, sizeof other, "%s/open_clip_config.json", name);
  if (length > 0 && (size_t)length < sizeof other && gaze_file_exists(other))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "a folder of open_clip: %s: this version reads config.json and model.safetensors in one file, as "
                     "transformers writes them",
                     other);
  return gaze_fail(GAZE_ERR_NOT_FOUND, "no config.json in the folder: %s: name a model's folder", name);
}

gaze_err gaze_model_find(const char *name, char **out) {
  char *found = NULL;
  if (!name)
    name = getenv("GAZE_MODEL");
  if (!name || !name[0])
    name = SHIPPED;
  if (gaze_folder_exists(name) && is_model(name))
    return gaze_strdup(name, out);
  GAZE_TRY(look_in_model_folder(name, &found));
  if (!found)
    GAZE_TRY(look_beside_program(name, &found));
  if (!found)
    GAZE_TRY(look_in_caches(name, &found));
  if (!found && gaze_file_exists(name))
    return refuse_path(name);
  if (!found)
    return gaze_fail(GAZE_ERR_NOT_FOUND,
                     "no such model: %s: name a folder, a repository in the hub cache, or see gaze model list", name);
  *out = found;
  return GAZE_OK;
}
