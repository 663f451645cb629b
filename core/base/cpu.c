#include "core/base/cpu.h"

#include <sched.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Bits of XCR0: registers that the operating system saves. */
#define XCR0_AVX 0x06u
#define XCR0_AVX512 0xe6u

#define AMX_BF16 (1u << 22) /* of edx, leaf 7 */

static unsigned saved_registers(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

unsigned gaze_cpu_detect(void) {
  unsigned a, b, c, d, flags = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
    return 0;
  unsigned saved = saved_registers();
  bool fma = (c & bit_FMA) && (c & bit_F16C);
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return 0;
  if (fma && (b & bit_AVX2) && (saved & XCR0_AVX) == XCR0_AVX)
    flags |= GAZE_CPU_AVX2;
  unsigned wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  if (!(flags & GAZE_CPU_AVX2) || (b & wanted) != wanted || (saved & XCR0_AVX512) != XCR0_AVX512)
    return flags;
  flags |= GAZE_CPU_AVX512;
  if (c & bit_AVX512VNNI)
    flags |= GAZE_CPU_VNNI;
  if (d & AMX_BF16)
    flags |= GAZE_CPU_AMX;
  if ((flags & GAZE_CPU_VNNI) && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & bit_AVX512BF16))
    flags |= GAZE_CPU_BF16;
  return flags;
}
#elif defined(__aarch64__)
unsigned gaze_cpu_detect(void) { return GAZE_CPU_NEON; }
#else
unsigned gaze_cpu_detect(void) { return 0; }
#endif

gaze_err gaze_cpu_mask(const char *level, unsigned *mask) {
  static const struct {
    const char *level;
    unsigned mask;
  } levels[] = {{"c", 0},
                {"avx2", GAZE_CPU_AVX2},
                {"avx512", GAZE_CPU_AVX2 | GAZE_CPU_AVX512},
                {"vnni", GAZE_CPU_AVX2 | GAZE_CPU_AVX512 | GAZE_CPU_VNNI},
                {"bf16", GAZE_CPU_AVX2 | GAZE_CPU_AVX512 | GAZE_CPU_VNNI | GAZE_CPU_BF16},
                {"neon", GAZE_CPU_NEON}};
  if (!level) {
    *mask = ~0u;
    return GAZE_OK;
  }
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
    if (strcmp(level, levels[i].level) == 0) {
      *mask = levels[i].mask;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_ARGUMENT, "unknown processor level: %s: use c, avx2, avx512, vnni, bf16 or neon", level);
}

int gaze_cpu_count(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return count > 0 ? count : 1;
}
