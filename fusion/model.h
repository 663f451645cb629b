/* What stands behind gaze.h's gaze_model: a CLIP that is only run, its tokenizer and its preprocessing. */
#ifndef GAZE_FUSION_MODEL_H
#define GAZE_FUSION_MODEL_H

#include "fusion/clip.h"
#include "fusion/prepared.h"
#include "fusion/text_cache.h"

typedef enum gaze_tower { GAZE_TOWER_VISION, GAZE_TOWER_TEXT, GAZE_TOWERS } gaze_tower;

struct gaze_model {
  char *folder;
  gaze_model_options options; /* cpu is not kept */
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_matmul *matmul;
  bool native; /* the processor has the arithmetic of the precision */
  gaze_clip clip;
  gaze_tokenizer *tokenizer; /* NULL: the folder has none */
  gaze_preprocess preprocess;
  gaze_prepared towers[GAZE_TOWERS]; /* {0} until a tower is first used */
  gaze_arena step;                   /* memory that pictures took on their way: its pages are there for the next ones */
  char key[33];                      /* empty: not yet made */
  gaze_text_cache *texts;            /* NULL: not open */
  size_t texts_met, texts_kept;      /* since the last gaze_model_texts_done: looked up, and found */
};

/* Before n pictures or texts are encoded: weights as the precision wants them. */
GAZE_CHECKED gaze_err gaze_model_prepare(gaze_model *model, gaze_tower tower, size_t n);

/* What a model computes with. options->cpu and a number of threads that was not said are settled. *native: the
 * processor has the arithmetic of the precision. */
GAZE_CHECKED gaze_err gaze_compute_open(gaze_model_options *options, gaze_kernels *kernels, gaze_matmul **matmul,
                                        bool *native);

/* Folder of a model by name as gaze_model_open takes it; yours: free(). */
GAZE_CHECKED gaze_err gaze_model_find(const char *name, char **out);
/* The same of an adapter (adapter.h), too, which gaze_model_find refuses. */
GAZE_CHECKED gaze_err gaze_model_find_any(const char *name, char **out);

/* Folder of repository ORG/REPO in the hub's caches on this machine; yours: free(). NULL: there is none. A file of it
 * that lies outside the repository's folder is GAZE_ERR_FORMAT. */
GAZE_CHECKED gaze_err gaze_hub_find(const char *name, char **out);

/* As gaze_model_open, with tokenizer NULL, whether or not the folder has one. */
GAZE_CHECKED gaze_err gaze_model_open_towers(const char *name, const gaze_model_options *options, gaze_model **out);

/* GAZE_ERR_UNSUPPORTED where there is no image tower. */
GAZE_CHECKED gaze_err gaze_model_check_pictures(const gaze_model *model);
/* GAZE_ERR_NOT_FOUND where the folder had no tokenizer. */
GAZE_CHECKED gaze_err gaze_model_check_texts(const gaze_model *model);
size_t gaze_model_pixels(const gaze_model *model); /* floats of one prepared picture, 3 S S */
/* pixels: [n, 3, S, S]; out: [n, D], unit. What a picture gives does not depend on those beside it. */
GAZE_CHECKED gaze_err gaze_model_encode(gaze_model *model, const float *pixels, size_t n, float *out);
/* What the encoder takes of a text, at most `context` ids: cut, with start and end, and filled up where the model wants
 * it. cut (may be NULL): how many ids were left out. */
GAZE_CHECKED gaze_err gaze_model_text_ids(const gaze_model *model, const char *text, int32_t *ids, size_t *n,
                                          size_t *cut);
/* ids, offsets [n + 1]: as gaze_text_forward takes them, n at most 128; out: [n, D], unit. */
GAZE_CHECKED gaze_err gaze_model_encode_ids(const gaze_model *model, const int32_t *ids, const size_t *offsets,
                                            size_t n, float *out);
/* Texts of one call or of several, and those too long for the model. */
typedef struct gaze_text_cuts {
  size_t texts, cut, tokens; /* tokens: that the first cut text has too many */
  char first[61];            /* the beginning of that text */
} gaze_text_cuts;

/* As gaze_embed_texts, without its warning: counts go to cuts, zeroed before the first call. */
GAZE_CHECKED gaze_err gaze_model_embed_texts(gaze_model *model, const char *const *texts, size_t n, float *out,
                                             gaze_text_cuts *cuts);
/* One line, if there is something to say. */
void gaze_text_cuts_warn(const gaze_text_cuts *cuts, const gaze_model *model);
/* Texts of which one vector is made. */
typedef struct gaze_text_list {
  const char *const *texts; /* [n], borrowed */
  size_t n;
} gaze_text_list;

/* The mean of each list's unit vectors, made unit again; out: [n, D]. Where the model keeps a cache, of there. */
GAZE_CHECKED gaze_err gaze_model_embed_means(gaze_model *model, const gaze_text_list *lists, size_t n, float *out,
                                             gaze_text_cuts *cuts);
/* When all means are there: what is new goes to disk, and `verbose` hears of it. */
void gaze_model_texts_done(gaze_model *model);
/* What a thread computes pictures and texts with. */
gaze_compute gaze_model_compute(const gaze_model *model);
/* GAZE_ERR_FORMAT unless all n vectors of a "picture", a "text" are finite. */
GAZE_CHECKED gaze_err gaze_model_check_finite(const gaze_model *model, const float *vectors, size_t n,
                                              const char *what);

/* logits: [n], one more with none, yours: what gaze_classifier_run makes probabilities of, which in float may all be 1,
 * or all but one 0.
 */
void gaze_classifier_logits(const gaze_classifier *classifier, const float *vector, float *logits);
/* The logit of "none of the labels" for these [n] logits, any n of the classifier's. */
float gaze_classifier_none(const gaze_classifier *classifier, const float *vector, const float *logits, size_t n);

#endif
