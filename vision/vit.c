#include "vision/vit.h"

#include "core/nn/linear.h"

#include <assert.h>
#include <string.h>

size_t gaze_vit_patches(const gaze_vit_config *config) {
  size_t grid = config->image_size / config->patch_size;
  return grid * grid;
}

static size_t patch_width(const gaze_vit_config *config) { return 3 * config->patch_size * config->patch_size; }

static bool has_class_token(const gaze_vit_config *config) { return config->kind == GAZE_VIT_CLIP; }

size_t gaze_vit_rows(const gaze_vit_config *config, size_t patches) { return patches + has_class_token(config); }

gaze_err gaze_vit_init(gaze_vit *vit, const gaze_vit_config *config, bool trained) {
  *vit = (gaze_vit){.config = *config};
  vit->head = (gaze_head){.C = config->block.dim, .D = config->dim_out, .eps = config->block.eps};
  vit->map.config = config->block;
  return gaze_stack_init(&vit->stack, &config->block, config->layers, trained);
}

void gaze_vit_fini(gaze_vit *vit) { gaze_stack_fini(&vit->stack); }

static gaze_err list_own(gaze_vit *vit, gaze_parameters *list) {
  const gaze_vit_config *c = &vit->config;
  size_t C = c->block.dim, positions = gaze_vit_rows(c, gaze_vit_patches(c));
  bool trained = vit->stack.gradients != NULL, clip = c->kind == GAZE_VIT_CLIP;
  struct {
    const char *name;
    gaze_weight *weight;
    float **gradient;
    size_t rows, columns;
    bool present;
  } own[] = {{"patch_weight", &vit->patch_weight, &vit->dpatch_weight, C, patch_width(c), true},
             {"patch_bias", &vit->patch_bias, NULL, C, 1, !clip},
             {"class_embedding", &vit->class_embedding, &vit->dclass_embedding, C, 1, clip},
             {"position_embedding", &vit->position_embedding, &vit->dposition_embedding, positions, C, true},
             {"pre_norm_gain", &vit->pre_norm_gain, &vit->dpre_norm_gain, C, 1, clip},
             {"pre_norm_bias", &vit->pre_norm_bias, &vit->dpre_norm_bias, C, 1, clip}};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (own[i].present)
      GAZE_TRY(gaze_parameters_add(list, "vision.", own[i].name, own[i].weight, trained ? own[i].gradient : NULL,
                                   own[i].rows, own[i].columns));
  return GAZE_OK;
}

gaze_err gaze_vit_list(gaze_vit *vit, gaze_parameters *list) {
  GAZE_TRY(list_own(vit, list));
  GAZE_TRY(gaze_stack_list(&vit->stack, "vision", list));
  if (vit->config.output == GAZE_VIT_ROWS)
    return GAZE_OK;
  if (vit->config.kind == GAZE_VIT_CLIP && vit->config.output == GAZE_VIT_POOLED)
    return gaze_head_list(&vit->head, "vision.", vit->stack.gradients != NULL, list);
  size_t C = vit->config.block.dim;
  GAZE_TRY(gaze_parameters_add(list, "vision.", "final_norm_gain", &vit->head.norm_gain, NULL, C, 1));
  GAZE_TRY(gaze_parameters_add(list, "vision.", "final_norm_bias", &vit->head.norm_bias, NULL, C, 1));
  return vit->config.output == GAZE_VIT_POOLED ? gaze_map_head_list(&vit->map, "vision.map.", list) : GAZE_OK;
}

void gaze_vit_tape_layout(gaze_vit_tape *tape, const gaze_vit *vit, size_t batch, size_t kept, gaze_tape_policy policy,
                          gaze_arena *arena) {
  const gaze_vit_config *config = &vit->config;
  size_t C = config->block.dim, T = gaze_vit_rows(config, kept), rows = batch * T;
  *tape = (gaze_vit_tape){0};
  tape->offsets = gaze_arena_take(arena, batch + 1, sizeof *tape->offsets);
  tape->queries = gaze_arena_take(arena, batch, sizeof *tape->queries);
  tape->patches = gaze_arena_take(arena, batch * kept * patch_width(config), sizeof(float));
  tape->embedded = gaze_arena_take(arena, rows * C, sizeof(float));
  tape->statistics = gaze_arena_take(arena, rows * 2, sizeof(float));
  gaze_stack_tape_layout(&tape->stack, &vit->stack, rows, T, policy, arena);
  if (config->output != GAZE_VIT_POOLED)
    return;
  gaze_head_tape_layout(&tape->head, &vit->head, batch, policy != GAZE_TAPE_NONE, arena);
  if (config->kind == GAZE_VIT_SIGLIP)
    gaze_map_head_tape_layout(&tape->map, &vit->map, rows, batch, arena);
  if (policy == GAZE_TAPE_NONE)
    return;
  tape->dx = gaze_arena_take(arena, rows * C, sizeof(float));
  tape->dpooled = gaze_arena_take(arena, batch * C, sizeof(float));
}

static size_t patch_of(const gaze_vit_tape *tape, size_t b, size_t i) {
  return tape->kept ? tape->kept[b * tape->kept_count + i] : i;
}

/* Patch i of a picture [3, S, S] as a row: channel, then line, then column, as a convolution's weight lies. */
static void copy_patch(float *row, const float *picture, size_t patch, const gaze_vit_config *config) {
  size_t S = config->image_size, p = config->patch_size, grid = S / p;
  const float *corner = picture + patch / grid * p * S + patch % grid * p;
  for (size_t channel = 0; channel < 3; channel++)
    for (size_t line = 0; line < p; line++, row += p)
      memcpy(row, corner + channel * S * S + line * S, p * sizeof *row);
}

static void cut_patches(gaze_vit_tape *tape, const float *pixels, size_t batch, const gaze_vit_config *config) {
  size_t picture = 3 * config->image_size * config->image_size, width = patch_width(config), kept = tape->kept_count;
#pragma omp parallel for schedule(static)
  for (size_t b = 0; b < batch; b++)
    for (size_t i = 0; i < kept; i++)
      copy_patch(tape->patches + (b * kept + i) * width, pixels + b * picture, patch_of(tape, b, i), config);
}

static void set_sequences(gaze_vit_tape *tape, const gaze_vit_config *config, size_t batch) {
  size_t T = gaze_vit_rows(config, tape->kept_count);
  for (size_t b = 0; b <= batch; b++)
    tape->offsets[b] = b * T;
  memset(tape->queries, 0, batch * sizeof *tape->queries); /* the class token asks, or the probe from there */
  tape->sequences = (gaze_sequences){.count = batch, .offsets = tape->offsets, .longest = T};
}

/* embedded: the class token, if there is one, and the patches, each with its position. */
static void embed_patches(const gaze_compute *compute, const gaze_vit *vit, gaze_vit_tape *tape, size_t batch) {
  const gaze_vit_config *config = &vit->config;
  size_t C = config->block.dim, kept = tape->kept_count, before = has_class_token(config), T = before + kept;
  const float *positions = gaze_f32(vit->position_embedding), *class = gaze_f32(vit->class_embedding);
  gaze_linear linear = {vit->patch_weight, vit->patch_bias, patch_width(config), C};
  float *products = tape->stack.inputs[0]; /* free until the blocks begin */
  gaze_linear_forward(compute, products, C, tape->patches, linear.in, &linear, batch * kept, GAZE_STORE);
#pragma omp parallel for schedule(static)
  for (size_t b = 0; b < batch; b++) {
    float *rows = tape->embedded + b * T * C;
    if (before) {
      memcpy(rows, class, C * sizeof *rows);
      compute->kernels->add(rows, positions, C);
    }
    for (size_t i = 0; i < kept; i++) {
      float *row = rows + (before + i) * C;
      memcpy(row, products + (b * kept + i) * C, C * sizeof *row);
      compute->kernels->add(row, positions + (before + patch_of(tape, b, i)) * C, C);
    }
  }
}

static gaze_norm pre_norm(const gaze_vit *vit) {
  const gaze_block_config *c = &vit->config.block;
  return (gaze_norm){c->norm, vit->pre_norm_gain, vit->pre_norm_bias, c->eps, c->dim};
}

static void tap(const gaze_compute *compute, const char *name, const float *data, size_t rows, size_t columns) {
  if (compute->tap)
    compute->tap(compute->tap_user, name, data, rows, columns);
}

/* What the blocks begin with. */
static void enter(const gaze_compute *compute, const gaze_vit *vit, gaze_vit_tape *tape, size_t batch) {
  size_t C = vit->config.block.dim, rows = gaze_sequences_rows(&tape->sequences);
  gaze_norm norm = pre_norm(vit);
  embed_patches(compute, vit, tape, batch);
  tap(compute, "vision.embedded", tape->embedded, rows, C);
  if (vit->config.kind == GAZE_VIT_SIGLIP) {
    memcpy(tape->stack.inputs[0], tape->embedded, rows * C * sizeof(float));
    return;
  }
  gaze_norm_forward(compute, tape->stack.inputs[0], tape->statistics, tape->embedded, &norm, rows);
  tap(compute, "vision.pre_norm", tape->stack.inputs[0], rows, C);
}

static void pool_class_token(const gaze_compute *compute, float *embedding, const gaze_vit *vit, gaze_vit_tape *tape,
                             size_t batch) {
  bool all = compute->tap != NULL;
  const float *y =
      gaze_stack_forward(compute, &vit->stack, &tape->sequences, all ? NULL : tape->queries, &tape->stack, "vision");
  gaze_head_pool(&tape->head, &vit->head, y, &tape->sequences, tape->queries, all);
  gaze_head_forward(compute, embedding, &vit->head, &tape->head, batch);
  tap(compute, "vision.pooled", tape->head.normed, batch, vit->config.block.dim);
}

/* All rows through the final norm; borrowed from the tape. */
static float *final_norm(const gaze_compute *compute, const gaze_vit *vit, gaze_vit_tape *tape, const float *y) {
  const gaze_block_config *c = &vit->config.block;
  size_t rows = gaze_sequences_rows(&tape->sequences);
  gaze_norm norm = {c->norm, vit->head.norm_gain, vit->head.norm_bias, c->eps, c->dim};
  float *normed = tape->embedded; /* its readers are done */
  gaze_norm_forward(compute, normed, tape->statistics, y, &norm, rows);
  tap(compute, "vision.final_norm", normed, rows, c->dim);
  return normed;
}

static void pool_by_attention(const gaze_compute *compute, float *embedding, const gaze_vit *vit, gaze_vit_tape *tape) {
  const float *y = gaze_stack_forward(compute, &vit->stack, &tape->sequences, NULL, &tape->stack, "vision");
  const float *normed = final_norm(compute, vit, tape, y);
  gaze_map_head_forward(compute, embedding, normed, &vit->map, &tape->sequences, tape->queries, &tape->map,
                        &tape->stack.scratch, "vision.map");
}

static void begin(const gaze_compute *compute, const float *pixels, size_t batch, const uint16_t *kept,
                  size_t kept_count, const gaze_vit *vit, gaze_vit_tape *tape) {
  tape->kept = kept;
  tape->kept_count = kept ? kept_count : gaze_vit_patches(&vit->config);
  set_sequences(tape, &vit->config, batch);
  cut_patches(tape, pixels, batch, &vit->config);
  enter(compute, vit, tape, batch);
}

void gaze_vit_forward(const gaze_compute *compute, float *embedding, const float *pixels, size_t batch,
                      const uint16_t *kept, size_t kept_count, const gaze_vit *vit, gaze_vit_tape *tape) {
  assert(vit->config.output == GAZE_VIT_POOLED);
  begin(compute, pixels, batch, kept, kept_count, vit, tape);
  if (vit->config.kind == GAZE_VIT_SIGLIP)
    pool_by_attention(compute, embedding, vit, tape);
  else
    pool_class_token(compute, embedding, vit, tape, batch);
  tap(compute, "vision.embedding", embedding, batch, vit->config.dim_out);
}

static bool drops_first(const gaze_vit_config *config) { return config->drops_class_token && has_class_token(config); }

size_t gaze_vit_feature_rows(const gaze_vit_config *config) {
  return gaze_vit_rows(config, gaze_vit_patches(config)) - drops_first(config);
}

void gaze_vit_features(const gaze_compute *compute, float *features, const float *pixels, size_t batch,
                       const gaze_vit *vit, gaze_vit_tape *tape) {
  const gaze_vit_config *config = &vit->config;
  size_t C = config->block.dim, first = drops_first(config), R = gaze_vit_feature_rows(config), T = R + first;
  assert(config->output != GAZE_VIT_POOLED);
  begin(compute, pixels, batch, NULL, 0, vit, tape);
  const float *y = gaze_stack_forward(compute, &vit->stack, &tape->sequences, NULL, &tape->stack, "vision");
  if (config->output == GAZE_VIT_NORMED_ROWS)
    y = final_norm(compute, vit, tape, y);
  for (size_t b = 0; b < batch; b++)
    memcpy(features + b * R * C, y + (b * T + first) * C, R * C * sizeof *features);
  tap(compute, "vision.features", features, batch * R, C);
}

/* Gradients of class token, positions and patch weights from that of the embedded rows. */
static void embed_backward(const gaze_compute *compute, float *dembedded, size_t batch, gaze_vit *vit,
                           gaze_vit_tape *tape) {
  size_t C = vit->config.block.dim, kept = tape->kept_count, T = 1 + kept;
  for (size_t b = 0; b < batch; b++) {
    const float *row = dembedded + b * T * C;
    if (vit->dclass_embedding)
      compute->kernels->add(vit->dclass_embedding, row, C);
    for (size_t i = 0; vit->dposition_embedding && i < T; i++)
      compute->kernels->add(vit->dposition_embedding + (i ? 1 + patch_of(tape, b, i - 1) : 0) * C, row + i * C, C);
  }
  for (size_t b = 0; b < batch; b++) /* the patches' rows close ranks over the class tokens */
    memmove(dembedded + b * kept * C, dembedded + (b * T + 1) * C, kept * C * sizeof *dembedded);
  gaze_linear linear = {vit->patch_weight, {0}, patch_width(&vit->config), C};
  gaze_linear_backward(compute, NULL, 0, vit->dpatch_weight, NULL, dembedded, C, tape->patches, linear.in, &linear,
                       batch * kept);
}

/* Whether anything below the first block learns. */
static bool embedding_learns(const gaze_vit *vit) {
  return vit->dpatch_weight || vit->dclass_embedding || vit->dposition_embedding || vit->dpre_norm_gain ||
         vit->dpre_norm_bias;
}

void gaze_vit_backward(const gaze_compute *compute, const float *dembedding, const float *dnormed, size_t batch,
                       gaze_vit *vit, gaze_vit_tape *tape) {
  size_t C = vit->config.block.dim, rows = gaze_sequences_rows(&tape->sequences);
  assert(vit->config.kind == GAZE_VIT_CLIP);
  gaze_head_backward(compute, tape->dpooled, dembedding, dnormed, &vit->head, &tape->head, batch);
  gaze_stack_backward(compute, tape->dx, tape->dpooled, &vit->stack, &tape->sequences, tape->queries, &tape->stack,
                      "vision");
  if (!embedding_learns(vit))
    return;
  assert(vit->stack.frozen == 0);
  float *dembedded = tape->stack.inputs[0]; /* its last reader, the first block, is done */
  memset(dembedded, 0, rows * C * sizeof *dembedded);
  gaze_norm norm = pre_norm(vit);
  gaze_norm_backward(compute, dembedded, vit->dpre_norm_gain, vit->dpre_norm_bias, tape->dx, tape->statistics,
                     tape->embedded, &norm, rows, tape->stack.scratch.norm);
  embed_backward(compute, dembedded, batch, vit, tape);
}
