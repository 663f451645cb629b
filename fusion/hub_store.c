#include "fusion/hub_store.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Beside the repositories, where the hub's own programs keep their locks. */
static gaze_err take_lock(gaze_hub_store *store) {
  char *folder = NULL, *path = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_format(&folder, "%s/.locks%s", store->hub, strrchr(store->repository, '/')));
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(gaze_path_join(folder, "gaze.lock", &path));
  store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (store->lock < 0)
    GAZE_TRY_DONE(gaze_fail_errno(GAZE_ERR_IO, "cannot lock: %s", path));
  if (flock(store->lock, LOCK_EX | LOCK_NB) != 0)
    GAZE_TRY_DONE(gaze_fail(GAZE_ERR_BUSY, "another gaze model pull is at work: %s: wait for it", store->name));
done:
  free(folder);
  free(path);
  return err;
}

static gaze_err make_folder(const gaze_hub_store *store, const char *name) {
  char *path;
  GAZE_TRY(gaze_path_join(store->repository, name, &path));
  gaze_err err = gaze_folder_make(path);
  free(path);
  return err;
}

gaze_err gaze_hub_store_open(const char *name, gaze_hub_store *out) {
  gaze_hub_store store = {.name = name, .lock = -1};
  gaze_err err;
  GAZE_TRY_DONE(gaze_hub_folder(&store.hub));
  GAZE_TRY_DONE(gaze_hub_repository(store.hub, name, &store.repository));
  GAZE_TRY_DONE(take_lock(&store));
  GAZE_TRY_DONE(make_folder(&store, "blobs"));
  GAZE_TRY_DONE(make_folder(&store, "snapshots"));
  GAZE_TRY_DONE(make_folder(&store, "refs"));
done:
  if (err == GAZE_OK)
    *out = store;
  else
    gaze_hub_store_close(&store);
  return err;
}

void gaze_hub_store_close(gaze_hub_store *store) {
  if (store->lock >= 0)
    close(store->lock);
  free(store->hub);
  free(store->repository);
  *store = (gaze_hub_store){.lock = -1};
}

gaze_err gaze_hub_store_blob(const gaze_hub_store *store, const char *oid, const char *ending, char **out) {
  return gaze_format(out, "%s/blobs/%s%s", store->repository, oid, ending);
}

gaze_err gaze_hub_store_snapshot(const gaze_hub_store *store, const char *commit, char **out) {
  return gaze_format(out, "%s/snapshots/%s", store->repository, commit);
}

gaze_err gaze_hub_store_size(const gaze_hub_store *store, const char *oid, const char *ending, int64_t *out) {
  char *path;
  struct stat facts;
  GAZE_TRY(gaze_hub_store_blob(store, oid, ending, &path));
  *out = stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? (int64_t)facts.st_size : -1;
  free(path);
  return GAZE_OK;
}

gaze_err gaze_hub_store_check_room(const gaze_hub_store *store, uint64_t bytes) {
  struct statvfs disk;
  if (statvfs(store->repository, &disk) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot ask for the free space: %s", store->repository);
  double room = (double)disk.f_bavail * (double)disk.f_frsize;
  if ((double)bytes > room)
    return gaze_fail(GAZE_ERR_IO,
                     "not enough room: %s: %.1f MB are needed and %.1f MB are free: free space or set HF_HUB_CACHE",
                     store->hub, (double)bytes / 1e6, room / 1e6);
  return GAZE_OK;
}

/* A name is durable only once its folder is synced. */
static void sync_folder_of(const char *path) {
  char folder[PATH_MAX];
  int length = (int)(strrchr(path, '/') - path);
  if (snprintf(folder, sizeof folder, "%.*s", length, path) >= (int)sizeof folder)
    return;
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return;
  fsync(descriptor);
  close(descriptor);
}

gaze_err gaze_hub_store_finish(const gaze_hub_store *store, const char *oid, int descriptor) {
  char *incomplete, *path = NULL;
  gaze_err err;
  GAZE_TRY(gaze_hub_store_blob(store, oid, ".incomplete", &incomplete));
  GAZE_TRY_DONE(gaze_hub_store_blob(store, oid, "", &path));
  if (fsync(descriptor) != 0 || rename(incomplete, path) != 0)
    GAZE_TRY_DONE(gaze_fail_errno(GAZE_ERR_IO, "cannot finish: %s", path));
  sync_folder_of(path);
done:
  free(incomplete);
  free(path);
  return err;
}

static gaze_err make_folder_of(const char *path) {
  char *folder;
  GAZE_TRY(gaze_strdup(path, &folder));
  *strrchr(folder, '/') = 0;
  gaze_err err = gaze_folder_make(folder);
  free(folder);
  return err;
}

/* ../../blobs/OID, and ../ more for each folder in path. */
static gaze_err format_target(const char *path, const char *oid, char **out) {
  size_t depth = 2;
  for (const char *c = path; *c; c++)
    depth += *c == '/';
  char *target;
  GAZE_TRY(gaze_alloc(depth * 3 + strlen("blobs/") + strlen(oid) + 1, 1, &target));
  for (size_t i = 0; i < depth; i++)
    strcat(target, "../");
  strcat(strcat(target, "blobs/"), oid);
  *out = target;
  return GAZE_OK;
}

static bool leads_to(const char *link, const char *target) {
  char found[PATH_MAX];
  ssize_t length = readlink(link, found, sizeof found - 1);
  return length > 0 && strlen(target) == (size_t)length && memcmp(found, target, (size_t)length) == 0;
}

gaze_err gaze_hub_store_link(const gaze_hub_store *store, const char *commit, const char *path, const char *oid) {
  char *link = NULL, *target = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_format(&link, "%s/snapshots/%s/%s", store->repository, commit, path));
  GAZE_TRY_DONE(format_target(path, oid, &target));
  if (leads_to(link, target))
    goto done;
  GAZE_TRY_DONE(make_folder_of(link));
  if ((unlink(link) != 0 && errno != ENOENT) || symlink(target, link) != 0)
    GAZE_TRY_DONE(gaze_fail_errno(GAZE_ERR_IO, "cannot link: %s", link));
  sync_folder_of(link);
done:
  free(link);
  free(target);
  return err;
}

/* Whole or as it was; what a kill leaves of the writing lies outside refs, where nobody takes it for a revision. */
gaze_err gaze_hub_store_refer(const gaze_hub_store *store, const char *revision, const char *commit) {
  char *path = NULL, *aside = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_format(&path, "%s/refs/%s", store->repository, revision));
  GAZE_TRY_DONE(gaze_format(&aside, "%s/blobs/ref.incomplete", store->repository));
  GAZE_TRY_DONE(make_folder_of(path));
  GAZE_TRY_DONE(gaze_file_replace(aside, commit, strlen(commit)));
  if (rename(aside, path) != 0)
    GAZE_TRY_DONE(gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", path));
  sync_folder_of(path);
done:
  free(path);
  free(aside);
  return err;
}
