/* Numbers for names: 0, 1, 2 ... in the order in which they are first met. */
#ifndef GAZE_FUSION_NAMES_H
#define GAZE_FUSION_NAMES_H

#include "core/base/error.h"

typedef struct gaze_name {
  const void *space;
  const char *text; /* NULL: free place */
  size_t number;
} gaze_name;

/* Zeroed at first. A hash table with open addressing, at most half full. */
typedef struct gaze_names {
  gaze_name *places;
  size_t n, capacity;
} gaze_names;

/* Names in different spaces (any pointers, compared as such) are different. text is borrowed until fini. */
GAZE_CHECKED gaze_err gaze_names_number(gaze_names *names, const void *space, const char *text, size_t *out);
/* False: not met yet. */
bool gaze_names_find(const gaze_names *names, const void *space, const char *text, size_t *out);
void gaze_names_fini(gaze_names *names);

#endif
