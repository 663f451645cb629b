#include "core/tensor/pickle_machine.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef gaze_pickle_machine machine;
typedef gaze_pickle_value value;

gaze_err gaze_pickle_fail(const machine *m, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "damaged pickle, or none of a state dictionary: %s in %s: get another copy", what,
                   m->name);
}

gaze_err gaze_pickle_refuse(const machine *m, const char *what) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "pickle that calls something: %s in %s: convert it to safetensors, or get another copy", what,
                   m->name);
}

gaze_err gaze_pickle_fail_limit(const machine *m, const char *what) {
  return gaze_fail(GAZE_ERR_LIMIT, "too many %s in a pickle: %s: convert it to safetensors", what, m->name);
}

gaze_err gaze_pickle_push(const machine *m, gaze_pickle_list *list, value pushed) {
  if (list->n == GAZE_PICKLE_LIMIT)
    return gaze_pickle_fail_limit(m, "values");
  GAZE_TRY(gaze_grow(&list->items, &list->capacity, list->n + 1, sizeof *list->items));
  list->items[list->n++] = pushed;
  return GAZE_OK;
}

gaze_pickle_value gaze_pickle_new_dict(machine *m) { return (value){.kind = GAZE_PICKLE_DICT, .id = m->n_dicts++}; }

gaze_err gaze_pickle_pop(machine *m, value *out) {
  *out = (value){0};
  if (m->stack.n == 0 || m->stack.items[m->stack.n - 1].kind == GAZE_PICKLE_MARK)
    return gaze_pickle_fail(m, "a value that is not there");
  *out = m->stack.items[--m->stack.n];
  return GAZE_OK;
}

gaze_err gaze_pickle_take(machine *m, size_t n, const uint8_t **out) {
  *out = m->at;
  if (n > (size_t)(m->end - m->at))
    return gaze_pickle_fail(m, "its early end");
  m->at += n;
  return GAZE_OK;
}

gaze_err gaze_pickle_take_number(machine *m, size_t n, uint64_t *out) {
  const uint8_t *at;
  *out = 0;
  GAZE_TRY(gaze_pickle_take(m, n, &at));
  memcpy(out, at, n);
  return GAZE_OK;
}

void gaze_pickle_fini(machine *m) {
  free(m->stack.items);
  free(m->memo.items);
  free(m->items.items);
  free(m->pairs);
  free(m->storages);
  free(m->tensors);
}
