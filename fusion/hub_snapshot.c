/* How far a repository of the cache has come, whoever downloaded it: the hub's own programs write the reference first
 * and leave files out that nobody asked for. */
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "fusion/hub.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Called with a file that may be a link to nowhere: then bytes is -1. */
typedef gaze_err visit_fn(void *user, const char *folder, const char *name, int64_t bytes);

/* Each file of a folder, which need not be there. */
static gaze_err visit(const char *folder, visit_fn *call, void *user) {
  DIR *listing = opendir(folder);
  gaze_err err = GAZE_OK;
  if (!listing && errno != ENOENT && errno != ENOTDIR)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", folder);
  for (struct dirent *entry; listing && err == GAZE_OK && (entry = readdir(listing));) {
    char *path;
    struct stat facts;
    if (entry->d_name[0] == '.')
      continue;
    err = gaze_path_join(folder, entry->d_name, &path);
    if (err != GAZE_OK)
      break;
    err = call(user, folder, entry->d_name, stat(path, &facts) == 0 ? (int64_t)facts.st_size : -1);
    free(path);
  }
  if (listing)
    closedir(listing);
  return err;
}

typedef struct snapshot {
  bool config, weights, lacks; /* lacks: a file that it names is not there */
  uint64_t bytes;
} snapshot;

static gaze_err is_there(const char *folder, const char *name, bool *out) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  *out = gaze_file_exists(path);
  free(path);
  return GAZE_OK;
}

/* The index of shards: {"weight_map": {tensor: file}}. One that cannot be read is for whoever opens it to name. */
static gaze_err read_index(const char *folder, const char *name, snapshot *out) {
  char *path, previous[256] = "";
  json_t *json = NULL, *file;
  const char *tensor;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  if (gaze_json_open(path, &json) == GAZE_ERR_MEMORY)
    err = GAZE_ERR_MEMORY;
  json_object_foreach(json_object_get(json, "weight_map"), tensor, file) {
    const char *shard = json_is_string(file) ? json_string_value(file) : "";
    bool there = true;
    if (strcmp(shard, previous) == 0 || !gaze_hub_is_path(shard))
      continue;
    GAZE_TRY_DONE(is_there(folder, shard, &there));
    out->lacks = out->lacks || !there;
    snprintf(previous, sizeof previous, "%s", shard);
  }
done:
  json_decref(json);
  free(path);
  return err;
}

static gaze_err visit_snapshot(void *user, const char *folder, const char *name, int64_t bytes) {
  static const char *const weights[] = {"safetensors", "bin", "gguf", "pt", NULL};
  snapshot *s = user;
  s->lacks = s->lacks || bytes < 0;
  s->bytes += bytes > 0 ? (uint64_t)bytes : 0;
  if (strcmp(name, "config.json") == 0 || strcmp(name, "open_clip_config.json") == 0)
    s->config = true;
  s->weights = s->weights || gaze_name_ends(name, weights);
  return bytes >= 0 && gaze_ends_with(name, ".index.json") ? read_index(folder, name, s) : GAZE_OK;
}

typedef struct blobs {
  size_t n, unfinished;
  uint64_t bytes;
} blobs;

static gaze_err visit_blobs(void *user, const char *folder, const char *name, int64_t bytes) {
  blobs *b = user;
  b->n++;
  b->unfinished += gaze_ends_with(name, ".incomplete");
  b->bytes += bytes > 0 ? (uint64_t)bytes : 0;
  return GAZE_OK;
}

static bool is_whole(const snapshot *s) { return s->config && s->weights && !s->lacks; }

gaze_err gaze_hub_is_whole(const char *folder, bool *out) {
  snapshot found = {0};
  GAZE_TRY(visit(folder, visit_snapshot, &found));
  *out = is_whole(&found);
  return GAZE_OK;
}

/* Whether one of the snapshots is a whole model: one that was fetched under another name than main. */
static gaze_err visit_snapshots(void *user, const char *folder, const char *name, int64_t bytes) {
  char *path;
  bool whole = false;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = gaze_hub_is_whole(path, &whole);
  free(path);
  *(bool *)user |= whole;
  return err;
}

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

static gaze_err look_at_main(const char *repository, const char *commit, const blobs *b, gaze_hub_facts *out) {
  snapshot main = {0};
  GAZE_TRY(gaze_format(&out->folder, "%s/snapshots/%s", repository, commit));
  GAZE_TRY(visit(out->folder, visit_snapshot, &main));
  out->whole = is_whole(&main);
  out->begun = !out->whole && (main.config || b->unfinished);
  out->bytes = out->whole ? main.bytes : b->bytes;
  return GAZE_OK;
}

static gaze_err look_without_main(const char *repository, const blobs *b, gaze_hub_facts *out) {
  char *snapshots;
  bool other = false;
  GAZE_TRY(gaze_strdup(repository, &out->folder));
  GAZE_TRY(gaze_path_join(repository, "snapshots", &snapshots));
  gaze_err err = visit(snapshots, visit_snapshots, &other);
  free(snapshots);
  out->begun = b->unfinished || (b->n && !other);
  out->bytes = b->bytes;
  return err;
}

gaze_err gaze_hub_look(const char *repository, gaze_hub_facts *out) {
  char *commit = NULL, *folder = NULL;
  gaze_hub_facts facts = {0};
  blobs b = {0};
  gaze_err err;
  GAZE_TRY_DONE(read_commit(repository, &commit));
  GAZE_TRY_DONE(gaze_path_join(repository, "blobs", &folder));
  GAZE_TRY_DONE(visit(folder, visit_blobs, &b));
  if (!commit)
    GAZE_TRY_DONE(look_without_main(repository, &b, &facts));
  else if (*commit)
    GAZE_TRY_DONE(look_at_main(repository, commit, &b, &facts));
done:
  free(commit);
  free(folder);
  if (err == GAZE_OK)
    *out = facts;
  else
    free(facts.folder);
  return err;
}
