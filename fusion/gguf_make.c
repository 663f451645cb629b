#include "fusion/gguf_make.h"

#include "core/base/memory.h"
#include "core/kernels/quants.h"
#include "core/tensor/gguf_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)1 << 20) /* numbers converted together */
#define HALF_MAX 65504.0f

gaze_dtype gaze_gguf_fitting(gaze_dtype wanted, const gaze_tensor *source) {
  size_t columns = source->rank ? source->shape[source->rank - 1] : 1;
  if (source->rank < 2)
    return GAZE_DTYPE_F32;
  if (columns % gaze_dtype_block(wanted) != 0)
    wanted = wanted == GAZE_DTYPE_Q4_K   ? GAZE_DTYPE_Q5_0
             : wanted == GAZE_DTYPE_Q5_K ? GAZE_DTYPE_Q5_1
                                         : GAZE_DTYPE_Q8_0;
  return columns % gaze_dtype_block(wanted) == 0 ? wanted : GAZE_DTYPE_F16;
}

gaze_tensor gaze_gguf_tensor_of(const gaze_parameter *parameter) {
  return (gaze_tensor){.data = parameter->weight->data,
                       .dtype = parameter->weight->dtype,
                       .rank = parameter->columns == 1 ? 1 : 2,
                       .shape = {parameter->rows, parameter->columns}};
}

/* Row of the source for a row of the file: of a head's rows the first half, and between them the second. */
static size_t unturned_row(const gaze_gguf_item *item, size_t row) {
  if (!item->heads)
    return row;
  size_t size = item->source.shape[0] / item->heads, in_head = row % size;
  return row - in_head + in_head % 2 * (size / 2) + in_head / 2;
}

/* The matrix that holds a row of the file, and which of its rows that is. */
static const gaze_tensor *find_row(const gaze_gguf_item *item, size_t *row) {
  const gaze_tensor *source = &item->source;
  *row = unturned_row(item, *row);
  for (size_t i = 0; i < item->n_below && *row >= source->shape[0]; i++) {
    *row -= source->shape[0];
    source = &item->below[i];
  }
  return source;
}

static bool holds(gaze_dtype dtype, const float *x, size_t n) {
  bool held = true;
  for (size_t i = 0; i < n && dtype != GAZE_DTYPE_F32 && dtype != GAZE_DTYPE_BF16; i++)
    held &= fabsf(x[i]) <= HALF_MAX;
  return held;
}

/* Room for the rows of one chunk. */
typedef struct chunk {
  float *values;
  uint8_t *bytes;
} chunk;

static gaze_err make_rows(const gaze_gguf_item *item, const gaze_kernels *kernels, const chunk *room, size_t first,
                          size_t rows, size_t columns) {
  const size_t size = gaze_dtype_bytes(item->dtype, columns);
  bool held = true;
#pragma omp parallel for reduction(&& : held)
  for (size_t i = 0; i < rows; i++) {
    float *x = room->values + i * columns;
    size_t row = first + i;
    const gaze_tensor *source = find_row(item, &row);
    gaze_weight_widen(kernels, x, (gaze_weight){.data = source->data, .dtype = source->dtype}, row * columns, columns);
    held = held && holds(item->dtype, x, columns);
    gaze_weight_narrow(kernels, room->bytes + i * size, x, item->dtype, columns);
  }
  if (held)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT,
                   "numbers that are not finite or too large: tensor %s: %s cannot hold them, keep bf16", item->name,
                   gaze_dtype_name(item->dtype));
}

/* What the item is in the file. */
static gaze_tensor whole_of(const gaze_gguf_item *item) {
  gaze_tensor whole = item->source;
  whole.dtype = item->dtype;
  for (size_t i = 0; i < item->n_below; i++)
    whole.shape[0] += item->below[i].shape[0];
  return whole;
}

static gaze_err write_item(gaze_gguf_writer *writer, const gaze_gguf_item *item, const gaze_kernels *kernels,
                           const chunk *room) {
  const gaze_tensor whole = whole_of(item);
  size_t columns = whole.rank ? whole.shape[whole.rank - 1] : 1, count = gaze_tensor_count(&whole);
  size_t rows = count ? count / columns : 0, step = rows && columns < CHUNK ? CHUNK / columns : 1;
  for (size_t first = 0; first < rows; first += step) {
    size_t some = rows - first < step ? rows - first : step;
    GAZE_TRY(make_rows(item, kernels, room, first, some, columns));
    GAZE_TRY(gaze_gguf_write(writer, room->bytes, gaze_dtype_bytes(item->dtype, some * columns)));
  }
  return GAZE_OK;
}

/* The file's tensors, and the longest row, from the items. */
static gaze_err describe(const gaze_gguf_item *items, size_t n, gaze_named_tensor *tensors, size_t *longest) {
  *longest = CHUNK;
  for (size_t i = 0; i < n; i++) {
    const gaze_tensor *source = &items[i].source;
    size_t columns = source->rank ? source->shape[source->rank - 1] : 1;
    tensors[i] = (gaze_named_tensor){.name = (char *)(uintptr_t)items[i].name, .tensor = whole_of(&items[i])};
    *longest = columns > *longest ? columns : *longest;
    if (source->rank > 4)
      return gaze_fail(GAZE_ERR_UNSUPPORTED, "tensor of %d dimensions: %s: a GGUF holds 4 at most", source->rank,
                       items[i].name);
  }
  return GAZE_OK;
}

gaze_err gaze_gguf_make(const char *path, const gaze_gguf_metadata *metadata, const gaze_gguf_item *items, size_t n,
                        const gaze_kernels *kernels) {
  gaze_named_tensor *tensors = NULL;
  gaze_gguf_writer writer = {0};
  chunk room = {0};
  size_t longest;
  gaze_err err;
  GAZE_TRY_DONE(gaze_alloc(n, sizeof *tensors, &tensors));
  GAZE_TRY_DONE(describe(items, n, tensors, &longest));
  GAZE_TRY_DONE(gaze_alloc(longest, sizeof *room.values, &room.values));
  GAZE_TRY_DONE(gaze_alloc(longest, sizeof(float), &room.bytes)); /* no dtype has larger numbers */
  GAZE_TRY_DONE(gaze_gguf_writer_init(&writer, path, metadata, tensors, n));
  for (size_t i = 0; i < n; i++)
    GAZE_TRY_DONE(write_item(&writer, &items[i], kernels, &room));
  GAZE_TRY_DONE(gaze_gguf_writer_commit(&writer));
done:
  gaze_gguf_writer_fini(&writer);
  free(room.values);
  free(room.bytes);
  free(tensors);
  return err;
}
