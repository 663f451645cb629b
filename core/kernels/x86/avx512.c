/* AVX-512 F, BW, DQ and VL: 16 floats a register, and masks instead of windows at the ends. */
#include "core/kernels/levels.h"

#include <immintrin.h>
#include <math.h>

#define LANES 16
typedef __m512 lanes;

/* One bit for each of the first `left` lanes, left < LANES. */
static inline __mmask16 first_mask(size_t left) { return (__mmask16)((1u << left) - 1); }

static inline lanes load(const float *x, size_t left) {
  return left >= LANES ? _mm512_loadu_ps(x) : _mm512_maskz_loadu_ps(first_mask(left), x);
}

static inline void store(float *y, lanes v, size_t left) {
  if (left >= LANES)
    _mm512_storeu_ps(y, v);
  else
    _mm512_mask_storeu_ps(y, first_mask(left), v);
}

static inline lanes first(lanes v, lanes rest, size_t left) {
  return left >= LANES ? v : _mm512_mask_blend_ps(first_mask(left), rest, v);
}

static inline lanes all(float a) { return _mm512_set1_ps(a); }
static inline lanes plus(lanes a, lanes b) { return _mm512_add_ps(a, b); }
static inline lanes minus(lanes a, lanes b) { return _mm512_sub_ps(a, b); }
static inline lanes times(lanes a, lanes b) { return _mm512_mul_ps(a, b); }
static inline lanes over(lanes a, lanes b) { return _mm512_div_ps(a, b); }
static inline lanes larger(lanes a, lanes b) { return _mm512_max_ps(a, b); }
static inline lanes smaller(lanes a, lanes b) { return _mm512_min_ps(a, b); }
static inline lanes root(lanes a) { return _mm512_sqrt_ps(a); }
static inline lanes magnitude(lanes a) { return _mm512_andnot_ps(all(-0.0f), a); }
static inline lanes nearest(lanes a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline lanes plus_product(lanes c, lanes a, lanes b) { return _mm512_fmadd_ps(a, b, c); }
static inline lanes minus_product(lanes c, lanes a, lanes b) { return _mm512_fnmadd_ps(a, b, c); }
static inline lanes times_power_of_2(lanes x, lanes k) { return _mm512_scalef_ps(x, k); }

static inline lanes zero_below(lanes y, lanes x, float bound) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, all(bound), _CMP_NLT_UQ), y);
}

static inline lanes where_negative(lanes x, lanes a, lanes b) {
  return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), b, a);
}

static inline float sum_of(lanes v) { return _mm512_reduce_add_ps(v); }
static inline float largest_of(lanes v) { return _mm512_reduce_max_ps(v); }

static inline __m256i load_16bit(const uint16_t *x, size_t left) {
  return left >= LANES ? _mm256_loadu_si256((const __m256i *)(const void *)x)
                       : _mm256_maskz_loadu_epi16(first_mask(left), x);
}

static inline void store_16bit(uint16_t *y, __m256i v, size_t left) {
  if (left >= LANES)
    _mm256_storeu_si256((__m256i *)(void *)y, v);
  else
    _mm256_mask_storeu_epi16(y, first_mask(left), v);
}

static inline lanes load_f16(const uint16_t *x, size_t left) { return _mm512_cvtph_ps(load_16bit(x, left)); }

static inline lanes load_bf16(const uint16_t *x, size_t left) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load_16bit(x, left)), 16));
}

static inline void store_f16(uint16_t *y, lanes v, size_t left) {
  store_16bit(y, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), left);
}

static inline void store_bf16(uint16_t *y, lanes v, size_t left) {
  __m512i bits = _mm512_castps_si512(v), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  __mmask16 is_nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  rounded = _mm512_mask_or_epi32(rounded, is_nan, bits, _mm512_set1_epi32(0x400000));
  store_16bit(y, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)), left);
}

static inline lanes load_i32(const int32_t *x, size_t left) {
  return _mm512_cvtepi32_ps(left >= LANES ? _mm512_loadu_si512(x) : _mm512_maskz_loadu_epi32(first_mask(left), x));
}

static inline void store_i8(int8_t *y, lanes v, size_t left) {
  __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v));
  _mm_mask_storeu_epi8(y, left >= LANES ? (__mmask16)~0u : first_mask(left), bytes);
}

#define TILE_WIDTH 4

/* The mask does not change in a loop, which load's question would. */
static inline lanes tile_last(const char *b, size_t left) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << left) - 1), b);
}

#include "core/kernels/wide.inc"

static double sum_squares(const float *x, size_t n) {
  __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
  for (size_t i = 0; i < n; i += LANES) {
    lanes v = load(x + i, n - i);
    __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(v)), b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    low = _mm512_fmadd_pd(a, a, low);
    high = _mm512_fmadd_pd(b, b, high);
  }
  return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

/* Widened to 16 bits before the products, so that even -128 * -128 is exact. */
static inline __m512i add_products_i8(__m512i sum, __m256i a, __m256i b) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_cvtepi8_epi16(a), _mm512_cvtepi8_epi16(b)));
}

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
  __m512i sum = _mm512_setzero_si512(), odd = sum;
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    sum = add_products_i8(sum, _mm256_loadu_epi8(a + i), _mm256_loadu_epi8(b + i));
    odd = add_products_i8(odd, _mm256_loadu_epi8(a + i + 32), _mm256_loadu_epi8(b + i + 32));
  }
  for (; i < n; i += 32) {
    __mmask32 mask = n - i < 32 ? (__mmask32)((1u << (n - i)) - 1) : ~0u;
    sum = add_products_i8(sum, _mm256_maskz_loadu_epi8(mask, a + i), _mm256_maskz_loadu_epi8(mask, b + i));
  }
  return _mm512_reduce_add_epi32(_mm512_add_epi32(sum, odd));
}

void gaze_kernels_fill_avx512(gaze_kernels *kernels) {
  fill_wide(kernels);
  kernels->sum_squares = sum_squares;
  kernels->dot_i8 = dot_i8;
  kernels->level = "avx512";
}
