#include "index/top.h"

#include "core/base/memory.h"

#include <stdlib.h>

gaze_err gaze_top_init(gaze_top *top, size_t capacity) {
  *top = (gaze_top){.capacity = capacity};
  return gaze_alloc(capacity, sizeof *top->items, &top->items);
}

void gaze_top_fini(gaze_top *top) {
  free(top->items);
  *top = (gaze_top){0};
}

static bool is_better(gaze_ranked a, gaze_ranked b) { return a.score != b.score ? a.score > b.score : a.id < b.id; }

static void sift_up(gaze_ranked *items, size_t place) {
  gaze_ranked moving = items[place];
  for (; place > 0 && is_better(items[(place - 1) / 2], moving); place = (place - 1) / 2)
    items[place] = items[(place - 1) / 2];
  items[place] = moving;
}

static void sift_down(gaze_ranked *items, size_t n, gaze_ranked moving) {
  size_t place = 0;
  for (size_t child = 1; child < n; child = 2 * place + 1) {
    if (child + 1 < n && is_better(items[child], items[child + 1]))
      child++;
    if (!is_better(moving, items[child]))
      break;
    items[place] = items[child];
    place = child;
  }
  items[place] = moving;
}

void gaze_top_push(gaze_top *top, float score, int64_t id) {
  gaze_ranked ranked = {score, id};
  if (top->n < top->capacity) {
    top->items[top->n] = ranked;
    sift_up(top->items, top->n++);
  } else if (is_better(ranked, top->items[0])) {
    sift_down(top->items, top->n, ranked);
  }
}

static int compare(const void *a, const void *b) {
  return is_better(*(const gaze_ranked *)b, *(const gaze_ranked *)a) -
         is_better(*(const gaze_ranked *)a, *(const gaze_ranked *)b);
}

void gaze_top_sort(gaze_top *top) {
  if (top->n)
    qsort(top->items, top->n, sizeof *top->items, compare);
}
