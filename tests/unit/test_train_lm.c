/* Whole training runs of a tiny language model: resuming, stopping, diverging, and what a run leaves. */
#include "train_files.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "fusion/checkpoint.h"
#include "fusion/lm.h"
#include "gaze_ask.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LAST "checkpoints/step-00000006.safetensors"

static const char poem[] = "the red square is here\n\nthe blue square is there\n\na green one, a small green one\n\n"
                           "the red square is not there\n\nhere is no blue square\n\nall of them are squares of one "
                           "colour and each of them is somewhere, here or there, red or blue or green\n";

static int set_up(void **state) {
  if (make_folder(state) != 0)
    return -1;
  write_text(test_path("poem.txt"), poem);
  write_text(test_path("held.txt"), "the green square is here\n\nno red square\n");
  gaze_text_part text = {.text = poem, .size = sizeof poem - 1};
  return gaze_tokenizer_train_kind("lm", &text, 1, 300, 2, test_path("words")) == GAZE_OK ? 0 : -1;
}

/* A run into folder/NAME of 6 steps of 2 x 32 tokens. Texts in it are good until the fourth call after. */
static gaze_train_lm_options options_of(const char *name) {
  static char paths[4][4][512];
  static const char *data[4][2];
  static size_t turn;
  gaze_train_lm_options options;
  char(*path)[512] = paths[turn];
  const char **files = data[turn++];
  turn %= 4;
  gaze_train_lm_defaults(&options);
  snprintf(path[0], sizeof path[0], "%s/poem.txt", test_folder);
  snprintf(path[1], sizeof path[1], "%s/held.txt", test_folder);
  snprintf(path[2], sizeof path[2], "%s/words", test_folder);
  snprintf(path[3], sizeof path[3], "%s/%s", test_folder, name);
  files[0] = path[0], files[1] = path[1];
  options.train_data = &files[0];
  options.val_data = &files[1];
  options.n_train_data = options.n_val_data = 1;
  options.tokenizer = path[2];
  options.out = path[3];
  options.layers = 2;
  options.dim = 24;
  options.heads = 4;
  options.kv_heads = 2;
  options.context = 16;
  options.run.batch_size = options.run.accum_freq = 2;
  options.steps = 6;
  options.run.lr = 4e-3;
  options.run.warmup = 2;
  options.run.seed = 5;
  options.run.save_every = options.run.log_every_n_steps = 1;
  options.val_every = 3;
  options.run.compute.threads = 1;
  return options;
}

static void train(const gaze_train_lm_options *options) {
  if (gaze_train_lm(options) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

/* folder/RUN/FILE */
static const char *file_of(const char *run, const char *file) {
  char name[256];
  snprintf(name, sizeof name, "%s/%s", run, file);
  return test_path(name);
}

/* Six steps at once, in halves, and with a step that is done twice: the log and the state are the same. */
static void resumed_is_whole(void **state) {
  static const char *const prompts[] = {"the red"};
  gaze_train_lm_options whole = options_of("whole"), halves = options_of("halves");
  whole.prompts = halves.prompts = prompts;
  whole.n_prompts = halves.n_prompts = 1;
  train(&whole);
  halves.run.stop_after = 2;
  train(&halves);
  assert_false(gaze_file_exists(file_of("halves", LAST)));
  halves.run.resume = "latest";
  halves.run.stop_after = 0;
  train(&halves);
  check_same_files(file_of("whole", LAST), file_of("halves", LAST));
  check_same_files(file_of("whole", "model.safetensors"), file_of("halves", "model.safetensors"));
  json_t *a = read_log(file_of("whole", "metrics.jsonl")), *b = read_log(file_of("halves", "metrics.jsonl"));
  assert_int_equal(json_array_size(a), 6 + 2 + 2); /* steps, perplexities, texts */
  assert_true(json_equal(a, b));
  json_decref(a);
  json_decref(b);
  halves.run.resume = file_of("whole", "checkpoints/step-00000005.safetensors");
  train(&halves);
  check_same_files(file_of("whole", LAST), file_of("halves", LAST));
}

static size_t count_log(const char *run) {
  json_t *log = read_log(file_of(run, "metrics.jsonl"));
  size_t n = json_array_size(log);
  json_decref(log);
  return n;
}

/* A run that was killed between its last checkpoint and its model, and one that stopped where a measure was due. */
static void what_was_left_undone_is_made_up_for(void **state) {
  gaze_train_lm_options options = options_of("late");
  train(&options);
  size_t lines = count_log("late");
  assert_int_equal(unlink(file_of("late", "model.safetensors")), 0);
  options.run.resume = "latest";
  train(&options);
  check_same_files(file_of("whole", "model.safetensors"), file_of("late", "model.safetensors"));
  assert_int_equal(count_log("late"), lines); /* what was measured is not measured again */
  options = options_of("due");
  options.run.stop_after = 3;
  options.run.log_every_n_steps = 0;
  train(&options);
  assert_false(gaze_file_exists(file_of("due", "metrics.jsonl")));
  options.out = options_of("due again").out;
  options.run.log_every_n_steps = 1;
  train(&options);
  assert_int_equal(count_log("due again"), 3);
  options.run.resume = "latest";
  options.run.stop_after = 0;
  train(&options);
  assert_int_equal(count_log("due again"), lines);
}

static void other_runs_are_not_resumed(void **state) {
  gaze_train_lm_options options = options_of("other");
  options.steps = 1;
  train(&options);
  check_fails(gaze_train_lm(&options), GAZE_ERR_ARGUMENT, "there is a run already", "--resume latest", "--out", NULL);
  options.run.resume = "latest";
  options.run.seed = 8;
  check_fails(gaze_train_lm(&options), GAZE_ERR_MISMATCH, "--seed", NULL);
  options.run.seed = 5;
  options.context = 8;
  check_fails(gaze_train_lm(&options), GAZE_ERR_MISMATCH, "samples a step", NULL);
  options.context = 16;
  options.run.batch_size = 4;
  options.run.accum_freq = 1;
  check_fails(gaze_train_lm(&options), GAZE_ERR_MISMATCH, "--batch-size 2", NULL);
  options.run.batch_size = options.run.accum_freq = 2;
  options.layers = 1;
  check_fails(gaze_train_lm(&options), GAZE_ERR_MISMATCH, "another model", NULL);
  options.layers = 2;
  options.train_data = options.val_data;
  options.steps = 2;
  count_warnings();
  train(&options);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "other training data"));
}

static volatile int stop;
static double lowest_loss;
static uint64_t steps_seen, tokens_seen;

static void watch(void *user, const gaze_train_progress *progress) {
  steps_seen++;
  tokens_seen = progress->tokens;
  lowest_loss = fmin(lowest_loss, progress->loss);
  stop = progress->step == (uint64_t)(uintptr_t)user;
}

static void stopping_leaves_a_checkpoint(void **state) {
  gaze_train_lm_options options = options_of("stopped");
  options.run.progress = watch;
  options.run.stop = &stop;
  options.run.user = (void *)(uintptr_t)2;
  options.run.save_every = 0;
  steps_seen = 0;
  check_fails(gaze_train_lm(&options), GAZE_ERR_INTERRUPTED, "--resume latest", NULL);
  assert_int_equal(steps_seen, 2);
  assert_in_range(tokens_seen, 2 * 2 * 16, 2 * 2 * 32);
  assert_true(gaze_file_exists(file_of("stopped", "checkpoints/step-00000002.safetensors")));
}

/* Every number of the model that a run wrote; gaze_lm_fini. */
static void open_written(const char *run, gaze_lm *lm) {
  gaze_decoder_config config;
  gaze_kernels kernels;
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  assert_int_equal(gaze_lm_config_open(test_path(run), &config), GAZE_OK);
  assert_int_equal(gaze_lm_init(lm, &config, true), GAZE_OK);
  if (gaze_lm_load(lm, &kernels, test_path(run)) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static void diverged_keeps_a_good_checkpoint(void **state) {
  gaze_train_lm_options options = options_of("diverged");
  gaze_lm lm;
  char *path;
  options.steps = 2;
  options.run.lr_scheduler = "const";
  train(&options);
  options.steps = 20;
  options.run.lr = 1e38;
  options.run.resume = "latest";
  check_fails(gaze_train_lm(&options), GAZE_ERR_DIVERGED, "diverged", "checkpoint", "--lr", NULL);
  assert_int_equal(gaze_checkpoint_latest(file_of("diverged", "checkpoints"), &path), GAZE_OK);
  assert_non_null(strstr(gaze_last_error(), path));
  free(path);
  open_written("diverged", &lm);
  for (size_t i = 0; i < gaze_parameters_size(&lm.parameters); i++)
    assert_true(isfinite(lm.values[i]));
  gaze_lm_fini(&lm);
  options.run.lr = 1e-3;
  options.steps = 4;
  train(&options);
}

/* Learned by heart; then it says so, and answers. */
static char written[256];

static void hear(void *user, const char *line) {
  if (line[0] == '>')
    snprintf(written, sizeof written, "%s", line);
}

static void check_page(const char *path) {
  static const char *const words[] = {"Loss</h3>", "Perplexity</h3>", "<th>dim<td>48", "<p> is there</p>",
                                      "tokens a second"};
  uint8_t *page;
  size_t size;
  assert_int_equal(gaze_file_read(path, 1 << 20, &page, &size), GAZE_OK);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr((const char *)page, words[i]))
      fail_msg("no %s in %s", words[i], path);
  free(page);
}

static void learns_by_heart(void **state) {
  static const char *const prompts[] = {"the blue square"};
  gaze_train_lm_options options = options_of("heart");
  gaze_assistant *assistant;
  gaze_chat *chat;
  gaze_answer answer;
  options.steps = 250;
  options.run.weight_decay = 0;
  options.context = 64;
  options.dim = 48;
  options.run.save_every = 0;
  options.val_every = 100;
  options.run.progress = watch;
  options.run.said = hear;
  options.prompts = prompts;
  options.n_prompts = 1;
  options.sample_temperature = 0;
  lowest_loss = HUGE_VAL;
  train(&options);
  if (!(lowest_loss < 0.35)) /* that a text begins is known, which one it is not */
    fail_msg("loss %g", lowest_loss);
  assert_string_equal(written, "> the blue square is there");
  check_page(file_of("heart", "report.html"));
  assert_int_equal(gaze_assistant_open(test_path("heart"), NULL, &assistant), GAZE_OK);
  assert_int_equal(gaze_chat_new(assistant, NULL, &chat), GAZE_OK);
  gaze_answer_options how = {.max_tokens = 8};
  assert_int_equal(gaze_chat_ask(chat, "here", &how, &answer), GAZE_OK);
  gaze_answer_fini(&answer);
  gaze_chat_free(chat);
  gaze_assistant_close(assistant);
}

/* From a model that was written, in bf16: its loss begins where the other ended; the vocabulary is its own. */
static void goes_on_from_a_model(void **state) {
  gaze_train_lm_options options = options_of("base"), more = options_of("more");
  options.steps = 60;
  options.run.model_dtype = "bf16";
  options.untied = true;
  lowest_loss = HUGE_VAL;
  options.run.progress = watch;
  train(&options);
  double ended = lowest_loss;
  more.model = options.out;
  more.tokenizer = NULL;
  more.steps = 1;
  more.run.lr = 0;
  more.run.progress = watch;
  more.run.compute.precision = GAZE_PRECISION_BF16;
  lowest_loss = HUGE_VAL;
  train(&more);
  assert_true(lowest_loss < ended + 1);
  assert_true(gaze_file_exists(file_of("more", "tokenizer.json")));
  json_t *config;
  assert_int_equal(gaze_json_open(file_of("more", "config.json"), &config), GAZE_OK);
  assert_true(json_is_false(json_object_get(config, "tie_word_embeddings")));
  json_decref(config);
  more.context = 0; /* as much as the model reads */
  more.out = options_of("usual").out;
  train(&more);
  more.context = 17;
  more.out = options_of("longer").out;
  check_fails(gaze_train_lm(&more), GAZE_ERR_ARGUMENT, "--context 17", "16", NULL);
}

static const float *numbers_of(const gaze_safetensors *file, const char *name, size_t *n) {
  const gaze_tensor *tensor = gaze_safetensors_find(file, name);
  assert_non_null(tensor);
  *n = gaze_tensor_count(tensor);
  return tensor->data;
}

/* Pairs beside some matrices of a model that was written; resumed, and joined with it. */
static void pairs_beside_a_model(void **state) {
  gaze_train_lm_options base = options_of("paired"), whole = options_of("pairs"), halves = options_of("halfpairs");
  static const char names[][48] = {"model.layers.1.self_attn.v_proj.weight", "model.layers.1.self_attn.k_proj.weight"};
  base.steps = 1;
  train(&base);
  whole.model = halves.model = base.out;
  whole.lora = halves.lora = (gaze_lora_options){.rank = 1, .alpha = 3, .dropout = 0.1, .targets = "v_proj,up_proj"};
  train(&whole);
  halves.run.stop_after = 2;
  train(&halves);
  halves.run.stop_after = 0;
  halves.run.resume = "latest";
  train(&halves);
  check_same_files(file_of("pairs", LAST), file_of("halfpairs", LAST));
  check_same_files(file_of("pairs", "adapter_model.safetensors"), file_of("halfpairs", "adapter_model.safetensors"));
  if (gaze_model_merge(NULL, test_path("pairs"), test_path("both")) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_safetensors *before, *after;
  assert_int_equal(gaze_safetensors_open(file_of("paired", "model.safetensors"), &before), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(file_of("both", "model.safetensors"), &after), GAZE_OK);
  for (size_t i = 0; i < 2; i++) {
    size_t n;
    const float *a = numbers_of(before, names[i], &n), *b = numbers_of(after, names[i], &n);
    assert_int_equal(memcmp(a, b, n * sizeof *a) == 0, i == 1);
  }
  gaze_safetensors_close(before);
  gaze_safetensors_close(after);
  whole.model = NULL;
  whole.out = options_of("alone").out;
  check_fails(gaze_train_lm(&whole), GAZE_ERR_ARGUMENT, "--lora-rank", "-m", NULL);
}

static void rows_that_are_no_good(void **state) {
  gaze_train_lm_options options = options_of("bad");
  write_text(test_path("bad.jsonl"), "{\"text\":\"the red square\"}\n{\n{\"text\":\"the blue square\"}\n");
  const char *data = test_path("bad.jsonl");
  options.train_data = &data;
  options.steps = 1;
  check_fails(gaze_train_lm(&options), GAZE_ERR_LIMIT, "more than 0 bad rows", "line 2", "bad.jsonl", NULL);
  options.max_bad = 1;
  count_warnings();
  train(&options);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "bad-rows.txt"));
}

static void options_that_make_no_sense(void **state) {
  gaze_train_lm_options options = options_of("senseless");
  options.dim = 25;
  check_fails(gaze_train_lm(&options), GAZE_ERR_ARGUMENT, "--dim 25", "--heads 4", NULL);
  options.dim = 24;
  options.kv_heads = 3;
  check_fails(gaze_train_lm(&options), GAZE_ERR_FORMAT, "4 heads", "3", NULL);
  options.kv_heads = 2;
  options.tokenizer = NULL;
  check_fails(gaze_train_lm(&options), GAZE_ERR_ARGUMENT, "--tokenizer", NULL);
  options.tokenizer = options.out;
  check_fails(gaze_train_lm(&options), GAZE_ERR_NOT_FOUND, "senseless", NULL);
  options.tokenizer = options_of("").tokenizer;
  options.run.model_dtype = "int4";
  check_fails(gaze_train_lm(&options), GAZE_ERR_ARGUMENT, "int4", NULL);
  options.run.model_dtype = "f32";
  options.run.compute.precision = GAZE_PRECISION_INT8;
  check_fails(gaze_train_lm(&options), GAZE_ERR_UNSUPPORTED, "int8", NULL);
  options.run.compute.precision = GAZE_PRECISION_F32;
  options.steps = 0;
  options.run.epochs = 1e-4;
  check_fails(gaze_train_lm(&options), GAZE_ERR_ARGUMENT, "--epochs 0.0001", "less than one step", NULL);
  options.n_train_data = 0;
  check_fails(gaze_train_lm(&options), GAZE_ERR_ARGUMENT, "--train-data", NULL);
}

static void limit_files(rlim_t bytes) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No room for another checkpoint: the one before stays as it was, and the run goes on from it. */
static void a_full_disk(void **state) {
  gaze_train_lm_options options = options_of("full"), whole = options_of("roomy");
  gaze_map before;
  options.steps = whole.steps = 4;
  options.run.stop_after = 2;
  train(&options);
  options.run.stop_after = 0;
  options.run.resume = "latest";
  assert_int_equal(gaze_map_open(file_of("full", "checkpoints/step-00000002.safetensors"), &before), GAZE_OK);
  signal(SIGXFSZ, SIG_IGN);
  limit_files(before.size / 2);
  gaze_err err = gaze_train_lm(&options);
  limit_files(RLIM_INFINITY);
  check_fails(err, GAZE_ERR_IO, "step-00000003", NULL);
  write_file(test_path("before"), before.data, before.size);
  gaze_map_close(&before);
  check_same_files(test_path("before"), file_of("full", "checkpoints/step-00000002.safetensors"));
  train(&options);
  train(&whole);
  check_same_files(file_of("full", "model.safetensors"), file_of("roomy", "model.safetensors"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(resumed_is_whole),
                                     cmocka_unit_test(what_was_left_undone_is_made_up_for),
                                     cmocka_unit_test(other_runs_are_not_resumed),
                                     cmocka_unit_test(stopping_leaves_a_checkpoint),
                                     cmocka_unit_test(diverged_keeps_a_good_checkpoint),
                                     cmocka_unit_test(learns_by_heart),
                                     cmocka_unit_test(goes_on_from_a_model),
                                     cmocka_unit_test(pairs_beside_a_model),
                                     cmocka_unit_test(rows_that_are_no_good),
                                     cmocka_unit_test(options_that_make_no_sense),
                                     cmocka_unit_test(a_full_disk)};
  return cmocka_run_group_tests(tests, set_up, remove_folder);
}
