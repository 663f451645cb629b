#include "talking_files.h"

#include "core/base/file.h"

#include <stdio.h>
#include <stdlib.h>

char model[512];
uint8_t *red, *blue;
size_t red_size, blue_size;

void talk_check(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static void copy_file(const char *from, const char *name) {
  char path[1024];
  gaze_map map;
  snprintf(path, sizeof path, "%s/%s", getenv("GAZE_SOURCE_ROOT"), from);
  talk_check(gaze_map_open(path, &map));
  snprintf(path, sizeof path, "%s/%s", model, name);
  write_file(path, map.data, map.size);
  gaze_map_close(&map);
}

/* A tiny model that sees, with a tokenizer of letters. */
int make_talking_model(void **state) {
  make_folder(state);
  snprintf(model, sizeof model, "%s", test_path("model"));
  talk_check(gaze_folder_make(model));
  copy_file("tests/golden/data/llava/llava/config.json", "config.json");
  copy_file("tests/golden/data/llava/llava/preprocessor_config.json", "preprocessor_config.json");
  copy_file("tests/golden/data/llava/llava/model.safetensors", "model.safetensors");
  copy_file("tests/cli/letters.json", "tokenizer.json");
  make_png(20, 30, 0xff0000, &red, &red_size);
  make_png(40, 16, 0x0000ff, &blue, &blue_size);
  setenv("XDG_CACHE_HOME", test_path("cache"), 1);
  return 0;
}

int remove_talking_model(void **state) {
  free(red);
  free(blue);
  return remove_folder(state);
}

void open_talk(gaze_assistant_options *options, gaze_assistant **assistant, gaze_chat **chat) {
  options->chat_template = "plain";
  options->model.threads = 1;
  talk_check(gaze_assistant_open(model, options, assistant));
  talk_check(gaze_chat_new(*assistant, NULL, chat));
}

gaze_answer talk_ask(gaze_chat *chat, const char *question) {
  gaze_answer answer;
  talk_check(gaze_chat_ask(chat, question, &(gaze_answer_options){.max_tokens = 6}, &answer));
  return answer;
}

void close_talk(gaze_chat *chat, gaze_assistant *assistant) {
  gaze_chat_free(chat);
  gaze_assistant_close(assistant);
}
