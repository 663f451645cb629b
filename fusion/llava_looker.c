/* Who looks: what features depend on besides the pictures, what is told of it, and when it stops. */
#include "fusion/llava_features.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { MANY = 1000 }; /* pictures that take more than seconds */

static void add_arithmetic(const gaze_compute *compute, XXH3_state_t *state) {
  double how[] = {gaze_matmul_precision(compute->matmul),
                  compute->matmul ? omp_get_max_threads() : 0}; /* its products depend on the number of threads */
  XXH3_128bits_update(state, GAZE_VERSION, sizeof GAZE_VERSION);
  XXH3_128bits_update(state, compute->kernels->level, strlen(compute->kernels->level) + 1);
  XXH3_128bits_update(state, how, sizeof how);
}

static void add_preprocess(const gaze_preprocess *p, XXH3_state_t *state) {
  double facts[] = {p->size,    p->resize,  p->fit,          p->even_crop,    p->filter,      p->mean[0],
                    p->mean[1], p->mean[2], p->deviation[0], p->deviation[1], p->deviation[2]};
  XXH3_128bits_update(state, facts, sizeof facts);
}

static void add_vision(const gaze_vit_config *c, XXH3_state_t *state) {
  const gaze_block_config *b = &c->block;
  double facts[] = {(double)c->image_size,
                    (double)c->patch_size,
                    (double)c->layers,
                    c->kind,
                    c->output,
                    c->drops_class_token,
                    (double)b->dim,
                    (double)b->mlp_dim,
                    (double)b->attention.heads,
                    b->norm,
                    (double)b->attention.head_dim,
                    b->activation,
                    b->eps};
  XXH3_128bits_update(state, facts, sizeof facts);
}

/* Parameters are in F32. */
static gaze_err add_weights(const gaze_vit *encoder, XXH3_state_t *state) {
  gaze_vit view = *encoder; /* a list wants to be able to bind */
  gaze_parameters list = {0};
  gaze_err err = gaze_vit_list(&view, &list);
  for (size_t i = 0; i < list.n && err == GAZE_OK; i++)
    XXH3_128bits_update(state, list.items[i].weight->data, gaze_parameter_count(&list.items[i]) * sizeof(float));
  gaze_parameters_fini(&list);
  return err;
}

gaze_err gaze_llava_looker_key(const gaze_llava_looker *looker, uint64_t key[2]) {
  XXH3_state_t *state = XXH3_createState();
  if (!state)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: hashing the image encoder: free memory");
  XXH3_128bits_reset(state);
  add_arithmetic(looker->compute, state);
  add_preprocess(looker->preprocess, state);
  add_vision(&looker->encoder->config, state);
  gaze_err err = add_weights(looker->encoder, state);
  XXH128_hash_t digest = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  key[0] = digest.low64;
  key[1] = digest.high64;
  return err;
}

void gaze_llava_looker_say(const gaze_llava_looker *looker, uint64_t pictures, uint64_t bytes, const char *path) {
  char line[160];
  snprintf(line, sizeof line, "looking at %llu pictures once: %.1f MB are kept in %.60s until the run is over",
           (unsigned long long)pictures, (double)bytes / 1e6, path);
  if (looker->run->said && pictures >= MANY)
    looker->run->said(looker->run->user, line);
}

gaze_err gaze_llava_looker_check(const gaze_llava_looker *looker, const char *path) {
  const volatile int *stop = looker->run->stop;
  if (!stop || !*stop)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_INTERRUPTED, "interrupted while looking at pictures: %s: the same command begins anew",
                   path);
}
