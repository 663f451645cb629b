#include "train_files.h"

#include "core/base/file.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <string.h>

static const char *const colours[] = {"red", "green", "blue", "white", "black", "pink", "brown", "grey"};

int make_train_folder(void **state) {
  if (make_folder(state) != 0)
    return -1;
  if (gaze_tokenizer_train(colours, 8, 540, 1, test_path("tokenizer")) == GAZE_OK)
    return 0;
  printf("%s\n", gaze_last_error());
  return -1;
}

static void add_teacher(test_tar *tar, const char *key, uint16_t first) {
  uint8_t bytes[128 + 2 * TRAIN_TEACHER];
  uint16_t halves[TRAIN_TEACHER] = {first, 0xc000, 0x3800};
  char name[64];
  memset(bytes, ' ', 128);
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  int length = sprintf((char *)bytes + 10, "{'descr': '<f2', 'fortran_order': False, 'shape': (%d,), }", TRAIN_TEACHER);
  bytes[10 + length] = ' ';
  memcpy(bytes + 128, halves, sizeof halves);
  snprintf(name, sizeof name, "%s.teacher.npy", key);
  tar_add(tar, name, '0', bytes, sizeof bytes);
}

void make_train_tar(const char *name, int n, uint16_t first) {
  test_tar tar = {0};
  for (int i = 0; i < n; i++) {
    char key[16], file[32], caption[64];
    snprintf(key, sizeof key, "key%03d", i);
    snprintf(file, sizeof file, "%s.txt", key);
    snprintf(caption, sizeof caption, "%s %s", colours[i % 8], colours[i / 8 % 8]);
    tar_add_png(&tar, key, 18 + i % 5, 20 + i % 3, (uint32_t)i * 2654435u & 0xffffff);
    tar_add_text(&tar, file, caption);
    if (i % 2)
      add_teacher(&tar, key, first);
  }
  tar_write(&tar, test_path(name));
}

gaze_train_clip_options train_options(const char *name) {
  static const char *data;
  static char paths[3][512];
  gaze_train_clip_options options;
  gaze_train_clip_defaults(&options);
  snprintf(paths[0], sizeof paths[0], "%s/train.tar", test_folder);
  snprintf(paths[1], sizeof paths[1], "%s/tokenizer", test_folder);
  snprintf(paths[2], sizeof paths[2], "%s/logs", test_folder);
  data = paths[0];
  options.train_data = &data;
  options.n_train_data = 1;
  options.tokenizer = paths[1];
  options.logs = paths[2];
  options.name = name;
  options.image_size = options.vision_width = options.text_width = options.dim = 16;
  options.patch_size = 8;
  options.vision_layers = 2;
  options.text_layers = 1;
  options.vision_heads = options.text_heads = 2;
  options.context = 8;
  options.run.seed = 7;
  options.run.batch_size = 4;
  options.run.accum_freq = 2;
  options.train_num_samples = 8;
  options.run.epochs = 6;
  options.run.lr = 1e-3;
  options.run.warmup = 2;
  options.save_frequency = options.run.log_every_n_steps = 1;
  options.run.compute.threads = 1;
  return options;
}

const char *run_path(const char *run, const char *file) {
  char name[256];
  snprintf(name, sizeof name, "logs/%s/%s", run, file);
  return test_path(name);
}

json_t *read_log(const char *path) {
  gaze_map map;
  json_t *lines = json_array(), *line;
  assert_int_equal(gaze_map_open(path, &map), GAZE_OK);
  const char *at = (const char *)map.data, *end = at + map.size;
  for (const char *next; at < end; at = next + 1) {
    next = memchr(at, '\n', (size_t)(end - at));
    assert_non_null(next);
    assert_int_equal(gaze_json_parse(at, (size_t)(next - at), "log", &line), GAZE_OK);
    json_object_del(line, "samples_per_second");
    json_object_del(line, "tokens_per_second");
    json_array_append_new(lines, line);
  }
  gaze_map_close(&map);
  return lines;
}

void check_same_files(const char *a, const char *b) {
  gaze_map maps[2];
  assert_int_equal(gaze_map_open(a, &maps[0]), GAZE_OK);
  assert_int_equal(gaze_map_open(b, &maps[1]), GAZE_OK);
  assert_int_equal(maps[0].size, maps[1].size);
  assert_memory_equal(maps[0].data, maps[1].data, maps[0].size);
  gaze_map_close(&maps[0]);
  gaze_map_close(&maps[1]);
}

void open_trained(const char *run, bool before, gaze_clip *clip) {
  gaze_clip_config config;
  gaze_preprocess preprocess;
  gaze_kernels kernels;
  const char *folder = run_path(run, "model");
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  assert_int_equal(gaze_clip_config_open(folder, &config, &preprocess), GAZE_OK);
  assert_int_equal(gaze_clip_init(clip, &config, false), GAZE_OK);
  assert_int_equal(gaze_clip_allocate(clip), GAZE_OK);
  if (before)
    gaze_clip_randomise(clip, train_options(run).run.seed);
  else
    assert_int_equal(gaze_clip_load(clip, &kernels, folder), GAZE_OK);
}
