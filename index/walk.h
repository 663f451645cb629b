/* The picture files below a folder, told by their names. */
#ifndef GAZE_INDEX_WALK_H
#define GAZE_INDEX_WALK_H

#include "core/base/error.h"

typedef struct gaze_walk {
  const char *const *exclude; /* globs on names and on paths relative to the folder, on top of the defaults */
  size_t n_exclude;
  const volatile int *stop; /* may be NULL */
  void *user;
  gaze_err (*file)(void *user, const char *path, int64_t size, int64_t mtime_ns);
  gaze_err (*unreadable)(void *user, const char *path, const char *message); /* what lies there is not known */
} gaze_walk;

/* folder: absolute. Links to folders are not followed, so that a picture has one path and no walk goes round in
 * circles; links to files are. Ends early, with GAZE_OK, when stop is raised. */
GAZE_CHECKED gaze_err gaze_walk_folder(const gaze_walk *walk, const char *folder);

#endif
