/* Memory: aligned heap blocks, a growing list, and an arena of step memory. */
#ifndef GAZE_CORE_BASE_MEMORY_H
#define GAZE_CORE_BASE_MEMORY_H

#include "core/base/error.h"

#define GAZE_ALIGN 64 /* bytes: a cache line, and the widest vector register */

/* count * size bytes, zeroed, 64-byte aligned; overflow and exhaustion are GAZE_ERR_MEMORY. Yours: free(). */
GAZE_CHECKED gaze_err gaze_alloc(size_t count, size_t size, void *out_pointer);
/* A copy of text; yours: free(). */
GAZE_CHECKED gaze_err gaze_strdup(const char *text, char **out);
bool gaze_ends_with(const char *text, const char *ending);
/* printf into a fresh string; yours: free(). */
GAZE_CHECKED gaze_err gaze_format(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for at least `need` elements of a malloc'ed list (doubling). *items may be NULL with capacity 0. */
GAZE_CHECKED gaze_err gaze_grow(void *items_pointer, size_t *capacity, size_t need, size_t element_size);

/* One block, handed out from the front; everything goes at once. Under AddressSanitizer a red zone
 * separates allocations. Sized beforehand, so that taking never fails (an assert says so): lay out once on
 * GAZE_ARENA_MEASURE, which counts and hands out NULL, then on an arena of `used` bytes. */
typedef struct gaze_arena {
  uint8_t *base;
  size_t size, used, peak;
} gaze_arena;

#define GAZE_ARENA_MEASURE ((gaze_arena){.size = SIZE_MAX})

GAZE_CHECKED gaze_err gaze_arena_init(gaze_arena *arena, size_t size);
void gaze_arena_fini(gaze_arena *arena);
void *gaze_arena_take(gaze_arena *arena, size_t count, size_t size); /* 64-byte aligned, not zeroed */
size_t gaze_arena_cost(size_t count, size_t size);                   /* bytes that gaze_arena_take will use */
size_t gaze_arena_mark(const gaze_arena *arena);
void gaze_arena_reset(gaze_arena *arena, size_t mark); /* gives back everything taken since */

#endif
