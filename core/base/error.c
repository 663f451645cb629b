#include "core/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[1024];

static void warn_on_stderr(const char *line) { fprintf(stderr, "gaze: %s\n", line); }

static gaze_warn_fn *warn_function = warn_on_stderr;

const char *gaze_last_error(void) { return message; }

const char *gaze_err_name(gaze_err code) {
  static const char *const names[] = {"ok",          "argument", "not found", "io",     "format",
                                      "unsupported", "limit",    "mismatch",  "memory", "busy",
                                      "interrupted", "diverged", "corrupt"};
  return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown";
}

/* A message is one line whatever a file name holds. */
static void keep_to_one_line(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f)
      *text = '?';
}

gaze_err gaze_fail(gaze_err code, const char *format, ...) {
  char text[sizeof message]; /* an argument may be gaze_last_error() itself */
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  keep_to_one_line(text);
  memcpy(message, text, sizeof message);
  return code;
}

gaze_err gaze_fail_errno(gaze_err code, const char *format, ...) {
  char reason[128], text[sizeof message];
  snprintf(reason, sizeof reason, "%s", strerror(errno));
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return gaze_fail(code, "%s: %s", text, reason);
}

gaze_err gaze_fail_again(gaze_err code, const char *text) { return gaze_fail(code, "%s", text); }

void gaze_set_warn(gaze_warn_fn *warn) { warn_function = warn; }

void gaze_warn(const char *format, ...) {
  if (!warn_function)
    return;
  char text[sizeof message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  keep_to_one_line(text);
  warn_function(text);
}
