/* What a person and a script see: errors, exit statuses, JSON on standard output, Ctrl-C. */
#ifndef GAZE_CLI_REPORT_H
#define GAZE_CLI_REPORT_H

#include "gaze.h"

#include <jansson.h>

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_NOTHING = 3, STATUS_INTERRUPTED = 130 };

/* One line "gaze: ..." on standard error; control characters (a newline in a file's name) are written as escapes. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As report; returns STATUS_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Reports the library's last error and returns the exit status that belongs to it. */
int report_error(gaze_err err);
/* For gaze_set_warn. */
void report_warning(const char *line);

/* A JSON string of bytes that may be no UTF-8 (a file's name): what is not becomes U+FFFD. */
json_t *json_text(const char *bytes);
/* The shortest number that reads back as this float. */
json_t *json_float(float value);
json_t *json_floats(const float *values, size_t n);
/* Writes a line of JSON and drops the reference. */
void json_print(json_t *taken, FILE *stream);
/* Prints JSON text that the library gave (taken: freed), on one line or as a table. */
int json_print_given(char *taken, bool as_json);
/* What became of making a model: the error, or its folder, alone or as {"model"}. Returns the exit status. */
int report_model(gaze_err err, const char *folder, bool as_json);

/* Raised by the first Ctrl-C in a command that called watch_interrupts; the second one, and the first one
 * elsewhere, ends the program at once. */
extern volatile int interrupted;
void interrupts_init(void);
void watch_interrupts(void);
/* Whether Ctrl-C also ends a read that waits, with EINTR. */
void interrupts_end_reading(bool ends);

/* As realloc to count * size bytes, but ends the program in words when there is no memory. */
void *memory_resize(void *items, size_t count, size_t size);

#endif
