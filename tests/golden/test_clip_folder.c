/* Model folders of other years and makers: the same model said in other files opens as the same model, and what does
 * not belong together, or is damaged, is refused. */
#include "clip_fixtures.h"
#include "tests/unit/zip_files.h"

#include "fusion/model.h"
#include "text/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const towers[][2] = {{"text_config", "text_config_dict"}, {"vision_config", "vision_config_dict"}};

static void check_pictures(gaze_model *model) {
  json_t *cases = open_clip_json("pictures.json"), *item;
  size_t i;
  json_array_foreach(cases, i, item) {
    float vector[64];
    assert_int_equal(gaze_embed_file(model, clip_path(text_of(item, "file")), NULL, vector), GAZE_OK);
    check_vector("picture", item, "vector", vector, (size_t)gaze_model_dim(model));
  }
  json_decref(cases);
}

static void check_same_model(const char *folder) {
  gaze_model *model = open_clip_model(folder, NULL);
  check_texts(model, "vector");
  check_pictures(model);
  gaze_model_close(model);
}

/* What towers' configurations turn into: NULL takes the member away. */
static json_t *moved_config(const char *instead) {
  json_t *config = open_clip_json("quick/config.json");
  for (size_t i = 0; i < 2; i++) {
    json_object_set(config, towers[i][1], json_object_get(config, towers[i][0]));
    if (instead)
      json_object_set_new(config, towers[i][0], json_loads(instead, JSON_DECODE_ANY, NULL));
    else
      json_object_del(config, towers[i][0]);
  }
  return config;
}

static void towers_said_in_dicts_alone(void **state) {
  check_same_model(link_model_config("absent", "quick", moved_config(NULL)));
  check_same_model(link_model_config("null", "quick", moved_config("null")));
  check_same_model(link_model_config("empty", "quick", moved_config("{}")));
}

/* transformers makes the whole tower from the dict: what it leaves out is the class's, not text_config's. */
static void dicts_win(void **state) {
  json_t *config = moved_config("{\"hidden_act\": \"gelu\", \"num_attention_heads\": 2, \"layer_norm_eps\": 0.1}");
  for (size_t i = 0; i < 2; i++) {
    json_t *dict = json_object_get(config, towers[i][1]);
    json_object_del(dict, "hidden_act");
    json_object_del(dict, "layer_norm_eps");
  }
  check_same_model(link_model_config("dicts", "quick", config));
}

/* The end of a dict that names none is the class's 49407, whatever text_config says. */
static void end_comes_from_the_dict(void **state) {
  json_t *config = open_clip_json("quick/config.json");
  json_t *dict = json_deep_copy(json_object_get(config, "text_config"));
  json_object_del(dict, "eos_token_id");
  json_object_set_new(config, "text_config_dict", dict);
  check_refused(link_model_config("end", "quick", config), GAZE_ERR_MISMATCH, "end token is 599", "49407");
}

static void write_member(const char *folder, const char *name, json_t *taken) {
  char path[1200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  unlink(path);
  assert_int_equal(json_dump_file(taken, path, 0), 0);
  json_decref(taken);
}

static json_t *with_mean(double mean) {
  json_t *pictures = open_clip_json("quick/preprocessor_config.json");
  json_object_set_new(pictures, "image_mean", json_pack("[f, f, f]", mean, mean, mean));
  return pictures;
}

static json_t *processors(json_t *pictures) {
  return json_pack("{s:o, s:s}", "image_processor", pictures, "processor_class", "CLIPProcessor");
}

/* transformers 5: pictures' processor inside processor_config.json, which is also what the model's key covers. */
static void processor_config_holds_the_pictures(void **state) {
  const char *folder = link_model("five", "quick");
  char path[1200], key[33], other[33];
  snprintf(path, sizeof path, "%s/preprocessor_config.json", folder);
  assert_int_equal(unlink(path), 0);
  write_member(folder, "processor_config.json", processors(open_clip_json("quick/preprocessor_config.json")));
  check_same_model(folder);
  write_member(folder, "preprocessor_config.json", with_mean(0.25));
  check_same_model(folder);
  gaze_model *model = open_clip_model(folder, NULL);
  assert_int_equal(gaze_model_key(model, key), GAZE_OK);
  gaze_model_close(model);
  write_member(folder, "processor_config.json", processors(with_mean(0.25)));
  model = open_clip_model(folder, NULL);
  assert_int_equal(gaze_model_key(model, other), GAZE_OK);
  assert_string_not_equal(key, other);
  gaze_model_close(model);
  json_t *pictures = open_clip_json("quick/preprocessor_config.json");
  json_object_set_new(pictures, "do_resize", json_false());
  write_member(folder, "processor_config.json", processors(pictures));
  check_refused(folder, GAZE_ERR_UNSUPPORTED, "image processor, do_resize", "false");
}

/* transformers 4 wrote a processor_config.json without it. */
static void processor_config_may_say_nothing(void **state) {
  const char *folder = link_model("four", "quick");
  write_member(folder, "processor_config.json", json_pack("{s:s}", "processor_class", "CLIPProcessor"));
  check_same_model(folder);
}

/* A vocabulary of fewer words has its end elsewhere; its ids would all have rows. */
static void smaller_tokenizer_is_refused(void **state) {
  static const char *const texts[] = {"a dog and a cat"};
  const char *folder = link_model("mixed", "quick"), *words = test_path("words");
  char from[1200], to[1200];
  assert_int_equal(gaze_tokenizer_train(texts, 1, 520, 1, words), GAZE_OK);
  snprintf(from, sizeof from, "%s/tokenizer.json", words);
  snprintf(to, sizeof to, "%s/tokenizer.json", folder);
  assert_int_equal(rename(from, to), 0);
  check_refused(folder, GAZE_ERR_MISMATCH, "its end token is 5", "eos_token_id 599");
}

/* eos_token_id 2 means the highest id, which has to be the end. */
static void end_below_another_id_is_refused(void **state) {
  json_t *config = open_clip_json("quick/config.json"), *words = open_clip_json("quick/tokenizer.json");
  json_object_set_new(json_object_get(config, "text_config"), "eos_token_id", json_integer(2));
  json_t *vocabulary = json_object_get(json_object_get(words, "model"), "vocab"), *added;
  size_t i;
  json_array_foreach(json_object_get(words, "added_tokens"), i, added)
      json_object_set_new(added, "id", json_integer(i == 0 ? 599 : 598));
  json_object_set_new(vocabulary, "<|startoftext|>", json_integer(599));
  json_object_set_new(vocabulary, "<|endoftext|>", json_integer(598));
  const char *folder = link_model_config("turned", "quick", config);
  write_member(folder, "tokenizer.json", words);
  check_refused(folder, GAZE_ERR_MISMATCH, "its end token is 598", "highest");
}

/* A folder linked to quick, but without weights. */
static const char *link_without_weights(const char *name) {
  const char *folder = link_model(name, "quick");
  char path[1200];
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  assert_int_equal(unlink(path), 0);
  return folder;
}

static void key_of(const char *folder, char key[33]) {
  gaze_model *model = open_clip_model(folder, NULL);
  assert_int_equal(gaze_model_key(model, key), GAZE_OK);
  gaze_model_close(model);
}

/* Tensors in turn into n shards with their index. */
static void write_shards(const char *folder, const gaze_named_tensor *tensors, size_t n, size_t n_shards) {
  json_t *map = json_object();
  char path[1200];
  for (size_t shard = 0; shard < n_shards; shard++) {
    gaze_named_tensor part[128];
    size_t used = 0;
    char name[64];
    snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", shard + 1, n_shards);
    for (size_t i = shard; i < n; i += n_shards) {
      part[used++] = tensors[i];
      json_object_set_new(map, tensors[i].name, json_string(name));
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(gaze_safetensors_save(path, part, used), GAZE_OK);
  }
  write_member(folder, "model.safetensors.index.json", json_pack("{s:o}", "weight_map", map));
}

/* The weights of quick, at most 128; borrowed from *file. */
static size_t read_quick(gaze_safetensors **file, gaze_named_tensor tensors[128]) {
  assert_int_equal(gaze_safetensors_open(clip_path("quick/model.safetensors"), file), GAZE_OK);
  size_t n = gaze_safetensors_count(*file);
  assert_true(n <= 128);
  for (size_t i = 0; i < n; i++)
    tensors[i] = *gaze_safetensors_get(*file, i);
  return n;
}

/* The same numbers give the same vectors, whatever files hold them; the key covers each of these files. */
static void other_layouts_of_weights(void **state) {
  gaze_safetensors *file;
  gaze_named_tensor tensors[128];
  char path[1200], keys[3][33];
  size_t n = read_quick(&file, tensors);
  const char *folder = link_without_weights("pickled");
  snprintf(path, sizeof path, "%s/pytorch_model.bin", folder);
  write_torch_file(path, tensors, n);
  check_same_model(folder);
  key_of(folder, keys[0]);
  folder = link_without_weights("sharded");
  write_shards(folder, tensors, n, 3);
  check_same_model(folder);
  key_of(folder, keys[1]);
  write_shards(folder, tensors, n, 2);
  check_same_model(folder);
  key_of(folder, keys[2]);
  assert_string_not_equal(keys[0], keys[1]);
  assert_string_not_equal(keys[1], keys[2]);
  gaze_safetensors_close(file);
}

/* A folder of open_clip's with XLM-R, whose sizes its folder text/ holds. */
static void key_covers_the_text_tower(void **state) {
  static const char *const files[] = {"open_clip_config.json", "open_clip_model.safetensors"};
  const char *fixture = clip_path("../families/xlmr"), *folder = test_path("xlmr");
  char from[1300], to[1300], keys[3][33];
  gaze_model *model;
  snprintf(to, sizeof to, "%s/text", folder);
  assert_int_equal(mkdir(folder, 0700), 0);
  assert_int_equal(mkdir(to, 0700), 0);
  for (size_t i = 0; i < 2; i++) {
    snprintf(from, sizeof from, "%s/%s", fixture, files[i]);
    snprintf(to, sizeof to, "%s/%s", folder, files[i]);
    assert_int_equal(symlink(from, to), 0);
  }
  for (size_t i = 0; i < 3; i++) {
    json_t *words = open_clip_json("../families/xlmr/text/config.json");
    if (i == 2)
      json_object_set_new(words, "layer_norm_eps", json_real(0.1));
    write_member(folder, "text/config.json", words);
    assert_int_equal(gaze_model_open_towers(folder, NULL, &model), GAZE_OK);
    assert_int_equal(gaze_model_key(model, keys[i]), GAZE_OK);
    gaze_model_close(model);
  }
  assert_string_equal(keys[0], keys[1]);
  assert_string_not_equal(keys[1], keys[2]);
}

static void pictures_need_no_tokenizer(void **state) {
  const char *folder = link_model("speechless", "quick"), *text = "a dog";
  char path[1200];
  float vector[64];
  int32_t *ids;
  size_t n;
  snprintf(path, sizeof path, "%s/tokenizer.json", folder);
  assert_int_equal(unlink(path), 0);
  gaze_model *model = open_clip_model(folder, NULL);
  gaze_classifier *classifier;
  check_pictures(model);
  check_fails(gaze_embed_texts(model, &text, 1, vector), GAZE_ERR_NOT_FOUND, "without tokenizer", folder, NULL);
  check_fails(gaze_tokenize(model, text, false, &ids, &n), GAZE_ERR_NOT_FOUND, "without tokenizer", NULL);
  check_fails(gaze_classifier_new(model, &text, 1, NULL, 0, &classifier), GAZE_ERR_NOT_FOUND, "tokenizer", NULL);
  assert_null(gaze_token_text(model, 3));
  gaze_model_close(model);
}

/* Each shard is part of the key. */
static void key_covers_every_shard(void **state) {
  gaze_safetensors *file;
  gaze_named_tensor tensors[128];
  char key[33], other[33];
  size_t n = read_quick(&file, tensors);
  const char *folder = link_without_weights("shards");
  write_shards(folder, tensors, n, 3);
  key_of(folder, key);
  for (size_t shard = 0; shard < 3; shard++) {
    static const float zeros[1 << 16];
    const gaze_named_tensor whole = tensors[shard];
    assert_true(gaze_tensor_count(&whole.tensor) <= 1 << 16);
    tensors[shard].tensor.data = zeros;
    write_shards(folder, tensors, n, 3);
    key_of(folder, other);
    assert_string_not_equal(key, other);
    tensors[shard] = whole;
  }
  gaze_safetensors_close(file);
}

static void weights_of_another_model_are_refused(void **state) {
  gaze_safetensors *file;
  gaze_named_tensor tensors[128];
  size_t n = read_quick(&file, tensors);
  const char *folder = link_without_weights("lacking");
  write_shards(folder, tensors, n - 1, 2);
  check_refused(folder, GAZE_ERR_MISMATCH, "missing tensor", "model.safetensors.index.json");
  folder = link_without_weights("none");
  check_refused(folder, GAZE_ERR_NOT_FOUND, "no weights in the folder", folder);
  write_member(folder, "pytorch_model.bin", json_object());
  check_refused(folder, GAZE_ERR_FORMAT, "not a file of torch.save", "pytorch_model.bin");
  gaze_safetensors_close(file);
}

static void files_and_folders_of_others_are_named(void **state) {
  const char *folder = link_model("openclip", "quick"), *file = clip_path("quick/model.safetensors");
  char path[1200];
  check_refused(file, GAZE_ERR_UNSUPPORTED, file, "name their folder");
  snprintf(path, sizeof path, "%s/config.json", folder);
  assert_int_equal(unlink(path), 0);
  check_refused(folder, GAZE_ERR_NOT_FOUND, "config.json", folder);
  write_member(folder, "open_clip_config.json", json_object());
  check_refused(folder, GAZE_ERR_FORMAT, "open_clip_config.json", "vision_cfg and text_cfg are needed");
}

static char projections[2][32] = {"text_projection.weight", "visual_projection.weight"}, scale[] = "logit_scale";

static void info_counts_dtypes(void **state) {
  static const uint16_t zeros[16 * 24];
  const clip_change half = {projections[0], {projections[0], {zeros, GAZE_DTYPE_F16, 2, {16, 24}}, 0}};
  gaze_model *model = open_clip_model(write_clip_weights("half", &half), NULL);
  char *text;
  json_t *info, *dtypes;
  assert_int_equal(gaze_model_info_json(model, &text), GAZE_OK);
  assert_int_equal(gaze_json_parse(text, strlen(text), "info", &info), GAZE_OK);
  dtypes = json_object_get(info, "dtypes");
  assert_int_equal(json_object_size(dtypes), 2);
  assert_int_equal(json_integer_value(json_object_get(dtypes, "F16")), 16 * 24);
  assert_int_equal(json_integer_value(json_object_get(dtypes, "F32")),
                   json_integer_value(json_object_get(info, "parameters")) - 16 * 24);
  json_decref(info);
  free(text);
  gaze_model_close(model);
}

/* The model whose projection (0 of texts, 1 of pictures) holds one number that is none. */
static gaze_model *damaged_model(int which, float value) {
  static float numbers[16 * 36];
  char name[32];
  static int n;
  snprintf(name, sizeof name, "damaged%d", n++);
  numbers[5] = value;
  const clip_change how = {projections[which],
                           {projections[which], {numbers, GAZE_DTYPE_F32, 2, {16, which ? 36 : 24}}, 0}};
  return open_clip_model(write_clip_weights(name, &how), NULL);
}

static void vectors_of_damaged_weights_are_refused(void **state) {
  const char *texts[] = {"a dog"}, *paths[1];
  float vector[64];
  gaze_err status[1];
  char *messages[1];
  gaze_classifier *classifier;
  gaze_model *model = damaged_model(0, NAN);
  check_fails(gaze_embed_texts(model, texts, 1, vector), GAZE_ERR_FORMAT, "not finite", "text", "damaged0", NULL);
  check_fails(gaze_classifier_new(model, texts, 1, NULL, 0, &classifier), GAZE_ERR_FORMAT, "not finite", NULL);
  check_fails(gaze_query_embed(model, "a dog", NULL, vector), GAZE_ERR_FORMAT, "not finite", NULL);
  gaze_model_close(model);
  model = damaged_model(1, INFINITY);
  paths[0] = clip_path("picture0.png");
  check_fails(gaze_embed_file(model, paths[0], NULL, vector), GAZE_ERR_FORMAT, "not finite", "picture", NULL);
  check_fails(gaze_embed_files(model, paths, 1, NULL, vector, status, messages), GAZE_ERR_FORMAT, "not finite", NULL);
  gaze_model_close(model);
}

static void temperature_that_is_no_number_is_refused(void **state) {
  static const float value = NAN;
  const clip_change how = {scale, {scale, {&value, GAZE_DTYPE_F32, 0, {0}}, 0}};
  check_refused(write_clip_weights("scale", &how), GAZE_ERR_FORMAT, "not finite", "temperature");
}

static gaze_err count_row(void *user, const char *path, const char *hash, const char *model_key,
                          const gaze_picture_facts *facts, const float *vector, int dim) {
  ++*(int *)user;
  return GAZE_OK;
}

static void index_of_damaged_weights_stays_empty(void **state) {
  const char *database = test_path("damaged.db"), *folders[] = {clip_path("")};
  gaze_model *model = damaged_model(1, NAN);
  gaze_embedder embedder;
  gaze_index *index;
  gaze_index_stats stats;
  int rows = 0;
  assert_int_equal(gaze_model_embedder(model, NULL, &embedder), GAZE_OK);
  assert_int_equal(gaze_index_open(database, GAZE_INDEX_WRITE, &index), GAZE_OK);
  check_fails(gaze_index_update(index, &embedder, folders, 1, NULL, &stats), GAZE_ERR_FORMAT, "not finite", NULL);
  assert_int_equal(gaze_index_export(index, NULL, count_row, &rows), GAZE_OK);
  assert_int_equal(rows, 0);
  gaze_index_close(index);
  gaze_model_embedder_fini(&embedder);
  gaze_model_close(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(towers_said_in_dicts_alone),
      cmocka_unit_test(dicts_win),
      cmocka_unit_test(end_comes_from_the_dict),
      cmocka_unit_test(processor_config_holds_the_pictures),
      cmocka_unit_test(processor_config_may_say_nothing),
      cmocka_unit_test(smaller_tokenizer_is_refused),
      cmocka_unit_test(end_below_another_id_is_refused),
      cmocka_unit_test(other_layouts_of_weights),
      cmocka_unit_test(pictures_need_no_tokenizer),
      cmocka_unit_test(key_covers_the_text_tower),
      cmocka_unit_test(key_covers_every_shard),
      cmocka_unit_test(weights_of_another_model_are_refused),
      cmocka_unit_test(files_and_folders_of_others_are_named),
      cmocka_unit_test(info_counts_dtypes),
      cmocka_unit_test(vectors_of_damaged_weights_are_refused),
      cmocka_unit_test(temperature_that_is_no_number_is_refused),
      cmocka_unit_test(index_of_damaged_weights_stays_empty),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
