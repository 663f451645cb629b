#include "core/kernels/levels.h"

void gaze_kernels_init(gaze_kernels *kernels, unsigned cpu_flags) {
  gaze_kernels_fill_portable(kernels);
  if (!cpu_flags)
    return;
  gaze_kernels_fill_openblas(kernels);
#if defined(__x86_64__)
  if (!(cpu_flags & GAZE_CPU_AVX2))
    return;
  gaze_kernels_fill_avx2(kernels);
  if (!(cpu_flags & GAZE_CPU_AVX512))
    return;
  gaze_kernels_fill_avx512(kernels);
  if (!(cpu_flags & GAZE_CPU_VNNI))
    return;
  gaze_kernels_fill_vnni(kernels);
  if (!(cpu_flags & GAZE_CPU_BF16))
    return;
  gaze_kernels_fill_bf16(kernels);
#endif
}
