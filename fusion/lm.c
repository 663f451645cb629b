#include "fusion/lm.h"

#include "core/base/file.h"
#include "core/nn/save.h"

#include <assert.h>
#include <stdlib.h>

/* Arenas of what learns. */
static gaze_err bind_learned(gaze_lm *lm) {
  size_t size = gaze_parameters_size(&lm->learned);
  GAZE_TRY(gaze_alloc(size, sizeof(float), &lm->values));
  GAZE_TRY(gaze_alloc(size, sizeof(float), &lm->gradients));
  gaze_parameters_bind(&lm->learned, lm->values, lm->gradients);
  return GAZE_OK;
}

gaze_err gaze_lm_init(gaze_lm *lm, const gaze_decoder_config *config, bool learns) {
  *lm = (gaze_lm){0};
  GAZE_TRY(gaze_decoder_init(&lm->decoder, config, true));
  GAZE_TRY(gaze_decoder_list(&lm->decoder, &lm->parameters));
  if (learns) {
    lm->learned = lm->parameters;
    GAZE_TRY(bind_learned(lm));
  } else {
    GAZE_TRY(gaze_alloc(gaze_parameters_size(&lm->parameters), sizeof(float), &lm->still));
    gaze_parameters_bind(&lm->parameters, lm->still, NULL);
  }
  gaze_decoder_tie(&lm->decoder);
  return GAZE_OK;
}

gaze_err gaze_lm_add_lora(gaze_lm *lm, const gaze_lora_options *options, uint64_t seed) {
  assert(lm->still);
  GAZE_TRY(gaze_lora_init(&lm->lora, options, &lm->parameters, seed));
  lm->learned = lm->lora.learned;
  GAZE_TRY(bind_learned(lm));
  gaze_lora_randomise(&lm->lora, lm->values);
  gaze_lora_attach(&lm->lora);
  return GAZE_OK;
}

gaze_lora_base gaze_lm_lora_base(const char *model) {
  return (gaze_lora_base){.model = model, .modules = "model.", .names = &gaze_decoder_names};
}

void gaze_lm_fini(gaze_lm *lm) {
  gaze_lora_fini(&lm->lora);
  gaze_decoder_fini(&lm->decoder);
  gaze_parameters_fini(&lm->parameters);
  free(lm->still);
  free(lm->values);
  free(lm->gradients);
  *lm = (gaze_lm){0};
}

/* Embeddings and head as GPT-2, whose first logits are small. */
void gaze_lm_randomise(gaze_lm *lm, uint64_t seed) {
  float *arena = lm->still ? lm->still : lm->values;
  for (size_t i = 0; i < lm->parameters.n; i++) {
    const gaze_parameter *parameter = &lm->parameters.items[i];
    bool outer = gaze_ends_with(parameter->name, "token_embedding") || gaze_ends_with(parameter->name, "head_weight");
    gaze_parameter_randomise(parameter, arena, outer ? 0.02 : gaze_stack_deviation(&lm->decoder.stack, parameter->name),
                             seed, i);
  }
}

static gaze_err read_config(const json_t *json, const char *folder, gaze_decoder_config *out) {
  const char *type;
  GAZE_TRY(gaze_json_string(json, "model_type", "", &type));
  if (!gaze_decoder_is_family(type))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "not a language model: %s (model_type \"%s\"): name one", folder, type);
  return gaze_decoder_config_read(json, out);
}

gaze_err gaze_lm_config_open(const char *folder, gaze_decoder_config *out) {
  json_t *json;
  GAZE_TRY(gaze_json_open_in(folder, "config.json", &json));
  gaze_err err = read_config(json, folder, out);
  json_decref(json);
  return err;
}

static bool is_leftover(const void *user, const char *name) { return gaze_decoder_is_leftover(user, name); }

gaze_err gaze_lm_load(gaze_lm *lm, const gaze_kernels *kernels, const char *folder) {
  gaze_weights *weights;
  gaze_loaded loaded = {0};
  gaze_load how = {.kernels = kernels,
                   .names = gaze_decoder_names,
                   .config = "config.json",
                   .is_leftover = is_leftover,
                   .user = &lm->decoder.config,
                   .bound = true};
  GAZE_TRY(gaze_weights_open(folder, &weights));
  gaze_err err = gaze_parameters_load(&lm->parameters, weights, &how, &loaded);
  gaze_loaded_fini(&loaded);
  gaze_weights_close(weights);
  return err;
}

static gaze_err save_generation(const gaze_lm_marks *marks, const char *path) {
  json_t *json = json_pack("{s:I, s:I, s:I}", "bos_token_id", (json_int_t)marks->front, "eos_token_id",
                           (json_int_t)marks->end, "pad_token_id", (json_int_t)marks->end);
  if (!json)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s: free memory", path);
  gaze_err err = gaze_json_save(path, json);
  json_decref(json);
  return err;
}

gaze_err gaze_lm_save(const gaze_lm *lm, const gaze_kernels *kernels, const gaze_lm_marks *marks, const char *folder,
                      gaze_dtype dtype) {
  char *config = NULL, *generation = NULL, *weights = NULL;
  gaze_save how = {.kernels = kernels, .names = gaze_decoder_names, .dtype = dtype};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(gaze_path_join(folder, "config.json", &config));
  GAZE_TRY_DONE(gaze_path_join(folder, "generation_config.json", &generation));
  GAZE_TRY_DONE(gaze_path_join(folder, "model.safetensors", &weights));
  GAZE_TRY_DONE(gaze_decoder_config_write(&lm->decoder.config, marks->front, marks->end, dtype, config));
  GAZE_TRY_DONE(save_generation(marks, generation));
  GAZE_TRY_DONE(gaze_parameters_save(&lm->parameters, &how, weights));
done:
  free(config);
  free(generation);
  free(weights);
  return err;
}
