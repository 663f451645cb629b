/* Exact search over made-up vectors, beside the time it takes to read their bytes:
 *   bench_search [--rows N] [--dim D] [--queries N]
 * prints one JSON object. The index goes to $TMPDIR (else /tmp): about 2.7 KB a row. */
#include "tests/bench/ceiling.h"
#include "tests/unit/index_bulk.h"

#include "core/base/file.h"
#include "index/quantise.h"

#include <jansson.h>
#include <omp.h>
#include <unistd.h>

#define TOP 20

static void need(gaze_err err) {
  if (err == GAZE_OK)
    return;
  fprintf(stderr, "bench_search: %s\n", gaze_last_error());
  exit(1);
}

/* All processors read all bytes once: the ceiling. */
static double time_reading(const int8_t *bytes, size_t size) {
  static volatile uint64_t sink;
  const uint64_t *words = (const uint64_t *)(const void *)bytes;
  double start = gaze_bench_now();
  uint64_t sum = 0;
#pragma omp parallel for reduction(+ : sum) schedule(static)
  for (size_t block = 0; block < size / 4096; block++) {
    uint64_t lanes[8] = {0};
    for (size_t i = 0; i < 512; i += 8)
      for (size_t k = 0; k < 8; k++)
        lanes[k] += words[block * 512 + i + k];
    for (size_t k = 0; k < 8; k++)
      sum += lanes[k];
  }
  sink = sum;
  (void)sink;
  return gaze_bench_now() - start;
}

static double search_once(gaze_index *index, const bulk *b, const float *query, size_t *numbers) {
  gaze_search_options options = {.top = TOP, .min_score = -1};
  gaze_hit *hits;
  size_t n;
  double start = gaze_bench_now();
  need(gaze_search(index, "bulk", query, b->dim, &options, &hits, &n));
  double seconds = gaze_bench_now() - start;
  for (size_t i = 0; i < TOP; i++)
    numbers[i] = i < n ? bulk_number(hits[i].path) : SIZE_MAX;
  free(hits);
  return seconds;
}

/* found: [queries, TOP] photo numbers. The f32 ranking goes over the vectors once, with all queries. */
static double measure_recall(const bulk *b, const float *queries, size_t n_queries, const size_t *found) {
  gaze_top *exact;
  float *x;
  size_t right = 0;
  need(gaze_alloc(n_queries, sizeof *exact, &exact));
  need(gaze_alloc((size_t)b->dim, sizeof *x, &x));
  for (size_t q = 0; q < n_queries; q++)
    need(gaze_top_init(&exact[q], TOP));
  for (size_t i = 0; i < b->n; i++) {
    bulk_vector(b, i, x);
    for (size_t q = 0; q < n_queries; q++)
      gaze_top_push(&exact[q], gaze_vector_dot(queries + q * (size_t)b->dim, x, (size_t)b->dim), (int64_t)i);
  }
  for (size_t q = 0; q < n_queries; q++) {
    for (size_t k = 0; k < TOP; k++)
      for (size_t j = 0; j < exact[q].n; j++)
        right += found[q * TOP + k] == (size_t)exact[q].items[j].id;
    gaze_top_fini(&exact[q]);
  }
  free(exact);
  free(x);
  return (double)right / (double)(n_queries * TOP);
}

/* What the child process of time_process does. */
static int ask_and_leave(const char *db, const bulk *b) {
  gaze_index *index;
  size_t numbers[TOP];
  float query[GAZE_DIM_MAX];
  bulk_vector(b, b->n, query);
  need(gaze_index_open(db, GAZE_INDEX_READ, &index));
  search_once(index, b, query, numbers);
  gaze_index_close(index);
  return 0;
}

static double time_process(const char *self, const char *db, const bulk *b) {
  char rows[32], dim[32];
  snprintf(rows, sizeof rows, "%zu", b->n);
  snprintf(dim, sizeof dim, "%d", b->dim);
  char ask[] = "--ask", rows_flag[] = "--rows", dim_flag[] = "--dim";
  char *arguments[] = {(char *)(uintptr_t)self, ask, (char *)(uintptr_t)db, rows_flag, rows, dim_flag, dim, NULL};
  double seconds = gaze_bench_process(arguments);
  if (!(seconds > 0)) {
    fprintf(stderr, "bench_search: the child process failed\n");
    exit(1);
  }
  return seconds;
}

static json_t *measure(const char *self, const char *db, const bulk *b, size_t n_queries) {
  gaze_index *index;
  float *queries;
  double *search, *read;
  size_t *found;
  need(gaze_alloc(n_queries * (size_t)b->dim, sizeof *queries, &queries));
  need(gaze_alloc(n_queries, sizeof *search, &search));
  need(gaze_alloc(n_queries, sizeof *read, &read));
  need(gaze_alloc(n_queries * TOP, sizeof *found, &found));
  for (size_t q = 0; q < n_queries; q++)
    bulk_vector(b, b->n + q, queries + q * (size_t)b->dim);
  need(gaze_index_open(db, GAZE_INDEX_READ, &index));
  search_once(index, b, queries, found); /* maps the file */
  size_t bytes = index->sequence.n * index->sequence.stride;
  for (size_t q = 0; q < n_queries; q++) {
    read[q] = time_reading(index->sequence.rows, bytes);
    search[q] = search_once(index, b, queries + q * (size_t)b->dim, found + q * TOP);
  }
  gaze_index_close(index);
  double read_time = gaze_bench_median(read, n_queries), search_time = gaze_bench_median(search, n_queries);
  json_t *json =
      json_pack("{s:s, s:s, s:i, s:I, s:i, s:f, s:f, s:f, s:f, s:f, s:f}", "bench", "search", "cpu",
                gaze_bench_cpu_name(), "threads", omp_get_max_threads(), "rows", (json_int_t)b->n, "dim", b->dim,
                "read_gb_per_s", 1e-9 * (double)bytes / read_time, "read_ms", 1e3 * read_time, "search_ms",
                1e3 * search_time, "ratio", search_time / read_time, "recall_at_20",
                measure_recall(b, queries, n_queries, found), "exec_to_exit_ms", 1e3 * time_process(self, db, b));
  free(queries);
  free(search);
  free(read);
  free(found);
  return json;
}

int main(int argc, char **argv) {
  bulk b = {.n = 1000000, .dim = 512, .clusters = 1000, .seed = 1};
  size_t queries = 50;
  const char *ask = NULL, *temporary = getenv("TMPDIR");
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--rows") == 0)
      b.n = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--dim") == 0)
      b.dim = atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--queries") == 0)
      queries = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--ask") == 0)
      ask = argv[i + 1];
  }
  if (ask)
    return ask_and_leave(ask, &b);
  char folder[200], db[220], command[220];
  snprintf(folder, sizeof folder, "%s/gaze-bench-XXXXXX", temporary ? temporary : "/tmp");
  if (!mkdtemp(folder))
    return 1;
  snprintf(db, sizeof db, "%s/photos.db", folder);
  need(bulk_fill(db, &b));
  json_t *json = measure(argv[0], db, &b, queries);
  json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(5));
  putchar('\n');
  json_decref(json);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command) != 0;
}
