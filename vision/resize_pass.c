#include "vision/resize_pass.h"

#include "core/base/cpu.h"

static void across_c(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, void *scratch,
                     uint8_t *out) {
  for (int y = 0; y < rows; y++, in += stride)
    for (int x = 0; x < axis->n; x++, out += 3) {
      const int32_t *weights = axis->weights + (size_t)x * (size_t)axis->taps;
      const uint8_t *p = in + (size_t)axis->first[x] * 3;
      int32_t sum[3] = {GAZE_RESIZE_HALF, GAZE_RESIZE_HALF, GAZE_RESIZE_HALF};
      for (int i = 0; i < axis->count[x]; i++, p += 3)
        for (int c = 0; c < 3; c++)
          sum[c] += p[c] * weights[i];
      for (int c = 0; c < 3; c++)
        out[c] = gaze_resize_clip(sum[c]);
    }
}

static void down_c(const int32_t *weights, int count, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out) {
  enum { BLOCK = 256 };
  for (size_t begin = 0; begin < bytes; begin += BLOCK) {
    size_t n = bytes - begin < BLOCK ? bytes - begin : BLOCK;
    int32_t sum[BLOCK];
    for (size_t i = 0; i < n; i++)
      sum[i] = GAZE_RESIZE_HALF;
    for (int k = 0; k < count; k++)
      for (size_t i = 0; i < n; i++)
        sum[i] += in[begin + (size_t)k * stride + i] * weights[k];
    for (size_t i = 0; i < n; i++)
      out[begin + i] = gaze_resize_clip(sum[i]);
  }
}

const gaze_resize_passes gaze_resize_portable = {across_c, down_c};

/* Pairs of inputs, in eights and begun ones, three channels, 32 bits in GAZE_RESIZE_ROWS rows. */
size_t gaze_resize_scratch(const gaze_resize_axis *axis) {
  size_t pairs = (size_t)(axis->end - axis->begin) / 2 + 8;
  return pairs * 3 * sizeof(int32_t) * GAZE_RESIZE_ROWS;
}

static const gaze_resize_passes *fastest(void) {
#if defined(__x86_64__)
  if (gaze_cpu_detect() & GAZE_CPU_AVX2)
    return &gaze_resize_avx2;
#endif
  return &gaze_resize_portable;
}

/* Asking the processor costs as much as a small picture (under a hypervisor it traps), so it is asked once. */
const gaze_resize_passes *gaze_resize_passes_choose(void) {
  static _Atomic(const gaze_resize_passes *) chosen;
  const gaze_resize_passes *passes = chosen;
  if (!passes)
    chosen = passes = fastest();
  return passes;
}
