/* What the tests of CLIP share: the fixtures that clip.py wrote, and how far from them is too far. */
#ifndef GAZE_TESTS_GOLDEN_CLIP_FIXTURES_H
#define GAZE_TESTS_GOLDEN_CLIP_FIXTURES_H

#include "core/base/json.h"
#include "core/tensor/safetensors.h"
#include "tests/unit/data_files.h"

/* data/clip/NAME; a static buffer, good until the eighth call after. */
const char *clip_path(const char *name);
json_t *open_clip_json(const char *name);
/* data/clip/NAME.safetensors */
gaze_safetensors *open_clip_tensors(const char *name);
/* Fails where there is none. */
const gaze_tensor *find_tensor(const gaze_safetensors *file, const char *name);
/* Numbers of a JSON list; free(). */
float *list_numbers(const json_t *list);

/* Fails unless ||got - wanted|| / ||wanted|| is at most 1e-5. where, what: for the message. */
void check_near(const char *where, const char *what, const float *got, const float *wanted, size_t n);

/* A model folder in the test's own folder, every file of it a link to the fixture's of that name; its path. */
const char *link_model(const char *name, const char *fixture);
/* The same with another config.json; config is taken. */
const char *link_model_config(const char *name, const char *fixture, json_t *config);

/* How the weights of quick are changed before they are written again. */
typedef struct clip_change {
  const char *without;    /* this one is left out */
  gaze_named_tensor with; /* this one comes in; name NULL: none */
} clip_change;

/* A model folder linked to quick but for its weights. */
const char *write_clip_weights(const char *name, const clip_change *how);

/* Opens or fails the test; NULL: default options. */
gaze_model *open_clip_model(const char *folder, const gaze_model_options *options);
/* The folder does not open; the message is a line with both words (second may be NULL). */
void check_refused(const char *folder, gaze_err expected, const char *first, const char *second);

/* A string member that must be there. */
const char *text_of(const json_t *item, const char *key);
/* got is the list that is the member `name` of item. where: for messages. */
void check_vector(const char *where, const json_t *item, const char *name, const float *got, size_t dim);
/* The texts of texts.json, one at a time, then all together. vector: the member of a case that is wanted. */
void check_texts(gaze_model *model, const char *vector);

#endif
