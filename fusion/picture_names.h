/* Pictures in tars by their names, for what speaks of them from outside of its tar. */
#ifndef GAZE_FUSION_PICTURE_NAMES_H
#define GAZE_FUSION_PICTURE_NAMES_H

#include "fusion/dataset.h"

/* Begin with {0}. */
typedef struct gaze_picture_names {
  const gaze_sample **items; /* [n] borrowed from the sets; by name, once they are all there */
  size_t n, capacity;
} gaze_picture_names;

/* Those of the set that lie in a tar. */
GAZE_CHECKED gaze_err gaze_picture_names_add(gaze_picture_names *names, const gaze_dataset *set);
void gaze_picture_names_sort(gaze_picture_names *names);
void gaze_picture_names_fini(gaze_picture_names *names);

/* *out: the sample that has this one's picture: itself, or one of a tar where no file has that name. GAZE_ERR_FORMAT:
 * several have, and are not the same picture. */
GAZE_CHECKED gaze_err gaze_picture_names_find(const gaze_picture_names *names, const gaze_sample *sample,
                                              const gaze_sample **out);

#endif
