/* Where boxes lie in a picture and to each other; only what nobody would dispute. */
#ifndef GAZE_FUSION_BOX_LAYOUT_H
#define GAZE_FUSION_BOX_LAYOUT_H

#include "fusion/dataset.h"

typedef enum gaze_place {
  GAZE_PLACE_LEFT,
  GAZE_PLACE_RIGHT,
  GAZE_PLACE_TOP,
  GAZE_PLACE_BOTTOM,
  GAZE_PLACE_MIDDLE,
  GAZE_PLACE_TOP_LEFT,
  GAZE_PLACE_TOP_RIGHT,
  GAZE_PLACE_BOTTOM_LEFT,
  GAZE_PLACE_BOTTOM_RIGHT,
  GAZE_PLACES /* none: too large, or between two places */
} gaze_place;

typedef enum gaze_side { GAZE_SIDE_LEFT, GAZE_SIDE_RIGHT, GAZE_SIDE_ABOVE, GAZE_SIDE_BELOW, GAZE_SIDES } gaze_side;

extern const char *const gaze_place_lists[GAZE_PLACES]; /* their lists of phrases */
extern const char *const gaze_side_lists[GAZE_SIDES];

gaze_place gaze_box_place(const gaze_object *box);
/* On which side of `other` the box lies; GAZE_SIDES: on none for certain. */
gaze_side gaze_box_side(const gaze_object *box, const gaze_object *other);
gaze_side gaze_side_opposite(gaze_side side);

#endif
