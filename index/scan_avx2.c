#include "index/scan.h"

#include <immintrin.h>

static __m256i times16(const int8_t *row, const int16_t *query) {
  __m256i bytes = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)row));
  return _mm256_madd_epi16(bytes, _mm256_loadu_si256((const __m256i *)(const void *)query));
}

static int32_t sum_lanes(__m256i v) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
  return _mm_cvtsi128_si32(four);
}

void gaze_scan_avx2(int32_t *dots, const int8_t *rows, size_t n, size_t stride, const int16_t *query) {
  for (size_t i = 0; i < n; i++, rows += stride) {
    __m256i a = _mm256_setzero_si256(), b = a;
    for (size_t k = 0; k < stride; k += 64) {
      a = _mm256_add_epi32(a, times16(rows + k, query + k));
      b = _mm256_add_epi32(b, times16(rows + k + 16, query + k + 16));
      a = _mm256_add_epi32(a, times16(rows + k + 32, query + k + 32));
      b = _mm256_add_epi32(b, times16(rows + k + 48, query + k + 48));
    }
    dots[i] = sum_lanes(_mm256_add_epi32(a, b));
  }
}
