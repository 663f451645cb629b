/* What gaze_keep_open opens: a SQLite file of bytes by name, bounded, and believed only as far as its checksums. */
#ifndef GAZE_INDEX_BLOBS_H
#define GAZE_INDEX_BLOBS_H

#include "index/sql.h"

#define GAZE_BLOBS_APPLICATION 0x67617a62 /* "gazb", in the database's header */
#define GAZE_BLOBS_VERSION 1

typedef struct gaze_blobs {
  sqlite3 *db;
  uint64_t limit; /* bytes of all */
} gaze_blobs;

#endif
