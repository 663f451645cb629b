/* Every gradient of the network against central differences in double: the block in its variants, both towers, the
 * losses, and a whole step. */
#include "fusion/contrastive.h"
#include "fusion/projector.h"
#include "fusion/teacher.h"
#include "tests/grad/grad.h"
#include "text/text_encoder.h"
#include "vision/vit_tail.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOLERANCE 1e-7
#define MOST 40 /* entries checked of each tensor */

static gaze_kernels kernels;

/* A model under test: its parameters in one arena, and a loss, the inner product of its output with fixed numbers. */
typedef struct subject {
  gaze_compute compute;
  gaze_parameters list;
  float *values, *gradients;
  gaze_arena arena;
  void (*forward)(struct subject *subject);
  float *output, *weights; /* [n_output] */
  size_t n_output;
  void *model;
} subject;

static double weighted_output(void *user) {
  subject *s = user;
  s->forward(s);
  double sum = 0;
  for (size_t i = 0; i < s->n_output; i++)
    sum += (double)s->output[i] * (double)s->weights[i];
  return sum;
}

static void subject_bind(subject *s, uint64_t seed) {
  size_t size = gaze_parameters_size(&s->list);
  assert_int_equal(gaze_alloc(size, sizeof(float), &s->values), GAZE_OK);
  assert_int_equal(gaze_alloc(size, sizeof(float), &s->gradients), GAZE_OK);
  gaze_parameters_bind(&s->list, s->values, s->gradients);
  grad_fill(s->values, size, 0.3, seed);
}

static void subject_outputs(subject *s, size_t n) {
  s->n_output = n;
  assert_int_equal(gaze_alloc(n, sizeof(float), &s->output), GAZE_OK);
  assert_int_equal(gaze_alloc(n, sizeof(float), &s->weights), GAZE_OK);
  grad_fill(s->weights, n, 1, 77);
}

static void subject_fini(subject *s) {
  gaze_parameters_fini(&s->list);
  gaze_arena_fini(&s->arena);
  free(s->values);
  free(s->gradients);
  free(s->output);
  free(s->weights);
}

static void check_parameters(subject *s, double (*loss)(void *)) {
  for (size_t i = 0; i < s->list.n; i++) {
    const gaze_parameter *p = &s->list.items[i];
    size_t offset = (size_t)(gaze_f32(*p->weight) - s->values);
    double worst = grad_worst(s->values + offset, s->gradients + offset, gaze_parameter_count(p), MOST, loss, s);
    if (worst > TOLERANCE)
      print_error("%s: worst relative error %g\n", p->name, worst);
    assert_true(worst <= TOLERANCE);
  }
}

typedef struct block_case {
  const char *name;
  size_t dim, mlp_dim, heads;
  gaze_activation activation; /* encoders */
  bool causal;
  size_t kv_heads, head_dim; /* decoders */
  float rope_theta;
  bool biased;
  bool pooled, recompute; /* how it is run */
} block_case;

static const block_case encoders[] = {
    {"clip image", .dim = 12, .mlp_dim = 48, .heads = 3, .activation = GAZE_QUICK_GELU},
    {"clip text", .dim = 12, .mlp_dim = 20, .heads = 3, .activation = GAZE_GELU, .causal = true},
    {"pooled", .dim = 16, .mlp_dim = 32, .heads = 2, .activation = GAZE_GELU_TANH, .causal = true, .pooled = true},
    {"recomputed", 16, 64, 2, .activation = GAZE_QUICK_GELU, .pooled = true, .recompute = true},
};
static const block_case decoders[] = {
    {"decoder", .dim = 12, .mlp_dim = 28, .heads = 4, .kv_heads = 2, .head_dim = 6, .rope_theta = 100},
    {"decoder, qkv bias", 16, 24, 4, .kv_heads = 1, .head_dim = 4, .rope_theta = 50, .biased = true, .recompute = true},
};

static gaze_block_config encoder(const block_case *c) {
  return (gaze_block_config){
      .dim = c->dim,
      .mlp_dim = c->mlp_dim,
      .attention = {.heads = c->heads, .kv_heads = c->heads, .head_dim = c->dim / c->heads, .causal = c->causal},
      .norm = GAZE_LAYER_NORM,
      .activation = c->activation,
      .biased = true,
      .eps = 1e-5f};
}

static gaze_block_config decoder(const block_case *c) {
  return (gaze_block_config){.dim = c->dim,
                             .mlp_dim = c->mlp_dim,
                             .attention = {.heads = c->heads,
                                           .kv_heads = c->kv_heads,
                                           .head_dim = c->head_dim,
                                           .causal = true,
                                           .rope_theta = c->rope_theta},
                             .norm = GAZE_RMS_NORM,
                             .activation = GAZE_SILU,
                             .gated = true,
                             .biased = c->biased,
                             .eps = 1e-6f};
}

static const size_t offsets[] = {0, 3, 4, 9}, queries[] = {1, 0, 4};
static const gaze_sequences sequences = {.count = 3, .offsets = offsets, .longest = 5};

typedef struct stack_model {
  gaze_stack stack;
  gaze_stack_tape tape;
  float *x, *dx; /* [9, C] */
  const size_t *queries;
} stack_model;

static void stack_forward(subject *s) {
  stack_model *m = s->model;
  memcpy(m->tape.inputs[0], m->x, 9 * m->stack.config.dim * sizeof(float));
  const float *y = gaze_stack_forward(&s->compute, &m->stack, &sequences, m->queries, &m->tape, "stack");
  memcpy(s->output, y, s->n_output * sizeof(float));
}

static void check_stack(const block_case *c, const gaze_block_config *config) {
  stack_model m = {.queries = c->pooled ? queries : NULL};
  subject s = {.compute = {.kernels = &kernels}, .forward = stack_forward, .model = &m};
  print_message("%s\n", c->name);
  size_t C = config->dim, outputs = (c->pooled ? 3 : 9) * C;
  assert_int_equal(gaze_stack_init(&m.stack, config, 2, true), GAZE_OK);
  assert_int_equal(gaze_stack_list(&m.stack, "stack", &s.list), GAZE_OK);
  subject_bind(&s, 5);
  subject_outputs(&s, outputs);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 22), GAZE_OK);
  gaze_stack_tape_layout(&m.tape, &m.stack, 9, 5, c->recompute ? GAZE_TAPE_RECOMPUTE : GAZE_TAPE_KEEP, &s.arena);
  m.x = gaze_arena_take(&s.arena, 9 * C, sizeof(float));
  m.dx = gaze_arena_take(&s.arena, 9 * C, sizeof(float));
  float *dy = gaze_arena_take(&s.arena, outputs, sizeof(float));
  grad_fill(m.x, 9 * C, 1, 6);
  stack_forward(&s);
  memcpy(dy, s.weights, outputs * sizeof(float));
  gaze_stack_backward(&s.compute, m.dx, dy, &m.stack, &sequences, m.queries, &m.tape, "stack");
  check_parameters(&s, weighted_output);
  double worst = grad_worst(m.x, m.dx, 9 * C, 9 * C, weighted_output, &s);
  if (worst > TOLERANCE)
    print_error("%s, input: worst relative error %g\n", c->name, worst);
  assert_true(worst <= TOLERANCE);
  gaze_stack_fini(&m.stack);
  subject_fini(&s);
}

static void blocks(void **state) {
  for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++) {
    gaze_block_config config = encoder(&encoders[i]);
    check_stack(&encoders[i], &config);
  }
  for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
    gaze_block_config config = decoder(&decoders[i]);
    check_stack(&decoders[i], &config);
  }
}

typedef struct vit_model {
  gaze_vit vit;
  gaze_vit_tape tape;
  float *pixels;
  const uint16_t *kept;
  size_t kept_count;
} vit_model;

static void vit_forward(subject *s) {
  vit_model *m = s->model;
  gaze_vit_forward(&s->compute, s->output, m->pixels, 2, m->kept, m->kept_count, &m->vit, &m->tape);
}

static void check_vit(const uint16_t *kept, size_t kept_count) {
  vit_model m = {.kept = kept, .kept_count = kept_count};
  subject s = {.compute = {.kernels = &kernels}, .forward = vit_forward, .model = &m};
  gaze_vit_config config = {.image_size = 8,
                            .patch_size = 4,
                            .block = {.dim = 12,
                                      .mlp_dim = 24,
                                      .attention = {.heads = 3, .kv_heads = 3, .head_dim = 4},
                                      .norm = GAZE_LAYER_NORM,
                                      .activation = GAZE_QUICK_GELU,
                                      .biased = true,
                                      .eps = 1e-5f},
                            .layers = 2,
                            .dim_out = 5};
  assert_int_equal(gaze_vit_init(&m.vit, &config, true), GAZE_OK);
  assert_int_equal(gaze_vit_list(&m.vit, &s.list), GAZE_OK);
  subject_bind(&s, 8);
  subject_outputs(&s, 2 * 5);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 22), GAZE_OK);
  gaze_vit_tape_layout(&m.tape, &m.vit, 2, kept_count, GAZE_TAPE_KEEP, &s.arena);
  m.pixels = gaze_arena_take(&s.arena, 2 * 3 * 64, sizeof(float));
  grad_fill(m.pixels, 2 * 3 * 64, 1, 9);
  vit_forward(&s);
  gaze_vit_backward(&s.compute, s.weights, NULL, 2, &m.vit, &m.tape);
  check_parameters(&s, weighted_output);
  gaze_vit_fini(&m.vit);
  subject_fini(&s);
}

static void image_encoder(void **state) {
  static const uint16_t kept[] = {2, 0, 3, 1, 0, 2};
  check_vit(NULL, 4);
  check_vit(kept, 3);
}

/* Features of two pictures by the whole encoder. */
static void features_forward(subject *s) {
  vit_model *m = s->model;
  gaze_vit_features(&s->compute, s->output, m->pixels, 2, &m->vit, &m->tape);
}

/* An encoder in two parts: the features are those of the whole, and so are the gradients of what learns. */
static void check_tail(gaze_vit_kind kind, bool drops, size_t learning, gaze_tape_policy policy) {
  vit_model m = {0};
  subject s = {.compute = {.kernels = &kernels}, .forward = features_forward, .model = &m};
  gaze_vit_config config = {.image_size = 8,
                            .patch_size = 4,
                            .block = {.dim = 12,
                                      .mlp_dim = 24,
                                      .attention = {.heads = 3, .kv_heads = 3, .head_dim = 4},
                                      .norm = GAZE_LAYER_NORM,
                                      .activation = GAZE_QUICK_GELU,
                                      .biased = true,
                                      .eps = 1e-5f},
                            .layers = 3,
                            .dim_out = 12,
                            .kind = kind,
                            .output = GAZE_VIT_ROWS,
                            .drops_class_token = drops};
  gaze_vit_tape front_tape;
  gaze_vit_tail_tape tail;
  size_t n = 2 * gaze_vit_feature_rows(&config) * 12;
  assert_int_equal(gaze_vit_init(&m.vit, &config, true), GAZE_OK);
  m.vit.stack.frozen = 3 - learning;
  assert_int_equal(gaze_vit_list(&m.vit, &s.list), GAZE_OK);
  subject_bind(&s, 31);
  subject_outputs(&s, n);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 22), GAZE_OK);
  m.pixels = gaze_arena_take(&s.arena, 2 * 3 * 64, sizeof(float));
  grad_fill(m.pixels, 2 * 3 * 64, 1, 9);
  gaze_vit front = gaze_vit_front(&m.vit);
  gaze_vit_tape_layout(&front_tape, &front, 2, 4, GAZE_TAPE_NONE, &s.arena);
  gaze_vit_tape_layout(&m.tape, &m.vit, 2, 4, GAZE_TAPE_NONE, &s.arena);
  gaze_vit_tail_layout(&tail, &m.vit, 2, policy, &s.arena);
  float *features = gaze_arena_take(&s.arena, n, sizeof(float));
  gaze_vit_features(&s.compute, gaze_vit_tail_rows(&tail), m.pixels, 2, &front, &front_tape);
  gaze_vit_tail_forward(&s.compute, features, 2, &m.vit, &tail);
  features_forward(&s);
  for (size_t i = 0; i < n; i++)
    assert_true(fabs((double)(features[i] - s.output[i])) <= 1e-12);
  gaze_vit_tail_backward(&s.compute, s.weights, 2, &m.vit, &tail);
  gaze_parameters all = s.list;
  size_t a_block = (all.n - (kind == GAZE_VIT_CLIP ? 5 : 3)) / 3, first = all.n - learning * a_block;
  s.list = (gaze_parameters){.items = all.items + first, .n = all.n - first};
  assert_memory_equal(s.list.items[0].name, "vision.block", 12);
  check_parameters(&s, weighted_output);
  for (const float *g = s.gradients; g < s.gradients + (gaze_f32(*s.list.items[0].weight) - s.values); g++)
    assert_true(*g == 0);
  s.list = all;
  gaze_vit_fini(&m.vit);
  subject_fini(&s);
}

static void the_end_of_an_image_encoder(void **state) {
  check_tail(GAZE_VIT_CLIP, true, 1, GAZE_TAPE_KEEP);
  check_tail(GAZE_VIT_CLIP, true, 2, GAZE_TAPE_RECOMPUTE);
  check_tail(GAZE_VIT_CLIP, false, 3, GAZE_TAPE_KEEP);
  check_tail(GAZE_VIT_SIGLIP, false, 2, GAZE_TAPE_KEEP);
}

typedef struct projector_model {
  gaze_projector projector;
  gaze_projector_tape tape;
  float *x, *dx; /* [n, C], two pictures of 4 x 4 patches */
} projector_model;

enum { PROJECTED = 2 * 16 };

static void projector_forward(subject *s) {
  projector_model *m = s->model;
  gaze_projector_forward(&s->compute, s->output, m->x, &m->projector, PROJECTED, &m->tape);
}

static void check_projector(const gaze_projector_config *config) {
  projector_model m = {.projector.config = *config};
  subject s = {.compute = {.kernels = &kernels}, .forward = projector_forward, .model = &m};
  size_t n = PROJECTED * config->C;
  assert_int_equal(gaze_projector_list(&m.projector, true, &s.list), GAZE_OK);
  subject_bind(&s, 11);
  subject_outputs(&s, gaze_projector_rows(config, PROJECTED) * config->D);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 20), GAZE_OK);
  gaze_projector_tape_layout(&m.tape, &m.projector, PROJECTED, true, &s.arena);
  m.x = gaze_arena_take(&s.arena, n, sizeof(float));
  m.dx = gaze_arena_take(&s.arena, n, sizeof(float));
  grad_fill(m.x, n, 1, 12);
  projector_forward(&s);
  gaze_projector_backward(&s.compute, m.dx, s.weights, m.x, &m.projector, PROJECTED, &m.tape);
  check_parameters(&s, weighted_output);
  assert_true(grad_worst(m.x, m.dx, n, MOST, weighted_output, &s) <= TOLERANCE);
  subject_fini(&s);
}

static void projectors(void **state) {
  check_projector(&(gaze_projector_config){.kind = GAZE_PROJECTOR_LINEAR, .C = 5, .D = 7, .biased = true});
  check_projector(&(gaze_projector_config){
      .kind = GAZE_PROJECTOR_MLP, .C = 5, .hidden = 6, .D = 7, .activation = GAZE_GELU, .biased = true});
  check_projector(&(gaze_projector_config){.kind = GAZE_PROJECTOR_SHUFFLE, .C = 5, .D = 7, .side = 4, .scale = 2});
}

static const int32_t ids[] = {9, 1, 10, 9, 10, 9, 4, 4, 10};
static const size_t text_offsets[] = {0, 3, 5, 9};

typedef struct text_model {
  gaze_text_encoder text;
  gaze_text_tape tape;
} text_model;

static void text_forward(subject *s) {
  text_model *m = s->model;
  gaze_text_forward(&s->compute, s->output, ids, text_offsets, 3, &m->text, &m->tape);
}

static void text_encoder(void **state) {
  text_model m;
  subject s = {.compute = {.kernels = &kernels}, .forward = text_forward, .model = &m};
  gaze_text_config config = {.vocabulary = 11,
                             .context = 6,
                             .block = {.dim = 12,
                                       .mlp_dim = 24,
                                       .attention = {.heads = 2, .kv_heads = 2, .head_dim = 6, .causal = true},
                                       .norm = GAZE_LAYER_NORM,
                                       .activation = GAZE_GELU,
                                       .biased = true,
                                       .eps = 1e-5f},
                             .layers = 2,
                             .dim_out = 5};
  assert_int_equal(gaze_text_encoder_init(&m.text, &config, true), GAZE_OK);
  assert_int_equal(gaze_text_encoder_list(&m.text, &s.list), GAZE_OK);
  subject_bind(&s, 10);
  subject_outputs(&s, 3 * 5);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 22), GAZE_OK);
  gaze_text_tape_layout(&m.tape, &m.text, 3, 9, GAZE_TAPE_KEEP, &s.arena);
  text_forward(&s);
  gaze_text_backward(&s.compute, s.weights, NULL, 3, &m.text, &m.tape);
  check_parameters(&s, weighted_output);
  gaze_text_encoder_fini(&m.text);
  subject_fini(&s);
}

/* The embedding, and behind it the pooled rows that a teacher looks at. */
static void text_forward_both(subject *s) {
  text_forward(s);
  memcpy(s->output + 3 * 5, ((text_model *)s->model)->tape.head.normed, 3 * 12 * sizeof(float));
}

static void taught_text_encoder(void **state) {
  text_model m;
  subject s = {.compute = {.kernels = &kernels}, .forward = text_forward_both, .model = &m};
  gaze_text_config config = {.vocabulary = 11,
                             .context = 6,
                             .block = {.dim = 12,
                                       .mlp_dim = 24,
                                       .attention = {.heads = 2, .kv_heads = 2, .head_dim = 6, .causal = true},
                                       .norm = GAZE_LAYER_NORM,
                                       .activation = GAZE_GELU,
                                       .biased = true,
                                       .eps = 1e-5f},
                             .layers = 2,
                             .dim_out = 5};
  assert_int_equal(gaze_text_encoder_init(&m.text, &config, true), GAZE_OK);
  assert_int_equal(gaze_text_encoder_list(&m.text, &s.list), GAZE_OK);
  subject_bind(&s, 12);
  subject_outputs(&s, 3 * 5 + 3 * 12);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 22), GAZE_OK);
  gaze_text_tape_layout(&m.tape, &m.text, 3, 9, GAZE_TAPE_KEEP, &s.arena);
  text_forward_both(&s);
  gaze_text_backward(&s.compute, s.weights, s.weights + 3 * 5, 3, &m.text, &m.tape);
  check_parameters(&s, weighted_output);
  gaze_text_encoder_fini(&m.text);
  subject_fini(&s);
}

/* Both contrastive losses through the unit sphere, with two samples of one class. */
typedef void contrastive_loss(const gaze_compute *, float *, float *, gaze_contrastive *, const float *, const float *,
                              const int32_t *, size_t, size_t, float *);
enum { N = 5, D = 4, IMITATED = 3 };

/* With the imitation of another model's similarities on top, as one loss. */
static void add_imitation(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                          const float *images, const float *texts, size_t n, size_t dim, float *scratch) {
  float other[2][N * IMITATED], norms[N];
  for (int side = 0; side < 2; side++) {
    grad_fill(other[side], N * IMITATED, 1, 21 + (uint64_t)side);
    gaze_unit_forward(compute, other[side], norms, other[side], N, IMITATED);
  }
  const gaze_imitated imitated = {other[0], other[1], IMITATED, 3};
  loss->loss += gaze_distill_loss(compute, dimages, dtexts, loss, images, texts, &imitated, n, dim, scratch);
}

static void info_nce_and_imitation(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                                   const float *images, const float *texts, const int32_t *classes, size_t n,
                                   size_t dim, float *scratch) {
  gaze_info_nce(compute, dimages, dtexts, loss, images, texts, classes, n, dim, scratch);
  add_imitation(compute, dimages, dtexts, loss, images, texts, n, dim, scratch);
}

static void sigmoid_and_imitation(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                                  const float *images, const float *texts, const int32_t *classes, size_t n, size_t dim,
                                  float *scratch) {
  gaze_sigmoid_loss(compute, dimages, dtexts, loss, images, texts, classes, n, dim, scratch);
  add_imitation(compute, dimages, dtexts, loss, images, texts, n, dim, scratch);
}

typedef struct pairs {
  gaze_compute compute;
  contrastive_loss *function;
  float values[2 * N * D + 2], gradients[2 * N * D + 2]; /* images, texts, log scale, bias */
  gaze_contrastive loss;
  float unit[2][N * D], norms[2][N], d[2][N * D], scratch[3 * N * N];
} pairs;

static double pairs_loss(void *user) {
  static const int32_t classes[N] = {3, 1000, 3, 1001, 7};
  pairs *p = user;
  for (int side = 0; side < 2; side++)
    gaze_unit_forward(&p->compute, p->unit[side], p->norms[side], p->values + side * N * D, N, D);
  p->loss = (gaze_contrastive){.scale = (float)exp(p->values[2 * N * D]), .bias = p->values[2 * N * D + 1]};
  p->function(&p->compute, p->d[0], p->d[1], &p->loss, p->unit[0], p->unit[1], classes, N, D, p->scratch);
  return p->loss.loss;
}

static void contrastive_losses(void **state) {
  contrastive_loss *functions[] = {gaze_info_nce, gaze_sigmoid_loss, info_nce_and_imitation, sigmoid_and_imitation};
  for (int i = 0; i < 4; i++) {
    pairs p = {.compute = {.kernels = &kernels}, .function = functions[i]};
    grad_fill(p.values, 2 * N * D + 2, 1, 11);
    pairs_loss(&p);
    for (int side = 0; side < 2; side++)
      gaze_unit_backward(&p.compute, p.gradients + side * N * D, p.d[side], p.unit[side], p.norms[side], N, D);
    p.gradients[2 * N * D] = p.loss.dlog_scale;
    p.gradients[2 * N * D + 1] = p.loss.dbias;
    double worst = grad_worst(p.values, p.gradients, 2 * N * D + 1 + (size_t)(i % 2), 100, pairs_loss, &p);
    if (worst > TOLERANCE)
      print_error("loss %d: worst relative error %g\n", i, worst);
    assert_true(worst <= TOLERANCE);
  }
}

/* Samples of one class: moving one's text leaves the other's image loss as it was. */
static void same_class_is_no_negative(void **state) {
  pairs p = {.compute = {.kernels = &kernels}, .function = gaze_info_nce};
  grad_fill(p.values, 2 * N * D + 2, 1, 12);
  pairs_loss(&p);
  float *dlogits = p.scratch + 2 * N * N;
  assert_true(dlogits[0 * N + 2] == 0 && dlogits[2 * N + 0] == 0);
  assert_true(dlogits[0 * N + 4] > 0 && dlogits[4 * N + 2] > 0);
}

typedef struct teacher_model {
  gaze_teacher teacher;
  float pooled[3 * 6], dpooled[3 * 6], targets[3 * 4];
} teacher_model;

static double teacher_loss(void *user) {
  static const uint8_t has_target[] = {1, 0, 1};
  subject *s = user;
  teacher_model *m = s->model;
  return 0.7 * gaze_teacher_loss(&s->compute, m->dpooled, &m->teacher, m->pooled, m->targets, has_target, 3, 2, 0.7);
}

static void teacher(void **state) {
  teacher_model m = {.teacher = {.C = 6, .D = 4}};
  subject s = {.compute = {.kernels = &kernels}, .model = &m};
  assert_int_equal(gaze_teacher_list(&m.teacher, "teacher.", &s.list), GAZE_OK);
  subject_bind(&s, 13);
  assert_int_equal(gaze_arena_init(&s.arena, 1 << 16), GAZE_OK);
  gaze_teacher_layout(&m.teacher, 3, &s.arena);
  grad_fill(m.pooled, 18, 1, 14);
  grad_fill(m.targets, 12, 1, 15);
  teacher_loss(&s);
  size_t size = gaze_parameters_size(&s.list);
  float *kept, dpooled[18];
  assert_int_equal(gaze_alloc(size, sizeof(float), &kept), GAZE_OK);
  memcpy(kept, s.gradients, size * sizeof *kept); /* later calls add to the gradients themselves */
  memcpy(dpooled, m.dpooled, sizeof dpooled);
  float *live = s.gradients;
  s.gradients = kept;
  check_parameters(&s, teacher_loss);
  assert_true(grad_worst(m.pooled, dpooled, 18, 18, teacher_loss, &s) <= TOLERANCE);
  s.gradients = live;
  free(kept);
  subject_fini(&s);
}

int main(void) {
  grad_kernels_init(&kernels);
  const struct CMUnitTest tests[] = {cmocka_unit_test(blocks),
                                     cmocka_unit_test(image_encoder),
                                     cmocka_unit_test(the_end_of_an_image_encoder),
                                     cmocka_unit_test(projectors),
                                     cmocka_unit_test(text_encoder),
                                     cmocka_unit_test(taught_text_encoder),
                                     cmocka_unit_test(contrastive_losses),
                                     cmocka_unit_test(same_class_is_no_negative),
                                     cmocka_unit_test(teacher)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
