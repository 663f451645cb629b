/* Vectors as bytes: what the scan reads. The final ranking never uses them. */
#ifndef GAZE_INDEX_QUANTISE_H
#define GAZE_INDEX_QUANTISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* row: [stride], x ~ row * scale with |row| <= 127, zeros behind dim. Returns the scale, max |x| / 127. */
float gaze_quantise_row(int8_t *row, size_t stride, const float *x, size_t dim);
/* query: [stride] within +-4095, so that the sum with any row fits int32 up to GAZE_DIM_MAX. */
void gaze_quantise_query(int16_t *query, size_t stride, const float *x, size_t dim);

/* Summed in double, in eight lanes whatever the processor: the same everywhere. */
float gaze_vector_dot(const float *a, const float *b, size_t dim);
/* Finite, and its length is 1 within a thousandth. */
bool gaze_vector_is_unit(const float *x, size_t dim);

#endif
