/* Questions about one picture, each for itself: the picture is most of what is read, and is read once. */
#include "fusion/lesson.h"

#include <string.h>

static size_t at_most(size_t a, size_t b) { return a < b ? a : b; }

/* Rows up to the first that is asked for what follows it: what is asked is each lesson's own. */
static size_t unasked(const gaze_lesson *lesson) {
  size_t n = 0;
  while (n < lesson->n && lesson->labels[n] == GAZE_NO_LABEL)
    n++;
  return n;
}

/* Rows that all lessons begin with. Pictures are the same ones, in their order. */
static size_t find_stem(const gaze_lesson *lessons, size_t n) {
  size_t stem = unasked(&lessons[0]);
  for (size_t i = 1; i < n; i++) {
    size_t same = 0, most = at_most(stem, unasked(&lessons[i]));
    while (same < most && lessons[i].ids[same] == lessons[0].ids[same])
      same++;
    stem = same;
  }
  return stem;
}

static gaze_err reserve(gaze_lesson *lesson, size_t n, size_t pictures) {
  GAZE_TRY(gaze_grow(&lesson->ids, &lesson->ids_capacity, n, sizeof *lesson->ids));
  GAZE_TRY(gaze_grow(&lesson->labels, &lesson->labels_capacity, n, sizeof *lesson->labels));
  GAZE_TRY(gaze_grow(&lesson->begins, &lesson->begins_capacity, n, sizeof *lesson->begins));
  return gaze_grow(&lesson->pictures, &lesson->pictures_capacity, pictures, sizeof *lesson->pictures);
}

/* Rows first .. n of a lesson go behind those of *out. */
static void append(const gaze_lesson *lesson, size_t first, size_t n, bool branch, gaze_lesson *out) {
  size_t at = out->n;
  memcpy(out->ids + at, lesson->ids + first, (n - first) * sizeof *out->ids);
  memcpy(out->labels + at, lesson->labels + first, (n - first) * sizeof *out->labels);
  for (size_t i = first; i < n; i++)
    out->begins[out->n++] = branch ? (uint32_t)at : 0;
}

/* Pictures are read once, or not joined. */
static bool are_pictures_shared(const gaze_lesson *lessons, size_t n, size_t stem) {
  for (size_t i = 0; i < n; i++)
    for (size_t row = stem; row < lessons[i].n; row++)
      if (lessons[i].ids[row] < 0)
        return false;
  return true;
}

gaze_err gaze_lesson_join(const gaze_lesson *lessons, size_t n, gaze_lesson *out) {
  size_t stem = n > 1 ? find_stem(lessons, n) : lessons[0].n, rows = stem;
  out->n = out->asked = out->n_pictures = out->stem = 0;
  if (!are_pictures_shared(lessons, n, stem))
    return GAZE_OK;
  for (size_t i = 0; i < n; i++)
    rows += lessons[i].n - at_most(stem, lessons[i].n);
  GAZE_TRY(reserve(out, rows, lessons[0].n_pictures));
  append(&lessons[0], 0, stem, false, out);
  for (size_t i = 0; i < n; i++) {
    append(&lessons[i], stem, lessons[i].n, true, out);
    out->asked += lessons[i].asked;
  }
  out->stem = stem;
  out->n_pictures = lessons[0].n_pictures;
  if (out->n_pictures)
    memcpy(out->pictures, lessons[0].pictures, out->n_pictures * sizeof *out->pictures);
  return GAZE_OK;
}
