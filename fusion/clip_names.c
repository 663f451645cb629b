/* Hugging Face's tensor names of CLIP, as a table of patterns. */
#include "fusion/clip.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct name_pattern {
  const char *parameter, *tensor;
} name_pattern;

static const name_pattern whole_names[] = {
    {"vision.patch_weight", "vision_model.embeddings.patch_embedding.weight"},
    {"vision.class_embedding", "vision_model.embeddings.class_embedding"},
    {"vision.position_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"vision.pre_norm_gain", "vision_model.pre_layrnorm.weight"}, /* the reference's own spelling */
    {"vision.pre_norm_bias", "vision_model.pre_layrnorm.bias"},
    {"vision.final_norm_gain", "vision_model.post_layernorm.weight"},
    {"vision.final_norm_bias", "vision_model.post_layernorm.bias"},
    {"vision.projection", "visual_projection.weight"},
    {"text.token_embedding", "text_model.embeddings.token_embedding.weight"},
    {"text.position_embedding", "text_model.embeddings.position_embedding.weight"},
    {"text.final_norm_gain", "text_model.final_layer_norm.weight"},
    {"text.final_norm_bias", "text_model.final_layer_norm.bias"},
    {"text.projection", "text_projection.weight"},
    {"logit_scale", "logit_scale"},
    {"logit_bias", "logit_bias"}};

static const name_pattern block_names[] = {{"norm1_gain", "layer_norm1.weight"},
                                           {"norm1_bias", "layer_norm1.bias"},
                                           {"q_weight", "self_attn.q_proj.weight"},
                                           {"q_bias", "self_attn.q_proj.bias"},
                                           {"k_weight", "self_attn.k_proj.weight"},
                                           {"k_bias", "self_attn.k_proj.bias"},
                                           {"v_weight", "self_attn.v_proj.weight"},
                                           {"v_bias", "self_attn.v_proj.bias"},
                                           {"out_weight", "self_attn.out_proj.weight"},
                                           {"out_bias", "self_attn.out_proj.bias"},
                                           {"norm2_gain", "layer_norm2.weight"},
                                           {"norm2_bias", "layer_norm2.bias"},
                                           {"up_weight", "mlp.fc1.weight"},
                                           {"up_bias", "mlp.fc1.bias"},
                                           {"down_weight", "mlp.fc2.weight"},
                                           {"down_bias", "mlp.fc2.bias"}};

static const char *look_up(const name_pattern *table, size_t n, const char *parameter) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(table[i].parameter, parameter) == 0)
      return table[i].tensor;
  return NULL;
}

bool gaze_clip_tensor_name(const char *parameter, char *name, size_t size) {
  const char *whole = look_up(whole_names, sizeof whole_names / sizeof *whole_names, parameter);
  if (whole)
    return snprintf(name, size, "%s", whole) < (int)size;
  const char *dot = strchr(parameter, '.'), *block = dot ? strstr(dot, ".block") : NULL;
  if (!block)
    return false;
  char *end;
  unsigned long layer = strtoul(block + strlen(".block"), &end, 10);
  const char *tensor = *end == '.' ? look_up(block_names, sizeof block_names / sizeof *block_names, end + 1) : NULL;
  return tensor && snprintf(name, size, "%.*s_model.encoder.layers.%lu.%s", (int)(dot - parameter), parameter, layer,
                            tensor) < (int)size;
}
