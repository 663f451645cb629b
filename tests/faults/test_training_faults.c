/* Training of a language model and of one that looks, where memory, system calls or the disk fail: an error in words,
 * the last checkpoint and the model whole, and a run that goes on to what it would have been. */
#include "tests/unit/seeing_files.h"
#include "tests/unit/train_files.h"
#include "trials.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "fusion/checkpoint.h"
#include "fusion/llava_run.h"
#include "fusion/lm_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OpenMP's library ends the program when it has no memory for a team of threads, but keeps one of two for its next use.
 */
enum { THREADS = 2 };

/* folder/RUN/FILE */
static const char *file_of(const char *run, const char *file) {
  char name[256];
  snprintf(name, sizeof name, "%s/%s", run, file);
  return test_path(name);
}

static void check_whole(const char *path) {
  gaze_safetensors *file;
  if (gaze_safetensors_open(path, &file) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_safetensors_close(file);
}

/* The newest checkpoint and the model can be read, and no half file lies beside them. */
static void check_run(const char *name) {
  char *path;
  assert_int_equal(gaze_checkpoint_latest(file_of(name, "checkpoints"), &path), GAZE_OK);
  assert_non_null(path);
  check_whole(path);
  free(path);
  check_whole(file_of(name, "model.safetensors"));
  check_no_half_files(test_path(name));
  check_no_half_files(file_of(name, "checkpoints"));
}

/* All of a run but its steps. */
static gaze_err open_lm(void *user) {
  gaze_lm_run run;
  gaze_train_lm_options options = lm_options("opened");
  options.run.compute.threads = THREADS;
  options.run.resume = "latest";
  gaze_err err = gaze_lm_run_init(&run, &options);
  gaze_lm_run_fini(&run);
  return err;
}

static gaze_err open_llava(void *user) {
  gaze_llava_run run;
  gaze_train_llava_options options = llava_options(2, "opened");
  options.run.compute.threads = THREADS;
  options.run.resume = "latest";
  gaze_err err = gaze_llava_run_init(&run, &options);
  gaze_llava_run_fini(&run);
  return err;
}

static void memory_and_system_at_the_start(void **state) {
  until_success("opening lm", FAULT_ALLOCATION, 3, open_lm, NULL, NULL);
  until_success("opening lm", FAULT_SYSTEM, 1, open_lm, NULL, NULL);
  until_success("opening llava", FAULT_ALLOCATION, 3, open_llava, NULL, NULL);
  until_success("opening llava", FAULT_SYSTEM, 1, open_llava, NULL, NULL);
}

enum { STEPS = 200 }; /* more than are taken while things fail */

/* A run that is called again and again, a step each time it is let. */
typedef struct stepping {
  const char *name;
  bool to_the_end;
} stepping;

static gaze_err step_lm(void *user) {
  const stepping *s = user;
  gaze_train_lm_options options = lm_options(s->name);
  options.steps = STEPS;
  options.run.stop_after = !s->to_the_end;
  options.run.resume = "latest";
  options.val_data = options.train_data;
  options.n_val_data = options.val_every = 1;
  return gaze_train_lm(&options);
}

static gaze_err step_llava(void *user) {
  const stepping *s = user;
  gaze_train_llava_options options = llava_options(2, s->name);
  options.steps = STEPS;
  options.run.stop_after = !s->to_the_end;
  options.run.resume = "latest";
  return gaze_train_llava(&options);
}

static void check_stepping(void *user) { check_run(((const stepping *)user)->name); }

/* Steps that fail in every place, then the rest of them: the model is the one that nothing happened to. */
static void check_both(const char *name, const char *whole, operation *step) {
  static const char last[] = "checkpoints/step-00000200.safetensors";
  stepping failing = {.name = name}, smooth = {whole, true};
  assert_int_equal(step(&failing), GAZE_OK);
  full_disk(name, step, check_stepping, &failing);
  until_success(name, FAULT_SYSTEM, 1, step, check_stepping, &failing);
  assert_false(gaze_file_exists(file_of(name, last)));
  failing.to_the_end = true;
  assert_int_equal(step(&failing), GAZE_OK);
  assert_int_equal(step(&smooth), GAZE_OK);
  check_same_files(file_of(name, last), file_of(whole, last));
  check_same_files(file_of(name, "model.safetensors"), file_of(whole, "model.safetensors"));
}

static void language_on_a_failing_machine(void **state) { check_both("lm-failing", "lm-smooth", step_lm); }
static void looking_on_a_failing_machine(void **state) { check_both("llava-failing", "llava-smooth", step_llava); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(memory_and_system_at_the_start),
                                     cmocka_unit_test(language_on_a_failing_machine),
                                     cmocka_unit_test(looking_on_a_failing_machine)};
  gaze_set_warn(NULL);
  setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "0", 1); /* what it keeps of each new shape would count as left behind */
  if (fault_possible())
    return cmocka_run_group_tests(tests, make_llava_folder, remove_folder);
  printf("SKIP: a sanitizer brings its own allocator\n");
  return 77; /* meson counts it as skipped */
}
