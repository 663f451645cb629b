/* What a frozen image encoder makes of pictures: made once, and kept in a file in the run's folder until the run is
 * over, so that one that goes on need not look again; the system holds it in memory as far as there is room. */
#ifndef GAZE_FUSION_LLAVA_FEATURES_H
#define GAZE_FUSION_LLAVA_FEATURES_H

#include "core/base/file.h"
#include "fusion/bad_rows.h"
#include "fusion/dataset.h"
#include "gaze_train.h"
#include "vision/preprocess.h"
#include "vision/vit.h"

typedef struct gaze_llava_features {
  size_t rows, C;      /* of a picture */
  size_t n;            /* pictures */
  const float *values; /* [n, rows, C], mapped */
  gaze_map map;
  char *path;
} gaze_llava_features;

/* A sample's picture. All is borrowed. */
typedef struct gaze_llava_seen {
  const gaze_sample *said;   /* what is said about it */
  const gaze_sample *sample; /* that has the picture: the same, or one of a tar */
  const char *set;           /* where it is from, for messages */
  size_t which;              /* its number among the features, set here; SIZE_MAX where it is no good */
} gaze_llava_seen;

/* Who looks. */
typedef struct gaze_llava_looker {
  const gaze_compute *compute;
  const gaze_vit *encoder; /* for gaze_vit_features */
  const gaze_preprocess *preprocess;
  const gaze_train_run_options *run; /* told how much there is to look at, and asked whether to stop */
} gaze_llava_looker;

/* A hash of all that features depend on besides the pictures: weights, what is done with them, and arithmetic. */
GAZE_CHECKED gaze_err gaze_llava_looker_key(const gaze_llava_looker *looker, uint64_t key[2]);

/* Tells how much there is to look at where it is much, and how much is written to path. */
void gaze_llava_looker_say(const gaze_llava_looker *looker, uint64_t pictures, uint64_t bytes, const char *path);
/* GAZE_ERR_INTERRUPTED where the run is to stop. */
GAZE_CHECKED gaze_err gaze_llava_looker_check(const gaze_llava_looker *looker, const char *path);

/* seen: [n]. A picture that is there several times, in whatever files, is looked at once. One that cannot be read is a
 * bad row. folder: where the file lies; one that is of the same pictures, seen alike, is used. GAZE_ERR_INTERRUPTED
 * where the run is to stop while it looks: what was seen is lost then. */
GAZE_CHECKED gaze_err gaze_llava_features_init(gaze_llava_features *features, const gaze_llava_looker *looker,
                                               gaze_llava_seen *seen, size_t n, const char *folder, gaze_bad_rows *bad);
/* Nobody goes on with this run: its file goes. The features stay until fini. */
void gaze_llava_features_remove(const gaze_llava_features *features);
void gaze_llava_features_fini(gaze_llava_features *features);
static inline const float *gaze_llava_features_get(const gaze_llava_features *features, size_t which) {
  return features->values + which * features->rows * features->C;
}

#endif
