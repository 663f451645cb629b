#include "fusion/loader.h"

#include "fusion/loader_slot.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define MOST_THREADS 1024
#define MOST_BATCHES 1024    /* in the queue */
#define MOST_SAMPLES 1048576 /* in a batch */
#define MOST_NUMBERS 65536   /* pixels of a side, tokens of a text, numbers of a teacher vector */
#define ENOUGH 100           /* samples before a part of them means anything; bad ones in a row that end the search */
#define BAD_PART 10          /* one in so many may be bad */

struct gaze_loader {
  gaze_loader_options options;
  gaze_plan plan;
  gaze_kernels kernels;
  uint8_t **named;  /* [n_sources][n]: bad samples that were warned of, by place */
  gaze_slot *slots; /* [n_slots]: the queue, and the batches that the caller holds; batch k is in slot k % n_slots */
  size_t n_slots;
  pthread_t *threads;
  int n_threads;
  pthread_mutex_t mutex;          /* guards everything below, and every slot's missing, bad and err */
  pthread_cond_t emptied, filled; /* a slot was given back; a batch is complete */
  bool stop;
  uint64_t next;        /* the batch to give out next */
  uint64_t claimed;     /* the sample to prepare next: its batch */
  size_t claimed_place; /* and place in it */
  uint64_t tried;       /* samples behind the batches given out, bad ones included */
  gaze_bad bad;         /* among them */
  bool warned_of_cut;
};

/* Takes the next sample to prepare, waiting for a free slot; false: the loader ends. */
static bool claim(gaze_loader *loader, uint64_t *batch, size_t *place) {
  pthread_mutex_lock(&loader->mutex);
  while (!loader->stop && loader->claimed - loader->next >= (uint64_t)loader->options.queue)
    pthread_cond_wait(&loader->emptied, &loader->mutex);
  *batch = loader->claimed;
  *place = loader->claimed_place;
  if (!loader->stop && *place == 0)
    gaze_slot_begin(&loader->slots[*batch % loader->n_slots], *batch);
  if (++loader->claimed_place == loader->options.batch_size) {
    loader->claimed_place = 0;
    loader->claimed++;
  }
  bool goes_on = !loader->stop;
  pthread_mutex_unlock(&loader->mutex);
  return goes_on;
}

/* Counts a picture that cannot be decoded; gaze_last_error() says why. */
static void note_bad(gaze_loader *loader, gaze_draw draw, gaze_err err, gaze_bad *bad) {
  if (!bad->n++) {
    bad->err = err;
    bad->message = strdup(gaze_last_error());
  }
  pthread_mutex_lock(&loader->mutex);
  uint8_t *named = &loader->named[draw.source][draw.place];
  if (!*named)
    gaze_warn("sample left out: %s: %s", gaze_dataset_path(loader->plan.sources[draw.source].dataset),
              gaze_last_error());
  *named = 1;
  pthread_mutex_unlock(&loader->mutex);
}

static gaze_err fail_bad(const gaze_bad *bad) {
  return gaze_fail_again(bad->err, bad->message ? bad->message : "too many pictures that cannot be decoded");
}

/* Decodes the drawn picture; one that cannot be decoded gives way to the next of its source. */
static gaze_err decode(gaze_loader *loader, gaze_draw *draw, gaze_picture *picture, gaze_bad *bad) {
  for (;; *draw = gaze_plan_next(&loader->plan, *draw)) {
    const gaze_dataset *dataset = loader->plan.sources[draw->source].dataset;
    gaze_err err = gaze_sample_picture(gaze_dataset_get(dataset, draw->sample), NULL, picture);
    if (err == GAZE_OK || err == GAZE_ERR_MEMORY)
      return err;
    note_bad(loader, *draw, err, bad);
    if (bad->n == ENOUGH)
      return fail_bad(bad);
  }
}

static gaze_err prepare(gaze_loader *loader, uint64_t batch, size_t place, gaze_bad *bad) {
  uint64_t g = batch * loader->options.batch_size + place;
  gaze_draw draw = gaze_plan_draw(&loader->plan, g);
  gaze_picture picture;
  gaze_random random;
  GAZE_TRY(decode(loader, &draw, &picture, bad));
  gaze_random_init(&random, loader->options.seed, g);
  gaze_err err = gaze_slot_fill(&loader->slots[batch % loader->n_slots], place, &loader->options, &loader->plan, draw,
                                &loader->kernels, &picture, &random);
  gaze_picture_fini(&picture);
  return err;
}

static void hand_in(gaze_loader *loader, uint64_t batch, size_t place, gaze_err err, gaze_bad *bad) {
  gaze_slot *slot = &loader->slots[batch % loader->n_slots];
  pthread_mutex_lock(&loader->mutex);
  if (err != GAZE_OK && (slot->err == GAZE_OK || place < slot->err_place)) {
    free(slot->message);
    slot->err = err;
    slot->err_place = place;
    slot->message = strdup(gaze_last_error());
  }
  gaze_bad_add(&slot->bad, bad);
  if (--slot->missing == 0)
    pthread_cond_signal(&loader->filled);
  pthread_mutex_unlock(&loader->mutex);
}

static void *work(void *user) {
  gaze_loader *loader = user;
  uint64_t batch;
  size_t place;
  while (claim(loader, &batch, &place)) {
    gaze_bad bad = {.place = place};
    gaze_err err = prepare(loader, batch, place, &bad);
    hand_in(loader, batch, place, err, &bad);
  }
  return NULL;
}

static gaze_err check(const gaze_loader_options *options) {
  bool counts = options->workers >= 1 && options->workers <= MOST_THREADS && options->queue >= 1 &&
                options->queue <= MOST_BATCHES && options->held >= 0 && options->held <= MOST_BATCHES &&
                options->n_sources >= 1;
  bool sizes = options->batch_size >= 1 && options->batch_size <= MOST_SAMPLES && options->text->context >= 2 &&
               options->text->context <= MOST_NUMBERS && options->preprocess.size >= 1 &&
               options->preprocess.size <= MOST_NUMBERS && options->teacher_dim <= MOST_NUMBERS;
  if (!counts || !sizes)
    return gaze_fail(
        GAZE_ERR_ARGUMENT,
        "impossible loader options: %d workers, %d batches ahead, %d held, %zu samples a batch, %zu tokens, %d pixels: "
        "see fusion/loader.h",
        options->workers, options->queue, options->held, options->batch_size, options->text->context,
        options->preprocess.size);
  return GAZE_OK;
}

/* Signals go to the threads of the caller. */
static gaze_err start_threads(gaze_loader *loader) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  while (!failed && loader->n_threads < loader->options.workers) {
    failed = pthread_create(&loader->threads[loader->n_threads], NULL, work, loader);
    loader->n_threads += !failed;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = failed;
  return failed ? gaze_fail_errno(GAZE_ERR_IO, "cannot start a thread: use fewer workers") : GAZE_OK;
}

static gaze_err fill(gaze_loader *loader) {
  const gaze_loader_options *options = &loader->options;
  GAZE_TRY(gaze_plan_init(&loader->plan, options));
  GAZE_TRY(gaze_alloc(options->n_sources, sizeof *loader->named, &loader->named));
  for (size_t i = 0; i < loader->plan.n; i++)
    GAZE_TRY(gaze_alloc(loader->plan.sources[i].n, 1, &loader->named[i]));
  loader->n_slots = (size_t)options->queue + (size_t)(options->held > 1 ? options->held : 1);
  GAZE_TRY(gaze_alloc(loader->n_slots, sizeof *loader->slots, &loader->slots));
  for (size_t i = 0; i < loader->n_slots; i++)
    GAZE_TRY(gaze_slot_init(&loader->slots[i], options));
  GAZE_TRY(gaze_alloc((size_t)options->workers, sizeof *loader->threads, &loader->threads));
  return start_threads(loader);
}

gaze_err gaze_loader_new(const gaze_loader_options *options, gaze_loader **out) {
  GAZE_TRY(check(options));
  gaze_loader *loader;
  GAZE_TRY(gaze_alloc(1, sizeof *loader, &loader));
  loader->options = *options;
  loader->next = loader->claimed = options->first;
  gaze_kernels_init(&loader->kernels, gaze_cpu_detect());
  pthread_mutex_init(&loader->mutex, NULL);
  pthread_cond_init(&loader->emptied, NULL);
  pthread_cond_init(&loader->filled, NULL);
  gaze_err err = fill(loader);
  if (err != GAZE_OK) {
    gaze_loader_free(loader);
    return err;
  }
  *out = loader;
  return GAZE_OK;
}

static void stop_threads(gaze_loader *loader) {
  pthread_mutex_lock(&loader->mutex);
  loader->stop = true;
  pthread_cond_broadcast(&loader->emptied);
  pthread_mutex_unlock(&loader->mutex);
  for (int i = 0; i < loader->n_threads; i++)
    pthread_join(loader->threads[i], NULL);
}

void gaze_loader_free(gaze_loader *loader) {
  if (!loader)
    return;
  stop_threads(loader);
  pthread_mutex_destroy(&loader->mutex);
  pthread_cond_destroy(&loader->emptied);
  pthread_cond_destroy(&loader->filled);
  for (size_t i = 0; loader->slots && i < loader->n_slots; i++)
    gaze_slot_fini(&loader->slots[i]);
  for (size_t i = 0; loader->named && i < loader->plan.n; i++)
    free(loader->named[i]);
  gaze_bad_fini(&loader->bad);
  gaze_plan_fini(&loader->plan);
  free(loader->threads);
  free(loader->named);
  free(loader->slots);
  free(loader);
}

/* Waits for the batch to give out next. */
static gaze_slot *wait_for_batch(gaze_loader *loader) {
  gaze_slot *slot = &loader->slots[loader->next % loader->n_slots];
  pthread_mutex_lock(&loader->mutex);
  while (loader->claimed <= loader->next || slot->missing)
    pthread_cond_wait(&loader->filled, &loader->mutex);
  pthread_mutex_unlock(&loader->mutex);
  return slot;
}

static void warn_of_cut(gaze_loader *loader, const gaze_slot *slot) {
  if (loader->warned_of_cut || !memchr(slot->cut, 1, slot->batch.n))
    return;
  loader->warned_of_cut = true;
  gaze_warn("texts longer than %zu tokens are cut: first in batch %llu", loader->options.text->context,
            (unsigned long long)slot->batch.number);
}

gaze_err gaze_loader_next(gaze_loader *loader, const gaze_batch **out) {
  gaze_slot *slot = wait_for_batch(loader);
  if (slot->err != GAZE_OK)
    return gaze_fail_again(slot->err, slot->message ? slot->message : "a batch could not be prepared");
  loader->tried += slot->batch.n + slot->bad.n;
  slot->bad.place = loader->bad.n; /* behind those of earlier batches */
  gaze_bad_add(&loader->bad, &slot->bad);
  if (loader->tried >= ENOUGH && loader->bad.n * BAD_PART > loader->tried)
    return fail_bad(&loader->bad);
  gaze_slot_finish(slot, &loader->options);
  warn_of_cut(loader, slot);
  pthread_mutex_lock(&loader->mutex);
  loader->next++;
  pthread_cond_broadcast(&loader->emptied);
  pthread_mutex_unlock(&loader->mutex);
  *out = &slot->batch;
  return GAZE_OK;
}

size_t gaze_loader_bad(const gaze_loader *loader) { return loader->bad.n; }
