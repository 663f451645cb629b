/* The kinds of blocks that decoding reads most, a row of A at a time, as fast as memory gives them: four rows of W side
 * by side, so that what belongs to A is loaded once for all four. What lies ahead is asked of memory in the order it
 * lies in, as one stream: four streams would halve memory's speed. */
#include "core/kernels/x86/quantised_rows.h"

#include <immintrin.h>

enum {
  TOGETHER = 4, /* rows of W */
  AHEAD = 8192  /* bytes of W behind those that are read side by side */
};

/* A row of A. */
typedef struct single {
  size_t parts;
  const int8_t *values;
  const float *scales, *sums;
  const int32_t *offsets;
} single;

INLINED single row_of(const gaze_rows *A, size_t m) {
  size_t parts = A->K / GAZE_PART, at = m * parts;
  return (single){parts, A->values + at * GAZE_PART, A->scales + at, A->sums + at, A->offsets + at};
}

/* Asks for the next bytes of a stream; NULL: nothing is asked. */
INLINED void ask(const uint8_t **stream, size_t bytes) {
  if (!*stream)
    return;
  for (size_t line = 0; line < bytes; line += 64)
    __builtin_prefetch(*stream + line, 0, 2);
  *stream += bytes;
}

INLINED __m256 halved(__m512 x) { return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)); }

/* C[r] (+)= all lanes of sums[r], of four rows together where there are four. */
INLINED void keep(size_t R, float *C, const __m256 *sums, bool accumulate) {
  if (R == 4) {
    __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(sums[0], sums[1]), _mm256_hadd_ps(sums[2], sums[3]));
    __m128 all = _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
    _mm_storeu_ps(C, accumulate ? _mm_add_ps(_mm_loadu_ps(C), all) : all);
    return;
  }
  for (size_t r = 0; r < R; r++) {
    __m128 x = _mm_hadd_ps(_mm256_castps256_ps128(sums[r]), _mm256_castps256_ps128(sums[r]));
    __m128 y = _mm_hadd_ps(_mm256_extractf128_ps(sums[r], 1), _mm256_extractf128_ps(sums[r], 1));
    float sum = _mm_cvtss_f32(_mm_add_ss(_mm_hadd_ps(x, x), _mm_hadd_ps(y, y)));
    C[r] = accumulate ? C[r] + sum : sum;
  }
}

INLINED __m256 f16_everywhere(const uint8_t *at) { return _mm256_cvtph_ps(_mm_set1_epi16((int16_t)read_u16(at))); }

/* R rows of W with one of A: part by part, eight sums of four products. */
INLINED void rows_q8_0(size_t R, float *C, const uint8_t *W, single a, const uint8_t **stream, bool accumulate) {
  const gaze_blocks_kind kind = gaze_blocks_kind_of(GAZE_DTYPE_Q8_0);
  const __m256i sign = _mm256_set1_epi8(-128);
  __m256 sums[TOGETHER];
  for (size_t r = 0; r < R; r++)
    sums[r] = _mm256_setzero_ps();
  for (size_t p = 0; p < a.parts; p++) {
    __m256i values = _mm256_loadu_si256((const void *)(a.values + p * GAZE_PART));
    __m256i offset = _mm256_zextsi128_si256(_mm_cvtsi32_si128(a.offsets[p]));
    __m256 scale = _mm256_set1_ps(a.scales[p]);
    ask(stream, R * kind.size);
#pragma GCC unroll 4
    for (size_t r = 0; r < R; r++) {
      const uint8_t *block = W + (r * a.parts + p) * kind.size;
      __m256i w = _mm256_xor_si256(_mm256_loadu_si256((const void *)(block + Q8_0_VALUES)), sign);
      __m256i fours = _mm256_dpbusd_epi32(offset, w, values);
      sums[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fours), _mm256_mul_ps(f16_everywhere(block), scale), sums[r]);
    }
  }
  keep(R, C, sums, accumulate);
}

/* Where the numbers of four blocks of Q4_0 lie in two registers, the second 8 bytes further on, in words; and their
 * scales, four times each. */
INLINED __m512i places_of_four(void) {
  int16_t places[32];
  for (size_t i = 0; i < 32; i++) {
    size_t word = i / 8 * 9 + 1 + i % 8;
    places[i] = (int16_t)(word < 32 ? word : 32 + word - 4);
  }
  return _mm512_loadu_si512(places);
}

INLINED __m512i scales_of_four(void) {
  return _mm512_castsi256_si512(_mm256_setr_epi16(0, 0, 0, 0, 9, 9, 9, 9, 18, 18, 18, 18, 27, 27, 27, 27));
}

INLINED __m512i fours_of(void) { return _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3); }

/* Four parts at a time, a number of which is a multiple: sums of each meet in four lanes. */
INLINED void rows_q4_0(size_t R, float *C, const uint8_t *W, single a, const uint8_t **stream, bool accumulate) {
  const gaze_blocks_kind kind = gaze_blocks_kind_of(GAZE_DTYPE_Q4_0);
  const __m512i places = places_of_four(), halves = scales_of_four(), mask = _mm512_set1_epi8(15);
  __m512 sums[TOGETHER];
  for (size_t r = 0; r < R; r++)
    sums[r] = _mm512_setzero_ps();
  for (size_t p = 0; p < a.parts; p += 4) {
    __m512i first = _mm512_loadu_si512(a.values + p * GAZE_PART),
            second = _mm512_loadu_si512(a.values + p * GAZE_PART + 64);
    __m512i low = _mm512_shuffle_i32x4(first, second, 0x88), high = _mm512_shuffle_i32x4(first, second, 0xdd);
    __m512i four = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(a.offsets + p)));
    __m512i offsets = _mm512_maskz_permutexvar_epi32(0x1111, fours_of(), four);
    __m512 scales = _mm512_permutexvar_ps(fours_of(), _mm512_castps128_ps512(_mm_loadu_ps(a.scales + p)));
    ask(stream, R * 4 * kind.size);
#pragma GCC unroll 4
    for (size_t r = 0; r < R; r++) {
      const uint8_t *blocks = W + (r * a.parts + p) * kind.size;
      __m512i x = _mm512_loadu_si512(blocks), w = _mm512_permutex2var_epi16(x, places, _mm512_loadu_si512(blocks + 8));
      __m512 own = _mm512_cvtph_ps(_mm512_castsi512_si256(_mm512_permutexvar_epi16(halves, x)));
      __m512i fours = _mm512_dpbusd_epi32(offsets, _mm512_and_si512(w, mask), low);
      fours = _mm512_dpbusd_epi32(fours, _mm512_and_si512(_mm512_srli_epi16(w, 4), mask), high);
      sums[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(fours), _mm512_mul_ps(own, scales), sums[r]);
    }
  }
  __m256 eights[TOGETHER];
  for (size_t r = 0; r < R; r++)
    eights[r] = halved(sums[r]);
  keep(R, C, eights, accumulate);
}

/* The eight scales of a block of Q4_K, then its eight minima, as floats: read_k_scales without a detour through other
 * registers. */
INLINED __m512 k_scales(const uint8_t *block) {
  const __m128i low = _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f), high = _mm_set1_epi8(0x30);
  const __m512i which = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  __m128i head = _mm_loadu_si128((const void *)block); /* two f16, then a, b, c */
  __m128i acbc = _mm_srlv_epi32(_mm_shuffle_epi32(head, _MM_SHUFFLE(3, 2, 3, 1)), _mm_setr_epi32(0, 0, 0, 4));
  __m128i ab = _mm_srli_epi32(_mm_maskz_shuffle_epi32(0xa, head, _MM_SHUFFLE(2, 2, 1, 1)), 2);
  __m128i six = _mm_or_si128(_mm_and_si128(acbc, low), _mm_and_si128(ab, high));
  __m512 factors = _mm512_permutexvar_ps(which, _mm512_castps128_ps512(_mm_cvtph_ps(head)));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(six)), factors);
}

/* Factors number i and i + 2, eight times each. */
INLINED __m512 two_of(__m512 factors, int i) {
  const __m512i which = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2);
  return _mm512_permutexvar_ps(_mm512_add_epi32(which, _mm512_set1_epi32(i)), factors);
}

/* A block at a time: its low bits are parts 0, 2, 4, 6, its high ones the others. */
INLINED void rows_q4_k(size_t R, float *C, const uint8_t *W, single a, const uint8_t **stream, bool accumulate) {
  const gaze_blocks_kind kind = gaze_blocks_kind_of(GAZE_DTYPE_Q4_K);
  const __m512i mask = _mm512_set1_epi8(15), none = _mm512_setzero_si512();
  size_t row_size = a.parts / 8 * kind.size;
  __m512 sums[TOGETHER], others[TOGETHER];
  for (size_t r = 0; r < R; r++)
    sums[r] = others[r] = _mm512_setzero_ps();
  for (size_t p = 0; p < a.parts; p += 8) {
    __m512i low[2], high[2];
    for (size_t i = 0; i < 2; i++) {
      const int8_t *values = a.values + (p + 4 * i) * GAZE_PART;
      __m512i first = _mm512_loadu_si512(values), second = _mm512_loadu_si512(values + 64);
      low[i] = _mm512_shuffle_i64x2(first, second, 0x44);
      high[i] = _mm512_shuffle_i64x2(first, second, 0xee);
    }
    __m256 minus = _mm256_sub_ps(_mm256_setzero_ps(), _mm256_loadu_ps(a.sums + p));
    __m512 own = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(a.scales + p)), minus, 1);
    ask(stream, R * kind.size);
#pragma GCC unroll 4
    for (size_t r = 0; r < R; r++) {
      const uint8_t *block = W + r * row_size + p / 8 * kind.size;
      __m512 factors = _mm512_mul_ps(k_scales(block), own);
      others[r] = _mm512_mask_add_ps(others[r], 0xff00, others[r], factors);
#pragma GCC unroll 2
      for (int i = 0; i < 2; i++) {
        __m512i w = _mm512_loadu_si512(block + Q4_K_VALUES + 64 * i);
        __m512i even = _mm512_dpbusd_epi32(none, _mm512_and_si512(w, mask), low[i]);
        __m512i odd = _mm512_dpbusd_epi32(none, _mm512_and_si512(_mm512_srli_epi16(w, 4), mask), high[i]);
        sums[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(even), two_of(factors, 4 * i), sums[r]);
        others[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(odd), two_of(factors, 4 * i + 1), others[r]);
      }
    }
  }
  __m256 eights[TOGETHER];
  for (size_t r = 0; r < R; r++)
    eights[r] = halved(_mm512_add_ps(sums[r], others[r]));
  keep(R, C, eights, accumulate);
}

#define STRIP(ROWS)                                                    \
  do {                                                                 \
    size_t n = 0;                                                      \
    for (; n + TOGETHER <= N; n += TOGETHER)                           \
      ROWS(TOGETHER, C + n, W + n * row_size, a, &stream, accumulate); \
    for (; n < N; n++)                                                 \
      ROWS(1, C + n, W + n * row_size, a, &stream, accumulate);        \
  } while (0)

bool gaze_quantised_rows_vnni(float *C, size_t ldc, const uint8_t *W, gaze_dtype dtype, size_t N, const gaze_rows *A,
                              bool accumulate) {
  size_t row_size = gaze_dtype_bytes(dtype, A->K);
  bool here =
      dtype == GAZE_DTYPE_Q8_0 || dtype == GAZE_DTYPE_Q4_K || (dtype == GAZE_DTYPE_Q4_0 && A->K % (4 * GAZE_PART) == 0);
  for (size_t m = 0; here && m < A->M; m++, C += ldc) {
    single a = row_of(A, m);
    const uint8_t *stream = m ? NULL : W + TOGETHER * row_size + AHEAD; /* later rows find W in the caches */
    if (dtype == GAZE_DTYPE_Q8_0)
      STRIP(rows_q8_0);
    else if (dtype == GAZE_DTYPE_Q4_0)
      STRIP(rows_q4_0);
    else
      STRIP(rows_q4_k);
  }
  return here;
}
