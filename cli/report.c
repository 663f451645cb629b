#include "cli/report.h"

#include "cli/progress_bar.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whatever it holds, a terminal does not obey it. */
static void write_visible(const char *text, FILE *stream) {
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '\n')
      fputs("\\n", stream);
    else if (*c < 0x20 || *c == 0x7f)
      fprintf(stream, "\\x%02x", *c);
    else
      fputc(*c, stream);
  }
}

static void write_line(const char *line) {
  progress_clear();
  fputs("gaze: ", stderr);
  write_visible(line, stderr);
  fputc('\n', stderr);
}

static void write_formatted(const char *format, va_list values) {
  char *line = NULL;
  if (vasprintf(&line, format, values) < 0)
    line = NULL;
  write_line(line ? line : "out of memory");
  free(line);
}

void report(const char *format, ...) {
  va_list values;
  va_start(values, format);
  write_formatted(format, values);
  va_end(values);
}

int report_usage(const char *format, ...) {
  va_list values;
  va_start(values, format);
  write_formatted(format, values);
  va_end(values);
  return STATUS_USAGE;
}

int report_error(gaze_err err) {
  write_line(gaze_last_error());
  switch (err) {
  case GAZE_ERR_ARGUMENT:
    return STATUS_USAGE;
  case GAZE_ERR_INTERRUPTED:
    return STATUS_INTERRUPTED;
  default:
    return STATUS_FAILED;
  }
}

void report_warning(const char *line) { write_line(line); }

/* Length of the UTF-8 sequence at c (RFC 3629: no surrogates, no overlong forms); 0 where there is none. */
static size_t utf8_length(const unsigned char *c) {
  if (c[0] < 0x80)
    return 1;
  size_t length = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
  if (c[0] < 0xc2 || c[0] > 0xf4)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((c[i] & 0xc0) != 0x80)
      return 0;
  bool bad = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
             (c[0] == 0xf4 && c[1] > 0x8f);
  return bad ? 0 : length;
}

json_t *json_text(const char *bytes) {
  static const char replacement[] = "\xef\xbf\xbd";
  char *clean = memory_resize(NULL, strlen(bytes) * 3 + 1, 1), *end = clean;
  for (const unsigned char *c = (const unsigned char *)bytes; *c;) {
    size_t length = utf8_length(c);
    memcpy(end, length ? (const char *)c : replacement, length ? length : 3);
    end += length ? length : 3;
    c += length ? length : 1;
  }
  json_t *text = json_stringn(clean, (size_t)(end - clean));
  free(clean);
  return text;
}

json_t *json_float(float value) {
  char text[32];
  int digits = 6;
  do
    snprintf(text, sizeof text, "%.*g", digits, (double)value);
  while (strtof(text, NULL) != value && ++digits <= 9);
  return json_real(strtod(text, NULL));
}

json_t *json_floats(const float *values, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(array, json_float(values[i]));
  return array;
}

void json_print(json_t *taken, FILE *stream) {
  if (!taken) {
    report("out of memory: the results: ask for fewer at a time");
    exit(STATUS_FAILED);
  }
  json_dumpf(taken, stream, JSON_REAL_PRECISION(9));
  fputc('\n', stream);
  json_decref(taken);
}

static void print_value(json_t *value) {
  if (json_is_string(value))
    write_visible(json_string_value(value), stdout);
  else
    json_dumpf(value, stdout, JSON_REAL_PRECISION(6) | JSON_ENCODE_ANY);
}

/* An object of a list as "name value, name value". */
static void print_row(json_t *object, int indent) {
  const char *key, *before = "";
  json_t *value;
  printf("%*s", indent, "");
  json_object_foreach(object, key, value) {
    printf("%s%s ", before, key);
    print_value(value);
    before = ", ";
  }
  putchar('\n');
}

/* Lines "name: value", members of members and objects in lists indented. */
static void print_table(json_t *object, int indent) {
  const char *key;
  size_t i;
  json_t *value, *item;
  json_object_foreach(object, key, value) {
    bool rows = json_is_object(json_array_get(value, 0));
    printf("%*s", indent, "");
    write_visible(key, stdout);
    fputs(rows || json_is_object(value) ? ":\n" : ": ", stdout);
    if (json_is_object(value))
      print_table(value, indent + 2);
    else if (!rows)
      print_value(value), putchar('\n');
    else
      json_array_foreach(value, i, item) print_row(item, indent + 2);
  }
}

int json_print_given(char *taken, bool as_json) {
  json_t *object = json_loads(taken, 0, NULL);
  free(taken);
  if (as_json)
    json_print(object, stdout);
  else if (object)
    print_table(object, 0);
  if (!as_json)
    json_decref(object);
  return STATUS_DONE;
}

int report_model(gaze_err err, const char *folder, bool as_json) {
  if (err != GAZE_OK)
    return report_error(err);
  if (as_json)
    json_print(json_pack("{s:o}", "model", json_text(folder)), stdout);
  else
    puts(folder);
  return STATUS_DONE;
}

volatile int interrupted;
static volatile sig_atomic_t watching;

static void interrupt(int number) {
  if (!watching || interrupted) {
    if (isatty(STDERR_FILENO) && write(STDERR_FILENO, "\n", 1) < 0) /* the shell's prompt on a line of its own */
      _exit(STATUS_FAILED);
    _exit(STATUS_INTERRUPTED);
  }
  interrupted = 1;
}

static void handle_interrupts(int flags) {
  struct sigaction action = {.sa_handler = interrupt, .sa_flags = flags};
  sigaction(SIGINT, &action, NULL);
}

void interrupts_init(void) { handle_interrupts(SA_RESTART); }
void interrupts_end_reading(bool ends) { handle_interrupts(ends ? 0 : SA_RESTART); }

void watch_interrupts(void) { watching = 1; }

void *memory_resize(void *items, size_t count, size_t size) {
  size_t bytes;
  void *grown = __builtin_mul_overflow(count, size, &bytes) ? NULL : realloc(items, bytes ? bytes : 1);
  if (!grown) {
    report("out of memory: %zu items of %zu bytes: ask for less at a time", count, size);
    exit(STATUS_FAILED);
  }
  return grown;
}
