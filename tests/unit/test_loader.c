#include "data_files.h"

#include "fusion/loader.h"
#include "fusion/loader_plan.h"
#include "fusion/loader_slot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 16, BATCH = 8, CONTEXT = 12, TEACHER = 3, PIXELS = 3 * SIDE * SIDE };

static gaze_tokenizer *tokenizer;
static gaze_class_prompts prompts[2];
static const char *english[] = {"a photo of a {}.", "the {}"}, *korean[] = {"{} 사진"};

static void open_labels(gaze_class_prompts *out, const char *name, const char *text, const char **templates, size_t n) {
  write_text(test_path(name), text);
  assert_int_equal(gaze_labels_open(test_path(name), &out->labels), GAZE_OK);
  out->templates = templates;
  out->n_templates = n;
  out->weight = 1;
}

static int set_up(void **state) {
  static const char *const texts[] = {"a photo of a red cat.", "the green dog", "고양이 사진",
                                      "number 0 1 2 3 4 5 6 7 8 9"};
  if (make_folder(state) != 0)
    return -1;
  const char *folder = test_path("tokenizer");
  if (gaze_tokenizer_train(texts, 4, 560, 1, folder) != GAZE_OK || gaze_tokenizer_open(folder, &tokenizer) != GAZE_OK) {
    printf("%s\n", gaze_last_error());
    return -1;
  }
  open_labels(&prompts[0], "en.tsv", "c0\tcat|kitten|tom\nc1\tdog\n", english, 2);
  open_labels(&prompts[1], "ko.tsv", "c0\t고양이\n", korean, 1);
  return 0;
}

static int tear_down(void **state) {
  gaze_tokenizer_free(tokenizer);
  gaze_labels_fini(&prompts[0].labels);
  gaze_labels_fini(&prompts[1].labels);
  return remove_folder(state);
}

static void add_teacher(test_tar *tar, const char *key, uint16_t first) {
  uint8_t bytes[128 + 2 * TEACHER] = {0};
  uint16_t halves[TEACHER] = {first, 0xc000, 0x3800};
  char name[64];
  memset(bytes, ' ', 128);
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  int length = sprintf((char *)bytes + 10, "{'descr': '<f2', 'fortran_order': False, 'shape': (%d,), }", TEACHER);
  bytes[10 + length] = ' ';
  memcpy(bytes + 128, halves, sizeof halves);
  snprintf(name, sizeof name, "%s.teacher.npy", key);
  tar_add(tar, name, '0', bytes, sizeof bytes);
}

/* n pictures of different colours and sizes. Even ones have two captions and a teacher vector, odd ones the class c0 or
 * c1; every tenth from 4 on is fixed. Where i is bad, there is no picture in the file. */
static gaze_dataset *make_set(const char *name, int n, bool (*is_bad)(int i)) {
  test_tar tar = {0};
  for (int i = 0; i < n; i++) {
    char key[32], file[48], json[128];
    snprintf(key, sizeof key, "key%d", i);
    snprintf(file, sizeof file, "%s.jpg", key);
    if (is_bad && is_bad(i))
      tar_add_text(&tar, file, "not a picture");
    else
      tar_add_png(&tar, key, 20 + i % 7, 20 + i % 5, (uint32_t)i * 2654435u & 0xffffff);
    if (i % 2)
      snprintf(json, sizeof json, "{\"class\":\"c%d\"}", i / 2 % 2);
    else
      snprintf(json, sizeof json, "{\"captions\":[\"number %d\",\"red %d\"],\"augment\":%s}", i, i,
               i % 10 == 4 ? "false" : "true");
    snprintf(file, sizeof file, "%s.json", key);
    tar_add_text(&tar, file, json);
    if (i % 2 == 0)
      add_teacher(&tar, key, 0x3c00);
  }
  gaze_dataset *dataset;
  tar_write(&tar, test_path(name));
  assert_int_equal(gaze_dataset_open(test_path(name), NULL, &dataset), GAZE_OK);
  return dataset;
}

static const gaze_text_config text_config = {.context = CONTEXT};

static gaze_loader_options make_options(const gaze_source *sources, size_t n) {
  gaze_loader_options options = {.sources = sources,
                                 .n_sources = n,
                                 .prompts = prompts,
                                 .n_prompts = 2,
                                 .tokenizer = tokenizer,
                                 .text = &text_config,
                                 .batch_size = BATCH,
                                 .teacher_dim = TEACHER,
                                 .seed = 5,
                                 .workers = 1,
                                 .queue = 2};
  gaze_preprocess_default(&options.preprocess, SIDE);
  options.augment = (gaze_augment){.scale_low = 0.5f, .scale_high = 1, .ratio = 1.3f, .flip = 0.5f, .jitter = 0.8f};
  options.augment.brightness = options.augment.contrast = options.augment.saturation = 0.2f;
  return options;
}

static gaze_loader *make_loader(const gaze_loader_options *options) {
  gaze_loader *loader;
  if (gaze_loader_new(options, &loader) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return loader;
}

static const gaze_batch *next_batch(gaze_loader *loader) {
  const gaze_batch *batch;
  if (gaze_loader_next(loader, &batch) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return batch;
}

static void check_equal(const gaze_batch *a, const gaze_batch *b) {
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->n, b->n);
  assert_memory_equal(a->pixels, b->pixels, a->n * PIXELS * sizeof(float));
  assert_memory_equal(a->offsets, b->offsets, (a->n + 1) * sizeof(size_t));
  assert_memory_equal(a->ids, b->ids, a->offsets[a->n] * sizeof(int32_t));
  assert_memory_equal(a->classes, b->classes, a->n * sizeof(int32_t));
  assert_memory_equal(a->teacher, b->teacher, a->n * TEACHER * sizeof(float));
  assert_memory_equal(a->has_teacher, b->has_teacher, a->n);
}

/* The same batches from one and three workers, from a queue of one and five, and from the middle of a run. */
static void test_batches_depend_on_the_number_alone(void **state) {
  gaze_source sources[2] = {{make_set("a.tar", 37, NULL), 1, 1}, {make_set("b.tar", 11, NULL), 2.5, 1}};
  gaze_loader_options options = make_options(sources, 2), many = options, late = options;
  many.workers = 3;
  many.queue = 5;
  late.queue = 1;
  late.first = 7;
  gaze_loader *one = make_loader(&options), *three = make_loader(&many), *resumed = make_loader(&late);
  for (uint64_t k = 0; k < 30; k++) {
    const gaze_batch *batch = next_batch(one);
    assert_int_equal(batch->number, k);
    check_equal(batch, next_batch(three));
    if (k >= 7)
      check_equal(batch, next_batch(resumed));
  }
  gaze_loader_free(one);
  gaze_loader_free(three);
  gaze_loader_free(resumed);
  gaze_dataset_close(sources[0].dataset);
  gaze_dataset_close(sources[1].dataset);
}

/* Batches stay as they were given out while `held` of them are in use, however far the workers get meanwhile. */
static void test_held_batches_stay(void **state) {
  gaze_source source = {make_set("a.tar", 37, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  options.workers = 2;
  for (int held = 1; held <= 3; held++) {
    options.held = held;
    const gaze_batch *batches[3];
    static float copies[3][BATCH * PIXELS];
    gaze_loader *loader = make_loader(&options);
    for (int i = 0; i < held; i++) {
      batches[i] = next_batch(loader);
      memcpy(copies[i], batches[i]->pixels, sizeof copies[i]);
    }
    usleep(30000);
    for (int i = 0; i < held; i++) {
      assert_int_equal(batches[i]->number, i);
      assert_memory_equal(batches[i]->pixels, copies[i], sizeof copies[i]);
    }
    gaze_loader_free(loader);
  }
  gaze_dataset_close(source.dataset);
}

/* What a second model sees is what it would see alone: its own size, colours and tokens of the same crops and texts. */
static void test_second_view(void **state) {
  enum { LARGE = 24 };
  const gaze_text_config short_texts = {.context = 7};
  static const char *const texts[] = {"number 3 red cat", "고양이"};
  gaze_source source = {make_set("a.tar", 37, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1), alone = options;
  gaze_tokenizer *other;
  assert_int_equal(gaze_tokenizer_train(texts, 2, 530, 1, test_path("other")), GAZE_OK);
  assert_int_equal(gaze_tokenizer_open(test_path("other"), &other), GAZE_OK);
  alone.tokenizer = other;
  alone.text = &short_texts;
  gaze_preprocess_default(&alone.preprocess, LARGE);
  alone.preprocess.mean[1] = 0.25f;
  for (int own_pixels = 0; own_pixels < 2; own_pixels++) {
    options.second = (gaze_second_view){other, &short_texts, own_pixels ? &alone.preprocess : NULL};
    gaze_loader *both = make_loader(&options), *second = make_loader(&alone);
    for (int k = 0; k < 12; k++) {
      const gaze_batch *a = next_batch(both), *b = next_batch(second);
      size_t size = BATCH * 3 * LARGE * LARGE * sizeof(float);
      assert_true(own_pixels ? memcmp(a->second_pixels, b->pixels, size) == 0 : a->second_pixels == a->pixels);
      assert_memory_equal(a->second_offsets, b->offsets, (BATCH + 1) * sizeof(size_t));
      assert_memory_equal(a->second_ids, b->ids, b->offsets[BATCH] * sizeof(int32_t));
    }
    gaze_loader_free(both);
    gaze_loader_free(second);
  }
  gaze_tokenizer_free(other);
  gaze_dataset_close(source.dataset);
}

static bool differ(const gaze_batch *a, const gaze_batch *b) {
  return memcmp(a->pixels, b->pixels, a->n * PIXELS * sizeof(float)) != 0;
}

static void test_seeds_and_epochs_differ(void **state) {
  gaze_source source = {make_set("a.tar", BATCH, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1), other = options;
  other.seed = 6;
  other.queue = options.queue = 3;
  gaze_loader *a = make_loader(&options), *b = make_loader(&other);
  const gaze_batch *first = next_batch(a);
  assert_true(differ(first, next_batch(b)));
  float *kept = malloc(BATCH * PIXELS * sizeof(float));
  memcpy(kept, first->pixels, BATCH * PIXELS * sizeof(float));
  assert_true(memcmp(kept, next_batch(a)->pixels, BATCH * PIXELS * sizeof(float)) != 0);
  free(kept);
  gaze_loader_free(a);
  gaze_loader_free(b);
  gaze_dataset_close(source.dataset);
}

/* Each source's count stays within one of its share per step of the schedule, and goes through all of its samples an
 * epoch; a source of weight 0 is never drawn. */
static void test_plan(void **state) {
  gaze_source sources[4] = {{make_set("a.tar", 37, NULL), 1, 1},
                            {make_set("b.tar", 11, NULL), 2.5, 1},
                            {make_set("c.tar", 5, NULL), 0, 1},
                            {make_set("d.tar", 1, NULL), 0.5, 1}};
  gaze_loader_options options = make_options(sources, 4);
  gaze_plan plan;
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  double total = 37 + 2.5 * 11 + 0.5;
  double shares[4] = {37 / total, 2.5 * 11 / total, 0, 0.5 / total};
  size_t counts[4] = {0}, seen[4][37] = {{0}};
  for (uint64_t g = 0; g < 5000; g++) {
    gaze_draw draw = gaze_plan_draw(&plan, g);
    counts[draw.source]++;
    seen[draw.source][draw.sample]++;
    for (int s = 0; s < 4; s++)
      assert_true(fabs((double)counts[s] - shares[s] * (double)(g + 1)) < 4);
    size_t n = plan.sources[draw.source].n, epoch = (counts[draw.source] - 1) / n;
    assert_int_equal(seen[draw.source][draw.sample], epoch + 1);
  }
  assert_int_equal(counts[2], 0);
  gaze_plan_fini(&plan);
  for (int s = 0; s < 4; s++)
    gaze_dataset_close(sources[s].dataset);
}

/* Over many epochs every sample stands at every place about as often: chi square with 36 * 36 degrees of freedom. */
static void test_orders_are_even(void **state) {
  enum { N = 37, EPOCHS = 3700 };
  static int counts[N][N];
  gaze_source source = {make_set("a.tar", N, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  gaze_plan plan;
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  for (uint64_t g = 0; g < N * EPOCHS; g++)
    counts[g % N][gaze_plan_draw(&plan, g).sample]++;
  double chi = 0, expected = (double)EPOCHS / N;
  for (int i = 0; i < N * N; i++)
    chi += (counts[i / N][i % N] - expected) * (counts[i / N][i % N] - expected) / expected;
  double freedom = (N - 1) * (N - 1);
  assert_true(fabs(chi - freedom) < 5 * sqrt(2 * freedom));
  gaze_plan_fini(&plan);
  gaze_dataset_close(source.dataset);
}

/* Neighbours come one after another, whole groups in a shuffled order, every sample once an epoch; the last group of a
 * set that does not divide is filled up from its beginning. */
static void test_groups_keep_together(void **state) {
  enum { N = 11, GROUP = 2, EPOCH = 12 };
  gaze_source source = {make_set("a.tar", N, NULL), 1, GROUP};
  gaze_loader_options options = make_options(&source, 1);
  gaze_plan plan;
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  size_t in_order = 0;
  for (uint64_t epoch = 0; epoch < 20; epoch++) {
    int seen[N] = {0};
    for (uint64_t g = epoch * EPOCH; g < (epoch + 1) * EPOCH; g += GROUP) {
      size_t first = gaze_plan_draw(&plan, g).sample;
      assert_int_equal(first % GROUP, 0);
      assert_int_equal(gaze_plan_draw(&plan, g + 1).sample, (first + 1) % N);
      seen[first]++;
      seen[(first + 1) % N]++;
      in_order += first == g % EPOCH;
    }
    for (int i = 0; i < N; i++)
      assert_int_equal(seen[i], i == 0 ? 2 : 1);
  }
  assert_true(in_order < 20 * EPOCH / GROUP / 2);
  gaze_plan_fini(&plan);
  gaze_dataset_close(source.dataset);
}

static int32_t ids_of(const char *text, int32_t *ids) {
  size_t n;
  assert_int_equal(gaze_tokenizer_encode_context(tokenizer, text, CONTEXT, ids, &n, NULL), GAZE_OK);
  return (int32_t)n;
}

static bool is_text(const gaze_batch *batch, size_t b, const char *text) {
  int32_t ids[CONTEXT];
  size_t n = (size_t)ids_of(text, ids);
  return batch->offsets[b + 1] - batch->offsets[b] == n &&
         memcmp(batch->ids + batch->offsets[b], ids, n * sizeof *ids) == 0;
}

/* Which of the possible texts sample b has; -1: none of them. */
static int find_text(const gaze_batch *batch, size_t b, int sample) {
  static const char *const c0[] = {"a photo of a cat.", "the cat", "a photo of a kitten.", "the kitten",
                                   "a photo of a tom.", "the tom", "고양이 사진"};
  static const char *const c1[] = {"a photo of a dog.", "the dog"};
  char captions[2][32];
  snprintf(captions[0], 32, "number %d", sample);
  snprintf(captions[1], 32, "red %d", sample);
  int n = sample % 2 == 0 ? 2 : sample / 2 % 2 ? 2 : 7;
  for (int i = 0; i < n; i++)
    if (is_text(batch, b, sample % 2 == 0 ? captions[i] : sample / 2 % 2 ? c1[i] : c0[i]))
      return i;
  return -1;
}

static void check_sample(const gaze_batch *batch, size_t b, int sample, const gaze_sample *data,
                         const gaze_loader_options *options) {
  static const float teacher[TEACHER] = {1, -2, 0.5f}, nothing[TEACHER];
  assert_int_equal(batch->has_teacher[b], sample % 2 == 0);
  assert_memory_equal(batch->teacher + b * TEACHER, sample % 2 ? nothing : teacher, sizeof teacher);
  assert_int_equal(batch->classes[b], sample % 2 ? sample / 2 % 2 : 1000000 + sample / 2);
  if (!data->fixed)
    return;
  gaze_picture picture;
  float pixels[PIXELS];
  assert_int_equal(gaze_sample_picture(data, NULL, &picture), GAZE_OK);
  assert_int_equal(gaze_preprocess_run(&options->preprocess, &picture, pixels), GAZE_OK);
  assert_memory_equal(batch->pixels + b * PIXELS, pixels, sizeof pixels);
  gaze_picture_fini(&picture);
}

static void test_contents(void **state) {
  gaze_source source = {make_set("a.tar", 20, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  gaze_plan plan;
  gaze_loader *loader = make_loader(&options);
  int texts[20][7] = {{0}}, epochs = 400;
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  for (uint64_t k = 0; k < (uint64_t)(20 * epochs / BATCH); k++) {
    const gaze_batch *batch = next_batch(loader);
    for (size_t b = 0; b < BATCH; b++) {
      int sample = (int)gaze_plan_draw(&plan, k * BATCH + b).sample, text = find_text(batch, b, sample);
      assert_true(text >= 0);
      texts[sample][text]++;
      check_sample(batch, b, sample, gaze_dataset_get(source.dataset, (size_t)sample), &options);
    }
  }
  assert_in_range(texts[2][0], epochs * 4 / 10, epochs * 6 / 10);
  assert_in_range(texts[1][6], epochs * 4 / 10, epochs * 6 / 10);
  double first = (double)(texts[1][0] + texts[1][1]) / (epochs - texts[1][6]);
  assert_true(fabs(first - (0.6 + 0.4 / 3)) < 0.12);
  assert_in_range(texts[3][0], epochs * 4 / 10, epochs * 6 / 10);
  gaze_plan_fini(&plan);
  gaze_loader_free(loader);
  gaze_dataset_close(source.dataset);
}

/* Texts that the teacher of sentences has seen come with its vector, the others with zeros. */
static void test_texts_have_vectors(void **state) {
  static const char *const known[] = {"number 4", "the dog"};
  gaze_text_vectors vectors;
  gaze_source source = {make_set("a.tar", 20, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  assert_int_equal(gaze_text_vectors_open(write_text_vectors("known", 2, "number 4\nthe dog\n"), &vectors), GAZE_OK);
  options.text_vectors = &vectors;
  gaze_loader *loader = make_loader(&options);
  int seen[3] = {0};
  for (int k = 0; k < 60; k++) {
    const gaze_batch *batch = next_batch(loader);
    for (size_t b = 0; b < BATCH; b++) {
      int which = is_text(batch, b, known[0]) ? 0 : is_text(batch, b, known[1]) ? 1 : 2;
      const float expected[2] = {which < 2 ? (float)which + 1 : 0, which < 2 ? -2 : 0};
      seen[which]++;
      assert_int_equal(batch->has_text_teacher[b], which < 2);
      assert_memory_equal(batch->text_teacher + b * 2, expected, sizeof expected);
    }
  }
  assert_true(seen[0] > 5 && seen[1] > 5 && seen[2] > 5);
  gaze_loader_free(loader);
  gaze_text_vectors_fini(&vectors);
  gaze_dataset_close(source.dataset);
}

static bool is_third(int i) { return i % 3 == 0; }
static bool is_19(int i) { return i == 19; }
static bool is_any(int i) { return true; }

static void test_bad_pictures_give_way(void **state) {
  gaze_source source = {make_set("a.tar", 40, is_19), 1, 1};
  gaze_loader_options options = make_options(&source, 1), many = options;
  many.workers = 4;
  count_warnings();
  gaze_loader *one = make_loader(&options), *four = make_loader(&many);
  for (int k = 0; k < 10; k++)
    check_equal(next_batch(one), next_batch(four));
  assert_int_equal(gaze_loader_bad(one), 2);
  assert_int_equal(gaze_loader_bad(four), 2);
  gaze_loader_free(one);
  gaze_loader_free(four);
  assert_int_equal(n_warnings, 2);
  assert_non_null(strstr(last_warning, "key19"));
  gaze_dataset_close(source.dataset);
}

static void test_first_bad_sample_is_kept(void **state) {
  gaze_bad bad = {0}, fifth = {1, 5, GAZE_ERR_IO, strdup("fifth")}, none = {.place = 1};
  gaze_bad third = {2, 3, GAZE_ERR_FORMAT, strdup("third")}, fourth = {1, 4, GAZE_ERR_IO, strdup("fourth")};
  gaze_bad_add(&bad, &fifth);
  gaze_bad_add(&bad, &third);
  gaze_bad_add(&bad, &none);
  gaze_bad_add(&bad, &fourth);
  assert_int_equal(bad.n, 4);
  assert_int_equal(bad.err, GAZE_ERR_FORMAT);
  assert_string_equal(bad.message, "third");
  gaze_bad_fini(&bad);
}

/* The error that a loader ends with, the same however often it is asked. */
static void find_end(const gaze_loader_options *options, char message[256]) {
  gaze_loader *loader = make_loader(options);
  const gaze_batch *batch;
  gaze_err err = GAZE_OK;
  for (int k = 0; k < 40 && err == GAZE_OK; k++)
    err = gaze_loader_next(loader, &batch);
  assert_int_not_equal(err, GAZE_OK);
  snprintf(message, 256, "%s", gaze_last_error());
  assert_int_equal(gaze_loader_next(loader, &batch), err);
  assert_string_equal(gaze_last_error(), message);
  gaze_loader_free(loader);
}

/* With the first bad sample's error, whichever worker met it. */
static void check_ends(bool (*is_bad)(int i)) {
  gaze_source source = {make_set("a.tar", 40, is_bad), 1, 1};
  gaze_loader_options options = make_options(&source, 1), many = options;
  char one[256], four[256];
  gaze_plan plan;
  uint64_t g = 0;
  many.workers = 4;
  count_warnings();
  find_end(&options, one);
  assert_in_range(n_warnings, 1, 40);
  find_end(&many, four);
  assert_string_equal(one, four);
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  while (!is_bad((int)gaze_plan_draw(&plan, g).sample))
    g++;
  assert_non_null(strstr(one, gaze_dataset_get(source.dataset, gaze_plan_draw(&plan, g).sample)->key));
  gaze_plan_fini(&plan);
  gaze_dataset_close(source.dataset);
}

static void test_too_many_bad_pictures_end(void **state) {
  check_ends(is_third);
  check_ends(is_any);
}

/* A sample without a caption or a known class is left out; where none is left, the loader says so. */
static void test_samples_without_text(void **state) {
  gaze_source source = {make_set("a.tar", 20, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  options.n_prompts = 0;
  count_warnings();
  gaze_plan plan;
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  assert_int_equal(plan.sources[0].n, 10);
  assert_int_equal(n_warnings, 1);
  gaze_plan_fini(&plan);
  gaze_dataset_close(source.dataset);
  test_tar tar = {0};
  tar_add_png(&tar, "a", 4, 4, 0);
  tar_write(&tar, test_path("c.tar"));
  gaze_loader *loader;
  assert_int_equal(gaze_dataset_open(test_path("c.tar"), NULL, &source.dataset), GAZE_OK);
  check_fails(gaze_loader_new(&options, &loader), GAZE_ERR_MISMATCH, "c.tar", NULL);
  gaze_dataset_close(source.dataset);
}

static void test_wrong_options(void **state) {
  gaze_source source = {make_set("a.tar", 4, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1), wrong = options;
  gaze_loader *loader;
  wrong.workers = 0;
  check_fails(gaze_loader_new(&wrong, &loader), GAZE_ERR_ARGUMENT, "0 workers", NULL);
  wrong = options;
  wrong.held = -1;
  check_fails(gaze_loader_new(&wrong, &loader), GAZE_ERR_ARGUMENT, "-1 held", NULL);
  wrong = options;
  wrong.batch_size = SIZE_MAX;
  check_fails(gaze_loader_new(&wrong, &loader), GAZE_ERR_ARGUMENT, "samples a batch", NULL);
  wrong = options;
  wrong.teacher_dim = TEACHER + 1;
  check_fails(gaze_loader_new(&wrong, &loader), GAZE_ERR_MISMATCH, "teacher", "key0", "a.tar", NULL);
  source.weight = 0;
  check_fails(gaze_loader_new(&options, &loader), GAZE_ERR_ARGUMENT, "weight 0", NULL);
  source.weight = NAN;
  check_fails(gaze_loader_new(&options, &loader), GAZE_ERR_ARGUMENT, "weight", "a.tar", NULL);
  gaze_dataset_close(source.dataset);
}

/* Rows of a CSV that name one picture are one class. */
static void test_rows_of_one_picture(void **state) {
  write_text(test_path("rows.csv"), "filepath,title\na.png,one\nb.png,two\na.png,three\n");
  gaze_source source = {.weight = 1};
  assert_int_equal(gaze_dataset_open(test_path("rows.csv"), NULL, &source.dataset), GAZE_OK);
  gaze_loader_options options = make_options(&source, 1);
  gaze_plan plan;
  assert_int_equal(gaze_plan_init(&plan, &options), GAZE_OK);
  assert_int_equal(plan.sources[0].classes[0], plan.sources[0].classes[2]);
  assert_int_not_equal(plan.sources[0].classes[0], plan.sources[0].classes[1]);
  gaze_plan_fini(&plan);
  gaze_dataset_close(source.dataset);
}

/* Ends while workers wait, and while they work. */
static void test_free_at_any_time(void **state) {
  gaze_source source = {make_set("a.tar", 40, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  options.workers = 4;
  for (int i = 0; i < 20; i++) {
    gaze_loader *loader = make_loader(&options);
    for (int k = 0; k < i % 5; k++)
      next_batch(loader);
    gaze_loader_free(loader);
  }
  gaze_loader_free(NULL);
  gaze_dataset_close(source.dataset);
}

static void test_cut_is_warned_of_once(void **state) {
  gaze_source source = {make_set("a.tar", 8, NULL), 1, 1};
  gaze_loader_options options = make_options(&source, 1);
  options.text = &(gaze_text_config){.context = 3};
  count_warnings();
  gaze_loader *loader = make_loader(&options);
  for (int k = 0; k < 5; k++)
    next_batch(loader);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "3 tokens"));
  gaze_loader_free(loader);
  gaze_dataset_close(source.dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_batches_depend_on_the_number_alone),
      cmocka_unit_test(test_held_batches_stay),
      cmocka_unit_test(test_second_view),
      cmocka_unit_test(test_first_bad_sample_is_kept),
      cmocka_unit_test(test_seeds_and_epochs_differ),
      cmocka_unit_test(test_plan),
      cmocka_unit_test(test_orders_are_even),
      cmocka_unit_test(test_groups_keep_together),
      cmocka_unit_test(test_contents),
      cmocka_unit_test(test_texts_have_vectors),
      cmocka_unit_test(test_bad_pictures_give_way),
      cmocka_unit_test(test_too_many_bad_pictures_end),
      cmocka_unit_test(test_samples_without_text),
      cmocka_unit_test(test_wrong_options),
      cmocka_unit_test(test_rows_of_one_picture),
      cmocka_unit_test(test_free_at_any_time),
      cmocka_unit_test(test_cut_is_warned_of_once),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
