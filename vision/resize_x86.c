#include "vision/resize_pass.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
enum { ROWS = 4 /* at once */, HALF_ROWS = ROWS / 2, GROUP = GAZE_RESIZE_QUAD /* taps at once */ };

/* Coarse sums of result i, scaled and with the lowest that the fine sums may add; true where anything more might make
 * another result in any lane. */
AVX2 static inline bool refine(const gaze_resize_axis *axis, int i, __m256i *sums, int n) {
  const __m256i lowest = _mm256_set1_epi32(axis->lowest[i]), range = _mm256_set1_epi32(axis->range[i]);
  __m256i change = _mm256_setzero_si256();
  for (int k = 0; k < n; k++) {
    sums[k] = _mm256_add_epi32(_mm256_slli_epi32(sums[k], axis->shift), lowest);
    change = _mm256_or_si256(change, _mm256_xor_si256(sums[k], _mm256_add_epi32(sums[k], range)));
  }
  return !_mm256_testz_si256(change, _mm256_set1_epi32(-(1 << GAZE_RESIZE_BITS)));
}

AVX2 static inline void add_fine(const gaze_resize_axis *axis, int i, __m256i *sums, const __m256i *fine, int n) {
  const __m256i guess = _mm256_set1_epi32(axis->lowest[i] - GAZE_RESIZE_HALF);
  for (int k = 0; k < n; k++)
    sums[k] = _mm256_add_epi32(sums[k], _mm256_sub_epi32(fine[k], guess));
}

/* Four pixels as 16-bit numbers, in pairs of taps as the multiplication wants them: R0 R1 G0 G1 B0 B1 and nothing in
 * the lower half, taps 2 and 3 in the upper. */
AVX2 static inline __m256i load_pixels(const uint8_t *in) {
  const __m256i order = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, /* lower */
                                         6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)in)), order);
}

/* The coefficients beside them. */
AVX2 static inline __m256i load_weights(const int16_t *weights) {
  const __m256i order = _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, /* lower */
                                         4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  long long four;
  memcpy(&four, weights, sizeof four);
  return _mm256_shuffle_epi8(_mm256_set1_epi64x(four), order);
}

/* Sums of one result pixel, R G B and nothing, of two rows a register. Loads up to 13 bytes past the last tap. */
AVX2 static inline void sum_rows(const int16_t *weights, int taps, const uint8_t *const in[ROWS], size_t at,
                                 __m256i sums[HALF_ROWS]) {
  __m256i rows[ROWS];
  for (int r = 0; r < ROWS; r++)
    rows[r] = _mm256_setzero_si256();
  for (int k = 0; k < taps; k += GROUP, at += 3 * GROUP) {
    __m256i four = load_weights(weights + k);
    for (int r = 0; r < ROWS; r++)
      rows[r] = _mm256_add_epi32(rows[r], _mm256_madd_epi16(load_pixels(in[r] + at), four));
  }
  for (int i = 0; i < HALF_ROWS; i++) {
    __m256i lower = _mm256_permute2x128_si256(rows[2 * i], rows[2 * i + 1], 0x20);
    sums[i] = _mm256_add_epi32(lower, _mm256_permute2x128_si256(rows[2 * i], rows[2 * i + 1], 0x31));
  }
}

/* Sums of two rows a register to R G B and nothing, 8 bits each. */
AVX2 static inline void finish_pixel(const __m256i sums[HALF_ROWS], uint8_t *const out[ROWS]) {
  for (int i = 0; i < HALF_ROWS; i++) {
    __m256i value = _mm256_srai_epi32(sums[i], GAZE_RESIZE_BITS);
    value = _mm256_packs_epi32(value, value);
    value = _mm256_packus_epi16(value, value);
    uint32_t upper = (uint32_t)_mm256_extract_epi32(value, 0), lower = (uint32_t)_mm256_extract_epi32(value, 4);
    memcpy(out[2 * i], &upper, 3);
    memcpy(out[2 * i + 1], &lower, 3);
  }
}

AVX2 static inline void across_pixel(const gaze_resize_axis *axis, int x, const uint8_t *const in[ROWS],
                                     uint8_t *const out[ROWS]) {
  const size_t weights = (size_t)x * (size_t)axis->taps, at = (size_t)axis->first[x] * 3;
  __m256i sums[HALF_ROWS];
  sum_rows(axis->coarse + weights, axis->count[x], in, at, sums);
  if (refine(axis, x, sums, HALF_ROWS)) {
    __m256i fine[HALF_ROWS];
    sum_rows(axis->fine + weights, axis->count[x], in, at, fine);
    add_fine(axis, x, sums, fine, HALF_ROWS);
  }
  finish_pixel(sums, out);
}

AVX2 static void across(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, void *room,
                        uint8_t *out) {
  size_t out_stride = (size_t)axis->n * 3;
  for (int y = 0; y < rows; y += ROWS) {
    const uint8_t *from[ROWS];
    uint8_t *to[ROWS];
    for (int r = 0; r < ROWS; r++) { /* past the end: the last row again */
      size_t row = (size_t)(y + r < rows ? y + r : rows - 1);
      from[r] = in + row * stride;
      to[r] = out + row * out_stride;
    }
    for (int x = 0; x < axis->n; x++) {
      across_pixel(axis, x, from, to);
      for (int r = 0; r < ROWS; r++)
        to[r] += 3;
    }
  }
}

/* Sums of 16 columns, rows in pairs, interleaved; an odd last row is paired with itself at a coefficient of 0. Columns
 * 0 to 3 and 8 to 11 in one register, the rest in the other. */
AVX2 static inline void sum_columns(const int16_t *weights, int count, const uint8_t *in, size_t stride,
                                    __m256i sums[2]) {
  sums[0] = sums[1] = _mm256_setzero_si256();
  for (int k = 0; k < count; k += 2, in += 2 * stride) {
    int32_t two;
    memcpy(&two, weights + k, sizeof two);
    __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)in));
    __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(k + 1 < count ? in + stride : in)));
    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), _mm256_set1_epi32(two)));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), _mm256_set1_epi32(two)));
  }
}

AVX2 static inline __m128i down_block(const gaze_resize_axis *axis, int i, const uint8_t *in, size_t stride) {
  const size_t weights = (size_t)i * (size_t)axis->taps;
  __m256i sums[2];
  sum_columns(axis->coarse + weights, axis->count[i], in, stride, sums);
  if (refine(axis, i, sums, 2)) {
    __m256i fine[2];
    sum_columns(axis->fine + weights, axis->count[i], in, stride, fine);
    add_fine(axis, i, sums, fine, 2);
  }
  __m256i words =
      _mm256_packs_epi32(_mm256_srai_epi32(sums[0], GAZE_RESIZE_BITS), _mm256_srai_epi32(sums[1], GAZE_RESIZE_BITS));
  return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

AVX2 void gaze_resize_down_avx2(const gaze_resize_axis *axis, int i, const uint8_t *in, size_t stride, size_t bytes,
                                uint8_t *out) {
  size_t x = 0;
  for (; x + 16 <= bytes; x += 16)
    _mm_storeu_si128((__m128i *)(out + x), down_block(axis, i, in + x, stride));
  gaze_resize_portable.down(axis, i, in + x, stride, bytes - x, out + x);
}

const gaze_resize_passes gaze_resize_avx2 = {across, gaze_resize_down_avx2};

#endif
