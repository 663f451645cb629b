/* Weights in GGUF's blocks with AVX-512 VNNI: 64 products of bytes in one step. */
#include "core/kernels/levels.h"
#include "core/kernels/x86/quantised_rows.h"

#include <immintrin.h>

typedef __m512i bytes;
typedef __m512 lanes;
#define BYTES_ARE_SIGNED false

INLINED __m256i load_32(const void *at) { return _mm256_loadu_si256(at); }

INLINED __m512i twice(const uint8_t *at) { return _mm512_broadcast_i64x4(load_32(at)); }

/* low in the first 32 bytes, high in the others */
INLINED __m512i halves(int low, int high) {
  return _mm512_inserti64x4(_mm512_set1_epi16((int16_t)low), _mm256_set1_epi16((int16_t)high), 1);
}

INLINED bytes load_bytes(const uint8_t *at, const uint8_t *next) {
  __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(load_32(at)), load_32(next), 1);
  return _mm512_xor_si512(both, _mm512_set1_epi8(-128));
}

/* The low bits of 16 bytes, then their high ones, of two blocks. */
INLINED bytes load_nibbles_of_two(const uint8_t *at, const uint8_t *next) {
  __m256i first = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)at));
  __m256i second = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)next));
  __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
  const __m512i counts = _mm512_broadcast_i64x4(_mm256_set_m128i(_mm_set1_epi16(4), _mm_setzero_si128()));
  return _mm512_and_si512(_mm512_srlv_epi16(both, counts), _mm512_set1_epi8(15));
}

INLINED bytes load_nibbles(const uint8_t *at) {
  return _mm512_and_si512(_mm512_srlv_epi16(twice(at), halves(0, 4)), _mm512_set1_epi8(15));
}

INLINED bytes add_bits(bytes low, const uint8_t *at, const uint8_t *next) {
  __mmask64 bits = (uint64_t)read_u32(next) << 32 | read_u32(at);
  return _mm512_mask_add_epi8(low, bits, low, _mm512_set1_epi8(16));
}

INLINED bytes add_bits_of_parts(bytes low, const uint8_t *high, size_t part) {
  __mmask64 bits = _mm512_test_epi8_mask(twice(high), halves(0x101 << part, 0x202 << part));
  return _mm512_mask_add_epi8(low, bits, low, _mm512_set1_epi8(16));
}

INLINED bytes load_sixes(const uint8_t *block, size_t part) {
  __m512i low = _mm512_loadu_si512(block + part / 4 * 64), high = twice(block + Q6_K_HIGH + part / 4 * 32);
  bool second = part % 4 != 0;
  low = second ? _mm512_srli_epi16(low, 4) : low;
  high = second ? _mm512_srlv_epi16(high, halves(0, 2)) : _mm512_sllv_epi16(high, halves(4, 2));
  return _mm512_or_si512(_mm512_and_si512(low, _mm512_set1_epi8(15)), _mm512_and_si512(high, _mm512_set1_epi8(0x30)));
}

INLINED __m512i numbers(void) { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

INLINED __mmask16 first_16(size_t n) { return n < 16 ? (__mmask16)((1u << n) - 1) : (__mmask16)0xffff; }

INLINED lanes no_lanes(void) { return _mm512_setzero_ps(); }
INLINED lanes load_lanes(const float *x, size_t n) { return _mm512_maskz_loadu_ps(first_16(n), x); }
INLINED lanes first_lanes(lanes x, size_t n) { return _mm512_maskz_mov_ps(first_16(n), x); }
INLINED lanes times_lanes(lanes a, lanes b) { return _mm512_mul_ps(a, b); }
INLINED lanes plus_lanes(lanes a, lanes b) { return _mm512_add_ps(a, b); }
INLINED lanes minus_lanes(lanes a, lanes b) { return _mm512_sub_ps(a, b); }
INLINED lanes plus_products(lanes c, lanes a, lanes b) { return _mm512_fmadd_ps(a, b, c); }
INLINED lanes minus_products(lanes c, lanes a, lanes b) { return _mm512_fnmadd_ps(a, b, c); }
INLINED float sum_lanes(lanes x) { return _mm512_reduce_add_ps(x); }

INLINED lanes load_i32(const int32_t *x, size_t n) {
  return _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(first_16(n), x));
}

INLINED lanes load_twice(const float *x) {
  return _mm512_permutexvar_ps(_mm512_srli_epi32(numbers(), 1), _mm512_castps256_ps512(_mm256_loadu_ps(x)));
}

INLINED lanes spread(lanes scales, size_t part, size_t step) {
  __m512i first = _mm512_srli_epi32(numbers(), part == 32 ? 3 : 2);
  return _mm512_permutexvar_ps(_mm512_add_epi32(first, _mm512_set1_epi32((int)(step * 64 / part))), scales);
}

INLINED lanes dot_fours(bytes w, const int8_t *a, bool is_signed) {
  return _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(_mm512_setzero_si512(), w, _mm512_loadu_si512(a)));
}

/* Which of 16 numbers, `words` words apart, lie in each 64 bytes. A number's place there is the same mod 32 everywhere,
 * so that one permutation serves all. */
#define LINE_OF(number, words, line) ((number) * (words) / 32 == (line) ? 1u << (number) : 0)
INLINED __mmask16 in_line(size_t words, size_t line) {
  return (__mmask16)(LINE_OF(0, words, line) | LINE_OF(1, words, line) | LINE_OF(2, words, line) |
                     LINE_OF(3, words, line) | LINE_OF(4, words, line) | LINE_OF(5, words, line) |
                     LINE_OF(6, words, line) | LINE_OF(7, words, line) | LINE_OF(8, words, line) |
                     LINE_OF(9, words, line) | LINE_OF(10, words, line) | LINE_OF(11, words, line) |
                     LINE_OF(12, words, line) | LINE_OF(13, words, line) | LINE_OF(14, words, line) |
                     LINE_OF(15, words, line));
}

/* n numbers in f16, `size` bytes apart. */
INLINED lanes load_f16_apart(const uint8_t *at, size_t size, size_t n) {
  size_t words = size / 2, end = (n - 1) * words + 1;
  __m512i places =
      _mm512_castsi256_si512(_mm512_cvtepi32_epi16(_mm512_mullo_epi32(numbers(), _mm512_set1_epi32((int)words))));
  __m512i found = _mm512_setzero_si512();
#pragma GCC unroll 9
  for (size_t line = 0; line < (15 * words + 32) / 32; line++) {
    size_t left = end > 32 * line ? end - 32 * line : 0;
    __mmask32 there = left >= 32 ? 0xffffffffu : (1u << left) - 1;
    __m512i here = _mm512_maskz_loadu_epi16(there, at + 64 * line);
    found = _mm512_mask_permutexvar_epi16(found, in_line(words, line), places, here);
  }
  return _mm512_cvtph_ps(_mm512_castsi512_si256(found));
}

/* f16 at first for lanes 0 to 7, at second for the others. */
INLINED lanes two_f16(const uint8_t *first, const uint8_t *second) {
  __m128i low = _mm_set1_epi16((int16_t)read_u16(first)), high = _mm_set1_epi16((int16_t)read_u16(second));
  return _mm512_cvtph_ps(_mm256_set_m128i(high, low));
}

INLINED lanes bytes_as_lanes(uint64_t low, uint64_t high) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_set_epi64x((int64_t)high, (int64_t)low)));
}

/* n: 8 or 16, of one block or two. */
INLINED void scales_of_k(const uint8_t *block, size_t size, size_t n, lanes *scales, lanes *shifts) {
  const uint8_t *next = n > 8 ? block + size : block;
  uint64_t s[2], m[2];
  read_k_scales(block, &s[0], &m[0]);
  read_k_scales(next, &s[1], &m[1]);
  *scales = _mm512_maskz_mul_ps(first_16(n), two_f16(block, next), bytes_as_lanes(s[0], s[1]));
  *shifts = _mm512_maskz_mul_ps(first_16(n), two_f16(block + 2, next + 2), bytes_as_lanes(m[0], m[1]));
}

INLINED lanes scales_of_sixes(const uint8_t *block) {
  __m128i scales = _mm_loadu_si128((const __m128i *)(const void *)(block + Q6_K_SCALES));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(scales)),
                       two_f16(block + Q6_K_SCALE, block + Q6_K_SCALE));
}

#include "core/kernels/quantised.inc"

static void quantise(const gaze_rows *rows, size_t m, const float *x) {
  const __m512 most_steps = _mm512_set1_ps(GAZE_STEPS), least_steps = _mm512_set1_ps(-GAZE_STEPS);
  size_t parts = rows->K / GAZE_PART, each = GAZE_PART / rows->kind.part;
  for (size_t i = 0; i < parts; i++, x += GAZE_PART) {
    size_t p = (m / rows->group * parts + i) * rows->group + m % rows->group;
    __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    float most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(a), _mm512_abs_ps(b)));
    __m512 factor = _mm512_set1_ps(most > 0 ? GAZE_STEPS / most : 0);
    a = _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(a, factor), least_steps), most_steps);
    b = _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(b, factor), least_steps), most_steps);
    __m512i first = _mm512_cvtps_epi32(a), second = _mm512_cvtps_epi32(b);
    __m128i *values = (__m128i *)(void *)(rows->values + p * GAZE_PART);
    _mm_storeu_si128(values, _mm512_cvtepi32_epi8(first));
    _mm_storeu_si128(values + 1, _mm512_cvtepi32_epi8(second));
    int32_t total[2] = {_mm512_reduce_add_epi32(first), _mm512_reduce_add_epi32(second)};
    rows->scales[p] = most / GAZE_STEPS;
    rows->sums[p] = rows->scales[p] * (float)(total[0] + total[1]);
    rows->offsets[p * each] = -rows->kind.zero * (each == 2 ? total[0] : total[0] + total[1]);
    if (each == 2)
      rows->offsets[2 * p + 1] = -rows->kind.zero * total[1];
  }
}

/* With many rows of A, 32 rows of W are opened once, PANEL_PARTS parts at a time, as the products want them: a register
 * has four bytes of each of 16 rows. Then ROWS rows of A at a time meet them, their sums in registers. */
enum { PANEL_PARTS = 16, ROWS = 6, COLUMNS = 32 };

typedef struct panel {
  __m512i values[PANEL_PARTS * GAZE_PART / 4][2];
  lanes scales[2 * PANEL_PARTS][2], shifts[PANEL_PARTS][2];
} panel;

/* Number i of register j becomes number j of register i. */
INLINED void transpose(__m512i *v) {
  __m512i t[16];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    __m512i low01 = _mm512_unpacklo_epi32(v[4 * i], v[4 * i + 1]),
            high01 = _mm512_unpackhi_epi32(v[4 * i], v[4 * i + 1]);
    __m512i low23 = _mm512_unpacklo_epi32(v[4 * i + 2], v[4 * i + 3]),
            high23 = _mm512_unpackhi_epi32(v[4 * i + 2], v[4 * i + 3]);
    t[4 * i] = _mm512_unpacklo_epi64(low01, low23);
    t[4 * i + 1] = _mm512_unpackhi_epi64(low01, low23);
    t[4 * i + 2] = _mm512_unpacklo_epi64(high01, high23);
    t[4 * i + 3] = _mm512_unpackhi_epi64(high01, high23);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    __m512i even01 = _mm512_shuffle_i32x4(t[i], t[4 + i], 0x88), odd01 = _mm512_shuffle_i32x4(t[i], t[4 + i], 0xdd);
    __m512i even23 = _mm512_shuffle_i32x4(t[8 + i], t[12 + i], 0x88),
            odd23 = _mm512_shuffle_i32x4(t[8 + i], t[12 + i], 0xdd);
    v[i] = _mm512_shuffle_i32x4(even01, even23, 0x88);
    v[8 + i] = _mm512_shuffle_i32x4(even01, even23, 0xdd);
    v[4 + i] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
    v[12 + i] = _mm512_shuffle_i32x4(odd01, odd23, 0xdd);
  }
}

INLINED void put_lanes(lanes (*to)[2], size_t half, lanes *of_rows, size_t n) {
  __m512i v[16];
  for (size_t i = 0; i < 16; i++)
    v[i] = _mm512_castps_si512(of_rows[i]);
  transpose(v);
  for (size_t i = 0; i < n; i++)
    to[i][half] = _mm512_castsi512_ps(v[i]);
}

/* Half a panel: 16 rows of W, parts first .. first + n. */
INLINED void open_half(gaze_dtype dtype, panel *out, size_t half, const uint8_t *const *rows, size_t first, size_t n) {
  gaze_blocks_kind kind = gaze_blocks_kind_of(dtype);
  size_t each = GAZE_PART / kind.part, chunk = CHUNK_SCALES / each;
  for (size_t done = 0; done < n; done += chunk) {
    lanes scales[16], shifts[16];
    size_t count = least(n - done, chunk);
    for (size_t r = 0; r < 16; r++)
      if (count == chunk)
        open_scales(dtype, rows[r], (first + done) * each, CHUNK_SCALES, &scales[r], &shifts[r]);
      else
        open_scales(dtype, rows[r], (first + done) * each, count * each, &scales[r], &shifts[r]);
    put_lanes(out->scales + done * each, half, scales, count * each);
    if (kind.shifted)
      put_lanes(out->shifts + done, half, shifts, count);
  }
  for (size_t part = 0; part < n; part += STEP_PARTS) {
    __m512i v[16];
    for (size_t r = 0; r < 16; r++)
      v[r] = part + 1 < n || kind.block > GAZE_PART ? open_step(dtype, rows[r], first + part)
                                                    : open_last(dtype, rows[r], first + part);
    transpose(v);
    for (size_t i = 0; i < 16; i++)
      out->values[part * (GAZE_PART / 4) + i][half] = v[i];
  }
}

typedef struct tile {
  float *C;
  size_t ldc, rows, columns;
  bool add;
} tile;

INLINED lanes load_tile(const tile *c, size_t r, size_t half) {
  __mmask16 there = first_16(c->columns > 16 * half ? c->columns - 16 * half : 0);
  return c->add && r < c->rows ? _mm512_maskz_loadu_ps(there, c->C + r * c->ldc + 16 * half) : _mm512_setzero_ps();
}

INLINED void store_tile(const tile *c, size_t r, size_t half, lanes x) {
  __mmask16 there = first_16(c->columns > 16 * half ? c->columns - 16 * half : 0);
  if (r < c->rows)
    _mm512_mask_storeu_ps(c->C + r * c->ldc + 16 * half, there, x);
}

INLINED __m512i four_of(const int8_t *at) {
  int32_t four;
  memcpy(&four, at, sizeof four);
  return _mm512_set1_epi32(four);
}

/* One group of A's rows, from its part number `first`, with a panel of n parts. */
INLINED void multiply_group(gaze_dtype dtype, const panel *w, size_t n, const gaze_rows *A, size_t first,
                            const tile *c) {
  gaze_blocks_kind kind = gaze_blocks_kind_of(dtype);
  size_t each = GAZE_PART / kind.part;
  lanes sums[ROWS][2];
#pragma GCC unroll 6
  for (size_t r = 0; r < ROWS; r++) {
    sums[r][0] = load_tile(c, r, 0);
    sums[r][1] = load_tile(c, r, 1);
  }
  for (size_t i = 0; i < n * each; i++) {
    size_t p = first + i / each * ROWS;
    const int8_t *a = A->values + p * GAZE_PART + i % each * kind.part;
    __m512i totals[ROWS][2];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
      totals[r][0] = totals[r][1] =
          kind.zero ? _mm512_set1_epi32(A->offsets[(p + r) * each + i % each]) : _mm512_setzero_si512();
#pragma GCC unroll 8
    for (size_t k = 0; k < kind.part / 4; k++) {
      const __m512i *values = w->values[i * (kind.part / 4) + k];
#pragma GCC unroll 6
      for (size_t r = 0; r < ROWS; r++) {
        __m512i four = four_of(a + r * GAZE_PART + 4 * k);
        totals[r][0] = _mm512_dpbusd_epi32(totals[r][0], values[0], four);
        totals[r][1] = _mm512_dpbusd_epi32(totals[r][1], values[1], four);
      }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
      lanes scale = _mm512_set1_ps(A->scales[p + r]);
      sums[r][0] = plus_products(sums[r][0], _mm512_cvtepi32_ps(totals[r][0]), times_lanes(scale, w->scales[i][0]));
      sums[r][1] = plus_products(sums[r][1], _mm512_cvtepi32_ps(totals[r][1]), times_lanes(scale, w->scales[i][1]));
    }
    if (!kind.shifted)
      continue;
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
      lanes sum = _mm512_set1_ps(A->sums[p + r]);
      sums[r][0] = minus_products(sums[r][0], w->shifts[i][0], sum);
      sums[r][1] = minus_products(sums[r][1], w->shifts[i][1], sum);
    }
  }
#pragma GCC unroll 6
  for (size_t r = 0; r < ROWS; r++) {
    store_tile(c, r, 0, sums[r][0]);
    store_tile(c, r, 1, sums[r][1]);
  }
}

INLINED void multiply_many(gaze_dtype dtype, float *C, size_t ldc, const uint8_t *W, size_t N, const gaze_rows *A,
                           bool accumulate) {
  gaze_blocks_kind kind = gaze_blocks_kind_of(dtype);
  size_t parts = A->K / GAZE_PART, row_size = A->K / kind.block * kind.size;
  const uint8_t *rows[COLUMNS];
  panel w;
  for (size_t r = 0; r < COLUMNS; r++)
    rows[r] = W + least(r, N - 1) * row_size;
  for (size_t first = 0; first < parts; first += PANEL_PARTS) {
    size_t n = least(parts - first, PANEL_PARTS);
    for (size_t half = 0; half < 2; half++)
      open_half(dtype, &w, half, rows + 16 * half, first, n);
    for (size_t m = 0; m < A->M; m += ROWS) {
      tile c = {C + m * ldc, ldc, least(A->M - m, ROWS), N, accumulate || first > 0};
      multiply_group(dtype, &w, n, A, m / ROWS * parts * ROWS + first * ROWS, &c);
    }
  }
}

#define CASE_MANY(KIND)                                            \
  case GAZE_DTYPE_##KIND:                                          \
    multiply_many(GAZE_DTYPE_##KIND, C, ldc, W, N, A, accumulate); \
    break;

/* N <= COLUMNS */
static void many(float *C, size_t ldc, const void *W, gaze_dtype dtype, size_t N, const gaze_rows *A, bool accumulate) {
  switch (dtype) {
    FOR_EACH_KIND(CASE_MANY)
  default:
    break;
  }
}

static void few_rows(float *C, size_t ldc, const void *W, gaze_dtype dtype, size_t N, const gaze_rows *A,
                     bool accumulate) {
  if (!gaze_quantised_rows_vnni(C, ldc, W, dtype, N, A, accumulate))
    few(C, ldc, W, dtype, N, A, accumulate);
}

const gaze_quantised_kernels gaze_quantised_vnni = {.group = ROWS, .quantise = quantise, .few = few_rows, .many = many};
