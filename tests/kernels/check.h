/* What the checks of the kernel table share: guarded buffers, tolerances, and the list of checks. */
#ifndef GAZE_TESTS_KERNELS_CHECK_H
#define GAZE_TESTS_KERNELS_CHECK_H

#include "core/base/random.h"
#include "core/kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

#define HALF_ULP 0x1p-24 /* relative rounding error of f32 */
#define SLOTS 8
#define SLOT_BYTES (1u << 20)

/* `bytes` of slot number `slot`, up to SLOT_BYTES. The last byte lies right before an unreadable page, or with
 * guard_at_start(true) the first byte right behind one. Everything else in the slot is a canary. */
void *guarded(int slot, size_t bytes);
void guard_at_start(bool at_start);
void guard_verify(void); /* fails the test when a canary changed */

float *guarded_floats(int slot, size_t n, gaze_random *random, double deviation);
float *guarded_copy(int slot, const float *x, size_t n);

/* 0..300 in turn, then random sizes below `limit`; both guards. */
typedef void check_sized(const gaze_kernels *kernels, size_t n, gaze_random *random);
void for_sizes(check_sized *check_size, const gaze_kernels *kernels, size_t limit);

#define assert_near(got, want, tolerance) assert_near_at(got, want, tolerance, __FILE__, __LINE__)
void assert_near_at(double got, double want, double tolerance, const char *file, int line);

/* A check takes the table as *state; NULL name ends each list. */
typedef struct check {
  const char *name;
  void (*run)(void **state);
} check;

extern const check conversion_checks[], vector_checks[], norm_checks[], activation_checks[], gemm_checks[],
    matmul_checks[], onednn_checks[], quantised_checks[];

void bench_kernels(const gaze_kernels *kernels);

#endif
