/* Batches for training, prepared by worker threads ahead of use. What batch k holds is a pure function of the
 * options and k: a resumed run sees the same pictures, crops and captions. */
#ifndef GAZE_FUSION_LOADER_H
#define GAZE_FUSION_LOADER_H

#include "fusion/dataset.h"
#include "fusion/labels.h"
#include "fusion/text_vectors.h"
#include "text/text_ids.h"
#include "vision/augment.h"

/* How classes become texts: each file of labels with its own templates, drawn by weight. */
typedef struct gaze_class_prompts {
  gaze_labels labels;
  const char **templates; /* [n_templates] */
  size_t n_templates;
  double weight;
} gaze_class_prompts;

typedef struct gaze_source {
  gaze_dataset *dataset; /* borrowed */
  double weight;         /* how many times each sample is drawn relative to the others (upsampling factor) */
  size_t group; /* so many samples that lie side by side are drawn one after another: twins, each the other's hard
                 * negative; 0 is 1 */
} gaze_source;

/* The texts and crops of a batch once more, as another model wants them. Borrowed as the options are. */
typedef struct gaze_second_view {
  const gaze_tokenizer *tokenizer;   /* NULL: nobody looks */
  const gaze_text_config *text;      /* as the options' */
  const gaze_preprocess *preprocess; /* NULL: the same as the first */
} gaze_second_view;

/* All that these point to is borrowed until gaze_loader_free. */
typedef struct gaze_loader_options {
  const gaze_source *sources;
  size_t n_sources;
  const gaze_class_prompts *prompts; /* for samples that have a class and no captions */
  size_t n_prompts;
  const gaze_tokenizer *tokenizer;
  const gaze_text_config *text; /* what its ids are for */
  gaze_preprocess preprocess;
  gaze_augment augment;
  gaze_second_view second;
  size_t batch_size, teacher_dim;        /* teacher_dim 0: none wanted */
  const gaze_text_vectors *text_vectors; /* NULL: none wanted */
  uint64_t seed;
  int workers;    /* threads; at least 1 */
  int queue;      /* batches prepared ahead; at least 1 */
  int held;       /* batches that stay valid after they are given out: 1 (or 0), or as many as a step accumulates */
  uint64_t first; /* number of the first batch: 0, or where a resumed run goes on */
} gaze_loader_options;

typedef struct gaze_batch {
  size_t n;             /* B */
  float *pixels;        /* [B, 3, S, S] */
  int32_t *ids;         /* texts one after another, ragged: text b is ids[offsets[b] .. offsets[b+1]) */
  size_t *offsets;      /* [B + 1] */
  int32_t *classes;     /* [B]: equal numbers are the same class; a picture without one has a number of its own */
  float *teacher;       /* [B, teacher_dim], zero rows where a sample has none; NULL when not wanted */
  uint8_t *has_teacher; /* [B] */
  float *text_teacher;  /* [B, D of the text vectors], zero rows where the text is not among them; NULL: not wanted */
  uint8_t *has_text_teacher; /* [B] */
  float *second_pixels;      /* [B, 3, S, S] at the size of the second view, where there is one; may be pixels */
  int32_t *second_ids;       /* the same texts in its tokens, as ids and offsets are */
  size_t *second_offsets;
  uint64_t number;
} gaze_batch;

typedef struct gaze_loader gaze_loader;

GAZE_CHECKED gaze_err gaze_loader_new(const gaze_loader_options *options, gaze_loader **out);
void gaze_loader_free(gaze_loader *loader); /* stops the workers */
/* Waits for the next batch in order; borrowed until `held` more are given out. A picture that cannot be decoded is
 * replaced by the next sample of its source, counted, and named once on the warning channel; more than a tenth of bad
 * samples (of a hundred or more drawn) ends with the first one's error. */
GAZE_CHECKED gaze_err gaze_loader_next(gaze_loader *loader, const gaze_batch **out);
size_t gaze_loader_bad(const gaze_loader *loader);

#endif
