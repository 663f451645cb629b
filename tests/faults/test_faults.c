/* The N-th allocation fails, the N-th call of the system, the disk is full after N bytes, for N = 1, 2, ... until all
 * goes well: each time there is an error in words or a whole result, nothing is left allocated, no half file is left,
 * and what was there before still is. */
#include "gaze_ask.h"
#include "tests/unit/train_files.h"
#include "trials.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/tensor/weights.h"
#include "fusion/checkpoint.h"
#include "fusion/clip_run.h"
#include "fusion/dataset.h"
#include "fusion/features_file.h"
#include "fusion/hub_store.h"
#include "fusion/model.h"
#include "fusion/verify.h"
#include "text/tokenizer.h"
#include "vision/preprocess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* OpenMP's library ends the program when it has no memory for a team of threads. It keeps teams for their next use, but
 * none of a single thread, which is what a product has inside of a loop over pictures or over several labels: those
 * loops are left out where allocations fail. */
enum { THREADS = 2 };

static gaze_kernels kernels;

/* A trained model in folder/logs/start/model, its data in folder/train.tar. */
static int set_up(void **state) {
  if (make_train_folder(state) != 0)
    return -1;
  make_train_tar("train.tar", 8, 0x3c00);
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  gaze_train_clip_options options = train_options("start");
  options.run.epochs = 1;
  gaze_set_warn(NULL);
  return gaze_train_clip(&options) == GAZE_OK ? 0 : -1;
}

static gaze_err use_model(void *user) {
  static const char *const texts[] = {"red", "green blue"}, *const labels[] = {"red|pink"};
  const gaze_model_options options = {.threads = THREADS};
  gaze_model *model;
  gaze_classifier *classifier;
  float vectors[2 * 16];
  char key[33], *json;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_model_open(user, &options, &model));
  GAZE_TRY_DONE(gaze_embed_texts(model, texts, 2, vectors));
  GAZE_TRY_DONE(gaze_model_key(model, key));
  GAZE_TRY_DONE(gaze_model_info_json(model, &json));
  free(json);
  GAZE_TRY_DONE(gaze_classifier_new(model, labels, 1, NULL, 0, &classifier));
  gaze_classifier_free(classifier);
done:
  gaze_model_close(model);
  return err;
}

static void a_model(void **state) {
  char folder[512];
  snprintf(folder, sizeof folder, "%s", run_path("start", "model"));
  every_fault("model", use_model, NULL, folder);
}

/* Labels of which one is kept already and one is new, and a query, with a file of the cache that is made and grows. */
typedef struct cached_use {
  const char *folder;
  char file[1200];
  float wanted[4]; /* logits along an axis, the last that of the query */
} cached_use;

static gaze_err ask_label(gaze_model *model, const char *label, float *out) {
  gaze_classifier *classifier;
  const float axis[16] = {1};
  GAZE_TRY(gaze_classifier_new(model, &label, 1, NULL, 0, &classifier));
  gaze_classifier_logits(classifier, axis, out);
  gaze_classifier_free(classifier);
  return GAZE_OK;
}

static gaze_err use_model_cached(void *user) {
  static const char *const labels[] = {"red", "blue|grey", "red"};
  cached_use *use = user;
  const gaze_model_options options = {.threads = THREADS, .text_cache = true};
  gaze_model *model;
  float got[4], query[16];
  char key[33];
  gaze_err err = GAZE_OK;
  unlink(use->file);
  GAZE_TRY(gaze_model_open(use->folder, &options, &model));
  GAZE_TRY_DONE(gaze_model_key(model, key));
  snprintf(use->file, sizeof use->file, "%s/%s", test_path("cache/gaze/texts"), key);
  for (int i = 0; i < 3; i++)
    GAZE_TRY_DONE(ask_label(model, labels[i], &got[i]));
  GAZE_TRY_DONE(gaze_query_embed(model, "red", NULL, query));
  got[3] = query[0];
  if (use->wanted[0] == 0)
    memcpy(use->wanted, got, sizeof got);
  assert_memory_equal(got, use->wanted, sizeof got);
done:
  gaze_model_close(model);
  return err;
}

static void a_cache_of_texts(void **state) {
  char folder[512];
  snprintf(folder, sizeof folder, "%s", run_path("start", "model"));
  setenv("XDG_CACHE_HOME", test_path("cache"), 1);
  cached_use use = {.folder = folder};
  every_fault("texts", use_model_cached, NULL, &use);
  for (long n = 0; n < 600; n += 9) { /* a full disk is no error */
    fault_limit_files(n);
    gaze_err err = use_model_cached(&use);
    fault_limit_files(-1);
    assert_int_equal(err, GAZE_OK);
    assert_int_equal(use_model_cached(&use), GAZE_OK);
  }
  unsetenv("XDG_CACHE_HOME");
}

/* What lacks is an error, never a stage that parts. */
static gaze_err verify_inputs(void *user) {
  const gaze_model_options options = {.threads = THREADS};
  gaze_verification v = {0};
  gaze_err err;
  GAZE_TRY(gaze_model_open_towers(user, &options, &v.model));
  GAZE_TRY_DONE(gaze_tokenizer_open(user, &v.model->tokenizer));
  GAZE_TRY_DONE(gaze_reference_open(NULL, v.model, &v.reference));
  GAZE_TRY_DONE(gaze_verify_inputs(&v));
  assert_string_equal(v.stages.first, "");
done:
  gaze_stages_fini(&v.stages);
  gaze_reference_fini(&v.reference);
  gaze_model_close(v.model);
  return err;
}

static gaze_err verify_model(void *user) {
  const gaze_model_options options = {.threads = THREADS};
  bool same;
  char *json;
  GAZE_TRY(gaze_model_verify(user, &options, NULL, &same, &json));
  free(json);
  assert_true(same);
  return GAZE_OK;
}

static void a_verification(void **state) {
  char folder[1024];
  snprintf(folder, sizeof folder, "%s/tests/golden/data/clip/quick", getenv("GAZE_SOURCE_ROOT"));
  every_fault("a verification's inputs", verify_inputs, NULL, folder);
  until_success("verification", FAULT_SYSTEM, 1, verify_model, NULL, folder);
}

static gaze_err use_weights(void *user) {
  gaze_weights *weights;
  GAZE_TRY(gaze_weights_open(user, &weights));
  gaze_weights_close(weights);
  return GAZE_OK;
}

static void shards(void **state) {
  static const char *const folders[] = {"sharded", "sharded-pickles"};
  const char *root = getenv("GAZE_SOURCE_ROOT");
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/data/weights/%s", root ? root : ".", folders[i]);
    every_fault(folders[i], use_weights, NULL, path);
  }
  char path[512];
  snprintf(path, sizeof path, "%s/tests/golden/data/gguf/parts-00001-of-00002.gguf", root ? root : ".");
  every_fault("a GGUF in parts", use_weights, NULL, path);
}

static gaze_err use_picture(void *user) {
  gaze_preprocess preprocess;
  gaze_picture picture;
  gaze_picture_facts facts;
  float pixels[3 * 32 * 32];
  uint8_t *bytes;
  size_t size;
  gaze_preprocess_default(&preprocess, 32);
  GAZE_TRY(gaze_picture_open(user, NULL, &facts, &picture));
  gaze_err err = gaze_preprocess_run(&preprocess, &picture, pixels);
  gaze_picture_fini(&picture);
  if (err == GAZE_OK)
    err = gaze_file_read(user, 1 << 24, &bytes, &size);
  if (err != GAZE_OK)
    return err;
  err = gaze_preprocess_decode(&preprocess, bytes, size, user, NULL, NULL, pixels);
  free(bytes);
  return err;
}

static void pictures(void **state) {
  static const char *const files[] = {
      "jpeg/baseline.jpg", "jpeg/progressive.jpg", "jpeg/inks.jpg",  "png/colour.png",
      "png/palette.png",   "png/deep.png",         "webp/lossy.webp"}; /* libwebp 1.2 does not survive it in lossless
                                                                          ones */
  const char *root = getenv("GAZE_SOURCE_ROOT");
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s", root ? root : ".", files[i]);
    every_fault(files[i], use_picture, NULL, path);
  }
}

static gaze_err use_tokenizer(void *user) {
  static const char text[] = "A <mask> \xEA\xB3\xA0\xEC\x96\x91\xEC\x9D\xB4 e\xCC\x81 \xE6\x97\xA5";
  gaze_tokenizer *tokenizer;
  int32_t ids[16];
  size_t n;
  GAZE_TRY(gaze_tokenizer_open(user, &tokenizer));
  gaze_err err = gaze_tokenizer_encode_context(tokenizer, text, 16, ids, &n, NULL);
  gaze_tokenizer_free(tokenizer);
  return err;
}

static void tokenizers(void **state) {
  static const char *const kinds[] = {"bert", "siglip", "xlmr_json", "llama", "gemma", "bytes_json"};
  const char *root = getenv("GAZE_SOURCE_ROOT");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/data/tokenizer_kinds/%s", root ? root : ".", kinds[i]);
    every_fault(kinds[i], use_tokenizer, NULL, path);
  }
}

/* A decoder's folder becomes a GGUF, which then opens. Nothing is asked: a single row has a team of one thread. */
static gaze_err use_decoder(void *user) {
  const gaze_assistant_options options = {.model = {.threads = THREADS}, .chat_template = "plain", .context = 32};
  const char *path = test_path("made.gguf");
  gaze_assistant *assistant = NULL;
  gaze_chat *chat = NULL;
  gaze_err err;
  unlink(path);
  GAZE_TRY_DONE(gaze_model_write_gguf(user, GAZE_TO_Q8_0, path, NULL));
  GAZE_TRY_DONE(gaze_assistant_open(path, &options, &assistant));
  GAZE_TRY_DONE(gaze_chat_new(assistant, NULL, &chat));
done:
  gaze_chat_free(chat);
  gaze_assistant_close(assistant);
  return err;
}

static void decoders(void **state) {
  static const char *const files[] = {"config.json", "model.safetensors"};
  const char *root = getenv("GAZE_SOURCE_ROOT");
  char folder[512], from[600], to[600];
  snprintf(folder, sizeof folder, "%s", test_path("decoder"));
  assert_int_equal(gaze_folder_make(folder), GAZE_OK);
  for (size_t i = 0; i < 2; i++) {
    uint8_t *bytes;
    size_t size;
    snprintf(from, sizeof from, "%s/tests/golden/data/decoders/llama/%s", root ? root : ".", files[i]);
    snprintf(to, sizeof to, "%s/%s", folder, files[i]);
    assert_int_equal(gaze_file_read(from, 1 << 20, &bytes, &size), GAZE_OK);
    write_file(to, bytes, size);
    free(bytes);
  }
  snprintf(to, sizeof to, "%s/tokenizer.json", folder);
  write_text(
      to, "{\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"\u2581\"},"
          "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", \"pattern\": {\"String\": "
          "\"\u2581\"}, \"content\": \" \"}, {\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}]},"
          "\"model\": {\"type\": \"BPE\", \"unk_token\": \"c\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"c\": 3},"
          "\"merges\": [\"a b\"]}}");
  every_fault("decoder", use_decoder, NULL, folder);
}

/* A folder that sees becomes two files. */
static gaze_err use_pair(void *user) {
  char *projector = NULL;
  unlink(test_path("pair.gguf"));
  unlink(test_path("mmproj-pair-f16.gguf"));
  gaze_err err = gaze_model_write_gguf(user, GAZE_TO_Q4_K_M, test_path("pair.gguf"), &projector);
  free(projector);
  return err;
}

static void pairs(void **state) {
  const char *root = getenv("GAZE_SOURCE_ROOT");
  char folder[512];
  snprintf(folder, sizeof folder, "%s/tests/golden/data/assistants/next", root ? root : ".");
  every_fault("pair", use_pair, NULL, folder);
}

static gaze_err use_dataset(void *user) {
  gaze_dataset *dataset;
  gaze_picture picture;
  GAZE_TRY(gaze_dataset_open(user, NULL, &dataset));
  gaze_err err = gaze_sample_picture(gaze_dataset_get(dataset, 1), NULL, &picture);
  if (err == GAZE_OK)
    gaze_picture_fini(&picture);
  gaze_dataset_close(dataset);
  return err;
}

static void data_sets(void **state) {
  char path[512], text[1200], picture[512];
  uint8_t *png;
  size_t size;
  snprintf(path, sizeof path, "%s", test_path("train.tar"));
  every_fault("tar", use_dataset, NULL, path);
  snprintf(picture, sizeof picture, "%s", test_path("one.png"));
  make_png(9, 7, 0x336699, &png, &size);
  write_file(picture, png, size);
  free(png);
  snprintf(text, sizeof text, "filepath,title\n%s,one\n%s,\"two, three\"\n", picture, picture);
  snprintf(path, sizeof path, "%s", test_path("table.csv"));
  write_text(path, text);
  every_fault("csv", use_dataset, NULL, path);
}

enum { NUMBERS = 3000 };

/* A state of training all of whose numbers are its step. */
typedef struct state_of_training {
  char folder[512];
  float values[NUMBERS], first[NUMBERS], second[NUMBERS];
  gaze_optimizer optimizer;
} state_of_training;

static void fill_state(state_of_training *s, float number) {
  for (size_t i = 0; i < NUMBERS; i++)
    s->values[i] = s->first[i] = s->second[i] = number;
}

static gaze_err save_checkpoint(void *user) {
  state_of_training *s = user;
  fill_state(s, (float)++s->optimizer.step);
  json_t *state = json_pack("{s:I}", "step", (json_int_t)s->optimizer.step);
  if (!state)
    return gaze_fail(GAZE_ERR_MEMORY, "no memory for the test itself");
  gaze_err err = gaze_checkpoint_save(s->folder, &s->optimizer, state, 2);
  json_decref(state);
  return err;
}

static void check_latest(void *user) {
  state_of_training *s = user;
  uint64_t step = s->optimizer.step;
  char *path;
  json_t *state;
  assert_int_equal(gaze_checkpoint_latest(s->folder, &path), GAZE_OK);
  assert_non_null(path);
  if (gaze_checkpoint_load(path, &s->optimizer, &state) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  for (size_t i = 0; i < NUMBERS; i++)
    assert_true(s->values[i] == (float)s->optimizer.step && s->second[i] == (float)s->optimizer.step);
  json_decref(state);
  free(path);
  s->optimizer.step = step;
  check_no_half_files(s->folder);
}

static void checkpoints(void **state) {
  state_of_training *s = calloc(1, sizeof *s);
  s->optimizer = (gaze_optimizer){.size = NUMBERS, .values = s->values, .first = s->first, .second = s->second};
  snprintf(s->folder, sizeof s->folder, "%s", test_path("checkpoints"));
  assert_int_equal(save_checkpoint(s), GAZE_OK);
  every_fault("checkpoint", save_checkpoint, check_latest, s);
  full_disk("checkpoint", save_checkpoint, check_latest, s);
  free(s);
}

static gaze_err save_model(void *user) {
  gaze_clip *clip = user;
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, 16);
  clip->values[0] += 1;
  return gaze_clip_save(clip, &preprocess, &kernels, test_path("saved"), GAZE_DTYPE_F32);
}

static void check_saved(void *user) {
  gaze_clip_config config;
  gaze_preprocess preprocess;
  gaze_clip loaded;
  if (gaze_clip_config_open(test_path("saved"), &config, &preprocess) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_clip_init(&loaded, &config, false), GAZE_OK);
  if (gaze_clip_load(&loaded, &kernels, test_path("saved")) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_clip_fini(&loaded);
  check_no_half_files(test_path("saved"));
}

static void saved_models(void **state) {
  gaze_clip clip;
  open_trained("start", true, &clip);
  assert_int_equal(gaze_folder_make(test_path("saved")), GAZE_OK);
  assert_int_equal(save_model(&clip), GAZE_OK);
  every_fault("save", save_model, check_saved, &clip);
  full_disk("save", save_model, check_saved, &clip);
  gaze_clip_fini(&clip);
}

enum { FEATURES = 3000 }; /* of a picture */

static const gaze_features_head features_head = {.pictures = 2, .rows = 1, .C = FEATURES};

static gaze_err keep_features(void *user) {
  static float values[FEATURES];
  static const gaze_features_picture pictures[2] = {{1, 1}, {2, 0}};
  gaze_features_writer writer;
  gaze_err err = gaze_features_writer_init(&writer, user, &features_head);
  for (int i = 0; i < 2 && err == GAZE_OK; i++) {
    values[i]++;
    err = gaze_features_writer_add(&writer, values);
  }
  if (err == GAZE_OK)
    err = gaze_features_writer_finish(&writer, pictures);
  gaze_features_writer_fini(&writer);
  return err;
}

static void check_features(void *user) {
  gaze_map map;
  gaze_features_head head = features_head;
  const gaze_features_picture *pictures;
  const float *values;
  assert_int_equal(gaze_map_open(user, &map), GAZE_OK);
  if (gaze_features_read(map.data, map.size, user, &head, &pictures, &values) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_map_close(&map);
  check_no_half_files(test_path("seen"));
}

static void features_of_pictures(void **state) {
  char path[512];
  assert_int_equal(gaze_folder_make(test_path("seen")), GAZE_OK);
  snprintf(path, sizeof path, "%s", test_path("seen/features"));
  assert_int_equal(keep_features(path), GAZE_OK);
  every_fault("features", keep_features, check_features, path);
  full_disk("features", keep_features, check_features, path);
}

/* All of a training run but its steps. */
static gaze_err open_run(void *user) {
  gaze_clip_run run;
  gaze_train_clip_options options = train_options("opened");
  options.run.compute.threads = THREADS;
  options.teacher_weight = 1;
  options.distill_model = user;
  options.run.resume = "latest";
  gaze_err err = gaze_clip_run_init(&run, &options);
  if (err == GAZE_OK)
    err = gaze_loader_next(run.loader, &run.batches[0]);
  if (err == GAZE_OK)
    err = gaze_clip_run_save(&run);
  gaze_clip_run_fini(&run);
  return err;
}

static void training_runs(void **state) {
  char imitated[512];
  snprintf(imitated, sizeof imitated, "%s", run_path("start", "model"));
  until_success("run", FAULT_ALLOCATION, 5, open_run, NULL, imitated);
  until_success("run", FAULT_SYSTEM, 1, open_run, NULL, imitated);
}

static gaze_err train_a_step(void *user) {
  static int attempts;
  char name[32];
  snprintf(name, sizeof name, "trained%d", attempts++); /* a run is not overwritten */
  gaze_train_clip_options options = train_options(name);
  options.run.epochs = 1;
  options.run.compute.threads = THREADS;
  options.val_data = options.train_data;
  options.n_val_data = 1;
  return gaze_train_clip(&options);
}

static void whole_runs(void **state) { until_success("whole run", FAULT_SYSTEM, 1, train_a_step, NULL, NULL); }

#define HUB_COMMIT "1234567890abcdef1234567890abcdef12345678"

/* All that a download does to the cache, without the download. */
static gaze_err fill_cache(void *user) {
  static const char list[] = "{\"sha\": \"" HUB_COMMIT "\", \"siblings\": [{\"rfilename\": \"config.json\"}, "
                             "{\"rfilename\": \"model.safetensors\", \"size\": 0}, {\"rfilename\": \"other\"}]}";
  gaze_hub_store store;
  gaze_hub_listing listing = {0};
  char *json = NULL, *blob = NULL, *link = NULL;
  GAZE_TRY(gaze_hub_store_open("acme/tiny", &store));
  gaze_err err;
  GAZE_TRY_DONE(gaze_hub_listing_parse(list, sizeof list - 1, "test", &listing));
  GAZE_TRY_DONE(gaze_hub_choose(&listing, NULL, 0, "acme/tiny"));
  GAZE_TRY_DONE(gaze_hub_store_blob(&store, HUB_COMMIT, "", &blob));
  GAZE_TRY_DONE(gaze_file_replace(blob, "", 0));
  GAZE_TRY_DONE(gaze_format(&link, "%s/snapshots/" HUB_COMMIT "/config.json", store.repository));
  unlink(link);
  for (size_t i = 0; i < listing.n; i++)
    GAZE_TRY_DONE(gaze_hub_store_link(&store, HUB_COMMIT, listing.files[i].path, HUB_COMMIT));
  GAZE_TRY_DONE(gaze_hub_store_refer(&store, "main", HUB_COMMIT));
  GAZE_TRY_DONE(gaze_hub_list_json(&json));
  if (!strstr(json, "\"complete\": true"))
    fail_msg("not whole: %s", json);
done:
  free(json);
  free(blob);
  free(link);
  gaze_hub_listing_fini(&listing);
  gaze_hub_store_close(&store);
  return err;
}

static gaze_err use_instructions(void *user) {
  gaze_instructions_options options;
  const char *data[] = {user};
  char *summary;
  gaze_make_instructions_defaults(&options);
  options.data = data;
  options.n_data = 1;
  options.out = test_path("instructions.json");
  options.image_folder = test_path("extracted");
  options.korean = 0.3;
  GAZE_TRY(gaze_make_instructions(&options, &summary));
  free(summary);
  return GAZE_OK;
}

/* Written whole, or as it was. */
static void check_instructions(void *user) {
  json_t *records;
  assert_int_equal(gaze_json_open(test_path("instructions.json"), &records), GAZE_OK);
  assert_true(json_array_size(records) >= 3);
  json_decref(records);
}

static void instructions(void **state) {
  test_tar tar = {0};
  static const char *const texts[] = {"{\"captions\":[\"A brown dog runs on the grass .\",\"a dog with a ball\"],"
                                      "\"objects\":[[\"dog\",0.6,0.5,0.3,0.3],[\"ball\",0.1,0.6,0.1,0.1]]}",
                                      "{\"captions\":[\"two cats\"],\"objects\":[[\"fez\",0.1,0.1,0.2,0.2]]}"};
  char path[512];
  snprintf(path, sizeof path, "%s", test_path("instructions.tar"));
  for (size_t i = 0; i < 2; i++) {
    const char *key = i ? "b" : "a";
    tar_add_png(&tar, key, 4, 4, 1);
    tar_add_text(&tar, i ? "b.json" : "a.json", texts[i]);
  }
  tar_write(&tar, path);
  every_fault("instructions", use_instructions, check_instructions, path);
  full_disk("instructions", use_instructions, check_instructions, path);
}

/* Where the reference is, it says all of the commit. */
static void check_reference(void *user) {
  uint8_t *commit;
  size_t size;
  if (!gaze_file_exists(user))
    return;
  assert_int_equal(gaze_file_read(user, 100, &commit, &size), GAZE_OK);
  assert_string_equal(commit, HUB_COMMIT);
  free(commit);
}

static void hub_cache(void **state) {
  char folder[512], reference[600];
  snprintf(folder, sizeof folder, "%s", run_path("start", "hub"));
  snprintf(reference, sizeof reference, "%s/models--acme--tiny/refs/main", folder);
  setenv("HF_HUB_CACHE", folder, 1);
  every_fault("hub cache", fill_cache, check_reference, reference);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_model),     cmocka_unit_test(a_verification), cmocka_unit_test(a_cache_of_texts),
      cmocka_unit_test(shards),      cmocka_unit_test(pictures),       cmocka_unit_test(tokenizers),
      cmocka_unit_test(decoders),    cmocka_unit_test(pairs),          cmocka_unit_test(data_sets),
      cmocka_unit_test(checkpoints), cmocka_unit_test(saved_models),   cmocka_unit_test(training_runs),
      cmocka_unit_test(whole_runs),  cmocka_unit_test(hub_cache),      cmocka_unit_test(features_of_pictures),
      cmocka_unit_test(instructions)};
  if (fault_possible())
    return cmocka_run_group_tests(tests, set_up, remove_folder);
  printf("SKIP: a sanitizer brings its own allocator\n");
  return 77; /* meson counts it as skipped */
}
