#include "seeing_files.h"

#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

static const char poem[] =
    "a picture of a red square\n\na picture of a blue square\n\nwhat colour is it?\n\nred\n\nblue\n";

void write_square(const char *name, uint32_t rgb) {
  uint8_t *bytes;
  size_t size;
  make_png(24, 24, rgb, &bytes, &size);
  write_file(test_path(name), bytes, size);
  free(bytes);
}

static void write_samples(void) {
  write_square("red.png", 0xff0000);
  write_square("blue.png", 0x0000ff);
  write_text(test_path("talk.json"),
             "[{\"id\":\"1\",\"image\":\"red.png\",\"conversations\":[{\"from\":\"human\",\"value\":\"<image>\\nwhat "
             "colour is it?\"},{\"from\":\"gpt\",\"value\":\"red\"}],\"captions\":[\"a red square\"]},"
             "{\"id\":\"2\",\"image\":\"blue.png\",\"conversations\":[{\"from\":\"human\",\"value\":\"<image>\\nwhat "
             "colour is it?\"},{\"from\":\"gpt\",\"value\":\"blue\"}],\"captions\":[\"a blue square\"]},"
             "{\"id\":\"3\",\"conversations\":[{\"from\":\"human\",\"value\":\"hi\"},{\"from\":\"gpt\",\"value\":"
             "\"hello\"}]}]");
  write_text(test_path("captions.json"), "{\"id\":\"1\",\"image\":\"red.png\",\"captions\":[\"a red square\"]}\n"
                                         "{\"id\":\"2\",\"image\":\"blue.png\",\"captions\":[\"a blue square\"]}\n");
}

int make_llava_folder(void **state) {
  if (make_folder(state) != 0)
    return -1;
  gaze_text_part text = {.text = poem, .size = sizeof poem - 1};
  gaze_train_lm_options lm = lm_options("lm");
  lm.run.batch_size = lm.run.accum_freq = lm.steps = 1;
  write_text(test_path("poem.txt"), poem);
  write_samples();
  if (gaze_tokenizer_train_kind("lm", &text, 1, 300, 2, test_path("words")) == GAZE_OK && gaze_train_lm(&lm) == GAZE_OK)
    return 0;
  printf("%s\n", gaze_last_error());
  return -1;
}

gaze_train_lm_options lm_options(const char *name) {
  static char paths[4][3][512];
  static const char *data[4];
  static size_t turn;
  gaze_train_lm_options options;
  char(*path)[512] = paths[turn];
  snprintf(path[0], sizeof path[0], "%s/poem.txt", test_folder);
  snprintf(path[1], sizeof path[1], "%s/words", test_folder);
  snprintf(path[2], sizeof path[2], "%s/%s", test_folder, name);
  data[turn] = path[0];
  gaze_train_lm_defaults(&options);
  options.train_data = &data[turn];
  options.n_train_data = 1;
  options.tokenizer = path[1];
  options.out = path[2];
  options.layers = 2;
  options.dim = 24;
  options.heads = 4;
  options.context = 128;
  options.run.batch_size = 1;
  options.run.accum_freq = 2;
  options.steps = 6;
  options.run.warmup = 2;
  options.run.seed = 5;
  options.run.save_every = options.run.log_every_n_steps = 1;
  options.run.compute.threads = 1;
  turn = (turn + 1) % 4;
  return options;
}

gaze_train_llava_options llava_options(int stage, const char *name) {
  static char paths[4][4][512];
  static const char *data[4];
  static size_t turn;
  gaze_train_llava_options options;
  char(*path)[512] = paths[turn];
  snprintf(path[0], sizeof path[0], "%s/%s", test_folder, stage == 1 ? "captions.json" : "talk.json");
  snprintf(path[1], sizeof path[1], "%s/lm", test_folder);
  snprintf(path[2], sizeof path[2], "%s/%s", test_folder, name);
  snprintf(path[3], sizeof path[3], "%s/tests/golden/data/clip/quick", getenv("GAZE_SOURCE_ROOT"));
  data[turn] = path[0];
  gaze_train_llava_defaults(&options);
  options.stage = stage;
  options.train_data = &data[turn];
  options.n_train_data = 1;
  options.vision = path[3];
  options.language = path[1];
  options.out = path[2];
  options.run.batch_size = options.run.accum_freq = 2;
  options.steps = 6;
  options.run.lr = options.projector_lr = 4e-3;
  options.run.warmup = 2;
  options.run.seed = 5;
  options.run.save_every = options.run.log_every_n_steps = 1;
  options.run.compute.threads = 1;
  turn = (turn + 1) % 4;
  return options;
}
