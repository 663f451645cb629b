#include "fusion/clip.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gaze_err gaze_clip_init(gaze_clip *clip, const gaze_clip_config *config, bool trained) {
  *clip = (gaze_clip){.config = *config};
  GAZE_TRY(gaze_clip_config_check(config));
  GAZE_TRY(gaze_text_encoder_init(&clip->text, &config->text, trained));
  gaze_parameters *list = &clip->parameters;
  if (config->text_only)
    return gaze_text_encoder_list(&clip->text, list);
  GAZE_TRY(gaze_vit_init(&clip->vision, &config->vision, trained));
  GAZE_TRY(gaze_vit_list(&clip->vision, list));
  GAZE_TRY(gaze_text_encoder_list(&clip->text, list));
  GAZE_TRY(
      gaze_parameters_add(list, "", "logit_scale", &clip->logit_scale, trained ? &clip->dlogit_scale : NULL, 1, 1));
  if (config->sigmoid)
    GAZE_TRY(gaze_parameters_add(list, "", "logit_bias", &clip->logit_bias, trained ? &clip->dlogit_bias : NULL, 1, 1));
  return GAZE_OK;
}

void gaze_clip_fini(gaze_clip *clip) {
  gaze_vit_fini(&clip->vision);
  gaze_text_encoder_fini(&clip->text);
  gaze_parameters_fini(&clip->parameters);
  gaze_weights_close(clip->weights);
  free(clip->values);
  free(clip->gradients);
  gaze_loaded_fini(&clip->loaded);
  *clip = (gaze_clip){0};
}

gaze_err gaze_clip_allocate(gaze_clip *clip) {
  size_t size = gaze_parameters_size(&clip->parameters);
  GAZE_TRY(gaze_alloc(size, sizeof(float), &clip->values));
  if (clip->vision.stack.gradients)
    GAZE_TRY(gaze_alloc(size, sizeof(float), &clip->gradients));
  gaze_parameters_bind(&clip->parameters, clip->values, clip->gradients);
  return GAZE_OK;
}

/* Deviation of the initial normal distribution, as OpenAI's CLIP. */
static double initial_deviation(const gaze_clip *clip, const char *name) {
  size_t p = clip->config.vision.patch_size;
  if (gaze_ends_with(name, "token_embedding"))
    return 0.02;
  if (gaze_ends_with(name, "text.position_embedding"))
    return 0.01;
  if (gaze_ends_with(name, "patch_weight"))
    return 1 / sqrt(3.0 * 3 * (double)(p * p));
  return gaze_stack_deviation(strncmp(name, "vision.", 7) == 0 ? &clip->vision.stack : &clip->text.stack, name);
}

void gaze_clip_randomise(gaze_clip *clip, uint64_t seed) {
  for (size_t i = 0; i < clip->parameters.n; i++)
    gaze_parameter_randomise(&clip->parameters.items[i], clip->values,
                             initial_deviation(clip, clip->parameters.items[i].name), seed, i);
  float *scale = clip->values + (gaze_f32(clip->logit_scale) - clip->values);
  *scale = logf(clip->config.sigmoid ? 10.0f : 1 / 0.07f);
  if (clip->config.sigmoid)
    clip->values[gaze_f32(clip->logit_bias) - clip->values] = -10.0f;
}

void gaze_clip_bound_scale(gaze_clip *clip) {
  float *scale = clip->values + (gaze_f32(clip->logit_scale) - clip->values);
  *scale = fminf(fmaxf(*scale, 0.0f), logf(100.0f));
}
