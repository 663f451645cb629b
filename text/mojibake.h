/* Repair of mojibake, UTF-8 that was once read as an 8-bit code page ("donâ€™t" for "don't"): ftfy's fix_encoding
 * (version 6, Robyn Speer). */
#ifndef GAZE_TEXT_MOJIBAKE_H
#define GAZE_TEXT_MOJIBAKE_H

#include "text/points.h"

/* In place, again and again until nothing changes, or until as many characters as *budget were looked at, which is
 * lowered by those that were. Text that does not look like mojibake costs nothing. */
GAZE_CHECKED gaze_err gaze_mojibake_repair(gaze_points *points, size_t *budget);

#endif
