/* AVX-512 VNNI: four int8 products and their sum in one step. */
#include "core/kernels/levels.h"

#include <immintrin.h>
#include <string.h>

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

#define LANES 16
#define TILE_WIDTH 4
typedef int tile_sums __attribute__((vector_size(64))); /* gcc keeps these in registers, unlike __m512i */
typedef __m512i tile_words;

typedef struct tile {
  const char *A, *B;
  size_t lda, ldb; /* bytes */
  size_t rows, K, left;
  float *C;
  size_t ldc;
  const float *scales; /* of the rows */
  const gaze_panel_i8 *panel;
  bool add;
} tile;

static inline __mmask16 first_mask(size_t left) { return (__mmask16)((1u << left) - 1); }

/* Shifted to unsigned numbers, which the panel's offsets make up for. */
static inline __m512i tile_word(const char *a) {
  int32_t four;
  memcpy(&four, a, sizeof four);
  return _mm512_xor_si512(_mm512_set1_epi32(four), _mm512_set1_epi8(-128));
}

static inline __m512i tile_load(const char *b) { return _mm512_loadu_si512(b); }
static inline __m512i tile_last(const char *b, size_t left) { return _mm512_maskz_loadu_epi32(first_mask(left), b); }
static inline tile_sums tile_step(tile_sums s, __m512i a, __m512i b) {
  return (tile_sums)_mm512_dpbusd_epi32((__m512i)s, a, b);
}

static inline tile_sums tile_start(const tile *t, size_t i, size_t j, size_t left) {
  return (tile_sums)_mm512_loadu_si512(t->panel->offsets + j * LANES);
}

static inline void tile_finish(const tile *t, size_t i, size_t j, tile_sums s, size_t left) {
  __mmask16 mask = first_mask(left);
  float *C = t->C + i * t->ldc + j * LANES;
  __m512 before = t->add ? _mm512_maskz_loadu_ps(mask, C) : _mm512_setzero_ps();
  if (t->panel->bias)
    before = _mm512_add_ps(before, _mm512_maskz_loadu_ps(mask, t->panel->bias + j * LANES));
  __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps((__m512i)s), _mm512_set1_ps(t->scales[i]));
  v = _mm512_fmadd_ps(v, _mm512_maskz_loadu_ps(mask, t->panel->scales + j * LANES), before);
  _mm512_mask_storeu_ps(C, mask, v);
}

static inline void tile_advance(tile *t);
#include "core/kernels/tile.inc"

static inline void tile_advance(tile *t) {
  t->A += TILE_ROWS * t->lda;
  t->C += TILE_ROWS * t->ldc;
  t->scales += TILE_ROWS;
}

static void product_i8(float *C, size_t ldc, const int8_t *A, size_t lda, const float *scales,
                       const gaze_panel_i8 *panel, size_t M, bool add) {
  run_tiles((tile){.A = (const char *)A,
                   .B = (const char *)panel->values,
                   .lda = lda,
                   .ldb = 4 * LANES * TILE_WIDTH,
                   .K = (panel->K + 3) / 4,
                   .C = C,
                   .ldc = ldc,
                   .scales = scales,
                   .panel = panel,
                   .add = add},
            M, panel->N);
}

void gaze_kernels_fill_vnni(gaze_kernels *kernels) {
  kernels->dot_i8 = dot_i8;
  kernels->quantised = &gaze_quantised_vnni;
  kernels->product_i8 = product_i8;
  kernels->level = "vnni";
}
