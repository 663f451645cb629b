/* What an index calls to turn files into vectors. */
#include "core/base/memory.h"
#include "fusion/model.h"

#include <stdlib.h>

typedef struct embedder_state {
  gaze_model *model;
  gaze_picture_options options;
  char key[33];
  char *path;
} embedder_state;

static gaze_err prepare(void *user, const void *bytes, size_t size, const char *path, void *item,
                        gaze_picture_facts *facts) {
  const embedder_state *state = user;
  return gaze_preprocess_decode(&state->model->preprocess, bytes, size, path, &state->options, facts, item);
}

static gaze_err encode(void *user, const void *items, size_t n, float *vectors) {
  const embedder_state *state = user;
  return gaze_model_encode(state->model, items, n, vectors);
}

/* All that a vector depends on besides the model's key and the file. Databases hold these numbers. */
static int64_t variant_of(const gaze_model *model, const gaze_picture_options *o) {
  int64_t variant = (int64_t)model->options.precision << 4;
  variant |= o->allow_truncated ? 1 : 0;
  variant |= o->ignore_orientation ? 2 : 0;
  variant |= o->drop_alpha ? 4 : 0;
  variant |= o->fast_decode ? 8 | (int64_t)o->fast_target << 8 : 0;
  return variant;
}

gaze_err gaze_model_embedder(gaze_model *model, const gaze_picture_options *options, gaze_embedder *out) {
  embedder_state *state;
  GAZE_TRY(gaze_model_check_pictures(model));
  GAZE_TRY(gaze_alloc(1, sizeof *state, &state));
  state->model = model;
  state->options = options ? *options : (gaze_picture_options){0};
  gaze_err err = gaze_model_key(model, state->key);
  if (err != GAZE_OK) {
    free(state);
    return err;
  }
  state->path = realpath(gaze_model_path(model), NULL);
  *out = (gaze_embedder){.user = state,
                         .model_key = state->key,
                         .model_path = state->path,
                         .dim = gaze_model_dim(model),
                         .item_size = gaze_model_pixels(model) * sizeof(float),
                         .prepare = prepare,
                         .encode = encode,
                         .variant = variant_of(model, &state->options)};
  return GAZE_OK;
}

void gaze_model_embedder_fini(gaze_embedder *embedder) {
  embedder_state *state = embedder->user;
  if (state)
    free(state->path);
  free(state);
  *embedder = (gaze_embedder){0};
}
