/* A model that looks and talks learns by LoRA: its projector as a whole, its decoder by pairs beside its matrices. */
#include "fusion/llava.h"

#include <stdlib.h>
#include <string.h>

static gaze_parameters projector_of(const gaze_llava *l) {
  return (gaze_parameters){.items = l->all.items + l->n_encoder, .n = l->n_projector};
}

/* The projector's parameters, then the pairs'. */
static gaze_err list_learned(const gaze_llava *l, gaze_parameters *out) {
  gaze_parameters projector = projector_of(l);
  GAZE_TRY(gaze_grow(&out->items, &out->capacity, projector.n + l->lora.learned.n, sizeof *out->items));
  memcpy(out->items, projector.items, projector.n * sizeof *out->items);
  memcpy(out->items + projector.n, l->lora.learned.items, l->lora.learned.n * sizeof *out->items);
  out->n = projector.n + l->lora.learned.n;
  return GAZE_OK;
}

/* The projector moves into arenas that have room for the pairs. */
static gaze_err move(gaze_llava *l) {
  gaze_parameters projector = projector_of(l);
  size_t size = gaze_parameters_size(&l->learned);
  float *values, *gradients;
  GAZE_TRY(gaze_alloc(size, sizeof(float), &values));
  memcpy(values, l->values, gaze_parameters_size(&projector) * sizeof *values);
  free(l->values);
  l->values = values;
  GAZE_TRY(gaze_alloc(size, sizeof(float), &gradients));
  free(l->gradients);
  l->gradients = gradients;
  gaze_parameters_bind(&l->learned, values, gradients);
  return GAZE_OK;
}

gaze_err gaze_llava_add_lora(gaze_llava *l, const gaze_lora_options *options, uint64_t seed) {
  size_t first = l->n_encoder + l->n_projector;
  gaze_parameters decoder = {.items = l->all.items + first, .n = l->all.n - first}, learned = {0};
  GAZE_TRY(gaze_lora_init(&l->lora, options, &decoder, seed));
  gaze_err err = list_learned(l, &learned);
  l->learned = learned;
  GAZE_TRY(err);
  GAZE_TRY(move(l));
  gaze_lora_randomise(&l->lora, l->values);
  gaze_lora_attach(&l->lora);
  return GAZE_OK;
}

/* whole: room for the projector's list. */
static gaze_lora_base base_of(const gaze_llava *l, const char *model, gaze_parameters *whole) {
  *whole = projector_of(l);
  return (gaze_lora_base){.model = model,
                          .modules = "model.language_model.",
                          .names = &gaze_decoder_names,
                          .whole = whole,
                          .whole_names = &gaze_llava_names,
                          .whole_module = "multi_modal_projector"};
}

gaze_err gaze_llava_save_adapter(const gaze_llava *l, const gaze_kernels *kernels, const char *model,
                                 const char *folder, gaze_dtype dtype) {
  gaze_parameters whole;
  gaze_lora_base base = base_of(l, model, &whole);
  return gaze_lora_save(&l->lora, kernels, &base, folder, dtype);
}

gaze_err gaze_llava_check_adapter(const gaze_llava *l, const char *folder) {
  gaze_parameters whole;
  gaze_lora_base base = base_of(l, "", &whole);
  return gaze_lora_check_resumed(&l->lora, &base, folder);
}
