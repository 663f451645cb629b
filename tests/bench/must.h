/* What a bench cannot go on without. */
#ifndef GAZE_TESTS_BENCH_MUST_H
#define GAZE_TESTS_BENCH_MUST_H

#include "core/base/error.h"

#include <stdio.h>
#include <stdlib.h>

static inline void must(gaze_err err) {
  if (err == GAZE_OK)
    return;
  fprintf(stderr, "gaze: %s\n", gaze_last_error());
  exit(1);
}

#endif
