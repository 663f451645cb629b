/* ftfy's repairs of text (version 6's defaults), a line at a time: references to characters, mojibake (mojibake.h), C1
 * controls, Latin ligatures, full and half width, curly quotes, line breaks, terminal escapes, control characters, NFC.
 * They are repeated until nothing changes, as ftfy does, but at most some 64 times a character. */
#ifndef GAZE_TEXT_REPAIR_H
#define GAZE_TEXT_REPAIR_H

#include "text/points.h"

/* In place. */
GAZE_CHECKED gaze_err gaze_repair(gaze_points *points);

#endif
