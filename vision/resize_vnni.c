#include "vision/resize_pass.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512vnni")))

enum { ROWS = GAZE_RESIZE_ROWS, LANES = 4 /* of 128 bits in a register */, QUAD = GAZE_RESIZE_QUAD };

_Static_assert(ROWS == LANES * QUAD, "a register holds 32 bits of every row");

/* Row QUAD * lane + i of a block is in lane `lane` of register i, or in element QUAD * lane + i of a register. */
typedef struct row_block {
  const uint8_t *in[ROWS];
  uint8_t *out[ROWS];
} row_block;

/* 16 bytes of four rows. */
VNNI static inline __m512i load_lanes(const uint8_t *const in[ROWS], int i, size_t at) {
  __m512i rows = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(in[i] + at)));
  rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(in[QUAD + i] + at)), 1);
  rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(in[2 * QUAD + i] + at)), 2);
  return _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(in[3 * QUAD + i] + at)), 3);
}

/* Four pixels of every row, R G B side by side, to three registers: four R of every row, four G, four B. */
VNNI static inline void turn_quad(const uint8_t *const in[ROWS], size_t at, __m512i turned[3]) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
  __m512i rows[QUAD];
  for (int i = 0; i < QUAD; i++)
    rows[i] = _mm512_shuffle_epi8(load_lanes(in, i, at), order);
  __m512i upper = _mm512_unpacklo_epi32(rows[0], rows[1]), lower = _mm512_unpacklo_epi32(rows[2], rows[3]);
  turned[0] = _mm512_unpacklo_epi64(upper, lower);
  turned[1] = _mm512_unpackhi_epi64(upper, lower);
  turned[2] = _mm512_unpacklo_epi64(_mm512_unpackhi_epi32(rows[0], rows[1]), _mm512_unpackhi_epi32(rows[2], rows[3]));
}

/* 8 bits of every row, from its sums with the coefficients' upper, middle and lower bytes. */
VNNI static inline __m512i finish(const __m512i sums[3]) {
  __m512i upper = _mm512_add_epi32(_mm512_slli_epi32(sums[0], 8), sums[1]);
  __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(upper, 8), sums[2]);
  sum = _mm512_srai_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(GAZE_RESIZE_HALF)), GAZE_RESIZE_BITS);
  return _mm512_min_epi32(_mm512_max_epi32(sum, _mm512_setzero_si512()), _mm512_set1_epi32(255));
}

VNNI static inline __m512i load_weights(const int8_t *weights) {
  int32_t four;
  memcpy(&four, weights, sizeof four);
  return _mm512_set1_epi32(four);
}

/* Result pixel x of every row: R G B and nothing. Bytes times bytes, four inputs an instruction. */
VNNI static inline __m512i sum_pixel(const gaze_resize_axis *axis, int x, const __m512i *turned) {
  const int8_t *weights = axis->bytes + (size_t)x * (size_t)axis->quads * 3 * QUAD;
  int quads = (axis->first[x] % QUAD + axis->count[x] + QUAD - 1) / QUAD;
  __m512i sums[3][3]; /* channel, byte of the coefficient */
  for (int c = 0; c < 3; c++)
    sums[c][0] = sums[c][1] = sums[c][2] = _mm512_setzero_si512();
  for (int q = 0; q < quads; q++, turned += 3, weights += 3 * QUAD) {
    __m512i bytes[3];
    for (int b = 0; b < 3; b++)
      bytes[b] = load_weights(weights + b * QUAD);
    for (int c = 0; c < 3; c++) {
      __m512i pixels = turned[c];
      for (int b = 0; b < 3; b++)
        sums[c][b] = _mm512_dpbusd_epi32(sums[c][b], pixels, bytes[b]);
    }
  }
  __m512i green = _mm512_slli_epi32(finish(sums[1]), 8), blue = _mm512_slli_epi32(finish(sums[2]), 16);
  return _mm512_or_si512(finish(sums[0]), _mm512_or_si512(green, blue));
}

/* The first n bytes of a lane, at most 12; when `room`, 16 are written. */
VNNI static inline void store_lane(__m128i lane, uint8_t *out, size_t n, bool room) {
  uint8_t bytes[16];
  if (room) {
    _mm_storeu_si128((__m128i *)out, lane);
    return;
  }
  _mm_storeu_si128((__m128i *)bytes, lane);
  memcpy(out, bytes, n);
}

/* n result pixels of every row, at most QUAD, to their places. room: what follows them in the row is made later. */
VNNI static inline void store_quad(const __m512i pixels[QUAD], size_t at, int n, bool room, uint8_t *const out[ROWS]) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  __m512i a = _mm512_unpacklo_epi32(pixels[0], pixels[1]), b = _mm512_unpacklo_epi32(pixels[2], pixels[3]);
  __m512i c = _mm512_unpackhi_epi32(pixels[0], pixels[1]), d = _mm512_unpackhi_epi32(pixels[2], pixels[3]);
  __m512i rows[QUAD] = {_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b), _mm512_unpacklo_epi64(c, d),
                        _mm512_unpackhi_epi64(c, d)};
  size_t bytes = (size_t)n * 3;
  for (int i = 0; i < QUAD; i++) {
    __m512i row = _mm512_shuffle_epi8(rows[i], order);
    store_lane(_mm512_extracti32x4_epi32(row, 0), out[i] + at, bytes, room);
    store_lane(_mm512_extracti32x4_epi32(row, 1), out[QUAD + i] + at, bytes, room);
    store_lane(_mm512_extracti32x4_epi32(row, 2), out[2 * QUAD + i] + at, bytes, room);
    store_lane(_mm512_extracti32x4_epi32(row, 3), out[3 * QUAD + i] + at, bytes, room);
  }
}

/* All rows of a block at once, one in each element of a register: their pixels are turned first, in which every input
 * is looked at once, while every result looks at many. */
VNNI static void across_block(const gaze_resize_axis *axis, const row_block *rows, __m512i *turned) {
  const int begin = axis->begin / QUAD, end = (axis->end + QUAD - 1) / QUAD;
  for (int q = begin; q < end; q++)
    turn_quad(rows->in, (size_t)q * 3 * QUAD, turned + 3 * (q - begin));
  for (int x = 0; x < axis->n; x += QUAD) {
    __m512i pixels[QUAD];
    int n = axis->n - x < QUAD ? axis->n - x : QUAD;
    for (int i = 0; i < QUAD; i++) {
      int at = i < n ? x + i : x;
      pixels[i] = sum_pixel(axis, at, turned + 3 * (axis->first[at] / QUAD - begin));
    }
    store_quad(pixels, (size_t)x * 3, n, x + 2 * QUAD <= axis->n, rows->out);
  }
}

VNNI static void across(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, void *room,
                        uint8_t *out) {
  for (int y = 0; y < rows; y += ROWS) {
    row_block block;
    for (int r = 0; r < ROWS; r++) { /* past the end: the last row again */
      size_t row = (size_t)(y + r < rows ? y + r : rows - 1);
      block.in[r] = in + row * stride;
      block.out[r] = out + row * (size_t)axis->n * 3;
    }
    across_block(axis, &block, room);
  }
}

const gaze_resize_passes gaze_resize_vnni = {across, gaze_resize_down_avx2};

#endif
