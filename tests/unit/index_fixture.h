/* A folder of made-up photos and an embedder that needs no model: a file's vector follows from its bytes alone, its
 * facts from lines "taken=...", "camera=...", "broken". Counts what it is asked for. */
#ifndef GAZE_TESTS_INDEX_FIXTURE_H
#define GAZE_TESTS_INDEX_FIXTURE_H

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#define FAKE_DIM 32

typedef struct fake {
  int prepared, encoded; /* calls of prepare; items encoded */
  uint64_t seed;         /* another one stands for another model, or for other options */
  int64_t variant;
} fake;

static inline void fake_vector(const void *bytes, size_t size, uint64_t seed, int dim, float *vector) {
  gaze_random random;
  double square = 0;
  gaze_random_init(&random, XXH3_64bits(bytes, size), seed);
  for (int i = 0; i < dim; i++) {
    vector[i] = (float)gaze_random_normal(&random);
    square += (double)vector[i] * vector[i];
  }
  for (int i = 0; i < dim; i++)
    vector[i] = (float)(vector[i] / sqrt(square));
}

static inline void fake_fact(const char *text, const char *name, char *out, size_t size) {
  const char *at = strstr(text, name);
  if (at)
    snprintf(out, size, "%.*s", (int)strcspn(at + strlen(name), "\n"), at + strlen(name));
}

static inline gaze_err fake_prepare(void *user, const void *bytes, size_t size, const char *path, void *item,
                                    gaze_picture_facts *facts) {
  fake *state = user;
  char text[512];
  __atomic_add_fetch(&state->prepared, 1, __ATOMIC_RELAXED);
  snprintf(text, sizeof text, "%.*s", (int)size, (const char *)bytes);
  if (strncmp(text, "broken", 6) == 0)
    return gaze_fail(GAZE_ERR_FORMAT, "not a picture: %s: name another", path);
  facts->width = 640;
  facts->height = 480;
  fake_fact(text, "taken=", facts->taken, sizeof facts->taken);
  fake_fact(text, "camera=", facts->camera, sizeof facts->camera);
  fake_vector(bytes, size, state->seed, FAKE_DIM, item);
  return GAZE_OK;
}

static inline gaze_err fake_encode(void *user, const void *items, size_t n, float *vectors) {
  ((fake *)user)->encoded += (int)n;
  memcpy(vectors, items, n * FAKE_DIM * sizeof *vectors);
  return GAZE_OK;
}

static inline gaze_embedder fake_embedder(fake *state, const char *key) {
  return (gaze_embedder){.user = state,
                         .model_key = key,
                         .dim = FAKE_DIM,
                         .item_size = FAKE_DIM * sizeof(float),
                         .prepare = fake_prepare,
                         .encode = fake_encode,
                         .variant = state->variant};
}

/* A temporary folder for one test: photos below root/photos, the database beside them. */
typedef struct place {
  char root[32], photos[48], db[48];
} place;

static inline void place_init(place *p) {
  snprintf(p->root, sizeof p->root, "/tmp/gaze-index-XXXXXX");
  assert_non_null(mkdtemp(p->root));
  snprintf(p->photos, sizeof p->photos, "%s/photos", p->root);
  snprintf(p->db, sizeof p->db, "%s/photos.db", p->root);
  assert_int_equal(gaze_folder_make(p->photos), GAZE_OK);
}

static inline void place_fini(place *p) {
  char command[160];
  snprintf(command, sizeof command, "chmod -R u+rwX '%s'; rm -rf '%s'", p->root, p->root);
  assert_int_equal(system(command), 0);
}

static inline const char *place_path(const place *p, const char *name) {
  static _Thread_local char path[4096];
  snprintf(path, sizeof path, "%s/%s", p->photos, name);
  return path;
}

/* Makes the file's folders too. */
static inline void place_write(const place *p, const char *name, const char *text) {
  char folder[4096];
  snprintf(folder, sizeof folder, "%s", place_path(p, name));
  *strrchr(folder, '/') = 0;
  assert_int_equal(gaze_folder_make(folder), GAZE_OK);
  FILE *file = fopen(place_path(p, name), "wb");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static inline void place_move(const place *p, const char *from, const char *to) {
  char old[4096];
  snprintf(old, sizeof old, "%s", place_path(p, from));
  assert_int_equal(rename(old, place_path(p, to)), 0);
}

#define assert_ok(call)                             \
  do {                                              \
    if ((call) != GAZE_OK)                          \
      fail_msg("%s: %s", #call, gaze_last_error()); \
  } while (0)

static inline gaze_index_stats place_update_with(const place *p, fake *state, const char *key,
                                                 const gaze_index_options *options) {
  gaze_index *index;
  gaze_index_stats stats;
  gaze_embedder embedder = fake_embedder(state, key);
  const char *folder = p->photos;
  assert_ok(gaze_index_open(p->db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, &folder, 1, options, &stats));
  gaze_index_close(index);
  return stats;
}

static inline gaze_index_stats place_update(const place *p, fake *state) {
  return place_update_with(p, state, "fake", NULL);
}

#endif
