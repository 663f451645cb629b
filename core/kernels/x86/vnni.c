/* AVX-512 VNNI: four int8 products and their sum in one step. */
#include "core/kernels/levels.h"

#include <immintrin.h>

/* The instruction multiplies unsigned by signed: a + 128 stands in for a, and `excess` collects the 128 b that is too
 * much. With n <= 65536 neither sum leaves 32 bits: 255 * 128 * 65536 < 2^31. */
typedef struct sums {
  __m512i products, excess;
} sums;

static inline sums add_products(sums s, __m512i a, __m512i b) {
  const __m512i shift = _mm512_set1_epi8(-128);
  s.products = _mm512_dpbusd_epi32(s.products, _mm512_xor_si512(a, shift), b);
  s.excess = _mm512_dpbusd_epi32(s.excess, shift, b);
  return s;
}

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
  sums even = {_mm512_setzero_si512(), _mm512_setzero_si512()}, odd = even;
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    even = add_products(even, _mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i));
    odd = add_products(odd, _mm512_loadu_si512(a + i + 64), _mm512_loadu_si512(b + i + 64));
  }
  for (; i < n; i += 64) {
    __mmask64 mask = n - i < 64 ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
    even = add_products(even, _mm512_maskz_loadu_epi8(mask, a + i), _mm512_maskz_loadu_epi8(mask, b + i));
  }
  __m512i products = _mm512_add_epi32(even.products, odd.products);
  return _mm512_reduce_add_epi32(_mm512_sub_epi32(products, _mm512_add_epi32(even.excess, odd.excess)));
}

void gaze_kernels_fill_vnni(gaze_kernels *kernels) {
  kernels->dot_i8 = dot_i8;
  kernels->quantised = &gaze_quantised_vnni;
  kernels->level = "vnni";
}
