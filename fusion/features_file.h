/* What an image encoder makes of pictures, in a file that is mapped: numbers as the machine writes them. Nothing in it
 * is believed that does not fit its size, its checksum and the key that it is asked for.
 *
 * A head of 64 bytes, a row for each picture, zeros up to a multiple of 64, float32 [n, rows, C]. */
#ifndef GAZE_FUSION_FEATURES_FILE_H
#define GAZE_FUSION_FEATURES_FILE_H

#include "core/base/file.h"

#include <xxhash.h>

#define GAZE_FEATURES_MAGIC "gazeeyes"
#define GAZE_NO_FEATURES UINT64_MAX

typedef struct gaze_features_head {
  char magic[8];
  uint64_t key[2]; /* a hash of all that the numbers depend on besides the pictures */
  uint64_t pictures, n, rows, C;
  uint64_t check; /* XXH3-64 of the numbers, the pictures' rows, and this head with a 0 here */
} gaze_features_head;

typedef struct gaze_features_picture {
  uint64_t hash;  /* XXH3-64 of its bytes; 0: there are none */
  uint64_t which; /* its number among the n, or GAZE_NO_FEATURES: it cannot be looked at */
} gaze_features_picture;

/* wanted: key, pictures, rows and C that the file is to have. The rest of it is filled, and what follows it is borrowed
 * from data, which lie at a multiple of 64 bytes. GAZE_ERR_FORMAT where they are damaged, GAZE_ERR_MISMATCH where they
 * are of something else. */
GAZE_CHECKED gaze_err gaze_features_read(const uint8_t *data, size_t size, const char *name, gaze_features_head *wanted,
                                         const gaze_features_picture **pictures, const float **values);

/* Where the numbers begin, in bytes. */
uint64_t gaze_features_at(uint64_t pictures);

/* Whole or absent. */
typedef struct gaze_features_writer {
  gaze_replace replace;
  gaze_features_head head;
  XXH3_state_t *state;
} gaze_features_writer;

/* head: key, pictures, rows and C. fini in any case. */
GAZE_CHECKED gaze_err gaze_features_writer_init(gaze_features_writer *writer, const char *path,
                                                const gaze_features_head *head);
/* values: [rows, C], of the next picture. */
GAZE_CHECKED gaze_err gaze_features_writer_add(gaze_features_writer *writer, const float *values);
/* pictures: [pictures of the head]. */
GAZE_CHECKED gaze_err gaze_features_writer_finish(gaze_features_writer *writer, const gaze_features_picture *pictures);
void gaze_features_writer_fini(gaze_features_writer *writer);

#endif
