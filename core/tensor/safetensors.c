#include "core/tensor/safetensors.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_MAX ((size_t)100 << 20) /* bytes; the reference implementation's limit */

struct gaze_safetensors {
  gaze_map map; /* size 0 when the bytes are borrowed */
  const uint8_t *data;
  size_t data_size;
  gaze_named_tensor *tensors; /* ascending by name */
  size_t n;
};

static gaze_err parse_dtype(const char *text, const char *tensor, const char *name, gaze_dtype *out) {
  for (int dtype = 0; text && dtype < GAZE_DTYPES; dtype++)
    if (!gaze_dtype_is_quantised((gaze_dtype)dtype) && strcmp(text, gaze_dtype_name((gaze_dtype)dtype)) == 0) {
      *out = (gaze_dtype)dtype;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown dtype %s of tensor %s: %s: save it as F32, F16 or BF16",
                   text ? text : "(none)", tensor, name);
}

static gaze_err parse_shape(const json_t *shape, const char *tensor, const char *name, gaze_tensor *out) {
  if (!json_is_array(shape) || json_array_size(shape) > GAZE_RANK_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "bad shape of tensor %s: %s: the file is damaged", tensor, name);
  out->rank = (int)json_array_size(shape);
  size_t count = gaze_dtype_size(out->dtype);
  for (int i = 0; i < out->rank; i++) {
    const json_t *value = json_array_get(shape, (size_t)i);
    json_int_t side = json_integer_value(value);
    if (!json_is_integer(value) || side < 0 || (side > 0 && count > SIZE_MAX / (size_t)side))
      return gaze_fail(GAZE_ERR_FORMAT, "bad shape of tensor %s: %s: the file is damaged", tensor, name);
    out->shape[i] = (size_t)side;
    count *= (size_t)side;
  }
  return GAZE_OK;
}

static gaze_err parse_tensor(gaze_safetensors *file, const char *tensor, const json_t *entry, const char *name) {
  gaze_named_tensor *out = &file->tensors[file->n];
  *out = (gaze_named_tensor){0};
  GAZE_TRY(parse_dtype(json_string_value(json_object_get(entry, "dtype")), tensor, name, &out->tensor.dtype));
  GAZE_TRY(parse_shape(json_object_get(entry, "shape"), tensor, name, &out->tensor));
  const json_t *offsets = json_object_get(entry, "data_offsets");
  const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
  json_int_t start = json_integer_value(first), end = json_integer_value(last);
  size_t size = gaze_tensor_count(&out->tensor) * gaze_dtype_size(out->tensor.dtype);
  if (!json_is_integer(first) || !json_is_integer(last) || start < 0 || end < start || (size_t)end > file->data_size ||
      (size_t)(end - start) != size)
    return gaze_fail(GAZE_ERR_FORMAT, "bad place of tensor %s in the file: %s: it is cut short or damaged", tensor,
                     name);
  out->offset = (size_t)start;
  out->tensor.data = file->data + start;
  GAZE_TRY(gaze_strdup(tensor, &out->name));
  file->n++;
  return GAZE_OK;
}

static int by_offset(const void *a, const void *b) {
  size_t x = ((const gaze_named_tensor *)a)->offset, y = ((const gaze_named_tensor *)b)->offset;
  return x < y ? -1 : x > y;
}
static int by_name(const void *a, const void *b) {
  return strcmp(((const gaze_named_tensor *)a)->name, ((const gaze_named_tensor *)b)->name);
}

void gaze_named_tensors_sort(gaze_named_tensor *tensors, size_t n) { qsort(tensors, n, sizeof *tensors, by_name); }

void gaze_named_tensors_free(gaze_named_tensor *tensors, size_t n) {
  for (size_t i = 0; i < n; i++)
    free(tensors[i].name);
  free(tensors);
}

gaze_err gaze_named_tensors_order(gaze_named_tensor *tensors, size_t n, const char *path) {
  qsort(tensors, n, sizeof *tensors, by_offset);
  size_t end = 0;
  for (size_t i = 0; i < n; i++) {
    const gaze_named_tensor *t = &tensors[i];
    size_t size = gaze_dtype_bytes(t->tensor.dtype, gaze_tensor_count(&t->tensor));
    if (size && t->offset < end)
      return gaze_fail(GAZE_ERR_FORMAT, "tensors overlap at %s: %s: the file is damaged", t->name, path);
    if (size)
      end = t->offset + size;
  }
  gaze_named_tensors_sort(tensors, n);
  for (size_t i = 1; i < n; i++)
    if (by_name(&tensors[i - 1], &tensors[i]) == 0)
      return gaze_fail(GAZE_ERR_FORMAT, "two tensors of one name: %s: %s: the file is damaged", tensors[i].name, path);
  return GAZE_OK;
}

static gaze_err parse_header(gaze_safetensors *file, const json_t *header, const char *name) {
  if (!json_is_object(header))
    return gaze_fail(GAZE_ERR_FORMAT, "not a safetensors header: %s: the file is damaged", name);
  GAZE_TRY(gaze_alloc(json_object_size(header) + 1, sizeof *file->tensors, &file->tensors));
  const char *key;
  json_t *entry;
  json_object_foreach((json_t *)(uintptr_t)header, key, entry) {
    if (strcmp(key, "__metadata__") != 0)
      GAZE_TRY(parse_tensor(file, key, entry, name));
  }
  return gaze_named_tensors_order(file->tensors, file->n, name);
}

gaze_err gaze_safetensors_parse(const void *bytes, size_t size, const char *name, gaze_safetensors **out) {
  uint64_t length = 0;
  if (size >= sizeof length)
    memcpy(&length, bytes, sizeof length); /* little-endian, as every machine gaze runs on */
  if (size < sizeof length || length > HEADER_MAX || length > size - sizeof length)
    return gaze_fail(GAZE_ERR_FORMAT, "not a safetensors file, or cut short: %s: fetch it again", name);
  gaze_safetensors *file;
  json_t *header = NULL;
  GAZE_TRY(gaze_alloc(1, sizeof *file, &file));
  file->data = (const uint8_t *)bytes + sizeof length + length;
  file->data_size = size - sizeof length - length;
  gaze_err err = gaze_json_parse((const uint8_t *)bytes + sizeof length, length, name, &header);
  if (err == GAZE_OK)
    err = parse_header(file, header, name);
  json_decref(header);
  if (err != GAZE_OK) {
    gaze_safetensors_close(file);
    return err;
  }
  *out = file;
  return GAZE_OK;
}

gaze_err gaze_safetensors_open(const char *path, gaze_safetensors **out) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_safetensors_parse(map.data, map.size, path, out);
  if (err == GAZE_OK)
    (*out)->map = map;
  else
    gaze_map_close(&map);
  return err;
}

void gaze_safetensors_close(gaze_safetensors *file) {
  if (!file)
    return;
  gaze_named_tensors_free(file->tensors, file->n);
  gaze_map_close(&file->map);
  free(file);
}

void gaze_safetensors_forget(const gaze_safetensors *file) { gaze_map_forget(&file->map); }

size_t gaze_safetensors_count(const gaze_safetensors *file) { return file->n; }
const gaze_named_tensor *gaze_safetensors_get(const gaze_safetensors *file, size_t i) { return &file->tensors[i]; }

const gaze_tensor *gaze_safetensors_find(const gaze_safetensors *file, const char *name) {
  size_t low = 0, high = file->n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(name, file->tensors[middle].name);
    if (order == 0)
      return &file->tensors[middle].tensor;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

/* NULL: out of memory. */
static json_t *describe(const gaze_named_tensor *tensor, size_t start, size_t size) {
  json_t *shape = json_array();
  for (int i = 0; i < tensor->tensor.rank; i++)
    if (json_array_append_new(shape, json_integer((json_int_t)tensor->tensor.shape[i])) != 0) {
      json_decref(shape);
      return NULL;
    }
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", gaze_dtype_name(tensor->tensor.dtype), "shape", shape,
                   "data_offsets", (json_int_t)start, (json_int_t)(start + size));
}

/* The header's text, padded with blanks so that the data part is aligned; yours: free(). */
static gaze_err make_header(const gaze_named_tensor *tensors, size_t n, char **text, uint64_t *length) {
  json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
  bool whole = header != NULL;
  size_t offset = 0;
  for (size_t i = 0; i < n && whole; i++) {
    size_t size = gaze_tensor_count(&tensors[i].tensor) * gaze_dtype_size(tensors[i].tensor.dtype);
    whole = json_object_set_new(header, tensors[i].name, describe(&tensors[i], offset, size)) == 0;
    offset += size;
  }
  char *dumped;
  gaze_err err = gaze_json_text(whole ? header : NULL, JSON_COMPACT, &dumped);
  json_decref(header);
  GAZE_TRY(err);
  size_t used = strlen(dumped), padding = (8 - used % 8) % 8;
  err = gaze_format(text, "%s%*s", dumped, (int)padding, "");
  free(dumped);
  *length = used + padding;
  return err;
}

gaze_err gaze_safetensors_save(const char *path, const gaze_named_tensor *tensors, size_t n) {
  char *header;
  uint64_t length;
  gaze_replace replace;
  GAZE_TRY(make_header(tensors, n, &header, &length));
  gaze_err err = gaze_replace_init(&replace, path);
  if (err == GAZE_OK) {
    fwrite(&length, sizeof length, 1, replace.stream);
    fwrite(header, 1, length, replace.stream);
    for (size_t i = 0; i < n; i++)
      fwrite(tensors[i].tensor.data, gaze_dtype_size(tensors[i].tensor.dtype), gaze_tensor_count(&tensors[i].tensor),
             replace.stream);
    err = gaze_replace_commit(&replace); /* sees every failed write above */
    gaze_replace_fini(&replace);
  }
  free(header);
  return err;
}
