#include "core/base/json_guard.h"

#include "core/base/memory.h"

#include <assert.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

/* The call that runs in this thread, and the blocks it holds. */
static _Thread_local struct {
  bool active;
  jmp_buf escape;
  void **blocks; /* [n] */
  size_t n, capacity;
} guard;

static json_malloc_t next_malloc; /* as the program chose them */
static json_free_t next_free;

static void *take(size_t size) {
  void *block = next_malloc(size);
  if (!guard.active)
    return block;
  if (!block || gaze_grow(&guard.blocks, &guard.capacity, guard.n + 1, sizeof *guard.blocks) != GAZE_OK) {
    next_free(block);
    longjmp(guard.escape, 1);
  }
  guard.blocks[guard.n++] = block;
  return block;
}

/* Most blocks are freed soon after they were allocated. */
static void give_back(void *block) {
  for (size_t i = guard.active && block ? guard.n : 0; i-- > 0;)
    if (guard.blocks[i] == block) {
      guard.blocks[i] = guard.blocks[--guard.n];
      break;
    }
  next_free(block);
}

static void stand_before_allocator(void) {
  json_get_alloc_funcs(&next_malloc, &next_free);
  json_set_alloc_funcs(take, give_back);
}

static gaze_err end(bool failed, const char *what) {
  guard.active = false;
  for (size_t i = 0; failed && i < guard.n; i++)
    next_free(guard.blocks[i]);
  free(guard.blocks);
  guard.blocks = NULL;
  guard.n = guard.capacity = 0;
  return failed ? gaze_fail(GAZE_ERR_MEMORY, "out of memory: JSON: %s: free memory", what) : GAZE_OK;
}

gaze_err gaze_json_guard(void (*call)(void *user), void *user, const char *what) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, stand_before_allocator);
  assert(!guard.active);
  guard.active = true;
  if (setjmp(guard.escape))
    return end(true, what);
  call(user);
  return end(false, what);
}
