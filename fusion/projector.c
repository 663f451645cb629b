#include "fusion/projector.h"

#include "core/nn/linear.h"

#include <string.h>

static size_t squares(const gaze_projector_config *c) {
  return c->kind == GAZE_PROJECTOR_SHUFFLE ? c->scale * c->scale : 1;
}

size_t gaze_projector_rows(const gaze_projector_config *config, size_t n) { return n / squares(config); }

static gaze_linear first_of(const gaze_projector *p) {
  const gaze_projector_config *c = &p->config;
  return (gaze_linear){p->first_weight, p->first_bias, c->C * squares(c),
                       c->kind == GAZE_PROJECTOR_MLP ? c->hidden : c->D, 0};
}

static gaze_linear second_of(const gaze_projector *p) {
  return (gaze_linear){p->second_weight, p->second_bias, p->config.hidden, p->config.D, 0};
}

gaze_err gaze_projector_list(gaze_projector *p, bool trained, gaze_parameters *list) {
  const gaze_projector_config *c = &p->config;
  bool two = c->kind == GAZE_PROJECTOR_MLP;
  gaze_linear first = first_of(p), second = second_of(p);
  struct {
    const char *name;
    gaze_weight *weight;
    float **gradient;
    size_t rows, columns;
    bool present;
  } own[] = {{"first_weight", &p->first_weight, &p->dfirst_weight, first.out, first.in, true},
             {"first_bias", &p->first_bias, &p->dfirst_bias, first.out, 1, c->biased},
             {"second_weight", &p->second_weight, &p->dsecond_weight, second.out, second.in, two},
             {"second_bias", &p->second_bias, &p->dsecond_bias, second.out, 1, two && c->biased},
             {"newline", &p->newline, &p->dnewline, c->D, 1, c->newline}};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (own[i].present)
      GAZE_TRY(gaze_parameters_add(list, "projector.", own[i].name, own[i].weight, trained ? own[i].gradient : NULL,
                                   own[i].rows, own[i].columns));
  return GAZE_OK;
}

void gaze_projector_tape_layout(gaze_projector_tape *tape, const gaze_projector *p, size_t n, bool backward,
                                gaze_arena *arena) {
  const gaze_projector_config *c = &p->config;
  *tape = (gaze_projector_tape){0};
  if (c->kind == GAZE_PROJECTOR_SHUFFLE) {
    tape->shuffled = gaze_arena_take(arena, n * c->C, sizeof(float));
    tape->dhidden = backward ? gaze_arena_take(arena, n * c->C, sizeof(float)) : NULL;
  }
  if (c->kind != GAZE_PROJECTOR_MLP)
    return;
  tape->hidden = gaze_arena_take(arena, n * c->hidden, sizeof(float));
  tape->activated = backward ? gaze_arena_take(arena, n * c->hidden, sizeof(float)) : tape->hidden;
  tape->dhidden = backward ? gaze_arena_take(arena, n * c->hidden, sizeof(float)) : NULL;
}

/* Between patches [g, g, C] and squares [g / s, g / s, s, s, C] of n / (g g) pictures: both ways move C s numbers at
 * once, which lie side by side in either. */
static void shuffle(float *to, const float *from, const gaze_projector_config *c, size_t n, bool back) {
  size_t s = c->scale, g = c->side, run = c->C * s, across = g / s;
  for (size_t line = 0; line < n / g; line++)
    for (size_t square = 0; square < across; square++) {
      size_t patches = (line * across + square) * run;
      size_t squared = ((line / s * across + square) * s + line % s) * run;
      memcpy(to + (back ? patches : squared), from + (back ? squared : patches), run * sizeof *to);
    }
}

void gaze_projector_forward(const gaze_compute *compute, float *y, const float *x, const gaze_projector *p, size_t n,
                            gaze_projector_tape *tape) {
  const gaze_projector_config *c = &p->config;
  gaze_linear first = first_of(p), second = second_of(p);
  size_t N = gaze_projector_rows(c, n);
  if (c->kind == GAZE_PROJECTOR_SHUFFLE) {
    shuffle(tape->shuffled, x, c, n, false);
    x = tape->shuffled;
  }
  if (c->kind != GAZE_PROJECTOR_MLP) {
    gaze_linear_forward(compute, y, c->D, x, first.in, &first, N, GAZE_STORE);
    return;
  }
  gaze_linear_forward(compute, tape->hidden, c->hidden, x, c->C, &first, n, GAZE_STORE);
  compute->kernels->activation[c->activation](tape->activated, tape->hidden, n * c->hidden);
  gaze_linear_forward(compute, y, c->D, tape->activated, c->hidden, &second, n, GAZE_STORE);
}

static void mlp_backward(const gaze_compute *compute, float *dx, const float *dy, const float *x, gaze_projector *p,
                         size_t n, gaze_projector_tape *tape) {
  const gaze_projector_config *c = &p->config;
  gaze_linear first = first_of(p), second = second_of(p);
  gaze_linear_backward(compute, tape->dhidden, c->hidden, p->dsecond_weight, p->dsecond_bias, dy, c->D, tape->activated,
                       c->hidden, &second, n);
  compute->kernels->activation_backward[c->activation](tape->dhidden, tape->dhidden, tape->hidden, n * c->hidden);
  gaze_linear_backward(compute, dx, c->C, p->dfirst_weight, p->dfirst_bias, tape->dhidden, c->hidden, x, c->C, &first,
                       n);
}

void gaze_projector_backward(const gaze_compute *compute, float *dx, const float *dy, const float *x, gaze_projector *p,
                             size_t n, gaze_projector_tape *tape) {
  const gaze_projector_config *c = &p->config;
  gaze_linear first = first_of(p);
  bool shuffled = c->kind == GAZE_PROJECTOR_SHUFFLE;
  if (c->kind == GAZE_PROJECTOR_MLP) {
    mlp_backward(compute, dx, dy, x, p, n, tape);
    return;
  }
  gaze_linear_backward(compute, shuffled && dx ? tape->dhidden : dx, first.in, p->dfirst_weight, p->dfirst_bias, dy,
                       c->D, shuffled ? tape->shuffled : x, first.in, &first, gaze_projector_rows(c, n));
  if (shuffled && dx)
    shuffle(dx, tape->dhidden, c, n, true);
}
