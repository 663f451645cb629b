#include "fusion/difference.h"

#include <math.h>

/* Sums over a row. */
typedef struct sums {
  double got, wanted, both;
} sums;

static void add_number(gaze_difference *difference, sums *row, double got, double wanted) {
  double off = got - wanted;
  row->got += got * got;
  row->wanted += wanted * wanted;
  row->both += got * wanted;
  difference->off += off * off;
  if (!(fabs(off) <= difference->max_abs)) /* so that what is not a number stays */
    difference->max_abs = fabs(off);
}

static void end_row(gaze_difference *difference, const sums *row) {
  double lengths = sqrt(row->got) * sqrt(row->wanted);
  double cosine = row->got == 0 && row->wanted == 0 ? 1 : lengths == 0 ? 0 : row->both / lengths;
  difference->wanted += row->wanted;
  if (!(cosine >= difference->lowest_cosine))
    difference->lowest_cosine = cosine;
}

void gaze_difference_add(gaze_difference *difference, const float *got, const float *wanted, size_t rows,
                         size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    sums row = {0};
    for (size_t i = r * columns; i < (r + 1) * columns; i++)
      add_number(difference, &row, got[i], wanted[i]);
    end_row(difference, &row);
  }
}

void gaze_difference_add_bytes(gaze_difference *difference, const uint8_t *got, const uint8_t *wanted, size_t n) {
  sums row = {0};
  for (size_t i = 0; i < n; i++)
    add_number(difference, &row, got[i], wanted[i]);
  end_row(difference, &row);
}

double gaze_difference_relative(const gaze_difference *difference) {
  return difference->off == 0 ? 0 : sqrt(difference->off / difference->wanted);
}
