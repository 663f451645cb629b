#include "core/nn/load.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where a parameter was found; tensor NULL: it is none of the files', such as the head towards a teacher. */
typedef struct source {
  const gaze_tensor *tensor;
  gaze_tensor_place place;
  size_t first, rows; /* of the tensor's rows, where the parameter's begin, and how many there are in all */
  gaze_int8 int8;     /* of the parameter's rows, where the tensor is I8 */
} source;

typedef struct loading {
  const gaze_parameters *list;
  const gaze_weights *weights;
  const gaze_load *how;
  source *sources; /* [list->n] */
  gaze_loaded *out;
} loading;

/* Patches lie as [C, 3, p, p], vectors have one side, scalars none; ones in front do not count. */
static gaze_tensor expected_shape(const gaze_parameter *parameter, const source *s) {
  size_t columns = parameter->columns;
  if (gaze_ends_with(parameter->name, "patch_weight")) {
    size_t p = (size_t)lround(sqrt((double)columns / 3));
    return (gaze_tensor){.rank = 4, .shape = {s->rows, 3, p, p}};
  }
  if (columns == 1)
    return (gaze_tensor){.rank = 1, .shape = {s->rows}};
  bool turned = s->place.transposed;
  return (gaze_tensor){.rank = 2, .shape = {turned ? columns : s->rows, turned ? s->rows : columns}};
}

static bool same_shape(const gaze_tensor *found, const gaze_tensor *expected) {
  int extra = found->rank - expected->rank;
  if (gaze_tensor_count(expected) == 1)
    return gaze_tensor_count(found) == 1;
  for (int i = 0; i < extra; i++)
    if (found->shape[i] != 1)
      return false;
  return extra >= 0 &&
         memcmp(found->shape + extra, expected->shape, (size_t)expected->rank * sizeof *expected->shape) == 0;
}

static bool is_readable(gaze_dtype dtype) {
  return dtype == GAZE_DTYPE_F32 || dtype == GAZE_DTYPE_F16 || dtype == GAZE_DTYPE_BF16 || dtype == GAZE_DTYPE_I8 ||
         gaze_dtype_is_quantised(dtype);
}

static gaze_err check_tensor(const loading *l, const gaze_parameter *parameter, const source *s) {
  gaze_tensor expected = expected_shape(parameter, s);
  const char *path = gaze_weights_path(l->weights, s->place.name);
  if (!same_shape(s->tensor, &expected)) {
    char wanted[64], found[64];
    gaze_tensor_shape_text(&expected, wanted, sizeof wanted);
    gaze_tensor_shape_text(s->tensor, found, sizeof found);
    return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape of %s: %s has %s where %s says %s", s->place.name, path, found,
                     l->how->config, wanted);
  }
  if (is_readable(s->tensor->dtype))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "weights of dtype %s: %s in %s: save them as F32, F16 or BF16",
                   gaze_dtype_name(s->tensor->dtype), s->place.name, path);
}

/* A tensor's companion of n numbers in f32; *out NULL where there is none. */
static gaze_err find_companion(const loading *l, const char *name, const char *ending, size_t n,
                               const gaze_tensor **out) {
  char full[200];
  snprintf(full, sizeof full, "%s%s", name, ending);
  *out = gaze_weights_find(l->weights, full);
  if (!*out || ((*out)->dtype == GAZE_DTYPE_F32 && (*out)->rank == 1 && (*out)->shape[0] == n &&
                (uintptr_t)(*out)->data % _Alignof(float) == 0))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape or dtype: %s in %s: %zu numbers in F32 belong to %s", full,
                   gaze_weights_path(l->weights, full), n, name);
}

/* What belongs to a matrix in I8. */
static gaze_err find_int8(const loading *l, const gaze_parameter *parameter, source *s) {
  const gaze_tensor *scales, *columns;
  GAZE_TRY(find_companion(l, s->place.name, ".scales", s->rows, &scales));
  GAZE_TRY(find_companion(l, s->place.name, ".columns", parameter->columns, &columns));
  if (!scales || !gaze_parameter_is_product(parameter) || s->place.transposed)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "weights of dtype I8 without scales: %s in %s: gaze model quantize makes them", s->place.name,
                     gaze_weights_path(l->weights, s->place.name));
  s->int8 =
      (gaze_int8){(int8_t *)(uintptr_t)s->tensor->data + s->first * parameter->columns,
                  (float *)(uintptr_t)scales->data + s->first, columns ? (float *)(uintptr_t)columns->data : NULL};
  return GAZE_OK;
}

/* Its rows among those that share the tensor, which stand beside it in the list. */
static void count_rows(const loading *l, size_t i, source *s) {
  size_t around = s->place.parts - 1, from = i > around ? i - around : 0;
  s->first = s->rows = 0;
  for (size_t j = from; j < l->list->n && j <= i + around; j++) {
    gaze_tensor_place place;
    for (size_t turn = 0; gaze_tensor_place_next(&l->how->names, l->list->items[j].name, &turn, &place);)
      if (strcmp(place.name, s->place.name) == 0) {
        s->rows += l->list->items[j].rows;
        s->first += place.part < s->place.part ? l->list->items[j].rows : 0;
        break;
      }
  }
}

/* The first of its places where there is a tensor. */
static gaze_err find_source(const loading *l, size_t i) {
  const gaze_parameter *parameter = &l->list->items[i];
  source *s = &l->sources[i];
  gaze_tensor_place place;
  size_t turn = 0;
  while (!s->tensor && gaze_tensor_place_next(&l->how->names, parameter->name, &turn, &place)) {
    s->tensor = gaze_weights_find(l->weights, place.name);
    if (s->tensor || !*s->place.name)
      s->place = place;
  }
  if (!*s->place.name)
    return GAZE_OK;
  if (!s->tensor)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "missing tensor: %s in %s: configuration and weights belong to different models", s->place.name,
                     gaze_weights_path(l->weights, s->place.name));
  count_rows(l, i, s);
  GAZE_TRY(check_tensor(l, parameter, s));
  return s->tensor->dtype == GAZE_DTYPE_I8 ? find_int8(l, parameter, s) : GAZE_OK;
}

/* NAME.scales and NAME.columns of a NAME in I8. */
static bool is_companion(const gaze_weights *weights, const char *name) {
  const char *dot = strrchr(name, '.');
  char base[200];
  if (!dot || (strcmp(dot, ".scales") != 0 && strcmp(dot, ".columns") != 0))
    return false;
  snprintf(base, sizeof base, "%.*s", (int)(dot - name), name);
  const gaze_tensor *tensor = gaze_weights_find(weights, base);
  return tensor && tensor->dtype == GAZE_DTYPE_I8;
}

/* Every tensor of the files must have been asked for: what is left over would belong to another model. */
static gaze_err check_unused(const loading *l) {
  for (size_t i = 0; i < gaze_weights_count(l->weights); i++) {
    const gaze_named_tensor *named = gaze_weights_get(l->weights, i);
    bool used = l->how->is_leftover(l->how->user, named->name) || is_companion(l->weights, named->name);
    for (size_t j = 0; j < l->list->n && !used; j++)
      used = l->sources[j].tensor == &named->tensor;
    if (!used)
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "tensor nobody uses: %s in %s: configuration and weights belong to different models",
                       named->name, gaze_weights_path(l->weights, named->name));
  }
  return GAZE_OK;
}

/* Tables are read row by row, whatever they hold. */
static bool can_borrow(const loading *l, const gaze_parameter *parameter, const source *s) {
  gaze_dtype dtype = s->tensor->dtype;
  bool table = gaze_ends_with(parameter->name, "token_embedding") && dtype != GAZE_DTYPE_I8;
  bool wanted = dtype == GAZE_DTYPE_F32 || table || (l->how->keeps[dtype] && gaze_parameter_is_product(parameter));
  size_t alignment = gaze_dtype_is_quantised(dtype) ? 1 : gaze_dtype_size(dtype);
  return !l->how->bound && wanted && !s->place.transposed && (uintptr_t)s->tensor->data % alignment == 0;
}

static gaze_weight weight_of(const gaze_tensor *tensor) {
  return (gaze_weight){.data = tensor->data, .dtype = tensor->dtype};
}

static void widen_int8(float *values, const gaze_parameter *parameter, const gaze_int8 *int8) {
  for (size_t r = 0; r < parameter->rows; r++)
    for (size_t c = 0; c < parameter->columns; c++) {
      float value = (float)int8->values[r * parameter->columns + c] * int8->scales[r];
      values[r * parameter->columns + c] = int8->columns ? value * int8->columns[c] : value;
    }
}

/* values [rows, columns] from the parameter's part of the tensor, or from its transpose. */
static gaze_err copy_values(const loading *l, float *values, const gaze_parameter *parameter, const source *s) {
  size_t rows = parameter->rows, columns = parameter->columns, count = rows * columns;
  if (s->int8.values) {
    widen_int8(values, parameter, &s->int8);
    return GAZE_OK;
  }
  if (!s->place.transposed) {
    gaze_weight_widen(l->how->kernels, values, weight_of(s->tensor), s->first * columns, count);
    return GAZE_OK;
  }
  float *stored; /* [columns, rows] */
  GAZE_TRY(gaze_alloc(count, sizeof *stored, &stored));
  gaze_weight_widen(l->how->kernels, stored, weight_of(s->tensor), 0, count);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      values[r * columns + c] = stored[c * rows + r];
  free(stored);
  return GAZE_OK;
}

static size_t floats_of(const gaze_parameter *parameter) {
  return gaze_arena_cost(gaze_parameter_count(parameter), sizeof(float)) / sizeof(float);
}

/* Room for what cannot be borrowed. */
static gaze_err allocate_copies(const loading *l) {
  size_t size = 0;
  for (size_t i = 0; i < l->list->n; i++)
    if (l->sources[i].tensor && !can_borrow(l, &l->list->items[i], &l->sources[i]))
      size += floats_of(&l->list->items[i]);
  if (l->how->keeps[GAZE_DTYPE_I8])
    GAZE_TRY(gaze_alloc(l->list->n, sizeof *l->out->int8, &l->out->int8));
  return size ? gaze_alloc(size, sizeof(float), &l->out->values) : GAZE_OK;
}

static void borrow(const loading *l, size_t i) {
  const gaze_parameter *parameter = &l->list->items[i];
  const source *s = &l->sources[i];
  gaze_dtype dtype = s->tensor->dtype;
  size_t before = gaze_dtype_bytes(dtype, s->first * parameter->columns);
  *parameter->weight = (gaze_weight){.data = (const char *)s->tensor->data + before, .dtype = dtype};
  if (l->out->int8)
    l->out->int8[i] = s->int8;
  l->out->borrows = true;
}

/* Bound parameters take their values where they are. */
static gaze_err fill_bound(const loading *l) {
  for (size_t i = 0; i < l->list->n; i++) {
    const gaze_parameter *parameter = &l->list->items[i];
    float *place = (float *)(uintptr_t)parameter->weight->data;
    if (l->sources[i].tensor)
      GAZE_TRY(copy_values(l, place, parameter, &l->sources[i]));
  }
  return GAZE_OK;
}

static gaze_err fill(const loading *l) {
  GAZE_TRY(allocate_copies(l));
  float *next = l->out->values;
  for (size_t i = 0; i < l->list->n; i++) {
    const gaze_parameter *parameter = &l->list->items[i];
    if (!l->sources[i].tensor)
      continue;
    if (can_borrow(l, parameter, &l->sources[i])) {
      borrow(l, i);
      continue;
    }
    GAZE_TRY(copy_values(l, next, parameter, &l->sources[i]));
    *parameter->weight = (gaze_weight){.data = next};
    next += floats_of(parameter);
  }
  return GAZE_OK;
}

static gaze_err load(const loading *l) {
  for (size_t i = 0; i < l->list->n; i++)
    GAZE_TRY(find_source(l, i));
  GAZE_TRY(check_unused(l));
  for (size_t i = 0; i < l->list->n; i++)
    if (l->sources[i].tensor)
      l->out->stored[l->sources[i].tensor->dtype] += gaze_parameter_count(&l->list->items[i]);
  return l->how->bound ? fill_bound(l) : fill(l);
}

gaze_err gaze_parameters_load(const gaze_parameters *list, const gaze_weights *weights, const gaze_load *how,
                              gaze_loaded *out) {
  loading l = {list, weights, how, NULL, out};
  *out = (gaze_loaded){0};
  GAZE_TRY(gaze_alloc(list->n, sizeof *l.sources, &l.sources));
  gaze_err err = load(&l);
  free(l.sources);
  return err;
}
