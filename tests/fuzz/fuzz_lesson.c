/* LLaVA's JSON, with samples that have no picture, as lessons in several templates: ids are of the vocabulary, labels
 * are what follows, and each picture's rows lie together. */
#include "core/base/memory.h"
#include "fusion/dataset_build.h"
#include "fusion/lesson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURE_ROWS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gaze_tokenizer *tokenizer;
static gaze_lm_marks marks;

static void must(gaze_err err) {
  if (err != GAZE_OK)
    abort();
}

/* Ids are bytes and marks. */
static void open_tokenizer(void) {
  static const char *const files[] = {"tokenizer.json", "tokenizer_config.json"};
  char folder[] = "/tmp/gaze-fuzz-XXXXXX", path[64];
  if (!mkdtemp(folder))
    abort();
  must(gaze_tokenizer_train_kind("lm", NULL, 0, 260, 1, folder));
  must(gaze_tokenizer_open(folder, &tokenizer));
  must(gaze_lm_marks_find(tokenizer, folder, &marks));
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    unlink(path);
  }
  rmdir(folder);
}

static void check(const gaze_lesson *lesson, size_t answers, size_t pictures) {
  size_t asked = 0, rows = 0, vocabulary = gaze_tokenizer_size(tokenizer);
  for (size_t i = 0; i < lesson->n; i++) {
    int32_t id = lesson->ids[i], label = lesson->labels[i];
    bool last = i + 1 == lesson->n;
    if (id < -1 || id >= (int32_t)vocabulary || (label != GAZE_NO_LABEL && (label < 0 || label >= (int32_t)vocabulary)))
      abort();
    if (id < 0 && i != lesson->pictures[rows / PICTURE_ROWS] + rows % PICTURE_ROWS)
      abort();
    if (last && label == GAZE_NO_LABEL)
      abort();
    rows += id < 0;
    asked += label != GAZE_NO_LABEL;
  }
  if (asked != lesson->asked || asked < answers || lesson->n_pictures != pictures || rows != pictures * PICTURE_ROWS)
    abort();
}

/* All answers of a sample, with pictures where it has marks, and its captions with all of its pictures. */
static void write_sample(gaze_lesson_writer *writer, const gaze_sample *sample, const gaze_tile_plan *plan,
                         gaze_lesson *lesson) {
  gaze_lesson_turn *turns;
  size_t n = 0, shown = 0, all = sample->path ? 1 + sample->n_others : 0;
  must(gaze_alloc(sample->n_questions, sizeof *turns, &turns));
  for (size_t i = 0; i < sample->n_questions; i++)
    if (sample->questions[i].n_answers) {
      size_t pictures = all ? sample->questions[i].pictures : 0;
      turns[n++] = (gaze_lesson_turn){sample->questions[i].text, sample->questions[i].answers[0], pictures};
      shown += pictures;
    }
  if (n) {
    must(gaze_lesson_talk(writer, turns, n, plan, lesson));
    check(lesson, n, shown);
  }
  for (size_t i = 0; i < sample->n_captions; i++) {
    must(gaze_lesson_caption(writer, sample->captions[i], all, plan, lesson));
    check(lesson, 1, all);
  }
  free(turns);
}

static void write_lessons(const gaze_dataset *dataset, const char *name) {
  char path[] = "fuzz";
  gaze_eye eye = {.config.tiling = {.kind = GAZE_TILING_WHOLE, .tile_rows = PICTURE_ROWS}};
  gaze_assistant assistant = {
      .path = path, .tokenizer = tokenizer, .eye = &eye, .image_token = gaze_tokenizer_find(tokenizer, "<image>")};
  gaze_tile_plan plan = {0};
  gaze_lesson_writer writer;
  gaze_lesson lesson = {0};
  gaze_tiling_plan(&eye.config.tiling, 8, 8, 1, &plan);
  must(gaze_chat_template_find(name, &assistant.chat));
  must(gaze_assistant_find_ends(&assistant));
  must(gaze_lesson_writer_init(&writer, &assistant, &marks));
  for (size_t i = 0; i < dataset->n; i++)
    write_sample(&writer, gaze_dataset_get(dataset, i), &plan, &lesson);
  gaze_lesson_fini(&lesson);
  gaze_lesson_writer_fini(&writer);
  gaze_chat_template_fini(&assistant.chat);
}

static gaze_err ignore(void *user, const char *key, const char *message) { return GAZE_OK; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const templates[] = {"chatml", "vicuna-v1", "llava", "qwen2"};
  const gaze_dataset_options options = {.failed = ignore, .texts_alone = true, .several = true};
  gaze_dataset *dataset;
  if (!tokenizer)
    open_tokenizer();
  must(gaze_alloc(1, sizeof *dataset, &dataset));
  must(gaze_strdup("fuzz.json", &dataset->path));
  dataset->map = (gaze_map){.data = data, .size = size};
  if (gaze_dataset_read_llava(dataset, &options) == GAZE_OK)
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
      write_lessons(dataset, templates[i]);
  dataset->map = (gaze_map){0};
  gaze_dataset_close(dataset);
  return 0;
}
