/* A database, or the file of vectors beside one (told by its first bytes), from anywhere: everything that reads an
 * index runs over it, and so does what writes one. */
#include "core/base/file.h"
#include "index/schema.h"
#include "index/sequence_format.h"
#include "index/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define DIM 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], photos[80], database[80], vectors[96];

static gaze_err prepare(void *user, const void *bytes, size_t size, const char *path, void *item,
                        gaze_picture_facts *facts) {
  facts->width = facts->height = 1;
  return GAZE_OK;
}

static gaze_err encode(void *user, const void *items, size_t n, float *out) {
  for (size_t i = 0; i < n * DIM; i++)
    out[i] = i % DIM ? 0 : 1;
  return GAZE_OK;
}

static gaze_err look(void *user, const char *path, const char *hash, const char *key, const gaze_picture_facts *facts,
                     const float *vector, int dim) {
  volatile float sum = 0;
  for (int i = 0; i < dim; i++)
    sum += vector[i];
  (void)sum;
  return strlen(path) + strlen(hash) + strlen(facts->camera) > 0 ? GAZE_OK : GAZE_ERR_CORRUPT;
}

/* Results do not matter: none of the calls may crash, hang or write out of bounds. */
static void ignore(gaze_err err) { (void)err; }

static void search(gaze_index *index, const gaze_search_options *options) {
  const float query[DIM] = {0.6f, 0.8f, 0, 0};
  gaze_hit *hits;
  size_t n;
  if (gaze_search(index, "bulk", query, DIM, options, &hits, &n) == GAZE_OK)
    free(hits);
}

static void read_all(void) {
  gaze_index *index;
  char *json;
  if (gaze_index_open(database, GAZE_INDEX_READ, &index) != GAZE_OK)
    return;
  gaze_search_options options = {.top = 3, .min_score = -1, .folder = "/", .after = "1990", .camera = "a"};
  search(index, NULL);
  search(index, &options);
  ignore(gaze_index_check(index));
  if (gaze_index_info_json(index, &json) == GAZE_OK)
    free(json);
  ignore(gaze_index_export(index, NULL, look, NULL));
  gaze_index_close(index);
}

static void write_all(void) {
  gaze_index *index;
  const char *const folders[] = {photos};
  const gaze_embedder embedder = {
      .model_key = "bulk", .dim = DIM, .item_size = 1, .prepare = prepare, .encode = encode};
  const gaze_index_options options = {.threads = 1};
  gaze_index_stats stats;
  if (gaze_index_open(database, GAZE_INDEX_WRITE, &index) != GAZE_OK)
    return;
  ignore(gaze_sql_run(index->db, "PRAGMA synchronous = OFF"));
  ignore(gaze_index_update(index, &embedder, folders, 1, &options, &stats));
  ignore(gaze_index_compact(index));
  gaze_index_close(index);
}

static void remove_beside(void) {
  static const char *const endings[] = {"-wal", "-shm", "-journal", ".lock", ".bulk.vec"};
  char path[128];
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    snprintf(path, sizeof path, "%s%s", database, endings[i]);
    unlink(path);
  }
}

static void put_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
    abort();
}

static void clean_up(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command) != 0)
    abort();
}

static void set_up(void) {
  const char *temporary = getenv("TMPDIR");
  if (!temporary)
    temporary = gaze_folder_exists("/dev/shm") ? "/dev/shm" : "/tmp"; /* a run syncs often */
  snprintf(folder, sizeof folder, "%.30s/gaze-fuzz-XXXXXX", temporary);
  if (!mkdtemp(folder))
    abort();
  atexit(clean_up);
  snprintf(photos, sizeof photos, "%s/p", folder);
  snprintf(database, sizeof database, "%s/i.db", folder);
  snprintf(vectors, sizeof vectors, "%s.bulk.vec", database);
  char photo[96];
  snprintf(photo, sizeof photo, "%s/a.jpg", photos);
  if (gaze_folder_make(photos) != GAZE_OK)
    abort();
  put_file(photo, "a", 1);
}

/* An index of one photo, beside which the file is taken for genuine as far as the header's sums go. */
static void read_sequence(const uint8_t *data, size_t size) {
  gaze_index *index;
  uint64_t identity;
  unlink(database);
  write_all();
  if (gaze_index_open(database, GAZE_INDEX_READ, &index) != GAZE_OK ||
      gaze_sequence_identity(index->db, &identity) != GAZE_OK)
    abort();
  gaze_index_close(index);
  const float last[DIM] = {1};
  gaze_sequence_header header;
  uint8_t *copy = malloc(size);
  if (!copy)
    abort();
  memcpy(copy, data, size);
  memcpy(&header, data, sizeof header);
  header.identity = identity;
  header.key = gaze_sequence_key("bulk");
  header.last_id = 1;
  header.last = XXH3_64bits(last, sizeof last);
  header.check = gaze_sequence_header_check(&header);
  memcpy(copy, &header, sizeof header);
  put_file(vectors, copy, size);
  free(copy);
  read_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_set_warn(NULL);
  if (!*folder)
    set_up();
  remove_beside();
  if (size >= sizeof(gaze_sequence_header) && memcmp(data, GAZE_SEQUENCE_MAGIC, 8) == 0) {
    read_sequence(data, size);
  } else {
    put_file(database, data, size);
    read_all();
    write_all();
    read_all();
  }
  return 0;
}
