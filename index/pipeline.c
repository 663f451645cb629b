#include "index/pipeline.h"

#include "core/base/cpu.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "index/claims.h"
#include "index/stop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_LIMIT ((size_t)1 << 30) /* bytes of a picture file */

struct gaze_pipeline {
  gaze_pipeline_task task;
  pthread_mutex_t mutex; /* guards all below; of a batch, the filling one */
  pthread_cond_t room, ready;
  gaze_batch batches[2];
  gaze_batch *filling, *taken;
  gaze_claims claims;
  size_t next_job;
  int working; /* workers that have not ended */
  bool closing;
  pthread_t *threads;
  size_t n_threads;
};

static void empty_batch(gaze_batch *batch) {
  for (size_t i = 0; i < batch->n; i++)
    free(batch->outcomes[i].message);
  batch->n = batch->n_items = 0;
}

static const gaze_job *take_job(gaze_pipeline *p) {
  pthread_mutex_lock(&p->mutex);
  bool go = !p->closing && p->next_job < p->task.n_jobs && !gaze_stop_is_raised(p->task.stop);
  const gaze_job *job = go ? &p->task.jobs[p->next_job++] : NULL;
  pthread_mutex_unlock(&p->mutex);
  return job;
}

/* *known: these bytes have a vector, or another worker is about to prepare them. */
static gaze_err look_up(gaze_pipeline *p, XXH128_hash_t hash, const uint8_t bytes[16], bool *known) {
  bool first;
  pthread_mutex_lock(&p->mutex);
  gaze_err err = gaze_claims_add(&p->claims, hash, &first);
  *known = !first;
  if (err == GAZE_OK && first)
    err = p->task.known(p->task.user, bytes, known);
  pthread_mutex_unlock(&p->mutex);
  return err;
}

static gaze_err examine(gaze_pipeline *p, gaze_outcome *outcome, void *item) {
  const gaze_embedder *embedder = p->task.embedder;
  const char *path = outcome->job->path;
  uint8_t *bytes = NULL;
  size_t size = 0;
  bool known = false;
  GAZE_TRY(gaze_file_read(path, FILE_LIMIT, &bytes, &size));
  XXH128_hash_t hash = XXH3_128bits(bytes, size);
  XXH128_canonicalFromHash((XXH128_canonical_t *)(void *)outcome->hash, hash);
  outcome->hashed = true;
  gaze_err err = look_up(p, hash, outcome->hash, &known);
  outcome->kind = known ? GAZE_OUTCOME_KNOWN : GAZE_OUTCOME_PREPARED;
  if (err == GAZE_OK && !known)
    err = embedder->prepare(embedder->user, bytes, size, path, item, &outcome->facts);
  free(bytes);
  return err;
}

/* Waits for room. The item is copied, which costs little beside making it, so that items lie side by side. */
static void deliver(gaze_pipeline *p, gaze_outcome *outcome, const void *item) {
  pthread_mutex_lock(&p->mutex);
  while (p->filling->n == GAZE_PIPELINE_BATCH && !p->closing)
    pthread_cond_wait(&p->room, &p->mutex);
  gaze_batch *batch = p->filling;
  if (p->closing) {
    free(outcome->message);
  } else {
    if (outcome->kind == GAZE_OUTCOME_PREPARED) {
      outcome->item = batch->n_items++;
      memcpy(batch->items + outcome->item * p->task.embedder->item_size, item, p->task.embedder->item_size);
    }
    batch->outcomes[batch->n++] = *outcome;
    if (batch->n == GAZE_PIPELINE_BATCH)
      pthread_cond_signal(&p->ready);
  }
  pthread_mutex_unlock(&p->mutex);
}

static void *work(void *pipeline) {
  gaze_pipeline *p = pipeline;
  void *item = NULL;
  gaze_err room = gaze_alloc(1, p->task.embedder->item_size, &item);
  for (const gaze_job *job; (job = take_job(p));) {
    gaze_outcome outcome = {.job = job};
    gaze_err err = room == GAZE_OK ? examine(p, &outcome, item) : room;
    if (err != GAZE_OK) {
      outcome.kind = GAZE_OUTCOME_FAILED;
      outcome.message = strdup(gaze_last_error());
    }
    deliver(p, &outcome, item);
  }
  free(item);
  pthread_mutex_lock(&p->mutex);
  p->working--;
  pthread_cond_signal(&p->ready);
  pthread_mutex_unlock(&p->mutex);
  return NULL;
}

static gaze_err start_threads(gaze_pipeline *p) {
  size_t wanted = (size_t)(p->task.threads > 0 ? p->task.threads : gaze_cpu_count());
  if (wanted > p->task.n_jobs)
    wanted = p->task.n_jobs;
  GAZE_TRY(gaze_alloc(wanted, sizeof *p->threads, &p->threads));
  pthread_mutex_lock(&p->mutex);
  while (p->n_threads < wanted && pthread_create(&p->threads[p->n_threads], NULL, work, p) == 0)
    p->n_threads++;
  p->working = (int)p->n_threads;
  pthread_mutex_unlock(&p->mutex);
  if (wanted && !p->n_threads)
    return gaze_fail(GAZE_ERR_MEMORY,
                     "no thread could be started: indexing: free memory or raise the limit of processes");
  return GAZE_OK;
}

gaze_err gaze_pipeline_start(const gaze_pipeline_task *task, gaze_pipeline **out) {
  gaze_pipeline *p;
  GAZE_TRY(gaze_alloc(1, sizeof *p, &p));
  p->task = *task;
  p->filling = &p->batches[0];
  p->taken = &p->batches[1];
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->room, NULL);
  pthread_cond_init(&p->ready, NULL);
  gaze_err err = GAZE_OK;
  for (int i = 0; i < 2 && err == GAZE_OK; i++)
    err = gaze_alloc(GAZE_PIPELINE_BATCH, task->embedder->item_size, &p->batches[i].items);
  if (err == GAZE_OK)
    err = start_threads(p);
  if (err == GAZE_OK)
    *out = p;
  else
    gaze_pipeline_free(p);
  return err;
}

gaze_batch *gaze_pipeline_next(gaze_pipeline *p) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec++;
  empty_batch(p->taken);
  pthread_mutex_lock(&p->mutex);
  bool late = false;
  while (p->filling->n < GAZE_PIPELINE_BATCH && p->working && !(late && p->filling->n)) {
    if (late)
      until.tv_sec++;
    late = pthread_cond_clockwait(&p->ready, &p->mutex, CLOCK_MONOTONIC, &until) != 0;
  }
  gaze_batch *batch = p->filling;
  p->filling = p->taken;
  p->taken = batch;
  pthread_cond_broadcast(&p->room);
  pthread_mutex_unlock(&p->mutex);
  return batch->n ? batch : NULL;
}

void gaze_pipeline_free(gaze_pipeline *p) {
  if (!p)
    return;
  pthread_mutex_lock(&p->mutex);
  p->closing = true;
  pthread_cond_broadcast(&p->room);
  pthread_mutex_unlock(&p->mutex);
  for (size_t i = 0; i < p->n_threads; i++)
    pthread_join(p->threads[i], NULL);
  for (int i = 0; i < 2; i++) {
    empty_batch(&p->batches[i]);
    free(p->batches[i].items);
  }
  gaze_claims_fini(&p->claims);
  pthread_cond_destroy(&p->ready);
  pthread_cond_destroy(&p->room);
  pthread_mutex_destroy(&p->mutex);
  free(p->threads);
  free(p);
}
