/* The drawings: the same from the same seed, what is painted lies where the boxes say, what is said is true. */
#include "fusion/dataset.h"
#include "samples/draw_gallery.h"
#include "samples/draw_pack.h"
#include "samples/draw_words.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SCENES = 600, SIDE = 64, PIXELS = SIDE * SIDE };

static draw_scene scene_of(int i) { return draw_scene_new(7, (uint64_t)i, false, DRAW_ANY); }

/* Where word stands in text as a whole word, any case; NULL: nowhere. */
static const char *find_word(const char *text, const char *word) {
  size_t n = strlen(word);
  for (const char *at = text; *at; at++)
    if (strncasecmp(at, word, n) == 0 && !isalpha((unsigned char)at[n]) &&
        (at == text || !isalpha((unsigned char)at[-1])))
      return at;
  return NULL;
}

static bool is_english(const char *caption) { return (unsigned char)caption[0] < 0x80; }

static void test_same_seed_same_drawing(void **state) {
  static uint8_t a[PIXELS * 3], b[PIXELS * 3];
  for (int i = 0; i < 8; i++) {
    draw_scene first = scene_of(i), again = scene_of(i), other = draw_scene_new(8, (uint64_t)i, false, DRAW_ANY);
    assert_true(draw_scene_paint(&first, SIDE, a) && draw_scene_paint(&again, SIDE, b));
    assert_memory_equal(a, b, sizeof a);
    assert_true(draw_scene_paint(&other, SIDE, b));
    assert_memory_not_equal(a, b, sizeof a);
  }
}

static double overlap(const draw_object *a, const draw_object *b) {
  double w = fmin(a->x + a->width / 2, b->x + b->width / 2) - fmax(a->x - a->width / 2, b->x - b->width / 2);
  double h = fmin(a->y + a->height / 2, b->y + b->height / 2) - fmax(a->y - a->height / 2, b->y - b->height / 2);
  return w <= 0 || h <= 0 ? 0 : w * h / fmin(a->width * a->height, b->width * b->height);
}

static void test_objects_fit(void **state) {
  for (int i = 0; i < SCENES; i++) {
    draw_scene scene = scene_of(i);
    for (int j = 0; j < scene.n; j++) {
      const draw_object *a = &scene.objects[j];
      assert_true(a->x - a->width / 2 > -0.03 && a->x + a->width / 2 < 1.03);
      assert_true(a->y - a->height / 2 > -0.03 && a->y + a->height / 2 < 1.03);
      assert_true(fmax(a->width, a->height) >=
                  (scene.layout == DRAW_SIDES || scene.layout == DRAW_SINGLE ? 0.19 : 0.125));
      for (int k = 0; k < j; k++)
        assert_true(overlap(a, &scene.objects[k]) < 0.25);
    }
    const draw_object *first = &scene.objects[0], *second = &scene.objects[1];
    if (scene.layout == DRAW_SIDES)
      assert_true(first->x + first->width / 2 <= second->x - second->width / 2);
    if (scene.layout == DRAW_STACKED)
      assert_true(first->y < second->y);
  }
}

/* Pixels that the object changes lie in its box, and fill a good part of it. */
static void test_boxes_hold_the_objects(void **state) {
  static uint8_t with[PIXELS * 3], without[PIXELS * 3];
  for (int i = 0; i < 150; i++) {
    draw_scene scene = scene_of(i), empty = scene;
    if (scene.layout != DRAW_SINGLE)
      continue;
    const draw_object *object = &scene.objects[0];
    empty.objects[0].width = empty.objects[0].height = 1e-6; /* the background knows which kinds are there */
    empty.objects[0].x = empty.objects[0].y = -1;
    assert_true(draw_scene_paint(&scene, SIDE, with) && draw_scene_paint(&empty, SIDE, without));
    int inside = 0, outside = 0;
    for (int p = 0; p < PIXELS; p++) {
      double x = fabs((p % SIDE + 0.5) / SIDE - object->x), y = fabs((p / SIDE + 0.5) / SIDE - object->y);
      int change = 0;
      for (int c = 0; c < 3; c++)
        change += abs(with[p * 3 + c] - without[p * 3 + c]);
      bool in = x < object->width / 2 + 0.02 && y < object->height / 2 + 0.02;
      *(in ? &inside : &outside) += change > 24;
    }
    assert_true(inside > 0.2 * object->width * object->height * PIXELS);
    assert_true(outside < 0.2 * inside);
  }
}

static void test_twins_differ_in_one_thing(void **state) {
  int differ = 0;
  for (uint64_t i = 0; i < SCENES; i += 2) {
    draw_scene a = draw_scene_new(7, i, true, DRAW_ANY), b = draw_scene_new(7, i + 1, true, DRAW_ANY);
    assert_true(a.seed == b.seed && a.ground == b.ground && a.time == b.time && a.layout == b.layout);
    differ += a.n != b.n || a.objects[0].kind != b.objects[0].kind;
    for (int j = 0; j < a.n && j < b.n && a.objects[0].kind == b.objects[0].kind; j++)
      if (a.objects[j].colour != b.objects[j].colour) {
        differ++;
        break;
      }
  }
  assert_true(differ > SCENES / 2 * 9 / 10);
}

static void test_layout_can_be_asked_for(void **state) {
  for (uint64_t i = 0; i < 200; i++) {
    draw_scene scene = draw_scene_new(9, i, true, DRAW_SIDES);
    assert_true(scene.layout == DRAW_SIDES && scene.n == 2 && scene.objects[0].x < scene.objects[1].x);
  }
}

/* Twins of one thing aside stand on two sides, and each caption that names a side names theirs. */
static void test_twins_aside(void **state) {
  for (uint64_t i = 0; i < 400; i++) {
    draw_scene scene = draw_scene_new(9, i, true, DRAW_ASIDE), twin = draw_scene_new(9, i ^ 1, true, DRAW_ASIDE);
    draw_random random = draw_random_new(7, i);
    char captions[DRAW_MOST_CAPTIONS][DRAW_CAPTION_SIZE];
    int n = draw_captions_write(&scene, &random, captions), named = 0;
    bool left = draw_object_side(&scene.objects[0]) < 0;
    assert_int_equal(draw_object_side(&scene.objects[0]), -draw_object_side(&twin.objects[0]));
    assert_int_equal(scene.objects[0].kind, twin.objects[0].kind);
    for (int j = 0; j < n; j++) {
      bool says_left = find_word(captions[j], "left") || strstr(captions[j], "왼쪽");
      bool says_right = find_word(captions[j], "right") || strstr(captions[j], "오른쪽");
      assert_false(left ? says_right : says_left);
      named += says_left || says_right;
    }
    assert_true(named >= 3);
  }
}

static void check_count(const draw_scene *scene, const char *caption) {
  static const char *const numbers[] = {"one", "two", "three", "four", "five"};
  for (int n = 0; n < 5; n++)
    assert_int_equal(find_word(caption, numbers[n]) != NULL, n + 1 == scene->n);
}

/* Of both objects named, the one first named is on the side that is said first. */
static void check_sides(const draw_scene *scene, const char *caption) {
  const char *left = find_word(caption, draw_kinds[scene->objects[0].kind].name);
  const char *right = find_word(caption, draw_kinds[scene->objects[1].kind].name);
  const char *said_left = find_word(caption, "left"), *said_right = find_word(caption, "right");
  bool trees = scene->objects[0].kind == DRAW_PINE || scene->objects[1].kind == DRAW_PINE;
  if (trees || (!said_left && !said_right))
    return;
  if (left && right) {
    bool left_first = said_left && (!said_right || said_left < said_right);
    assert_int_equal(left < right, left_first);
  } else {
    assert_int_equal(left != NULL, said_left != NULL);
  }
}

static void check_colours(const draw_scene *scene, const char *caption) {
  for (int i = 0; i < DRAW_N_COLOURS; i++) {
    const char *found = find_word(caption, draw_colours[i].english);
    bool known = !found || strncmp(found, "blue sky", 8) == 0 || strncmp(found, "green grass", 11) == 0;
    for (int j = 0; j < scene->n; j++)
      known |= scene->objects[j].colour == (draw_colour_name)i;
    assert_true(known);
  }
}

static void test_captions_are_true(void **state) {
  static const char *const wrong_particles[] = {"공가", "집가", "별가", "나무이", "자동차이", "의자이", "새이"};
  int korean = 0, all = 0;
  for (int i = 0; i < SCENES; i++) {
    draw_scene scene = scene_of(i);
    draw_random random = draw_random_new(7, (uint64_t)i);
    char captions[DRAW_MOST_CAPTIONS][DRAW_CAPTION_SIZE];
    int n = draw_captions_write(&scene, &random, captions);
    assert_in_range(n, 3, DRAW_MOST_CAPTIONS);
    for (int j = 0; j < n; j++, all++) {
      for (size_t k = 0; k < sizeof wrong_particles / sizeof *wrong_particles; k++)
        assert_null(strstr(captions[j], wrong_particles[k]));
      korean += !is_english(captions[j]);
      if (!is_english(captions[j]))
        continue;
      check_colours(&scene, captions[j]);
      if (scene.layout == DRAW_COUNT)
        check_count(&scene, captions[j]);
      if (scene.layout == DRAW_SIDES)
        check_sides(&scene, captions[j]);
    }
  }
  assert_in_range(korean * 100 / all, 10, 20);
}

static int count_words(const char *text) {
  int n = 0;
  for (; *text; text++)
    n += *text == ' ';
  return n;
}

static void check_pair(const draw_scene *scene, const draw_pair *pair) {
  assert_string_not_equal(pair->right, pair->wrong);
  assert_true(abs(count_words(pair->right) - count_words(pair->wrong)) <= 1); /* "in a red shirt", "in red shirts" */
  check_colours(scene, pair->right);
  if (strcmp(pair->kind, "count") == 0)
    check_count(scene, pair->right);
  if (strcmp(pair->kind, "side") == 0 && scene->layout == DRAW_SIDES)
    check_sides(scene, pair->right);
  if (strcmp(pair->kind, "colour") != 0)
    return;
  int strangers = 0; /* colours that are in the wrong caption only */
  for (int i = 0; i < DRAW_N_COLOURS; i++)
    strangers += find_word(pair->wrong, draw_colours[i].english) && !find_word(pair->right, draw_colours[i].english);
  assert_int_equal(strangers, 1);
}

static void test_pairs(void **state) {
  int kinds[3] = {0};
  for (int i = 0; i < SCENES; i++) {
    draw_scene scene = scene_of(i);
    draw_random random = draw_random_new(7, (uint64_t)i);
    draw_pair pairs[DRAW_MOST_PAIRS];
    int n = draw_pairs_write(&scene, &random, pairs);
    assert_in_range(n, 1, DRAW_MOST_PAIRS);
    for (int j = 0; j < n; j++) {
      check_pair(&scene, &pairs[j]);
      kinds[pairs[j].kind[0] == 's' ? 2 : pairs[j].kind[2] == 'u'] += 1;
    }
  }
  assert_true(kinds[0] == SCENES && kinds[1] > SCENES / 5 && kinds[2] > SCENES / 5);
}

/* What draw-scenes writes is what training reads. */
static void test_tar(void **state) {
  char path[] = "/tmp/gaze-draw-XXXXXX.tar";
  int file = mkstemps(path, 4);
  assert_true(file >= 0 && close(file) == 0);
  draw_pack pack;
  assert_true(draw_pack_open(&pack, path));
  static uint8_t rgb[PIXELS * 3];
  for (int i = 0; i < 5; i++) {
    draw_scene scene = scene_of(i);
    char name[32];
    void *png = NULL;
    size_t size = 0;
    assert_true(draw_scene_paint(&scene, SIDE, rgb));
    assert_true(draw_png_write(rgb, SIDE, &png, &size));
    snprintf(name, sizeof name, "%d.png", i);
    assert_true(draw_pack_add(&pack, name, png, size));
    free(png);
    static const char captions[1][DRAW_CAPTION_SIZE] = {"a drawing"};
    char *json = draw_scene_json(&scene, captions, 1, NULL, 0);
    snprintf(name, sizeof name, "%d.json", i);
    assert_true(json && draw_pack_add(&pack, name, json, strlen(json)));
    free(json);
  }
  assert_true(draw_pack_close(&pack));
  gaze_dataset *dataset;
  assert_int_equal(gaze_dataset_open(path, NULL, &dataset), GAZE_OK);
  assert_int_equal(gaze_dataset_size(dataset), 5);
  const gaze_sample *sample = gaze_dataset_get(dataset, 4);
  assert_true(sample->fixed && sample->n_captions == 1);
  assert_string_equal(sample->captions[0], "a drawing");
  gaze_picture picture;
  assert_int_equal(gaze_sample_picture(sample, NULL, &picture), GAZE_OK);
  assert_true(picture.width == SIDE && picture.height == SIDE);
  assert_memory_equal(picture.rgb, rgb, sizeof rgb);
  gaze_picture_fini(&picture);
  gaze_dataset_close(dataset);
  unlink(path);
}

/* The committed pictures are what the program draws today. */
static void test_sample_pictures(void **state) {
  const char *root = getenv("GAZE_SOURCE_ROOT");
  if (!root) {
    print_message("SKIP: GAZE_SOURCE_ROOT does not name the source folder\n");
    skip();
  }
  for (int i = 0; i < draw_gallery_size; i++) {
    draw_scene scene = draw_piece_scene(&draw_gallery[i]);
    char path[4096];
    snprintf(path, sizeof path, "%s/samples/pictures/%s.png", root, draw_gallery[i].name);
    gaze_picture picture;
    assert_int_equal(gaze_picture_open(path, NULL, NULL, &picture), GAZE_OK);
    size_t size = (size_t)picture.width * (size_t)picture.width * 3;
    uint8_t *rgb = malloc(size);
    assert_true(rgb && picture.width == picture.height && draw_scene_paint(&scene, picture.width, rgb));
    assert_memory_equal(rgb, picture.rgb, size);
    gaze_picture_fini(&picture);
    free(rgb);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_seed_same_drawing),
      cmocka_unit_test(test_objects_fit),
      cmocka_unit_test(test_boxes_hold_the_objects),
      cmocka_unit_test(test_twins_differ_in_one_thing),
      cmocka_unit_test(test_layout_can_be_asked_for),
      cmocka_unit_test(test_twins_aside),
      cmocka_unit_test(test_captions_are_true),
      cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_tar),
      cmocka_unit_test(test_sample_pictures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
