/* A CLIP as a Hugging Face folder. */
#include "fusion/clip.h"

#include "core/base/file.h"
#include "core/nn/save.h"

#include <stdlib.h>
#include <string.h>

/* Patches lie as [C, 3, p, p], a scalar has rank 0. */
static void shape(const void *user, const gaze_parameter *parameter, gaze_tensor *tensor) {
  const gaze_clip *clip = user;
  size_t p = clip->config.vision.patch_size;
  if (strcmp(parameter->name, "vision.patch_weight") == 0)
    *tensor = (gaze_tensor){.data = tensor->data, .rank = 4, .shape = {parameter->rows, 3, p, p}};
  else if (strncmp(parameter->name, "logit_", 6) == 0)
    tensor->rank = 0;
}

static gaze_err save_preprocess(const gaze_preprocess *preprocess, const char *path) {
  json_t *json = gaze_preprocess_write(preprocess);
  if (!json)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s: free memory", path);
  gaze_err err = gaze_json_save(path, json);
  json_decref(json);
  return err;
}

gaze_err gaze_clip_save(const gaze_clip *clip, const gaze_preprocess *preprocess, const gaze_kernels *kernels,
                        const char *folder, gaze_dtype dtype) {
  char *config = NULL, *weights = NULL, *pictures = NULL;
  gaze_save how = {kernels, gaze_clip_names, dtype, shape, clip};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(gaze_path_join(folder, "config.json", &config));
  GAZE_TRY_DONE(gaze_path_join(folder, "model.safetensors", &weights));
  GAZE_TRY_DONE(gaze_path_join(folder, "preprocessor_config.json", &pictures));
  GAZE_TRY_DONE(gaze_clip_config_write(&clip->config, config));
  GAZE_TRY_DONE(save_preprocess(preprocess, pictures));
  GAZE_TRY_DONE(gaze_parameters_save(&clip->parameters, &how, weights));
done:
  free(config);
  free(weights);
  free(pictures);
  return err;
}
