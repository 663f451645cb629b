#include "vision/resize_pass.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define ROWS GAZE_RESIZE_ROWS

/* The pass across works on ROWS rows at once, a row a lane. For that the inputs are laid out anew: for each pair of
 * neighbouring pixels and each channel one register, whose 32-bit lanes hold both values of a row in 16 bits each, as
 * the multiplication of pairs wants them. Eight pixels make twelve such registers. */
enum { PIXELS = 8, REGISTERS = 12, BYTES = 24 };

/* Four 32-bit values of each of eight rows to four registers: lane r of register i is value i of row r. */
AVX2 static inline void transpose(const __m256i rows[4], __m256i *to) {
  __m256i a = _mm256_unpacklo_epi32(rows[0], rows[1]), b = _mm256_unpackhi_epi32(rows[0], rows[1]);
  __m256i c = _mm256_unpacklo_epi32(rows[2], rows[3]), d = _mm256_unpackhi_epi32(rows[2], rows[3]);
  _mm256_store_si256(to, _mm256_unpacklo_epi64(a, c));
  _mm256_store_si256(to + 1, _mm256_unpackhi_epi64(a, c));
  _mm256_store_si256(to + 2, _mm256_unpacklo_epi64(b, d));
  _mm256_store_si256(to + 3, _mm256_unpackhi_epi64(b, d));
}

/* Which bytes of the 16 from an offset on make the four pairs of a third: R0R1 G0G1 B0B1 R2R3, G2G3 B2B3 R4R5 G4G5,
 * B4B5 R6R7 G6G7 B6B7. */
static const struct {
  int offset;
  int8_t bytes[16];
} thirds[3] = {{0, {0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, 6, -1, 9, -1}},
               {7, {0, -1, 3, -1, 1, -1, 4, -1, 5, -1, 8, -1, 6, -1, 9, -1}},
               {14, {0, -1, 3, -1, 4, -1, 7, -1, 5, -1, 8, -1, 6, -1, 9, -1}}};

/* Loads up to 30 bytes from the last pixel on. */
AVX2 static void lay_out(const uint8_t *const in[ROWS], int pixels, __m256i *to) {
  __m256i orders[3];
  for (int t = 0; t < 3; t++)
    orders[t] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)thirds[t].bytes));
  for (size_t at = 0; pixels > 0; pixels -= PIXELS, at += BYTES)
    for (int t = 0; t < 3; t++, to += REGISTERS / 3) {
      __m256i rows[4];
      for (int r = 0; r < 4; r++) {
        const uint8_t *upper = in[r] + at + thirds[t].offset, *lower = in[r + 4] + at + thirds[t].offset;
        __m256i both = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)upper));
        both = _mm256_inserti128_si256(both, _mm_loadu_si128((const __m128i *)lower), 1);
        rows[r] = _mm256_shuffle_epi8(both, orders[t]);
      }
      transpose(rows, to);
    }
}

/* Two neighbouring coefficients in each lane. */
AVX2 static inline __m256i weight_pair(const int16_t *weights) {
  int32_t pair;
  memcpy(&pair, weights, sizeof pair);
  return _mm256_set1_epi32(pair);
}

/* Adds a pair's products of one channel; `in` is that channel's register. */
AVX2 static inline __m256i add_pair(__m256i sum, const __m256i *in, __m256i weights) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(*in, weights));
}

/* The sums of `taps`, a multiple of four, in each channel. */
AVX2 static inline void sum_channels(const __m256i *in, const int16_t *weights, int taps, __m256i sums[3]) {
  __m256i red = _mm256_setzero_si256(), green = red, blue = red;
  for (int k = 0; k < taps; k += 4, in += 6) {
    __m256i first = weight_pair(weights + k), second = weight_pair(weights + k + 2);
    red = add_pair(add_pair(red, in, first), in + 3, second);
    green = add_pair(add_pair(green, in + 1, first), in + 4, second);
    blue = add_pair(add_pair(blue, in + 2, first), in + 5, second);
  }
  sums[0] = red, sums[1] = green, sums[2] = blue;
}

/* Whether adding low or high to any lane of a sum makes another result. */
AVX2 static inline bool matters(const __m256i sums[3], __m256i low, __m256i high) {
  __m256i change = _mm256_setzero_si256();
  for (int c = 0; c < 3; c++)
    change = _mm256_or_si256(change, _mm256_xor_si256(_mm256_add_epi32(sums[c], low), _mm256_add_epi32(sums[c], high)));
  return !_mm256_testz_si256(change, _mm256_set1_epi32(-(1 << GAZE_RESIZE_BITS)));
}

/* The 8-bit results, R G B and nothing in each lane. */
AVX2 static inline __m256i finish_pixel(const __m256i sums[3], __m256i rest) {
  const __m256i order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, -1, 1, 5, 9, -1, 2, 6, 10, -1, 3, 7, 11, -1));
  __m256i values[3];
  for (int c = 0; c < 3; c++)
    values[c] = _mm256_srai_epi32(_mm256_add_epi32(sums[c], rest), GAZE_RESIZE_BITS);
  __m256i words = _mm256_packs_epi32(values[0], values[1]), blue = _mm256_packs_epi32(values[2], values[2]);
  return _mm256_shuffle_epi8(_mm256_packus_epi16(words, blue), order);
}

/* One result pixel in ROWS rows. */
AVX2 static inline __m256i across_pixel(const gaze_resize_axis *axis, int x, const __m256i *in) {
  const size_t weights = (size_t)x * (size_t)axis->taps;
  const __m256i low = _mm256_set1_epi32(axis->lowest[x]), high = _mm256_set1_epi32(axis->highest[x]);
  __m256i sums[3], fine[3];
  sum_channels(in, axis->coarse + weights, axis->count[x], sums);
  for (int c = 0; c < 3; c++)
    sums[c] = _mm256_slli_epi32(sums[c], axis->shift);
  if (!matters(sums, low, high))
    return finish_pixel(sums, low);
  sum_channels(in, axis->fine + weights, axis->count[x], fine);
  for (int c = 0; c < 3; c++)
    sums[c] = _mm256_add_epi32(sums[c], fine[c]);
  return finish_pixel(sums, _mm256_set1_epi32(GAZE_RESIZE_HALF));
}

AVX2 static void across(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, void *scratch,
                        uint8_t *out) {
  __m256i *laid_out = scratch;
  size_t out_stride = (size_t)axis->n * 3;
  for (int y = 0; y < rows; y += ROWS) {
    const uint8_t *from[ROWS];
    int n = rows - y < ROWS ? rows - y : ROWS;
    for (int r = 0; r < ROWS; r++) /* past the end: the last row again */
      from[r] = in + (size_t)(y + (r < n ? r : n - 1)) * stride + (size_t)axis->begin * 3;
    lay_out(from, axis->end - axis->begin, laid_out);
    for (int x = 0; x < axis->n; x++) {
      uint32_t pixels[ROWS];
      __m256i row_pixels = across_pixel(axis, x, laid_out + (size_t)(axis->first[x] - axis->begin) / 2 * 3);
      _mm256_storeu_si256((__m256i *)pixels, row_pixels);
      uint8_t *to = out + (size_t)y * out_stride + (size_t)x * 3;
      for (int r = 0; r < n; r++, to += out_stride)
        memcpy(to, &pixels[r], 3);
    }
  }
}

/* The pass down splits coefficients at a fixed place: high * 2^LOW_BITS + low, low >= 0. */
#define LOW_BITS 15
#define LOW_MASK ((1 << LOW_BITS) - 1)

/* 16 columns: rows in pairs, interleaved. Even counts; an odd last row is paired with itself at coefficient 0. */
AVX2 static inline __m128i down_block(const int32_t *weights, int count, const uint8_t *in, size_t stride) {
  __m256i low[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()}, high[2] = {low[0], low[0]};
  for (int k = 0; k < count; k += 2, in += 2 * stride) {
    bool paired = k + 1 < count;
    int32_t first = weights[k], second = paired ? weights[k + 1] : 0;
    __m256i low_weights = _mm256_set1_epi32((first & LOW_MASK) | (second & LOW_MASK) << 16);
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
  const __m256i half = _mm256_set1_epi32(GAZE_RESIZE_HALF);
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
