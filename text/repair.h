/* ftfy's repairs of text (version 6's defaults) that need no guess: references to characters, C1 controls, Latin
 * ligatures, full and half width, curly quotes, terminal escapes, control characters, NFC. Left out: mojibake
 * (fix_encoding), and the names of entities written all in capitals. */
#ifndef GAZE_TEXT_REPAIR_H
#define GAZE_TEXT_REPAIR_H

#include "text/points.h"

/* In place. */
GAZE_CHECKED gaze_err gaze_repair(gaze_points *points);

#endif
