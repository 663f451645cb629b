/* Classes of several templates as open_clip makes them, its lists of templates, and what a classifier says of a
 * picture. */
#include "clip_fixtures.h"

#include "fusion/labels.h"
#include "fusion/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LABELS_MOST = 8 };

static json_t *fixture(void) { return open_clip_json("../classifier/classes.json"); }

static const char **get_templates(const char *name, size_t *n) {
  const char **templates;
  if (gaze_templates_get(name, &templates, n) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return templates;
}

static void check_list(const json_t *all, const char *name) {
  const json_t *wanted = json_object_get(all, name);
  size_t n;
  const char **templates = get_templates(name, &n);
  uLong crc = crc32(0, NULL, 0);
  for (size_t i = 0; i < n; i++) {
    crc = crc32(crc, (const Bytef *)templates[i], (uInt)strlen(templates[i]));
    crc = crc32(crc, (const Bytef *)"\n", 1);
  }
  assert_int_equal(n, json_integer_value(json_object_get(wanted, "count")));
  assert_int_equal(crc, json_integer_value(json_object_get(wanted, "crc32")));
  free(templates);
}

static void lists_are_open_clips(void **state) {
  json_t *all = fixture();
  check_list(all, "imagenet");
  check_list(all, "simple");
  json_decref(all);
}

static gaze_classifier *make_classifier(gaze_model *model, const char *const *labels, size_t n,
                                        const char *const *templates, size_t n_templates) {
  gaze_classifier *classifier;
  if (gaze_classifier_new(model, labels, n, templates, n_templates, &classifier) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return classifier;
}

/* vectors: [n, D], read through the logits of the vectors along the axes. */
static void read_vectors(const gaze_classifier *classifier, gaze_model *model, size_t n, float *vectors) {
  size_t D = (size_t)gaze_model_dim(model);
  float axis[GAZE_DIM_MAX] = {0}, logits[LABELS_MOST];
  for (size_t d = 0; d < D; d++) {
    axis[d] = 1;
    gaze_classifier_logits(classifier, axis, logits);
    axis[d] = 0;
    for (size_t i = 0; i < n; i++)
      vectors[i * D + d] = logits[i] / gaze_model_logit_scale(model);
  }
}

static void classes_are_open_clips(void **state) {
  json_t *all = fixture(), *names = json_object_get(all, "labels"), *rows = json_object_get(all, "classes");
  gaze_model *model = open_clip_model(clip_path("quick"), NULL);
  const char *labels[LABELS_MOST];
  float vectors[LABELS_MOST * 64];
  size_t n = json_array_size(names), D = (size_t)gaze_model_dim(model), n_templates;
  assert_true(n > 1 && n <= LABELS_MOST && D <= 64);
  for (size_t i = 0; i < n; i++)
    labels[i] = json_string_value(json_array_get(names, i));
  const char **templates = get_templates("simple", &n_templates);
  gaze_set_warn(NULL);
  gaze_classifier *classifier = make_classifier(model, labels, n, templates, n_templates);
  read_vectors(classifier, model, n, vectors);
  for (size_t i = 0; i < n; i++) {
    float *wanted = list_numbers(json_array_get(rows, i));
    for (size_t d = 0; d < D; d++)
      assert_float_equal(vectors[i * D + d], wanted[d], 2e-6);
    check_near("class", labels[i], vectors + i * D, wanted, D);
    free(wanted);
  }
  free(templates);
  gaze_classifier_free(classifier);
  gaze_model_close(model);
  json_decref(all);
}

/* Mean of all names of a label in all templates, each embedded by itself, made unit, in double. */
static void average(gaze_model *model, const char *const *names, const char *const *templates, size_t n, double *out) {
  size_t D = (size_t)gaze_model_dim(model);
  float vector[GAZE_DIM_MAX];
  double squares = 0;
  memset(out, 0, D * sizeof *out);
  for (; *names; names++)
    for (size_t i = 0; i < n; i++) {
      char *text;
      assert_int_equal(gaze_template_fill(templates[i], *names, &text), GAZE_OK);
      assert_int_equal(gaze_embed_texts(model, (const char *const *)&text, 1, vector), GAZE_OK);
      for (size_t d = 0; d < D; d++)
        out[d] += (double)vector[d];
      free(text);
    }
  for (size_t d = 0; d < D; d++)
    squares += out[d] * out[d];
  for (size_t d = 0; d < D; d++)
    out[d] /= sqrt(squares);
}

/* The shipped model, all 80 templates, and more prompts than are encoded together. */
static void average_of_eighty(void **state) {
  static const char *const labels[] = {"cat|kitten|고양이", "sports car"};
  static const char *const names[][4] = {{"cat", "kitten", "고양이", NULL}, {"sports car", NULL}};
  char folder[1024];
  snprintf(folder, sizeof folder, "%s/samples/models/gaze-mini", getenv("GAZE_SOURCE_ROOT"));
  gaze_model *model = open_clip_model(folder, NULL);
  size_t n, D = (size_t)gaze_model_dim(model);
  const char **templates = get_templates("imagenet", &n);
  gaze_classifier *classifier = make_classifier(model, labels, 2, templates, n);
  float *vectors = malloc(2 * D * sizeof *vectors);
  double *wanted = malloc(D * sizeof *wanted);
  read_vectors(classifier, model, 2, vectors);
  for (size_t i = 0; i < 2; i++) {
    average(model, names[i], templates, n, wanted);
    for (size_t d = 0; d < D; d++)
      if (!(fabs((double)vectors[i * D + d] - wanted[d]) <= 1e-6))
        fail_msg("%s, %zu: %g instead of %g", labels[i], d, (double)vectors[i * D + d], wanted[d]);
  }
  free(vectors);
  free(wanted);
  free(templates);
  gaze_classifier_free(classifier);
  gaze_model_close(model);
}

static const float low_bias = -3.5f;

/* quick as a model of the sigmoid loss. */
static const char *write_sigmoid_model(void) {
  static char bias_name[] = "logit_bias";
  const clip_change change = {.with = {bias_name, {&low_bias, GAZE_DTYPE_F32, 0, {0}}, 0}};
  const char *folder = write_clip_weights("sigmoid", &change);
  json_t *config = open_clip_json("quick/config.json");
  char path[1200];
  json_object_set_new(config, "gaze_sigmoid", json_true());
  snprintf(path, sizeof path, "%s/config.json", folder);
  assert_int_equal(remove(path), 0);
  assert_int_equal(json_dump_file(config, path, 0), 0);
  json_decref(config);
  return folder;
}

static double cosine_of(const float *a, const float *b, size_t D) {
  double sum = 0;
  for (size_t d = 0; d < D; d++)
    sum += (double)a[d] * (double)b[d];
  return sum;
}

/* What the n labels weigh in words of the formula: softmax, with exp(logit) of none n times the background's mean; or
 * sigmoids, with none what the best leaves. */
static void check_answers(gaze_model *model, bool sigmoid) {
  static const char *const labels[] = {"dog", "cat", "red bus"};
  size_t n_background, D = (size_t)gaze_model_dim(model);
  const char *const *background = gaze_background_prompts(&n_background);
  float picture[64], text[64], vectors[3 * 64], got[4];
  double scale = (double)gaze_model_logit_scale(model), wanted[4], mean = 0, best = 0, sum = 0;
  gaze_classifier *classifier = make_classifier(model, labels, 3, NULL, 0);
  assert_int_equal(gaze_embed_file(model, clip_path("picture0.png"), NULL, picture), GAZE_OK);
  read_vectors(classifier, model, 3, vectors);
  for (size_t i = 0; i < 3; i++) {
    double offset = sigmoid ? (double)low_bias / scale : 0; /* read_vectors sees the bias, too */
    double logit = 0;
    for (size_t d = 0; d < D; d++)
      vectors[i * D + d] -= (float)offset;
    logit = scale * cosine_of(picture, vectors + i * D, D);
    wanted[i] = sigmoid ? 1 / (1 + exp(-(logit + (double)low_bias))) : exp(logit);
    best = wanted[i] > best ? wanted[i] : best;
  }
  for (size_t i = 0; i < n_background; i++) {
    assert_int_equal(gaze_embed_texts(model, &background[i], 1, text), GAZE_OK);
    mean += exp(scale * cosine_of(picture, text, D)) / (double)n_background;
  }
  wanted[3] = sigmoid ? 1 - best : 3 * mean;
  for (size_t n = 3; n <= 4; n++) { /* without none, with it */
    sum = 0;
    for (size_t i = 0; i < n; i++)
      sum += wanted[i];
    if (n == 4)
      assert_int_equal(gaze_classifier_add_none(classifier, model), GAZE_OK);
    gaze_classifier_run(classifier, picture, got);
    for (size_t i = 0; i < n; i++)
      assert_float_equal(got[i], (float)(wanted[i] / (sigmoid ? 1 : sum)), 2e-5);
  }
  gaze_classifier_free(classifier);
}

static void answers_of_a_softmax(void **state) {
  gaze_model *model = open_clip_model(clip_path("quick"), NULL);
  check_answers(model, false);
  gaze_model_close(model);
}

static void answers_of_sigmoids(void **state) {
  gaze_model *model = open_clip_model(write_sigmoid_model(), NULL);
  check_answers(model, true);
  gaze_model_close(model);
}

static void errors(void **state) {
  const char **templates;
  size_t n;
  check_fails(gaze_templates_get("imagnet", &templates, &n), GAZE_ERR_ARGUMENT, "imagnet", "imagenet and simple", NULL);
  write_text(test_path("t.txt"), "a {}\na photo\n");
  check_fails(gaze_templates_get(test_path("t.txt"), &templates, &n), GAZE_ERR_FORMAT, "without {}", "line 2", NULL);
  write_text(test_path("t.txt"), "# one\na {}\n");
  templates = get_templates(test_path("t.txt"), &n);
  assert_int_equal(n, 1);
  assert_string_equal(templates[0], "a {}");
  free(templates);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_are_open_clips), cmocka_unit_test(classes_are_open_clips),
      cmocka_unit_test(average_of_eighty),    cmocka_unit_test(answers_of_a_softmax),
      cmocka_unit_test(answers_of_sigmoids),  cmocka_unit_test(errors),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
