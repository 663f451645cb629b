#include "tests/kernels/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define CANARY 0xa5
#define PAGE 4096u

static struct {
  uint8_t *base, *first, *last; /* base: SLOT_BYTES between two unreadable pages; [first, last) is handed out */
} slots[SLOTS];
static bool starts;

void guard_at_start(bool at_start) { starts = at_start; }

static void map_slot(int slot) {
  uint8_t *map = mmap(NULL, SLOT_BYTES + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(map != MAP_FAILED);
  assert_int_equal(mprotect(map, PAGE, PROT_NONE), 0);
  assert_int_equal(mprotect(map + PAGE + SLOT_BYTES, PAGE, PROT_NONE), 0);
  slots[slot].base = slots[slot].first = slots[slot].last = map + PAGE;
  memset(map + PAGE, CANARY, SLOT_BYTES);
}

void *guarded(int slot, size_t bytes) {
  assert_true(bytes <= SLOT_BYTES);
  if (!slots[slot].base)
    map_slot(slot);
  memset(slots[slot].first, CANARY, (size_t)(slots[slot].last - slots[slot].first));
  slots[slot].first = slots[slot].base + (starts ? 0 : SLOT_BYTES - bytes);
  slots[slot].last = slots[slot].first + bytes;
  return slots[slot].first;
}

/* Looks 4 KiB to both sides, which is further than any kernel's step. */
void guard_verify(void) {
  for (int i = 0; i < SLOTS; i++) {
    uint8_t *end = slots[i].base + SLOT_BYTES;
    for (uint8_t *p = slots[i].last; slots[i].base && p < end && p < slots[i].last + PAGE; p++)
      assert_int_equal(*p, CANARY);
    for (uint8_t *p = slots[i].first; slots[i].base && p > slots[i].base && p > slots[i].first - PAGE; p--)
      assert_int_equal(p[-1], CANARY);
  }
}

float *guarded_floats(int slot, size_t n, gaze_random *random, double deviation) {
  float *x = guarded(slot, n * sizeof *x);
  for (size_t i = 0; i < n; i++)
    x[i] = (float)(deviation * gaze_random_normal(random));
  return x;
}

float *guarded_copy(int slot, const float *x, size_t n) {
  float *y = guarded(slot, n * sizeof *y);
  if (n)
    memcpy(y, x, n * sizeof *y);
  return y;
}

void for_sizes(check_sized *check_size, const gaze_kernels *kernels, size_t limit) {
  gaze_random random;
  gaze_random_init(&random, 20, 0);
  for (int start = 0; start < 2; start++) {
    guard_at_start(start);
    for (size_t n = 0; n <= 320; n++) {
      check_size(kernels, n <= 300 ? n : gaze_random_below(&random, limit), &random);
      guard_verify();
    }
  }
}

void assert_near_at(double got, double want, double tolerance, const char *file, int line) {
  if (fabs(got - want) <= tolerance)
    return;
  print_error("got %.9g, want %.9g, off by %.3g, allowed %.3g\n", got, want, fabs(got - want), tolerance);
  _fail(file, line);
}
