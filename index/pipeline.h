/* Reads, hashes and prepares pictures on worker threads while the caller encodes: two batches, one filling and one
 * with the caller, so that memory stays bounded. */
#ifndef GAZE_INDEX_PIPELINE_H
#define GAZE_INDEX_PIPELINE_H

#include "core/base/error.h"

#define GAZE_PIPELINE_BATCH 32

typedef struct gaze_job {
  char *path;
  int64_t size, mtime_ns; /* as the walk saw them */
  bool changed;           /* the index knows the path with another size or time */
  bool covered;           /* what the index has under the path has a vector of the model and variant */
  bool outdated;          /* it has one of another variant */
} gaze_job;

typedef enum gaze_outcome_kind {
  GAZE_OUTCOME_PREPARED, /* an item waits to be encoded */
  GAZE_OUTCOME_KNOWN,    /* the same bytes have a vector, or are prepared under another path */
  GAZE_OUTCOME_FAILED
} gaze_outcome_kind;

typedef struct gaze_outcome {
  const gaze_job *job;
  gaze_outcome_kind kind;
  size_t item;              /* PREPARED: row of the batch's items */
  bool hashed;              /* the bytes could be read: hash is theirs */
  uint8_t hash[16];         /* XXH3-128, big end first */
  gaze_picture_facts facts; /* PREPARED */
  char *message;            /* FAILED: a line for a person, NULL when memory is short */
} gaze_outcome;

typedef struct gaze_batch {
  gaze_outcome outcomes[GAZE_PIPELINE_BATCH];
  size_t n, n_items;
  uint8_t *items; /* [n_items, item_size] */
} gaze_batch;

typedef struct gaze_pipeline_task {
  const gaze_embedder *embedder;
  const gaze_job *jobs;
  size_t n_jobs;
  /* Has the index a vector of these bytes? Called by one worker at a time, but beside the caller. */
  gaze_err (*known)(void *user, const uint8_t hash[16], bool *out);
  void *user;
  int threads;              /* 0: as many as processors */
  const volatile int *stop; /* raised: no further job is begun; may be NULL */
} gaze_pipeline_task;

typedef struct gaze_pipeline gaze_pipeline;

GAZE_CHECKED gaze_err gaze_pipeline_start(const gaze_pipeline_task *task, gaze_pipeline **out);
/* The next outcomes, in no order: a full batch, or after a second what there is, so that an interruption loses little.
 * Borrowed until the next call. NULL when all jobs are done or the stop was obeyed. */
gaze_batch *gaze_pipeline_next(gaze_pipeline *pipeline);
/* Waits for the workers, who begin nothing new. */
void gaze_pipeline_free(gaze_pipeline *pipeline);

#endif
