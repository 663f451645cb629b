#include "index/scan.h"

#include <immintrin.h>

static __m512i add_times32(__m512i sum, const int8_t *row, const int16_t *query) {
  __m512i bytes = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)row));
  return _mm512_dpwssd_epi32(sum, bytes, _mm512_loadu_si512(query));
}

void gaze_scan_vnni(int32_t *dots, const int8_t *rows, size_t n, size_t stride, const int16_t *query) {
  for (size_t i = 0; i < n; i++, rows += stride) {
    __m512i a = _mm512_setzero_si512(), b = a;
    for (size_t k = 0; k < stride; k += 64) {
      a = add_times32(a, rows + k, query + k);
      b = add_times32(b, rows + k + 32, query + k + 32);
    }
    dots[i] = _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
  }
}
