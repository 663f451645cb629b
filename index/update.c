#include "index/update.h"

#include "core/base/memory.h"
#include "index/stop.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAIL_LIMIT 2048 /* vectors behind the sequence file that a search may read from the database */

void gaze_update_fail_file(gaze_update *update, const char *path, const char *message) {
  update->stats.failed++;
  if (update->options.failed)
    update->options.failed(update->options.user, path, message ? message : "out of memory");
}

void gaze_update_tell(gaze_update *update, const char *path) {
  update->progress.path = path;
  if (update->options.progress)
    update->options.progress(update->options.user, &update->progress);
}

/* The workers' own connection: they look up what is committed while the caller writes. */
typedef struct lookup {
  gaze_index *index;
  sqlite3_stmt *statement;
  int64_t model, variant;
} lookup;

static gaze_err lookup_open(const gaze_update *update, lookup *out) {
  out->model = update->model;
  out->variant = update->embedder->variant;
  GAZE_TRY(gaze_index_open(update->index->path, GAZE_INDEX_READ, &out->index));
  return gaze_sql_prepare(
      out->index->db,
      "SELECT 1 FROM content c JOIN vector v ON v.content = c.id AND v.model = ?2 AND v.variant = ?3 WHERE c.hash = ?1",
      &out->statement);
}

static void lookup_close(lookup *look) {
  sqlite3_finalize(look->statement);
  gaze_index_close(look->index);
}

static gaze_err lookup_known(void *user, const uint8_t hash[16], bool *out) {
  lookup *look = user;
  GAZE_TRY(gaze_sql_bind(look->statement, "bii", hash, (size_t)16, look->model, look->variant));
  GAZE_TRY(gaze_sql_step(look->statement, out));
  sqlite3_reset(look->statement);
  return GAZE_OK;
}

static gaze_err take_batches(gaze_update *update, gaze_pipeline *pipeline, gaze_record *record, float *vectors) {
  const gaze_embedder *embedder = update->embedder;
  for (gaze_batch *batch; (batch = gaze_pipeline_next(pipeline));) {
    if (batch->n_items)
      GAZE_TRY(embedder->encode(embedder->user, batch->items, batch->n_items, vectors));
    GAZE_TRY(gaze_record_batch(record, batch, vectors));
  }
  return GAZE_OK;
}

static gaze_err embed_jobs(gaze_update *update, gaze_record *record) {
  lookup look = {0};
  gaze_pipeline *pipeline = NULL;
  float *vectors = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc((size_t)GAZE_PIPELINE_BATCH * (size_t)update->embedder->dim, sizeof *vectors, &vectors));
  GAZE_TRY_DONE(lookup_open(update, &look));
  gaze_pipeline_task task = {.embedder = update->embedder,
                             .jobs = update->jobs,
                             .n_jobs = update->n_jobs,
                             .known = lookup_known,
                             .user = &look,
                             .threads = update->options.threads,
                             .stop = update->options.stop};
  GAZE_TRY_DONE(gaze_pipeline_start(&task, &pipeline));
  err = take_batches(update, pipeline, record, vectors);
done:
  gaze_pipeline_free(pipeline);
  lookup_close(&look);
  free(vectors);
  return err;
}

static gaze_err fail_stopped(const gaze_update *update) {
  return gaze_fail(GAZE_ERR_INTERRUPTED, "interrupted: %s: run again to go on", update->index->path);
}

static gaze_err run(gaze_update *update, const char *const *folders, size_t n_folders) {
  gaze_record *record = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_store_add_model(update->index, update->embedder->model_key, update->embedder->dim,
                                update->embedder->model_path, &update->model));
  GAZE_TRY(gaze_plan_make(update, folders, n_folders));
  if (gaze_stop_is_raised(update->options.stop))
    return fail_stopped(update);
  GAZE_TRY(gaze_record_new(update, &record));
  if (update->n_jobs)
    GAZE_TRY_DONE(embed_jobs(update, record));
  if (gaze_stop_is_raised(update->options.stop))
    GAZE_TRY_DONE(fail_stopped(update));
  err = gaze_record_finish(record);
done:
  gaze_record_free(record);
  return err;
}

static gaze_err extend_sequence(gaze_update *update) {
  gaze_store_model model;
  GAZE_TRY(gaze_store_find_model(update->index, update->embedder->model_key, &model));
  GAZE_TRY(gaze_sql_run(update->index->db, "BEGIN"));
  return gaze_sql_end(update->index->db, gaze_store_open_sequence(update->index, &model, TAIL_LIMIT));
}

/* Search works without it, only slower: no reason to fail. */
static void refresh_sequence(gaze_update *update) {
  if (extend_sequence(update) != GAZE_OK)
    gaze_warn("%s", gaze_last_error());
}

static bool holds_no_photo(gaze_index *index) {
  int64_t photos = 1;
  return gaze_sql_integer(index->db, "SELECT EXISTS(SELECT 1 FROM photo)", &photos) == GAZE_OK && photos == 0;
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

gaze_err gaze_index_update(gaze_index *index, const gaze_embedder *embedder, const char *const *folders,
                           size_t n_folders, const gaze_index_options *options, gaze_index_stats *stats) {
  if (index->mode != GAZE_INDEX_WRITE)
    return gaze_fail(GAZE_ERR_ARGUMENT, "the index was opened to read: %s: open it to write", index->path);
  if (embedder->dim < 1 || embedder->dim > GAZE_DIM_MAX)
    return gaze_fail(GAZE_ERR_ARGUMENT, "vectors of an impossible size: %d numbers: at most %d", embedder->dim,
                     GAZE_DIM_MAX);
  gaze_update update = {.index = index, .embedder = embedder, .options = options ? *options : (gaze_index_options){0}};
  double start = seconds_now();
  GAZE_TRY(gaze_store_lock(index));
  gaze_err err = run(&update, folders, n_folders);
  if (err == GAZE_OK)
    refresh_sequence(&update);
  index->vain = index->made && holds_no_photo(index);
  gaze_store_unlock(index);
  for (size_t i = 0; i < update.n_jobs; i++)
    free(update.jobs[i].path);
  free(update.jobs);
  update.stats.seconds = seconds_now() - start;
  if ((err == GAZE_OK || err == GAZE_ERR_INTERRUPTED) && stats)
    *stats = update.stats;
  return err;
}
