/* The folder of a model that learned to look, in transformers: its processor gives the same ids and pixels, the model
 * the same logits, and what is learned next is what they say. Where $GAZE_PYTHON (python3) has no torch and
 * transformers that part says so. */
#include "seeing_files.h"
#include "train_files.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "fusion/chat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const questions[] = {"what colour is it?", "and what?"}, *const answers[] = {"red", "blue"};
static const char *const pictures[] = {"wide.png", "high.png", "high.png"};

enum { ROWS = 128, TURNS = 2, PICTURES = 3 };
static const size_t shown[TURNS] = {1, 2}; /* pictures in front of each question */

/* What gaze makes of a conversation. */
typedef struct made {
  gaze_assistant *assistant;
  gaze_chat *chat;
  int32_t ids[ROWS];
  size_t n, asked, first;            /* rows, those in front of the last answer, and where logits begin */
  size_t answered[TURNS], to[TURNS]; /* rows of the answers */
  float *pixels;                     /* [PICTURES, 3, S, S] */
  float *logits;                     /* [n - first, V] */
} made;

static void check(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static const char *pictures_folder(void) {
  static char path[600];
  snprintf(path, sizeof path, "%s/tests/golden/data/assistants/pictures", getenv("GAZE_SOURCE_ROOT"));
  return path;
}

static const char *picture_path(size_t i) {
  static char path[700];
  snprintf(path, sizeof path, "%s/%s", pictures_folder(), pictures[i]);
  return path;
}

/* Where the run NAME lies, and with ".safetensors" behind it what gaze makes of it. */
static const char *folder_of(const char *name) {
  static char folder[512];
  snprintf(folder, sizeof folder, "%s", test_path(name));
  return folder;
}

static void say_all(made *m) {
  size_t picture = 0;
  check(gaze_chat_new(m->assistant, NULL, &m->chat));
  for (size_t i = 0; i < TURNS; i++) {
    for (size_t k = 0; k < shown[i]; k++)
      check(gaze_chat_add_picture_file(m->chat, picture_path(picture++)));
    gaze_chat_plan_pictures(m->chat, picture);
    check(gaze_chat_say(m->chat, GAZE_CHAT_USER, questions[i], shown[i]));
    check(gaze_chat_render(m->chat));
    m->asked = m->answered[i] = m->chat->prompt.n;
    check(gaze_chat_put_answer(m->chat, answers[i]));
    m->n = m->to[i] = m->chat->prompt.n;
  }
  assert_true(m->n <= ROWS);
  assert_int_equal(m->chat->prompt.n_pictures, PICTURES);
  m->first = m->chat->prompt.pictures[0].first + m->chat->prompt.pictures[0].n - 1;
  for (size_t i = 0; i < m->n; i++) {
    int64_t key = m->chat->prompt.keys[i];
    m->ids[i] = key < 0 ? m->assistant->image_token : (int32_t)key;
  }
}

static void find_pixels(made *m) {
  const gaze_tiling *tiling = &m->assistant->eye->config.tiling;
  size_t S = m->assistant->eye->config.vision.image_size;
  check(gaze_alloc(PICTURES * 3 * S * S, sizeof *m->pixels, &m->pixels));
  for (size_t i = 0; i < PICTURES; i++) {
    gaze_picture picture;
    gaze_tile_plan plan;
    check(gaze_picture_open(picture_path(i), NULL, NULL, &picture));
    gaze_tiling_plan(tiling, picture.width, picture.height, 1, &plan);
    check(gaze_tiling_pixels(tiling, &plan, &picture, m->pixels + i * 3 * S * S));
    gaze_picture_fini(&picture);
  }
}

/* Row by row behind the first picture. */
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
      {names[0], {.data = m->ids, .dtype = GAZE_DTYPE_I32, .rank = 1, .shape = {m->asked}}, 0},
      {names[1], {.data = m->logits, .dtype = GAZE_DTYPE_F32, .rank = 2, .shape = {m->asked - m->first, V}}, 0},
      {names[2], {.data = m->pixels, .dtype = GAZE_DTYPE_F32, .rank = 4, .shape = {PICTURES, 3, S, S}}, 0}};
  check(gaze_safetensors_save(path, tensors, 3));
}

static void made_fini(made *m) {
  gaze_chat_free(m->chat);
  gaze_assistant_close(m->assistant);
  free(m->pixels);
  free(m->logits);
}

/* -log of what the row in front says of an id. */
static double loss_of(const made *m, size_t row, int32_t id) {
  size_t V = m->assistant->decoder.config.vocabulary;
  const float *logits = m->logits + (row - 1 - m->first) * V;
  double sum = 0;
  for (size_t i = 0; i < V; i++)
    sum += exp((double)logits[i]);
  return log(sum) - (double)logits[id];
}

/* The mean over the answers and the ids that end them. */
static double loss_of_answers(const made *m) {
  double sum = 0;
  size_t n = 0;
  int32_t behind = m->ids[m->to[0]], end = gaze_assistant_ends(m->assistant, behind) ? behind : m->assistant->ends[0];
  for (size_t i = 0; i < TURNS; i++) {
    for (size_t row = m->answered[i]; row < m->to[i]; row++, n++)
      sum += loss_of(m, row, m->ids[row]);
    sum += loss_of(m, m->to[i], end);
    n++;
  }
  return sum / (double)n;
}

static double logged_loss(const char *name) {
  char file[128];
  snprintf(file, sizeof file, "%s/metrics.jsonl", name);
  json_t *log = read_log(test_path(file));
  double loss = json_number_value(json_object_get(json_array_get(log, 0), "loss"));
  json_decref(log);
  return loss;
}

/* A run that starts from the folder learns the same conversation: its first loss is that of the logits. */
static void check_learned(const made *m, const char *name) {
  char again[64];
  const char *path = test_path("several.json");
  gaze_train_llava_options options;
  write_text(path, "[{\"id\":\"1\",\"image\":[\"wide.png\",\"high.png\",\"high.png\"],\"conversations\":[{\"from\":"
                   "\"human\",\"value\":\"<image>\\nwhat colour is it?\"},{\"from\":\"gpt\",\"value\":\"red\"},"
                   "{\"from\":\"human\",\"value\":\"<image>\\n<image>\\nand what?\"},{\"from\":\"gpt\",\"value\":"
                   "\"blue\"}]}]");
  snprintf(again, sizeof again, "%s-again", name);
  options = llava_options(2, again);
  options.train_data = &path;
  options.image_folder = pictures_folder();
  options.vision = options.language = NULL;
  options.model = folder_of(name);
  options.steps = options.run.batch_size = options.run.accum_freq = 1;
  check(gaze_train_llava(&options));
  double wanted = loss_of_answers(m), got = logged_loss(again);
  if (!(fabs(got / wanted - 1) < 1e-5))
    fail_msg("%s: loss %.9g, of logits %.9g", name, got, wanted);
}

static void train(const char *name, const char *vision, const char *select, const char *chat_template) {
  char path[600];
  gaze_train_llava_options options = llava_options(2, name);
  snprintf(path, sizeof path, "%s/tests/golden/data/%s", getenv("GAZE_SOURCE_ROOT"), vision);
  options.vision = path;
  options.vision_select = select;
  options.chat_template = chat_template;
  options.steps = 4;
  check(gaze_train_llava(&options));
}

static void check_folder(const char *name, const char *vision, const char *select, const char *chat_template) {
  char file[600];
  made m = {0};
  train(name, vision, select, chat_template);
  check(gaze_assistant_open(folder_of(name), &(gaze_assistant_options){.cache = GAZE_CACHE_F32}, &m.assistant));
  assert_string_equal(gaze_chat_template_name(&m.assistant->chat), chat_template ? chat_template : "chatml");
  say_all(&m);
  find_pixels(&m);
  find_logits(&m);
  snprintf(file, sizeof file, "%s.safetensors", folder_of(name));
  save(&m, file);
  check_learned(&m, name);
  made_fini(&m);
}

static void with_the_words_own_template(void **state) { check_folder("own", "clip/quick", NULL, NULL); }
static void with_another_template(void **state) { check_folder("zephyr", "clip/quick", NULL, "zephyr"); }
static void with_one_of_a_picture(void **state) { check_folder("llava", "clip/quick", NULL, "llava"); }
static void with_a_siglip(void **state) { check_folder("siglip", "families/siglip", NULL, NULL); }
static void with_all_rows(void **state) { check_folder("all", "clip/quick", "cls_patch", NULL); }

/* All of them, for it takes long to begin. */
static void in_transformers(void **state) {
  char command[4096];
  const char *python = getenv("GAZE_PYTHON"), *root = test_folder;
  snprintf(command, sizeof command,
           "%s '%s/tests/golden/check_llava_folder.py' '%s' '%s' '%s/own' '%s/zephyr' '%s/llava' '%s/siglip' '%s/all'",
           python ? python : "python3", getenv("GAZE_SOURCE_ROOT"), pictures_folder(),
           "wide.png|what colour is it?|red|high.png,high.png|and what?", root, root, root, root, root);
  int status = system(command);
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)) {
    print_message("SKIP: no Python with torch and transformers; GAZE_PYTHON may name one\n");
    skip();
  }
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(with_the_words_own_template),
                                     cmocka_unit_test(with_another_template),
                                     cmocka_unit_test(with_one_of_a_picture),
                                     cmocka_unit_test(with_a_siglip),
                                     cmocka_unit_test(with_all_rows),
                                     cmocka_unit_test(in_transformers)};
  return cmocka_run_group_tests(tests, make_llava_folder, remove_folder);
}
