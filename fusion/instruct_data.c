/* The pictures that instructions are written about, and what is wrong with the others. */
#include "fusion/instruct.h"

#include "core/base/memory.h"
#include "text/points.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_utf8(const char *text) {
  int32_t point = 0;
  for (size_t size = strlen(text), i = 0; i < size && point >= 0;)
    i += gaze_point_decode((const uint8_t *)text + i, size - i, &point);
  return point >= 0;
}

/* A text that was the mark of a picture, or none at all, would make a record that no training can read. */
static const char *find_fault(const gaze_sample *sample) {
  if (!sample->n_captions && !sample->n_objects)
    return "neither captions nor objects";
  if (!is_utf8(sample->key) || !is_utf8(sample->file))
    return "a name that is no UTF-8";
  for (size_t i = 0; i < sample->n_captions; i++) {
    if (!is_utf8(sample->captions[i]))
      return "a caption that is no UTF-8";
    if (strstr(sample->captions[i], "<image>"))
      return "a caption with the mark <image> in it";
  }
  return NULL;
}

/* A picture's name with its place in the order of reading. */
typedef struct named_sample {
  const char *file;
  size_t row;
} named_sample;

static int compare_named(const void *a, const void *b) {
  const named_sample *one = a, *other = b;
  int order = strcmp(one->file, other->file);
  return order ? order : one->row < other->row ? -1 : one->row > other->row;
}

/* Room for what n rows say, behind the first of them; the lists are filled later. */
static gaze_err make_merged(gaze_instruct_data *data, const named_sample *rows, size_t n, gaze_sample **out) {
  size_t n_captions = 0, n_objects = 0;
  for (size_t i = 0; i < n; i++) {
    n_captions += data->samples[rows[i].row]->n_captions;
    n_objects += data->samples[rows[i].row]->n_objects;
  }
  GAZE_TRY(gaze_grow(&data->merged, &data->merged_capacity, data->n_merged + 1, sizeof *data->merged));
  GAZE_TRY(gaze_alloc(1, sizeof **out + n_captions * sizeof(char *) + n_objects * sizeof(gaze_object), out));
  data->merged[data->n_merged++] = *out;
  **out = *data->samples[rows[0].row];
  return GAZE_OK;
}

/* One sample with the captions and boxes of n rows, as tables have a row a caption. */
static gaze_err merge_rows(gaze_instruct_data *data, const named_sample *rows, size_t n) {
  gaze_sample *merged;
  GAZE_TRY(make_merged(data, rows, n, &merged));
  const char **captions = (const char **)(void *)(merged + 1), **caption = captions;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < data->samples[rows[i].row]->n_captions; k++)
      *caption++ = data->samples[rows[i].row]->captions[k];
  gaze_object *objects = (gaze_object *)(void *)caption, *object = objects;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < data->samples[rows[i].row]->n_objects; k++)
      *object++ = data->samples[rows[i].row]->objects[k];
  merged->captions = captions;
  merged->n_captions = (size_t)(caption - captions);
  merged->objects = objects;
  merged->n_objects = (size_t)(object - objects);
  for (size_t i = 0; i < n; i++)
    data->samples[rows[i].row] = i ? NULL : merged;
  return GAZE_OK;
}

static bool is_same_picture(const gaze_sample *one, const gaze_sample *other) {
  return one->path && other->path && strcmp(one->path, other->path) == 0;
}

/* n samples with one name: rows of one picture, or the first of different ones, for a record could not say which it
 * means.
 */
static gaze_err settle_names(gaze_instruct_data *data, const named_sample *rows, size_t n, gaze_bad_rows *bad) {
  bool same = true;
  for (size_t i = 1; i < n; i++)
    same &= is_same_picture(data->samples[rows[0].row], data->samples[rows[i].row]);
  if (same)
    return n > 1 ? merge_rows(data, rows, n) : GAZE_OK;
  for (size_t i = 1; i < n; i++) {
    GAZE_TRY(gaze_bad_rows_add(bad, NULL, data->samples[rows[i].row]->key, "another picture has this name"));
    data->samples[rows[i].row] = NULL;
  }
  return GAZE_OK;
}

static gaze_err settle_twins(gaze_instruct_data *data, gaze_bad_rows *bad) {
  named_sample *names;
  size_t kept = 0;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_alloc(data->n + 1, sizeof *names, &names));
  for (size_t i = 0; i < data->n; i++)
    names[i] = (named_sample){data->samples[i]->file, i};
  qsort(names, data->n, sizeof *names, compare_named);
  for (size_t i = 0, n; i < data->n && err == GAZE_OK; i += n) {
    for (n = 1; i + n < data->n && strcmp(names[i].file, names[i + n].file) == 0;)
      n++;
    err = settle_names(data, names + i, n, bad);
  }
  for (size_t i = 0; i < data->n; i++)
    if (data->samples[i])
      data->samples[kept++] = data->samples[i];
  data->n = kept;
  free(names);
  return err;
}

static gaze_err add_sample(gaze_instruct_data *data, gaze_bad_rows *bad, const gaze_sample *sample) {
  const char *fault = find_fault(sample);
  if (fault)
    return gaze_bad_rows_add(bad, bad->file, sample->key, fault);
  for (size_t i = 0; i < sample->n_objects; i++) {
    size_t noun;
    GAZE_TRY(gaze_nouns_take(&data->nouns, sample->objects[i].name, &noun));
  }
  GAZE_TRY(gaze_grow(&data->samples, &data->capacity, data->n + 1, sizeof *data->samples));
  data->samples[data->n++] = sample;
  return GAZE_OK;
}

static gaze_err read_set(gaze_instruct_data *data, const char *path, gaze_bad_rows *bad) {
  gaze_dataset_options reading = {.objects = true,
                                  .folders = true,
                                  .pictures_missed = true,
                                  .columns_fixed = true,
                                  .failed = gaze_bad_rows_note,
                                  .user = bad};
  gaze_dataset *set;
  bad->file = path;
  GAZE_TRY(gaze_dataset_open(path, &reading, &set));
  data->sets[data->n_sets++] = set;
  for (size_t i = 0; i < gaze_dataset_size(set); i++)
    GAZE_TRY(add_sample(data, bad, gaze_dataset_get(set, i)));
  return GAZE_OK;
}

static gaze_err read_sets(const gaze_instructions_options *options, gaze_bad_rows *bad, gaze_instruct_data *data) {
  GAZE_TRY(gaze_nouns_init(&data->nouns));
  GAZE_TRY(gaze_alloc(options->n_data, sizeof *data->sets, &data->sets));
  for (size_t i = 0; i < options->n_data; i++)
    GAZE_TRY(read_set(data, options->data[i], bad));
  GAZE_TRY(settle_twins(data, bad));
  if (options->max_samples && data->n > options->max_samples)
    data->n = options->max_samples;
  if (data->n)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "nothing to write about: %s: give pictures with captions or objects",
                   options->data[0]);
}

gaze_err gaze_instruct_data_open(const gaze_instructions_options *options, gaze_bad_rows *bad,
                                 gaze_instruct_data *out) {
  *out = (gaze_instruct_data){0};
  gaze_err err = read_sets(options, bad, out);
  if (err != GAZE_OK)
    gaze_instruct_data_close(out);
  return err;
}

void gaze_instruct_data_close(gaze_instruct_data *data) {
  for (size_t i = 0; i < data->n_sets; i++)
    gaze_dataset_close(data->sets[i]);
  for (size_t i = 0; i < data->n_merged; i++)
    free(data->merged[i]);
  free(data->merged);
  free(data->sets);
  free(data->samples);
  gaze_nouns_fini(&data->nouns);
  *data = (gaze_instruct_data){0};
}
