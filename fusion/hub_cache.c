/* The cache of Hugging Face's hub, as its own programs write it:
 * models--ORG--REPO/{refs/main, blobs/OID, snapshots/COMMIT/FILE -> ../../blobs/OID}. */
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "fusion/hub.h"
#include "fusion/model.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool begins_with(const char *text, const char *beginning) {
  return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* repository has no links in it. A link that leads nowhere is of a download that was not finished. */
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

/* *out becomes the folder of a whole snapshot when no file of it lies elsewhere; *begun: there is a part of one. */
static gaze_err look_in_repository(const char *repository, char **out, bool *begun) {
  gaze_hub_facts facts;
  char *config = NULL;
  GAZE_TRY(gaze_hub_look(repository, &facts));
  gaze_err err = GAZE_OK;
  *begun = *begun || facts.begun;
  if (!facts.whole)
    goto done;
  GAZE_TRY_DONE(gaze_path_join(facts.folder, "config.json", &config));
  if (!gaze_file_exists(config))
    goto done;
  GAZE_TRY_DONE(check_files(repository, facts.folder));
  *out = facts.folder;
  facts.folder = NULL;
done:
  free(facts.folder);
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
  bool begun = false;
  *out = NULL;
  if (!slash || strchr(slash + 1, '/') || strstr(name, ".."))
    return GAZE_OK;
  for (size_t i = 0; i < sizeof places / sizeof *places && !*out && !begun; i++) {
    const char *root = getenv(places[i].variable);
    char *hub, *repository;
    if (!root || !root[0])
      continue;
    GAZE_TRY(gaze_format(&hub, "%s%s", root, places[i].inside));
    gaze_err err = gaze_hub_repository(hub, name, &repository);
    free(hub);
    GAZE_TRY(err);
    err = look_in_repository(repository, out, &begun);
    free(repository);
    GAZE_TRY(err);
  }
  return begun ? gaze_fail(GAZE_ERR_NOT_FOUND, "half-finished download: %s: gaze model pull %s goes on with it", name,
                           name)
               : GAZE_OK;
}

/* models--ORG--REPO is ORG/REPO. */
static gaze_err add_repository(json_t *list, const char *hub, const char *entry) {
  static const char prefix[] = "models--";
  const char *parts = begins_with(entry, prefix) ? entry + strlen(prefix) : "", *between = strstr(parts, "--");
  char *repository, *name = NULL;
  gaze_hub_facts facts = {0};
  if (!between)
    return GAZE_OK;
  GAZE_TRY(gaze_path_join(hub, entry, &repository));
  gaze_err err;
  GAZE_TRY_DONE(gaze_format(&name, "%.*s/%s", (int)(between - parts), parts, between + 2));
  GAZE_TRY_DONE(gaze_hub_look(repository, &facts));
  if (gaze_hub_is_id(name) && (facts.whole || facts.begun) &&
      json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:b}", "name", name, "path", facts.folder, "bytes",
                                            (json_int_t)facts.bytes, "complete", facts.whole)) != 0)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: the list of %s: free memory", hub);
done:
  free(repository);
  free(name);
  free(facts.folder);
  return err;
}

gaze_err gaze_hub_list_json(char **json) {
  char *hub;
  struct dirent **entries;
  GAZE_TRY(gaze_hub_folder(&hub));
  json_t *list = json_array();
  int n = scandir(hub, &entries, NULL, alphasort);
  gaze_err err = GAZE_OK;
  if (n < 0 && errno != ENOENT && errno != ENOTDIR)
    err = gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", hub);
  for (int i = 0; i < n; i++) {
    if (err == GAZE_OK)
      err = add_repository(list, hub, entries[i]->d_name);
    free(entries[i]);
  }
  if (n >= 0)
    free(entries);
  free(hub);
  if (err == GAZE_OK)
    err = gaze_json_text(list, 0, json);
  json_decref(list);
  return err;
}
