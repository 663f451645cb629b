/* One run of gaze_index_update, shared by its three steps: plan what to do, do it, record what came of it. */
#ifndef GAZE_INDEX_UPDATE_H
#define GAZE_INDEX_UPDATE_H

#include "index/pipeline.h"
#include "index/store.h"

typedef struct gaze_update {
  gaze_index *index;
  const gaze_embedder *embedder;
  gaze_index_options options;
  gaze_index_stats stats;
  gaze_index_progress progress;
  int64_t model;
  gaze_job *jobs; /* [n_jobs], by path */
  size_t n_jobs, capacity;
} gaze_update;

/* Counts the file and tells the caller. message may be NULL when memory is short. */
void gaze_update_fail_file(gaze_update *update, const char *path, const char *message);
void gaze_update_tell(gaze_update *update, const char *path); /* the progress */

/* Walks the folders and compares with the index: leaves update->jobs, the unchanged counted, and the table `gone` of
 * photos (id, content) below the folders that are there no more. */
GAZE_CHECKED gaze_err gaze_plan_make(gaze_update *update, const char *const *folders, size_t n_folders);

/* The statements of one run. */
typedef struct gaze_record gaze_record;

GAZE_CHECKED gaze_err gaze_record_new(gaze_update *update, gaze_record **out);
void gaze_record_free(gaze_record *record);
/* A batch in one transaction; vectors: [batch->n_items, dim]. Copies of pictures that are still under way are kept for
 * gaze_record_finish. */
GAZE_CHECKED gaze_err gaze_record_batch(gaze_record *record, gaze_batch *batch, const float *vectors);
/* The kept copies, and the photos that are gone. */
GAZE_CHECKED gaze_err gaze_record_finish(gaze_record *record);

#endif
