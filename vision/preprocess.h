/* From a decoded picture to a model's input, equal to Pillow's resize bit for bit. */
#ifndef GAZE_VISION_PREPROCESS_H
#define GAZE_VISION_PREPROCESS_H

#include "core/base/json.h"
#include "vision/resize.h"

typedef enum gaze_fit {
  GAZE_FIT_CROP,   /* shorter side to `resize`, then the centre `size` x `size` (CLIP) */
  GAZE_FIT_SQUASH, /* both sides to `size`, whatever the aspect (SigLIP) */
  GAZE_FIT_PAD,    /* longer side to `size`, the rest filled with the mean colour */
  GAZE_FIT_SQUARE  /* first a square around it in the mean colour, then that to `size` (LLaVA) */
} gaze_fit;

typedef struct gaze_preprocess {
  int size;   /* S: side of the model's input, pixels */
  int resize; /* shorter side before the crop; S unless the file says otherwise */
  gaze_fit fit;
  bool even_crop; /* a crop that begins at half a pixel begins at the even one, as torchvision's; else before it */
  gaze_filter filter;
  float mean[3], deviation[3]; /* of channels scaled to [0, 1] */
} gaze_preprocess;

/* CLIP's: crop, bicubic, CLIP's mean and deviation. */
void gaze_preprocess_default(gaze_preprocess *preprocess, int size);
/* From the members of a Hugging Face preprocessor_config.json (CLIP, SigLIP and LLaVA processors; size as a number or
 * an object with shortest_edge or height and width; resample 1 to 3; do_* switches), keys omitted at CLIP's defaults.
 * What cannot be followed is GAZE_ERR_UNSUPPORTED by name. */
GAZE_CHECKED gaze_err gaze_preprocess_read(const json_t *json, int image_size, gaze_preprocess *out);
/* Of these only what all processors spell alike: filter, mean and deviation, those in *out where nothing is said, and
 * the switches of steps that are always taken. */
GAZE_CHECKED gaze_err gaze_preprocess_read_common(const json_t *json, gaze_preprocess *out);
/* The same as a new JSON object of that layout (CLIPImageProcessor). NULL when memory ends. */
json_t *gaze_preprocess_write(const gaze_preprocess *preprocess);

/* pixels: [3, S, S], yours. */
GAZE_CHECKED gaze_err gaze_preprocess_run(const gaze_preprocess *preprocess, const gaze_picture *picture,
                                          float *pixels);
/* From a picture file: the same as gaze_picture_decode and gaze_preprocess_run, but a large JPEG is resized while it is
 * decoded and never held as a whole. options->fast_target 0 becomes the model's. options and facts may be NULL. */
GAZE_CHECKED gaze_err gaze_preprocess_decode(const gaze_preprocess *preprocess, const void *bytes, size_t size,
                                             const char *name, const gaze_picture_options *options,
                                             gaze_picture_facts *facts, float *pixels);
/* The first step of gaze_preprocess_run: resized, and cropped or padded. out: [S, S, 3], yours: gaze_picture_fini. */
GAZE_CHECKED gaze_err gaze_preprocess_fit(const gaze_preprocess *preprocess, const gaze_picture *picture,
                                          gaze_picture *out);
/* Normalises rgb [S, S, 3] into pixels [3, S, S]; the last step of gaze_preprocess_run. */
void gaze_preprocess_normalise(const gaze_preprocess *preprocess, const uint8_t *rgb, float *pixels);

#endif
