/* What a language model sees with: a plan of tiles, an image encoder, a projector. A picture goes in, the rows that
 * stand for it come out. */
#ifndef GAZE_FUSION_EYE_H
#define GAZE_FUSION_EYE_H

#include "core/nn/load.h"
#include "fusion/llava_config.h"
#include "fusion/prepared.h"

typedef struct gaze_eye {
  gaze_llava_config config; /* its text and tower are borrowed from the files */
  gaze_vit encoder;
  gaze_projector projector;
  gaze_parameters parameters; /* of both, the encoder's first */
  size_t encoder_count;       /* how many are the encoder's */
  gaze_weights *tower;        /* files that the encoder alone lies in; NULL: with the rest */
  gaze_loaded loaded[2];      /* of the encoder, of the projector */
  gaze_prepared prepared;     /* of both */
} gaze_eye;

GAZE_CHECKED gaze_err gaze_eye_init(gaze_eye *eye, const gaze_llava_config *config);
void gaze_eye_fini(gaze_eye *eye);

/* weights: the model's or an mmproj file's, borrowed and kept open as long as the eye. tower_folder: where the encoder
 * is looked for if they lack it, or NULL. keeps: as of gaze_load. */
GAZE_CHECKED gaze_err gaze_eye_load(gaze_eye *eye, const gaze_kernels *kernels, const gaze_weights *weights,
                                    const char *tower_folder, const bool keeps[GAZE_DTYPES]);

/* Before the first picture, so that who asks for words alone does not pay for it: for products in f32 and bf16, numbers
 * in 16 and 32 bits become that; for products in int8, all matrices are packed. It is worth it for one picture. */
GAZE_CHECKED gaze_err gaze_eye_prepare(gaze_eye *eye, const gaze_compute *compute);

/* rows: [plan->tokens, D], yours. Fails where memory ends or a picture is too narrow to be cropped. */
GAZE_CHECKED gaze_err gaze_eye_look(const gaze_compute *compute, const gaze_eye *eye, const gaze_tile_plan *plan,
                                    const gaze_picture *picture, float *rows);
/* The same from pixels of gaze_tiling_pixels, [tiles, 3, S, S]. */
GAZE_CHECKED gaze_err gaze_eye_encode(const gaze_compute *compute, const gaze_eye *eye, const gaze_tile_plan *plan,
                                      const float *pixels, float *rows);

#endif
