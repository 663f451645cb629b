/* An open index: the database, the lock of the one who writes, and the sequence file in use. */
#ifndef GAZE_INDEX_STORE_H
#define GAZE_INDEX_STORE_H

#include "index/sequence.h"
#include "index/sql.h"

struct gaze_index {
  sqlite3 *db;
  const char *path; /* absolute; borrowed from db */
  gaze_index_mode mode;
  int lock;               /* descriptor while locked, else -1 */
  bool made, vain;        /* the database was made when this was opened; and an update put nothing in it */
  gaze_sequence sequence; /* of the model searched last */
};

/* One process at a time may add, compact or write sequence files; readers need no lock. Waits for nobody:
 * GAZE_ERR_BUSY. Goes with the process, however that ends. */
GAZE_CHECKED gaze_err gaze_store_lock(gaze_index *index);
void gaze_store_unlock(gaze_index *index);

typedef struct gaze_store_model {
  const char *key; /* borrowed from who asked */
  int64_t id;
  int dim;
} gaze_store_model;

/* GAZE_ERR_NOT_FOUND where nothing was indexed with the model. */
GAZE_CHECKED gaze_err gaze_store_find_model(gaze_index *index, const char *key, gaze_store_model *out);
/* Enters the model where it is new, and where it lies (path; NULL: unknown); GAZE_ERR_MISMATCH where the key stands for
 * vectors of another size. */
GAZE_CHECKED gaze_err gaze_store_add_model(gaze_index *index, const char *key, int dim, const char *path, int64_t *id);

/* In the order they were entered; a model's key is borrowed for the time of the call. */
typedef gaze_err gaze_store_visit(gaze_index *index, const gaze_store_model *model, void *user);
GAZE_CHECKED gaze_err gaze_store_each_model(gaze_index *index, gaze_store_visit *visit, void *user);

/* Makes index->sequence the model's, and where more than tail_limit vectors lie behind it writes it anew, if nobody
 * else holds the lock. Inside a transaction, so that what follows sees the same vectors. When it fails, index->sequence
 * may be older or empty but is true. */
GAZE_CHECKED gaze_err gaze_store_open_sequence(gaze_index *index, const gaze_store_model *model, size_t tail_limit);
gaze_sequence_source gaze_store_source(const gaze_index *index, const gaze_store_model *model);

#endif
