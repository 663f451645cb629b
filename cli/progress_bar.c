#include "cli/progress_bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 24

static struct {
  bool wanted, visible;
  double started, drawn; /* seconds */
} bar;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static size_t terminal_width(void) {
  struct winsize size;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void progress_begin(bool quiet) {
  bar.wanted = !quiet && isatty(STDERR_FILENO);
  bar.started = now();
  bar.drawn = 0;
}

void progress_clear(void) {
  if (bar.visible)
    fputs("\r\033[K", stderr);
  bar.visible = false;
}

void progress_format_left(char *out, size_t size, double seconds) {
  if (seconds >= 3600)
    snprintf(out, size, "%d h %d min left", (int)seconds / 3600, (int)seconds / 60 % 60);
  else if (seconds >= 60)
    snprintf(out, size, "%d min %d s left", (int)seconds / 60, (int)seconds % 60);
  else
    snprintf(out, size, "%.0f s left", seconds);
}

/* "[#####----]  120/500  31/s  12 s left  " */
static int format_bar(char *out, size_t size, size_t done, size_t total, double elapsed) {
  double rate = elapsed > 0 ? (double)done / elapsed : 0;
  if (total == 0)
    return snprintf(out, size, "%zu files seen  ", done);
  char cells[BAR_WIDTH + 1], left[40] = "";
  size_t full = done >= total ? BAR_WIDTH : done * BAR_WIDTH / total;
  memset(cells, '#', full);
  memset(cells + full, '-', BAR_WIDTH - full);
  cells[BAR_WIDTH] = 0;
  if (rate > 0)
    progress_format_left(left, sizeof left, (double)(total - (done < total ? done : total)) / rate);
  return snprintf(out, size, "[%s]  %zu/%zu  %.*f/s  %s  ", cells, done, total, rate < 10 ? 1 : 0, rate, left);
}

/* As much of the end of name as fits; names start at a character, not inside one. */
static const char *tail(const char *name, size_t room) {
  size_t length = strlen(name);
  const char *start = length > room ? name + length - room : name;
  while (((unsigned char)*start & 0xc0) == 0x80)
    start++;
  return start;
}

/* Is it time to draw? Then as the time of the drawing. */
static bool due(void) {
  double time = now();
  if (!bar.wanted || time - bar.drawn < 0.1)
    return false;
  bar.drawn = time;
  bar.visible = true;
  return true;
}

void progress_show_line(const char *line) {
  if (!due())
    return;
  fprintf(stderr, "\r\033[K%.*s", (int)terminal_width() - 1, line);
  fflush(stderr);
}

void progress_show(size_t done, size_t total, const char *name) {
  if (!due())
    return;
  char line[160];
  int used = format_bar(line, sizeof line, done, total, bar.drawn - bar.started);
  size_t width = terminal_width(), room = (size_t)used + 1 < width ? width - (size_t)used - 1 : 0;
  fprintf(stderr, "\r\033[K%.*s", (int)width - 1, line);
  for (const char *c = name ? tail(name, room) : ""; *c; c++)
    fputc((unsigned char)*c < 0x20 ? '?' : *c, stderr);
  fflush(stderr);
}
