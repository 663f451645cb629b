/* Files in a mapped tar: ustar, GNU long names, pax paths and sizes. (POSIX.1-2017 pax, GNU tar manual "Standard") */
#ifndef GAZE_FUSION_TAR_H
#define GAZE_FUSION_TAR_H

#include "core/base/error.h"

#define GAZE_TAR_NAME_MAX 4096 /* bytes */

typedef struct gaze_tar {
  const uint8_t *bytes; /* borrowed, as is path */
  size_t size, offset;
  const char *path;                 /* for messages */
  char name[GAZE_TAR_NAME_MAX + 1]; /* of the member found last */
} gaze_tar;

typedef struct gaze_tar_member {
  const char *name;    /* borrowed until the next gaze_tar_next */
  const uint8_t *data; /* borrowed from the tar's bytes */
  size_t size;
} gaze_tar_member;

void gaze_tar_init(gaze_tar *tar, const void *bytes, size_t size, const char *path);
/* The next regular file, in the tar's order; *found false at the end. Headers that fail their checksum and members that
 * end too early are GAZE_ERR_FORMAT. */
GAZE_CHECKED gaze_err gaze_tar_next(gaze_tar *tar, gaze_tar_member *out, bool *found);
/* Whether bytes begin with a tar header whose checksum is right. */
bool gaze_tar_check(const void *bytes, size_t size);

#endif
