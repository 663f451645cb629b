#include "cli/train_lists.h"

#include "cli/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_path(path_list *list, char *taken) {
  list->items = memory_resize(list->items, list->n + 1, sizeof *list->items);
  list->sources = memory_resize(list->sources, list->n + 1, sizeof *list->sources);
  list->sources[list->n] = list->n_sources;
  list->items[list->n++] = taken;
}

/* "shard-{008..011}.tar" as four paths, zeros in front kept; without such braces the text as it is. */
static void add_expanded(path_list *list, const char *text, size_t length) {
  char *part = strndup(text, length), *path;
  const char *open = part ? strchr(part, '{') : NULL;
  long first, last;
  int digits = 0, end = 0;
  bool range = open && sscanf(open, "{%n%ld..%ld}%n", &digits, &first, &last, &end) == 2 && end > 0 && first >= 0 &&
               last >= first && last - first < 1000000;
  if (!range) {
    add_path(list, part);
    return;
  }
  int width = (int)strspn(open + 1, "0123456789");
  for (long i = first; i <= last; i++)
    if (asprintf(&path, "%.*s%0*ld%s", (int)(open - part), part, width, i, open + end) >= 0)
      add_path(list, path);
  free(part);
}

void path_list_init(path_list *list, const word_list *given) {
  *list = (path_list){0};
  for (size_t i = 0; i < given->n; i++) {
    for (const char *rest = given->items[i]; rest;) {
      const char *separator = strstr(rest, "::");
      size_t length = separator ? (size_t)(separator - rest) : strlen(rest);
      add_expanded(list, rest, length);
      list->n_sources++;
      rest = separator ? separator + 2 : NULL;
    }
  }
}

void path_list_fini(path_list *list) {
  for (size_t i = 0; i < list->n; i++)
    free(list->items[i]);
  free(list->items);
  free(list->sources);
}

int number_list_parse(const char *text, const path_list *list, const char *name, double **out) {
  *out = NULL;
  if (!text)
    return STATUS_DONE;
  double *numbers = memory_resize(NULL, list->n, sizeof *numbers);
  const char *rest = text;
  for (size_t source = 0, i = 0; source < list->n_sources; source++) {
    char *end;
    double number = strtod(rest, &end);
    const char *expected = source + 1 < list->n_sources ? "::" : "";
    if (end == rest || !(number > 0 && number < 1e9) || strncmp(end, expected, 2) != 0) {
      free(numbers);
      return report_usage("numbers do not fit the files: --%s %s: give %zu above 0 with :: between", name, text,
                          list->n_sources);
    }
    for (; i < list->n && list->sources[i] == source; i++)
      numbers[i] = number;
    rest = end + strlen(expected);
  }
  *out = numbers;
  return STATUS_DONE;
}
