#include "fusion/clip_step.h"

#include <math.h>
#include <string.h>

static size_t count_kept(const gaze_clip_step *step) {
  size_t patches = gaze_vit_patches(&step->clip->config.vision);
  size_t kept = (size_t)((double)patches * (1 - step->options.patch_dropout) + 0.5);
  return kept < 1 ? 1 : kept;
}

static float *take(gaze_arena *arena, size_t rows, size_t columns) {
  return gaze_arena_take(arena, rows * columns, sizeof(float));
}

static void layout(gaze_clip_step *step, gaze_arena *arena) {
  const gaze_clip_config *config = &step->clip->config;
  size_t B = step->options.batch_size, N = B * step->options.accum_freq, D = config->dim;
  gaze_tape_policy policy = gaze_tape_policy_of(&step->compute, step->options.checkpointing);
  gaze_vit_tape_layout(&step->vision, &step->clip->vision, B, step->kept, policy, arena);
  gaze_text_tape_layout(&step->text, &step->clip->text, B, B * config->text.context, policy, arena);
  step->kept_list = gaze_arena_take(arena, B * step->kept, sizeof *step->kept_list);
  step->embeddings = take(arena, B, D);
  step->images = take(arena, N, D);
  step->texts = take(arena, N, D);
  step->dimages = take(arena, N, D);
  step->dtexts = take(arena, N, D);
  step->image_norms = take(arena, N, 1);
  step->text_norms = take(arena, N, 1);
  step->dpooled = take(arena, B, config->vision.block.dim);
  step->dtext_pooled = take(arena, B, config->text.block.dim);
  step->scratch = take(arena, gaze_contrastive_scratch(N), 1);
  step->classes = gaze_arena_take(arena, N, sizeof *step->classes);
  if (step->teacher.D)
    gaze_teacher_layout(&step->teacher, B, arena);
  if (step->text_teacher.D)
    gaze_teacher_layout(&step->text_teacher, B, arena);
}

gaze_err gaze_clip_step_init(gaze_clip_step *step, const gaze_clip_step_options *options, gaze_clip *clip,
                             const gaze_compute *compute, const gaze_teacher *teacher) {
  *step = (gaze_clip_step){.options = *options, .clip = clip, .compute = *compute, .teacher = *teacher};
  if (options->text_teacher)
    step->text_teacher = *options->text_teacher;
  step->kept = count_kept(step);
  gaze_arena measure = GAZE_ARENA_MEASURE;
  layout(step, &measure);
  GAZE_TRY(gaze_arena_init(&step->arena, measure.used));
  layout(step, &step->arena);
  return GAZE_OK;
}

void gaze_clip_step_fini(gaze_clip_step *step) {
  gaze_arena_fini(&step->arena);
  *step = (gaze_clip_step){0};
}

/* A random subset of the patches of each picture, a pure function of the batch's number. */
static void choose_patches(gaze_clip_step *step, const gaze_batch *batch) {
  uint16_t order[UINT16_MAX];
  size_t patches = gaze_vit_patches(&step->clip->config.vision);
  gaze_random random;
  gaze_random_init(&random, step->options.seed ^ 0x9a7c4, batch->number);
  for (size_t i = 0; i < patches; i++)
    order[i] = (uint16_t)i;
  for (size_t b = 0; b < batch->n; b++)
    for (size_t i = 0; i < step->kept; i++) {
      size_t j = i + gaze_random_below(&random, patches - i);
      uint16_t chosen = order[j];
      order[j] = order[i];
      order[i] = step->kept_list[b * step->kept + i] = chosen;
    }
}

static void forward_images(gaze_clip_step *step, const gaze_batch *batch, size_t a) {
  size_t D = step->clip->config.dim, first = a * step->options.batch_size;
  bool all = step->kept == gaze_vit_patches(&step->clip->config.vision);
  if (!all)
    choose_patches(step, batch);
  gaze_vit_forward(&step->compute, step->embeddings, batch->pixels, batch->n, all ? NULL : step->kept_list, step->kept,
                   &step->clip->vision, &step->vision);
  gaze_unit_forward(&step->compute, step->images + first * D, step->image_norms + first, step->embeddings, batch->n, D);
}

static void forward_texts(gaze_clip_step *step, const gaze_batch *batch, size_t a) {
  size_t D = step->clip->config.dim, first = a * step->options.batch_size;
  gaze_text_forward(&step->compute, step->embeddings, batch->ids, batch->offsets, batch->n, &step->clip->text,
                    &step->text);
  gaze_unit_forward(&step->compute, step->texts + first * D, step->text_norms + first, step->embeddings, batch->n, D);
}

/* dimages, dtexts, and the gradients of temperature and bias, from the features of the whole step. */
static void whole_loss(gaze_clip_step *step, size_t n) {
  gaze_clip *clip = step->clip;
  gaze_contrastive loss = {.scale = expf(gaze_f32(clip->logit_scale)[0])};
  if (step->options.sigmoid)
    loss.bias = gaze_f32(clip->logit_bias)[0];
  (step->options.sigmoid ? gaze_sigmoid_loss : gaze_info_nce)(&step->compute, step->dimages, step->dtexts, &loss,
                                                              step->images, step->texts, step->classes, n,
                                                              clip->config.dim, step->scratch);
  step->loss = loss.loss;
  if (step->options.distill) {
    gaze_imitated imitated = gaze_distill_features(step->options.distill);
    step->distill_loss = gaze_distill_loss(&step->compute, step->dimages, step->dtexts, &loss, step->images,
                                           step->texts, &imitated, n, clip->config.dim, step->scratch);
  }
  clip->dlogit_scale[0] += loss.dlog_scale;
  if (step->options.sigmoid)
    clip->dlogit_bias[0] += loss.dbias;
}

/* The gradient that a teacher gives to pooled rows: buffer, or NULL without a teacher. Adds its part of the step to
 * *loss. */
static const float *learn(const gaze_clip_step *step, gaze_teacher *teacher, const float *pooled, const float *targets,
                          const uint8_t *has_target, size_t taught, double weight, float *buffer, double *loss) {
  if (!teacher->D)
    return NULL;
  *loss += gaze_teacher_loss(&step->compute, buffer, teacher, pooled, targets, has_target, step->options.batch_size,
                             taught, weight);
  return buffer;
}

static void backward_images(gaze_clip_step *step, const gaze_batch *batch, size_t a) {
  size_t D = step->clip->config.dim, first = a * step->options.batch_size;
  const float *dpooled = learn(step, &step->teacher, step->vision.head.normed, batch->teacher, batch->has_teacher,
                               step->taught, step->options.teacher_weight, step->dpooled, &step->teacher_loss);
  gaze_unit_backward(&step->compute, step->embeddings, step->dimages + first * D, step->images + first * D,
                     step->image_norms + first, batch->n, D);
  gaze_vit_backward(&step->compute, step->embeddings, dpooled, batch->n, &step->clip->vision, &step->vision);
}

static void backward_texts(gaze_clip_step *step, const gaze_batch *batch, size_t a) {
  size_t D = step->clip->config.dim, first = a * step->options.batch_size;
  const float *dpooled =
      learn(step, &step->text_teacher, step->text.head.normed, batch->text_teacher, batch->has_text_teacher,
            step->text_taught, step->options.text_teacher_weight, step->dtext_pooled, &step->text_teacher_loss);
  gaze_unit_backward(&step->compute, step->embeddings, step->dtexts + first * D, step->texts + first * D,
                     step->text_norms + first, batch->n, D);
  gaze_text_backward(&step->compute, step->embeddings, dpooled, batch->n, &step->clip->text, &step->text);
}

/* How many samples of the step have a teacher: the losses are means over them all, as of one large batch. */
static void count_taught(gaze_clip_step *step, const gaze_batch *const *batches) {
  step->taught = step->text_taught = 0;
  for (size_t a = 0; a < step->options.accum_freq; a++)
    for (size_t b = 0; b < batches[a]->n; b++) {
      step->taught += step->teacher.D && batches[a]->has_teacher[b];
      step->text_taught += step->text_teacher.D && batches[a]->has_text_teacher[b];
    }
}

void gaze_clip_step_run(gaze_clip_step *step, const gaze_batch *const *batches) {
  size_t B = step->options.batch_size, A = step->options.accum_freq;
  for (size_t a = 0; a < A; a++) {
    forward_images(step, batches[a], a);
    forward_texts(step, batches[a], a);
    if (step->options.distill)
      gaze_distill_run(step->options.distill, batches[a], a);
    memcpy(step->classes + a * B, batches[a]->classes, B * sizeof *step->classes);
  }
  whole_loss(step, A * B);
  step->teacher_loss = step->text_teacher_loss = 0;
  count_taught(step, batches);
  for (size_t a = 0; a < A; a++) {
    if (A > 1 && !step->options.lock_image)
      forward_images(step, batches[a], a);
    if (!step->options.lock_image)
      backward_images(step, batches[a], a);
    if (A > 1 && !step->options.lock_text)
      forward_texts(step, batches[a], a);
    if (!step->options.lock_text)
      backward_texts(step, batches[a], a);
  }
}
