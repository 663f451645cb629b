/* A model that looks and talks learns by LoRA: its projector, and blocks of its encoder that learn, as a whole, its
 * decoder by pairs beside its matrices. */
#include "fusion/llava.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_parameters whole_of(const gaze_llava *l) {
  return (gaze_parameters){.items = l->all.items + l->n_encoder - l->n_tail, .n = l->n_tail + l->n_projector};
}

/* What learns as a whole, then the pairs. */
static gaze_err list_learned(const gaze_llava *l, gaze_parameters *out) {
  gaze_parameters whole = whole_of(l);
  GAZE_TRY(gaze_grow(&out->items, &out->capacity, whole.n + l->lora.learned.n, sizeof *out->items));
  memcpy(out->items, whole.items, whole.n * sizeof *out->items);
  memcpy(out->items + whole.n, l->lora.learned.items, l->lora.learned.n * sizeof *out->items);
  out->n = whole.n + l->lora.learned.n;
  return GAZE_OK;
}

/* What learned before moves into arenas that have room for the pairs. */
static gaze_err move(gaze_llava *l) {
  gaze_parameters whole = whole_of(l);
  size_t size = gaze_parameters_size(&l->learned);
  float *values, *gradients;
  GAZE_TRY(gaze_alloc(size, sizeof(float), &values));
  memcpy(values, l->values, gaze_parameters_size(&whole) * sizeof *values);
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

/* As transformers calls them; json_decref. */
static json_t *modules_of(const gaze_llava *l) {
  const gaze_stack *stack = &l->eye.encoder.stack;
  json_t *modules = json_pack("[s]", "multi_modal_projector");
  for (size_t i = stack->frozen; modules && i < stack->layers; i++) {
    char name[64];
    snprintf(name, sizeof name, "vision_tower.encoder.layers.%zu", i);
    if (json_array_append_new(modules, json_string(name)) != 0) {
      json_decref(modules);
      return NULL;
    }
  }
  return modules;
}

/* whole: room for a list; base->whole_modules is yours: json_decref. */
static gaze_err base_of(const gaze_llava *l, const char *model, gaze_parameters *whole, gaze_lora_base *base) {
  *whole = whole_of(l);
  *base = (gaze_lora_base){.model = model,
                           .modules = "model.language_model.",
                           .names = &gaze_decoder_names,
                           .whole = whole,
                           .whole_names = &gaze_llava_names,
                           .whole_modules = modules_of(l)};
  return base->whole_modules ? GAZE_OK
                             : gaze_fail(GAZE_ERR_MEMORY, "out of memory: what an adapter says of itself: free memory");
}

gaze_err gaze_llava_save_adapter(const gaze_llava *l, const gaze_kernels *kernels, const char *model,
                                 const char *folder, gaze_dtype dtype) {
  gaze_parameters whole;
  gaze_lora_base base;
  GAZE_TRY(base_of(l, model, &whole, &base));
  gaze_err err = gaze_lora_save(&l->lora, kernels, &base, folder, dtype);
  json_decref(base.whole_modules);
  return err;
}

gaze_err gaze_llava_check_adapter(const gaze_llava *l, const char *model, const char *folder) {
  gaze_parameters whole;
  gaze_lora_base base;
  GAZE_TRY(base_of(l, model, &whole, &base));
  gaze_err err = gaze_lora_check_resumed(&l->lora, &base, folder);
  json_decref(base.whole_modules);
  return err;
}
