#include "core/kernels/levels.h"

void gaze_kernels_init(gaze_kernels *kernels, unsigned cpu_flags) {
  gaze_kernels_fill_portable(kernels);
  if (!cpu_flags)
    return;
  gaze_kernels_fill_openblas(kernels);
}
