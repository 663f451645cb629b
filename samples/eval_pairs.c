/* How often a model prefers the right caption of a drawing to one with a wrong colour, count or side.
 *
 *   draw-scenes --seed 1000003 --count 1000 --size 128 --pairs heldout
 *   eval-pairs heldout [MODEL]
 *
 * prints {"dataset", "model", "task": "pairs", "metrics": {"colour": accuracy, ...}, "pairs": {"colour": how many,
 * ...}}. */
#include "gaze.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 3 };
static const char *const KIND_NAMES[KINDS] = {"colour", "count", "side"};

typedef struct score {
  int pairs[KINDS], right[KINDS];
} score;

static int kind_of(const json_t *pair) {
  const char *name = json_string_value(json_object_get(pair, "kind"));
  for (int i = 0; name && i < KINDS; i++)
    if (strcmp(name, KIND_NAMES[i]) == 0)
      return i;
  return -1;
}

static double dot(const float *a, const float *b, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += (double)a[i] * b[i];
  return sum;
}

static gaze_err embed_picture(gaze_model *model, const char *path, float *vector) {
  gaze_picture picture;
  gaze_err err = gaze_picture_open(path, NULL, NULL, &picture);
  if (err == GAZE_OK) {
    err = gaze_embed_pictures(model, &picture, 1, vector);
    gaze_picture_fini(&picture);
  }
  return err;
}

/* A tie counts as wrong: a model that cannot tell the captions apart has not understood them. */
static gaze_err score_pair(gaze_model *model, const float *picture, const json_t *pair, score *total) {
  static float vectors[2 * GAZE_DIM_MAX];
  const char *texts[2] = {json_string_value(json_object_get(pair, "right")),
                          json_string_value(json_object_get(pair, "wrong"))};
  int kind = kind_of(pair), dim = gaze_model_dim(model);
  if (kind < 0 || !texts[0] || !texts[1])
    return GAZE_OK;
  gaze_err err = gaze_embed_texts(model, texts, 2, vectors);
  if (err != GAZE_OK)
    return err;
  total->pairs[kind]++;
  total->right[kind] += dot(picture, vectors, dim) > dot(picture, vectors + dim, dim);
  return GAZE_OK;
}

/* path: of KEY.json; KEY.png lies beside it. */
static bool score_drawing(gaze_model *model, char *path, score *total) {
  static float picture[GAZE_DIM_MAX];
  json_error_t error;
  json_t *json = json_load_file(path, 0, &error);
  if (!json) {
    fprintf(stderr, "eval-pairs: not JSON: %s, line %d: %s\n", path, error.line, error.text);
    return false;
  }
  json_t *pairs = json_object_get(json, "pairs"), *pair;
  size_t i;
  strcpy(path + strlen(path) - strlen("json"), "png");
  gaze_err err = json_array_size(pairs) ? embed_picture(model, path, picture) : GAZE_OK;
  json_array_foreach(pairs, i, pair) if (err == GAZE_OK) err = score_pair(model, picture, pair, total);
  json_decref(json);
  if (err != GAZE_OK)
    fprintf(stderr, "eval-pairs: %s\n", gaze_last_error());
  return err == GAZE_OK;
}

static bool score_folder(gaze_model *model, const char *folder, score *total) {
  DIR *entries = opendir(folder);
  if (!entries) {
    fprintf(stderr, "eval-pairs: cannot read the folder: %s: write it with draw-scenes --pairs\n", folder);
    return false;
  }
  bool done = true;
  for (struct dirent *entry; done && (entry = readdir(entries));) {
    char path[4096];
    size_t n = strlen(entry->d_name);
    if (n < 5 || strcmp(entry->d_name + n - 5, ".json") != 0)
      continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    done = score_drawing(model, path, total);
  }
  closedir(entries);
  return done;
}

static void print_score(const char *folder, gaze_model *model, const score *total) {
  json_t *metrics = json_object(), *pairs = json_object();
  for (int i = 0; i < KINDS; i++) {
    json_object_set_new(pairs, KIND_NAMES[i], json_integer(total->pairs[i]));
    json_object_set_new(metrics, KIND_NAMES[i],
                        total->pairs[i] ? json_real((double)total->right[i] / total->pairs[i]) : json_null());
  }
  json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o}", "dataset", folder, "model", gaze_model_path(model), "task",
                          "pairs", "metrics", metrics, "pairs", pairs);
  json_dumpf(all, stdout, JSON_REAL_PRECISION(4));
  putchar('\n');
  json_decref(all);
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    fputs("usage: eval-pairs FOLDER [MODEL]\n", stderr);
    return 2;
  }
  gaze_model *model;
  if (gaze_model_open(argc > 2 ? argv[2] : NULL, NULL, &model) != GAZE_OK) {
    fprintf(stderr, "eval-pairs: %s\n", gaze_last_error());
    return 1;
  }
  score total = {0};
  bool done = score_folder(model, argv[1], &total);
  if (done)
    print_score(argv[1], model, &total);
  gaze_model_close(model);
  return done ? 0 : 1;
}
