#include "fusion/gguf_eye.h"

#include "core/base/memory.h"
#include "fusion/gguf_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64 /* bytes of a tensor's name that ggml takes, and its end */ };

static gaze_err no_word(const char *what) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "no mmproj file can say it: %s: keep the folder for pictures", what);
}

static gaze_err check_encoder(const gaze_llava_config *c) {
  const gaze_vit_config *vision = &c->vision;
  gaze_activation activation = vision->block.activation;
  bool shuffles = c->projector.kind == GAZE_PROJECTOR_SHUFFLE;
  if (activation != GAZE_QUICK_GELU && activation != GAZE_GELU_TANH && activation != GAZE_SILU)
    return no_word("the image encoder's exact GELU");
  if (vision->kind == GAZE_VIT_CLIP && !vision->drops_class_token)
    return no_word("rows of class tokens");
  if (shuffles != (vision->output == GAZE_VIT_NORMED_ROWS))
    return no_word("the image encoder's last norm with this projector");
  if (c->projector.kind == GAZE_PROJECTOR_MLP && c->projector.activation != GAZE_GELU)
    return no_word("the projector's activation");
  return GAZE_OK;
}

/* image_aspect_ratio "square" is a crop of CLIP's and neglects the aspect of SigLIP's. */
static gaze_err check_pictures(const gaze_llava_config *c) {
  const gaze_preprocess *p = &c->tiling.preprocess;
  gaze_fit square = c->vision.kind == GAZE_VIT_CLIP ? GAZE_FIT_CROP : GAZE_FIT_SQUASH;
  if (c->tiling.kind == GAZE_TILING_SPLIT)
    return c->tiling.splits && p->filter == GAZE_LANCZOS ? GAZE_OK : no_word("do_image_splitting or resample");
  if (p->filter != GAZE_BICUBIC)
    return no_word("resample of the image processor");
  if (c->tiling.kind == GAZE_TILING_GRID || p->fit == GAZE_FIT_SQUARE)
    return GAZE_OK;
  if (p->fit != square || p->even_crop || (p->fit == GAZE_FIT_CROP && p->resize != p->size))
    return no_word("size and crop_size of the image processor");
  return GAZE_OK;
}

gaze_err gaze_eye_check_gguf(const gaze_eye *eye) {
  GAZE_TRY(check_encoder(&eye->config));
  return check_pictures(&eye->config);
}

static gaze_err put_size(gaze_gguf_metadata *m, const char *key, size_t value) {
  return gaze_gguf_put_integer(m, key, GAZE_GGUF_U32, (int64_t)value);
}

/* The encoder ends with the layer whose rows are read, which is said all the same: who knows no feature_layer leaves
 * the last out. */
static gaze_err put_encoder(gaze_gguf_metadata *m, const gaze_llava_config *c) {
  const gaze_vit_config *vision = &c->vision;
  const gaze_block_config *block = &vision->block;
  const int32_t layer = (int32_t)vision->layers;
  GAZE_TRY(gaze_gguf_put_flag(m, "clip.use_gelu", block->activation == GAZE_GELU_TANH));
  GAZE_TRY(gaze_gguf_put_flag(m, "clip.use_silu", block->activation == GAZE_SILU));
  GAZE_TRY(put_size(m, "clip.vision.image_size", vision->image_size));
  GAZE_TRY(put_size(m, "clip.vision.patch_size", vision->patch_size));
  GAZE_TRY(put_size(m, "clip.vision.embedding_length", block->dim));
  GAZE_TRY(put_size(m, "clip.vision.feed_forward_length", block->mlp_dim));
  GAZE_TRY(put_size(m, "clip.vision.block_count", vision->layers));
  GAZE_TRY(put_size(m, "clip.vision.attention.head_count", block->attention.heads));
  GAZE_TRY(gaze_gguf_put_number(m, "clip.vision.attention.layer_norm_epsilon", block->eps));
  GAZE_TRY(put_size(m, "clip.vision.projection_dim", c->projector.D));
  if (vision->output == GAZE_VIT_NORMED_ROWS)
    return GAZE_OK;
  return gaze_gguf_put_array(m, "clip.vision.feature_layer", GAZE_GGUF_I32, &layer, 1);
}

static gaze_err put_grids(gaze_gguf_metadata *m, const gaze_tiling *t) {
  int32_t sides[2 * GAZE_GRIDS_MAX];
  for (size_t i = 0; i < t->grid_count; i++)
    sides[2 * i] = t->grids[i].width, sides[2 * i + 1] = t->grids[i].height;
  GAZE_TRY(gaze_gguf_put_string(m, "clip.vision.mm_patch_merge_type", "spatial_unpad"));
  return gaze_gguf_put_array(m, "clip.vision.image_grid_pinpoints", GAZE_GGUF_I32, sides, 2 * t->grid_count);
}

/* As LLaVA's own configuration has it. */
static gaze_err put_ratio(gaze_gguf_metadata *m, const gaze_tiling *t) {
  char most[32];
  snprintf(most, sizeof most, "anyres_max_%zu", t->most_tiles);
  const char *ratio = t->kind == GAZE_TILING_GRID            ? t->most_tiles ? most : "anyres"
                      : t->preprocess.fit == GAZE_FIT_SQUARE ? "pad"
                                                             : "square";
  return gaze_gguf_put_string(m, "clip.vision.image_aspect_ratio", ratio);
}

static gaze_err put_pictures(gaze_gguf_metadata *m, const gaze_llava_config *c) {
  const gaze_tiling *t = &c->tiling;
  GAZE_TRY(gaze_gguf_put_array(m, "clip.vision.image_mean", GAZE_GGUF_F32, t->preprocess.mean, 3));
  GAZE_TRY(gaze_gguf_put_array(m, "clip.vision.image_std", GAZE_GGUF_F32, t->preprocess.deviation, 3));
  if (t->kind == GAZE_TILING_SPLIT) {
    GAZE_TRY(put_size(m, "clip.vision.projector.scale_factor", c->projector.scale));
    return put_size(m, "clip.vision.preproc_image_size", (size_t)t->longest);
  }
  GAZE_TRY(put_ratio(m, t));
  return t->kind == GAZE_TILING_GRID ? put_grids(m, t) : GAZE_OK;
}

static gaze_err put_all(gaze_gguf_metadata *m, const gaze_llava_config *c, gaze_dtype matrices) {
  bool shuffles = c->projector.kind == GAZE_PROJECTOR_SHUFFLE;
  GAZE_TRY(gaze_gguf_put_string(m, "general.architecture", "clip"));
  GAZE_TRY(gaze_gguf_put_string(m, "general.type", "mmproj"));
  GAZE_TRY(put_size(m, "general.file_type", matrices == GAZE_DTYPE_F16));
  GAZE_TRY(gaze_gguf_put_flag(m, "clip.has_vision_encoder", true));
  GAZE_TRY(gaze_gguf_put_flag(m, "clip.has_llava_projector", !shuffles));
  GAZE_TRY(gaze_gguf_put_string(m, "clip.projector_type", shuffles ? "idefics3" : "mlp"));
  GAZE_TRY(put_encoder(m, c));
  return put_pictures(m, c);
}

typedef struct eye_items {
  gaze_gguf_item *items;
  char (*names)[NAME_SIZE];
} eye_items;

/* Of two places of the first product the later is the shuffle's. */
static void find_place(const gaze_eye *eye, const gaze_parameter *parameter, gaze_tensor_place *place) {
  bool last = eye->config.projector.kind == GAZE_PROJECTOR_SHUFFLE;
  for (size_t turn = 0; gaze_tensor_place_next(&gaze_mmproj_names, parameter->name, &turn, place) && last;)
    ;
}

/* Patches are squares of three colours there; positions are added to rows and stay in F32. */
static void fill_item(gaze_gguf_item *item, const gaze_eye *eye, const gaze_parameter *parameter, gaze_dtype matrices) {
  size_t side = eye->config.vision.patch_size;
  bool positions = strcmp(parameter->name, "vision.position_embedding") == 0;
  item->source = gaze_gguf_tensor_of(parameter);
  if (strcmp(parameter->name, "vision.patch_weight") == 0)
    item->source = (gaze_tensor){.data = parameter->weight->data,
                                 .dtype = parameter->weight->dtype,
                                 .rank = 4,
                                 .shape = {parameter->rows, 3, side, side}};
  item->dtype = gaze_gguf_fitting(positions ? GAZE_DTYPE_F32 : matrices, &item->source);
}

static gaze_err add_tensors(eye_items *all, const gaze_eye *eye, gaze_dtype matrices) {
  const gaze_parameters *list = &eye->parameters;
  GAZE_TRY(gaze_alloc(list->n, sizeof *all->items, &all->items));
  GAZE_TRY(gaze_alloc(list->n, sizeof *all->names, &all->names));
  for (size_t i = 0; i < list->n; i++) {
    gaze_tensor_place place;
    find_place(eye, &list->items[i], &place);
    memcpy(all->names[i], place.name, NAME_SIZE);
    all->items[i].name = all->names[i];
    fill_item(&all->items[i], eye, &list->items[i], matrices);
  }
  return GAZE_OK;
}

gaze_err gaze_eye_write_gguf(const gaze_eye *eye, gaze_dtype matrices, gaze_gguf_metadata *metadata,
                             const gaze_kernels *kernels, const char *path) {
  eye_items all = {0};
  gaze_err err;
  GAZE_TRY_DONE(gaze_eye_check_gguf(eye));
  GAZE_TRY_DONE(put_all(metadata, &eye->config, matrices));
  GAZE_TRY_DONE(add_tensors(&all, eye, matrices));
  GAZE_TRY_DONE(gaze_gguf_make(path, metadata, all.items, eye->parameters.n, kernels));
done:
  free(all.items);
  free(all.names);
  return err;
}
