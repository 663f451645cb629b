/* The folder of a model that learned to look, in transformers: its processor gives the same ids and pixels, the model
 * the same logits. Where $GAZE_PYTHON (python3) has no torch and transformers that part says so. */
#include "llava_files.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "fusion/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char question[] = "what colour is it?", answer[] = "red", more[] = "and what?";

enum { ROWS = 160 }; /* most rows of a conversation */

/* What gaze makes of a question with a picture, its answer, and a question behind it. */
typedef struct made {
  gaze_assistant *assistant;
  gaze_chat *chat;
  int32_t ids[ROWS];
  size_t n, first; /* logits are of the rows from first on */
  float *pixels;   /* [3, S, S] */
  float *logits;   /* [n - first, V] */
} made;

static void check(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static const char *picture_path(void) {
  static char path[600];
  snprintf(path, sizeof path, "%s/tests/golden/data/assistants/pictures/wide.png", getenv("GAZE_SOURCE_ROOT"));
  return path;
}

static void say_all(made *m) {
  check(gaze_chat_new(m->assistant, NULL, &m->chat));
  check(gaze_chat_add_picture_file(m->chat, picture_path()));
  gaze_chat_plan_pictures(m->chat, 1);
  check(gaze_chat_say(m->chat, GAZE_CHAT_USER, question, 1));
  check(gaze_chat_render(m->chat));
  check(gaze_chat_put_answer(m->chat, answer));
  check(gaze_chat_say(m->chat, GAZE_CHAT_USER, more, 0));
  check(gaze_chat_render(m->chat));
  m->n = m->chat->prompt.n;
  assert_true(m->n <= ROWS && m->chat->prompt.n_pictures == 1);
  m->first = m->chat->prompt.pictures[0].first + m->chat->prompt.pictures[0].n - 1;
  for (size_t i = 0; i < m->n; i++) {
    int64_t key = m->chat->prompt.keys[i];
    m->ids[i] = key < 0 ? m->assistant->image_token : (int32_t)key;
  }
}

static void find_pixels(made *m) {
  const gaze_tiling *tiling = &m->assistant->eye->config.tiling;
  size_t S = m->assistant->eye->config.vision.image_size;
  gaze_picture picture;
  gaze_tile_plan plan;
  check(gaze_picture_open(picture_path(), NULL, NULL, &picture));
  check(gaze_alloc(3 * S * S, sizeof *m->pixels, &m->pixels));
  gaze_tiling_plan(tiling, picture.width, picture.height, 1, &plan);
  check(gaze_tiling_pixels(tiling, &plan, &picture, m->pixels));
  gaze_picture_fini(&picture);
}

/* Row by row behind the picture. */
static void find_logits(made *m) {
  size_t V = m->assistant->decoder.config.vocabulary, read;
  check(gaze_alloc((m->n - m->first) * V, sizeof *m->logits, &m->logits));
  for (size_t n = m->first + 1; n <= m->n; n++) {
    gaze_prompt part;
    check(gaze_prompt_copy(&m->chat->prompt, &part));
    gaze_prompt_cut(&part, n);
    check(gaze_reading_go_on(m->assistant, &m->chat->reading, &part, gaze_chat_picture_rows, m->chat, NULL,
                             m->logits + (n - 1 - m->first) * V, &read));
    gaze_prompt_fini(&part);
  }
}

static void save(made *m, const char *path) {
  size_t S = m->assistant->eye->config.vision.image_size, V = m->assistant->decoder.config.vocabulary;
  char names[3][8] = {"ids", "logits", "pixels"};
  const gaze_named_tensor tensors[] = {
      {names[0], {.data = m->ids, .dtype = GAZE_DTYPE_I32, .rank = 1, .shape = {m->n}}, 0},
      {names[1], {.data = m->logits, .dtype = GAZE_DTYPE_F32, .rank = 2, .shape = {m->n - m->first, V}}, 0},
      {names[2], {.data = m->pixels, .dtype = GAZE_DTYPE_F32, .rank = 3, .shape = {3, S, S}}, 0}};
  check(gaze_safetensors_save(path, tensors, 3));
}

static void made_fini(made *m) {
  gaze_chat_free(m->chat);
  gaze_assistant_close(m->assistant);
  free(m->pixels);
  free(m->logits);
}

/* False: it cannot be asked. */
static bool ask_transformers(const char *folder, const char *file) {
  char command[2400];
  const char *python = getenv("GAZE_PYTHON");
  snprintf(command, sizeof command, "%s '%s/tests/golden/check_llava_folder.py' '%s' '%s' '%s' '%s' '%s' '%s'",
           python ? python : "python3", getenv("GAZE_SOURCE_ROOT"), folder, picture_path(), file, question, answer,
           more);
  int status = system(command);
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127))
    return false;
  if (status != 0)
    fail_msg("%s: transformers makes something else of it", folder);
  return true;
}

static void check_folder(const char *name, const char *vision, const char *chat_template) {
  char folder[512], file[600], path[600];
  made m = {0};
  gaze_train_llava_options options = llava_options(2, name);
  snprintf(path, sizeof path, "%s/tests/golden/data/%s", getenv("GAZE_SOURCE_ROOT"), vision);
  options.vision = path;
  options.chat_template = chat_template;
  options.steps = 4;
  check(gaze_train_llava(&options));
  snprintf(folder, sizeof folder, "%s", test_path(name));
  snprintf(file, sizeof file, "%s.safetensors", folder);
  check(gaze_assistant_open(folder, &(gaze_assistant_options){.cache = GAZE_CACHE_F32}, &m.assistant));
  assert_string_equal(gaze_chat_template_name(&m.assistant->chat), chat_template ? chat_template : "chatml");
  say_all(&m);
  find_pixels(&m);
  find_logits(&m);
  save(&m, file);
  made_fini(&m);
  if (ask_transformers(folder, file))
    return;
  print_message("SKIP: no Python with torch and transformers; GAZE_PYTHON may name one\n");
  skip();
}

static void with_the_words_own_template(void **state) { check_folder("own", "clip/quick", NULL); }
static void with_another_template(void **state) { check_folder("zephyr", "clip/quick", "zephyr"); }
static void with_one_of_a_picture(void **state) { check_folder("llava", "clip/quick", "llava"); }
static void with_a_siglip(void **state) { check_folder("siglip", "families/siglip", NULL); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(with_the_words_own_template),
                                     cmocka_unit_test(with_another_template), cmocka_unit_test(with_one_of_a_picture),
                                     cmocka_unit_test(with_a_siglip)};
  return cmocka_run_group_tests(tests, make_llava_folder, remove_folder);
}
