/* AVX2 with FMA and F16C: 8 floats a register. */
#include "core/kernels/levels.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 8
typedef __m256 lanes;

/* All bits set in the first `left` 32-bit lanes, left < LANES. */
static inline __m256i first_mask(size_t left) {
  static const int32_t window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256((const __m256i *)(const void *)(window + LANES - left));
}

static inline lanes load(const float *x, size_t left) {
  return left >= LANES ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, first_mask(left));
}

static inline void store(float *y, lanes v, size_t left) {
  if (left >= LANES)
    _mm256_storeu_ps(y, v);
  else
    _mm256_maskstore_ps(y, first_mask(left), v);
}

static inline lanes first(lanes v, lanes rest, size_t left) {
  return left >= LANES ? v : _mm256_blendv_ps(rest, v, _mm256_castsi256_ps(first_mask(left)));
}

static inline lanes all(float a) { return _mm256_set1_ps(a); }
static inline lanes plus(lanes a, lanes b) { return _mm256_add_ps(a, b); }
static inline lanes minus(lanes a, lanes b) { return _mm256_sub_ps(a, b); }
static inline lanes times(lanes a, lanes b) { return _mm256_mul_ps(a, b); }
static inline lanes over(lanes a, lanes b) { return _mm256_div_ps(a, b); }
static inline lanes larger(lanes a, lanes b) { return _mm256_max_ps(a, b); }
static inline lanes smaller(lanes a, lanes b) { return _mm256_min_ps(a, b); }
static inline lanes root(lanes a) { return _mm256_sqrt_ps(a); }
static inline lanes magnitude(lanes a) { return _mm256_andnot_ps(all(-0.0f), a); }
static inline lanes nearest(lanes a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline lanes plus_product(lanes c, lanes a, lanes b) { return _mm256_fmadd_ps(a, b, c); }
static inline lanes minus_product(lanes c, lanes a, lanes b) { return _mm256_fnmadd_ps(a, b, c); }

static inline lanes times_power_of_2(lanes x, lanes k) {
  __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(k), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), exponent));
}

static inline lanes zero_below(lanes y, lanes x, float bound) {
  return _mm256_andnot_ps(_mm256_cmp_ps(x, all(bound), _CMP_LT_OQ), y);
}

static inline lanes where_negative(lanes x, lanes a, lanes b) { return _mm256_blendv_ps(b, a, x); }

static inline float sum_of(lanes v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

static inline float largest_of(lanes v) {
  __m128 max = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  max = _mm_max_ps(max, _mm_movehl_ps(max, max));
  return _mm_cvtss_f32(_mm_max_ss(max, _mm_movehdup_ps(max)));
}

static inline __m128i load_16bit(const uint16_t *x, size_t left) {
  uint16_t copy[LANES] = {0};
  if (left < LANES)
    memcpy(copy, x, left * sizeof *x);
  return _mm_loadu_si128((const __m128i *)(const void *)(left < LANES ? copy : x));
}

static inline void store_16bit(uint16_t *y, __m128i v, size_t left) {
  uint16_t copy[LANES];
  _mm_storeu_si128((__m128i *)(void *)(left < LANES ? copy : y), v);
  if (left < LANES)
    memcpy(y, copy, left * sizeof *y);
}

static inline lanes load_f16(const uint16_t *x, size_t left) { return _mm256_cvtph_ps(load_16bit(x, left)); }

static inline lanes load_bf16(const uint16_t *x, size_t left) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_16bit(x, left)), 16));
}

static inline void store_f16(uint16_t *y, lanes v, size_t left) {
  store_16bit(y, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), left);
}

static inline void store_bf16(uint16_t *y, lanes v, size_t left) {
  __m256i bits = _mm256_castps_si256(v), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  lanes is_nan = _mm256_cmp_ps(v, v, _CMP_UNORD_Q);
  rounded = _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(is_nan));
  rounded = _mm256_srli_epi32(rounded, 16);
  store_16bit(y, _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1)), left);
}

static inline lanes load_i32(const int32_t *x, size_t left) {
  return _mm256_cvtepi32_ps(left >= LANES ? _mm256_loadu_si256((const __m256i *)(const void *)x)
                                          : _mm256_maskload_epi32(x, first_mask(left)));
}

static inline void store_i8(int8_t *y, lanes v, size_t left) {
  __m256i words = _mm256_cvtps_epi32(v);
  __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  int8_t bytes[16];
  _mm_storeu_si128((__m128i *)(void *)bytes, _mm_packs_epi16(halves, halves));
  memcpy(y, bytes, left >= LANES ? LANES : left);
}

#define TILE_WIDTH 2

static inline lanes tile_last(const char *b, size_t left) {
  return _mm256_maskload_ps((const float *)(const void *)b, first_mask(left));
}

#include "core/kernels/wide.inc"

static double sum_squares(const float *x, size_t n) {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  for (size_t i = 0; i < n; i += LANES) {
    lanes v = load(x + i, n - i);
    __m256d a = _mm256_cvtps_pd(_mm256_castps256_ps128(v)), b = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    low = _mm256_fmadd_pd(a, a, low);
    high = _mm256_fmadd_pd(b, b, high);
  }
  __m256d both = _mm256_add_pd(low, high);
  __m128d sum = _mm_add_pd(_mm256_castpd256_pd128(both), _mm256_extractf128_pd(both, 1));
  return _mm_cvtsd_f64(sum) + _mm_cvtsd_f64(_mm_unpackhi_pd(sum, sum));
}

/* Sums of neighbouring products of 16 signed bytes; widened to 16 bits first, so that even -128 * -128 is exact. */
static inline __m256i products_i8(const int8_t *a, const int8_t *b) {
  __m256i wide_a = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)a));
  __m256i wide_b = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)b));
  return _mm256_madd_epi16(wide_a, wide_b);
}

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
  __m256i even = _mm256_setzero_si256(), odd = even;
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    even = _mm256_add_epi32(even, products_i8(a + i, b + i));
    odd = _mm256_add_epi32(odd, products_i8(a + i + 16, b + i + 16));
  }
  __m256i both = _mm256_add_epi32(even, odd);
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(1, 0, 3, 2)));
  int32_t total = _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(2, 3, 0, 1))));
  for (; i < n; i++)
    total += a[i] * b[i];
  return total;
}

void gaze_kernels_fill_avx2(gaze_kernels *kernels) {
  fill_wide(kernels);
  kernels->sum_squares = sum_squares;
  kernels->dot_i8 = dot_i8;
  kernels->quantised = &gaze_quantised_avx2;
  kernels->level = "avx2";
}
