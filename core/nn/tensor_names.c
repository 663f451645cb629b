#include "core/nn/tensor_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether parameter fits a pattern; *number is what its `*` stands for. */
static bool fits(const char *parameter, const char *pattern, unsigned long *number) {
  const char *star = strchr(pattern, '*');
  if (!star)
    return strcmp(parameter, pattern) == 0;
  size_t before = (size_t)(star - pattern);
  if (strncmp(parameter, pattern, before) != 0)
    return false;
  char *end;
  *number = strtoul(parameter + before, &end, 10);
  return end > parameter + before && strcmp(end, star + 1) == 0;
}

static bool fill_name(char *name, size_t size, const char *pattern, unsigned long number) {
  const char *star = strchr(pattern, '*');
  int length = star ? snprintf(name, size, "%.*s%lu%s", (int)(star - pattern), pattern, number, star + 1)
                    : snprintf(name, size, "%s", pattern);
  return length < (int)size;
}

bool gaze_tensor_place_next(const gaze_name_table *table, const char *parameter, size_t *turn,
                            gaze_tensor_place *place) {
  unsigned long number = 0;
  while (*turn < table->n) {
    const gaze_name_pattern *pattern = &table->patterns[(*turn)++];
    if (!fits(parameter, pattern->parameter, &number) ||
        !fill_name(place->name, sizeof place->name, pattern->tensor, number))
      continue;
    place->part = pattern->part;
    place->parts = pattern->parts ? pattern->parts : 1;
    place->transposed = pattern->transposed;
    return true;
  }
  return false;
}
