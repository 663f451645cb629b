#include "index/scan.h"

#include "core/base/cpu.h"
#include "core/base/memory.h"

#include <omp.h>
#include <stdlib.h>

#define BLOCK 512        /* rows a step: their dots stay in the first-level cache */
#define ALONE_BELOW 4096 /* rows that are not worth waking other threads for */

void gaze_scan_c(int32_t *dots, const int8_t *rows, size_t n, size_t stride, const int16_t *query) {
  for (size_t i = 0; i < n; i++, rows += stride) {
    int32_t sum = 0;
    for (size_t k = 0; k < stride; k++)
      sum += (int32_t)query[k] * rows[k];
    dots[i] = sum;
  }
}

static gaze_scan_fn *choose_kernel(void) {
#ifdef GAZE_HAVE_AVX2
  if (gaze_cpu_detect() & GAZE_CPU_VNNI)
    return gaze_scan_vnni;
  if (gaze_cpu_detect() & GAZE_CPU_AVX2)
    return gaze_scan_avx2;
#endif
  return gaze_scan_c;
}

static void push_block(gaze_top *top, const gaze_scan_rows *in, const int32_t *dots, size_t first, size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t row = in->pick ? in->pick[first + i] : first + i;
    float score = (float)dots[i] * in->scales[row];
    if (top->n < top->capacity || score >= top->items[0].score)
      gaze_top_push(top, score, (int64_t)row);
  }
}

static void scan_range(gaze_scan_fn *kernel, const gaze_scan_rows *in, const int16_t *query, size_t first, size_t last,
                       gaze_top *top) {
  int32_t dots[BLOCK];
  for (; first < last; first += BLOCK) {
    size_t n = last - first < BLOCK ? last - first : BLOCK;
    if (!in->pick)
      kernel(dots, in->rows + first * in->stride, n, in->stride, query);
    for (size_t i = 0; in->pick && i < n; i++)
      kernel(dots + i, in->rows + in->pick[first + i] * in->stride, 1, in->stride, query);
    push_block(top, in, dots, first, n);
  }
}

gaze_err gaze_scan_run(const gaze_scan_rows *rows, const int16_t *query, gaze_top *top) {
  gaze_scan_fn *kernel = choose_kernel();
  size_t n = rows->pick ? rows->n_pick : rows->n;
  int threads = n < ALONE_BELOW ? 1 : omp_get_max_threads();
  gaze_top *tops;
  GAZE_TRY(gaze_alloc((size_t)threads, sizeof *tops, &tops));
  gaze_err err = GAZE_OK;
  for (int t = 0; t < threads && err == GAZE_OK; t++)
    err = gaze_top_init(&tops[t], top->capacity);
  if (err == GAZE_OK && threads == 1) { /* a team of one would be allocated, and OpenMP ends the program if it cannot */
    scan_range(kernel, rows, query, 0, n, &tops[0]);
  } else if (err == GAZE_OK) {
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++)
      scan_range(kernel, rows, query, n * (size_t)t / (size_t)threads, n * (size_t)(t + 1) / (size_t)threads, &tops[t]);
  }
  for (int t = 0; t < threads; t++) {
    for (size_t i = 0; i < tops[t].n; i++)
      gaze_top_push(top, tops[t].items[i].score, tops[t].items[i].id);
    gaze_top_fini(&tops[t]);
  }
  free(tops);
  return err;
}
