/* From pictures to rows of a language model, equal to transformers in every family's layout. */
#include "clip_fixtures.h"
#include "nearness.h"

#include "core/base/cpu.h"
#include "core/base/file.h"
#include "fusion/eye.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int sizes[][2] = {{40, 30}, {1, 1}, {1, 1000}, {336, 336}, {1023, 767}, {5000, 100}};
static const int pair[][2] = {{40, 30}, {9, 31}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static const char *const families[] = {"llava", "original", "nano", "next", "onevision", "smolvlm"};
enum { FAMILIES = sizeof families / sizeof *families };

static const char *llava_path(const char *name) {
  char inner[128];
  snprintf(inner, sizeof inner, "../llava/%s", name);
  return clip_path(inner);
}

/* The formula of llava.py. */
static gaze_picture make_picture(int width, int height) {
  gaze_picture picture = {.width = width, .height = height};
  picture.rgb = malloc((size_t)width * (size_t)height * 3);
  assert_non_null(picture.rgb);
  uint8_t *rgb = picture.rgb;
  for (int64_t y = 0; y < height; y++)
    for (int64_t x = 0; x < width; x++) {
      *rgb++ = (uint8_t)((x * x + 3 * y) >> 3);
      *rgb++ = (uint8_t)((x * y >> 4) + 5 * x);
      *rgb++ = (uint8_t)(7 * y + (x ^ y));
    }
  return picture;
}

/* Numbers of the encoder's rows, in the order in which they were heard of. */
typedef struct listener {
  float features[64 * 1024];
  size_t n;
} listener;

static void listen(void *user, const char *name, const float *data, size_t rows, size_t columns) {
  listener *l = user;
  if (strcmp(name, "vision.features") != 0)
    return;
  assert_true(l->n + rows * columns <= sizeof l->features / sizeof *l->features);
  memcpy(l->features + l->n, data, rows * columns * sizeof *data);
  l->n += rows * columns;
}

typedef struct subject {
  const char *name;
  gaze_llava_files files;
  gaze_llava_config config;
  gaze_weights *weights;
  gaze_eye eye;
  gaze_safetensors *wanted;
  gaze_kernels kernels;
  gaze_compute compute;
} subject;

static void check(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

/* weights: a folder or an mmproj file. */
static void subject_open_from(subject *s, const char *name, const char *weights) {
  static const bool keeps[GAZE_DTYPES];
  char file[64];
  *s = (subject){.name = name};
  check(gaze_weights_open(llava_path(weights), &s->weights));
  if (gaze_weights_gguf(s->weights)) {
    check(gaze_llava_config_read_mmproj(s->weights, &s->config));
  } else {
    check(gaze_llava_files_open(llava_path(weights), &s->files));
    check(gaze_llava_config_read(&s->files, &s->config));
  }
  check(gaze_eye_init(&s->eye, &s->config));
  gaze_kernels_init(&s->kernels, gaze_cpu_detect());
  s->compute.kernels = &s->kernels;
  check(gaze_eye_load(&s->eye, &s->kernels, s->weights, s->files.tower_folder, keeps));
  snprintf(file, sizeof file, "%s.safetensors", name);
  check(gaze_safetensors_open(llava_path(file), &s->wanted));
}

static void subject_open(subject *s, const char *name) { subject_open_from(s, name, name); }

static void subject_close(subject *s) {
  gaze_eye_fini(&s->eye);
  gaze_weights_close(s->weights);
  gaze_safetensors_close(s->wanted);
  gaze_llava_files_close(&s->files);
}

static const float *wanted_numbers(const subject *s, const char *what, const char *key, size_t n) {
  char name[32];
  snprintf(name, sizeof name, "%s.%s", what, key);
  const gaze_tensor *tensor = find_tensor(s->wanted, name);
  if (gaze_tensor_count(tensor) != n)
    fail_msg("%s: %s has %zu numbers, not %zu", s->name, name, gaze_tensor_count(tensor), n);
  return tensor->data;
}

static void check_pixels(const subject *s, const char *key, const float *pixels, size_t n) {
  const float *wanted = wanted_numbers(s, "pixels", key, n);
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(pixels[i] - wanted[i]) <= 1e-6f))
      fail_msg("%s: pixel %zu of picture %s is %g, not %g", s->name, i, key, (double)pixels[i], (double)wanted[i]);
}

/* One picture of `pictures` in the conversation. */
static void check_picture(subject *s, const char *key, int width, int height, size_t pictures) {
  const gaze_tiling *t = &s->config.tiling;
  size_t S = s->config.vision.image_size, D = s->config.projector.D;
  gaze_tile_plan plan;
  gaze_tiling_plan(t, width, height, pictures, &plan);
  gaze_picture picture = make_picture(width, height);
  float *pixels = malloc(plan.tiles * 3 * S * S * sizeof *pixels), *rows = malloc(plan.tokens * D * sizeof *rows);
  listener *heard = calloc(1, sizeof *heard);
  assert_true(pixels && rows && heard);
  check(gaze_tiling_pixels(t, &plan, &picture, pixels));
  check_pixels(s, key, pixels, plan.tiles * 3 * S * S);
  s->compute.tap = listen;
  s->compute.tap_user = heard;
  check(gaze_eye_look(&s->compute, &s->eye, &plan, &picture, rows));
  char where[64];
  snprintf(where, sizeof where, "%s, picture %s", s->name, key);
  check_near(where, "features", heard->features, wanted_numbers(s, "features", key, heard->n), heard->n);
  check_near(where, "rows", rows, wanted_numbers(s, "rows", key, plan.tokens * D), plan.tokens * D);
  free(pixels);
  free(rows);
  free(heard);
  gaze_picture_fini(&picture);
}

static void pictures_become_rows(void **state) {
  for (size_t f = 0; f < FAMILIES; f++) {
    subject s;
    subject_open(&s, families[f]);
    for (int i = 0; i < SIZES; i++)
      check_picture(&s, (char[]){(char)('0' + i), 0}, sizes[i][0], sizes[i][1], 1);
    subject_close(&s);
  }
}

static void other_layouts_see_alike(void **state) {
  static const char *const files[][2] = {{"original", "original.gguf"}, {"original", "old.gguf"},
                                         {"next", "next.gguf"},         {"smolvlm", "smolvlm.gguf"},
                                         {"next", "next-original"},     {"onevision", "onevision-original"}};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    subject s;
    subject_open_from(&s, files[f][0], files[f][1]);
    for (int i = 0; i < SIZES; i++)
      check_picture(&s, (char[]){(char)('0' + i), 0}, sizes[i][0], sizes[i][1], 1);
    subject_close(&s);
  }
}

static void two_pictures_of_onevision_are_squares(void **state) {
  static const char *const layouts[] = {"onevision", "onevision-original"};
  for (size_t i = 0; i < 2; i++) {
    subject s;
    subject_open_from(&s, "onevision", layouts[i]);
    check_picture(&s, "pair.0", pair[0][0], pair[0][1], 2);
    check_picture(&s, "pair.1", pair[1][0], pair[1][1], 2);
    subject_close(&s);
  }
}

/* The rows of a picture that is looked at again: the same bits. */
static void check_again(subject *s, const gaze_tile_plan *plan, const gaze_picture *picture, const float *rows,
                        size_t n) {
  float *again = malloc(n * sizeof *again);
  assert_non_null(again);
  check(gaze_eye_prepare(&s->eye, &s->compute));
  check(gaze_eye_look(&s->compute, &s->eye, plan, picture, again));
  assert_memory_equal(again, rows, n * sizeof *rows);
  free(again);
}

/* Rows in another precision, of pictures of one tile and of several. */
static void check_precision(subject *s, double least) {
  size_t D = s->config.projector.D;
  check(gaze_eye_prepare(&s->eye, &s->compute));
  for (int i = 0; i < SIZES; i++) {
    gaze_tile_plan plan;
    gaze_tiling_plan(&s->config.tiling, sizes[i][0], sizes[i][1], 1, &plan);
    gaze_picture picture = make_picture(sizes[i][0], sizes[i][1]);
    size_t n = plan.tokens * D;
    float *rows = malloc(n * sizeof *rows);
    assert_non_null(rows);
    check(gaze_eye_look(&s->compute, &s->eye, &plan, &picture, rows));
    double found = cosine(rows, wanted_numbers(s, "rows", (char[]){(char)('0' + i), 0}, n), n);
    if (!(found >= least && found < 1 - 1e-7))
      fail_msg("%s, picture %d: cosine %.9f", s->name, i, found);
    check_again(s, &plan, &picture, rows, n);
    free(rows);
    gaze_picture_fini(&picture);
  }
}

static void narrow_products_come_near(void **state) {
  static const struct {
    gaze_precision precision;
    double least;
  } cases[] = {{GAZE_PRECISION_BF16, 0.9995}, {GAZE_PRECISION_INT8, 0.995}};
  for (size_t i = 0; i < FAMILIES * sizeof cases / sizeof *cases; i++) {
    subject s;
    gaze_matmul *matmul;
    subject_open(&s, families[i % FAMILIES]);
    check(gaze_matmul_new(&s.kernels, gaze_cpu_detect(), cases[i / FAMILIES].precision, &matmul));
    s.compute.matmul = matmul;
    check_precision(&s, cases[i / FAMILIES].least);
    subject_close(&s);
    gaze_matmul_free(matmul);
  }
}

/* The picture's text with <image> once where its rows are. */
static void join_pieces(const gaze_tiling *t, const gaze_tile_plan *plan, char *text, size_t size) {
  size_t used = 0, rows = 0;
  for (size_t i = 0; i < gaze_picture_pieces(t, plan); i++) {
    gaze_picture_piece piece;
    gaze_picture_piece_get(t, plan, i, &piece);
    used += (size_t)snprintf(text + used, size - used, "%s%s", piece.text, piece.rows ? "<image>" : "");
    assert_true(used < size);
    rows += piece.rows;
  }
  assert_int_equal(rows, plan->tokens);
}

static void check_plan(const char *name, const gaze_tiling *t, const json_t *item) {
  int width = (int)json_integer_value(json_object_get(item, "width"));
  int height = (int)json_integer_value(json_object_get(item, "height"));
  size_t tokens = (size_t)json_integer_value(json_object_get(item, "tokens"));
  size_t tiles = (size_t)json_integer_value(json_object_get(item, "tiles"));
  const char *text = json_string_value(json_object_get(item, "text"));
  char ours[4096];
  gaze_tile_plan plan;
  gaze_tiling_plan(t, width, height, 1, &plan);
  if (plan.tokens != tokens || plan.tiles != tiles)
    fail_msg("%s, %d x %d: %zu rows of %zu tiles, not %zu of %zu", name, width, height, plan.tokens, plan.tiles, tokens,
             tiles);
  join_pieces(t, &plan, ours, sizeof ours);
  assert_string_equal(ours, text ? text : "<image>");
}

static void released_models_are_planned_alike(void **state) {
  static const struct {
    const char *name;
    size_t layers, dim, tile_rows;
    int64_t image_token;
  } models[] = {{"next", 23, 4096, 576, 32000},
                {"onevision", 26, 896, 729, 151646},
                {"smolvlm-500m", 12, 960, 64, 49190},
                {"smolvlm-2b", 27, 960, 81, 49190}};
  json_t *plans, *item;
  size_t i;
  check(gaze_json_open(llava_path("plans.json"), &plans));
  for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
    char folder[64];
    gaze_llava_files files;
    gaze_llava_config config;
    snprintf(folder, sizeof folder, "released/%s", models[m].name);
    check(gaze_llava_files_open(llava_path(folder), &files));
    check(gaze_llava_config_read(&files, &config));
    assert_int_equal(config.vision.layers, models[m].layers);
    assert_int_equal(config.projector.D, models[m].dim);
    assert_int_equal(config.tiling.tile_rows, models[m].tile_rows);
    assert_int_equal(config.image_token, models[m].image_token);
    assert_int_equal(json_array_size(json_object_get(plans, models[m].name)), 22);
    json_array_foreach(json_object_get(plans, models[m].name), i, item)
        check_plan(models[m].name, &config.tiling, item);
    gaze_llava_files_close(&files);
  }
  json_decref(plans);
}

/* Today's transformers nests encoders less than released files do. */
static bool is_placed(const subject *s, const char *name) {
  gaze_tensor_place place;
  for (size_t i = 0; i < s->eye.parameters.n; i++)
    for (size_t turn = 0; gaze_tensor_place_next(&gaze_llava_names, s->eye.parameters.items[i].name, &turn, &place);)
      if (strcmp(place.name, name) == 0)
        return true;
  return gaze_llava_is_picture_tensor(name) && gaze_llava_encoder_leftover(&s->config, name);
}

static void todays_names_are_known(void **state) {
  static const char *const named[] = {"llava", "next", "onevision", "smolvlm"};
  json_t *names, *name;
  size_t i;
  check(gaze_json_open(llava_path("names.json"), &names));
  for (size_t f = 0; f < sizeof named / sizeof *named; f++) {
    subject s;
    subject_open(&s, named[f]);
    json_array_foreach(json_object_get(names, named[f]), i, name) if (!is_placed(&s, json_string_value(name)))
        fail_msg("%s: no place for %s", named[f], json_string_value(name));
    assert_true(i > 40);
    subject_close(&s);
  }
  json_decref(names);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(released_models_are_planned_alike), cmocka_unit_test(pictures_become_rows),
      cmocka_unit_test(other_layouts_see_alike),           cmocka_unit_test(two_pictures_of_onevision_are_squares),
      cmocka_unit_test(narrow_products_come_near),         cmocka_unit_test(todays_names_are_known)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
