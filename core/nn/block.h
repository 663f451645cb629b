/* The transformer block, forward and backward: x += attention(norm1(x)); x += mlp(norm2(x)). One block serves the
 * image encoder, the text encoder and the language decoder (Vaswani et al. 2017; Radford et al. 2021; Touvron et al.
 * 2023). With post_norm, of BERT and what came of it, forward alone: x = norm1(x + attention(x)); x = norm2(x +
 * mlp(x)) (Devlin et al. 2019). */
#ifndef GAZE_CORE_NN_BLOCK_H
#define GAZE_CORE_NN_BLOCK_H

#include "core/nn/attention.h"
#include "core/nn/kept.h"
#include "core/nn/norm.h"
#include "core/nn/parameters.h"

typedef struct gaze_block_config {
  size_t dim, mlp_dim; /* C, F */
  gaze_attention attention;
  gaze_norm_kind norm;
  gaze_activation activation;
  bool gated;      /* mlp is down(activation(gate(x)) * up(x)) */
  bool biased;     /* linear layers have biases */
  bool qkv_biased; /* those of q, k and v have, whatever the others have */
  bool qk_normed;  /* every head of q and k goes through an RMSNorm (Qwen3). Cached blocks alone */
  bool post_norm;
  float eps;
} gaze_block_config;

/* Every parameter of a block: VECTOR(name, present, size), MATRIX(name, present, rows, columns). `c` is the config. */
#define GAZE_BLOCK_NORM1(VECTOR)   \
  VECTOR(norm1_gain, true, c->dim) \
  VECTOR(norm1_bias, c->norm == GAZE_LAYER_NORM, c->dim)
#define GAZE_BLOCK_PRODUCTS(VECTOR, MATRIX)                                                 \
  MATRIX(q_weight, true, c->attention.heads * c->attention.head_dim, c->dim)                \
  MATRIX(k_weight, true, c->attention.kv_heads * c->attention.head_dim, c->dim)             \
  MATRIX(v_weight, true, c->attention.kv_heads * c->attention.head_dim, c->dim)             \
  VECTOR(q_bias, c->biased || c->qkv_biased, c->attention.heads * c->attention.head_dim)    \
  VECTOR(k_bias, c->biased || c->qkv_biased, c->attention.kv_heads * c->attention.head_dim) \
  VECTOR(v_bias, c->biased || c->qkv_biased, c->attention.kv_heads * c->attention.head_dim) \
  VECTOR(q_norm_gain, c->qk_normed, c->attention.head_dim)                                  \
  VECTOR(k_norm_gain, c->qk_normed, c->attention.head_dim)                                  \
  MATRIX(out_weight, true, c->dim, c->attention.heads * c->attention.head_dim)              \
  VECTOR(out_bias, c->biased, c->dim)                                                       \
  VECTOR(norm2_gain, true, c->dim)                                                          \
  VECTOR(norm2_bias, c->norm == GAZE_LAYER_NORM, c->dim)                                    \
  MATRIX(gate_weight, c->gated, c->mlp_dim, c->dim)                                         \
  MATRIX(up_weight, true, c->mlp_dim, c->dim)                                               \
  VECTOR(up_bias, c->biased, c->mlp_dim)                                                    \
  MATRIX(down_weight, true, c->dim, c->mlp_dim)                                             \
  VECTOR(down_bias, c->biased, c->dim)
#define GAZE_BLOCK_PARAMETERS(VECTOR, MATRIX) GAZE_BLOCK_NORM1(VECTOR) GAZE_BLOCK_PRODUCTS(VECTOR, MATRIX)

#define GAZE_VECTOR_WEIGHT(name, present, size) gaze_weight name;
#define GAZE_MATRIX_WEIGHT(name, present, rows, columns) gaze_weight name;
#define GAZE_VECTOR_GRADIENT(name, present, size) float *name;
#define GAZE_MATRIX_GRADIENT(name, present, rows, columns) float *name;

typedef struct gaze_block {
  GAZE_BLOCK_PARAMETERS(GAZE_VECTOR_WEIGHT, GAZE_MATRIX_WEIGHT)
} gaze_block;

typedef struct gaze_block_gradient {
  GAZE_BLOCK_PARAMETERS(GAZE_VECTOR_GRADIENT, GAZE_MATRIX_GRADIENT)
} gaze_block_gradient;

/* gradient NULL: the block is only run. prefix: "vision.block03." */
GAZE_CHECKED gaze_err gaze_block_list(const gaze_block_config *c, gaze_block *block, gaze_block_gradient *gradient,
                                      const char *prefix, gaze_parameters *list);

/* What forward leaves for backward. N rows go in; M come out: N, or B when only the asked rows are wanted. */
typedef struct gaze_block_tape {
  float *statistics1; /* [2 N] */
  gaze_kept qkv;      /* [N, (H + 2 G) D], rotated */
  gaze_kept attended; /* [M, H D] */
  float *middle;      /* [M, C]: x after attention */
  float *statistics2; /* [2 M] */
  gaze_kept gate, up; /* [M, F]; gate only where gated */
} gaze_block_tape;

/* Step memory that no block needs once it is done, shared by all of a stack. What is wide, F or (H + 2 G) D, is worked
 * on in pieces of P rows, which stay in the caches. */
typedef struct gaze_block_scratch {
  bool run_only;          /* no backward follows */
  size_t piece;           /* P */
  float *normed;          /* [N, C], or dattended [N, H D] */
  float *activated;       /* [P, the widest of F, C, H D] */
  float *qkv, *gate, *up; /* [P, ...], where they are kept in bf16 */
  float *attention;
  float *dqkv, *dup, *dgate, *norm; /* backward only; dup and dgate: [P, F] */
} gaze_block_scratch;

/* bf16: what only products and activations read is kept in bf16. */
void gaze_block_tape_layout(gaze_block_tape *tape, const gaze_block_config *c, size_t rows, bool bf16,
                            gaze_arena *arena);
void gaze_block_scratch_layout(gaze_block_scratch *scratch, const gaze_block_config *c, size_t rows, size_t longest,
                               bool backward, bool bf16, gaze_arena *arena);

/* y: [M, C]; x: [N, C]; y may not be x. queries as in attention.h: NULL, or the one row of each sequence that is
 * wanted. name ("vision.block03") prefixes taps. */
void gaze_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                        const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                        gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name);
/* dx: [N, C], overwritten; dy: [M, C], destroyed. dx may be dy when queries is NULL. Adds into gradient; its NULL
 * members are frozen. */
void gaze_block_backward(const gaze_compute *compute, float *dx, gaze_block_gradient *gradient, float *dy,
                         const float *x, const gaze_block *block, const gaze_block_config *c,
                         const gaze_sequences *sequences, const size_t *queries, const gaze_block_tape *tape,
                         gaze_block_scratch *scratch);

#endif
