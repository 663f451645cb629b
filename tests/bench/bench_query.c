/* A text query on the command line, from exec to exit, on an index of made-up vectors under the model's own key:
 *   bench_query GAZE MODEL [ROWS]
 * prints one JSON object: the whole, and what the same program needs to print its version. */
#include "tests/bench/ceiling.h"
#include "tests/unit/index_bulk.h"

#include <unistd.h>

static void need(gaze_err err) {
  if (err == GAZE_OK)
    return;
  fprintf(stderr, "bench_query: %s\n", gaze_last_error());
  exit(1);
}

static void fill(const char *model_path, size_t rows, const char *db) {
  gaze_model *model;
  char key[33];
  need(gaze_model_open(model_path, NULL, &model));
  need(gaze_model_key(model, key));
  const bulk b = {.n = rows, .dim = gaze_model_dim(model), .clusters = 1000, .seed = 1, .model = key};
  need(bulk_fill(db, &b));
  gaze_model_close(model);
}

int main(int argc, char **argv) {
  const char *temporary = getenv("TMPDIR");
  char folder[200], db[220], command[220];
  size_t rows = argc > 3 ? strtoull(argv[3], NULL, 10) : 100000;
  if (argc < 3) {
    fputs("usage: bench_query GAZE MODEL [ROWS]\n", stderr);
    return 2;
  }
  snprintf(folder, sizeof folder, "%s/gaze-bench-XXXXXX", temporary ? temporary : "/tmp");
  if (!mkdtemp(folder))
    return 1;
  snprintf(db, sizeof db, "%s/photos.db", folder);
  fill(argv[2], rows, db);
  char search[] = "search", model[] = "-m", at[] = "--db", query[] = "a dog running through grass",
       version[] = "--version";
  char *ask[] = {argv[1], search, model, argv[2], at, db, query, NULL}, *greet[] = {argv[1], version, NULL};
  double seconds = gaze_bench_process(ask), least = gaze_bench_process(greet);
  if (seconds > 0)
    printf("{\"bench\":\"query\",\"cpu\":\"%s\",\"rows\":%zu,\"exec_to_exit_ms\":%.1f,\"version_ms\":%.1f}\n",
           gaze_bench_cpu_name(), rows, 1e3 * seconds, 1e3 * least);
  else
    fputs("bench_query: the search failed\n", stderr);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command) != 0 || !(seconds > 0);
}
