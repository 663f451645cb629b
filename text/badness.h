/* Whether a text looks like mojibake: UTF-8 that was once read as an 8-bit code page. */
#ifndef GAZE_TEXT_BADNESS_H
#define GAZE_TEXT_BADNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether points [n] hold a sequence that people do not write, such as a lower case accented letter and a currency
 * sign. The heuristic is that of ftfy 6 (Robyn Speer), its classes and sequences; time is linear in n. */
bool gaze_is_bad(const int32_t *points, size_t n);

#endif
