#include "fusion/box_layout.h"

#include <math.h>

/* In fractions of the picture. Between the bands nothing is said. */
static const float low_band = 0.36f, high_band = 0.64f, inner_low = 0.4f, inner_high = 0.6f, largest = 0.7f;
static const float apart = 0.12f;  /* of centres, at least */
static const float overlap = 0.3f; /* of the smaller box, at most */

const char *const gaze_place_lists[GAZE_PLACES] = {"place.left",      "place.right",       "place.top",
                                                   "place.bottom",    "place.middle",      "place.top.left",
                                                   "place.top.right", "place.bottom.left", "place.bottom.right"};
const char *const gaze_side_lists[GAZE_SIDES] = {"side.left", "side.right", "side.above", "side.below"};

/* 0 before the middle, 1 in it, 2 behind it, 3 between. */
static int band_of(float centre) {
  if (centre <= low_band)
    return 0;
  if (centre >= high_band)
    return 2;
  return centre >= inner_low && centre <= inner_high ? 1 : 3;
}

gaze_place gaze_box_place(const gaze_object *box) {
  static const gaze_place places[3][3] = {{GAZE_PLACE_TOP_LEFT, GAZE_PLACE_TOP, GAZE_PLACE_TOP_RIGHT},
                                          {GAZE_PLACE_LEFT, GAZE_PLACE_MIDDLE, GAZE_PLACE_RIGHT},
                                          {GAZE_PLACE_BOTTOM_LEFT, GAZE_PLACE_BOTTOM, GAZE_PLACE_BOTTOM_RIGHT}};
  int across = band_of(box->x + box->width / 2), down = band_of(box->y + box->height / 2);
  bool too_large = box->width > largest || box->height > largest;
  return across == 3 || down == 3 || too_large ? GAZE_PLACES : places[down][across];
}

/* Whether [a, a + a_size) lies clearly before [b, b + b_size). */
static bool is_before(float a, float a_size, float b, float b_size) {
  float smaller = a_size < b_size ? a_size : b_size;
  return b + b_size / 2 - (a + a_size / 2) >= apart && a + a_size - b <= overlap * smaller;
}

gaze_side gaze_box_side(const gaze_object *box, const gaze_object *other) {
  float across = fabsf(box->x + box->width / 2 - other->x - other->width / 2);
  float down = fabsf(box->y + box->height / 2 - other->y - other->height / 2);
  if (across >= 1.5f * down) {
    if (is_before(box->x, box->width, other->x, other->width))
      return GAZE_SIDE_LEFT;
    if (is_before(other->x, other->width, box->x, box->width))
      return GAZE_SIDE_RIGHT;
  } else if (down >= 1.5f * across) {
    if (is_before(box->y, box->height, other->y, other->height))
      return GAZE_SIDE_ABOVE;
    if (is_before(other->y, other->height, box->y, box->height))
      return GAZE_SIDE_BELOW;
  }
  return GAZE_SIDES;
}

gaze_side gaze_side_opposite(gaze_side side) {
  static const gaze_side opposites[] = {GAZE_SIDE_RIGHT, GAZE_SIDE_LEFT, GAZE_SIDE_BELOW, GAZE_SIDE_ABOVE, GAZE_SIDES};
  return opposites[side];
}
