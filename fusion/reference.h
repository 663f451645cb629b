/* What another implementation computed of a model, as samples/verify/make_reference.py wrote it into a folder:
 * reference.safetensors, cases.json and the pictures. */
#ifndef GAZE_FUSION_REFERENCE_H
#define GAZE_FUSION_REFERENCE_H

#include "fusion/model.h"

enum { GAZE_REFERENCE_MOST = 64 }; /* pictures, and texts */

typedef struct gaze_reference {
  char *folder;
  gaze_safetensors *file;
  json_t *cases;
  size_t pictures, texts;                  /* B, T */
  const float *pixels;                     /* [B, 3, S, S] */
  const int32_t *ids;                      /* [offsets[T]], all below V */
  size_t offsets[GAZE_REFERENCE_MOST + 1]; /* texts as the encoder takes them */
  bool orientation, alpha_dropped;         /* how its pictures were decoded */
} gaze_reference;

/* folder NULL: gaze-reference in the model's. GAZE_ERR_NOT_FOUND where there is none; GAZE_ERR_MISMATCH where sizes are
 * those of another model; GAZE_ERR_FORMAT where something lacks. *out need not be zeroed; fini after success alone. */
GAZE_CHECKED gaze_err gaze_reference_open(const char *folder, const gaze_model *model, gaze_reference *out);
void gaze_reference_fini(gaze_reference *reference);

/* A tensor that must be there, of dtype and shape (rank numbers; 0 stands for any). */
GAZE_CHECKED gaze_err gaze_reference_find(const gaze_reference *reference, const char *name, gaze_dtype dtype, int rank,
                                          const size_t *shape, const gaze_tensor **out);
/* File of picture i; yours: free(). */
GAZE_CHECKED gaze_err gaze_reference_picture(const gaze_reference *reference, size_t i, char **path);
/* Text i; NULL: its ids came from no text. */
const char *gaze_reference_text(const gaze_reference *reference, size_t i);
/* What an intermediate result is compared with; *out NULL: nothing. GAZE_ERR_MISMATCH where its shape is another. */
GAZE_CHECKED gaze_err gaze_reference_tap(const gaze_reference *reference, const char *name, size_t rows, size_t columns,
                                         const float **out);
size_t gaze_reference_taps(const gaze_reference *reference); /* how many there are */

#endif
