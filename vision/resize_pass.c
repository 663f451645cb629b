#include "vision/resize_pass.h"

#include "core/base/cpu.h"

static void across_c(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, void *room,
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

static void down_c(const gaze_resize_axis *axis, int i, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out) {
  const int32_t *weights = axis->weights + (size_t)i * (size_t)axis->taps;
  enum { BLOCK = 256 };
  for (size_t begin = 0; begin < bytes; begin += BLOCK) {
    size_t n = bytes - begin < BLOCK ? bytes - begin : BLOCK;
    int32_t sum[BLOCK];
    for (size_t x = 0; x < n; x++)
      sum[x] = GAZE_RESIZE_HALF;
    for (int k = 0; k < axis->count[i]; k++)
      for (size_t x = 0; x < n; x++)
        sum[x] += in[begin + (size_t)k * stride + x] * weights[k];
    for (size_t x = 0; x < n; x++)
      out[begin + x] = gaze_resize_clip(sum[x]);
  }
}

const gaze_resize_passes gaze_resize_portable = {across_c, down_c};

static const gaze_resize_passes *fastest(void) {
#if defined(__x86_64__)
  if (gaze_cpu_detect() & GAZE_CPU_VNNI)
    return &gaze_resize_vnni;
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
