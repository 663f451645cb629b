/* A language decoder: token embeddings, blocks that see what came before, a norm, logits over the vocabulary (Radford
 * et al. 2018; Touvron et al. 2023). LLaMA, Mistral, Qwen, Phi-3 and what shares their shape differ by a few fields. */
#ifndef GAZE_TEXT_DECODER_H
#define GAZE_TEXT_DECODER_H

#include "core/base/json.h"
#include "core/nn/cached_block.h"
#include "core/nn/load.h"
#include "core/nn/stack.h"
#include "core/tensor/gguf_write.h"

typedef struct gaze_decoder_config {
  char family[24];            /* model_type: "llama", "qwen2", ... */
  size_t vocabulary, context; /* V, most tokens of a sequence */
  gaze_block_config block;    /* RMSNorm, gated, causal */
  size_t layers;              /* L */
  bool tied;                  /* logits come from the token embeddings */
  bool fused_gguf;            /* of GGUF: q, k and v in one tensor, gate and up in another (Phi-3) */
} gaze_decoder_config;

typedef struct gaze_decoder {
  gaze_decoder_config config;
  gaze_weight token_embedding; /* [V, C], any dtype */
  gaze_stack stack;
  gaze_weight final_norm_gain;                               /* [C] */
  gaze_weight head_weight;                                   /* [V, C]; the embeddings where tied */
  float *dtoken_embedding, *dfinal_norm_gain, *dhead_weight; /* NULL when it is only run, or where it does not learn */
} gaze_decoder;

/* Whether a model_type is a decoder's. */
bool gaze_decoder_is_family(const char *type);
/* config.json, or the text_config in it. What is not implemented is GAZE_ERR_UNSUPPORTED by name. */
GAZE_CHECKED gaze_err gaze_decoder_config_read(const json_t *json, gaze_decoder_config *out);
/* config.json as transformers reads it: of llama, of qwen2 where q, k and v have biases, of mistral with a window. end:
 * the id behind a text, start: in front of it, -1 where there is none. GAZE_ERR_UNSUPPORTED for norms of heads. */
GAZE_CHECKED gaze_err gaze_decoder_config_write(const gaze_decoder_config *config, int32_t start, int32_t end,
                                                gaze_dtype dtype, const char *path);
/* The same from a GGUF's metadata. */
GAZE_CHECKED gaze_err gaze_decoder_config_read_gguf(const gaze_gguf *file, gaze_decoder_config *out);
/* Puts what that reads. *stored: the configuration as the file will have it, which says how its tensors must lie; what
 * GGUF cannot say is GAZE_ERR_UNSUPPORTED. */
GAZE_CHECKED gaze_err gaze_decoder_config_write_gguf(const gaze_decoder_config *config, gaze_gguf_metadata *metadata,
                                                     gaze_decoder_config *stored);
/* Sizes that the decoder can work with. */
GAZE_CHECKED gaze_err gaze_decoder_config_check(const gaze_decoder_config *config);

GAZE_CHECKED gaze_err gaze_decoder_init(gaze_decoder *decoder, const gaze_decoder_config *config, bool trained);
void gaze_decoder_fini(gaze_decoder *decoder);
/* "text.token_embedding", "text.block03.q_weight", ... */
GAZE_CHECKED gaze_err gaze_decoder_list(gaze_decoder *decoder, gaze_parameters *list);
/* After the parameters have their weights, and what learns its gradients. */
void gaze_decoder_tie(gaze_decoder *decoder);
/* Where the parameters lie: in transformers' folders, those of families with names of their own, and GGUF. */
extern const gaze_name_table gaze_decoder_names;
/* Inside of LLaVA's folders, as those are written. */
extern const gaze_name_table gaze_decoder_inner_names;
/* GGUF with fused_gguf. */
extern const gaze_name_table gaze_decoder_fused_names;
/* Whether the files have a head of its own beside the embeddings. */
bool gaze_decoder_has_head(const gaze_weights *weights);
/* Tensors that decoders' files carry and nobody needs: a head beside embeddings that are tied to it among them. */
bool gaze_decoder_is_leftover(const gaze_decoder_config *config, const char *name);

typedef struct gaze_decoder_tape {
  float *x[2];   /* [N, C]; x[0] is filled by the caller */
  size_t *lasts; /* [B] */
  gaze_block_tape block;
  gaze_block_scratch scratch;
  float *attention;
  float *normed; /* [N, C] */
  float *statistics;
} gaze_decoder_tape;

/* For at most `batch` sequences of `rows` new rows together, over caches of at most `capacity` rows. */
void gaze_decoder_tape_layout(gaze_decoder_tape *tape, const gaze_decoder *decoder, size_t batch, size_t rows,
                              size_t capacity, gaze_arena *arena);
/* rows [n, C] of ids, every one below V; where one is below 0 its row stays as it is. */
void gaze_decoder_embed(const gaze_compute *compute, const gaze_decoder *decoder, float *rows, const int32_t *ids,
                        size_t n);
/* Reads tape->x[0], rows that go behind those of the batch's caches, whose `used` grows by them; there must be room.
 * logits: of each sequence's last row [B, V], of all rows [N, V] with `all`; NULL: not wanted. */
void gaze_decoder_forward(const gaze_compute *compute, float *logits, const gaze_decoder *decoder,
                          const gaze_cached_batch *batch, bool all, gaze_decoder_tape *tape);

#endif
