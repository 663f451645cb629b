#include "fusion/llava_data.h"

#include "fusion/vqa_score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Samples on their way to lessons. */
typedef struct reading {
  gaze_llava_samples samples;
  gaze_lesson_writer *writer;
  gaze_bad_rows *bad;
  gaze_tile_plan plan; /* of any picture: those of all sizes have as many rows */
  gaze_lesson lesson;
  gaze_lesson *apart; /* [n_apart] lessons that are each for itself */
  size_t n_apart, apart_capacity;
  gaze_lesson_turn *turns;
  size_t turns_capacity;
} reading;

static void reading_fini(reading *r) {
  gaze_llava_samples_fini(&r->samples);
  free(r->turns);
  gaze_lesson_fini(&r->lesson);
  for (size_t i = 0; i < r->n_apart; i++)
    gaze_lesson_fini(&r->apart[i]);
  free(r->apart);
}

static gaze_err tell_bad(reading *r, const gaze_llava_sample *said, const char *message) {
  return gaze_bad_rows_add(r->bad, said->file, said->sample->key, message);
}

static gaze_err reserve(gaze_llava_data *data, const gaze_lesson *lesson) {
  size_t n = data->n_ids + lesson->n;
  GAZE_TRY(gaze_grow(&data->ids, &data->ids_capacity, n, sizeof *data->ids));
  GAZE_TRY(gaze_grow(&data->labels, &data->labels_capacity, n, sizeof *data->labels));
  GAZE_TRY(gaze_grow(&data->begins, &data->begins_capacity, n, sizeof *data->begins));
  GAZE_TRY(gaze_grow(&data->shown, &data->shown_capacity, data->n_shown + lesson->n_pictures, sizeof *data->shown));
  return gaze_grow(&data->pieces, &data->capacity, data->n + 1, sizeof *data->pieces);
}

static gaze_err add_lesson(reading *r, gaze_llava_data *data, const gaze_llava_sample *said,
                           const gaze_lesson *lesson) {
  char message[120];
  if (lesson->n > r->samples.sources->context) {
    snprintf(message, sizeof message, "too long: %zu tokens, --context is %zu", lesson->n, r->samples.sources->context);
    return tell_bad(r, said, message);
  }
  GAZE_TRY(reserve(data, lesson));
  memcpy(data->ids + data->n_ids, lesson->ids, lesson->n * sizeof *lesson->ids);
  memcpy(data->labels + data->n_ids, lesson->labels, lesson->n * sizeof *lesson->labels);
  if (lesson->stem)
    memcpy(data->begins + data->n_ids, lesson->begins, lesson->n * sizeof *lesson->begins);
  else
    memset(data->begins + data->n_ids, 0, lesson->n * sizeof *data->begins);
  data->pieces[data->n++] = (gaze_llava_piece){.at = data->n_ids,
                                               .shown = data->n_shown,
                                               .rows = (uint32_t)lesson->n,
                                               .n_shown = (uint32_t)lesson->n_pictures,
                                               .stem = (uint32_t)(lesson->stem ? lesson->stem : lesson->n)};
  for (size_t i = 0; i < lesson->n_pictures; i++)
    data->shown[data->n_shown++] = (gaze_lm_picture){lesson->pictures[i], r->samples.seen[said->first + i].which};
  data->n_ids += lesson->n;
  data->asked += lesson->asked;
  data->longest = lesson->n > data->longest ? lesson->n : data->longest;
  return GAZE_OK;
}

/* Room for n lessons. */
static gaze_err reserve_apart(reading *r, size_t n) {
  GAZE_TRY(gaze_grow(&r->apart, &r->apart_capacity, n, sizeof *r->apart));
  while (r->n_apart < n)
    r->apart[r->n_apart++] = (gaze_lesson){0};
  return GAZE_OK;
}

/* Lessons that are each for itself share what they begin with as far as there is room, else they are parted. */
static gaze_err add_apart(reading *r, gaze_llava_data *data, const gaze_llava_sample *said, const gaze_lesson *lessons,
                          size_t n) {
  if (n == 1)
    return add_lesson(r, data, said, lessons);
  GAZE_TRY(gaze_lesson_join(lessons, n, &r->lesson));
  if (r->lesson.stem && r->lesson.n <= r->samples.sources->context)
    return add_lesson(r, data, said, &r->lesson);
  GAZE_TRY(add_apart(r, data, said, lessons, n / 2));
  return add_apart(r, data, said, lessons + n / 2, n - n / 2);
}

static gaze_err add_caption(reading *r, gaze_llava_data *data, const gaze_llava_sample *said, const char *caption) {
  GAZE_TRY(gaze_lesson_caption(r->writer, caption, said->n, &r->plan, &r->lesson));
  return add_lesson(r, data, said, &r->lesson);
}

/* Turns that are answered. A question's pictures are the next answered one's where it is not. */
static gaze_err find_turns(reading *r, const gaze_sample *sample, size_t *n) {
  size_t pictures = 0;
  *n = 0;
  GAZE_TRY(gaze_grow(&r->turns, &r->turns_capacity, sample->n_questions, sizeof *r->turns));
  for (size_t i = 0; i < sample->n_questions; i++) {
    const char *answer = gaze_vqa_usual(sample->questions[i].answers, sample->questions[i].n_answers);
    pictures += sample->questions[i].pictures;
    if (!answer)
      continue;
    r->turns[(*n)++] = (gaze_lesson_turn){sample->questions[i].text, answer, pictures};
    pictures = 0;
  }
  return GAZE_OK;
}

/* Where there are not as many marks as pictures the first question is about all. */
static void show_pictures(const gaze_llava_sample *said, gaze_lesson_turn *turns, size_t n) {
  size_t marks = 0;
  for (size_t i = 0; i < said->sample->n_questions; i++)
    marks += said->sample->questions[i].pictures;
  if (marks == said->n)
    return;
  for (size_t i = 0; i < n; i++)
    turns[i].pictures = i ? 0 : said->n;
}

/* Turns of one conversation, or questions that are each for itself and about all pictures. */
static gaze_err add_turns(reading *r, gaze_llava_data *data, const gaze_llava_sample *said, gaze_lesson_turn *turns,
                          size_t n) {
  if (said->sample->talks) {
    show_pictures(said, turns, n);
    GAZE_TRY(gaze_lesson_talk(r->writer, turns, n, &r->plan, &r->lesson));
    return add_lesson(r, data, said, &r->lesson);
  }
  GAZE_TRY(reserve_apart(r, n));
  for (size_t i = 0; i < n; i++) {
    turns[i].pictures = said->n;
    GAZE_TRY(gaze_lesson_talk(r->writer, &turns[i], 1, &r->plan, &r->apart[i]));
  }
  return add_apart(r, data, said, r->apart, n);
}

static gaze_err add_sample(reading *r, gaze_llava_data *data, const gaze_llava_sample *said) {
  const gaze_sample *sample = said->sample;
  size_t turns;
  GAZE_TRY(find_turns(r, sample, &turns));
  if (r->samples.sources->captions && sample->n_captions) {
    for (size_t i = 0; i < sample->n_captions; i++)
      GAZE_TRY(add_caption(r, data, said, sample->captions[i]));
    return GAZE_OK;
  }
  if (!turns)
    return tell_bad(r, said, r->samples.sources->captions ? "neither caption nor answer" : "no answer");
  if (r->samples.sources->captions)
    return add_caption(r, data, said, r->turns[0].answer);
  return add_turns(r, data, said, r->turns, turns);
}

static gaze_err check_data(const gaze_llava_data *data, const char *which, const gaze_bad_rows *bad) {
  if (!data->n && bad->n)
    return gaze_fail(GAZE_ERR_FORMAT, "nothing to learn from: the %s data: %llu rows are bad: %s: it names them", which,
                     (unsigned long long)bad->n, bad->path);
  if (!data->n)
    return gaze_fail(GAZE_ERR_FORMAT,
                     "nothing to learn from: the %s data: name tars or LLaVA's JSON with captions or conversations",
                     which);
  if (data->n > UINT32_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "more than %u lessons: the %s data: give fewer", UINT32_MAX, which);
  return GAZE_OK;
}

static gaze_err add_samples(reading *r, gaze_llava_data *data, gaze_llava_data *held_out) {
  const gaze_tiling *tiling = &r->writer->assistant->eye->config.tiling;
  gaze_tiling_plan(tiling, tiling->preprocess.size, tiling->preprocess.size, 1, &r->plan);
  for (size_t i = 0; i < r->samples.n; i++) {
    const gaze_llava_sample *said = &r->samples.items[i];
    if (gaze_llava_samples_are_seen(&r->samples, said))
      GAZE_TRY(add_sample(r, said->held_out ? held_out : data, said));
  }
  GAZE_TRY(check_data(data, "training", r->bad));
  return r->samples.sources->n_held_out ? check_data(held_out, "held-out", r->bad) : GAZE_OK;
}

gaze_err gaze_llava_data_init(gaze_llava_data *data, gaze_llava_data *held_out, gaze_llava_features *features,
                              const gaze_llava_sources *sources, gaze_lesson_writer *writer,
                              const gaze_llava_looker *looker, const char *folder, gaze_bad_rows *bad) {
  reading r = {.writer = writer, .bad = bad};
  gaze_err err;
  *data = *held_out = (gaze_llava_data){0};
  GAZE_TRY_DONE(gaze_llava_samples_open(&r.samples, sources, bad));
  GAZE_TRY_DONE(gaze_llava_features_init(features, looker, r.samples.seen, r.samples.n_seen, folder, bad));
  GAZE_TRY_DONE(add_samples(&r, data, held_out));
done:
  reading_fini(&r);
  return err;
}

void gaze_llava_data_fini(gaze_llava_data *data) {
  free(data->ids);
  free(data->labels);
  free(data->begins);
  free(data->shown);
  free(data->pieces);
  *data = (gaze_llava_data){0};
}
