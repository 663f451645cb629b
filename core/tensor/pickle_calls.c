/* The names that the pickle of a state dictionary may use, and what they stand for. Python's torch._utils and
 * torch.serialization say which arguments there are. */
#include "core/base/memory.h"
#include "core/tensor/pickle_machine.h"

#include <stdio.h>
#include <string.h>

typedef gaze_err call(gaze_pickle_machine *m, const gaze_pickle_value *arguments, size_t n, gaze_pickle_value *out);

static call make_dict, make_tensor, make_parameter;

/* A name stands for a function, or for the dtype of a storage. */
static const struct {
  const char *module, *name;
  call *run;
  gaze_dtype dtype;
} names[] = {
    {"collections", "OrderedDict", make_dict, GAZE_DTYPES},
    {"torch._utils", "_rebuild_tensor_v2", make_tensor, GAZE_DTYPES},
    {"torch._utils", "_rebuild_parameter", make_parameter, GAZE_DTYPES},
    {"torch", "FloatStorage", NULL, GAZE_DTYPE_F32},
    {"torch", "HalfStorage", NULL, GAZE_DTYPE_F16},
    {"torch", "BFloat16Storage", NULL, GAZE_DTYPE_BF16},
    {"torch", "DoubleStorage", NULL, GAZE_DTYPE_F64},
    {"torch", "LongStorage", NULL, GAZE_DTYPE_I64},
    {"torch", "IntStorage", NULL, GAZE_DTYPE_I32},
    {"torch", "CharStorage", NULL, GAZE_DTYPE_I8},
    {"torch", "ByteStorage", NULL, GAZE_DTYPE_U8},
    {"torch", "BoolStorage", NULL, GAZE_DTYPE_U8}, /* a byte each, 0 or 1 */
};

static bool is_text(const char *text, const char *other, size_t length) {
  return strlen(text) == length && memcmp(text, other, length) == 0;
}

/* A name out of the file may hold anything. */
static void copy_printable(char out[81], const char *text, size_t length) {
  size_t n = length < 80 ? length : 80;
  for (size_t i = 0; i < n; i++)
    out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
  out[n] = 0;
}

gaze_err gaze_pickle_global(const gaze_pickle_machine *m, const char *module, size_t module_length, const char *name,
                            size_t name_length, gaze_pickle_value *out) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is_text(names[i].module, module, module_length) && is_text(names[i].name, name, name_length)) {
      *out = (gaze_pickle_value){.kind = GAZE_PICKLE_GLOBAL, .id = i};
      return GAZE_OK;
    }
  char first[81], second[81], what[200];
  copy_printable(first, module, module_length);
  copy_printable(second, name, name_length);
  snprintf(what, sizeof what, "%s %s", first, second);
  return gaze_pickle_refuse(m, what);
}

/* NULL of what is no tuple, and while no tuple has items. */
static const gaze_pickle_value *items_of(const gaze_pickle_machine *m, const gaze_pickle_value *tuple) {
  return tuple->kind == GAZE_PICKLE_TUPLE && m->items.items ? m->items.items + tuple->first : NULL;
}

gaze_err gaze_pickle_call(gaze_pickle_machine *m, const gaze_pickle_value *function, const gaze_pickle_value *arguments,
                          gaze_pickle_value *out) {
  char what[100];
  if (function->kind != GAZE_PICKLE_GLOBAL)
    return gaze_pickle_refuse(m, "REDUCE of what is no function");
  if (!names[function->id].run) {
    snprintf(what, sizeof what, "%s %s", names[function->id].module, names[function->id].name);
    return gaze_pickle_refuse(m, what);
  }
  if (arguments->kind != GAZE_PICKLE_TUPLE)
    return gaze_pickle_fail(m, "arguments that are no tuple");
  return names[function->id].run(m, items_of(m, arguments), arguments->size, out);
}

static gaze_err make_dict(gaze_pickle_machine *m, const gaze_pickle_value *arguments, size_t n,
                          gaze_pickle_value *out) {
  if (n != 0)
    return gaze_pickle_refuse(m, "OrderedDict of something");
  *out = gaze_pickle_new_dict(m);
  return GAZE_OK;
}

/* (data, requires_grad, backward_hooks) */
static gaze_err make_parameter(gaze_pickle_machine *m, const gaze_pickle_value *arguments, size_t n,
                               gaze_pickle_value *out) {
  if (n != 3 || arguments[0].kind != GAZE_PICKLE_TENSOR)
    return gaze_pickle_fail(m, "a parameter");
  *out = arguments[0];
  return GAZE_OK;
}

/* A number that counts something. */
static bool is_count(const gaze_pickle_value *value) {
  return value->kind == GAZE_PICKLE_INTEGER && value->integer >= 0;
}

/* Shape, and whether the strides, in elements, are those of rows behind rows. Sides of 1 have no stride to speak of,
 * and a tensor without elements has none at all. */
static gaze_err read_shape(const gaze_pickle_machine *m, const gaze_pickle_value *sides,
                           const gaze_pickle_value *strides, gaze_pickle_tensor *out) {
  if (sides->kind != GAZE_PICKLE_TUPLE || strides->kind != GAZE_PICKLE_TUPLE || sides->size != strides->size ||
      sides->size > GAZE_RANK_MAX)
    return gaze_pickle_fail(m, "the shape of a tensor");
  const gaze_pickle_value *side = items_of(m, sides), *stride = items_of(m, strides);
  size_t count = 1;
  out->contiguous = true;
  out->tensor.rank = (int)sides->size;
  for (int i = out->tensor.rank - 1; i >= 0; i--) {
    if (!is_count(&side[i]) || !is_count(&stride[i]) || (side[i].integer && count > SIZE_MAX / (size_t)side[i].integer))
      return gaze_pickle_fail(m, "the shape of a tensor");
    out->contiguous = out->contiguous && (side[i].integer == 1 || (size_t)stride[i].integer == count);
    out->tensor.shape[i] = (size_t)side[i].integer;
    count *= (size_t)side[i].integer;
  }
  out->contiguous = out->contiguous || count == 0;
  return GAZE_OK;
}

/* (storage, offset in elements, shape, strides, requires_grad, backward_hooks[, metadata]) */
static gaze_err make_tensor(gaze_pickle_machine *m, const gaze_pickle_value *arguments, size_t n,
                            gaze_pickle_value *out) {
  gaze_pickle_tensor made = {0};
  if ((n != 6 && n != 7) || arguments[0].kind != GAZE_PICKLE_STORAGE || !is_count(&arguments[1]))
    return gaze_pickle_fail(m, "a tensor");
  if (m->n_tensors == GAZE_PICKLE_TENSORS)
    return gaze_pickle_fail_limit(m, "tensors");
  const gaze_pickle_storage *storage = &m->storages[arguments[0].id];
  GAZE_TRY(read_shape(m, &arguments[2], &arguments[3], &made));
  size_t offset = (size_t)arguments[1].integer, count = gaze_tensor_count(&made.tensor);
  /* A view that is not contiguous is refused when it turns out to be part of the model. */
  if (made.contiguous && (offset > storage->n || count > storage->n - offset))
    return gaze_pickle_fail(m, "a tensor beyond its storage");
  made.tensor.dtype = storage->dtype;
  made.tensor.data = made.contiguous ? storage->data + offset * gaze_dtype_size(storage->dtype) : NULL;
  GAZE_TRY(gaze_grow(&m->tensors, &m->tensors_capacity, m->n_tensors + 1, sizeof *m->tensors));
  m->tensors[m->n_tensors] = made;
  *out = (gaze_pickle_value){.kind = GAZE_PICKLE_TENSOR, .id = m->n_tensors++};
  return GAZE_OK;
}

/* ("storage", class, key, device, elements) */
gaze_err gaze_pickle_open_storage(gaze_pickle_machine *m, const gaze_pickle_value *identity, gaze_pickle_value *out) {
  const gaze_pickle_value *part = items_of(m, identity);
  gaze_pickle_storage storage;
  size_t size;
  if (identity->kind != GAZE_PICKLE_TUPLE || identity->size != 5 || part[0].kind != GAZE_PICKLE_STRING ||
      !is_text("storage", part[0].text, part[0].size) || part[1].kind != GAZE_PICKLE_GLOBAL ||
      names[part[1].id].dtype == GAZE_DTYPES || part[2].kind != GAZE_PICKLE_STRING || !is_count(&part[4]))
    return gaze_pickle_fail(m, "the identity of a storage");
  if (m->n_storages == GAZE_PICKLE_TENSORS)
    return gaze_pickle_fail_limit(m, "storages");
  storage.n = (size_t)part[4].integer;
  storage.dtype = names[part[1].id].dtype;
  if (!m->find(m->user, part[2].text, part[2].size, &storage.data, &size))
    return gaze_pickle_fail(m, "a storage that is not there");
  if (storage.n > size / gaze_dtype_size(storage.dtype))
    return gaze_pickle_fail(m, "a storage larger than its bytes");
  GAZE_TRY(gaze_grow(&m->storages, &m->storages_capacity, m->n_storages + 1, sizeof *m->storages));
  m->storages[m->n_storages] = storage;
  *out = (gaze_pickle_value){.kind = GAZE_PICKLE_STORAGE, .id = m->n_storages++};
  return GAZE_OK;
}
