/* Fills an index with made-up vectors without files: for what is about many vectors. */
#ifndef GAZE_TESTS_INDEX_BULK_H
#define GAZE_TESTS_INDEX_BULK_H

#include "core/base/memory.h"
#include "core/base/random.h"
#include "index/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Vectors as models make them: near one of `clusters` directions, all of which lean the same way. 0: anywhere. */
typedef struct bulk {
  size_t n;
  int dim, clusters;
  uint64_t seed;
  const char *model; /* key; NULL: "bulk" */
} bulk;

static inline void bulk_unit(float *x, int dim) {
  double square = 0;
  for (int k = 0; k < dim; k++)
    square += (double)x[k] * x[k];
  for (int k = 0; k < dim; k++)
    x[k] = (float)(x[k] / sqrt(square));
}

/* The i-th vector, the same on every call. Numbers from n on are not in the index: queries. */
static inline void bulk_vector(const bulk *b, size_t i, float *x) {
  gaze_random own, cluster, common;
  gaze_random_init(&own, b->seed, i + 1000);
  gaze_random_init(&common, b->seed, 0);
  gaze_random_init(&cluster, b->seed, b->clusters ? 1 + i % (size_t)b->clusters : 0);
  for (int k = 0; k < b->dim; k++) {
    /* Sums of uniforms are normal enough here, and quick. */
    double around = gaze_random_uniform(&own) + gaze_random_uniform(&own) - 1;
    x[k] = (float)(b->clusters ? around + gaze_random_uniform(&cluster) - 0.5 + gaze_random_uniform(&common) - 0.5
                               : around);
  }
  bulk_unit(x, b->dim);
}

static inline gaze_err bulk_rows(gaze_index *index, const bulk *b, int64_t model, float *x) {
  sqlite3_stmt *content = NULL, *photo = NULL, *vector = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(
      gaze_sql_prepare(index->db, "INSERT INTO content(id, hash, width, height) VALUES(?1, ?2, 640, 480)", &content));
  GAZE_TRY_DONE(gaze_sql_prepare(
      index->db, "INSERT INTO photo(path, content, size, mtime_ns) VALUES(?1, ?2, 1000, 1000)", &photo));
  GAZE_TRY_DONE(gaze_sql_prepare(index->db, "INSERT INTO vector(model, content, f32) VALUES(?1, ?2, ?3)", &vector));
  for (size_t i = 0; i < b->n; i++) {
    char path[64];
    uint64_t hash[2] = {i, b->seed};
    snprintf(path, sizeof path, "/photos/%04zu/%07zu.jpg", i / 1000, i);
    bulk_vector(b, i, x);
    GAZE_TRY_DONE(gaze_sql_bind(content, "ib", (int64_t)i + 1, hash, sizeof hash));
    GAZE_TRY_DONE(gaze_sql_finish(content));
    GAZE_TRY_DONE(gaze_sql_bind(photo, "ti", path, (int64_t)i + 1));
    GAZE_TRY_DONE(gaze_sql_finish(photo));
    GAZE_TRY_DONE(gaze_sql_bind(vector, "iib", model, (int64_t)i + 1, x, (size_t)b->dim * sizeof *x));
    GAZE_TRY_DONE(gaze_sql_finish(vector));
  }
done:
  sqlite3_finalize(content);
  sqlite3_finalize(photo);
  sqlite3_finalize(vector);
  return err;
}

/* A new index at db_path with all of b under its model key; photo i is "/photos/0000/0000000.jpg". */
static inline gaze_err bulk_fill(const char *db_path, const bulk *b) {
  gaze_index *index;
  int64_t model;
  float *x = NULL;
  GAZE_TRY(gaze_index_open(db_path, GAZE_INDEX_WRITE, &index));
  gaze_err err = gaze_alloc((size_t)b->dim, sizeof *x, &x);
  if (err == GAZE_OK)
    err = gaze_store_add_model(index, b->model ? b->model : "bulk", b->dim, NULL, &model);
  if (err == GAZE_OK)
    err = gaze_sql_run(index->db, "BEGIN");
  if (err == GAZE_OK)
    err = gaze_sql_end(index->db, bulk_rows(index, b, model, x));
  gaze_index_close(index);
  free(x);
  return err;
}

static inline size_t bulk_number(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)strtoull(slash + 1, NULL, 10) : SIZE_MAX;
}

#endif
