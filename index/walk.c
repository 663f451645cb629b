#include "index/walk.h"

#include "index/stop.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_picture_name(const char *name) {
  static const char *const endings[] = {"jpg", "jpeg", "png", "webp", "heic", "heif", "avif"};
  const char *dot = strrchr(name, '.');
  if (strncmp(name, "._", 2) == 0) /* what macOS keeps beside a file on foreign disks */
    return false;
  for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
    if (strcasecmp(dot + 1, endings[i]) == 0)
      return true;
  return false;
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

static gaze_err report_unreadable(const gaze_walk *walk, const char *path, int code, const char *what) {
  char message[PATH_MAX + 128];
  snprintf(message, sizeof message, "cannot read the %s: %s: %s", what, path, strerror(code));
  return walk->unreadable(walk->user, path, message);
}

static gaze_err report_file(const gaze_walk *walk, const char *path) {
  struct stat status;
  if (stat(path, &status) != 0)
    return report_unreadable(walk, path, errno, "file");
  if (!S_ISREG(status.st_mode))
    return GAZE_OK;
  return walk->file(walk->user, path, (int64_t)status.st_size,
                    (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
}

static gaze_err visit(const gaze_walk *walk, FTS *tree, FTSENT *entry, size_t root_length) {
  const char *path = entry->fts_path, *name = entry->fts_name;
  bool is_root = entry->fts_level == FTS_ROOTLEVEL;
  const char *relative = is_root ? "" : path + root_length + (path[root_length] == '/');
  switch (entry->fts_info) {
  case FTS_D:
    if (!is_root && (is_default_exclude(name) || is_excluded(walk, name, relative)))
      fts_set(tree, entry, FTS_SKIP);
    return GAZE_OK;
  case FTS_DNR:
    return report_unreadable(walk, path, entry->fts_errno, "folder");
  case FTS_ERR:
  case FTS_NS:
    return report_unreadable(walk, path, entry->fts_errno, "file");
  case FTS_F:
  case FTS_SL:
  case FTS_SLNONE:
    return is_picture_name(name) && !is_excluded(walk, name, relative) ? report_file(walk, path) : GAZE_OK;
  default:
    return GAZE_OK;
  }
}

gaze_err gaze_walk_folder(const gaze_walk *walk, const char *folder) {
  char *roots[] = {(char *)(uintptr_t)folder, NULL};
  FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
  if (!tree)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot read the folder: %s", folder);
  size_t root_length = strlen(folder);
  gaze_err err = GAZE_OK;
  while (err == GAZE_OK && !gaze_stop_is_raised(walk->stop)) {
    errno = 0;
    FTSENT *entry = fts_read(tree);
    if (!entry && errno)
      err = gaze_fail_errno(GAZE_ERR_IO, "cannot read the folder: %s", folder);
    if (!entry)
      break;
    err = visit(walk, tree, entry, root_length);
  }
  fts_close(tree);
  return err;
}
