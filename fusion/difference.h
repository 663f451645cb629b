/* How far what was computed is from what a reference has: rows are added one after another, then it is read. */
#ifndef GAZE_FUSION_DIFFERENCE_H
#define GAZE_FUSION_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

typedef struct gaze_difference {
  double max_abs;
  double lowest_cosine; /* of the rows, and 1 where both are zero */
  double wanted, off;   /* sums of squares, of the reference and of what is off */
} gaze_difference;

#define GAZE_NO_DIFFERENCE ((gaze_difference){.lowest_cosine = 1})

/* got, wanted: [rows, columns] */
void gaze_difference_add(gaze_difference *difference, const float *got, const float *wanted, size_t rows,
                         size_t columns);
void gaze_difference_add_bytes(gaze_difference *difference, const uint8_t *got, const uint8_t *wanted, size_t n);
/* ||got - wanted|| / ||wanted||; infinite where the reference is zero and got is not; not a number where got is none.
 */
double gaze_difference_relative(const gaze_difference *difference);

#endif
