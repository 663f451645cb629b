/* Character references of HTML (&amp; &#38; &#x26;). */
#ifndef GAZE_TEXT_HTML_H
#define GAZE_TEXT_HTML_H

#include "text/points.h"

/* Replaces what out held by source [n] unescaped as Python's html.unescape does. careful: as ftfy does,
 * only names in full and references with their semicolon, and names all in capitals too (&NTILDE;). */
GAZE_CHECKED gaze_err gaze_html_unescape(const int32_t *source, size_t n, bool careful, gaze_points *out);
/* A C1 control (U+0080 to U+009F) as the character that Windows-1252 has there; others are their own. */
int32_t gaze_html_windows_point(int32_t point);

#endif
