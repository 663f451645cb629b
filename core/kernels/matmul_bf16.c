/* Products in bf16 with a weight that lies in panels of 64 columns, neighbours in K side by side, as the processor's
 * instruction takes them: the numbers of a panel are met in the order they lie in. */
#include "core/kernels/matmul_parts.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
  PANEL = 64,           /* columns */
  DEPTH = 2048,         /* of a panel that is gone through at once: it stays in a second cache beside rows of A */
  ACTIVE_ROWS = 24,     /* a few times as many as small_product takes at once */
  BLOCK_BYTES = 1 << 19 /* of A, for one task */
};
#define TASK_PRODUCTS ((size_t)1 << 20) /* multiply-adds that are worth a task */

typedef struct product {
  const gaze_kernels *kernels;
  const uint16_t *A;
  size_t lda;
  const gaze_operand *B;
  bool accumulate;
  float *C;
  size_t ldc;
} product;

static size_t at_most(size_t a, size_t b) { return a < b ? a : b; }

/* What C counts before the sums come to it: bias, if there is one. Returns whether it counts. */
static bool start_rows(const product *p, size_t first, size_t rows, size_t n, size_t columns) {
  for (size_t m = first; p->B->bias && m < first + rows; m++)
    gaze_rows_add_bias(p->kernels, p->B->bias + n, 1, columns, p->accumulate, p->C + m * p->ldc + n, p->ldc);
  return p->accumulate || p->B->bias;
}

/* Rows first .. end - 1 of C by the panel of columns n and on. */
static void multiply_panel(const product *p, size_t first, size_t end, size_t n) {
  size_t K = p->B->packed->K, columns = at_most(p->B->packed->N - n, PANEL);
  for (size_t k = 0; k < K; k += DEPTH) {
    const uint16_t *panel = p->B->packed->halves + n * K + k * PANEL;
    size_t depth = at_most(K - k, DEPTH);
    for (size_t m = first, rows; m < end; m += rows) {
      rows = at_most(end - m, ACTIVE_ROWS);
      float *C = p->C + m * p->ldc + n;
      bool add = k || start_rows(p, m, rows, n, columns);
      p->kernels->small_product_bf16(C, p->ldc, p->A + m * p->lda + k, p->lda, panel, PANEL, rows, columns, depth, add);
      for (size_t i = 0; p->B->activate && k + depth == K && i < rows; i++)
        p->B->activate(C + i * p->ldc, C + i * p->ldc, columns);
    }
  }
}

bool gaze_matmul_bf16(gaze_matmul *matmul, size_t M, gaze_operand A, gaze_operand B, bool accumulate, float *C,
                      size_t ldc) {
  size_t N = B.packed->N, K = B.packed->K, panels = (N + PANEL - 1) / PANEL;
  if (!gaze_operand_round(matmul->kernels, &A, M, K, &matmul->rounded_a) || A.ld % 2)
    return false;
  product p = {matmul->kernels, A.bf16, A.ld, &B, accumulate, C, ldc};
  size_t blocks = M * K * sizeof(uint16_t) / BLOCK_BYTES + 1, unit = ACTIVE_ROWS;
  size_t rows = ((M + blocks - 1) / blocks + unit - 1) / unit * unit, together = TASK_PRODUCTS / (PANEL * K * rows) + 1;
  blocks = (M + rows - 1) / rows;
#pragma omp parallel for schedule(dynamic, together)
  for (size_t i = 0; i < blocks * panels; i++) {
    size_t first = i / panels * rows;
    multiply_panel(&p, first, at_most(first + rows, M), i % panels * PANEL);
  }
  return true;
}

/* Of W [N, K]; rows beyond N are zeros there already. */
static void fill_panels(const gaze_kernels *kernels, gaze_operand W, size_t N, size_t K, uint16_t *halves) {
#pragma omp parallel for schedule(static)
  for (size_t n = 0; n < N; n++) {
    uint16_t *to = halves + n / PANEL * PANEL * K + n % PANEL * 2, rounded[DEPTH];
    for (size_t k = 0; k < K; k += DEPTH) {
      size_t depth = at_most(K - k, DEPTH);
      const uint16_t *from = W.bf16 ? W.bf16 + n * W.ld + k : rounded;
      if (!W.bf16)
        kernels->bf16_from_f32(rounded, W.f32 + n * W.ld + k, depth);
      for (size_t i = 0; i < depth; i += 2)
        memcpy(to + (k + i) * PANEL, from + i, 2 * sizeof *to);
    }
  }
}

gaze_err gaze_packed_new_bf16(gaze_matmul *matmul, size_t N, size_t K, gaze_operand W, gaze_packed **out) {
  gaze_packed *packed;
  GAZE_TRY(gaze_alloc(1, sizeof *packed, &packed));
  *packed = (gaze_packed){.N = N, .K = K};
  gaze_err err = gaze_alloc((N + PANEL - 1) / PANEL * PANEL * K, sizeof *packed->halves, &packed->halves);
  if (err != GAZE_OK) {
    free(packed);
    return err;
  }
  fill_panels(matmul->kernels, W, N, K, packed->halves);
  *out = packed;
  return GAZE_OK;
}
