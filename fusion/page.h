/* Pieces of an HTML page that holds everything within itself. */
#ifndef GAZE_FUSION_PAGE_H
#define GAZE_FUSION_PAGE_H

#include "fusion/history.h"

#include <stdio.h>

/* Text, as content or within a quoted attribute. */
void gaze_page_text(FILE *stream, const char *text);

/* An <img> with the encoded picture as it is. False, and nothing written: no format that browsers show. */
bool gaze_page_picture(FILE *stream, const uint8_t *bytes, size_t size, const char *description);

typedef struct gaze_chart_line {
  const char *label;
  const gaze_curve *curve;
} gaze_chart_line;

enum { GAZE_CHART_LINES = 4 }; /* most of a chart: as many colours as the page's style has (--line0 ...) */

/* Lines over one pair of axes as SVG, each thinned to what can be seen by averaging neighbours, with a legend that says
 * their last values. */
void gaze_page_chart(FILE *stream, const char *title, const gaze_chart_line *lines, size_t n);

#endif
