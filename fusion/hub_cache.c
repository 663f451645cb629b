/* The cache of Hugging Face's hub, as its own programs write it:
 * models--ORG--REPO/{refs/main, blobs/OID, snapshots/COMMIT/FILE -> ../../blobs/OID}. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/model.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What refs/main says; yours: free(). NULL: nothing. */
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

gaze_err gaze_hub_find(const char *name, char **out) {
  static const struct {
    const char *variable, *inside;
  } places[] = {{"HF_HUB_CACHE", ""},
                {"HF_HOME", "/hub"},
                {"XDG_CACHE_HOME", "/huggingface/hub"},
                {"HOME", "/.cache/huggingface/hub"}};
  const char *slash = strchr(name, '/');
  *out = NULL;
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
