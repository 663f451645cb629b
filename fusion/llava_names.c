/* Where the parameters of image encoders and projectors lie in the files of models that look and talk. */
#include "fusion/llava_config.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define LAYER(parameter, bias, tensor) \
  {parameter, tensor ".weight", 0, 0, false}, { bias, tensor ".bias", 0, 0, false }
#define BLOCK(parameter, tensor) LAYER("vision.block*." parameter "_weight", "vision.block*." parameter "_bias", tensor)
#define NORM(parameter, tensor) LAYER(parameter "_gain", parameter "_bias", tensor)

/* transformers' CLIP and SigLIP */
#define ENCODER(prefix)                                                                                               \
  LAYER("vision.patch_weight", "vision.patch_bias", prefix "embeddings.patch_embedding"),                             \
      {"vision.class_embedding", prefix "embeddings.class_embedding", 0, 0, false},                                   \
      {"vision.position_embedding", prefix "embeddings.position_embedding.weight", 0, 0, false},                      \
      NORM("vision.pre_norm", prefix "pre_layrnorm"), NORM("vision.final_norm", prefix "post_layernorm"),             \
      NORM("vision.block*.norm1", prefix "encoder.layers.*.layer_norm1"),                                             \
      NORM("vision.block*.norm2", prefix "encoder.layers.*.layer_norm2"),                                             \
      BLOCK("q", prefix "encoder.layers.*.self_attn.q_proj"), BLOCK("k", prefix "encoder.layers.*.self_attn.k_proj"), \
      BLOCK("v", prefix "encoder.layers.*.self_attn.v_proj"),                                                         \
      BLOCK("out", prefix "encoder.layers.*.self_attn.out_proj"), BLOCK("up", prefix "encoder.layers.*.mlp.fc1"),     \
      BLOCK("down", prefix "encoder.layers.*.mlp.fc2")

#define FIRST(tensor) LAYER("projector.first_weight", "projector.first_bias", tensor)
#define SECOND(tensor) LAYER("projector.second_weight", "projector.second_bias", tensor)

static const gaze_name_pattern patterns[] = {
    /* transformers, of old and since 4.52 */
    ENCODER("vision_tower.vision_model."),
    FIRST("multi_modal_projector.linear_1"),
    SECOND("multi_modal_projector.linear_2"),
    {"projector.newline", "image_newline", 0, 0, false},
    ENCODER("model.vision_tower.vision_model."),
    ENCODER("model.vision_tower."),
    FIRST("model.multi_modal_projector.linear_1"),
    SECOND("model.multi_modal_projector.linear_2"),
    {"projector.newline", "model.image_newline", 0, 0, false},
    /* LLaVA's own and nanoLLaVA's; the encoder in its own folder */
    ENCODER("model.vision_tower.vision_tower.vision_model."),
    ENCODER("vision_model."),
    FIRST("model.mm_projector.0"),
    SECOND("model.mm_projector.2"),
    FIRST("model.mm_projector"),
    /* Idefics3's and SmolVLM's */
    ENCODER("model.vision_model."),
    {"projector.first_weight", "model.connector.modality_projection.proj.weight", 0, 0, false}};

/* llama.cpp's mmproj files. The oldest name the products of the MLP the other way around. */
#define MMPROJ(first, second)                                                                                    \
  LAYER("vision.patch_weight", "vision.patch_bias", "v.patch_embd"),                                             \
      {"vision.class_embedding", "v.class_embd", 0, 0, false},                                                   \
      {"vision.position_embedding", "v.position_embd.weight", 0, 0, false}, NORM("vision.pre_norm", "v.pre_ln"), \
      NORM("vision.final_norm", "v.post_ln"), NORM("vision.block*.norm1", "v.blk.*.ln1"),                        \
      NORM("vision.block*.norm2", "v.blk.*.ln2"), BLOCK("q", "v.blk.*.attn_q"), BLOCK("k", "v.blk.*.attn_k"),    \
      BLOCK("v", "v.blk.*.attn_v"), BLOCK("out", "v.blk.*.attn_out"), BLOCK("up", "v.blk.*." first),             \
      BLOCK("down", "v.blk.*." second), FIRST("mm.0"), SECOND("mm.2"),                                           \
      {"projector.first_weight", "mm.model.fc.weight", 0, 0, false}, {                                           \
    "projector.newline", "model.image_newline", 0, 0, false                                                      \
  }

static const gaze_name_pattern mmproj[] = {MMPROJ("ffn_up", "ffn_down")},
                               mmproj_turned[] = {MMPROJ("ffn_down", "ffn_up")};

const gaze_name_table gaze_llava_names = {patterns, sizeof patterns / sizeof *patterns};
const gaze_name_table gaze_mmproj_names = {mmproj, sizeof mmproj / sizeof *mmproj};
const gaze_name_table gaze_mmproj_turned_names = {mmproj_turned, sizeof mmproj_turned / sizeof *mmproj_turned};

/* Whether the name begins with one of the parts (NULL behind the last), alone or behind "model.". */
static bool begins(const char *name, const char *const *parts) {
  const char *inner = strncmp(name, "model.", 6) == 0 ? name + 6 : name;
  for (; *parts; parts++)
    if (strncmp(inner, *parts, strlen(*parts)) == 0)
      return true;
  return false;
}

static bool is_encoder(const char *name) {
  static const char *const parts[] = {"vision_tower.", "vision_model.", "v.", NULL};
  return begins(name, parts);
}

static bool is_projector(const char *name) {
  static const char *const parts[] = {
      "multi_modal_projector.", "mm_projector.", "connector.", "mm.", "image_newline", NULL};
  return begins(name, parts);
}

bool gaze_llava_is_picture_tensor(const char *name) { return is_encoder(name) || is_projector(name); }

/* Of a block behind those that are run. */
static bool is_behind(const char *name, size_t layers) {
  static const char *const words[] = {"encoder.layers.", "v.blk."};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    const char *found = strstr(name, words[i]);
    if (found)
      return strtoul(found + strlen(words[i]), NULL, 10) >= layers;
  }
  return false;
}

bool gaze_llava_encoder_leftover(const void *config, const char *name) {
  const gaze_vit_config *vision = &((const gaze_llava_config *)config)->vision;
  if (!is_encoder(name) || is_behind(name, vision->layers) || strstr(name, "vision_model.head.") ||
      strstr(name, "vision_tower.head.") || gaze_ends_with(name, "position_ids"))
    return true;
  return vision->output != GAZE_VIT_NORMED_ROWS && (strstr(name, "post_layernorm.") || strstr(name, "v.post_ln."));
}

bool gaze_llava_projector_leftover(const void *config, const char *name) {
  (void)config;
  return !is_projector(name);
}
