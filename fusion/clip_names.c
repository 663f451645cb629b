/* Where a parameter lies in the files of each family: tensor names as tables of patterns. */
#include "fusion/clip.h"

#include <stdio.h>

/* transformers' CLIP first: it is what gaze writes. */
static const gaze_name_pattern patterns[] = {
    {"vision.patch_weight", "vision_model.embeddings.patch_embedding.weight", 0, 0, false},
    {"vision.patch_bias", "vision_model.embeddings.patch_embedding.bias", 0, 0, false},
    {"vision.class_embedding", "vision_model.embeddings.class_embedding", 0, 0, false},
    {"vision.position_embedding", "vision_model.embeddings.position_embedding.weight", 0, 0, false},
    {"vision.pre_norm_gain", "vision_model.pre_layrnorm.weight", 0, 0, false}, /* the reference's own spelling */
    {"vision.pre_norm_bias", "vision_model.pre_layrnorm.bias", 0, 0, false},
    {"vision.final_norm_gain", "vision_model.post_layernorm.weight", 0, 0, false},
    {"vision.final_norm_bias", "vision_model.post_layernorm.bias", 0, 0, false},
    {"vision.projection", "visual_projection.weight", 0, 0, false},
    {"text.token_embedding", "text_model.embeddings.token_embedding.weight", 0, 0, false},
    {"text.position_embedding", "text_model.embeddings.position_embedding.weight", 0, 0, false},
    {"text.final_norm_gain", "text_model.final_layer_norm.weight", 0, 0, false},
    {"text.final_norm_bias", "text_model.final_layer_norm.bias", 0, 0, false},
    {"text.projection", "text_projection.weight", 0, 0, false},
    {"logit_scale", "logit_scale", 0, 0, false},
    {"logit_bias", "logit_bias", 0, 0, false},
#define TRANSFORMERS(tower, prefix)                                                   \
  {tower ".block*.norm1_gain", prefix ".layer_norm1.weight", 0, 0, false},            \
      {tower ".block*.norm1_bias", prefix ".layer_norm1.bias", 0, 0, false},          \
      {tower ".block*.q_weight", prefix ".self_attn.q_proj.weight", 0, 0, false},     \
      {tower ".block*.q_bias", prefix ".self_attn.q_proj.bias", 0, 0, false},         \
      {tower ".block*.k_weight", prefix ".self_attn.k_proj.weight", 0, 0, false},     \
      {tower ".block*.k_bias", prefix ".self_attn.k_proj.bias", 0, 0, false},         \
      {tower ".block*.v_weight", prefix ".self_attn.v_proj.weight", 0, 0, false},     \
      {tower ".block*.v_bias", prefix ".self_attn.v_proj.bias", 0, 0, false},         \
      {tower ".block*.out_weight", prefix ".self_attn.out_proj.weight", 0, 0, false}, \
      {tower ".block*.out_bias", prefix ".self_attn.out_proj.bias", 0, 0, false},     \
      {tower ".block*.norm2_gain", prefix ".layer_norm2.weight", 0, 0, false},        \
      {tower ".block*.norm2_bias", prefix ".layer_norm2.bias", 0, 0, false},          \
      {tower ".block*.up_weight", prefix ".mlp.fc1.weight", 0, 0, false},             \
      {tower ".block*.up_bias", prefix ".mlp.fc1.bias", 0, 0, false},                 \
      {tower ".block*.down_weight", prefix ".mlp.fc2.weight", 0, 0, false},           \
      {tower ".block*.down_bias", prefix ".mlp.fc2.bias", 0, 0, false},
    TRANSFORMERS("vision", "vision_model.encoder.layers.*") /* */
    TRANSFORMERS("text", "text_model.encoder.layers.*")
    /* transformers' SigLIP */
    {"vision.map.probe", "vision_model.head.probe", 0, 0, false},
    {"vision.map.q_weight", "vision_model.head.attention.in_proj_weight", 0, 3, false},
    {"vision.map.k_weight", "vision_model.head.attention.in_proj_weight", 1, 3, false},
    {"vision.map.v_weight", "vision_model.head.attention.in_proj_weight", 2, 3, false},
    {"vision.map.q_bias", "vision_model.head.attention.in_proj_bias", 0, 3, false},
    {"vision.map.k_bias", "vision_model.head.attention.in_proj_bias", 1, 3, false},
    {"vision.map.v_bias", "vision_model.head.attention.in_proj_bias", 2, 3, false},
    {"vision.map.out_weight", "vision_model.head.attention.out_proj.weight", 0, 0, false},
    {"vision.map.out_bias", "vision_model.head.attention.out_proj.bias", 0, 0, false},
    {"vision.map.norm2_gain", "vision_model.head.layernorm.weight", 0, 0, false},
    {"vision.map.norm2_bias", "vision_model.head.layernorm.bias", 0, 0, false},
    {"vision.map.up_weight", "vision_model.head.mlp.fc1.weight", 0, 0, false},
    {"vision.map.up_bias", "vision_model.head.mlp.fc1.bias", 0, 0, false},
    {"vision.map.down_weight", "vision_model.head.mlp.fc2.weight", 0, 0, false},
    {"vision.map.down_bias", "vision_model.head.mlp.fc2.bias", 0, 0, false},
    {"text.projection", "text_model.head.weight", 0, 0, false},
    {"text.projection_bias", "text_model.head.bias", 0, 0, false},
/* OpenAI's and open_clip's own towers */
#define OPEN_CLIP(tower, prefix)                                                 \
  {tower ".block*.norm1_gain", prefix ".ln_1.weight", 0, 0, false},              \
      {tower ".block*.norm1_bias", prefix ".ln_1.bias", 0, 0, false},            \
      {tower ".block*.q_weight", prefix ".attn.in_proj_weight", 0, 3, false},    \
      {tower ".block*.k_weight", prefix ".attn.in_proj_weight", 1, 3, false},    \
      {tower ".block*.v_weight", prefix ".attn.in_proj_weight", 2, 3, false},    \
      {tower ".block*.q_bias", prefix ".attn.in_proj_bias", 0, 3, false},        \
      {tower ".block*.k_bias", prefix ".attn.in_proj_bias", 1, 3, false},        \
      {tower ".block*.v_bias", prefix ".attn.in_proj_bias", 2, 3, false},        \
      {tower ".block*.out_weight", prefix ".attn.out_proj.weight", 0, 0, false}, \
      {tower ".block*.out_bias", prefix ".attn.out_proj.bias", 0, 0, false},     \
      {tower ".block*.norm2_gain", prefix ".ln_2.weight", 0, 0, false},          \
      {tower ".block*.norm2_bias", prefix ".ln_2.bias", 0, 0, false},            \
      {tower ".block*.up_weight", prefix ".mlp.c_fc.weight", 0, 0, false},       \
      {tower ".block*.up_bias", prefix ".mlp.c_fc.bias", 0, 0, false},           \
      {tower ".block*.down_weight", prefix ".mlp.c_proj.weight", 0, 0, false},   \
      {tower ".block*.down_bias", prefix ".mlp.c_proj.bias", 0, 0, false},
    {"vision.patch_weight", "visual.conv1.weight", 0, 0, false},
    {"vision.class_embedding", "visual.class_embedding", 0, 0, false},
    {"vision.position_embedding", "visual.positional_embedding", 0, 0, false},
    {"vision.pre_norm_gain", "visual.ln_pre.weight", 0, 0, false},
    {"vision.pre_norm_bias", "visual.ln_pre.bias", 0, 0, false},
    {"vision.final_norm_gain", "visual.ln_post.weight", 0, 0, false},
    {"vision.final_norm_bias", "visual.ln_post.bias", 0, 0, false},
    {"vision.projection", "visual.proj", 0, 0, true},
    OPEN_CLIP("vision", "visual.transformer.resblocks.*"){"text.token_embedding", "token_embedding.weight", 0, 0,
                                                          false},
    {"text.position_embedding", "positional_embedding", 0, 0, false},
    {"text.final_norm_gain", "ln_final.weight", 0, 0, false},
    {"text.final_norm_bias", "ln_final.bias", 0, 0, false},
    {"text.projection", "text_projection", 0, 0, true},
    OPEN_CLIP("text", "transformer.resblocks.*")
    /* its CustomTextCLIP */
    {"text.token_embedding", "text.token_embedding.weight", 0, 0, false},
    {"text.position_embedding", "text.positional_embedding", 0, 0, false},
    {"text.final_norm_gain", "text.ln_final.weight", 0, 0, false},
    {"text.final_norm_bias", "text.ln_final.bias", 0, 0, false},
    {"text.projection", "text.text_projection", 0, 0, true},
    {"text.projection", "text.text_projection.weight", 0, 0, false},
    {"text.projection_bias", "text.text_projection.bias", 0, 0, false},
    OPEN_CLIP("text", "text.transformer.resblocks.*")
    /* timm's image encoders in it */
    {"vision.patch_weight", "visual.trunk.patch_embed.proj.weight", 0, 0, false},
    {"vision.patch_bias", "visual.trunk.patch_embed.proj.bias", 0, 0, false},
    {"vision.position_embedding", "visual.trunk.pos_embed", 0, 0, false},
    {"vision.block*.norm1_gain", "visual.trunk.blocks.*.norm1.weight", 0, 0, false},
    {"vision.block*.norm1_bias", "visual.trunk.blocks.*.norm1.bias", 0, 0, false},
    {"vision.block*.q_weight", "visual.trunk.blocks.*.attn.qkv.weight", 0, 3, false},
    {"vision.block*.k_weight", "visual.trunk.blocks.*.attn.qkv.weight", 1, 3, false},
    {"vision.block*.v_weight", "visual.trunk.blocks.*.attn.qkv.weight", 2, 3, false},
    {"vision.block*.q_bias", "visual.trunk.blocks.*.attn.qkv.bias", 0, 3, false},
    {"vision.block*.k_bias", "visual.trunk.blocks.*.attn.qkv.bias", 1, 3, false},
    {"vision.block*.v_bias", "visual.trunk.blocks.*.attn.qkv.bias", 2, 3, false},
    {"vision.block*.out_weight", "visual.trunk.blocks.*.attn.proj.weight", 0, 0, false},
    {"vision.block*.out_bias", "visual.trunk.blocks.*.attn.proj.bias", 0, 0, false},
    {"vision.block*.norm2_gain", "visual.trunk.blocks.*.norm2.weight", 0, 0, false},
    {"vision.block*.norm2_bias", "visual.trunk.blocks.*.norm2.bias", 0, 0, false},
    {"vision.block*.up_weight", "visual.trunk.blocks.*.mlp.fc1.weight", 0, 0, false},
    {"vision.block*.up_bias", "visual.trunk.blocks.*.mlp.fc1.bias", 0, 0, false},
    {"vision.block*.down_weight", "visual.trunk.blocks.*.mlp.fc2.weight", 0, 0, false},
    {"vision.block*.down_bias", "visual.trunk.blocks.*.mlp.fc2.bias", 0, 0, false},
    {"vision.final_norm_gain", "visual.trunk.norm.weight", 0, 0, false},
    {"vision.final_norm_bias", "visual.trunk.norm.bias", 0, 0, false},
    {"vision.map.probe", "visual.trunk.attn_pool.latent", 0, 0, false},
    {"vision.map.q_weight", "visual.trunk.attn_pool.q.weight", 0, 0, false},
    {"vision.map.q_bias", "visual.trunk.attn_pool.q.bias", 0, 0, false},
    {"vision.map.k_weight", "visual.trunk.attn_pool.kv.weight", 0, 2, false},
    {"vision.map.v_weight", "visual.trunk.attn_pool.kv.weight", 1, 2, false},
    {"vision.map.k_bias", "visual.trunk.attn_pool.kv.bias", 0, 2, false},
    {"vision.map.v_bias", "visual.trunk.attn_pool.kv.bias", 1, 2, false},
    {"vision.map.out_weight", "visual.trunk.attn_pool.proj.weight", 0, 0, false},
    {"vision.map.out_bias", "visual.trunk.attn_pool.proj.bias", 0, 0, false},
    {"vision.map.norm2_gain", "visual.trunk.attn_pool.norm.weight", 0, 0, false},
    {"vision.map.norm2_bias", "visual.trunk.attn_pool.norm.bias", 0, 0, false},
    {"vision.map.up_weight", "visual.trunk.attn_pool.mlp.fc1.weight", 0, 0, false},
    {"vision.map.up_bias", "visual.trunk.attn_pool.mlp.fc1.bias", 0, 0, false},
    {"vision.map.down_weight", "visual.trunk.attn_pool.mlp.fc2.weight", 0, 0, false},
    {"vision.map.down_bias", "visual.trunk.attn_pool.mlp.fc2.bias", 0, 0, false},
/* BERT's text towers: one that is all of the model, Chinese-CLIP's, and those of transformers in open_clip */
#define BERT(prefix)                                                                                       \
  {"text.token_embedding", prefix "embeddings.word_embeddings.weight", 0, 0, false},                       \
      {"text.position_embedding", prefix "embeddings.position_embeddings.weight", 0, 0, false},            \
      {"text.type_embedding", prefix "embeddings.token_type_embeddings.weight", 0, 0, false},              \
      {"text.pre_norm_gain", prefix "embeddings.LayerNorm.weight", 0, 0, false},                           \
      {"text.pre_norm_bias", prefix "embeddings.LayerNorm.bias", 0, 0, false},                             \
      {"text.block*.q_weight", prefix "encoder.layer.*.attention.self.query.weight", 0, 0, false},         \
      {"text.block*.q_bias", prefix "encoder.layer.*.attention.self.query.bias", 0, 0, false},             \
      {"text.block*.k_weight", prefix "encoder.layer.*.attention.self.key.weight", 0, 0, false},           \
      {"text.block*.k_bias", prefix "encoder.layer.*.attention.self.key.bias", 0, 0, false},               \
      {"text.block*.v_weight", prefix "encoder.layer.*.attention.self.value.weight", 0, 0, false},         \
      {"text.block*.v_bias", prefix "encoder.layer.*.attention.self.value.bias", 0, 0, false},             \
      {"text.block*.out_weight", prefix "encoder.layer.*.attention.output.dense.weight", 0, 0, false},     \
      {"text.block*.out_bias", prefix "encoder.layer.*.attention.output.dense.bias", 0, 0, false},         \
      {"text.block*.norm1_gain", prefix "encoder.layer.*.attention.output.LayerNorm.weight", 0, 0, false}, \
      {"text.block*.norm1_bias", prefix "encoder.layer.*.attention.output.LayerNorm.bias", 0, 0, false},   \
      {"text.block*.up_weight", prefix "encoder.layer.*.intermediate.dense.weight", 0, 0, false},          \
      {"text.block*.up_bias", prefix "encoder.layer.*.intermediate.dense.bias", 0, 0, false},              \
      {"text.block*.down_weight", prefix "encoder.layer.*.output.dense.weight", 0, 0, false},              \
      {"text.block*.down_bias", prefix "encoder.layer.*.output.dense.bias", 0, 0, false},                  \
      {"text.block*.norm2_gain", prefix "encoder.layer.*.output.LayerNorm.weight", 0, 0, false},           \
      {"text.block*.norm2_bias", prefix "encoder.layer.*.output.LayerNorm.bias", 0, 0, false},
    BERT("")            /* alone */
    BERT("text_model.") /* */
    BERT("text.transformer."){"text.first_projection", "text.proj.0.weight", 0, 0, false},
    {"text.projection", "text.proj.2.weight", 0, 0, false},
    {"text.projection", "text.proj.weight", 0, 0, false}};

const gaze_name_table gaze_clip_names = {patterns, sizeof patterns / sizeof *patterns};

bool gaze_clip_tensor_name(const char *parameter, char *name, size_t size) {
  gaze_tensor_place place;
  size_t turn = 0;
  return gaze_tensor_place_next(&gaze_clip_names, parameter, &turn, &place) &&
         snprintf(name, size, "%s", place.name) < (int)size;
}
