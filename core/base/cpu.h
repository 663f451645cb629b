/* What this processor can do, what the operating system saves of it, and what the person allows. */
#ifndef GAZE_CORE_BASE_CPU_H
#define GAZE_CORE_BASE_CPU_H

#include "core/base/error.h"

typedef enum gaze_cpu_flag {
  GAZE_CPU_AVX2 = 1 << 0,   /* AVX2, FMA and F16C */
  GAZE_CPU_AVX512 = 1 << 1, /* F, BW, DQ, VL */
  GAZE_CPU_VNNI = 1 << 2,   /* AVX-512 VNNI */
  GAZE_CPU_BF16 = 1 << 3,   /* AVX-512 BF16 */
  GAZE_CPU_NEON = 1 << 4,
  GAZE_CPU_AMX = 1 << 5 /* tiles in bf16, which libraries use */
} gaze_cpu_flag;

unsigned gaze_cpu_detect(void);
/* Flags up to and including level: "c" none, then avx2, avx512, vnni, bf16 each including those before. NULL: all. */
GAZE_CHECKED gaze_err gaze_cpu_mask(const char *level, unsigned *mask);
int gaze_cpu_count(void); /* processors this process may use, at least 1 */

#endif
