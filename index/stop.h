/* The flag that a signal handler raises to end a run early. */
#ifndef GAZE_INDEX_STOP_H
#define GAZE_INDEX_STOP_H

#include <stdbool.h>
#include <stddef.h>

/* stop may be NULL: never. */
static inline bool gaze_stop_is_raised(const volatile int *stop) {
  return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

#endif
