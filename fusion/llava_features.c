#include "fusion/llava_features.h"

#include "fusion/features_file.h"
#include "fusion/same_pictures.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOGETHER = 16 }; /* pictures that go through the encoder at once */

/* Pictures on their way. */
typedef struct looking {
  gaze_llava_features *features;
  const gaze_llava_looker *looker;
  gaze_llava_seen *seen; /* [n] */
  size_t n;
  gaze_same_pictures same;
  gaze_features_head head;
  gaze_features_picture *pictures; /* [head.pictures] */
  gaze_bad_rows *bad;
  gaze_arena arena;
  gaze_vit_tape tape;
  float *pixels, *values; /* [TOGETHER, 3, S, S], [TOGETHER, R, C] */
} looking;

static gaze_err open_bytes(const gaze_sample *sample, gaze_map *map) {
  *map = (gaze_map){.data = sample->picture, .size = sample->picture_size};
  return sample->path ? gaze_map_open(sample->path, map) : GAZE_OK;
}

static void close_bytes(const gaze_sample *sample, gaze_map *map) {
  if (sample->path)
    gaze_map_close(map);
}

static uint64_t hash_picture(const gaze_sample *sample) {
  gaze_map map;
  if (open_bytes(sample, &map) != GAZE_OK)
    return 0;
  uint64_t hash = XXH3_64bits(map.data, map.size);
  close_bytes(sample, &map);
  return hash;
}

static gaze_err find_pictures(looking *l) {
  uint64_t *hashes;
  GAZE_TRY(gaze_alloc(l->n, sizeof *hashes, &hashes));
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < l->n; i++)
    hashes[i] = hash_picture(l->seen[i].sample);
  gaze_err err = gaze_same_pictures_init(&l->same, hashes, l->n);
  l->head.pictures = l->same.n;
  if (err == GAZE_OK)
    err = gaze_alloc(l->same.n, sizeof *l->pictures, &l->pictures);
  for (size_t i = 0; i < l->same.n && err == GAZE_OK; i++)
    l->pictures[i].hash = hashes[l->same.firsts[i]];
  free(hashes);
  return err;
}

/* pixels: [3, S, S]; zeros where there are none. */
static gaze_err prepare(const looking *l, size_t i, float *pixels) {
  const gaze_sample *sample = l->seen[l->same.firsts[i]].sample;
  size_t S = l->looker->encoder->config.image_size;
  gaze_map map;
  gaze_err err = open_bytes(sample, &map);
  if (err == GAZE_OK) {
    err = gaze_preprocess_decode(l->looker->preprocess, map.data, map.size, sample->path ? sample->path : sample->key,
                                 NULL, NULL, pixels);
    close_bytes(sample, &map);
  }
  if (err != GAZE_OK)
    memset(pixels, 0, 3 * S * S * sizeof *pixels);
  return err;
}

/* For each sample that has it. */
static gaze_err tell_bad(looking *l, size_t picture, const char *message) {
  l->pictures[picture].which = GAZE_NO_FEATURES;
  for (size_t i = l->same.firsts[picture]; i < l->n; i++)
    if (l->same.shown[i] == picture)
      GAZE_TRY(gaze_bad_rows_add(l->bad, l->seen[i].set, l->seen[i].said->key, message));
  return GAZE_OK;
}

/* message: of an error; NULL where there was no room for it. */
static gaze_err settle(looking *l, size_t picture, gaze_err err, const char *message) {
  if (err == GAZE_OK)
    l->pictures[picture].which = l->features->n++;
  else if (err == GAZE_ERR_MEMORY || !message)
    return gaze_fail_again(GAZE_ERR_MEMORY, message ? message : "out of memory: looking at pictures: free memory");
  else
    return tell_bad(l, picture, message);
  return GAZE_OK;
}

/* Pictures first .. first + n - 1. */
static gaze_err look(looking *l, size_t first, size_t n, gaze_features_writer *writer) {
  size_t S = l->looker->encoder->config.image_size, of_one = l->features->rows * l->features->C;
  gaze_err errors[TOGETHER], err = GAZE_OK;
  char *messages[TOGETHER] = {NULL};
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < n; i++) {
    errors[i] = prepare(l, first + i, l->pixels + i * 3 * S * S);
    if (errors[i] != GAZE_OK)
      messages[i] = strdup(gaze_last_error());
  }
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    err = settle(l, first + i, errors[i], messages[i]);
  if (err == GAZE_OK)
    gaze_vit_features(l->looker->compute, l->values, l->pixels, n, l->looker->encoder, &l->tape);
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    if (errors[i] == GAZE_OK)
      err = gaze_features_writer_add(writer, l->values + i * of_one);
  for (size_t i = 0; i < n; i++)
    free(messages[i]);
  return err;
}

static gaze_err look_at_all(looking *l) {
  const gaze_llava_features *f = l->features;
  gaze_features_writer writer;
  gaze_llava_looker_say(l->looker, l->head.pictures, l->head.pictures * f->rows * f->C * sizeof(float), f->path);
  gaze_err err = gaze_features_writer_init(&writer, l->features->path, &l->head);
  for (size_t i = 0, n; i < l->head.pictures && err == GAZE_OK; i += n) {
    n = l->head.pictures - i < TOGETHER ? l->head.pictures - i : TOGETHER;
    err = gaze_llava_looker_check(l->looker, l->features->path);
    if (err == GAZE_OK)
      err = look(l, i, n, &writer);
  }
  if (err == GAZE_OK)
    err = gaze_features_writer_finish(&writer, l->pictures);
  gaze_features_writer_fini(&writer);
  return err;
}

static bool are_same_pictures(const looking *l, const gaze_features_picture *kept) {
  for (size_t i = 0; i < l->head.pictures; i++)
    if (l->pictures[i].hash != kept[i].hash)
      return false;
  return true;
}

/* What was wrong with a picture is not kept. */
static gaze_err find_message(looking *l, size_t picture) {
  gaze_err err = prepare(l, picture, l->pixels);
  if (err == GAZE_ERR_MEMORY)
    return err;
  return tell_bad(l, picture, err == GAZE_OK ? "it could not be read at first" : gaze_last_error());
}

/* Takes the file that is there; GAZE_ERR_MISMATCH where it is of something else. */
static gaze_err take_file(looking *l) {
  gaze_llava_features *f = l->features;
  const gaze_features_picture *kept;
  GAZE_TRY(gaze_map_open(f->path, &f->map));
  GAZE_TRY(gaze_features_read(f->map.data, f->map.size, f->path, &l->head, &kept, &f->values));
  if (!are_same_pictures(l, kept))
    return gaze_fail(GAZE_ERR_MISMATCH, "features of pictures that have changed: %s: they are made anew", f->path);
  memcpy(l->pictures, kept, l->head.pictures * sizeof *kept);
  f->n = l->head.n;
  return GAZE_OK;
}

static gaze_err map_file(looking *l) {
  gaze_llava_features *f = l->features;
  GAZE_TRY(gaze_map_open(f->path, &f->map));
  f->values = (const float *)(const void *)(f->map.data + gaze_features_at(l->head.pictures));
  return GAZE_OK;
}

/* A file that cannot be used costs time alone. */
static gaze_err find_file(looking *l, bool *found) {
  gaze_err err = take_file(l);
  *found = err == GAZE_OK;
  if (*found || err == GAZE_ERR_MEMORY)
    return err;
  if (err != GAZE_ERR_NOT_FOUND)
    gaze_warn("%s", gaze_last_error());
  gaze_map_close(&l->features->map);
  return GAZE_OK;
}

static gaze_err find_or_make(looking *l) {
  bool found;
  GAZE_TRY(find_file(l, &found));
  for (size_t i = 0; i < l->head.pictures && found; i++)
    if (l->pictures[i].which == GAZE_NO_FEATURES)
      GAZE_TRY(find_message(l, i));
  if (!found) {
    GAZE_TRY(look_at_all(l));
    GAZE_TRY(map_file(l));
  }
  for (size_t i = 0; i < l->n; i++) {
    uint64_t which = l->pictures[l->same.shown[i]].which;
    l->seen[i].which = which == GAZE_NO_FEATURES ? SIZE_MAX : (size_t)which;
  }
  return GAZE_OK;
}

static void lay_out(looking *l, gaze_arena *arena) {
  const gaze_vit *encoder = l->looker->encoder;
  size_t S = encoder->config.image_size;
  l->pixels = gaze_arena_take(arena, TOGETHER * 3 * S * S, sizeof(float));
  l->values = gaze_arena_take(arena, TOGETHER * l->features->rows * l->features->C, sizeof(float));
  gaze_vit_tape_layout(&l->tape, encoder, TOGETHER, gaze_vit_patches(&encoder->config), GAZE_TAPE_NONE, arena);
}

static gaze_err begin(looking *l, const char *folder) {
  gaze_arena measure = GAZE_ARENA_MEASURE;
  gaze_llava_features *f = l->features;
  GAZE_TRY(find_pictures(l));
  GAZE_TRY(gaze_llava_looker_key(l->looker, l->head.key));
  l->head.rows = f->rows;
  l->head.C = f->C;
  GAZE_TRY(gaze_path_join(folder, "features", &f->path));
  lay_out(l, &measure);
  GAZE_TRY(gaze_arena_init(&l->arena, measure.used));
  lay_out(l, &l->arena);
  return GAZE_OK;
}

gaze_err gaze_llava_features_init(gaze_llava_features *features, const gaze_llava_looker *looker, gaze_llava_seen *seen,
                                  size_t n, const char *folder, gaze_bad_rows *bad) {
  const gaze_vit_config *vision = &looker->encoder->config;
  looking l = {.features = features, .looker = looker, .seen = seen, .n = n, .bad = bad};
  *features = (gaze_llava_features){.rows = gaze_vit_feature_rows(vision), .C = vision->block.dim};
  if (!n)
    return GAZE_OK;
  gaze_err err = begin(&l, folder);
  if (err == GAZE_OK)
    err = find_or_make(&l);
  gaze_arena_fini(&l.arena);
  gaze_same_pictures_fini(&l.same);
  free(l.pictures);
  return err;
}

void gaze_llava_features_remove(const gaze_llava_features *features) {
  if (features->path)
    unlink(features->path);
}

void gaze_llava_features_fini(gaze_llava_features *f) {
  gaze_map_close(&f->map);
  free(f->path);
  *f = (gaze_llava_features){0};
}
