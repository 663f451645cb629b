#include "text/repair.h"

#include "core/base/memory.h"
#include "text/html.h"

#include <string.h>
#include <utf8proc.h>

/* ftfy goes on until nothing changes; nested references could make that quadratic. */
enum { PASSES_MAX = 8, ESCAPE = 0x1B };

typedef struct gaze_ligature {
  int32_t point, parts[3];
} gaze_ligature;

static const gaze_ligature ligatures[] = {
    {0x132, {'I', 'J'}},    {0x133, {'i', 'j'}},  {0x149, {'\'', 'n'}},      {0x1F1, {'D', 'Z'}},
    {0x1F2, {'D', 'z'}},    {0x1F3, {'d', 'z'}},  {0x1C4, {'D', 0x17D}},     {0x1C5, {'D', 0x17E}},
    {0x1C6, {'d', 0x17E}},  {0x1C7, {'L', 'J'}},  {0x1C8, {'L', 'j'}},       {0x1C9, {'l', 'j'}},
    {0x1CA, {'N', 'J'}},    {0x1CB, {'N', 'j'}},  {0x1CC, {'n', 'j'}},       {0xFB00, {'f', 'f'}},
    {0xFB01, {'f', 'i'}},   {0xFB02, {'f', 'l'}}, {0xFB03, {'f', 'f', 'i'}}, {0xFB04, {'f', 'f', 'l'}},
    {0xFB05, {0x17F, 't'}}, {0xFB06, {'s', 't'}}};

static gaze_err push_parts(gaze_points *out, const int32_t *parts, size_t n) {
  for (size_t i = 0; i < n && parts[i]; i++)
    GAZE_TRY(gaze_points_push(out, parts[i]));
  return GAZE_OK;
}

static int32_t straighten(int32_t point) {
  if (point == 0x2BC || (point >= 0x2018 && point <= 0x201B))
    return '\'';
  if (point >= 0x201C && point <= 0x201F)
    return '"';
  return point == '\r' || point == 0x2028 || point == 0x2029 ? '\n' : point;
}

/* Appends a character without ligature, width, curl and C1 control. */
static gaze_err repair_point(gaze_points *out, int32_t point) {
  point = gaze_html_windows_point(point);
  for (size_t i = 0; point >= 0x132 && i < sizeof ligatures / sizeof *ligatures; i++)
    if (ligatures[i].point == point)
      return push_parts(out, ligatures[i].parts, 3);
  if (point == 0x3000 || (point >= 0xFF01 && point <= 0xFFEF)) {
    int32_t parts[8];
    utf8proc_ssize_t n = utf8proc_decompose_char(point, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
    return push_parts(out, parts, (size_t)n);
  }
  return gaze_points_push(out, straighten(point));
}

static bool is_control(int32_t point) {
  return (point < 0x20 && (point < '\t' || point == '\v' || point > '\r')) || point == 0x7F ||
         (point >= 0x206A && point <= 0x206F) || point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFC);
}

/* Length of a terminal's colour code at points [n], such as ESC [ 0 ; 3 1 m; 0: none. */
static size_t measure_escape(const int32_t *points, size_t n) {
  if (n < 3 || points[0] != ESCAPE || points[1] != '[')
    return 0;
  size_t end = 2;
  while (end < n && ((points[end] >= '0' && points[end] <= '9') || points[end] == ';'))
    end++;
  bool closed = end < n && (points[end] | 0x20) >= 'a' && (points[end] | 0x20) <= 'z';
  return closed ? end + 1 : 0;
}

static void drop_controls(gaze_points *points) {
  size_t kept = 0;
  for (size_t i = 0; i < points->n;) {
    size_t length = measure_escape(points->at + i, points->n - i);
    if (!length && !is_control(points->at[i]))
      points->at[kept++] = points->at[i];
    i += length ? length : 1;
  }
  points->n = kept;
}

/* One pass over source [n] into out, through spare. */
static gaze_err repair_once(const int32_t *source, size_t n, bool html, gaze_points *spare, gaze_points *out) {
  if (html) {
    GAZE_TRY(gaze_html_unescape(source, n, true, out));
    spare->n = 0;
    for (size_t i = 0; i < out->n; i++)
      GAZE_TRY(repair_point(spare, out->at[i]));
  } else {
    spare->n = 0;
    for (size_t i = 0; i < n; i++)
      GAZE_TRY(repair_point(spare, source[i]));
  }
  drop_controls(spare);
  out->n = 0;
  return gaze_points_compose(out, spare->at, spare->n);
}

/* Appends source [n], repaired until nothing changes. */
static gaze_err repair_stretch(const int32_t *source, size_t n, bool html, gaze_points *out) {
  gaze_points before = {0}, spare = {0}, after = {0};
  gaze_err err = GAZE_OK;
  bool changed = true;
  for (int pass = 0; pass < PASSES_MAX && changed; pass++) {
    GAZE_TRY_DONE(repair_once(pass ? before.at : source, pass ? before.n : n, html, &spare, &after));
    changed = !pass || before.n != after.n || (after.n && memcmp(before.at, after.at, after.n * sizeof *after.at));
    gaze_points swapped = before;
    before = after;
    after = swapped;
  }
  GAZE_TRY_DONE(gaze_grow(&out->at, &out->capacity, out->n + before.n, sizeof *out->at));
  if (before.n)
    memcpy(out->at + out->n, before.at, before.n * sizeof *before.at);
  out->n += before.n;
done:
  gaze_points_fini(&before);
  gaze_points_fini(&spare);
  gaze_points_fini(&after);
  return err;
}

/* Where the first line with a "<" begins: from there on the text may be HTML itself, whose references are meant. */
static size_t find_markup(const gaze_points *points) {
  size_t line = 0;
  for (size_t i = 0; i < points->n; i++) {
    if (points->at[i] == '<')
      return line;
    if (points->at[i] == '\n')
      line = i + 1;
  }
  return points->n;
}

static bool is_plain(const gaze_points *points) {
  for (size_t i = 0; i < points->n; i++)
    if (points->at[i] >= 0x7F || (points->at[i] < 0x20 && points->at[i] != '\n') || points->at[i] == '&')
      return false;
  return true;
}

gaze_err gaze_repair(gaze_points *points) {
  if (is_plain(points))
    return GAZE_OK;
  size_t markup = find_markup(points);
  gaze_points out = {0};
  gaze_err err;
  GAZE_TRY_DONE(repair_stretch(points->at, markup, true, &out));
  GAZE_TRY_DONE(repair_stretch(points->at + markup, points->n - markup, false, &out));
  gaze_points_fini(points);
  *points = out;
  out = (gaze_points){0};
done:
  gaze_points_fini(&out);
  return err;
}
