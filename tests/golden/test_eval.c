/* Figures of gaze_eval_* on a set made here, against the same figures from single vectors, in double. */
#include "clip_fixtures.h"

#include "fusion/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURES = 24, CLASSES = 8, CAPTIONS = 2, DIM = 16 };

static const char *const labels[CLASSES][2] = {{"a dog", NULL},  {"a cat", "the cat"}, {"a bus", NULL},
                                               {"a ball", NULL}, {"a tree", "grass"},  {"a house", NULL},
                                               {"a boat", NULL}, {"people", NULL}};
static const char *const templates[] = {"a photo of {}", "{} on the street"};

typedef double vector[DIM];

/* Pictures of one colour in a tar and as files, classes in turn, two captions each that nobody else has. */
static void write_set(void) {
  test_tar tar = {0};
  for (unsigned i = 0; i < PICTURES; i++) {
    char key[32], name[64], json[256];
    uint8_t *bytes;
    size_t size;
    snprintf(key, sizeof key, "s%02u", i);
    snprintf(json, sizeof json, "{\"class\": \"n%u\", \"captions\": [\"picture %u of a %s\", \"%u %ss and a photo\"]}",
             i % CLASSES, i, labels[i % CLASSES][0], i, labels[i % CLASSES][0]);
    make_png(20 + (int)i, 30, 0x10101u * (i * 7) ^ 0x9e3779u * i, &bytes, &size);
    snprintf(name, sizeof name, "%s.png", key);
    write_file(test_path(name), bytes, size);
    tar_add(&tar, name, '0', bytes, size);
    snprintf(name, sizeof name, "%s.json", key);
    tar_add_text(&tar, name, json);
    free(bytes);
  }
  tar_write(&tar, test_path("set.tar"));
}

static void write_labels(const char *path) {
  char text[1024], *at = text;
  for (unsigned i = 0; i < CLASSES; i++)
    at += sprintf(at, "n%u\t%s%s%s\n", i, labels[i][0], labels[i][1] ? "|" : "", labels[i][1] ? labels[i][1] : "");
  write_text(path, text);
}

static gaze_model *open_model(const char *folder) {
  gaze_model *model;
  if (gaze_model_open(folder, NULL, &model) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_model_dim(model), DIM);
  return model;
}

static void embed_text(gaze_model *model, const char *text, double *out) {
  float single[DIM];
  assert_int_equal(gaze_embed_texts(model, &text, 1, single), GAZE_OK);
  for (int i = 0; i < DIM; i++)
    out[i] = (double)single[i];
}

static void embed_pictures(gaze_model *model, vector *out) {
  for (int i = 0; i < PICTURES; i++) {
    char name[32];
    float single[DIM];
    snprintf(name, sizeof name, "s%02d.png", i);
    if (gaze_embed_file(model, test_path(name), NULL, single) != GAZE_OK)
      fail_msg("%s", gaze_last_error());
    for (int j = 0; j < DIM; j++)
      out[i][j] = (double)single[j];
  }
}

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < DIM; i++)
    sum += a[i] * b[i];
  return sum;
}

/* Mean of every name of the class in every template, made unit. */
static void embed_class(gaze_model *model, const char *const names[2], double *out) {
  memset(out, 0, sizeof(vector));
  for (int i = 0; i < 2 && names[i]; i++)
    for (size_t j = 0; j < 2; j++) {
      const char *hole = strstr(templates[j], "{}");
      char text[128];
      vector one;
      snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - templates[j]), templates[j], names[i], hole + 2);
      embed_text(model, text, one);
      for (int k = 0; k < DIM; k++)
        out[k] += one[k];
    }
  double norm = sqrt(dot(out, out));
  for (int k = 0; k < DIM; k++)
    out[k] /= norm;
}

/* How many of rows [n] are nearer to x than row `right`. */
static int rank_of(const double *x, vector *rows, int n, int right) {
  int rank = 0;
  for (int i = 0; i < n; i++)
    rank += dot(x, rows[i]) > dot(x, rows[right]);
  return rank;
}

static json_t *parse_metrics(gaze_err err, char *text) {
  json_t *json;
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_json_parse(text, strlen(text), "metrics", &json), GAZE_OK);
  free(text);
  return json;
}

static void check_metric(const json_t *json, const char *name, double wanted) {
  double got = json_number_value(json_object_get(json_object_get(json, "metrics"), name));
  if (!(fabs(got - wanted) < 1e-6))
    fail_msg("%s is %g, wanted %g", name, got, wanted);
}

static void check_classification(const char *folder) {
  static vector pictures[PICTURES], classes[CLASSES];
  gaze_model *model = open_model(folder);
  char *text = NULL;
  int first = 0, fifth = 0;
  embed_pictures(model, pictures);
  for (int i = 0; i < CLASSES; i++)
    embed_class(model, labels[i], classes[i]);
  for (int i = 0; i < PICTURES; i++) {
    int rank = rank_of(pictures[i], classes, CLASSES, i % CLASSES);
    first += rank < 1;
    fifth += rank < 5;
  }
  assert_true(first > 0 && first < fifth && fifth < PICTURES); /* or the figures would say nothing */
  const char *tar = test_path("set.tar");
  gaze_err err = gaze_eval_classification(model, &tar, 1, test_path("labels.txt"), templates, 2, &text);
  json_t *json = parse_metrics(err, text);
  check_metric(json, "acc1", (double)first / PICTURES);
  check_metric(json, "acc5", (double)fifth / PICTURES);
  check_metric(json, "mean_per_class_recall", (double)first / PICTURES); /* classes are of one size */
  json_decref(json);
  gaze_model_close(model);
}

static void classification_is_right(void **state) { check_classification(clip_path("quick")); }

/* Whether n labels that fit as well as the background would weigh more than each of the first n of scores. */
static bool none_wins(gaze_model *model, const double *picture, const double *scores, int n) {
  size_t n_background;
  const char *const *background = gaze_background_prompts(&n_background);
  double scale = (double)gaze_model_logit_scale(model), sum = 0;
  for (size_t i = 0; i < n_background; i++) {
    vector one;
    embed_text(model, background[i], one);
    sum += exp(scale * dot(picture, one));
  }
  for (int i = 0; i < n; i++)
    if (exp(scale * scores[i]) >= n * sum / (double)n_background)
      return false;
  return true;
}

static void rejection_is_right(void **state) {
  static vector pictures[PICTURES], classes[CLASSES];
  gaze_model *model = open_model(clip_path("quick"));
  char *text = NULL;
  int lost = 0, refused = 0;
  embed_pictures(model, pictures);
  for (int i = 0; i < CLASSES; i++)
    embed_class(model, labels[i], classes[i]);
  for (int i = 0; i < PICTURES; i++) {
    double scores[CLASSES];
    for (int j = 0; j < CLASSES; j++)
      scores[j] = dot(pictures[i], classes[j]);
    lost += none_wins(model, pictures[i], scores, CLASSES);
    scores[i % CLASSES] = scores[CLASSES - 1];
    refused += none_wins(model, pictures[i], scores, CLASSES - 1);
  }
  const char *tar = test_path("set.tar");
  gaze_err err = gaze_eval_rejection(model, &tar, 1, test_path("labels.txt"), templates, 2, &text);
  json_t *json = parse_metrics(err, text);
  check_metric(json, "false_reject", (double)lost / PICTURES);
  check_metric(json, "true_reject", (double)refused / PICTURES);
  if (lost == refused || lost == PICTURES || refused == PICTURES) /* then the figures would say nothing */
    fail_msg("%d lost, %d refused", lost, refused);
  json_decref(json);
  gaze_model_close(model);
}

static const float steep = 4.60517f, biased = 40.0f; /* ln 100 */

/* A model whose probabilities are all 1, or almost all 0, in float: the ranks must not come from those. */
static const char *write_steep_model(const char *name, bool sigmoid) {
  static char scale_name[] = "logit_scale", bias_name[] = "logit_bias";
  json_t *config = open_clip_json("quick/config.json");
  json_object_set_new(config, "gaze_sigmoid", json_boolean(sigmoid));
  const char *folder = link_model_config(name, "quick", config);
  gaze_named_tensor tensors[128];
  gaze_safetensors *file;
  size_t n = 0;
  char path[1200];
  assert_int_equal(gaze_safetensors_open(clip_path("quick/model.safetensors"), &file), GAZE_OK);
  for (size_t i = 0; i < gaze_safetensors_count(file) && n < 126; i++)
    if (strcmp(gaze_safetensors_get(file, i)->name, scale_name) != 0)
      tensors[n++] = *gaze_safetensors_get(file, i);
  tensors[n++] = (gaze_named_tensor){scale_name, {&steep, GAZE_DTYPE_F32, 0, {0}}, 0};
  if (sigmoid)
    tensors[n++] = (gaze_named_tensor){bias_name, {&biased, GAZE_DTYPE_F32, 0, {0}}, 0};
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(gaze_safetensors_save(path, tensors, n), GAZE_OK);
  gaze_safetensors_close(file);
  return folder;
}

static void saturated_probabilities_do_not_matter(void **state) {
  check_classification(write_steep_model("softmax", false));
  check_classification(write_steep_model("sigmoid", true));
}

static void count_depths(int *hits, int rank) {
  hits[0] += rank < 1;
  hits[1] += rank < 5;
  hits[2] += rank < 10;
}

static void embed_captions(gaze_model *model, vector *out) {
  for (unsigned i = 0; i < PICTURES; i++) {
    char text[128];
    snprintf(text, sizeof text, "picture %u of a %s", i, labels[i % CLASSES][0]);
    embed_text(model, text, out[i * CAPTIONS]);
    snprintf(text, sizeof text, "%u %ss and a photo", i, labels[i % CLASSES][0]);
    embed_text(model, text, out[i * CAPTIONS + 1]);
  }
}

static void retrieval_is_right(void **state) {
  static const int depths[] = {1, 5, 10};
  static vector pictures[PICTURES], captions[PICTURES * CAPTIONS];
  gaze_model *model = open_model(clip_path("quick"));
  char *text = NULL;
  int of_captions[3] = {0}, of_pictures[3] = {0};
  embed_pictures(model, pictures);
  embed_captions(model, captions);
  for (int i = 0; i < PICTURES * CAPTIONS; i++)
    count_depths(of_captions, rank_of(captions[i], pictures, PICTURES, i / CAPTIONS));
  for (int i = 0; i < PICTURES; i++) {
    int a = rank_of(pictures[i], captions, PICTURES * CAPTIONS, i * CAPTIONS);
    int b = rank_of(pictures[i], captions, PICTURES * CAPTIONS, i * CAPTIONS + 1);
    count_depths(of_pictures, a < b ? a : b);
  }
  assert_true(of_captions[0] < of_captions[2] && of_pictures[1] < of_pictures[2]);
  const char *tar = test_path("set.tar");
  gaze_err err = gaze_eval_retrieval(model, &tar, 1, &text);
  json_t *json = parse_metrics(err, text);
  for (int k = 0; k < 3; k++) {
    char name[64];
    snprintf(name, sizeof name, "image_retrieval_recall@%d", depths[k]);
    check_metric(json, name, (double)of_captions[k] / (PICTURES * CAPTIONS));
    snprintf(name, sizeof name, "text_retrieval_recall@%d", depths[k]);
    check_metric(json, name, (double)of_pictures[k] / PICTURES);
  }
  json_decref(json);
  gaze_model_close(model);
}

static int make_set(void **state) {
  if (make_folder(state))
    return -1;
  write_set();
  write_labels(test_path("labels.txt"));
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classification_is_right),
      cmocka_unit_test(rejection_is_right),
      cmocka_unit_test(saturated_probabilities_do_not_matter),
      cmocka_unit_test(retrieval_is_right),
  };
  return cmocka_run_group_tests(tests, make_set, remove_folder);
}
