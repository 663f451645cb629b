#include "fusion/eye.h"

#include <stdlib.h>
#include <string.h>

/* Tiles that go through the encoder together: enough rows for products, and step memory stays small. */
enum { TOGETHER = 4 };

gaze_err gaze_eye_init(gaze_eye *eye, const gaze_llava_config *config) {
  *eye = (gaze_eye){.config = *config, .projector.config = config->projector};
  GAZE_TRY(gaze_vit_init(&eye->encoder, &config->vision, false));
  GAZE_TRY(gaze_vit_list(&eye->encoder, &eye->parameters));
  eye->encoder_count = eye->parameters.n;
  return gaze_projector_list(&eye->projector, false, &eye->parameters);
}

void gaze_eye_fini(gaze_eye *eye) {
  gaze_vit_fini(&eye->encoder);
  gaze_parameters_fini(&eye->parameters);
  gaze_weights_close(eye->tower);
  for (size_t i = 0; i < sizeof eye->loaded / sizeof *eye->loaded; i++)
    gaze_loaded_fini(&eye->loaded[i]);
  gaze_prepared_fini(&eye->prepared);
  *eye = (gaze_eye){0};
}

static bool has_encoder(const gaze_weights *weights, const gaze_name_table *names) {
  gaze_tensor_place place;
  for (size_t turn = 0; gaze_tensor_place_next(names, "vision.patch_weight", &turn, &place);)
    if (gaze_weights_find(weights, place.name))
      return true;
  return false;
}

static gaze_err open_tower(gaze_eye *eye, const char *folder) {
  if (folder)
    return gaze_weights_open(folder, &eye->tower);
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "image encoder not found: the model's files have none: pull %s, or put its folder into the model's "
                   "as vision_tower",
                   eye->config.tower ? eye->config.tower : "it");
}

static const gaze_name_table *choose_names(const gaze_eye *eye, const gaze_weights *weights) {
  const gaze_tensor *up = gaze_weights_find(weights, "v.blk.0.ffn_up.weight");
  bool turned = up && up->rank == 2 && up->shape[0] == eye->config.vision.block.dim &&
                up->shape[1] == eye->config.vision.block.mlp_dim && up->shape[0] != up->shape[1];
  if (!gaze_weights_gguf(weights))
    return &gaze_llava_names;
  return turned ? &gaze_mmproj_turned_names : &gaze_mmproj_names;
}

gaze_err gaze_eye_load(gaze_eye *eye, const gaze_kernels *kernels, const gaze_weights *weights,
                       const char *tower_folder, const bool keeps[GAZE_DTYPES]) {
  const gaze_name_table *names = choose_names(eye, weights);
  const gaze_parameters encoder = {.items = eye->parameters.items, .n = eye->encoder_count};
  const gaze_parameters projector = {.items = encoder.items + encoder.n, .n = eye->parameters.n - encoder.n};
  gaze_load how = {.kernels = kernels,
                   .names = *names,
                   .config = "the configuration",
                   .is_leftover = gaze_llava_encoder_leftover,
                   .user = &eye->config};
  memcpy(how.keeps, keeps, sizeof how.keeps);
  if (!has_encoder(weights, names))
    GAZE_TRY(open_tower(eye, tower_folder));
  GAZE_TRY(gaze_parameters_load(&encoder, eye->tower ? eye->tower : weights, &how, &eye->loaded[0]));
  how.is_leftover = gaze_llava_projector_leftover;
  return gaze_parameters_load(&projector, weights, &how, &eye->loaded[1]);
}

gaze_err gaze_eye_prepare(gaze_eye *eye, const gaze_compute *compute) {
  static const bool from[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true, [GAZE_DTYPE_F16] = true, [GAZE_DTYPE_BF16] = true};
  const gaze_preparation what = {.list = eye->parameters, .compute = compute};
  bool bf16 = gaze_matmul_precision(compute->matmul) == GAZE_PRECISION_BF16;
  if (gaze_matmul_packs(compute->matmul))
    return gaze_prepared_pack(&eye->prepared, &what);
  gaze_dtype to = bf16 ? GAZE_DTYPE_BF16 : GAZE_DTYPE_F32;
  return gaze_prepared_convert(&eye->prepared, &what, from, to);
}

/* What some tiles need on their way to projected rows. */
typedef struct step {
  gaze_vit_tape encoder;
  gaze_projector_tape projector;
  float *features; /* [TOGETHER R, C] */
} step;

static void lay_out(step *s, const gaze_eye *eye, size_t tiles, gaze_arena *arena) {
  const gaze_vit_config *vision = &eye->config.vision;
  size_t rows = tiles * gaze_vit_feature_rows(vision);
  s->features = gaze_arena_take(arena, rows * vision->block.dim, sizeof(float));
  gaze_projector_tape_layout(&s->projector, &eye->projector, rows, false, arena);
  gaze_vit_tape_layout(&s->encoder, &eye->encoder, tiles, gaze_vit_patches(vision), GAZE_TAPE_NONE, arena);
}

/* projected: [tiles, tile_rows, D] */
static gaze_err project(const gaze_compute *compute, const gaze_eye *eye, size_t tiles, const float *pixels,
                        float *projected) {
  const gaze_tiling *t = &eye->config.tiling;
  size_t R = gaze_vit_feature_rows(&eye->config.vision), D = eye->config.projector.D;
  size_t picture = 3 * eye->config.vision.image_size * eye->config.vision.image_size;
  size_t together = tiles < TOGETHER ? tiles : TOGETHER;
  gaze_arena arena = GAZE_ARENA_MEASURE;
  step s;
  lay_out(&s, eye, together, &arena);
  GAZE_TRY(gaze_arena_init(&arena, arena.used));
  lay_out(&s, eye, together, &arena);
  for (size_t done = 0, n; done < tiles; done += n) {
    n = tiles - done < together ? tiles - done : together;
    gaze_vit_features(compute, s.features, pixels + done * picture, n, &eye->encoder, &s.encoder);
    gaze_projector_forward(compute, projected + done * t->tile_rows * D, s.features, &eye->projector, n * R,
                           &s.projector);
  }
  gaze_arena_fini(&arena);
  return GAZE_OK;
}

gaze_err gaze_eye_encode(const gaze_compute *compute, const gaze_eye *eye, const gaze_tile_plan *plan,
                         const float *pixels, float *rows) {
  const gaze_tiling *t = &eye->config.tiling;
  size_t D = eye->config.projector.D;
  float *projected;
  if (t->kind != GAZE_TILING_GRID)
    return project(compute, eye, plan->tiles, pixels, rows);
  GAZE_TRY(gaze_alloc(plan->tiles * t->tile_rows, D * sizeof *projected, &projected));
  gaze_err err = project(compute, eye, plan->tiles, pixels, projected);
  if (err == GAZE_OK)
    gaze_tiling_rows(t, plan, rows, projected, gaze_f32(eye->projector.newline), D);
  free(projected);
  return err;
}

gaze_err gaze_eye_look(const gaze_compute *compute, const gaze_eye *eye, const gaze_tile_plan *plan,
                       const gaze_picture *picture, float *rows) {
  size_t S = eye->config.vision.image_size;
  float *pixels;
  GAZE_TRY(gaze_alloc(plan->tiles * 3 * S * S, sizeof *pixels, &pixels));
  gaze_err err = gaze_tiling_pixels(&eye->config.tiling, plan, picture, pixels);
  if (err == GAZE_OK)
    err = gaze_eye_encode(compute, eye, plan, pixels, rows);
  free(pixels);
  return err;
}
