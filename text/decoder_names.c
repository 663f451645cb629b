#include "text/decoder.h"

/* What all of transformers' decoders spell alike, below a prefix that differs where a decoder is a part of another
 * model. */
#define TRANSFORMERS(prefix)                                                                      \
  {"text.token_embedding", prefix "embed_tokens.weight", 0, 0, false},                            \
      {"text.final_norm_gain", prefix "norm.weight", 0, 0, false},                                \
      {"text.block*.norm1_gain", prefix "layers.*.input_layernorm.weight", 0, 0, false},          \
      {"text.block*.q_weight", prefix "layers.*.self_attn.q_proj.weight", 0, 0, false},           \
      {"text.block*.k_weight", prefix "layers.*.self_attn.k_proj.weight", 0, 0, false},           \
      {"text.block*.v_weight", prefix "layers.*.self_attn.v_proj.weight", 0, 0, false},           \
      {"text.block*.q_weight", prefix "layers.*.self_attn.qkv_proj.weight", 0, 3, false},         \
      {"text.block*.k_weight", prefix "layers.*.self_attn.qkv_proj.weight", 1, 3, false},         \
      {"text.block*.v_weight", prefix "layers.*.self_attn.qkv_proj.weight", 2, 3, false},         \
      {"text.block*.q_bias", prefix "layers.*.self_attn.q_proj.bias", 0, 0, false},               \
      {"text.block*.k_bias", prefix "layers.*.self_attn.k_proj.bias", 0, 0, false},               \
      {"text.block*.v_bias", prefix "layers.*.self_attn.v_proj.bias", 0, 0, false},               \
      {"text.block*.q_norm_gain", prefix "layers.*.self_attn.q_norm.weight", 0, 0, false},        \
      {"text.block*.k_norm_gain", prefix "layers.*.self_attn.k_norm.weight", 0, 0, false},        \
      {"text.block*.out_weight", prefix "layers.*.self_attn.o_proj.weight", 0, 0, false},         \
      {"text.block*.norm2_gain", prefix "layers.*.post_attention_layernorm.weight", 0, 0, false}, \
      {"text.block*.gate_weight", prefix "layers.*.mlp.gate_proj.weight", 0, 0, false},           \
      {"text.block*.up_weight", prefix "layers.*.mlp.up_proj.weight", 0, 0, false},               \
      {"text.block*.gate_weight", prefix "layers.*.mlp.gate_up_proj.weight", 0, 2, false},        \
      {"text.block*.up_weight", prefix "layers.*.mlp.gate_up_proj.weight", 1, 2, false},          \
      {"text.block*.down_weight", prefix "layers.*.mlp.down_proj.weight", 0, 0, false},

/* What GGUF's blocks have in common. */
#define GGUF_BLOCKS                                                         \
  {"text.block*.norm1_gain", "blk.*.attn_norm.weight", 0, 0, false},        \
      {"text.block*.q_norm_gain", "blk.*.attn_q_norm.weight", 0, 0, false}, \
      {"text.block*.k_norm_gain", "blk.*.attn_k_norm.weight", 0, 0, false}, \
      {"text.block*.out_weight", "blk.*.attn_output.weight", 0, 0, false},  \
      {"text.block*.norm2_gain", "blk.*.ffn_norm.weight", 0, 0, false},     \
      {"text.block*.down_weight", "blk.*.ffn_down.weight", 0, 0, false},    \
      {"text.token_embedding", "token_embd.weight", 0, 0, false},           \
      {"text.final_norm_gain", "output_norm.weight", 0, 0, false}, {"text.head_weight", "output.weight", 0, 0, false},

static const gaze_name_pattern patterns[] = {
    TRANSFORMERS("model.") /* */
    {"text.head_weight", "lm_head.weight", 0, 0, false},
    /* inside of LLaVA's, by age */
    TRANSFORMERS("language_model.model.") /* */
    {"text.head_weight", "language_model.lm_head.weight", 0, 0, false},
    TRANSFORMERS("model.language_model.") /* */
    TRANSFORMERS("model.text_model.")
    /* EXAONE 3 */
    {"text.token_embedding", "transformer.wte.weight", 0, 0, false},
    {"text.final_norm_gain", "transformer.ln_f.weight", 0, 0, false},
    {"text.block*.norm1_gain", "transformer.h.*.ln_1.weight", 0, 0, false},
    {"text.block*.q_weight", "transformer.h.*.attn.attention.q_proj.weight", 0, 0, false},
    {"text.block*.k_weight", "transformer.h.*.attn.attention.k_proj.weight", 0, 0, false},
    {"text.block*.v_weight", "transformer.h.*.attn.attention.v_proj.weight", 0, 0, false},
    {"text.block*.out_weight", "transformer.h.*.attn.attention.out_proj.weight", 0, 0, false},
    {"text.block*.norm2_gain", "transformer.h.*.ln_2.weight", 0, 0, false},
    {"text.block*.gate_weight", "transformer.h.*.mlp.c_fc_0.weight", 0, 0, false},
    {"text.block*.up_weight", "transformer.h.*.mlp.c_fc_1.weight", 0, 0, false},
    {"text.block*.down_weight", "transformer.h.*.mlp.c_proj.weight", 0, 0, false},
    /* GGUF */
    GGUF_BLOCKS /* */
    {"text.block*.q_weight", "blk.*.attn_q.weight", 0, 0, false},
    {"text.block*.k_weight", "blk.*.attn_k.weight", 0, 0, false},
    {"text.block*.v_weight", "blk.*.attn_v.weight", 0, 0, false},
    {"text.block*.q_bias", "blk.*.attn_q.bias", 0, 0, false},
    {"text.block*.k_bias", "blk.*.attn_k.bias", 0, 0, false},
    {"text.block*.v_bias", "blk.*.attn_v.bias", 0, 0, false},
    {"text.block*.gate_weight", "blk.*.ffn_gate.weight", 0, 0, false},
    {"text.block*.up_weight", "blk.*.ffn_up.weight", 0, 0, false}};

static const gaze_name_pattern inner[] = {TRANSFORMERS("language_model.model.") /* */
                                          {"text.head_weight", "language_model.lm_head.weight", 0, 0, false}};

/* Phi-3's: gate and up lie in what is called up alone. */
static const gaze_name_pattern fused[] = {GGUF_BLOCKS /* */
                                          {"text.block*.q_weight", "blk.*.attn_qkv.weight", 0, 3, false},
                                          {"text.block*.k_weight", "blk.*.attn_qkv.weight", 1, 3, false},
                                          {"text.block*.v_weight", "blk.*.attn_qkv.weight", 2, 3, false},
                                          {"text.block*.gate_weight", "blk.*.ffn_up.weight", 0, 2, false},
                                          {"text.block*.up_weight", "blk.*.ffn_up.weight", 1, 2, false}};

const gaze_name_table gaze_decoder_names = {patterns, sizeof patterns / sizeof *patterns};
const gaze_name_table gaze_decoder_inner_names = {inner, sizeof inner / sizeof *inner};
const gaze_name_table gaze_decoder_fused_names = {fused, sizeof fused / sizeof *fused};

bool gaze_decoder_is_leftover(const gaze_decoder_config *config, const char *name) {
  static const char *const ends[] = {
      "rotary_emb.inv_freq",       "rotary_pos_emb.inv_freq",  ".attn.attention.rotary.inv_freq", "rope_freqs.weight",
      "rope_factors_short.weight", "rope_factors_long.weight", ".attention.masked_bias",          ".attention.bias"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (gaze_ends_with(name, ends[i]))
      return true;
  return config->tied && gaze_ends_with(name, "lm_head.weight");
}

bool gaze_decoder_has_head(const gaze_weights *weights) {
  gaze_tensor_place place;
  for (size_t turn = 0; gaze_tensor_place_next(&gaze_decoder_names, "text.head_weight", &turn, &place);)
    if (gaze_weights_find(weights, place.name))
      return true;
  return false;
}
