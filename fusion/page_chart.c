#include "fusion/page.h"

#include <assert.h>
#include <math.h>

enum { WIDTH = 460, HEIGHT = 200, LEFT = 52, RIGHT = 20, TOP = 8, BOTTOM = 24, MOST_POINTS = 200 };

typedef struct axis {
  double low, high, step; /* step: between ticks */
  double start, length;   /* where low lies on the page, and how far high is from there */
} axis;

static double place(const axis *a, double value) {
  return a->start + a->length * (value - a->low) / (a->high - a->low);
}

/* The smallest of 1, 2, 5 times a power of ten that divides the range into at most `parts`. */
static double round_step(double range, int parts) {
  double power = pow(10, floor(log10(range / parts)));
  for (int i = 0; i < 3; i++)
    if (power * (double[]){1, 2, 5}[i] * parts >= range * 0.999)
      return power * (double[]){1, 2, 5}[i];
  return power * 10;
}

/* Widens [low, high] to whole ticks; a range that comes near 0 begins there. */
static axis make_axis(double low, double high, int parts, double start, double length) {
  if (low > 0 && low < 0.4 * high)
    low = 0;
  if (!(high - low > 1e-12 * fabs(high)))
    high = low + (low ? fabs(low) * 0.1 : 1);
  double step = round_step(high - low, parts);
  return (axis){floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, step, start, length};
}

static void measure(const gaze_chart_line *lines, size_t n, gaze_point *low, gaze_point *high) {
  *low = (gaze_point){HUGE_VAL, HUGE_VAL};
  *high = (gaze_point){-HUGE_VAL, -HUGE_VAL};
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < lines[i].curve->n; j++) {
      gaze_point point = lines[i].curve->points[j];
      *low = (gaze_point){fmin(low->x, point.x), fmin(low->y, point.y)};
      *high = (gaze_point){fmax(high->x, point.x), fmax(high->y, point.y)};
    }
}

static void write_ticks(FILE *stream, const axis *x, const axis *y) {
  for (double value = y->low; value <= y->high + 0.01 * y->step; value += y->step)
    fprintf(stream, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>",
            LEFT, place(y, value), WIDTH - RIGHT, LEFT - 6, place(y, value) + 4,
            fabs(value) < 1e-9 * y->step ? 0 : value);
  for (double value = x->low; value <= x->high + 0.01 * x->step; value += x->step)
    fprintf(stream, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>", place(x, value), HEIGHT - 6, value);
}

/* The mean of every `group` neighbours. */
static void write_line(FILE *stream, const gaze_curve *curve, size_t colour, const axis *x, const axis *y) {
  size_t group = (curve->n + MOST_POINTS - 1) / MOST_POINTS;
  fprintf(stream, "<path class=\"line\" stroke=\"var(--line%zu)\" d=\"", colour);
  for (size_t i = 0; i < curve->n; i += group) {
    size_t n = curve->n - i < group ? curve->n - i : group;
    gaze_point sum = {0};
    for (size_t j = 0; j < n; j++)
      sum = (gaze_point){sum.x + curve->points[i + j].x, sum.y + curve->points[i + j].y};
    fprintf(stream, "%c%.1f %.1f", i ? 'L' : 'M', place(x, sum.x / (double)n), place(y, sum.y / (double)n));
  }
  fputs(curve->n == 1 ? "h0.1\"/>" : "\"/>", stream); /* a single point shows as a dot */
}

static void write_legend(FILE *stream, const gaze_chart_line *lines, size_t n) {
  fputs("<p class=\"legend\">", stream);
  for (size_t i = 0; i < n; i++) {
    const gaze_curve *curve = lines[i].curve;
    fprintf(stream, "<span><i style=\"background:var(--line%zu)\"></i>", i);
    gaze_page_text(stream, lines[i].label);
    fprintf(stream, " <b>%.4g</b></span> ", curve->points[curve->n - 1].y);
  }
  fputs("</p>", stream);
}

void gaze_page_chart(FILE *stream, const char *title, const gaze_chart_line *lines, size_t n) {
  assert(n >= 1 && n <= GAZE_CHART_LINES);
  gaze_point low, high;
  measure(lines, n, &low, &high);
  axis x = make_axis(low.x, high.x, 5, LEFT, WIDTH - RIGHT - LEFT);
  x.high = fmax(high.x, x.low + 1);
  axis y = make_axis(low.y, high.y, 4, HEIGHT - BOTTOM, TOP + BOTTOM - HEIGHT);
  fputs("<figure class=\"chart\"><h3>", stream);
  gaze_page_text(stream, title);
  fputs("</h3>", stream);
  write_legend(stream, lines, n);
  fprintf(stream, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
  gaze_page_text(stream, title);
  fputs(" over steps\">", stream);
  write_ticks(stream, &x, &y);
  for (size_t i = 0; i < n; i++)
    write_line(stream, lines[i].curve, i, &x, &y);
  fputs("</svg></figure>\n", stream);
}
