#include "index/walk.h"

#include "core/base/file.h"
#include "index/stop.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_picture_name(const char *name) {
  bool kept_by_macos = strncmp(name, "._", 2) == 0; /* beside a file on foreign disks */
  return !kept_by_macos && gaze_name_ends(name, gaze_picture_endings);
}

static bool is_default_exclude(const char *name) {
  return name[0] == '.' || strcmp(name, "node_modules") == 0 || strcmp(name, "@eaDir") == 0;
}

static bool is_excluded(const gaze_walk *walk, const char *name, const char *relative) {
  for (size_t i = 0; i < walk->n_exclude; i++)
    if (fnmatch(walk->exclude[i], name, 0) == 0 || fnmatch(walk->exclude[i], relative, 0) == 0)
      return true;
  return false;
}

/* One walk: the path being looked at grows and shrinks in place. */
typedef struct walker {
  const gaze_walk *walk;
  char path[PATH_MAX];
  size_t root_length;
} walker;

static gaze_err report_unreadable(walker *w, const char *what) {
  char message[PATH_MAX + 128];
  snprintf(message, sizeof message, "cannot read the %s: %s: %s", what, w->path, strerror(errno));
  return w->walk->unreadable(w->walk->user, w->path, message);
}

static gaze_err report_file(walker *w) {
  struct stat status;
  int failed = stat(w->path, &status);
  if (failed && errno == ENOENT) /* a link to what was deleted, or gone since its name was read */
    return GAZE_OK;
  if (failed)
    return report_unreadable(w, "file");
  if (!S_ISREG(status.st_mode))
    return GAZE_OK;
  return w->walk->file(w->walk->user, w->path, (int64_t)status.st_size,
                       (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
}

/* Some file systems do not say with the name what it is. */
static unsigned char type_of(const walker *w, const struct dirent *entry) {
  struct stat status;
  if (entry->d_type != DT_UNKNOWN)
    return entry->d_type;
  return lstat(w->path, &status) == 0 && S_ISDIR(status.st_mode) ? DT_DIR : DT_REG;
}

static gaze_err walk_entries(walker *w, size_t length);

static gaze_err visit(walker *w, const struct dirent *entry, size_t length) {
  const char *name = entry->d_name, *relative = w->path + w->root_length + 1;
  size_t size = strlen(name) + 1;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return GAZE_OK;
  if (length + 1 + size > sizeof w->path) {
    errno = ENAMETOOLONG;
    return report_unreadable(w, "folder");
  }
  w->path[length] = '/';
  memcpy(w->path + length + 1, name, size);
  gaze_err err = GAZE_OK;
  if (is_excluded(w->walk, name, relative))
    err = GAZE_OK;
  else if (type_of(w, entry) == DT_DIR)
    err = is_default_exclude(name) ? GAZE_OK : walk_entries(w, length + size);
  else if (is_picture_name(name))
    err = report_file(w);
  w->path[length] = 0;
  return err;
}

/* What lies in the folder whose path is the first `length` bytes. */
static gaze_err walk_entries(walker *w, size_t length) {
  DIR *folder = opendir(length ? w->path : "/");
  if (!folder)
    return report_unreadable(w, "folder");
  gaze_err err = GAZE_OK;
  while (err == GAZE_OK && !gaze_stop_is_raised(w->walk->stop)) {
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (!entry && errno)
      err = report_unreadable(w, "folder");
    if (!entry)
      break;
    err = visit(w, entry, length);
  }
  closedir(folder);
  return err;
}

gaze_err gaze_walk_folder(const gaze_walk *walk, const char *folder) {
  walker w = {.walk = walk};
  size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
  if (length >= sizeof w.path)
    return gaze_fail(GAZE_ERR_LIMIT, "path too long: %s: name a folder nearer to the root", folder);
  memcpy(w.path, folder, length);
  w.root_length = length;
  return walk_entries(&w, length);
}
