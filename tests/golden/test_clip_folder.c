/* Model folders of other years and makers: the same model said in other files opens as the same model, and what does
 * not belong together, or is damaged, is refused. */
#include "clip_fixtures.h"

#include "text/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(towers_said_in_dicts_alone),       cmocka_unit_test(dicts_win),
      cmocka_unit_test(end_comes_from_the_dict),          cmocka_unit_test(processor_config_holds_the_pictures),
      cmocka_unit_test(processor_config_may_say_nothing), cmocka_unit_test(smaller_tokenizer_is_refused),
      cmocka_unit_test(end_below_another_id_is_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
