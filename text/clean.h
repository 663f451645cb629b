/* What open_clip does to a text before its tokenizers see it. */
#ifndef GAZE_TEXT_CLEAN_H
#define GAZE_TEXT_CLEAN_H

#include "text/points.h"

typedef enum gaze_cleaning {
  GAZE_CLEAN_NOT,
  GAZE_CLEAN_WHITESPACE, /* ftfy's repairs (repair.h), mojibake among them, HTML unescaped twice, white space folded and
                            stripped */
  GAZE_CLEAN_LOWER,      /* and lower case, as Python's str.lower(): what SimpleTokenizer does */
  GAZE_CLEAN_CANONICAL   /* and no punctuation of ASCII, _ a space */
} gaze_cleaning;

/* In place. */
GAZE_CHECKED gaze_err gaze_clean(gaze_points *points, gaze_cleaning cleaning);

#endif
