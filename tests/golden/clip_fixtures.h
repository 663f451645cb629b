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

#endif
