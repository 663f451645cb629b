/* How a sequence file is laid out: for those who read and write one. */
#ifndef GAZE_INDEX_SEQUENCE_FORMAT_H
#define GAZE_INDEX_SEQUENCE_FORMAT_H

#include "index/sequence.h"

#define GAZE_SEQUENCE_MAGIC "gazevec1"

/* 64 bytes; rows, scales and ids follow, each section a whole number of 64 bytes. All little end first. */
typedef struct gaze_sequence_header {
  char magic[8];
  uint64_t identity; /* origin.identity of the database */
  uint64_t key;      /* XXH3 of the model's key */
  uint64_t n;
  int64_t last_id;
  uint64_t last; /* XXH3 of the last vector's float32: a copy of the database that went another way has another */
  uint64_t body; /* XXH3 of all behind the header */
  uint32_t dim;
  uint32_t check; /* XXH32 of all before */
} gaze_sequence_header;

size_t gaze_sequence_pad(size_t size); /* up to a whole number of 64 bytes */
uint32_t gaze_sequence_header_check(const gaze_sequence_header *header);
uint64_t gaze_sequence_key(const char *model_key);
/* "photos.db.KEY.vec"; yours: free(). */
GAZE_CHECKED gaze_err gaze_sequence_name(const gaze_sequence_source *source, char **out);
GAZE_CHECKED gaze_err gaze_sequence_identity(sqlite3 *db, uint64_t *identity);

#endif
