#include "fusion/prepared.h"

#include <stdlib.h>

/* The list's matrices in its order from *i on; NULL: no more. */
static const gaze_parameter *next_product(const gaze_parameters *list, size_t *i) {
  while (*i < list->n) {
    const gaze_parameter *p = &list->items[(*i)++];
    if (gaze_parameter_is_product(p))
      return p;
  }
  return NULL;
}

static void convert_row(const gaze_kernels *kernels, gaze_dtype to, uint8_t *out, gaze_weight from, size_t first,
                        size_t n) {
  enum { PIECE = 512 }; /* of whole blocks, whatever the dtypes */
  float piece[PIECE];
  for (size_t i = 0; i < n; i += PIECE) {
    size_t count = n - i < PIECE ? n - i : PIECE;
    gaze_weight_widen(kernels, piece, from, first + i, count);
    gaze_weight_narrow(kernels, out + gaze_dtype_bytes(to, i), piece, to, count);
  }
}

static void convert(const gaze_kernels *kernels, gaze_dtype to, uint8_t *out, const gaze_parameter *p) {
  size_t row = gaze_dtype_bytes(to, p->columns);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < p->rows; i++)
    convert_row(kernels, to, out + i * row, *p->weight, i * p->columns, p->columns);
}

static bool is_converted(const gaze_parameter *p, const bool from[GAZE_DTYPES], gaze_dtype to) {
  return from[p->weight->dtype] && p->weight->dtype != to && p->columns % gaze_dtype_block(to) == 0;
}

gaze_err gaze_prepared_convert(gaze_prepared *prepared, const gaze_preparation *what, const bool from[GAZE_DTYPES],
                               gaze_dtype to) {
  const gaze_parameter *p;
  size_t size = 0;
  if (prepared->converted.base)
    return GAZE_OK;
  for (size_t i = 0; (p = next_product(&what->list, &i));)
    if (is_converted(p, from, to))
      size += gaze_arena_cost(gaze_dtype_bytes(to, gaze_parameter_count(p)), 1);
  if (!size)
    return GAZE_OK;
  GAZE_TRY(gaze_arena_init(&prepared->converted, size));
  for (size_t i = 0; (p = next_product(&what->list, &i));) {
    if (!is_converted(p, from, to))
      continue;
    uint8_t *out = gaze_arena_take(&prepared->converted, gaze_dtype_bytes(to, gaze_parameter_count(p)), 1);
    convert(what->compute->kernels, to, out, p);
    *p->weight = (gaze_weight){.data = out, .dtype = to};
  }
  return GAZE_OK;
}

/* One matrix, by way of the dtype that packing takes. */
static gaze_err pack_product(const gaze_preparation *what, const gaze_parameter *p, gaze_packed **out) {
  gaze_matmul *matmul = what->compute->matmul;
  gaze_dtype wanted = gaze_matmul_precision(matmul) == GAZE_PRECISION_BF16 ? GAZE_DTYPE_BF16 : GAZE_DTYPE_F32;
  const void *values = p->weight->data;
  uint8_t *converted = NULL;
  if (p->weight->dtype == GAZE_DTYPE_I8)
    return gaze_packed_borrow(p->rows, p->columns, &what->int8[p - what->list.items], out);
  if (p->weight->dtype != wanted) {
    GAZE_TRY(gaze_alloc(gaze_dtype_bytes(wanted, gaze_parameter_count(p)), 1, &converted));
    convert(what->compute->kernels, wanted, converted, p);
    values = converted;
  }
  gaze_operand W = {.ld = p->columns, .transpose = true};
  if (wanted == GAZE_DTYPE_BF16)
    W.bf16 = values;
  else
    W.f32 = values;
  gaze_err err = gaze_packed_new(matmul, p->rows, p->columns, W, out);
  free(converted);
  return err;
}

gaze_err gaze_prepared_pack(gaze_prepared *prepared, const gaze_preparation *what) {
  const gaze_parameter *p;
  size_t n = 0;
  for (size_t i = 0; next_product(&what->list, &i);)
    n++;
  if (!prepared->packed)
    GAZE_TRY(gaze_alloc(n, sizeof(gaze_packed *), &prepared->packed));
  for (size_t i = 0, k = 0; (p = next_product(&what->list, &i)); k++) {
    if (k < prepared->n_packed) /* all, or what there was memory for the last time */
      continue;
    GAZE_TRY(pack_product(what, p, &prepared->packed[prepared->n_packed]));
    p->weight->packed = prepared->packed[prepared->n_packed++];
  }
  return GAZE_OK;
}

gaze_err gaze_prepared_settle(gaze_prepared *prepared, gaze_matmul *matmul) {
  for (size_t i = 0; !prepared->settled && i < prepared->n_packed; i++)
    GAZE_TRY(gaze_packed_settle(matmul, prepared->packed[i]));
  prepared->settled = true;
  return GAZE_OK;
}

void gaze_prepared_fini(gaze_prepared *prepared) {
  for (size_t i = 0; i < prepared->n_packed; i++)
    gaze_packed_free(prepared->packed[i]);
  free(prepared->packed);
  gaze_arena_fini(&prepared->converted);
  *prepared = (gaze_prepared){0};
}
