/* The progress bar: on standard error, on a terminal alone, never under --quiet. */
#ifndef GAZE_CLI_PROGRESS_BAR_H
#define GAZE_CLI_PROGRESS_BAR_H

#include <stdbool.h>
#include <stddef.h>

void progress_begin(bool quiet);
/* done of total things; total 0: not known yet. name (may be NULL): what is at work. Draws ten times a second at most.
 */
void progress_show(size_t done, size_t total, const char *name);
/* A line of the caller's own in the bar's place, as often as the bar. */
void progress_show_line(const char *line);
/* "12 s left", "3 min 5 s left" */
void progress_format_left(char *out, size_t size, double seconds);
/* Takes the bar away, before a line is printed and at the end. */
void progress_clear(void);

#endif
