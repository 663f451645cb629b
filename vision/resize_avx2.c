#include "vision/resize_pass.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

/* AVX2 multiplies pairs of 16-bit numbers and adds them into 32 bits. A coefficient of 23 bits and a sign is split as
 * high * 2^LOW_BITS + low, both of 16 bits, low >= 0. */
#define LOW_BITS 15
#define ROWS 4 /* side by side, to share the preparation of coefficients */
#define AVX2 __attribute__((target("avx2")))

/* Lanes of a half register: R G B and nothing, each of two taps as 16-bit numbers; upper half: the next two taps. */
AVX2 static inline __m256i pixel_shuffle(void) {
  return _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, /* taps 0, 1 */
                          6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
}

/* From 16-bit low0..3 high0..3 to the coefficients beside those pixels; offset 0 low, 8 high. */
AVX2 static inline __m256i weight_shuffle(int offset) {
  const __m256i low = _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, /* taps 0, 1 */
                                       4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  return _mm256_add_epi8(low, _mm256_set1_epi8((char)offset));
}

/* Four coefficients to 16-bit low0..3 high0..3, the same in both halves. */
AVX2 static inline __m256i split_weights(const int32_t *weights) {
  __m128i w = _mm_loadu_si128((const __m128i *)weights);
  __m128i low = _mm_and_si128(w, _mm_set1_epi32((1 << LOW_BITS) - 1)), high = _mm_srai_epi32(w, LOW_BITS);
  return _mm256_broadcastsi128_si256(_mm_packs_epi32(low, high));
}

/* Sums of both taps' halves to R G B 8-bit numbers in the lowest three bytes. */
AVX2 static inline uint32_t finish_pixel(__m256i low, __m256i high) {
  __m256i sums = _mm256_add_epi32(low, _mm256_slli_epi32(high, LOW_BITS));
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (GAZE_RESIZE_BITS - 1))), GAZE_RESIZE_BITS);
  sum = _mm_packs_epi32(sum, sum);
  return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
}

/* One result pixel in ROWS rows. Loads up to 13 bytes past the last tap. */
AVX2 static inline void across_pixel(const int32_t *weights, int count, const uint8_t *const in[ROWS], size_t at,
                                     uint8_t *const out[ROWS]) {
  const __m256i pixels = pixel_shuffle(), to_low = weight_shuffle(0), to_high = weight_shuffle(8);
  __m256i low[ROWS] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  __m256i high[ROWS] = {low[0], low[0], low[0], low[0]};
  for (int k = 0; k < count; k += GAZE_RESIZE_GROUP, at += 3 * GAZE_RESIZE_GROUP) {
    __m256i split = split_weights(weights + k);
    __m256i low_weights = _mm256_shuffle_epi8(split, to_low), high_weights = _mm256_shuffle_epi8(split, to_high);
    for (int r = 0; r < ROWS; r++) {
      __m256i p = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(in[r] + at)));
      p = _mm256_shuffle_epi8(p, pixels);
      low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(p, low_weights));
      high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(p, high_weights));
    }
  }
  for (int r = 0; r < ROWS; r++) {
    uint32_t rgb = finish_pixel(low[r], high[r]);
    memcpy(out[r], &rgb, 3);
  }
}

/* The last row goes to the portable version: nothing may be loaded past its end. */
AVX2 static void across(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, uint8_t *out) {
  size_t out_stride = (size_t)axis->n * 3;
  int wide = stride >= 16 ? rows - 1 : 0;
  for (int y = 0; y < wide; y += ROWS) {
    const uint8_t *from[ROWS];
    uint8_t *to[ROWS];
    for (int r = 0; r < ROWS; r++) { /* past the end: the last row again */
      size_t row = (size_t)(y + r < wide ? y + r : wide - 1);
      from[r] = in + row * stride;
      to[r] = out + row * out_stride;
    }
    for (int x = 0; x < axis->n; x++) {
      across_pixel(axis->weights + (size_t)x * (size_t)axis->taps, axis->count[x], from, (size_t)axis->first[x] * 3,
                   to);
      for (int r = 0; r < ROWS; r++)
        to[r] += 3;
    }
  }
  gaze_resize_portable.across(axis, in + (size_t)wide * stride, stride, rows - wide, out + (size_t)wide * out_stride);
}

/* 16 columns: rows in pairs, interleaved. Even counts; an odd last row is paired with itself at coefficient 0. */
AVX2 static inline __m128i down_block(const int32_t *weights, int count, const uint8_t *in, size_t stride) {
  __m256i low[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()}, high[2] = {low[0], low[0]};
  for (int k = 0; k < count; k += 2, in += 2 * stride) {
    bool paired = k + 1 < count;
    int32_t first = weights[k], second = paired ? weights[k + 1] : 0;
    __m256i low_weights = _mm256_set1_epi32((first & 0x7fff) | (second & 0x7fff) << 16);
    __m256i high_weights =
        _mm256_set1_epi32((int32_t)(((uint32_t)(first >> LOW_BITS) & 0xffff) | (uint32_t)(second >> LOW_BITS) << 16));
    __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)in));
    __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(paired ? in + stride : in)));
    __m256i pairs[2] = {_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)};
    for (int i = 0; i < 2; i++) {
      low[i] = _mm256_add_epi32(low[i], _mm256_madd_epi16(pairs[i], low_weights));
      high[i] = _mm256_add_epi32(high[i], _mm256_madd_epi16(pairs[i], high_weights));
    }
  }
  const __m256i half = _mm256_set1_epi32(1 << (GAZE_RESIZE_BITS - 1));
  __m256i sums[2];
  for (int i = 0; i < 2; i++) {
    sums[i] = _mm256_add_epi32(_mm256_add_epi32(low[i], half), _mm256_slli_epi32(high[i], LOW_BITS));
    sums[i] = _mm256_srai_epi32(sums[i], GAZE_RESIZE_BITS);
  }
  __m256i words = _mm256_packs_epi32(sums[0], sums[1]);
  return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

AVX2 static void down(const int32_t *weights, int count, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out) {
  size_t i = 0;
  for (; i + 16 <= bytes; i += 16)
    _mm_storeu_si128((__m128i *)(out + i), down_block(weights, count, in + i, stride));
  gaze_resize_portable.down(weights, count, in + i, stride, bytes - i, out + i);
}

const gaze_resize_passes gaze_resize_avx2 = {across, down};

#endif
