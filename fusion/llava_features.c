#include "fusion/llava_features.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TOGETHER = 16 }; /* pictures that go through the encoder at once */

static int compare_seen(const void *a, const void *b) {
  const gaze_sample *one = ((const gaze_llava_seen *)a)->sample, *other = ((const gaze_llava_seen *)b)->sample;
  if (one->path && other->path)
    return strcmp(one->path, other->path);
  if (one->path || other->path)
    return one->path ? -1 : 1;
  return one->picture < other->picture ? -1 : one->picture > other->picture;
}

/* Pictures on their way. */
typedef struct looking {
  gaze_llava_features *features;
  const gaze_compute *compute;
  const gaze_eye *eye;
  gaze_arena arena;
  gaze_vit_tape tape;
  float *pixels, *values; /* [TOGETHER, 3, S, S], [TOGETHER, R, C] */
  size_t waiting;
} looking;

static void lay_out(looking *l, gaze_arena *arena) {
  const gaze_vit_config *vision = &l->eye->config.vision;
  size_t S = vision->image_size, rows = l->features->rows;
  l->pixels = gaze_arena_take(arena, TOGETHER * 3 * S * S, sizeof(float));
  l->values = gaze_arena_take(arena, TOGETHER * rows * l->features->C, sizeof(float));
  gaze_vit_tape_layout(&l->tape, &l->eye->encoder, TOGETHER, gaze_vit_patches(vision), GAZE_TAPE_NONE, arena);
}

static gaze_err flush(looking *l) {
  gaze_llava_features *f = l->features;
  size_t n = l->waiting;
  if (!n)
    return GAZE_OK;
  gaze_vit_features(l->compute, l->values, l->pixels, n, &l->eye->encoder, &l->tape);
  l->waiting = 0;
  f->n += n;
  if (fwrite(l->values, f->rows * f->C * sizeof *l->values, n, f->stream) == n)
    return GAZE_OK;
  return gaze_fail_errno(GAZE_ERR_IO, "cannot write: features of pictures: free space in the folder of --out");
}

static gaze_err look(looking *l, const gaze_sample *sample) {
  const gaze_tiling *tiling = &l->eye->config.tiling;
  size_t S = l->eye->config.vision.image_size;
  gaze_tile_plan plan;
  gaze_picture picture;
  GAZE_TRY(gaze_sample_picture(sample, NULL, &picture));
  gaze_tiling_plan(tiling, picture.width, picture.height, 1, &plan);
  gaze_err err = gaze_tiling_pixels(tiling, &plan, &picture, l->pixels + l->waiting * 3 * S * S);
  gaze_picture_fini(&picture);
  GAZE_TRY(err);
  return ++l->waiting == TOGETHER ? flush(l) : GAZE_OK;
}

static bool is_of_picture(gaze_err err) {
  return err == GAZE_ERR_FORMAT || err == GAZE_ERR_UNSUPPORTED || err == GAZE_ERR_NOT_FOUND || err == GAZE_ERR_IO ||
         err == GAZE_ERR_LIMIT;
}

static gaze_err look_at_all(looking *l, gaze_llava_seen *seen, size_t n, gaze_bad_rows *bad) {
  for (size_t i = 0; i < n; i++) {
    if (i && compare_seen(&seen[i - 1], &seen[i]) == 0) {
      seen[i].which = seen[i - 1].which;
    } else {
      size_t waiting = l->waiting;
      seen[i].which = l->features->n + waiting;
      gaze_err err = look(l, seen[i].sample);
      bool read = err == GAZE_OK || l->waiting != waiting;
      if (read || !is_of_picture(err)) {
        GAZE_TRY(err);
        continue;
      }
      seen[i].which = SIZE_MAX;
    }
    if (seen[i].which == SIZE_MAX)
      GAZE_TRY(gaze_bad_rows_add(bad, seen[i].set, seen[i].said->key, gaze_last_error()));
  }
  return flush(l);
}

static gaze_err open_file(gaze_llava_features *features, const char *folder) {
  char *path;
  GAZE_TRY(gaze_folder_make(folder));
  GAZE_TRY(gaze_path_join(folder, "features", &path));
  features->stream = fopen(path, "w+be");
  gaze_err err = features->stream ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", path);
  if (features->stream)
    unlink(path);
  free(path);
  return err;
}

static gaze_err map(gaze_llava_features *f) {
  size_t size = f->n * f->rows * f->C * sizeof *f->values;
  if (fflush(f->stream) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write: features of pictures: free space in the folder of --out");
  if (!size)
    return GAZE_OK;
  void *values = mmap(NULL, size, PROT_READ, MAP_SHARED, fileno(f->stream), 0);
  if (values == MAP_FAILED)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot map: features of pictures");
  f->values = values;
  return GAZE_OK;
}

gaze_err gaze_llava_features_init(gaze_llava_features *features, const gaze_compute *compute, const gaze_eye *eye,
                                  gaze_llava_seen *seen, size_t n, const char *folder, gaze_bad_rows *bad) {
  const gaze_vit_config *vision = &eye->config.vision;
  looking l = {.features = features, .compute = compute, .eye = eye};
  gaze_arena measure = GAZE_ARENA_MEASURE;
  *features = (gaze_llava_features){.rows = gaze_vit_feature_rows(vision), .C = vision->block.dim};
  if (n)
    qsort(seen, n, sizeof *seen, compare_seen);
  GAZE_TRY(open_file(features, folder));
  lay_out(&l, &measure);
  GAZE_TRY(gaze_arena_init(&l.arena, measure.used));
  lay_out(&l, &l.arena);
  gaze_err err = look_at_all(&l, seen, n, bad);
  gaze_arena_fini(&l.arena);
  return err == GAZE_OK ? map(features) : err;
}

void gaze_llava_features_fini(gaze_llava_features *f) {
  if (f->values)
    munmap((void *)(uintptr_t)f->values, f->n * f->rows * f->C * sizeof *f->values);
  if (f->stream)
    fclose(f->stream);
  *f = (gaze_llava_features){0};
}
