/* The name of a model in caches and indexes: a hash over its files, made once and remembered by what the file system
 * says of them. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/tensor/weight_files.h"
#include "fusion/assistant.h"
#include "fusion/model.h"
#include "fusion/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { KEY_LENGTH = 32 }; /* hexadecimal digits of 128 bits */

typedef gaze_err add_file(const char *path, XXH3_state_t *state);

static gaze_err add_contents(const char *path, XXH3_state_t *state) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  XXH3_128bits_update(state, map.data, map.size);
  gaze_map_close(&map);
  return GAZE_OK;
}

static gaze_err add_identity(const char *path, XXH3_state_t *state) {
  struct stat status;
  if (stat(path, &status) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", path);
  int64_t identity[] = {(int64_t)status.st_dev, (int64_t)status.st_ino, (int64_t)status.st_size,
                        (int64_t)status.st_mtim.tv_sec, (int64_t)status.st_mtim.tv_nsec};
  XXH3_128bits_update(state, identity, sizeof identity);
  return GAZE_OK;
}

typedef struct hashing {
  add_file *add;
  XXH3_state_t *state;
} hashing;

static gaze_err add_configuration(void *user, const char *path, const char *name) {
  const hashing *how = user;
  (void)name;
  return how->add(path, how->state);
}

/* The index, which says what the shards are, before them. */
static gaze_err add_weights(const char *place, add_file *add, XXH3_state_t *state) {
  gaze_weight_files files;
  GAZE_TRY(gaze_weight_files_init(&files, place));
  gaze_err err = files.index ? add(files.index, state) : GAZE_OK;
  for (size_t i = 0; i < files.n && err == GAZE_OK; i++)
    err = add(files.paths[i], state);
  gaze_weight_files_fini(&files);
  return err;
}

/* A hash over all files of a model's places, each added by `add`. */
static gaze_err hash_files(const char *const *places, add_file *add, char hash[KEY_LENGTH + 1]) {
  XXH3_state_t *state = XXH3_createState();
  if (!state)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: hashing %s: free memory", *places);
  XXH3_128bits_reset(state);
  gaze_err err = GAZE_OK;
  for (; *places && err == GAZE_OK; places++) {
    err = gaze_model_configurations_visit(*places, add_configuration, &(hashing){add, state});
    if (err == GAZE_OK)
      err = add_weights(*places, add, state);
  }
  XXH128_hash_t digest = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  GAZE_TRY(err);
  snprintf(hash, KEY_LENGTH + 1, "%016llx%016llx", (unsigned long long)digest.high64, (unsigned long long)digest.low64);
  return GAZE_OK;
}

/* Where the key of a model with this identity is; NULL without a home. */
static gaze_err remembered_path(const char *identity, char **folder, char **path) {
  GAZE_TRY(gaze_cache_folder("keys", folder));
  return *folder ? gaze_path_join(*folder, identity, path) : GAZE_OK;
}

static bool recall(const char *path, char key[KEY_LENGTH + 1]) {
  FILE *stream = path ? fopen(path, "re") : NULL;
  if (!stream)
    return false;
  size_t length = fread(key, 1, KEY_LENGTH, stream);
  fclose(stream);
  key[length] = 0;
  return length == KEY_LENGTH && strspn(key, "0123456789abcdef") == KEY_LENGTH;
}

/* A cache that cannot be written costs time, not the result. */
static void remember(const char *folder, const char *path, const char *key) {
  if (!path || gaze_folder_make(folder) != GAZE_OK)
    return;
  gaze_err ignored = gaze_file_replace(path, key, KEY_LENGTH);
  (void)ignored;
}

/* places: folders and GGUF files, NULL behind the last. */
static gaze_err make_key(const char *const *places, char key[KEY_LENGTH + 1]) {
  char identity[KEY_LENGTH + 1], *folder = NULL, *path = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(hash_files(places, add_identity, identity));
  GAZE_TRY_DONE(remembered_path(identity, &folder, &path));
  if (!recall(path, key)) {
    key[0] = 0;
    GAZE_TRY_DONE(hash_files(places, add_contents, key));
    remember(folder, path, key);
  }
done:
  free(folder);
  free(path);
  return err;
}

gaze_err gaze_model_key(gaze_model *model, char key[33]) {
  if (!model->key[0])
    GAZE_TRY(make_key((const char *const[]){model->folder, NULL}, model->key));
  memcpy(key, model->key, sizeof model->key);
  return GAZE_OK;
}

gaze_err gaze_assistant_key(gaze_assistant *assistant, char key[33]) {
  const char *places[] = {assistant->path, NULL, NULL, NULL, NULL};
  size_t n = 1;
  if (assistant->projector)
    places[n++] = gaze_weights_path(assistant->projector, "");
  if (assistant->adapter)
    places[n++] = assistant->adapter;
  if (assistant->eye && assistant->eye->tower)
    places[n++] = assistant->files.tower_folder;
  if (!assistant->key[0])
    GAZE_TRY(make_key(places, assistant->key));
  memcpy(key, assistant->key, sizeof assistant->key);
  return GAZE_OK;
}

gaze_err gaze_assistant_arithmetic(gaze_assistant *assistant, uint64_t hash[2]) {
  struct {
    char version[16], key[40], level[32];
    uint64_t precision;
  } all = {.version = GAZE_VERSION, .precision = assistant->options.model.precision};
  GAZE_TRY(gaze_assistant_key(assistant, all.key));
  snprintf(all.level, sizeof all.level, "%s", assistant->kernels.level);
  XXH128_hash_t digest = XXH3_128bits(&all, sizeof all);
  hash[0] = digest.low64;
  hash[1] = digest.high64;
  return GAZE_OK;
}
