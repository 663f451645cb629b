/* Gradients of one step: the same however the batch is cut, kept or recomputed, and for any number of threads. */
#include "fusion/clip_step.h"

#include "core/nn/optimizer.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 16, PIXELS = 3 * SIDE * SIDE, CONTEXT = 8, VOCABULARY = 40, SAMPLES = 8, TEACHER = 5 };

static gaze_kernels kernels;
static gaze_compute compute;

/* Eight samples, of which two share a class; texts of one to eight tokens. */
static float pixels[SAMPLES * PIXELS], teacher_vectors[SAMPLES * TEACHER];
static int32_t ids[SAMPLES * CONTEXT], classes[SAMPLES] = {1, 2, 3, 1, 4, 5, 6, 7};
static uint8_t has_text_teacher[SAMPLES] = {1, 1, 1, 1, 1, 1, 1, 1};
static uint8_t has_teacher[SAMPLES] = {1, 1, 0, 1, 1, 0, 0, 1};
static size_t offsets[SAMPLES + 1];

static int make_samples(void **state) {
  gaze_random random;
  gaze_random_init(&random, 3, 0);
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  compute = (gaze_compute){.kernels = &kernels};
  for (size_t i = 0; i < SAMPLES * PIXELS; i++)
    pixels[i] = (float)gaze_random_normal(&random);
  for (size_t i = 0; i < SAMPLES * TEACHER; i++)
    teacher_vectors[i] = (float)gaze_random_normal(&random);
  for (size_t i = 0; i < SAMPLES * CONTEXT; i++)
    ids[i] = (int32_t)gaze_random_below(&random, VOCABULARY);
  for (size_t b = 0; b < SAMPLES; b++)
    offsets[b + 1] = offsets[b] + 1 + b * 3 % CONTEXT;
  return 0;
}

/* A step over all samples in micro-batches, on a fresh model of seed 1. */
typedef struct trial {
  gaze_clip clip;
  gaze_teacher teacher, text_teacher;
  gaze_clip_step step;
  gaze_batch batches[SAMPLES];
  size_t shifted[SAMPLES][SAMPLES + 1]; /* offsets of each batch */
} trial;

static gaze_block_config tower(bool causal) {
  return (gaze_block_config){.dim = 16,
                             .mlp_dim = 32,
                             .attention = {.heads = 2, .kv_heads = 2, .head_dim = 8, .causal = causal},
                             .norm = GAZE_LAYER_NORM,
                             .activation = GAZE_QUICK_GELU,
                             .biased = true,
                             .eps = 1e-5f};
}

static void make_model(trial *t, bool sigmoid, bool taught) {
  gaze_clip_config config = {.dim = 8, .sigmoid = sigmoid, .end_of_text = VOCABULARY - 1};
  config.vision =
      (gaze_vit_config){.image_size = SIDE, .patch_size = 8, .block = tower(false), .layers = 3, .dim_out = 8};
  config.text =
      (gaze_text_config){.vocabulary = VOCABULARY, .context = CONTEXT, .block = tower(true), .layers = 2, .dim_out = 8};
  assert_int_equal(gaze_clip_init(&t->clip, &config, true), GAZE_OK);
  t->teacher = (gaze_teacher){.C = 16, .D = taught ? TEACHER : 0};
  if (taught)
    assert_int_equal(gaze_teacher_list(&t->teacher, "teacher.", &t->clip.parameters), GAZE_OK);
  t->text_teacher = t->teacher;
  if (taught)
    assert_int_equal(gaze_teacher_list(&t->text_teacher, "text_teacher.", &t->clip.parameters), GAZE_OK);
  assert_int_equal(gaze_clip_allocate(&t->clip), GAZE_OK);
  gaze_clip_randomise(&t->clip, 1);
}

static void cut_batches(trial *t, size_t count) {
  size_t B = SAMPLES / count;
  for (size_t a = 0; a < count; a++) {
    size_t first = a * B;
    for (size_t b = 0; b <= B; b++)
      t->shifted[a][b] = offsets[first + b] - offsets[first];
    t->batches[a] = (gaze_batch){.n = B,
                                 .pixels = pixels + first * PIXELS,
                                 .ids = ids + offsets[first],
                                 .offsets = t->shifted[a],
                                 .classes = classes + first,
                                 .teacher = teacher_vectors + first * TEACHER,
                                 .has_teacher = has_teacher + first,
                                 .text_teacher = teacher_vectors + first * TEACHER,
                                 .has_text_teacher = has_text_teacher + first,
                                 .number = a};
  }
}

/* Of the image tower only the last `unlocked` groups learn. */
static void trial_init_locked(trial *t, gaze_clip_step_options options, size_t accum_freq, size_t unlocked) {
  *t = (trial){0};
  options.batch_size = SAMPLES / accum_freq;
  options.accum_freq = accum_freq;
  options.lock_image |= unlocked == 0;
  make_model(t, options.sigmoid, options.teacher_weight > 0);
  gaze_clip_lock(&t->clip, true, unlocked, false);
  cut_batches(t, accum_freq);
  options.text_teacher = &t->text_teacher;
  options.text_teacher_weight = 0.5;
  assert_int_equal(gaze_clip_step_init(&t->step, &options, &t->clip, &compute, &t->teacher), GAZE_OK);
}

static void trial_init(trial *t, gaze_clip_step_options options, size_t accum_freq) {
  trial_init_locked(t, options, accum_freq, SIZE_MAX);
}

static void trial_fini(trial *t) {
  gaze_clip_step_fini(&t->step);
  gaze_clip_fini(&t->clip);
}

static double trial_run(trial *t) {
  const gaze_batch *batches[SAMPLES];
  for (size_t a = 0; a < SAMPLES; a++)
    batches[a] = &t->batches[a];
  memset(t->clip.gradients, 0, gaze_parameters_size(&t->clip.parameters) * sizeof(float));
  gaze_clip_step_run(&t->step, batches);
  return t->step.loss;
}

static size_t offset_of(const trial *t, size_t parameter) {
  return (size_t)(gaze_f32(*t->clip.parameters.items[parameter].weight) - t->clip.values);
}

static double distance(const float *a, const float *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
  return sqrt(sum);
}

/* Tensor by tensor, relative to the tensor's norm; that of the keys' bias is zero by symmetry, so that a small part of
 * the whole gradient's norm counts as well. */
static void check_same_gradients(const trial *a, const trial *b, double tolerance) {
  const gaze_parameters *list = &a->clip.parameters;
  double whole = sqrt(kernels.sum_squares(a->clip.gradients, gaze_parameters_size(list)));
  assert_true(whole > 0);
  assert_true(fabs(a->step.loss - b->step.loss) <= tolerance * fabs(a->step.loss));
  for (size_t i = 0; i < list->n; i++) {
    size_t n = gaze_parameter_count(&list->items[i]);
    const float *ga = a->clip.gradients + offset_of(a, i), *gb = b->clip.gradients + offset_of(b, i);
    double size = fmax(sqrt(kernels.sum_squares(ga, n)), 1e-3 * whole), error = distance(ga, gb, n) / size;
    if (error > tolerance)
      fail_msg("%s: gradients differ by %g", list->items[i].name, error);
  }
}

static void check_cuts(gaze_clip_step_options options) {
  trial whole, cut;
  trial_init(&whole, options, 1);
  trial_run(&whole);
  for (size_t accum_freq = 2; accum_freq <= 4; accum_freq *= 2) {
    trial_init(&cut, options, accum_freq);
    trial_run(&cut);
    check_same_gradients(&whole, &cut, 1e-5);
    trial_fini(&cut);
  }
  trial_fini(&whole);
}

/* One batch of 8, two of 4, four of 2; with teachers of 5 and of some texts, which fall unevenly into the parts. */
static void cut_batches_add_up(void **state) {
  check_cuts((gaze_clip_step_options){0});
  check_cuts((gaze_clip_step_options){.sigmoid = true});
  check_cuts((gaze_clip_step_options){.teacher_weight = 0.7});
  check_cuts((gaze_clip_step_options){.lock_image = true});
  check_cuts((gaze_clip_step_options){.lock_text = true, .sigmoid = true});
}

/* With patch dropout, batches that are cut otherwise see other patches; but the second pass over a batch must see those
 * of the first: only then is the gradient that of the loss. */
static void second_pass_sees_the_same_patches(void **state) {
  const float step = 2e-4f;
  trial t;
  trial_init(&t, (gaze_clip_step_options){.patch_dropout = 0.5, .seed = 4}, 4);
  size_t size = gaze_parameters_size(&t.clip.parameters);
  trial_run(&t);
  double norm = sqrt(kernels.sum_squares(t.clip.gradients, size)), losses[2];
  float *gradient = malloc(size * sizeof *gradient), *values = malloc(size * sizeof *values);
  memcpy(gradient, t.clip.gradients, size * sizeof *gradient);
  memcpy(values, t.clip.values, size * sizeof *values);
  for (int side = 0; side < 2; side++) {
    for (size_t i = 0; i < size; i++)
      t.clip.values[i] = values[i] + (side ? step : -step) * gradient[i] / (float)norm;
    losses[side] = trial_run(&t);
  }
  double slope = (losses[1] - losses[0]) / (2 * (double)step);
  if (!(fabs(slope - norm) < 2e-3 * norm))
    fail_msg("slope %g, gradient %g", slope, norm);
  free(gradient);
  free(values);
  trial_fini(&t);
}

static void recomputed_is_kept(void **state) {
  gaze_clip_step_options options = {.patch_dropout = 0.5, .teacher_weight = 0.5};
  for (size_t accum_freq = 1; accum_freq <= 2; accum_freq++) {
    trial kept, recomputed;
    options.checkpointing = false;
    trial_init(&kept, options, accum_freq);
    options.checkpointing = true;
    trial_init(&recomputed, options, accum_freq);
    trial_run(&kept);
    trial_run(&recomputed);
    check_same_gradients(&kept, &recomputed, 0);
    assert_true(recomputed.step.arena.size < kept.step.arena.size);
    trial_fini(&kept);
    trial_fini(&recomputed);
  }
}

static void threads_agree(void **state) {
  trial one, two;
  gaze_clip_step_options options = {.teacher_weight = 1};
  omp_set_num_threads(1);
  trial_init(&one, options, 2);
  trial_run(&one);
  omp_set_num_threads(2);
  trial_init(&two, options, 2);
  trial_run(&two);
  check_same_gradients(&one, &two, 1e-5);
  trial_fini(&one);
  trial_fini(&two);
}

static bool is_zero(const float *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (values[i] != 0)
      return false;
  return true;
}

static void locked_towers_have_no_gradient(void **state) {
  for (int side = 0; side < 2; side++) {
    trial t;
    trial_init(&t, (gaze_clip_step_options){.lock_image = side == 0, .lock_text = side == 1}, 2);
    trial_run(&t);
    for (size_t i = 0; i < t.clip.parameters.n; i++) {
      const gaze_parameter *p = &t.clip.parameters.items[i];
      bool locked = strncmp(p->name, side == 0 ? "vision." : "text.", side == 0 ? 7 : 5) == 0;
      if (is_zero(t.clip.gradients + offset_of(&t, i), gaze_parameter_count(p)) != locked)
        fail_msg("%s: %s", p->name, locked ? "locked, and has a gradient" : "no gradient");
    }
    trial_fini(&t);
  }
}

/* open_clip's groups of an image tower of three blocks. */
enum { GROUPS = 5 };

static size_t group_of(const char *name) {
  static const struct {
    const char *start;
    size_t group;
  } places[] = {{"vision.block00.", 1},
                {"vision.block01.", 2},
                {"vision.block02.", 3},
                {"vision.final_norm_", 3},
                {"vision.projection", 4}};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (strncmp(name, places[i].start, strlen(places[i].start)) == 0)
      return places[i].group;
  return 0;
}

/* Gradients are those of a run without locks, bit for bit, or there are none. */
static void check_groups(const trial *whole, const trial *t, size_t unlocked) {
  for (size_t i = 0; i < t->clip.parameters.n; i++) {
    const gaze_parameter *p = &t->clip.parameters.items[i];
    const float *with = t->clip.gradients + offset_of(t, i), *without = whole->clip.gradients + offset_of(whole, i);
    size_t n = gaze_parameter_count(p);
    bool image = strncmp(p->name, "vision.", 7) == 0, taught = strncmp(p->name, "teacher.", 8) == 0;
    bool learns = image ? group_of(p->name) + unlocked >= GROUPS : !taught || unlocked > 0;
    if (learns ? memcmp(with, without, n * sizeof *with) != 0 : !is_zero(with, n))
      fail_msg("%s, %zu groups: %s", p->name, unlocked, learns ? "another gradient" : "locked, and has a gradient");
    assert_true(p->frozen == (image && !learns) && (*p->gradient == NULL) == p->frozen);
  }
}

static void (*real_gemm)(bool, bool, size_t, size_t, size_t, float, const float *, size_t, const float *, size_t, float,
                         float *, size_t);
static size_t products;

static void count_gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, float alpha, const float *A,
                       size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc) {
#pragma omp atomic
  products++;
  real_gemm(transpose_a, transpose_b, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
}

/* With every group that is unlocked backward goes one deeper, and no deeper than that: alone, the projection and the
 * teacher's head take two products each, and one to predict. */
static void check_unlocking(gaze_clip_step_options options, size_t accum_freq) {
  trial whole, t;
  size_t before = 0;
  trial_init(&whole, options, accum_freq);
  trial_run(&whole);
  for (size_t unlocked = 0; unlocked <= GROUPS + 2; unlocked++) {
    trial_init_locked(&t, options, accum_freq, unlocked);
    products = 0;
    trial_run(&t);
    check_groups(&whole, &t, unlocked);
    assert_true(unlocked <= GROUPS ? products > before : products == before);
    assert_true(unlocked != 1 || accum_freq > 1 || products == before + 5);
    assert_true(options.checkpointing || unlocked > 3 || t.step.arena.size < whole.step.arena.size);
    before = products;
    trial_fini(&t);
  }
  trial_fini(&whole);
}

static void unlocked_groups_learn_as_ever(void **state) {
  gaze_clip_step_options options = {.patch_dropout = 0.5, .teacher_weight = 0.5};
  real_gemm = kernels.gemm;
  kernels.gemm = count_gemm;
  for (size_t accum_freq = 1; accum_freq <= 4; accum_freq *= 2)
    for (int checkpointing = 0; checkpointing < 2; checkpointing++) {
      options.checkpointing = checkpointing;
      check_unlocking(options, accum_freq);
    }
  kernels.gemm = real_gemm;
}

/* A step without gradients takes its part of the matrices away and leaves gains, biases, vectors and the temperature.
 */
static void decay_on_matrices_alone(void **state) {
  trial t;
  gaze_optimizer optimizer;
  trial_init(&t, (gaze_clip_step_options){.sigmoid = true}, 1);
  const gaze_parameters *list = &t.clip.parameters;
  size_t size = gaze_parameters_size(list), matrices = 0;
  float *before = malloc(size * sizeof *before);
  memcpy(before, t.clip.values, size * sizeof *before);
  assert_int_equal(gaze_optimizer_init(&optimizer, list, t.clip.values, t.clip.gradients), GAZE_OK);
  assert_true(gaze_optimizer_step(&optimizer, &compute, list, 0.5) == 0);
  for (size_t i = 0; i < list->n; i++) {
    size_t n = gaze_parameter_count(&list->items[i]), at = offset_of(&t, i);
    bool matrix = list->items[i].columns > 1;
    matrices += matrix;
    for (size_t j = 0; j < n; j++)
      assert_true(fabsf(t.clip.values[at + j] - before[at + j] * (matrix ? 1 - 0.5f * 0.2f : 1)) <=
                  (matrix ? 1e-6f * fabsf(before[at + j]) : 0));
  }
  assert_int_equal(matrices, (3 + 2) * 6 + 6);
  free(before);
  gaze_optimizer_fini(&optimizer);
  trial_fini(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(cut_batches_add_up),
                                     cmocka_unit_test(second_pass_sees_the_same_patches),
                                     cmocka_unit_test(recomputed_is_kept),
                                     cmocka_unit_test(threads_agree),
                                     cmocka_unit_test(locked_towers_have_no_gradient),
                                     cmocka_unit_test(unlocked_groups_learn_as_ever),
                                     cmocka_unit_test(decay_on_matrices_alone)};
  return cmocka_run_group_tests(tests, make_samples, NULL);
}
