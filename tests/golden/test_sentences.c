/* A model of texts alone, as sentence-transformers keeps a BERT: its vectors, and what it cannot do. */
#include "clip_fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const files[] = {"config.json",  "model.safetensors",         "tokenizer_config.json", "vocab.txt",
                                    "modules.json", "sentence_bert_config.json", "1_Pooling/config.json"};

static const char *fixture_path(const char *name) {
  char path[128];
  snprintf(path, sizeof path, "../families/sentences/%s", name);
  return clip_path(path);
}

/* A folder linked to the fixture, its file `name` (NULL: none) another: text, or missing where that is NULL. */
static const char *link_sentences(const char *folder_name, const char *name, const char *text) {
  const char *folder = test_path(folder_name);
  char path[1400];
  snprintf(path, sizeof path, "%s/1_Pooling", folder);
  assert_int_equal(mkdir(folder, 0700), 0);
  assert_int_equal(mkdir(path, 0700), 0);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    if (!name || strcmp(name, files[i]) != 0) {
      assert_int_equal(symlink(fixture_path(files[i]), path), 0);
    } else if (text) {
      FILE *file = fopen(path, "w");
      assert_non_null(file);
      fputs(text, file);
      assert_int_equal(fclose(file), 0);
    }
  }
  return folder;
}

/* member: "mean" or "first" of the cases. */
static void check_sentences(const char *folder, const char *member) {
  gaze_model *model = open_clip_model(folder, NULL);
  json_t *cases = open_clip_json("../families/sentences/sentences.json"), *item;
  size_t i;
  assert_int_equal(gaze_model_dim(model), 24);
  json_array_foreach(cases, i, item) {
    const char *text = text_of(item, "text");
    float vector[24];
    assert_int_equal(gaze_embed_texts(model, &text, 1, vector), GAZE_OK);
    check_vector(text, item, member, vector, 24);
  }
  json_decref(cases);
  gaze_model_close(model);
}

static void vectors_equal_transformers(void **state) {
  count_warnings();
  check_sentences(clip_path("../families/sentences"), "mean");
  assert_non_null(strstr(last_warning, "cut at 12 tokens"));
}

static void first_token_can_be_pooled(void **state) {
  check_sentences(link_sentences("first", "1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}"), "first");
}

static void quantised_folder_keeps_the_pooling(void **state) {
  const char *folder = test_path("int8");
  char path[1400];
  assert_int_equal(gaze_model_quantise(clip_path("../families/sentences"), GAZE_PRECISION_INT8, folder), GAZE_OK);
  snprintf(path, sizeof path, "%s/1_Pooling/config.json", folder);
  assert_int_equal(access(path, R_OK), 0);
  gaze_model_close(open_clip_model(folder, NULL));
}

static void info_says_so(void **state) {
  gaze_model *model = open_clip_model(clip_path("../families/sentences"), NULL);
  char *text;
  assert_int_equal(gaze_model_info_json(model, &text), GAZE_OK);
  json_t *info = json_loads(text, 0, NULL);
  assert_string_equal(text_of(info, "family"), "bert");
  assert_true(json_is_null(json_object_get(info, "vision")));
  assert_true(json_is_null(json_object_get(info, "logit_scale")));
  assert_int_equal(json_integer_value(json_object_get(info, "context")), 12);
  json_decref(info);
  free(text);
  gaze_model_close(model);
}

/* How a model pools is part of its name in caches. */
static void key_covers_the_pooling(void **state) {
  char keys[2][33];
  const char *folders[] = {clip_path("../families/sentences"),
                           link_sentences("other", "1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}")};
  for (size_t i = 0; i < 2; i++) {
    gaze_model *model = open_clip_model(folders[i], NULL);
    assert_int_equal(gaze_model_key(model, keys[i]), GAZE_OK);
    gaze_model_close(model);
  }
  assert_string_not_equal(keys[0], keys[1]);
}

static void pictures_are_refused(void **state) {
  gaze_model *model = open_clip_model(clip_path("../families/sentences"), NULL);
  const char *path = clip_path("picture0.png"), *label = "a dog";
  float vector[24];
  char *message, *json;
  bool same;
  gaze_err status;
  gaze_embedder embedder;
  gaze_classifier *classifier;
  gaze_picture picture;
  assert_int_equal(gaze_picture_open(path, NULL, NULL, &picture), GAZE_OK);
  const gaze_err errors[] = {
      gaze_embed_file(model, path, NULL, vector),
      gaze_embed_files(model, &path, 1, NULL, vector, &status, &message),
      gaze_embed_pictures(model, &picture, 1, vector),
      gaze_classifier_new(model, &label, 1, NULL, 0, &classifier),
      gaze_model_embedder(model, NULL, &embedder),
      gaze_query_embed(model, "a dog", NULL, vector),
      gaze_model_verify(clip_path("../families/sentences"), NULL, NULL, &same, &json),
  };
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    assert_int_equal(errors[i], GAZE_ERR_UNSUPPORTED);
  assert_non_null(strstr(gaze_last_error(), "a model of texts alone"));
  gaze_picture_fini(&picture);
  gaze_model_close(model);
}

static const struct {
  const char *file, *text; /* NULL: it is missing */
  gaze_err expected;
  const char *first, *second; /* words of the message */
} wrong[] = {
    {"modules.json", NULL, GAZE_ERR_NOT_FOUND, "modules.json", "sentence-transformers"},
    {"modules.json", "[]", GAZE_ERR_UNSUPPORTED, "modules.json", "0 modules"},
    {"modules.json",
     "[{\"type\": \"a.Transformer\", \"path\": \"\"}, {\"type\": \"a.Pooling\", \"path\": \"1_Pooling\"}, {\"type\": "
     "\"a.Dense\", \"path\": \"2_Dense\"}]",
     GAZE_ERR_UNSUPPORTED, "modules.json", "a.Dense"},
    {"modules.json", "[{\"type\": \"a.Transformer\", \"path\": \"\"}, {\"type\": \"a.Pooling\", \"path\": \"../1\"}]",
     GAZE_ERR_UNSUPPORTED, "modules.json", "2 modules"},
    {"1_Pooling/config.json", NULL, GAZE_ERR_NOT_FOUND, "1_Pooling/config.json", "sentence-transformers"},
    {"1_Pooling/config.json", "{}", GAZE_ERR_UNSUPPORTED, "pooling_mode_mean_tokens", "must be true"},
    {"1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true, \"pooling_mode_max_tokens\": true}",
     GAZE_ERR_UNSUPPORTED, "1_Pooling/config.json", "pooling_mode_max_tokens"},
    {"sentence_bert_config.json", "{\"do_lower_case\": true}", GAZE_ERR_UNSUPPORTED, "sentence_bert_config.json",
     "do_lower_case"},
    {"sentence_bert_config.json", "{\"max_seq_length\": -1}", GAZE_ERR_FORMAT, "max_seq_length", "-1"},
    {"sentence_bert_config.json", "{\"max_seq_length\": 1}", GAZE_ERR_MISMATCH, "context 1", "configuration"},
};

static void wrong_files_are_refused(void **state) {
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char name[24];
    snprintf(name, sizeof name, "wrong%zu", i);
    check_refused(link_sentences(name, wrong[i].file, wrong[i].text), wrong[i].expected, wrong[i].first,
                  wrong[i].second);
  }
}

/* Without a file that says where texts are cut, positions do. */
static void settings_may_be_missing(void **state) {
  gaze_model *model = open_clip_model(link_sentences("long", "sentence_bert_config.json", NULL), NULL);
  assert_int_equal(gaze_model_context(model), 20);
  gaze_model_close(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vectors_equal_transformers),
      cmocka_unit_test(first_token_can_be_pooled),
      cmocka_unit_test(quantised_folder_keeps_the_pooling),
      cmocka_unit_test(info_says_so),
      cmocka_unit_test(key_covers_the_pooling),
      cmocka_unit_test(pictures_are_refused),
      cmocka_unit_test(wrong_files_are_refused),
      cmocka_unit_test(settings_may_be_missing),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
