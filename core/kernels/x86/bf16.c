/* AVX-512 BF16: rounding in one step. */
#include "core/kernels/levels.h"

#include <immintrin.h>

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

void gaze_kernels_fill_bf16(gaze_kernels *kernels) {
  kernels->bf16_from_f32 = bf16_from_f32;
  kernels->level = "bf16";
}
