/* Weights in GGUF's blocks with AVX2: 32 products of bytes in two steps. */
#include "core/kernels/levels.h"

#include <immintrin.h>

typedef struct bytes {
  __m256i low, high; /* 32 bytes each */
} bytes;

typedef struct lanes {
  __m256 low, high; /* 8 floats each */
} lanes;

/* Pairs of products are summed in 16 bits, which 255 would leave: Q8_0's bytes stay as they are stored. */
#define BYTES_ARE_SIGNED true

INLINED __m256i load_32(const void *at) { return _mm256_loadu_si256(at); }

INLINED bytes load_bytes(const uint8_t *at, const uint8_t *next) { return (bytes){load_32(at), load_32(next)}; }

/* Low bits of the first 16 bytes, high ones of the others. */
INLINED __m256i nibbles_of(__m128i at) {
  __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(at), _mm_srli_epi16(at, 4), 1);
  return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

INLINED bytes load_nibbles_of_two(const uint8_t *at, const uint8_t *next) {
  return (bytes){nibbles_of(_mm_loadu_si128((const __m128i *)(const void *)at)),
                 nibbles_of(_mm_loadu_si128((const __m128i *)(const void *)next))};
}

INLINED bytes load_nibbles(const uint8_t *at) {
  const __m256i mask = _mm256_set1_epi8(15);
  __m256i both = load_32(at);
  return (bytes){_mm256_and_si256(both, mask), _mm256_and_si256(_mm256_srli_epi16(both, 4), mask)};
}

/* 16 where bit j of 32 is set. */
INLINED __m256i sixteens(const uint8_t *at) {
  const __m256i places =
      _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
  __m256i spread_out = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)read_u32(at)), places);
  __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread_out, bit), bit);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

INLINED bytes add_bits(bytes x, const uint8_t *at, const uint8_t *next) {
  return (bytes){_mm256_or_si256(x.low, sixteens(at)), _mm256_or_si256(x.high, sixteens(next))};
}

INLINED __m256i sixteens_of_part(const uint8_t *high, size_t part) {
  const __m256i bit = _mm256_set1_epi8((char)(1 << part));
  __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(load_32(high), bit), bit);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

INLINED bytes add_bits_of_parts(bytes x, const uint8_t *high, size_t part) {
  return (bytes){_mm256_or_si256(x.low, sixteens_of_part(high, part)),
                 _mm256_or_si256(x.high, sixteens_of_part(high, part + 1))};
}

/* Four bits of 32 bytes and two of 32 more, the lowest of both or those `shift` higher. */
INLINED __m256i six_of(const uint8_t *four, int four_shift, const uint8_t *two, int two_shift) {
  __m256i low = _mm256_and_si256(_mm256_srli_epi16(load_32(four), four_shift), _mm256_set1_epi8(15));
  __m256i high = _mm256_and_si256(_mm256_srli_epi16(load_32(two), two_shift), _mm256_set1_epi8(3));
  return _mm256_or_si256(low, _mm256_slli_epi16(high, 4));
}

INLINED bytes load_sixes(const uint8_t *block, size_t part) {
  const uint8_t *four = block + part / 4 * 64, *two = block + Q6_K_HIGH + part / 4 * 32;
  int second = part % 4 != 0;
  return (bytes){six_of(four, 4 * second, two, 4 * second), six_of(four + 32, 4 * second, two, 4 * second + 2)};
}

INLINED lanes no_lanes(void) { return (lanes){_mm256_setzero_ps(), _mm256_setzero_ps()}; }

INLINED lanes load_lanes(const float *x, size_t n) {
  if (n >= 16)
    return (lanes){_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)};
  float copy[16] = {0};
  memcpy(copy, x, n * sizeof *x);
  return (lanes){_mm256_loadu_ps(copy), _mm256_loadu_ps(copy + 8)};
}

INLINED lanes first_lanes(lanes x, size_t n) {
  const __m256i number = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), end = _mm256_set1_epi32((int)n);
  __m256i low = _mm256_cmpgt_epi32(end, number),
          high = _mm256_cmpgt_epi32(end, _mm256_add_epi32(number, _mm256_set1_epi32(8)));
  return (lanes){_mm256_and_ps(x.low, _mm256_castsi256_ps(low)), _mm256_and_ps(x.high, _mm256_castsi256_ps(high))};
}

INLINED lanes times_lanes(lanes a, lanes b) {
  return (lanes){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

INLINED lanes plus_lanes(lanes a, lanes b) {
  return (lanes){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

INLINED lanes minus_lanes(lanes a, lanes b) {
  return (lanes){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}

INLINED lanes plus_products(lanes c, lanes a, lanes b) {
  return (lanes){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

INLINED lanes minus_products(lanes c, lanes a, lanes b) {
  return (lanes){_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}

INLINED float sum_lanes(lanes x) {
  __m256 both = _mm256_add_ps(x.low, x.high);
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

INLINED lanes load_i32(const int32_t *x, size_t n) {
  int32_t copy[16] = {0};
  memcpy(copy, x, (n < 16 ? n : 16) * sizeof *x);
  return (lanes){_mm256_cvtepi32_ps(load_32(copy)), _mm256_cvtepi32_ps(load_32(copy + 8))};
}

INLINED lanes load_twice(const float *x) {
  __m256 eight = _mm256_loadu_ps(x);
  return (lanes){_mm256_permutevar8x32_ps(eight, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3)),
                 _mm256_permutevar8x32_ps(eight, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7))};
}

INLINED __m256 pick(lanes scales, size_t first, size_t second) {
  const __m256i half = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  __m256i which = _mm256_add_epi32(_mm256_set1_epi32((int)(first % 8)),
                                   _mm256_mullo_epi32(half, _mm256_set1_epi32((int)(second - first))));
  return _mm256_permutevar8x32_ps(first < 8 ? scales.low : scales.high, which);
}

INLINED lanes spread(lanes scales, size_t part, size_t step) {
  size_t first = step * 64 / part;
  if (part == 32)
    return (lanes){pick(scales, first, first), pick(scales, first + 1, first + 1)};
  return (lanes){pick(scales, first, first + 1), pick(scales, first + 2, first + 3)};
}

INLINED __m256 dot_32(__m256i w, __m256i a, bool is_signed) {
  __m256i pairs =
      is_signed ? _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w)) : _mm256_maddubs_epi16(w, a);
  return _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

INLINED lanes dot_fours(bytes w, const int8_t *a, bool is_signed) {
  return (lanes){dot_32(w.low, load_32(a), is_signed), dot_32(w.high, load_32(a + 32), is_signed)};
}

/* n numbers in f16, `size` bytes apart. */
INLINED lanes load_f16_apart(const uint8_t *at, size_t size, size_t n) {
  uint16_t halves[16] = {0};
  for (size_t i = 0; i < n; i++)
    halves[i] = read_u16(at + i * size);
  return (lanes){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)halves)),
                 _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(halves + 8)))};
}

INLINED __m256 f16_times(const uint8_t *half, uint64_t eight) {
  __m256 numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)eight)));
  return _mm256_mul_ps(_mm256_set1_ps(_cvtsh_ss(read_u16(half))), numbers);
}

/* n: 8 or 16, of one block or two. */
INLINED void scales_of_k(const uint8_t *block, size_t size, size_t n, lanes *scales, lanes *shifts) {
  uint64_t s, m;
  *scales = *shifts = no_lanes();
  read_k_scales(block, &s, &m);
  scales->low = f16_times(block, s);
  shifts->low = f16_times(block + 2, m);
  if (n <= 8)
    return;
  read_k_scales(block + size, &s, &m);
  scales->high = f16_times(block + size, s);
  shifts->high = f16_times(block + size + 2, m);
}

INLINED lanes scales_of_sixes(const uint8_t *block) {
  __m128i scales = _mm_loadu_si128((const __m128i *)(const void *)(block + Q6_K_SCALES));
  __m256 scale = _mm256_set1_ps(_cvtsh_ss(read_u16(block + Q6_K_SCALE)));
  return (lanes){_mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(scales))),
                 _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(scales, 8))))};
}

#include "core/kernels/quantised.inc"

/* Any number of rows goes the same way: a strip of W stays in the caches while four rows of A at a time pass it. */
const gaze_quantised_kernels gaze_quantised_avx2 = {
    .group = 1, .quantise = gaze_quantise_portable, .few = few, .many = few};
