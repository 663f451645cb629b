/* Whole training runs of a tiny model that looks and talks: both stages, resuming, what is left out, and what it then
 * answers about pictures. */
#include "seeing_files.h"
#include "train_files.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "fusion/features_file.h"
#include "fusion/llava.h"
#include "gaze_ask.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST "checkpoints/step-00000006.safetensors"

static void train(const gaze_train_llava_options *options) {
  if (gaze_train_llava(options) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

/* folder/RUN/FILE */
static const char *file_of(const char *run, const char *file) {
  char name[256];
  snprintf(name, sizeof name, "%s/%s", run, file);
  return test_path(name);
}

/* Six steps at once, and in two parts: the log, the state and the model are the same. */
static void resumed_is_whole(void **state) {
  static const char *const names[2][2] = {{"whole1", "halves1"}, {"whole2", "halves2"}};
  for (int stage = 1; stage <= 2; stage++) {
    const char *one = names[stage - 1][0], *two = names[stage - 1][1];
    gaze_train_llava_options whole = llava_options(stage, one), halves = llava_options(stage, two);
    whole.run.batch_size = halves.run.batch_size = 1; /* so that the halves part in the middle of a round */
    train(&whole);
    halves.run.stop_after = stage;
    train(&halves);
    assert_false(gaze_file_exists(file_of(two, LAST)));
    halves.run.resume = "latest";
    halves.run.stop_after = 0;
    train(&halves);
    check_same_files(file_of(one, LAST), file_of(two, LAST));
    check_same_files(file_of(one, "model.safetensors"), file_of(two, "model.safetensors"));
    json_t *a = read_log(file_of(one, "metrics.jsonl")), *b = read_log(file_of(two, "metrics.jsonl"));
    assert_int_equal(json_array_size(a), 6);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
  }
}

/* Whether a tensor of two files is the same. */
static bool is_same(const char *a, const char *a_name, const char *b, const char *b_name) {
  gaze_safetensors *one, *other;
  assert_int_equal(gaze_safetensors_open(a, &one), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(b, &other), GAZE_OK);
  const gaze_tensor *x = gaze_safetensors_find(one, a_name), *y = gaze_safetensors_find(other, b_name);
  assert_true(x && y && x->dtype == y->dtype && gaze_tensor_count(x) == gaze_tensor_count(y));
  bool same = memcmp(x->data, y->data, gaze_tensor_count(x) * gaze_dtype_size(x->dtype)) == 0;
  gaze_safetensors_close(one);
  gaze_safetensors_close(other);
  return same;
}

/* Of a file in f32. */
static void check_finite(const char *path) {
  gaze_safetensors *file;
  assert_int_equal(gaze_safetensors_open(path, &file), GAZE_OK);
  for (size_t i = 0; i < gaze_safetensors_count(file); i++) {
    const gaze_tensor *tensor = &gaze_safetensors_get(file, i)->tensor;
    assert_int_equal(tensor->dtype, GAZE_DTYPE_F32);
    for (size_t k = 0; k < gaze_tensor_count(tensor); k++)
      assert_true(isfinite(((const float *)tensor->data)[k]));
  }
  gaze_safetensors_close(file);
}

/* The last block that is run moves, the one before it does not; a run in two parts is one run. */
static void the_last_blocks_learn(void **state) {
  static const char *const names[] = {"vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight",
                                      "vision_tower.vision_model.encoder.layers.1.mlp.fc1.weight",
                                      "vision_tower.vision_model.embeddings.class_embedding"};
  char model[512];
  gaze_train_llava_options one = llava_options(1, "aligned"), two = llava_options(2, "blocks"),
                           half = llava_options(2, "half");
  one.vision_layer = -1;
  one.steps = 1;
  train(&one);
  snprintf(model, sizeof model, "%s", file_of("aligned", ""));
  two.model = half.model = model;
  two.vision = two.language = half.vision = half.language = NULL;
  two.vision_blocks = half.vision_blocks = 1;
  two.vision_lr = half.vision_lr = 1e-3;
  half.run.stop_after = 4;
  train(&two);
  train(&half);
  half.run.resume = "latest";
  half.run.stop_after = 0;
  train(&half);
  check_same_files(file_of("blocks", "model.safetensors"), file_of("half", "model.safetensors"));
  check_same_files(file_of("blocks", LAST), file_of("half", LAST));
  for (size_t i = 0; i < 3; i++)
    assert_true(is_same(file_of("aligned", "model.safetensors"), names[i], file_of("blocks", "model.safetensors"),
                        names[i]) == (i != 1));
}

/* Answers teach the projector, and the language model stays; by its own rate, as if that were the run's. */
static void a_locked_language_stays(void **state) {
  static const char *const names[] = {"language_model.model.embed_tokens.weight",
                                      "language_model.model.layers.0.mlp.up_proj.weight",
                                      "language_model.model.norm.weight", "multi_modal_projector.linear_1.weight"};
  char model[512];
  gaze_train_llava_options one = llava_options(1, "before"), two = llava_options(2, "locked");
  one.steps = 1;
  train(&one);
  snprintf(model, sizeof model, "%s", file_of("before", ""));
  two.model = model;
  two.vision = two.language = NULL;
  two.lock_language = true;
  two.run.lr = 0;
  two.projector_lr = 1e-3;
  train(&two);
  for (size_t i = 0; i < 4; i++)
    assert_true(is_same(file_of("before", "model.safetensors"), names[i], file_of("locked", "model.safetensors"),
                        names[i]) == (i != 3));
}

/* What vision_feature_layer and vision_feature_select_strategy say of a new model, and how many rows a picture is. */
static void a_new_model_looks_where_it_is_told(void **state) {
  gaze_train_llava_options options = llava_options(1, "whole");
  options.vision_layer = -1;
  options.vision_select = "cls_patch";
  options.steps = 1;
  train(&options);
  json_t *config, *processor;
  assert_int_equal(gaze_json_open(file_of("whole", "config.json"), &config), GAZE_OK);
  assert_int_equal(gaze_json_open(file_of("whole", "processor_config.json"), &processor), GAZE_OK);
  const json_t *vision = json_object_get(config, "vision_config");
  assert_int_equal(json_integer_value(json_object_get(vision, "num_hidden_layers")), 2);
  assert_string_equal(json_string_value(json_object_get(config, "vision_feature_select_strategy")), "full");
  assert_string_equal(json_string_value(json_object_get(processor, "vision_feature_select_strategy")), "full");
  json_decref(config);
  json_decref(processor);
}

static void each_stage_moves_its_own(void **state) {
  static const char words[] = "model.layers.1.mlp.up_proj.weight", first[] = "multi_modal_projector.linear_1.weight";
  static const char inner[] = "language_model.model.layers.1.mlp.up_proj.weight";
  static const char eye[] = "vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight";
  gaze_train_llava_options one = llava_options(1, "one"), two = llava_options(2, "two");
  train(&one);
  two.model = file_of("one", "");
  two.vision = two.language = NULL;
  train(&two);
  const char *before = file_of("one", "model.safetensors"), *after = file_of("two", "model.safetensors");
  assert_true(is_same(file_of("lm", "model.safetensors"), words, before, inner));
  assert_false(is_same(before, inner, after, inner));
  assert_false(is_same(before, first, after, first));
  assert_true(is_same(before, eye, after, eye));
}

/* Two steps of six, which leave features behind; then the other four. */
static gaze_train_llava_options begin_run(const char *name) {
  gaze_train_llava_options options = llava_options(2, name);
  options.run.stop_after = 2;
  train(&options);
  assert_true(gaze_file_exists(file_of(name, "features")));
  options.run.resume = "latest";
  options.run.stop_after = 0;
  count_warnings();
  return options;
}

/* The numbers of a file of features by a factor. */
static void scale_features(const char *path, float factor) {
  gaze_map map;
  gaze_features_writer writer;
  assert_int_equal(gaze_map_open(path, &map), GAZE_OK);
  const gaze_features_head *head = (const void *)map.data;
  const float *values = (const void *)(map.data + gaze_features_at(head->pictures));
  size_t of_one = head->rows * head->C;
  float *scaled = test_malloc(of_one * sizeof *scaled);
  assert_int_equal(gaze_features_writer_init(&writer, path, head), GAZE_OK);
  for (size_t i = 0; i < head->n; i++) {
    for (size_t k = 0; k < of_one; k++)
      scaled[k] = values[i * of_one + k] * factor;
    assert_int_equal(gaze_features_writer_add(&writer, scaled), GAZE_OK);
  }
  assert_int_equal(gaze_features_writer_finish(&writer, (const void *)(head + 1)), GAZE_OK);
  gaze_features_writer_fini(&writer);
  gaze_map_close(&map);
  test_free(scaled);
}

static void change_byte(const char *path, size_t from_end) {
  uint8_t *bytes;
  size_t size;
  assert_int_equal(gaze_file_read(path, 1 << 20, &bytes, &size), GAZE_OK);
  bytes[size - from_end] ^= 1;
  write_file(path, bytes, size);
  free(bytes);
}

/* What an earlier call saw is used where nothing has changed, and only there; it goes when the run is over. */
static void features_are_kept(void **state) {
  gaze_train_llava_options whole = llava_options(2, "seen"), options = begin_run("kept");
  char wanted[512];
  snprintf(wanted, sizeof wanted, "%s", file_of("seen", "model.safetensors"));
  train(&whole);
  scale_features(file_of("kept", "features"), 1);
  train(&options);
  assert_int_equal(n_warnings, 0);
  assert_false(gaze_file_exists(file_of("kept", "features")));
  check_same_files(wanted, file_of("kept", "model.safetensors"));
  static const char first[] = "multi_modal_projector.linear_1.weight";
  options = begin_run("scaled");
  scale_features(file_of("scaled", "features"), 2);
  train(&options);
  assert_false(is_same(wanted, first, file_of("scaled", "model.safetensors"), first));
  options = begin_run("garbled");
  change_byte(file_of("garbled", "features"), 7);
  train(&options);
  assert_non_null(strstr(last_warning, "damaged features of pictures"));
  check_same_files(wanted, file_of("garbled", "model.safetensors"));
  options = begin_run("repainted");
  write_square("red.png", 0xfe0000);
  train(&options);
  assert_non_null(strstr(last_warning, "pictures that have changed"));
  write_square("red.png", 0xff0000);
  options = begin_run("narrowed");
  options.run.compute.precision = GAZE_PRECISION_BF16;
  train(&options);
  assert_non_null(strstr(last_warning, "another image encoder"));
}

static void bad_samples_are_passed_over(void **state) {
  gaze_train_llava_options options = llava_options(2, "bad");
  const char *path = test_path("bad.json");
  write_text(path, "{\"id\":\"fine\",\"image\":\"red.png\",\"question\":\"what?\",\"answer\":\"red\"}\n"
                   "{\"id\":\"gone\",\"image\":\"gone.png\",\"question\":\"what?\",\"answer\":\"red\"}\n"
                   "{\"id\":\"silent\",\"image\":\"red.png\",\"question\":\"what?\"}\n"
                   "{\"id\":\"broken\",\n"
                   "{\"id\":\"long\",\"image\":\"red.png\",\"question\":\"what is there, and what else is there?\","
                   "\"answer\":\"red\"}\n"
                   "{\"id\":\"noise\",\"image\":\"bad.json\",\"question\":\"what?\",\"answer\":\"red\"}\n");
  options.train_data = &path;
  options.max_bad = 5;
  options.context = 48;
  count_warnings();
  train(&options);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "5 bad rows"));
  uint8_t *text;
  size_t size;
  static const char *const words[] = {"gone", "silent: no answer", "line 4", "long: too long", "noise"};
  assert_int_equal(gaze_file_read(file_of("bad", "bad-rows.txt"), 1 << 16, &text, &size), GAZE_OK);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr((const char *)text, words[i]))
      fail_msg("no %s in:\n%s", words[i], (const char *)text);
  free(text);
  options.out = file_of("worst", "");
  options.run.stop_after = 1;
  train(&options);
  options.run.resume = "latest";
  options.run.stop_after = 0;
  train(&options);
  check_same_files(file_of("bad", "bad-rows.txt"), file_of("worst", "bad-rows.txt"));
  check_same_files(file_of("bad", "model.safetensors"), file_of("worst", "model.safetensors"));
  options.run.resume = NULL;
  options.max_bad = 4;
  options.out = file_of("worse", "");
  check_fails(gaze_train_llava(&options), GAZE_ERR_LIMIT, "more than 4 bad rows", "--max-bad", NULL);
}

/* A rate at which weights overflow: the run stops, and leaves the newest checkpoint that gave a finite step, with the
 * model of it. */
static void diverged_keeps_a_good_checkpoint(void **state) {
  for (int stage = 1; stage <= 2; stage++) {
    const char *name = stage == 1 ? "diverged1" : "diverged2";
    gaze_train_llava_options options = llava_options(stage, name);
    gaze_assistant *assistant;
    options.steps = 2;
    options.run.lr_scheduler = "const";
    train(&options);
    options.run.resume = "latest";
    options.steps = 3; /* the last step, whose weights no loss judges */
    options.run.lr = options.projector_lr = 1e39;
    check_fails(gaze_train_llava(&options), GAZE_ERR_DIVERGED, "weight inf at step 3", "step-00000002", NULL);
    check_finite(file_of(name, "model.safetensors"));
    options.steps = 20;
    options.run.lr = options.projector_lr = 1e38;
    check_fails(gaze_train_llava(&options), GAZE_ERR_DIVERGED, "diverged", name, "checkpoint", "--lr", NULL);
    check_finite(file_of(name, "model.safetensors"));
    assert_int_equal(
        gaze_assistant_open(test_path(name), &(gaze_assistant_options){.chat_template = "plain"}, &assistant), GAZE_OK);
    gaze_assistant_close(assistant);
    options.run.lr = options.projector_lr = 1e-3;
    options.steps = 4;
    train(&options);
  }
}

static double last_loss;

static void watch(void *user, const gaze_train_progress *progress) { last_loss = progress->loss; }

static void check_answer(gaze_assistant *assistant, const char *picture, const char *wanted) {
  gaze_chat *chat;
  gaze_answer answer;
  assert_int_equal(gaze_chat_new(assistant, NULL, &chat), GAZE_OK);
  if (picture && gaze_chat_add_picture_file(chat, test_path(picture)) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  const gaze_answer_options how = {.max_tokens = 8};
  if (gaze_chat_ask(chat, picture ? "what colour is it?" : "hi", &how, &answer) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_string_equal(answer.text, wanted);
  gaze_answer_fini(&answer);
  gaze_chat_free(chat);
}

/* The same question, and only the picture says which answer is right. */
static void learns_to_look(void **state) {
  gaze_train_llava_options options = llava_options(2, "sees");
  gaze_assistant *assistant;
  options.steps = 500;
  options.run.lr_scheduler = "const";
  options.run.accum_freq = 1;
  options.run.save_every = 0;
  options.run.progress = watch;
  train(&options);
  if (!(last_loss < 0.02))
    fail_msg("loss %g", last_loss);
  if (gaze_assistant_open(test_path("sees"), NULL, &assistant) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  check_answer(assistant, "red.png", "red");
  check_answer(assistant, "blue.png", "blue");
  check_answer(assistant, NULL, "hello");
  gaze_assistant_close(assistant);
}

/* What JSON names may lie in a tar. */
static void pictures_are_found_in_tars(void **state) {
  gaze_train_llava_options options = llava_options(2, "tarred");
  test_tar tar = {0};
  const char *json = test_path("tarred.json"), *pictures = test_path("pictures.tar");
  tar_add_png(&tar, "green", 20, 20, 0x00ff00);
  tar_write(&tar, pictures);
  write_text(json, "[{\"id\":\"1\",\"image\":\"green.png\",\"conversations\":[{\"from\":\"human\",\"value\":"
                   "\"<image>\\nwhat?\"},{\"from\":\"gpt\",\"value\":\"green\"}]}]");
  options.train_data = &json;
  options.steps = 1;
  check_fails(gaze_train_llava(&options), GAZE_ERR_LIMIT, "green.png", "--max-bad", NULL);
  options.image_data = &pictures;
  options.n_image_data = 1;
  train(&options);
}

/* Pairs of rank 4 beside the language model of folder/aligned, which stage 1 made. */
static gaze_train_llava_options lora_options(const char *name) {
  gaze_train_llava_options options = llava_options(2, name);
  if (!gaze_file_exists(file_of("aligned", "model.safetensors"))) {
    gaze_train_llava_options aligned = llava_options(1, "aligned");
    train(&aligned);
  }
  options.model = file_of("aligned", "");
  options.vision = options.language = NULL;
  options.lora = (gaze_lora_options){.rank = 4, .dropout = 0.2};
  return options;
}

/* An adapter in the folder says that it belongs to another model. */
static void rename_base(const char *out) {
  char path[600];
  json_t *config;
  snprintf(path, sizeof path, "%s/adapter_config.json", out);
  assert_int_equal(gaze_json_open(path, &config), GAZE_OK);
  json_object_set_new(config, "base_model_name_or_path", json_string("elsewhere"));
  assert_int_equal(json_dump_file(config, path, 0), 0);
  json_decref(config);
}

/* Dropout leaves out the same when the run goes on, and where blocks run twice. */
static void an_adapter_is_resumed(void **state) {
  gaze_train_llava_options whole = lora_options("wholepair"), halves = lora_options("halfpair");
  train(&whole);
  halves.run.stop_after = 3;
  halves.run.grad_checkpointing = true;
  train(&halves);
  halves.run.resume = "latest";
  halves.run.stop_after = 0;
  halves.lora.alpha = 3;
  check_fails(gaze_train_llava(&halves), GAZE_ERR_MISMATCH, "adapter_config.json", "lora_alpha", NULL);
  halves.lora.alpha = 0;
  rename_base(halves.out);
  count_warnings();
  train(&halves);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "an adapter of elsewhere"));
  check_same_files(file_of("wholepair", LAST), file_of("halfpair", LAST));
  check_same_files(file_of("wholepair", "adapter_model.safetensors"), file_of("halfpair", "adapter_model.safetensors"));
  json_t *a = read_log(file_of("wholepair", "metrics.jsonl")), *b = read_log(file_of("halfpair", "metrics.jsonl"));
  assert_int_equal(json_array_size(a), 6);
  assert_true(json_equal(a, b));
  json_decref(a);
  json_decref(b);
  assert_false(gaze_file_exists(file_of("wholepair", "model.safetensors")));
  uint8_t *page;
  size_t size;
  assert_int_equal(gaze_file_read(file_of("wholepair", "report.html"), 1 << 20, &page, &size), GAZE_OK);
  assert_non_null(strstr((const char *)page, "lora-dropout<td>0.2"));
  free(page);
}

/* Of each parameter that learns value, gradient and two moments are kept, of others the value alone. */
static void what_is_frozen_costs_nothing(void **state) {
  gaze_llava llava;
  gaze_kernels kernels;
  const gaze_lora_options options = {.rank = 4};
  lora_options("unused");
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  assert_int_equal(gaze_llava_open(&llava, &kernels, test_path("aligned"), NULL, false, 0), GAZE_OK);
  assert_int_equal(gaze_llava_add_lora(&llava, &options, 0), GAZE_OK);
  gaze_parameters projector = {.items = llava.all.items + llava.n_encoder, .n = llava.n_projector};
  size_t pairs = gaze_parameters_size(&llava.lora.learned);
  assert_int_equal(llava.lora.targets.n, 2 * 7);
  assert_int_equal(gaze_parameters_size(&llava.learned), gaze_parameters_size(&projector) + pairs);
  assert_null(llava.decoder.dtoken_embedding);
  assert_null(llava.decoder.dfinal_norm_gain);
  for (size_t i = 0; i < llava.decoder.stack.layers; i++)
    assert_true(!llava.decoder.stack.gradients[i].q_weight && !llava.decoder.stack.gradients[i].norm1_gain);
  gaze_llava_fini(&llava);
}

static void check_same_answers(gaze_assistant *beside, gaze_assistant *merged) {
  static const char *const questions[] = {"what colour is it?", "hi", "is there a red square?"};
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    gaze_assistant *both[] = {beside, merged};
    gaze_answer answers[2];
    for (int k = 0; k < 2; k++) {
      gaze_chat *chat;
      const gaze_answer_options how = {.max_tokens = 12};
      assert_int_equal(gaze_chat_new(both[k], NULL, &chat), GAZE_OK);
      assert_int_equal(gaze_chat_add_picture_file(chat, test_path(i % 2 ? "blue.png" : "red.png")), GAZE_OK);
      assert_int_equal(gaze_chat_ask(chat, questions[i], &how, &answers[k]), GAZE_OK);
      gaze_chat_free(chat);
    }
    assert_string_equal(answers[0].text, answers[1].text);
    gaze_answer_fini(&answers[0]);
    gaze_answer_fini(&answers[1]);
  }
}

/* What learns_to_look made learns to lie, by pairs and the projector alone; the adapter answers as it is, and joined
 * with its model. */
static void learns_by_pairs(void **state) {
  gaze_train_llava_options options = lora_options("tuned");
  gaze_assistant *beside, *merged = NULL;
  const char *lies = test_path("lies.json");
  write_text(lies, "{\"id\":\"1\",\"image\":\"red.png\",\"question\":\"what colour is it?\",\"answer\":\"blue\"}\n"
                   "{\"id\":\"2\",\"image\":\"blue.png\",\"question\":\"what colour is it?\",\"answer\":\"red\"}\n");
  options.train_data = &lies;
  options.model = test_path("sees");
  options.steps = 200;
  options.lora = (gaze_lora_options){.rank = 4};
  options.run.lr_scheduler = "const";
  options.run.accum_freq = 1;
  options.run.save_every = 0;
  options.run.progress = watch;
  train(&options);
  if (!(last_loss < 0.02))
    fail_msg("loss %g", last_loss);
  if (gaze_assistant_open(test_path("tuned"), NULL, &beside) != GAZE_OK ||
      gaze_model_merge(NULL, test_path("tuned"), test_path("joined")) != GAZE_OK ||
      gaze_assistant_open(test_path("joined"), NULL, &merged) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  check_answer(beside, "red.png", "blue");
  check_answer(merged, "blue.png", "red");
  check_same_answers(beside, merged);
  gaze_assistant_close(beside);
  gaze_assistant_close(merged);
  check_fails(gaze_model_merge(NULL, test_path("tuned"), test_path("joined")), GAZE_ERR_ARGUMENT, "there already",
              NULL);
  check_fails(gaze_model_merge(test_path("lm"), test_path("tuned"), test_path("wrong")), GAZE_ERR_MISMATCH,
              "another model", "lora_A", NULL);
}

static void wrong_lora_options_are_said(void **state) {
  gaze_train_llava_options options = llava_options(2, "wrong");
  options.lora.rank = 4;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--lora-rank", "-m", NULL);
  options = lora_options("wrong");
  options.stage = 1;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--lora-rank", "--stage 2", NULL);
  options.stage = 2;
  options.lora.targets = "q_proj,fc1";
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "fc1", "down_proj", NULL);
  options.lora.targets = "q_proj,";
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "no such target", NULL);
  options.lora.targets = "all";
  options.lora.dropout = 1;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "dropout", NULL);
}

/* Before the first step there is nothing to go on from. */
static void stopped_while_it_looks(void **state) {
  static const volatile int stop = 1;
  gaze_train_llava_options options = llava_options(2, "impatient");
  options.run.stop = &stop;
  check_fails(gaze_train_llava(&options), GAZE_ERR_INTERRUPTED, "looking at pictures", "begins anew", NULL);
  assert_false(gaze_file_exists(file_of("impatient", "features")));
}

static void wrong_options_are_said(void **state) {
  gaze_train_llava_options options = llava_options(1, "wrong");
  options.language = NULL;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--language", NULL);
  options = llava_options(3, "wrong");
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "stage", NULL);
  options = llava_options(1, "wrong");
  options.vision = options.language;
  check_fails(gaze_train_llava(&options), GAZE_ERR_UNSUPPORTED, "not an image encoder", NULL);
  options = llava_options(1, "wrong");
  options.language = options.vision;
  check_fails(gaze_train_llava(&options), GAZE_ERR_UNSUPPORTED, NULL);
  options = llava_options(1, "wrong");
  options.vision_blocks = 1;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--vision-blocks", "--stage 2", NULL);
  options = llava_options(1, "wrong");
  options.blind = true;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--blind", "--stage 2", NULL);
  options = llava_options(1, "wrong");
  options.lock_language = true;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--lock-language", "--stage 2", NULL);
  options = llava_options(2, "wrong");
  options.lock_language = true;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--lock-language", "leave --lr out", NULL);
  options.run.lr = 0;
  options.blind = true;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--lock-language", "--blind", NULL);
  options = llava_options(2, "wrong");
  options.vision_blocks = 9;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--vision-blocks 9", "give less", NULL);
  options = llava_options(1, "wrong");
  options.vision_select = "all";
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--vision-select", "cls_patch", NULL);
  options = llava_options(1, "wrong");
  options.vision_layer = -7;
  check_fails(gaze_train_llava(&options), GAZE_ERR_MISMATCH, "layer out of range", NULL);
  options = llava_options(1, "wrong");
  options.model = options.language;
  options.vision = options.language = NULL;
  options.vision_layer = -1;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--vision-layer", NULL);
  options = llava_options(1, "wrong");
  options.context = 4;
  check_fails(gaze_train_llava(&options), GAZE_ERR_ARGUMENT, "--context", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(resumed_is_whole),
                                     cmocka_unit_test(each_stage_moves_its_own),
                                     cmocka_unit_test(the_last_blocks_learn),
                                     cmocka_unit_test(a_locked_language_stays),
                                     cmocka_unit_test(a_new_model_looks_where_it_is_told),
                                     cmocka_unit_test(features_are_kept),
                                     cmocka_unit_test(bad_samples_are_passed_over),
                                     cmocka_unit_test(diverged_keeps_a_good_checkpoint),
                                     cmocka_unit_test(learns_to_look),
                                     cmocka_unit_test(pictures_are_found_in_tars),
                                     cmocka_unit_test(an_adapter_is_resumed),
                                     cmocka_unit_test(what_is_frozen_costs_nothing),
                                     cmocka_unit_test(learns_by_pairs),
                                     cmocka_unit_test(wrong_lora_options_are_said),
                                     cmocka_unit_test(wrong_options_are_said),
                                     cmocka_unit_test(stopped_while_it_looks)};
  return cmocka_run_group_tests(tests, make_llava_folder, remove_folder);
}
