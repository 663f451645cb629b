/* Indexing against its parts: wall time of gaze_index_update on all processors, over the processor seconds that reading
 * and preparing and encoding take alone, divided by the processors. bench_index MODEL FOLDER; JSON on standard output.
 */
#include "core/base/cpu.h"
#include "core/base/file.h"
#include "gaze.h"
#include "tests/bench/must.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { TOGETHER = 64, FILES_MAX = 100000 };

static char *files[FILES_MAX];
static size_t n_files;

static double clock_of(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int note_file(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  const char *dot = strrchr(path, '.');
  bool picture = dot && (!strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg") || !strcasecmp(dot, ".png"));
  if (kind == FTW_F && picture && n_files < FILES_MAX)
    files[n_files++] = strdup(path);
  return 0;
}

/* Processor seconds of reading and preparing, and of encoding, all files. */
static void measure_parts(const gaze_embedder *embedder, double *prepare, double *encode) {
  char *items = calloc(TOGETHER, embedder->item_size);
  float *vectors = calloc(TOGETHER, (size_t)embedder->dim * sizeof *vectors);
  *prepare = *encode = 0;
  for (size_t i = 0; i < n_files; i += TOGETHER) {
    size_t n = n_files - i < TOGETHER ? n_files - i : TOGETHER;
    double start = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t j = 0; j < n; j++) {
      gaze_map map;
      gaze_picture_facts facts;
      must(gaze_map_open(files[i + j], &map));
      must(
          embedder->prepare(embedder->user, map.data, map.size, files[i + j], items + j * embedder->item_size, &facts));
      gaze_map_close(&map);
    }
    double middle = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    must(embedder->encode(embedder->user, items, n, vectors));
    *prepare += middle - start;
    *encode += clock_of(CLOCK_PROCESS_CPUTIME_ID) - middle;
  }
  free(items);
  free(vectors);
}

static double measure_index(const gaze_embedder *embedder, const char *folder) {
  char database[] = "/tmp/bench_indexXXXXXX";
  gaze_index *index;
  gaze_index_stats stats;
  close(mkstemp(database));
  double start = clock_of(CLOCK_MONOTONIC);
  must(gaze_index_open(database, GAZE_INDEX_WRITE, &index));
  must(gaze_index_update(index, embedder, &folder, 1, NULL, &stats));
  gaze_index_close(index);
  double wall = clock_of(CLOCK_MONOTONIC) - start;
  unlink(database);
  return wall;
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "SKIP: bench_index MODEL FOLDER: needs a model and a folder of pictures\n");
    return 77;
  }
  gaze_model *model;
  gaze_embedder embedder;
  double prepare, encode;
  must(gaze_model_open(arguments[1], NULL, &model));
  must(gaze_model_embedder(model, NULL, &embedder));
  nftw(arguments[2], note_file, 16, FTW_PHYS);
  measure_parts(&embedder, &prepare, &encode);
  double wall = measure_index(&embedder, arguments[2]), bound = (prepare + encode) / gaze_cpu_count();
  printf("{\"bench\":\"index\",\"pictures\":%zu,\"prepare_cpu_s\":%.3f,\"encode_cpu_s\":%.3f,\"wall_s\":%.3f,"
         "\"processors\":%d,\"ratio\":%.3f}\n",
         n_files, prepare, encode, wall, gaze_cpu_count(), wall / bound);
  gaze_model_embedder_fini(&embedder);
  gaze_model_close(model);
  return 0;
}
