#include "fusion/llava_data.h"

#include "core/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets while they are read. */
typedef struct reading {
  const gaze_llava_sources *sources;
  gaze_lesson_writer *writer;
  gaze_bad_rows *bad;
  gaze_dataset **sets;      /* [n + n_picture_sets] of the sources */
  const gaze_sample **kept; /* [n_kept] samples of tars, by their pictures' names */
  size_t n_kept, kept_capacity;
  gaze_llava_seen *seen; /* [n] samples, those without a picture last */
  size_t n, pictured, capacity;
  gaze_lesson lesson;
  gaze_lesson_turn *turns;
  size_t turns_capacity;
} reading;

static size_t sets_of(const reading *r) { return r->sources->n + r->sources->n_picture_sets; }

static const char *path_of(const reading *r, size_t set) {
  return set < r->sources->n ? r->sources->paths[set] : r->sources->picture_sets[set - r->sources->n];
}

static void reading_fini(reading *r) {
  for (size_t i = 0; r->sets && i < sets_of(r); i++)
    gaze_dataset_close(r->sets[i]);
  free(r->sets);
  free(r->kept);
  free(r->seen);
  free(r->turns);
  gaze_lesson_fini(&r->lesson);
}

static bool has_picture(const reading *r, const gaze_sample *sample) {
  return (sample->path || sample->picture) && !r->sources->blind;
}

static int compare_kept(const void *a, const void *b) {
  return strcmp((*(const gaze_sample *const *)a)->file, (*(const gaze_sample *const *)b)->file);
}

static gaze_err collect_pictures(reading *r) {
  for (size_t i = 0; i < sets_of(r); i++)
    for (size_t k = 0; k < gaze_dataset_size(r->sets[i]); k++) {
      const gaze_sample *sample = gaze_dataset_get(r->sets[i], k);
      if (!sample->picture || !sample->file)
        continue;
      GAZE_TRY(gaze_grow(&r->kept, &r->kept_capacity, r->n_kept + 1, sizeof *r->kept));
      r->kept[r->n_kept++] = sample;
    }
  if (r->n_kept)
    qsort(r->kept, r->n_kept, sizeof *r->kept, compare_kept);
  return GAZE_OK;
}

/* The sample that has its picture: itself, or one of a tar where no file has that name. */
static const gaze_sample *find_picture(const reading *r, const gaze_sample *sample) {
  if (!sample->path || !r->n_kept || gaze_file_exists(sample->path))
    return sample;
  const gaze_sample **found = bsearch(&sample, r->kept, r->n_kept, sizeof *r->kept, compare_kept);
  return found ? *found : sample;
}

/* Two passes: first those with pictures. */
static gaze_err collect(reading *r, bool pictured) {
  for (size_t i = 0; i < r->sources->n; i++)
    for (size_t k = 0; k < gaze_dataset_size(r->sets[i]); k++) {
      const gaze_sample *sample = gaze_dataset_get(r->sets[i], k);
      if (has_picture(r, sample) != pictured)
        continue;
      GAZE_TRY(gaze_grow(&r->seen, &r->capacity, r->n + 1, sizeof *r->seen));
      r->seen[r->n++] = (gaze_llava_seen){sample, find_picture(r, sample), r->sources->paths[i], SIZE_MAX};
    }
  return GAZE_OK;
}

static gaze_err open_sets(reading *r) {
  gaze_dataset_options options = {.pictures = r->sources->pictures,
                                  .folders = true,
                                  .texts_alone = true,
                                  .pictures_missed = true,
                                  .failed = gaze_bad_rows_note,
                                  .user = r->bad};
  GAZE_TRY(gaze_alloc(sets_of(r), sizeof *r->sets, &r->sets));
  for (size_t i = 0; i < sets_of(r); i++) {
    r->bad->file = path_of(r, i);
    GAZE_TRY(gaze_dataset_open(r->bad->file, &options, &r->sets[i]));
  }
  GAZE_TRY(collect_pictures(r));
  GAZE_TRY(collect(r, true));
  r->pictured = r->n;
  return collect(r, false);
}

static gaze_err add_lesson(reading *r, gaze_llava_data *data, const gaze_llava_seen *seen) {
  const gaze_lesson *lesson = &r->lesson;
  char message[120];
  if (lesson->n > r->sources->context) {
    snprintf(message, sizeof message, "too long: %zu tokens, --context is %zu", lesson->n, r->sources->context);
    return gaze_bad_rows_add(r->bad, seen->set, seen->said->key, message);
  }
  size_t n = data->n_ids + lesson->n;
  GAZE_TRY(gaze_grow(&data->ids, &data->ids_capacity, n, sizeof *data->ids));
  GAZE_TRY(gaze_grow(&data->labels, &data->labels_capacity, n, sizeof *data->labels));
  GAZE_TRY(gaze_grow(&data->pieces, &data->capacity, data->n + 1, sizeof *data->pieces));
  memcpy(data->ids + data->n_ids, lesson->ids, lesson->n * sizeof *lesson->ids);
  memcpy(data->labels + data->n_ids, lesson->labels, lesson->n * sizeof *lesson->labels);
  data->pieces[data->n++] =
      (gaze_llava_piece){data->n_ids, (uint32_t)lesson->n, (uint32_t)lesson->picture, seen->which};
  data->n_ids = n;
  data->asked += lesson->asked;
  data->longest = lesson->n > data->longest ? lesson->n : data->longest;
  return GAZE_OK;
}

static gaze_err add_caption(reading *r, gaze_llava_data *data, const gaze_llava_seen *seen, const char *caption,
                            const gaze_tile_plan *plan) {
  GAZE_TRY(gaze_lesson_caption(r->writer, caption, plan, &r->lesson));
  return add_lesson(r, data, seen);
}

/* What most people say; of answers that are said equally often the first. */
static const char *choose_answer(const gaze_sample_question *question) {
  size_t best = 0, most = 0;
  for (size_t i = 0; i < question->n_answers; i++) {
    size_t n = 0;
    for (size_t k = i; k < question->n_answers; k++)
      n += strcmp(question->answers[i], question->answers[k]) == 0;
    if (n > most) {
      most = n;
      best = i;
    }
  }
  return question->n_answers ? question->answers[best] : NULL;
}

static gaze_err find_turns(reading *r, const gaze_sample *sample, size_t *n) {
  *n = 0;
  GAZE_TRY(gaze_grow(&r->turns, &r->turns_capacity, sample->n_questions, sizeof *r->turns));
  for (size_t i = 0; i < sample->n_questions; i++) {
    const char *answer = choose_answer(&sample->questions[i]);
    if (answer)
      r->turns[(*n)++] = (gaze_lesson_turn){sample->questions[i].text, answer};
  }
  return GAZE_OK;
}

/* Questions that are each for itself share a picture as far as there is room, else they are parted. */
static gaze_err add_turns(reading *r, gaze_llava_data *data, const gaze_llava_seen *seen, const gaze_lesson_turn *turns,
                          size_t n, const gaze_tile_plan *plan) {
  GAZE_TRY(gaze_lesson_talk(r->writer, turns, n, plan, &r->lesson));
  if (r->lesson.n <= r->sources->context || n == 1 || seen->said->talks)
    return add_lesson(r, data, seen);
  GAZE_TRY(add_turns(r, data, seen, turns, n / 2, plan));
  return add_turns(r, data, seen, turns + n / 2, n - n / 2, plan);
}

static gaze_err add_sample(reading *r, gaze_llava_data *data, const gaze_llava_seen *seen, const gaze_tile_plan *plan) {
  const gaze_sample *sample = seen->said;
  size_t turns;
  GAZE_TRY(find_turns(r, sample, &turns));
  if (r->sources->captions && sample->n_captions) {
    for (size_t i = 0; i < sample->n_captions; i++)
      GAZE_TRY(add_caption(r, data, seen, sample->captions[i], plan));
    return GAZE_OK;
  }
  if (!turns)
    return gaze_bad_rows_add(r->bad, seen->set, sample->key,
                             r->sources->captions ? "neither caption nor answer" : "no answer");
  if (r->sources->captions)
    return add_caption(r, data, seen, r->turns[0].answer, plan);
  return add_turns(r, data, seen, r->turns, turns, plan);
}

/* Pictures of all sizes have as many rows, so that any plan is theirs. */
static gaze_err add_samples(reading *r, gaze_llava_data *data) {
  const gaze_tiling *tiling = &r->writer->assistant->eye->config.tiling;
  gaze_tile_plan plan = {0};
  gaze_tiling_plan(tiling, tiling->preprocess.size, tiling->preprocess.size, 1, &plan);
  for (size_t i = 0; i < r->n; i++) {
    bool pictured = i < r->pictured;
    if (!pictured || r->seen[i].which != SIZE_MAX)
      GAZE_TRY(add_sample(r, data, &r->seen[i], pictured ? &plan : NULL));
  }
  if (data->n && data->n <= UINT32_MAX)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "%s: the training data: name tars or LLaVA's JSON with captions or conversations",
                   data->n ? "too many lessons" : "nothing to learn from");
}

gaze_err gaze_llava_data_init(gaze_llava_data *data, gaze_llava_features *features, const gaze_llava_sources *sources,
                              gaze_lesson_writer *writer, const gaze_compute *compute, const char *folder,
                              gaze_bad_rows *bad) {
  reading r = {.sources = sources, .writer = writer, .bad = bad};
  gaze_err err;
  *data = (gaze_llava_data){0};
  GAZE_TRY_DONE(open_sets(&r));
  GAZE_TRY_DONE(gaze_llava_features_init(features, compute, writer->assistant->eye, r.seen, r.pictured, folder, bad));
  GAZE_TRY_DONE(add_samples(&r, data));
done:
  reading_fini(&r);
  return err;
}

void gaze_llava_data_fini(gaze_llava_data *data) {
  free(data->ids);
  free(data->labels);
  free(data->pieces);
  *data = (gaze_llava_data){0};
}
