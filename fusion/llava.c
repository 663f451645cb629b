#include "fusion/llava.h"

#include "core/base/file.h"
#include "core/nn/save.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_parameters slice(const gaze_parameters *list, size_t first, size_t n) {
  return (gaze_parameters){.items = list->items + first, .n = n};
}

static gaze_parameters encoder_of(const gaze_llava *l) { return slice(&l->all, 0, l->n_encoder); }
static gaze_parameters projector_of(const gaze_llava *l) { return slice(&l->all, l->n_encoder, l->n_projector); }
static gaze_parameters decoder_of(const gaze_llava *l) {
  size_t first = l->n_encoder + l->n_projector;
  return slice(&l->all, first, l->all.n - first);
}

/* How many of the encoder's parameters belong to blocks that learn; nothing lies behind those. */
static size_t count_tail(const gaze_llava *l) {
  char name[32];
  size_t i = 0;
  snprintf(name, sizeof name, "vision.block%02zu.", l->eye.encoder.stack.frozen);
  while (i < l->n_encoder && strncmp(l->all.items[i].name, name, strlen(name)) != 0)
    i++;
  return l->n_encoder - i;
}

static gaze_err list_all(gaze_llava *l, bool talks) {
  GAZE_TRY(gaze_vit_list(&l->eye.encoder, &l->all));
  l->n_encoder = l->all.n;
  l->n_tail = count_tail(l);
  GAZE_TRY(gaze_projector_list(&l->eye.projector, true, &l->all));
  l->n_projector = l->all.n - l->n_encoder;
  GAZE_TRY(gaze_decoder_list(&l->decoder, &l->all));
  size_t first = l->n_encoder - l->n_tail;
  l->learned = slice(&l->all, first, talks ? l->all.n - first : l->n_tail + l->n_projector);
  return GAZE_OK;
}

/* What does not learn lies in one arena: of the encoder, and behind it the decoder where that does not. */
static gaze_err bind(gaze_llava *l, bool talks) {
  gaze_parameters front = slice(&l->all, 0, l->n_encoder - l->n_tail), decoder = decoder_of(l);
  size_t seeing = gaze_parameters_size(&front), learned = gaze_parameters_size(&l->learned);
  size_t talking = talks ? 0 : gaze_parameters_size(&decoder);
  GAZE_TRY(gaze_alloc(seeing + talking, sizeof(float), &l->still));
  GAZE_TRY(gaze_alloc(learned, sizeof(float), &l->values));
  GAZE_TRY(gaze_alloc(learned, sizeof(float), &l->gradients));
  gaze_parameters_bind(&front, l->still, NULL);
  if (!talks)
    gaze_parameters_bind(&decoder, l->still + seeing, NULL);
  gaze_parameters_bind(&l->learned, l->values, l->gradients);
  gaze_decoder_tie(&l->decoder);
  return GAZE_OK;
}

static gaze_err init_encoder(gaze_vit *encoder, const gaze_vit_config *config, size_t vision_blocks) {
  if (vision_blocks > config->layers)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--vision-blocks %zu: the image encoder has %zu that are run: give less",
                     vision_blocks, config->layers);
  GAZE_TRY(gaze_vit_init(encoder, config, vision_blocks > 0));
  encoder->stack.frozen = config->layers - vision_blocks;
  return GAZE_OK;
}

/* weights: the decoder's. */
static gaze_err init(gaze_llava *l, const gaze_weights *weights, bool talks, size_t vision_blocks) {
  gaze_llava_config config;
  gaze_decoder_config decoder;
  GAZE_TRY(gaze_llava_config_read(&l->files, &config));
  GAZE_TRY(gaze_decoder_config_read(config.text, &decoder));
  if (!gaze_decoder_has_head(weights)) /* what model it is a part of says otherwise at times */
    decoder.tied = true;
  l->eye.config = config;
  l->eye.projector.config = config.projector;
  GAZE_TRY(init_encoder(&l->eye.encoder, &config.vision, vision_blocks));
  GAZE_TRY(gaze_decoder_init(&l->decoder, &decoder, true));
  GAZE_TRY(list_all(l, talks));
  return bind(l, talks);
}

static bool is_not_words(const void *user, const char *name) {
  return gaze_decoder_is_leftover(user, name) || gaze_llava_is_picture_tensor(name);
}

static gaze_err load(const gaze_parameters *list, const gaze_kernels *kernels, const gaze_weights *weights,
                     const gaze_load *part) {
  gaze_loaded loaded = {0};
  gaze_load how = *part;
  how.kernels = kernels;
  how.config = "config.json";
  how.bound = true;
  gaze_err err = gaze_parameters_load(list, weights, &how, &loaded);
  gaze_loaded_fini(&loaded);
  return err;
}

static gaze_err load_encoder(gaze_llava *l, const gaze_kernels *kernels, const gaze_weights *weights) {
  const gaze_load part = {
      .names = gaze_llava_names, .is_leftover = gaze_llava_encoder_leftover, .user = &l->eye.config};
  gaze_parameters list = encoder_of(l);
  return load(&list, kernels, weights, &part);
}

static gaze_err load_projector(gaze_llava *l, const gaze_kernels *kernels, const gaze_weights *weights) {
  const gaze_load part = {
      .names = gaze_llava_names, .is_leftover = gaze_llava_projector_leftover, .user = &l->eye.config};
  gaze_parameters list = projector_of(l);
  return load(&list, kernels, weights, &part);
}

static gaze_err load_decoder(gaze_llava *l, const gaze_kernels *kernels, const gaze_weights *weights) {
  const gaze_load part = {.names = gaze_decoder_names, .is_leftover = is_not_words, .user = &l->decoder.config};
  gaze_parameters list = decoder_of(l);
  return load(&list, kernels, weights, &part);
}

static gaze_err open_model(gaze_llava *l, const gaze_kernels *kernels, const char *folder, bool talks,
                           size_t vision_blocks) {
  gaze_weights *weights;
  GAZE_TRY(gaze_llava_files_open(folder, &l->files));
  GAZE_TRY(gaze_llava_files_settle(&l->files));
  GAZE_TRY(gaze_weights_open(folder, &weights));
  gaze_err err;
  GAZE_TRY_DONE(init(l, weights, talks, vision_blocks));
  GAZE_TRY_DONE(load_encoder(l, kernels, weights));
  GAZE_TRY_DONE(load_projector(l, kernels, weights));
  GAZE_TRY_DONE(load_decoder(l, kernels, weights));
done:
  gaze_weights_close(weights);
  return err;
}

/* As PyTorch begins a linear layer, in the width of its distribution; biases are 0. */
static void randomise_projector(gaze_llava *l, uint64_t seed) {
  gaze_parameters list = projector_of(l);
  for (size_t i = 0; i < list.n; i++)
    gaze_parameter_randomise(&list.items[i], l->values, sqrt(1.0 / (3.0 * (double)list.items[i].columns)), seed, i);
}

static gaze_err open_parts(gaze_llava *l, const gaze_kernels *kernels, const gaze_llava_parts *parts, bool talks,
                           size_t vision_blocks) {
  gaze_weights *seeing = NULL, *talking = NULL;
  gaze_err err;
  GAZE_TRY(gaze_llava_files_make(parts, &l->files));
  GAZE_TRY(gaze_llava_files_settle(&l->files));
  GAZE_TRY_DONE(gaze_weights_open(parts->vision, &seeing));
  GAZE_TRY_DONE(gaze_weights_open(parts->language, &talking));
  GAZE_TRY_DONE(init(l, talking, talks, vision_blocks));
  GAZE_TRY_DONE(load_encoder(l, kernels, seeing));
  GAZE_TRY_DONE(load_decoder(l, kernels, talking));
  randomise_projector(l, parts->seed);
done:
  gaze_weights_close(seeing);
  gaze_weights_close(talking);
  return err;
}

gaze_err gaze_llava_open(gaze_llava *llava, const gaze_kernels *kernels, const char *model,
                         const gaze_llava_parts *parts, bool talks, size_t vision_blocks) {
  *llava = (gaze_llava){0};
  return model ? open_model(llava, kernels, model, talks, vision_blocks)
               : open_parts(llava, kernels, parts, talks, vision_blocks);
}

void gaze_llava_fini(gaze_llava *l) {
  gaze_vit_fini(&l->eye.encoder);
  gaze_decoder_fini(&l->decoder);
  gaze_parameters_fini(&l->all);
  gaze_llava_files_close(&l->files);
  free(l->still);
  free(l->values);
  free(l->gradients);
  *l = (gaze_llava){0};
}
