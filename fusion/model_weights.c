/* Weights as the precision of a model wants them, made when a tower is first used: who asks for words alone does not
 * pay for the image encoder. */
#include "core/base/memory.h"
#include "fusion/model.h"

#include <stdlib.h>
#include <string.h>

/* Pictures or texts from which packing pays: it costs about two runs of a tower and saves a fifth of each. */
enum { PACKING_PAYS = 12 };

static const char *prefix_of(gaze_tower tower) { return tower == GAZE_TOWER_VISION ? "vision." : "text."; }

/* The tower's products in list order from *i on; NULL: no more. */
static const gaze_parameter *next_product(const gaze_model *model, gaze_tower tower, size_t *i) {
  const char *prefix = prefix_of(tower);
  while (*i < model->clip.parameters.n) {
    const gaze_parameter *p = &model->clip.parameters.items[(*i)++];
    if (strncmp(p->name, prefix, strlen(prefix)) == 0 && gaze_parameter_is_product(p))
      return p;
  }
  return NULL;
}

/* What products read: the processor's own bf16, or f32. In int8 they read what is packed. */
static gaze_dtype wanted_dtype(const gaze_model *model) {
  return model->native && model->options.precision == GAZE_PRECISION_BF16 ? GAZE_DTYPE_BF16 : GAZE_DTYPE_F32;
}

static void convert_row(const gaze_kernels *kernels, gaze_dtype to, void *values, gaze_weight from, size_t first,
                        size_t n) {
  enum { PIECE = 512 };
  float piece[PIECE];
  if (to == GAZE_DTYPE_F32) {
    gaze_weight_widen(kernels, values, from, first, n);
    return;
  }
  for (size_t i = 0; i < n; i += PIECE) {
    size_t count = n - i < PIECE ? n - i : PIECE;
    gaze_weight_widen(kernels, piece, from, first + i, count);
    kernels->bf16_from_f32((uint16_t *)values + i, piece, count);
  }
}

static void convert(const gaze_kernels *kernels, gaze_dtype to, void *values, const gaze_parameter *p) {
  size_t row = p->columns * gaze_dtype_size(to);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < p->rows; i++)
    convert_row(kernels, to, (char *)values + i * row, *p->weight, i * p->columns, p->columns);
}

/* Of what the files hold in another dtype than products read. */
static gaze_err convert_tower(gaze_model *model, gaze_tower tower) {
  gaze_dtype to = wanted_dtype(model);
  const gaze_parameter *p;
  size_t size = 0;
  for (size_t i = 0; (p = next_product(model, tower, &i));)
    size += p->weight->dtype == to ? 0 : gaze_arena_cost(gaze_parameter_count(p), gaze_dtype_size(to));
  if (!size)
    return GAZE_OK;
  gaze_arena *converted = &model->towers[tower].converted;
  GAZE_TRY(gaze_arena_init(converted, size));
  for (size_t i = 0; (p = next_product(model, tower, &i));) {
    if (p->weight->dtype == to)
      continue;
    void *values = gaze_arena_take(converted, gaze_parameter_count(p), gaze_dtype_size(to));
    convert(&model->kernels, to, values, p);
    *p->weight = (gaze_weight){.data = values, .dtype = to};
  }
  return GAZE_OK;
}

static gaze_err pack_int8(gaze_model *model, const gaze_parameter *p, gaze_packed **out) {
  float *widened = NULL;
  if (p->weight->dtype == GAZE_DTYPE_I8)
    return gaze_packed_borrow(p->rows, p->columns, &model->clip.loaded.int8[p - model->clip.parameters.items], out);
  if (p->weight->dtype != GAZE_DTYPE_F32) {
    GAZE_TRY(gaze_alloc(gaze_parameter_count(p), sizeof *widened, &widened));
    convert(&model->kernels, GAZE_DTYPE_F32, widened, p);
  }
  gaze_operand W = {.f32 = widened ? widened : gaze_f32(*p->weight), .ld = p->columns, .transpose = true};
  gaze_err err = gaze_packed_new(model->matmul, p->rows, p->columns, W, out);
  free(widened);
  return err;
}

/* One matrix as the processor likes it, or in int8. */
static gaze_err pack_product(gaze_model *model, const gaze_parameter *p, gaze_packed **out) {
  gaze_operand W = {.ld = p->columns, .transpose = true};
  if (model->options.precision == GAZE_PRECISION_INT8)
    return pack_int8(model, p, out);
  if (p->weight->dtype == GAZE_DTYPE_BF16)
    W.bf16 = p->weight->data;
  else
    W.f32 = gaze_f32(*p->weight);
  return gaze_packed_new(model->matmul, p->rows, p->columns, W, out);
}

static gaze_err pack(gaze_model *model, gaze_tower tower) {
  gaze_tower_weights *weights = &model->towers[tower];
  const gaze_parameter *p;
  size_t n = 0;
  for (size_t i = 0; next_product(model, tower, &i);)
    n++;
  GAZE_TRY(gaze_alloc(n, sizeof(gaze_packed *), &weights->packed));
  for (size_t i = 0; (p = next_product(model, tower, &i));) {
    GAZE_TRY(pack_product(model, p, &weights->packed[weights->n_packed]));
    p->weight->packed = weights->packed[weights->n_packed++];
    if (model->options.precision == GAZE_PRECISION_INT8 && p->weight->dtype != GAZE_DTYPE_F32)
      p->weight->dtype = GAZE_DTYPE_I8; /* what the file holds is not read again */
  }
  return GAZE_OK;
}

/* A picture has rows enough for int8 in the processor's own layout, a text has not. */
static gaze_err prepare_int8(gaze_model *model, gaze_tower tower, size_t n) {
  gaze_tower_weights *weights = &model->towers[tower];
  bool many = tower == GAZE_TOWER_VISION || weights->uses + n >= PACKING_PAYS;
  if (!weights->packed)
    GAZE_TRY(pack(model, tower));
  for (size_t i = 0; many && !weights->settled && i < weights->n_packed; i++)
    GAZE_TRY(gaze_packed_settle(model->matmul, weights->packed[i]));
  weights->settled |= many;
  weights->uses += n;
  return GAZE_OK;
}

gaze_err gaze_model_prepare(gaze_model *model, gaze_tower tower, size_t n) {
  gaze_tower_weights *weights = &model->towers[tower];
  if (model->options.precision == GAZE_PRECISION_INT8)
    return prepare_int8(model, tower, n);
  if (!weights->uses)
    GAZE_TRY(convert_tower(model, tower));
  weights->uses += n;
  if (!model->native || !gaze_model_compute(model).matmul) /* the table's gemm takes weights as they are */
    return GAZE_OK;
  return weights->packed || weights->uses < PACKING_PAYS ? GAZE_OK : pack(model, tower);
}

void gaze_tower_weights_fini(gaze_tower_weights *weights) {
  for (size_t i = 0; i < weights->n_packed; i++)
    gaze_packed_free(weights->packed[i]);
  free(weights->packed);
  gaze_arena_fini(&weights->converted);
  *weights = (gaze_tower_weights){0};
}
