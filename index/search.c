#include "core/base/memory.h"
#include "index/filter.h"
#include "index/quantise.h"
#include "index/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A search is three steps in one transaction: which vectors may be found (only where there is a filter), which of
 * them look nearest as bytes, and the exact ranking of those. Vectors behind the sequence file are ranked exactly at
 * once. */

#define TAIL_LIMIT 16384 /* vectors behind the sequence file before a search writes it anew */

typedef struct found {
  float score;
  size_t path; /* offset in paths */
} found;

typedef struct searcher {
  gaze_index *index;
  const gaze_search_options *options;
  const float *query;
  gaze_store_model model;
  gaze_filter filter;
  size_t top, tail; /* photos wanted; vectors behind the sequence file */
  int16_t *bytes;   /* the query for the scan */
  float *vector;    /* [dim], the one being ranked */
  uint32_t *pick;   /* rows the filter leaves; unused without one */
  size_t n_pick, pick_capacity;
  sqlite3_stmt *get_vector, *get_tail, *get_paths;
  found *found;
  size_t n_found, found_capacity;
  char *paths;
  size_t paths_size, paths_capacity;
} searcher;

static gaze_err prepare_statements(searcher *s) {
  sqlite3 *db = s->index->db;
  GAZE_TRY(gaze_sql_prepare(db, "SELECT f32 FROM vector WHERE id = ?1 AND model = ?2", &s->get_vector));
  GAZE_TRY(gaze_filter_prepare(&s->filter, db,
                               "SELECT v.id, v.f32 FROM vector v WHERE v.model = ?1 AND v.id > ?2 AND EXISTS (SELECT 1 "
                               "FROM photo p JOIN content c ON c.id = p.content WHERE p.content = v.content",
                               ")", &s->get_tail));
  return gaze_filter_prepare(&s->filter, db,
                             "SELECT p.path FROM vector v JOIN photo p ON p.content = v.content "
                             "JOIN content c ON c.id = p.content WHERE v.id = ?1",
                             " ORDER BY p.path", &s->get_paths);
}

/* First place in rising ids[from, n) that is not below id. */
static size_t lower_bound(const int64_t *ids, size_t from, size_t n, int64_t id) {
  while (from < n) {
    size_t middle = from + (n - from) / 2;
    if (ids[middle] < id)
      from = middle + 1;
    else
      n = middle;
  }
  return from;
}

static gaze_err pick_rows(searcher *s) {
  const gaze_sequence *sequence = &s->index->sequence;
  sqlite3_stmt *statement;
  GAZE_TRY(gaze_filter_prepare(&s->filter, s->index->db,
                               "SELECT DISTINCT v.id FROM photo p JOIN content c ON c.id = p.content JOIN vector v ON "
                               "v.content = c.id AND v.model = ?1 WHERE v.id <= ?2",
                               " ORDER BY v.id", &statement));
  gaze_err err = gaze_sql_bind(statement, "ii", s->model.id, sequence->last_id);
  for (size_t place = 0; err == GAZE_OK;) {
    bool row;
    GAZE_TRY_DONE(gaze_sql_step(statement, &row));
    if (!row)
      break;
    int64_t id = sqlite3_column_int64(statement, 0);
    place = lower_bound(sequence->ids, place, sequence->n, id);
    if (place == sequence->n || sequence->ids[place] != id)
      continue;
    GAZE_TRY_DONE(gaze_grow(&s->pick, &s->pick_capacity, s->n_pick + 1, sizeof *s->pick));
    s->pick[s->n_pick++] = (uint32_t)place;
  }
done:
  sqlite3_finalize(statement);
  return err;
}

static gaze_err rank_row(searcher *s, int64_t id, gaze_top *exact) {
  bool row;
  GAZE_TRY(gaze_sql_bind(s->get_vector, "ii", id, s->model.id));
  GAZE_TRY(gaze_sql_step(s->get_vector, &row));
  if (!row)
    return gaze_fail(GAZE_ERR_CORRUPT, "the file of vectors beside the database is damaged: %s: run `gaze db compact`",
                     s->index->path);
  GAZE_TRY(gaze_sequence_vector(s->get_vector, 0, s->model.dim, s->vector));
  sqlite3_reset(s->get_vector);
  gaze_top_push(exact, gaze_vector_dot(s->query, s->vector, (size_t)s->model.dim), id);
  return GAZE_OK;
}

static gaze_err rank_scanned(searcher *s, gaze_top *near, gaze_top *exact) {
  const gaze_sequence *sequence = &s->index->sequence;
  if (!sequence->n)
    return GAZE_OK;
  gaze_scan_rows rows = {sequence->rows, sequence->scales, s->filter.narrows ? s->pick : NULL,
                         sequence->n,    s->n_pick,        sequence->stride};
  if (s->filter.narrows && !s->n_pick)
    return GAZE_OK;
  GAZE_TRY(gaze_scan_run(&rows, s->bytes, near));
  for (size_t i = 0; i < near->n; i++)
    GAZE_TRY(rank_row(s, sequence->ids[near->items[i].id], exact));
  return GAZE_OK;
}

static gaze_err rank_tail(searcher *s, gaze_top *exact) {
  GAZE_TRY(gaze_sql_bind(s->get_tail, "ii", s->model.id, s->index->sequence.last_id));
  for (;;) {
    bool row;
    GAZE_TRY(gaze_sql_step(s->get_tail, &row));
    if (!row)
      return GAZE_OK;
    GAZE_TRY(gaze_sequence_vector(s->get_tail, 1, s->model.dim, s->vector));
    gaze_top_push(exact, gaze_vector_dot(s->query, s->vector, (size_t)s->model.dim),
                  sqlite3_column_int64(s->get_tail, 0));
  }
}

static gaze_err keep_path(searcher *s, const char *path, float score) {
  size_t size = strlen(path) + 1;
  GAZE_TRY(gaze_grow(&s->found, &s->found_capacity, s->n_found + 1, sizeof *s->found));
  GAZE_TRY(gaze_grow(&s->paths, &s->paths_capacity, s->paths_size + size, 1));
  memcpy(s->paths + s->paths_size, path, size);
  s->found[s->n_found++] = (found){score, s->paths_size};
  s->paths_size += size;
  return GAZE_OK;
}

/* Vectors are many to few photos: a picture's copies all come, one whose photos were deleted gives none. Equal scores
 * stay together, for their order is that of their paths. *enough: no worse vector is of interest. */
static gaze_err resolve_paths(searcher *s, const gaze_top *exact, bool *enough) {
  s->n_found = s->paths_size = 0;
  for (size_t i = 0; i < exact->n; i++) {
    float score = exact->items[i].score;
    *enough = score < s->options->min_score || (s->n_found >= s->top && score < s->found[s->n_found - 1].score);
    if (*enough)
      return GAZE_OK;
    GAZE_TRY(gaze_sql_bind(s->get_paths, "i", exact->items[i].id));
    for (;;) {
      bool row;
      GAZE_TRY(gaze_sql_step(s->get_paths, &row));
      if (!row)
        break;
      const char *path = (const char *)sqlite3_column_text(s->get_paths, 0);
      GAZE_TRY(keep_path(s, path ? path : "", score));
    }
  }
  *enough = s->n_found >= s->top;
  return GAZE_OK;
}

/* Ranks the `want` vectors that look nearest. */
static gaze_err rank(searcher *s, size_t want, bool *enough) {
  gaze_top near = {0}, exact = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_top_init(&near, want));
  GAZE_TRY_DONE(gaze_top_init(&exact, want));
  GAZE_TRY_DONE(rank_scanned(s, &near, &exact));
  GAZE_TRY_DONE(rank_tail(s, &exact));
  gaze_top_sort(&exact);
  err = resolve_paths(s, &exact, enough);
done:
  gaze_top_fini(&near);
  gaze_top_fini(&exact);
  return err;
}

/* Many more candidates than photos asked for, since bytes mistake near neighbours' order; and still more where deleted
 * photos took the places. */
static gaze_err rank_until_enough(searcher *s) {
  size_t all = (s->filter.narrows ? s->n_pick : s->index->sequence.n) + s->tail;
  size_t want = s->top < all / 8 ? s->top * 4 + 64 : all;
  for (bool enough = false; all && !enough;) {
    if (want > all)
      want = all;
    GAZE_TRY(rank(s, want, &enough));
    if (want == all)
      return GAZE_OK;
    want = want < all / 8 ? want * 8 : all;
  }
  return GAZE_OK;
}

static gaze_err run(searcher *s) {
  const gaze_sequence *sequence = &s->index->sequence;
  gaze_sequence_source source = gaze_store_source(s->index, &s->model);
  gaze_err written = gaze_store_open_sequence(s->index, &s->model, TAIL_LIMIT);
  (void)written; /* what could not be written is read from the database */
  GAZE_TRY(gaze_sequence_tail(sequence, &source, &s->tail));
  GAZE_TRY(gaze_alloc((size_t)s->model.dim, sizeof *s->vector, &s->vector));
  if (sequence->n) {
    GAZE_TRY(gaze_alloc(sequence->stride, sizeof *s->bytes, &s->bytes));
    gaze_quantise_query(s->bytes, sequence->stride, s->query, sequence->dim);
    if (s->filter.narrows)
      GAZE_TRY(pick_rows(s));
  }
  GAZE_TRY(prepare_statements(s));
  return rank_until_enough(s);
}

static int compare_hits(const void *a, const void *b) {
  const gaze_hit *x = a, *y = b;
  return x->score != y->score ? (x->score < y->score) - (x->score > y->score) : strcmp(x->path, y->path);
}

/* One block: the hits, then their paths. */
static gaze_err hand_over(searcher *s, gaze_hit **hits, size_t *n) {
  gaze_hit *block;
  GAZE_TRY(gaze_alloc(s->n_found * sizeof *block + s->paths_size, 1, &block));
  char *paths = (char *)(block + s->n_found);
  if (s->n_found)
    memcpy(paths, s->paths, s->paths_size);
  for (size_t i = 0; i < s->n_found; i++)
    block[i] = (gaze_hit){paths + s->found[i].path, s->found[i].score};
  qsort(block, s->n_found, sizeof *block, compare_hits);
  *n = s->n_found < s->top ? s->n_found : s->top;
  *hits = block;
  return GAZE_OK;
}

static void fini(searcher *s) {
  sqlite3_finalize(s->get_vector);
  sqlite3_finalize(s->get_tail);
  sqlite3_finalize(s->get_paths);
  gaze_filter_fini(&s->filter);
  free(s->bytes);
  free(s->vector);
  free(s->pick);
  free(s->found);
  free(s->paths);
}

static gaze_err check_query(const searcher *s, int dim) {
  if (s->model.dim != dim)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "the index holds vectors of %d numbers, the query has %d: model %s: index with this model",
                     s->model.dim, dim, s->model.key);
  if (!isfinite(gaze_vector_dot(s->query, s->query, (size_t)dim)))
    return gaze_fail(GAZE_ERR_ARGUMENT, "the query's vector is not finite: model %s: check the model", s->model.key);
  return GAZE_OK;
}

gaze_err gaze_search(gaze_index *index, const char *model_key, const float *query, int dim,
                     const gaze_search_options *options, gaze_hit **hits, size_t *n) {
  static const gaze_search_options defaults = {.min_score = -1};
  searcher s = {.index = index, .options = options ? options : &defaults, .query = query};
  s.top = s.options->top ? s.options->top : 10;
  GAZE_TRY(gaze_sql_run(index->db, "BEGIN"));
  gaze_err err = gaze_store_find_model(index, model_key, &s.model);
  if (err == GAZE_OK)
    err = check_query(&s, dim);
  if (err == GAZE_OK)
    err = gaze_filter_init(&s.filter, s.options);
  if (err == GAZE_OK)
    err = run(&s);
  err = gaze_sql_end(index->db, err);
  if (err == GAZE_OK)
    err = hand_over(&s, hits, n);
  fini(&s);
  return err;
}
