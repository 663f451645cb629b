/* LLaVA's JSON: a list of {"id", "image", "conversations"}; or such an object a line, whose question may also stand as
 * "question" (LLaVA's own files of questions: "text") with "answer", "answers" or "label", and captions as "captions".
 */
#include "core/base/json.h"
#include "fusion/dataset_build.h"

#include <stdio.h>
#include <string.h>

static const json_t *first_member(const json_t *row, const char *const *names) {
  for (; *names; names++) {
    const json_t *value = json_object_get(row, *names);
    if (value && !json_is_null(value))
      return value;
  }
  return NULL;
}

/* "id" or "question_id", else the place in the file. */
static gaze_err read_key(gaze_dataset *dataset, const json_t *row, size_t place, gaze_sample *sample) {
  static const char *const names[] = {"id", "question_id", NULL};
  const json_t *id = first_member(row, names);
  char text[32];
  if (json_is_string(id) && json_string_length(id))
    return gaze_dataset_text(dataset, json_string_value(id), json_string_length(id), &sample->key);
  int length = json_is_integer(id) ? snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(id))
                                   : snprintf(text, sizeof text, "row %zu", place);
  return gaze_dataset_text(dataset, text, (size_t)length, &sample->key);
}

static gaze_err fail_picture(const gaze_dataset *dataset, const gaze_dataset_options *options,
                             const gaze_sample *sample) {
  return gaze_dataset_fail(dataset, sample->key,
                           options->several ? "make \"image\" a path, or a list of paths"
                                            : "give it one \"image\", a path");
}

static gaze_err read_name(gaze_dataset *dataset, const gaze_dataset_options *options, const json_t *name,
                          gaze_sample *sample) {
  GAZE_TRY(gaze_dataset_text(dataset, json_string_value(name), json_string_length(name), &sample->file));
  return gaze_dataset_place(dataset, options, sample->file, &sample->path);
}

static gaze_err read_others(gaze_dataset *dataset, const gaze_dataset_options *options, const json_t *names,
                            gaze_sample *sample) {
  gaze_sample *others;
  size_t n = json_array_size(names) - 1;
  GAZE_TRY(gaze_dataset_take(dataset, n * sizeof *others, &others));
  for (size_t i = 0; i < n; i++) {
    const json_t *name = json_array_get(names, i + 1);
    others[i] = (gaze_sample){.key = sample->key};
    if (!json_string_length(name))
      return fail_picture(dataset, options, sample);
    GAZE_TRY(read_name(dataset, options, name, &others[i]));
  }
  sample->others = others;
  sample->n_others = n;
  return GAZE_OK;
}

static gaze_err read_picture(gaze_dataset *dataset, const gaze_dataset_options *options, const json_t *row,
                             gaze_sample *sample) {
  const json_t *image = json_object_get(row, "image"), *names = image;
  size_t n = json_array_size(names);
  if (n == 1 || (n && options->several))
    image = json_array_get(names, 0);
  if (!image || json_is_null(image))
    return GAZE_OK;
  if (!json_is_string(image) || (n > 1 && !json_string_length(image)))
    return fail_picture(dataset, options, sample);
  if (!json_string_length(image))
    return GAZE_OK;
  GAZE_TRY(read_name(dataset, options, image, sample));
  return n > 1 ? read_others(dataset, options, names, sample) : GAZE_OK;
}

/* Where there are marks in what is said about several pictures, each has its own. */
static gaze_err check_marks(const gaze_dataset *dataset, const gaze_sample *sample) {
  size_t marks = 0;
  for (size_t i = 0; i < sample->n_questions; i++)
    marks += sample->questions[i].pictures;
  if (!sample->n_others || !marks || marks == sample->n_others + 1)
    return GAZE_OK;
  return gaze_dataset_fail(dataset, sample->key, "put as many <image> into its turns as it has pictures");
}

static gaze_err read_words(gaze_dataset *dataset, const json_t *row, gaze_sample *sample) {
  static const char *const questions[] = {"question", "text", NULL};
  static const char *const answers[] = {"answers", "answer", "label", NULL};
  const json_t *question = first_member(row, questions);
  if (question && !json_is_string(question))
    return gaze_dataset_fail(dataset, sample->key, "make the question a text");
  if (question)
    GAZE_TRY(gaze_dataset_read_question(dataset, json_string_value(question), first_member(row, answers), sample));
  else
    GAZE_TRY(gaze_dataset_read_turns(dataset, json_object_get(row, "conversations"), sample));
  return gaze_dataset_texts(dataset, sample->key, "captions", json_object_get(row, "captions"), NULL, &sample->captions,
                            &sample->n_captions);
}

static gaze_err fill_sample(gaze_dataset *dataset, const gaze_dataset_options *options, const json_t *row,
                            gaze_sample *sample) {
  if (!json_is_object(row))
    return gaze_dataset_fail(dataset, sample->key, "make it an object");
  GAZE_TRY(read_picture(dataset, options, row, sample));
  if (options->objects)
    GAZE_TRY(gaze_dataset_read_objects(dataset, json_object_get(row, "objects"), sample));
  GAZE_TRY(read_words(dataset, row, sample));
  return check_marks(dataset, sample);
}

static gaze_err add_row(gaze_dataset *dataset, const gaze_dataset_options *options, const json_t *row, size_t place) {
  gaze_sample sample = {0};
  GAZE_TRY(read_key(dataset, row, place, &sample));
  gaze_err err = fill_sample(dataset, options, row, &sample);
  if (err != GAZE_OK)
    return gaze_dataset_leave_out(dataset, options, sample.key, err);
  if (sample.path || (options->texts_alone && sample.n_questions))
    return gaze_dataset_add(dataset, &sample);
  return gaze_dataset_miss_picture(dataset, options, sample.key);
}

static gaze_err read_list(gaze_dataset *dataset, const gaze_dataset_options *options) {
  json_t *list, *row;
  size_t i;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_json_parse(dataset->map.data, dataset->map.size, dataset->path, &list));
  json_array_foreach(list, i, row) {
    err = add_row(dataset, options, row, i + 1);
    if (err != GAZE_OK)
      break;
  }
  json_decref(list);
  return err;
}

static gaze_err read_line(gaze_dataset *dataset, const gaze_dataset_options *options, const uint8_t *line, size_t size,
                          size_t place) {
  char name[512], key[32];
  json_t *row;
  snprintf(key, sizeof key, "line %zu", place);
  snprintf(name, sizeof name, "%s of %s", key, dataset->path);
  gaze_err err = gaze_json_parse(line, size, name, &row);
  if (err != GAZE_OK)
    return gaze_dataset_leave_out(dataset, options, key, err);
  err = add_row(dataset, options, row, place);
  json_decref(row);
  return err;
}

static bool is_blank(const uint8_t *line, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
      return false;
  return true;
}

static gaze_err read_lines(gaze_dataset *dataset, const gaze_dataset_options *options) {
  const uint8_t *at = dataset->map.data, *end = at + dataset->map.size;
  for (size_t place = 1; at < end; place++) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    size_t size = (size_t)((newline ? newline : end) - at);
    if (!is_blank(at, size))
      GAZE_TRY(read_line(dataset, options, at, size, place));
    at += size + (newline != NULL);
  }
  return GAZE_OK;
}

gaze_err gaze_dataset_read_llava(gaze_dataset *dataset, const gaze_dataset_options *options) {
  return gaze_dataset_first_sign(dataset) == '[' ? read_list(dataset, options) : read_lines(dataset, options);
}
