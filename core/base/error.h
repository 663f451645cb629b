/* Errors: whoever detects one writes the message, whoever passes it on stays silent. */
#ifndef GAZE_CORE_BASE_ERROR_H
#define GAZE_CORE_BASE_ERROR_H

#include "gaze.h"

/* Stores "what happened: what it concerned: what to do" for gaze_last_error() and returns code. */
GAZE_CHECKED gaze_err gaze_fail(gaze_err code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As gaze_fail, ": " and the operating system's words for the current errno behind the message. */
GAZE_CHECKED gaze_err gaze_fail_errno(gaze_err code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Carries a message from a worker thread to the one that reports: copies text in as if gaze_fail had run here. */
GAZE_CHECKED gaze_err gaze_fail_again(gaze_err code, const char *message);

/* One line to the warning function (see gaze_set_warn). */
void gaze_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define GAZE_TRY(call)           \
  do {                           \
    gaze_err gaze_try_ = (call); \
    if (gaze_try_ != GAZE_OK)    \
      return gaze_try_;          \
  } while (0)

/* For functions with something to release: jumps to the label `done`, which returns `err`. */
#define GAZE_TRY_DONE(call) \
  do {                      \
    err = (call);           \
    if (err != GAZE_OK)     \
      goto done;            \
  } while (0)

#endif
