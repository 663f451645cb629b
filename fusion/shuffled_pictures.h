/* Samples with the pictures of others: what a model makes of pictures is the difference to how it does with these. */
#ifndef GAZE_FUSION_SHUFFLED_PICTURES_H
#define GAZE_FUSION_SHUFFLED_PICTURES_H

#include "fusion/dataset.h"

/* shown: [n], the sample whose picture each gets, never the same picture; samples of one picture share another. The
 * same for the same seed. GAZE_ERR_MISMATCH where there is a single picture. */
GAZE_CHECKED gaze_err gaze_shuffle_pictures(const gaze_sample *const *samples, size_t n, uint64_t seed,
                                            const gaze_sample **shown);

#endif
