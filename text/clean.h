/* open_clip's clean='lower': what its SimpleTokenizer does to a text before the pieces are cut. */
#ifndef GAZE_TEXT_CLEAN_H
#define GAZE_TEXT_CLEAN_H

#include "text/points.h"

/* ftfy's repairs (repair.h), mojibake among them, HTML unescaped twice, white space folded and stripped, lower case as
 * Python's str.lower(). In place. */
GAZE_CHECKED gaze_err gaze_clean(gaze_points *points);

#endif
