#include "tests/grad/precision.h"

#include "fusion/clip_step.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8, SIDE = 32, PIXELS = 3 * SIDE * SIDE, CONTEXT = 12, VOCABULARY = 100, WIDTH = 64, DIM = 32 };

/* One run and its samples, of which three share a class. */
typedef struct subject {
  gaze_compute compute;
  gaze_clip clip;
  gaze_clip_step step;
  gaze_batch batches[2];
  float pixels[BATCH * PIXELS];
  int32_t ids[BATCH * CONTEXT], classes[BATCH];
  size_t offsets[2][BATCH + 1];
} subject;

static void must(gaze_err err) {
  if (err == GAZE_OK)
    return;
  fprintf(stderr, "%s\n", gaze_last_error());
  abort();
}

/* Normal numbers around mean, rounded to a grid that f32 holds. */
static void fill(float *values, size_t n, double mean, double deviation, uint64_t stream) {
  gaze_random random;
  gaze_random_init(&random, 31, stream);
  for (size_t i = 0; i < n; i++)
    values[i] = (float)ldexp(rint(ldexp(mean + deviation * gaze_random_normal(&random), 20)), -20);
}

static bool has(const gaze_parameter *parameter, const char *part) { return strstr(parameter->name, part) != NULL; }

/* Weights under which every part counts: attention is not uniform, gains are not one and biases not zero. */
static void fill_parameter(float *values, const gaze_parameter *p, uint64_t stream) {
  size_t n = gaze_parameter_count(p);
  if (has(p, "logit_scale"))
    fill(values, n, 2.6, 0, stream);
  else if (has(p, "logit_bias"))
    fill(values, n, -1, 0, stream);
  else if (has(p, "embedding"))
    fill(values, n, 0, 0.7, stream);
  else if (p->columns > 1)
    fill(values, n, 0, 1.5 / sqrt((double)p->columns), stream);
  else
    fill(values, n, has(p, "gain") ? 1 : 0, 0.3, stream);
}

static void open_clip(subject *s, bool second) {
  gaze_activation activation = second ? GAZE_GELU : GAZE_QUICK_GELU;
  gaze_attention attention = {.heads = 4, .kv_heads = 4, .head_dim = WIDTH / 4};
  gaze_block_config image = {.dim = WIDTH,
                             .mlp_dim = 4 * WIDTH,
                             .attention = attention,
                             .norm = GAZE_LAYER_NORM,
                             .activation = activation,
                             .biased = true,
                             .eps = 1e-5f};
  gaze_block_config text = image;
  text.attention.causal = true;
  gaze_clip_config config = {
      .vision = {.image_size = SIDE, .patch_size = 8, .block = image, .layers = 3, .dim_out = DIM},
      .text = {.vocabulary = VOCABULARY, .context = CONTEXT, .block = text, .layers = 3, .dim_out = DIM},
      .dim = DIM,
      .sigmoid = second,
      .end_of_text = VOCABULARY - 1};
  must(gaze_clip_init(&s->clip, &config, true));
  must(gaze_clip_allocate(&s->clip));
  for (size_t i = 0; i < s->clip.parameters.n; i++) {
    const gaze_parameter *p = &s->clip.parameters.items[i];
    fill_parameter(s->clip.values + (gaze_f32(*p->weight) - s->clip.values), p, i);
  }
}

/* Texts of 1 to 12 tokens. */
static void make_batches(subject *s, size_t parts) {
  gaze_random random;
  size_t B = BATCH / parts, used = 0;
  gaze_random_init(&random, 32, 0);
  fill(s->pixels, BATCH * PIXELS, 0, 1, 1000);
  for (size_t i = 0; i < BATCH * CONTEXT; i++)
    s->ids[i] = (int32_t)gaze_random_below(&random, VOCABULARY);
  for (size_t part = 0; part < parts; part++) {
    s->batches[part] = (gaze_batch){.n = B,
                                    .pixels = s->pixels + part * B * PIXELS,
                                    .ids = s->ids + used,
                                    .offsets = s->offsets[part],
                                    .classes = s->classes + part * B};
    for (size_t b = 0; b < B; b++) {
      size_t sample = part * B + b;
      s->classes[sample] = sample % 3 == 0 ? 0 : (int32_t)sample;
      s->offsets[part][b + 1] = s->offsets[part][b] + 1 + (5 * sample + 3) % CONTEXT;
    }
    used += s->offsets[part][B];
  }
}

static void give_results(const subject *s, precision_result *result, void *user) {
  const gaze_clip_step *step = &s->step;
  float loss = (float)step->loss;
  result(user, "images", step->images, BATCH * DIM);
  result(user, "texts", step->texts, BATCH * DIM);
  result(user, "norms of images", step->image_norms, BATCH);
  result(user, "norms of texts", step->text_norms, BATCH);
  result(user, "loss", &loss, 1);
  for (size_t i = 0; i < s->clip.parameters.n; i++) {
    const gaze_parameter *p = &s->clip.parameters.items[i];
    result(user, p->name, s->clip.gradients + (gaze_f32(*p->weight) - s->clip.values), gaze_parameter_count(p));
  }
}

void precision_run(size_t run, const gaze_kernels *kernels, gaze_matmul *matmul, precision_result *result, void *user) {
  size_t parts = run + 1;
  subject *s = calloc(1, sizeof *s);
  must(s ? GAZE_OK : gaze_fail(GAZE_ERR_MEMORY, "out of memory"));
  s->compute = (gaze_compute){.kernels = kernels, .matmul = matmul};
  open_clip(s, run > 0);
  make_batches(s, parts);
  gaze_clip_step_options options = {
      .batch_size = BATCH / parts, .accum_freq = parts, .sigmoid = run > 0, .checkpointing = run > 0};
  must(gaze_clip_step_init(&s->step, &options, &s->clip, &s->compute, &(gaze_teacher){0}));
  if (sizeof(float) == 4) { /* in several pieces, that begin within a sequence; in double all at once */
    s->step.vision.stack.scratch.piece = 50;
    s->step.text.stack.scratch.piece = 7;
  }
  const gaze_batch *batches[] = {&s->batches[0], &s->batches[1]};
  gaze_clip_step_run(&s->step, batches);
  give_results(s, result, user);
  gaze_clip_step_fini(&s->step);
  gaze_clip_fini(&s->clip);
  free(s);
}
