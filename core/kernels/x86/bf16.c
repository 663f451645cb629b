/* AVX-512 BF16: rounding in one step, and two products with their sum. */
#include "core/kernels/levels.h"

#include <immintrin.h>
#include <string.h>

#define LANES 16
#define SUBNORMAL 0x20 /* category bit of VFPCLASSPS */

/* The instruction takes subnormal numbers for 0: those, which are rare, are rounded as integers. No NaN among them. */
static inline __m256i rounded(__m512 v) {
  __mmask16 subnormal = _mm512_fpclass_ps_mask(v, SUBNORMAL);
  __m256i result = (__m256i)_mm512_cvtneps_pbh(v);
  if (__builtin_expect(!subnormal, 1))
    return result;
  __m512i bits = _mm512_castps_si512(v), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i sum = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  return _mm256_mask_mov_epi16(result, subnormal, _mm512_cvtepi32_epi16(_mm512_srli_epi32(sum, 16)));
}

static void bf16_from_f32(uint16_t *y, const float *x, size_t n) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    _mm256_storeu_si256((__m256i *)(void *)(y + i), rounded(_mm512_loadu_ps(x + i)));
  __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
  _mm256_mask_storeu_epi16(y + i, rest, rounded(_mm512_maskz_loadu_ps(rest, x + i)));
}

#define TILE_WIDTH 4
typedef __m512 tile_sums;
typedef __m512bh tile_words;

static inline __m512 all(float a) { return _mm512_set1_ps(a); }
static inline __mmask16 first_mask(size_t left) { return (__mmask16)((1u << left) - 1); }
static inline __m512 load(const float *x, size_t left) { return _mm512_maskz_loadu_ps(first_mask(left), x); }
static inline void store(float *y, __m512 v, size_t left) { _mm512_mask_storeu_ps(y, first_mask(left), v); }

static inline __m512bh tile_word(const char *a) {
  int32_t pair;
  memcpy(&pair, a, sizeof pair);
  return (__m512bh)_mm512_set1_epi32(pair);
}

static inline __m512bh tile_load(const char *b) { return (__m512bh)_mm512_loadu_si512(b); }
static inline __m512bh tile_last(const char *b, size_t left) {
  return (__m512bh)_mm512_maskz_loadu_epi32(first_mask(left), b);
}
static inline __m512 tile_step(__m512 sums, __m512bh a, __m512bh b) { return _mm512_dpbf16_ps(sums, a, b); }
#include "core/kernels/small_product.inc"

static void small_product_bf16(float *C, size_t ldc, const uint16_t *A, size_t lda, const uint16_t *B, size_t ldb,
                               size_t M, size_t N, size_t K, bool add) {
  product_of_words(C, ldc, A, lda / 2, B, ldb, M, N, K / 2, add);
}

/* 2^x to 1e-4 of itself, for x >= -126. */
static inline __m512 power_of_2(__m512 x) {
  __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), f = _mm512_sub_ps(x, whole);
  __m512 p = _mm512_fmadd_ps(all(0.05517166f), f, all(0.24261112f));
  p = _mm512_fmadd_ps(p, f, all(0.69326099f));
  return _mm512_scalef_ps(_mm512_fmadd_ps(p, f, all(0.99992807f)), whole);
}

static float exponentials_bf16(uint16_t *y, const float *x, size_t n) {
  const __m512 log2_e = all(1.44269504f);
  __m512 top = all(-3e38f), sum = all(0);
  for (size_t i = 0; i < n; i += LANES)
    top = n - i < LANES ? _mm512_mask_max_ps(top, first_mask(n - i), top, load(x + i, n - i))
                        : _mm512_max_ps(top, _mm512_loadu_ps(x + i));
  top = all(_mm512_reduce_max_ps(top));
  for (size_t i = 0; i < n; i += LANES) {
    __mmask16 mask = n - i < LANES ? first_mask(n - i) : first_mask(LANES);
    __m512 power = _mm512_mul_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + i), top), log2_e);
    __m512 e = power_of_2(_mm512_max_ps(all(-126), power)); /* NaN stays */
    sum = _mm512_mask_add_ps(sum, mask, sum, e);
    _mm256_mask_storeu_epi16(y + i, mask, (__m256i)_mm512_cvtneps_pbh(e));
  }
  return _mm512_reduce_add_ps(sum);
}

void gaze_kernels_fill_bf16(gaze_kernels *kernels) {
  kernels->bf16_from_f32 = bf16_from_f32;
  kernels->small_product_bf16 = small_product_bf16;
  kernels->exponentials_bf16 = exponentials_bf16;
  kernels->level = "bf16";
}
