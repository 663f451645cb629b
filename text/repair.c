#include "text/repair.h"

#include "text/html.h"
#include "text/mojibake.h"

#include <utf8proc.h>

/* ftfy goes on until nothing changes, which nested references and mojibake can make quadratic. Here the characters
 * looked at, over all passes, are at most LOOKS_MAX for each of the segment and of SHORT more. */
enum { LOOKS_MAX = 64, SHORT = 64, SEGMENT_MAX = 1000000, ESCAPE = 0x1B };

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

/* Length of a terminal's colour code at points [n], such as ESC [ 0 ; 3 1 m, with digits of any script; 0: none. */
static size_t measure_escape(const int32_t *points, size_t n) {
  if (n < 3 || points[0] != ESCAPE || points[1] != '[')
    return 0;
  size_t end = 2;
  while (end < n && (points[end] == ';' || utf8proc_category(points[end]) == UTF8PROC_CATEGORY_ND))
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

/* One pass over points, in place. */
static gaze_err repair_once(gaze_points *points, bool html, gaze_points *spare, size_t *budget) {
  if (html) {
    GAZE_TRY(gaze_html_unescape(points->at, points->n, true, spare));
    gaze_points_swap(points, spare);
  }
  GAZE_TRY(gaze_mojibake_repair(points, budget));
  spare->n = 0;
  for (size_t i = 0; i < points->n; i++)
    if (points->at[i] != '\r' /* of \r\n only \n stays */ || i + 1 == points->n || points->at[i + 1] != '\n')
      GAZE_TRY(repair_point(spare, points->at[i]));
  drop_controls(spare);
  points->n = 0;
  return gaze_points_compose(points, spare->at, spare->n);
}

/* Appends source [n], repaired until nothing changes. */
static gaze_err repair_segment(const int32_t *source, size_t n, bool html, gaze_points *out) {
  gaze_points before = {0}, after = {0}, spare = {0};
  size_t budget = LOOKS_MAX * (n + SHORT);
  gaze_err err;
  GAZE_TRY_DONE(gaze_points_append(&after, source, n));
  while (after.n <= budget && !gaze_points_equal(&before, &after)) {
    budget -= after.n;
    before.n = 0;
    GAZE_TRY_DONE(gaze_points_append(&before, after.at, after.n));
    GAZE_TRY_DONE(repair_once(&after, html, &spare, &budget));
  }
  err = gaze_points_append(out, after.at, after.n);
done:
  gaze_points_fini(&before);
  gaze_points_fini(&after);
  gaze_points_fini(&spare);
  return err;
}

static bool is_plain(const int32_t *points, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (points[i] >= 0x7F || (points[i] < 0x20 && points[i] != '\n') || points[i] == '&')
      return false;
  return true;
}

/* The length of the first segment of points [n]: a line with its end. *markup: it has a "<". */
static size_t measure_segment(const int32_t *points, size_t n, bool *markup) {
  size_t end = 0;
  *markup = false;
  while (end < n && end < SEGMENT_MAX) {
    *markup = *markup || points[end] == '<';
    if (points[end++] == '\n')
      break;
  }
  return end;
}

gaze_err gaze_repair(gaze_points *points) {
  if (is_plain(points->at, points->n))
    return GAZE_OK;
  gaze_points out = {0};
  gaze_err err = GAZE_OK;
  bool html = true, markup; /* from a "<" on the text may be HTML itself, whose references are meant */
  for (size_t i = 0, n; i < points->n; i += n) {
    n = measure_segment(points->at + i, points->n - i, &markup);
    html = html && !markup;
    GAZE_TRY_DONE(is_plain(points->at + i, n) ? gaze_points_append(&out, points->at + i, n)
                                              : repair_segment(points->at + i, n, html, &out));
  }
  gaze_points_swap(points, &out);
done:
  gaze_points_fini(&out);
  return err;
}
