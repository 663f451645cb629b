#include "core/tensor/gguf.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/tensor/gguf_parts.h"

#include <stdlib.h>
#include <string.h>

#define RANK_MAX 4                 /* ggml's */
#define TENSOR_MIN (8 + 4 + 4 + 8) /* bytes of a description without name and shape */
#define TENSOR_NAME_MAX 1024       /* bytes; ggml has 63 */
#define ALIGNMENT_MAX (1 << 20)
#define NOT_READ UINT32_MAX

struct gaze_gguf {
  gaze_map map; /* size 0 when the bytes are borrowed */
  char *name;
  gaze_gguf_value *values; /* ascending by key */
  size_t n_values;
  gaze_named_tensor *tensors; /* ascending by name */
  size_t n;
};

/* ggml's numbers of its types. */
static const uint32_t tensor_types[GAZE_DTYPES] = {
    [GAZE_DTYPE_F32] = 0,       [GAZE_DTYPE_F16] = 1,       [GAZE_DTYPE_BF16] = 30,      [GAZE_DTYPE_F64] = NOT_READ,
    [GAZE_DTYPE_I8] = NOT_READ, [GAZE_DTYPE_U8] = NOT_READ, [GAZE_DTYPE_I32] = NOT_READ, [GAZE_DTYPE_I64] = NOT_READ,
    [GAZE_DTYPE_Q8_0] = 8,      [GAZE_DTYPE_Q4_0] = 2,      [GAZE_DTYPE_Q4_1] = 3,       [GAZE_DTYPE_Q5_0] = 6,
    [GAZE_DTYPE_Q5_1] = 7,      [GAZE_DTYPE_Q4_K] = 12,     [GAZE_DTYPE_Q5_K] = 13,      [GAZE_DTYPE_Q6_K] = 14,
};

static const char *const refused_types[] = {
    [9] = "Q8_1",     [10] = "Q2_K",  [11] = "Q3_K",   [15] = "Q8_K",  [16] = "IQ2_XXS", [17] = "IQ2_XS",
    [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S", [22] = "IQ2_S",   [23] = "IQ4_XS",
    [24] = "I8",      [25] = "I16",   [26] = "I32",    [27] = "I64",   [28] = "F64",     [29] = "IQ1_M",
    [34] = "TQ1_0",   [35] = "TQ2_0", [39] = "MXFP4",
};
enum { REFUSED = sizeof refused_types / sizeof *refused_types };

uint32_t gaze_gguf_tensor_type(gaze_dtype dtype) { return tensor_types[dtype]; }

size_t gaze_gguf_align(size_t offset, size_t alignment) { return (offset + alignment - 1) / alignment * alignment; }

static gaze_err find_dtype(uint32_t type, const char *tensor, const char *name, gaze_dtype *out) {
  for (int dtype = 0; dtype < GAZE_DTYPES; dtype++)
    if (tensor_types[dtype] == type && type != NOT_READ) {
      *out = (gaze_dtype)dtype;
      return GAZE_OK;
    }
  const char *known = type < REFUSED ? refused_types[type] : NULL;
  if (known)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "type %s of tensor %s: %s: take a file in Q8_0, Q4_K, Q6_K or F16", known,
                     tensor, name);
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown type %u of tensor %s: %s: take a file in Q8_0, Q4_K, Q6_K or F16",
                   type, tensor, name);
}

static gaze_err fail_shape(const gaze_named_tensor *tensor, const char *name) {
  return gaze_fail(GAZE_ERR_FORMAT, "bad shape of tensor %s: %s: the file is damaged", tensor->name, name);
}

static gaze_err take_shape(gaze_gguf_cursor *cursor, gaze_named_tensor *out) {
  uint32_t rank;
  GAZE_TRY(gaze_gguf_take(cursor, &rank, sizeof rank));
  if (rank > RANK_MAX)
    return fail_shape(out, cursor->name);
  out->tensor.rank = (int)rank;
  size_t count = 1;
  for (uint32_t i = 0; i < rank; i++) {
    uint64_t side;
    GAZE_TRY(gaze_gguf_take(cursor, &side, sizeof side));
    if (side > INT64_MAX || (side && count > INT64_MAX / side))
      return fail_shape(out, cursor->name);
    out->tensor.shape[rank - 1 - i] = (size_t)side;
    count *= side ? side : 1; /* so that the product of the others does not overflow either */
  }
  return GAZE_OK;
}

/* Bytes of a tensor whose count does not overflow; SIZE_MAX: more than a file can hold. */
static size_t bytes_of(const gaze_tensor *tensor) {
  size_t blocks = gaze_tensor_count(tensor) / gaze_dtype_block(tensor->dtype), size = gaze_dtype_size(tensor->dtype);
  return blocks > SIZE_MAX / size ? SIZE_MAX : blocks * size;
}

static gaze_err take_tensor(gaze_gguf_cursor *cursor, gaze_gguf *file) {
  gaze_named_tensor *out = &file->tensors[file->n];
  gaze_gguf_text text;
  uint32_t type;
  uint64_t offset;
  GAZE_TRY(gaze_gguf_take_text(cursor, &text));
  if (text.length == 0 || text.length > TENSOR_NAME_MAX || memchr(text.bytes, 0, text.length))
    return gaze_fail(GAZE_ERR_FORMAT, "tensor without a proper name: %s: the file is damaged", cursor->name);
  GAZE_TRY(gaze_format(&out->name, "%.*s", (int)text.length, text.bytes));
  file->n++;
  GAZE_TRY(take_shape(cursor, out));
  GAZE_TRY(gaze_gguf_take(cursor, &type, sizeof type));
  GAZE_TRY(gaze_gguf_take(cursor, &offset, sizeof offset));
  GAZE_TRY(find_dtype(type, out->name, cursor->name, &out->tensor.dtype));
  size_t row = out->tensor.rank ? out->tensor.shape[out->tensor.rank - 1] : 1;
  if (row % gaze_dtype_block(out->tensor.dtype) != 0)
    return fail_shape(out, cursor->name);
  out->offset = (size_t)offset;
  return GAZE_OK;
}

static gaze_err read_alignment(const gaze_gguf *file, size_t *out) {
  int64_t alignment = GAZE_GGUF_ALIGNMENT;
  GAZE_TRY(gaze_gguf_integer(file, "general.alignment", 8, ALIGNMENT_MAX, &alignment));
  if (alignment & (alignment - 1))
    return gaze_fail(GAZE_ERR_FORMAT, "alignment of %d bytes, no power of two: %s: the file is damaged", (int)alignment,
                     file->name);
  *out = (size_t)alignment;
  return GAZE_OK;
}

/* The tensors' bytes begin at the next boundary behind their descriptions. */
static gaze_err place_tensors(gaze_gguf *file, const uint8_t *bytes, size_t size, size_t described) {
  size_t alignment = GAZE_GGUF_ALIGNMENT;
  GAZE_TRY(read_alignment(file, &alignment));
  size_t start = gaze_gguf_align(described, alignment), room = start < size ? size - start : 0;
  for (size_t i = 0; i < file->n; i++) {
    gaze_named_tensor *t = &file->tensors[i];
    size_t needed = bytes_of(&t->tensor);
    if (t->offset % alignment || t->offset > room || needed > room - t->offset)
      return gaze_fail(GAZE_ERR_FORMAT, "bad place of tensor %s in the file: %s: it is cut short or damaged", t->name,
                       file->name);
    t->tensor.data = needed ? bytes + start + t->offset : bytes;
  }
  return gaze_named_tensors_order(file->tensors, file->n, file->name);
}

static gaze_err check_version(uint32_t version, const char *name) {
  if (version == 2 || version == 3)
    return GAZE_OK;
  if (version && (version & 0xffff) == 0)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "big-endian GGUF: %s: take the little-endian file of the model", name);
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "GGUF of version %u: %s: versions 2 and 3 are read, convert the model again",
                   version, name);
}

static gaze_err read_file(gaze_gguf *file, const uint8_t *bytes, size_t size) {
  gaze_gguf_cursor cursor = {bytes, bytes + size, file->name};
  char magic[4];
  uint32_t version;
  uint64_t n_tensors, n_values;
  if (size < sizeof magic || memcmp(bytes, "GGUF", sizeof magic) != 0)
    return gaze_fail(GAZE_ERR_FORMAT, "not a GGUF file: %s: fetch it again", file->name);
  GAZE_TRY(gaze_gguf_take(&cursor, magic, sizeof magic));
  GAZE_TRY(gaze_gguf_take(&cursor, &version, sizeof version));
  GAZE_TRY(check_version(version, file->name));
  GAZE_TRY(gaze_gguf_take(&cursor, &n_tensors, sizeof n_tensors));
  GAZE_TRY(gaze_gguf_take(&cursor, &n_values, sizeof n_values));
  GAZE_TRY(gaze_gguf_values_parse(&cursor, n_values, &file->values, &file->n_values));
  if (n_tensors > (size_t)(cursor.end - cursor.at) / TENSOR_MIN)
    return gaze_fail(GAZE_ERR_FORMAT, "GGUF with more tensors than it has room for: %s: it is cut short or damaged",
                     file->name);
  GAZE_TRY(gaze_alloc((size_t)n_tensors, sizeof *file->tensors, &file->tensors));
  for (uint64_t i = 0; i < n_tensors; i++)
    GAZE_TRY(take_tensor(&cursor, file));
  return place_tensors(file, bytes, size, (size_t)(cursor.at - bytes));
}

gaze_err gaze_gguf_parse(const void *bytes, size_t size, const char *name, gaze_gguf **out) {
  gaze_gguf *file;
  GAZE_TRY(gaze_alloc(1, sizeof *file, &file));
  gaze_err err = gaze_strdup(name, &file->name);
  if (err == GAZE_OK)
    err = read_file(file, bytes, size);
  if (err == GAZE_OK)
    *out = file;
  else
    gaze_gguf_close(file);
  return err;
}

gaze_err gaze_gguf_open(const char *path, gaze_gguf **out) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_gguf_parse(map.data, map.size, path, out);
  if (err == GAZE_OK)
    (*out)->map = map;
  else
    gaze_map_close(&map);
  return err;
}

void gaze_gguf_close(gaze_gguf *file) {
  if (!file)
    return;
  gaze_gguf_values_free(file->values, file->n_values);
  gaze_named_tensors_free(file->tensors, file->n);
  gaze_map_close(&file->map);
  free(file->name);
  free(file);
}

void gaze_gguf_forget(const gaze_gguf *file) { gaze_map_forget(&file->map); }

const char *gaze_gguf_name(const gaze_gguf *file) { return file->name; }
size_t gaze_gguf_count(const gaze_gguf *file) { return file->n; }
const gaze_named_tensor *gaze_gguf_get(const gaze_gguf *file, size_t i) { return &file->tensors[i]; }
size_t gaze_gguf_value_count(const gaze_gguf *file) { return file->n_values; }
const gaze_gguf_value *gaze_gguf_value_get(const gaze_gguf *file, size_t i) { return &file->values[i]; }

const gaze_gguf_value *gaze_gguf_find(const gaze_gguf *file, const char *key) {
  size_t low = 0, high = file->n_values;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const gaze_gguf_value *value = &file->values[middle];
    int order = gaze_gguf_text_compare(gaze_gguf_text_of(key), value->key);
    if (order == 0)
      return value;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}
