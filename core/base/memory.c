#include "core/base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif

#ifdef ASAN
#include <sanitizer/asan_interface.h>
#define RED_ZONE GAZE_ALIGN
#else
#define RED_ZONE 0
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

static size_t round_up(size_t size) { return (size + GAZE_ALIGN - 1) / GAZE_ALIGN * GAZE_ALIGN; }

gaze_err gaze_alloc(size_t count, size_t size, void *out_pointer) {
  if (size && count > (SIZE_MAX - GAZE_ALIGN) / size)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %zu x %zu bytes asked for: free memory or use a smaller input",
                     count, size);
  size_t bytes = round_up(count && size ? count * size : 1);
  void *block = aligned_alloc(GAZE_ALIGN, bytes);
  if (!block)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %zu bytes asked for: free memory or use a smaller input", bytes);
  memset(block, 0, bytes);
  memcpy(out_pointer, &block, sizeof block);
  return GAZE_OK;
}

bool gaze_ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), tail = strlen(ending);
  return length >= tail && strcmp(text + length - tail, ending) == 0;
}

gaze_err gaze_strdup(const char *text, char **out) {
  char *copy = strdup(text);
  if (!copy)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %zu bytes asked for: free memory", strlen(text) + 1);
  *out = copy;
  return GAZE_OK;
}

gaze_err gaze_format(char **out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = NULL;
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: formatting a text: free memory");
  *out = text;
  return GAZE_OK;
}

gaze_err gaze_grow(void *items_pointer, size_t *capacity, size_t need, size_t element_size) {
  if (need <= *capacity)
    return GAZE_OK;
  size_t larger = *capacity ? *capacity * 2 : 16;
  if (larger < need)
    larger = need;
  void *items;
  memcpy(&items, items_pointer, sizeof items);
  void *moved = reallocarray(items, larger, element_size);
  if (!moved)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %zu x %zu bytes asked for: free memory", larger, element_size);
  memcpy(items_pointer, &moved, sizeof moved);
  *capacity = larger;
  return GAZE_OK;
}

/* Step memory and weights are used to the last byte: pages of 2 MB, which are found faster. No harm where refused. */
static void advise_huge(void *base, size_t size) {
#ifdef MADV_HUGEPAGE
  enum { HUGE_PAGE = 2 << 20 };
  size_t before = (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
  if (size > before + HUGE_PAGE)
    madvise((char *)base + before, (size - before) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
}

gaze_err gaze_arena_init(gaze_arena *arena, size_t size) {
  *arena = (gaze_arena){.size = round_up(size ? size : 1)};
  arena->base = aligned_alloc(GAZE_ALIGN, arena->size); /* pages that nobody takes stay untouched */
  if (!arena->base)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %zu bytes asked for: free memory or use a smaller batch", size);
  advise_huge(arena->base, arena->size);
  ASAN_POISON_MEMORY_REGION(arena->base, arena->size);
  return GAZE_OK;
}

void gaze_arena_fini(gaze_arena *arena) {
  if (arena->base)
    ASAN_UNPOISON_MEMORY_REGION(arena->base, arena->size);
  free(arena->base);
  *arena = (gaze_arena){0};
}

size_t gaze_arena_cost(size_t count, size_t size) { return round_up(count * size) + RED_ZONE; }

void *gaze_arena_take(gaze_arena *arena, size_t count, size_t size) {
  size_t cost = gaze_arena_cost(count, size);
  assert(cost <= arena->size - arena->used);
  size_t start = arena->used;
  arena->used += cost;
  if (arena->used > arena->peak)
    arena->peak = arena->used;
  if (!arena->base)
    return NULL;
  uint8_t *block = arena->base + start;
  ASAN_UNPOISON_MEMORY_REGION(block, count * size);
  return block;
}

size_t gaze_arena_mark(const gaze_arena *arena) { return arena->used; }

void gaze_arena_reset(gaze_arena *arena, size_t mark) {
  assert(mark <= arena->used);
  if (arena->base)
    ASAN_POISON_MEMORY_REGION(arena->base + mark, arena->used - mark);
  arena->used = mark;
}
