/* Whole training runs of a tiny model: resuming, stopping, locked towers, the temperature, and what a run leaves. */
#include "train_files.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/nn/optimizer.h"
#include "fusion/checkpoint.h"
#include "fusion/schedule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST "checkpoints/step-00000006.safetensors"

static int set_up(void **state) {
  if (make_train_folder(state) != 0)
    return -1;
  make_train_tar("train.tar", 24, 0x3c00);
  return 0;
}

static void train(const gaze_train_clip_options *options) {
  if (gaze_train_clip(options) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

/* Everything that draws random numbers is on. */
static gaze_train_clip_options rich_options(const char *name) {
  gaze_train_clip_options options = train_options(name);
  options.flip = options.patch_dropout = 0.5;
  options.color_jitter = 0.3;
  options.scale_low = 0.5;
  options.teacher_weight = 0.5;
  options.run.grad_clip_norm = 1;
  options.workers = options.run.compute.threads = 2;
  return options;
}

static json_t *log_of(const char *run) { return read_log(run_path(run, "metrics.jsonl")); }

/* Six steps at once, in halves, and with a step that is done twice: the log and the state are the same. */
static void resumed_is_whole(void **state) {
  gaze_train_clip_options whole = rich_options("whole"), halves = rich_options("halves");
  train(&whole);
  halves.run.stop_after = 3;
  train(&halves);
  assert_false(gaze_file_exists(run_path("halves", LAST)));
  halves.run.resume = "latest";
  train(&halves);
  check_same_files(run_path("whole", LAST), run_path("halves", LAST));
  check_same_files(run_path("whole", "model/model.safetensors"), run_path("halves", "model/model.safetensors"));
  json_t *a = log_of("whole"), *b = log_of("halves");
  assert_int_equal(json_array_size(a), 6);
  assert_true(json_equal(a, b));
  json_decref(a);
  json_decref(b);

  halves.run.resume = run_path("whole", "checkpoints/step-00000005.safetensors");
  train(&halves);
  check_same_files(run_path("whole", LAST), run_path("halves", LAST));
  a = log_of("halves");
  assert_int_equal(json_array_size(a), 6);
  json_decref(a);
}

static void other_runs_are_not_resumed(void **state) {
  gaze_train_clip_options options = train_options("other");
  options.run.epochs = 1;
  train(&options);
  options.run.resume = "latest";
  options.run.seed = 8;
  check_fails(gaze_train_clip(&options), GAZE_ERR_MISMATCH, "--seed", NULL);
  options.run.seed = 7;
  options.run.batch_size = 8;
  check_fails(gaze_train_clip(&options), GAZE_ERR_MISMATCH, "samples a step", NULL);
  options.run.batch_size = 4;
  options.run.optimizer = "muon";
  check_fails(gaze_train_clip(&options), GAZE_ERR_MISMATCH, "--opt adamw", NULL);
  options.run.optimizer = "sgd";
  check_fails(gaze_train_clip(&options), GAZE_ERR_ARGUMENT, "sgd", NULL);
  options.run.optimizer = "adamw";
  options.vision_layers = 1;
  check_fails(gaze_train_clip(&options), GAZE_ERR_MISMATCH, "another model", NULL);
  options.run.resume = run_path("other", "model/model.safetensors");
  check_fails(gaze_train_clip(&options), GAZE_ERR_MISMATCH, "model.safetensors", NULL);
}

static void a_run_is_not_overwritten(void **state) {
  gaze_train_clip_options options = train_options("twice");
  options.run.epochs = 1;
  train(&options);
  check_fails(gaze_train_clip(&options), GAZE_ERR_ARGUMENT, "there is a run already", "logs/twice", "--resume latest",
              "--name", NULL);
  json_t *log = log_of("twice");
  assert_int_equal(json_array_size(log), 1);
  json_decref(log);
}

/* The same data under another name, then other data. */
static void other_data_are_named(void **state) {
  char same[512], other[512];
  snprintf(same, sizeof same, "%s", test_path("same.tar"));
  snprintf(other, sizeof other, "%s", test_path("other.tar"));
  make_train_tar("same.tar", 24, 0x3c00);
  make_train_tar("other.tar", 25, 0x3c00);
  gaze_train_clip_options options = train_options("moved");
  const char *const data[] = {NULL, same, other, other};
  count_warnings();
  for (int i = 0; i < 4; i++) {
    options.train_data = i ? &data[i] : options.train_data;
    options.run.resume = i ? "latest" : NULL;
    options.run.epochs = i + 1;
    train(&options);
    assert_int_equal(n_warnings, i >= 2);
  }
  assert_non_null(strstr(last_warning, "other training data"));
  assert_non_null(strstr(last_warning, "step-00000002"));
}

static void a_missing_teacher_is_told(void **state) {
  char untaught[512];
  const char *data = untaught;
  gaze_train_clip_options options = train_options("untaught");
  snprintf(untaught, sizeof untaught, "%s", test_path("untaught.tar"));
  make_train_tar("untaught.tar", 1, 0x3c00);
  options.train_data = &data;
  options.teacher_weight = 1;
  options.run.epochs = 1;
  count_warnings();
  train(&options);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "no KEY.teacher.npy"));
}

/* The newest checkpoint of a run, loaded into an optimiser of the size that a model has. */
static void check_last_checkpoint(const char *run) {
  char *path;
  gaze_clip clip;
  gaze_optimizer optimizer;
  json_t *state;
  open_trained(run, true, &clip);
  assert_int_equal(gaze_optimizer_init(&optimizer, &clip.parameters, clip.values, NULL), GAZE_OK);
  assert_int_equal(gaze_checkpoint_latest(run_path(run, "checkpoints"), &path), GAZE_OK);
  assert_non_null(path);
  if (!strstr(gaze_last_error(), path))
    fail_msg("%s is not in: %s", path, gaze_last_error());
  assert_int_equal(gaze_checkpoint_load(path, &optimizer, &state), GAZE_OK);
  for (size_t i = 0; i < optimizer.size; i++)
    assert_true(isfinite(optimizer.values[i]) && isfinite(optimizer.first[i]) && isfinite(optimizer.second[i]));
  json_decref(state);
  free(path);
  gaze_optimizer_fini(&optimizer);
  gaze_clip_fini(&clip);
}

/* A rate that throws the weights out of what float can hold. */
static void diverged_keeps_a_good_checkpoint(void **state) {
  gaze_train_clip_options options = train_options("diverged");
  options.run.epochs = 2;
  options.run.lr_scheduler = "const";
  train(&options);
  options.run.epochs = 20;
  options.run.lr = 1e38;
  options.run.resume = "latest";
  check_fails(gaze_train_clip(&options), GAZE_ERR_DIVERGED, "diverged", "checkpoint", "--lr", NULL);
  check_last_checkpoint("diverged");
  options.run.lr = 1e-3;
  options.run.epochs = 4;
  train(&options);
}

/* A teacher's vector that is no number: the loss of pictures and texts is finite, the gradient is not. */
static void bad_gradient_stops_a_run(void **state) {
  make_train_tar("bad.tar", 24, 0x7e00);
  gaze_train_clip_options options = train_options("bad");
  const char *good = options.train_data[0], *bad = test_path("bad.tar");
  options.train_data = &good;
  options.teacher_weight = 1;
  options.run.epochs = 2;
  train(&options);
  options.train_data = &bad;
  options.run.epochs = 4;
  options.run.resume = "latest";
  check_fails(gaze_train_clip(&options), GAZE_ERR_DIVERGED, "gradient of length nan", "step-00000002", NULL);
}

static volatile int stop;
static double lowest_loss, scale;
static uint64_t steps_seen;

static void watch(void *user, const gaze_train_progress *progress) {
  steps_seen++;
  lowest_loss = fmin(lowest_loss, progress->loss);
  scale = progress->scale;
  stop = progress->step == (uint64_t)(uintptr_t)user;
}

static void learns_by_heart(void **state) {
  make_train_tar("few.tar", 8, 0);
  gaze_train_clip_options options = train_options("few");
  const char *data = test_path("few.tar");
  options.train_data = &data;
  options.run.epochs = 60;
  options.run.warmup = 5;
  options.run.lr = 4e-3;
  options.run.weight_decay = 0;
  options.save_frequency = options.val_frequency = 0;
  options.run.progress = watch;
  lowest_loss = HUGE_VAL;
  train(&options);
  if (!(lowest_loss < 0.05))
    fail_msg("loss %g", lowest_loss);
}

/* A step from a model whose temperature is out of bounds; the scale it ends with. */
static double scale_after(float log_scale, const char *name) {
  gaze_clip clip;
  gaze_kernels kernels;
  gaze_preprocess preprocess;
  gaze_train_clip_options options = train_options("scale");
  gaze_kernels_init(&kernels, 0);
  gaze_preprocess_default(&preprocess, 16);
  options.run.epochs = 1;
  options.run.progress = watch;
  options.run.resume = "latest";
  train(&options);
  open_trained("scale", true, &clip);
  clip.values[gaze_f32(clip.logit_scale) - clip.values] = log_scale;
  const char *folder = run_path("scale", "start");
  assert_int_equal(gaze_folder_make(folder), GAZE_OK);
  assert_int_equal(gaze_clip_save(&clip, &preprocess, &kernels, folder, GAZE_DTYPE_F32), GAZE_OK);
  gaze_clip_fini(&clip);
  options.model = folder;
  options.name = name;
  train(&options);
  return scale;
}

static void temperature_is_clamped(void **state) {
  assert_true(fabs(scale_after(5, "hot") - 100) < 1e-3);
  assert_true(scale_after(-3, "cold") == 1);
}

static void stopping_leaves_a_checkpoint(void **state) {
  gaze_train_clip_options options = train_options("stopped");
  options.run.progress = watch;
  options.run.stop = &stop;
  options.run.user = (void *)(uintptr_t)2;
  options.save_frequency = 0;
  steps_seen = 0;
  check_fails(gaze_train_clip(&options), GAZE_ERR_INTERRUPTED, "--resume latest", NULL);
  assert_int_equal(steps_seen, 2);
  assert_true(gaze_file_exists(run_path("stopped", "checkpoints/step-00000002.safetensors")));
}

/* Whether any number of the parameters that begin with prefix moved in a run. */
static bool has_moved(const char *run, const char *prefix) {
  gaze_clip before, after;
  bool moved = false;
  open_trained(run, true, &before);
  open_trained(run, false, &after);
  for (size_t i = 0; i < before.parameters.n; i++) {
    const gaze_parameter *a = &before.parameters.items[i], *b = &after.parameters.items[i];
    if (strncmp(a->name, prefix, strlen(prefix)) == 0)
      moved |= memcmp(a->weight->data, b->weight->data, gaze_parameter_count(a) * sizeof(float)) != 0;
  }
  gaze_clip_fini(&before);
  gaze_clip_fini(&after);
  return moved;
}

static void locked_towers_stay(void **state) {
  gaze_train_clip_options options = train_options("locked-image");
  options.lock_image = true;
  train(&options);
  assert_false(has_moved("locked-image", "vision."));
  assert_true(has_moved("locked-image", "text.") && has_moved("locked-image", "logit_scale"));
  options = train_options("locked-text");
  options.lock_text = options.siglip = true;
  train(&options);
  assert_false(has_moved("locked-text", "text."));
  assert_true(has_moved("locked-text", "vision.") && has_moved("locked-text", "logit_bias"));
}

/* Of four groups two: the second block with the final norm, and the projection. */
static void unlocked_groups_move(void **state) {
  gaze_train_clip_options options = train_options("unlocked");
  options.lock_image = true;
  options.lock_image_unlocked_groups = 2;
  train(&options);
  assert_true(has_moved("unlocked", "vision.block01.") && has_moved("unlocked", "vision.final_norm"));
  assert_true(has_moved("unlocked", "vision.projection") && has_moved("unlocked", "text."));
  assert_false(has_moved("unlocked", "vision.block00.") || has_moved("unlocked", "vision.patch_weight"));
  assert_false(has_moved("unlocked", "vision.class_") || has_moved("unlocked", "vision.position_"));
  assert_false(has_moved("unlocked", "vision.pre_norm"));
  options.lock_image_unlocked_groups = -1;
  check_fails(gaze_train_clip(&options), GAZE_ERR_ARGUMENT, "--lock-image-unlocked-groups -1", NULL);
  options.lock_image_unlocked_groups = 2;
  options.lock_image = false;
  check_fails(gaze_train_clip(&options), GAZE_ERR_ARGUMENT, "--lock-image-unlocked-groups 2", "--lock-image", NULL);
}

static void check_rates(const char *scheduler, uint64_t warmup, uint64_t cooldown, const double expected[10]) {
  gaze_schedule schedule;
  assert_int_equal(gaze_schedule_init(&schedule, scheduler, 2, warmup, 10, cooldown), GAZE_OK);
  for (uint64_t step = 0; step < 10; step++)
    if (fabs(gaze_schedule_lr(&schedule, step) - expected[step]) > 1e-12)
      fail_msg("%s, step %llu: %.15g", scheduler, (unsigned long long)step, gaze_schedule_lr(&schedule, step));
}

/* open_clip's cosine and const with warm-up; const-cooldown falls in a straight line. */
static void schedules(void **state) {
  const double root = 1.4142135623730951;
  check_rates("cosine", 2, 0,
              (double[]){1, 2, 2, 1 + cos(M_PI / 8), 1 + root / 2, 1 + cos(3 * M_PI / 8), 1, 1 - cos(3 * M_PI / 8),
                         1 - root / 2, 1 - cos(M_PI / 8)});
  check_rates("const", 4, 5, (double[]){0.5, 1, 1.5, 2, 2, 2, 2, 2, 2, 2});
  check_rates("const-cooldown", 1, 4, (double[]){2, 2, 2, 2, 2, 2, 2, 1.5, 1, 0.5});
  gaze_schedule schedule;
  check_fails(gaze_schedule_init(&schedule, "linear", 1, 0, 1, 0), GAZE_ERR_ARGUMENT, "linear", "cosine", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(resumed_is_whole),
                                     cmocka_unit_test(other_runs_are_not_resumed),
                                     cmocka_unit_test(a_run_is_not_overwritten),
                                     cmocka_unit_test(other_data_are_named),
                                     cmocka_unit_test(a_missing_teacher_is_told),
                                     cmocka_unit_test(diverged_keeps_a_good_checkpoint),
                                     cmocka_unit_test(bad_gradient_stops_a_run),
                                     cmocka_unit_test(learns_by_heart),
                                     cmocka_unit_test(temperature_is_clamped),
                                     cmocka_unit_test(stopping_leaves_a_checkpoint),
                                     cmocka_unit_test(locked_towers_stay),
                                     cmocka_unit_test(unlocked_groups_move),
                                     cmocka_unit_test(schedules)};
  return cmocka_run_group_tests(tests, set_up, remove_folder);
}
