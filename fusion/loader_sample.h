/* One sample of a batch: its pixels, its text, its teacher vector. */
#ifndef GAZE_FUSION_LOADER_SAMPLE_H
#define GAZE_FUSION_LOADER_SAMPLE_H

#include "core/kernels/kernels.h"
#include "fusion/loader.h"

/* Where a sample goes; the caller's memory. */
typedef struct gaze_sample_room {
  float *pixels;       /* [3, S, S] */
  int32_t *ids;        /* [context] */
  size_t n_ids, n_cut; /* tokens kept, and left out for want of context */
  float *teacher;      /* [teacher_dim] or NULL */
  uint8_t *has_teacher;
  float *text_teacher; /* [D of the text vectors] or NULL */
  uint8_t *has_text_teacher;
  float *second_pixels; /* NULL: not wanted */
  int32_t *second_ids;  /* [its context], NULL: not wanted */
  size_t n_second_ids;
} gaze_sample_room;

/* Whether the sample has a caption, or a label in one of the files that are drawn from. */
bool gaze_sample_has_text(const gaze_sample *sample, const gaze_loader_options *options);

/* One of the captions, or a class prompt. *text is yours: free(). */
GAZE_CHECKED gaze_err gaze_sample_text(const gaze_sample *sample, const gaze_loader_options *options,
                                       gaze_random *random, char **text);

/* Everything of a decoded sample. Draws from random in a fixed order. */
GAZE_CHECKED gaze_err gaze_sample_fill(const gaze_sample *sample, const gaze_loader_options *options,
                                       const gaze_kernels *kernels, const gaze_picture *picture, gaze_random *random,
                                       gaze_sample_room *room);

#endif
