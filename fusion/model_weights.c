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

static size_t halves(const gaze_parameter *p) { return gaze_arena_cost(gaze_parameter_count(p), 2) / 2; }

/* To bf16 what is not stored so. */
static gaze_err narrow(gaze_model *model, gaze_tower tower) {
  gaze_tower_weights *weights = &model->towers[tower];
  const gaze_parameter *p;
  size_t size = 0, used = 0;
  for (size_t i = 0; (p = next_product(model, tower, &i));)
    size += p->weight->dtype == GAZE_DTYPE_F32 ? halves(p) : 0;
  GAZE_TRY(gaze_alloc(size, sizeof *weights->narrowed, &weights->narrowed));
  for (size_t i = 0; (p = next_product(model, tower, &i));) {
    uint16_t *values = weights->narrowed + used;
    if (p->weight->dtype != GAZE_DTYPE_F32)
      continue;
    const float *from = gaze_f32(*p->weight);
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < p->rows; row++)
      model->kernels.bf16_from_f32(values + row * p->columns, from + row * p->columns, p->columns);
    *p->weight = (gaze_weight){.data = values, .dtype = GAZE_DTYPE_BF16};
    used += halves(p);
  }
  return GAZE_OK;
}

/* One matrix as the processor likes it, or in int8. */
static gaze_err pack_product(gaze_model *model, const gaze_parameter *p, gaze_packed **out) {
  gaze_operand W = {.ld = p->columns, .transpose = true};
  if (p->weight->dtype == GAZE_DTYPE_I8)
    return gaze_packed_borrow(model->matmul, p->rows, p->columns,
                              &model->clip.loaded.int8[p - model->clip.parameters.items], out);
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
  }
  return GAZE_OK;
}

gaze_err gaze_model_prepare(gaze_model *model, gaze_tower tower, size_t n) {
  gaze_tower_weights *weights = &model->towers[tower];
  weights->uses += n;
  if (model->options.precision == GAZE_PRECISION_INT8)
    return weights->packed ? GAZE_OK : pack(model, tower);
  if (!model->native || !gaze_model_compute(model).matmul) /* the table's gemm takes weights as they are */
    return GAZE_OK;
  if (model->options.precision == GAZE_PRECISION_BF16 && !weights->narrowed)
    GAZE_TRY(narrow(model, tower));
  return weights->packed || weights->uses < PACKING_PAYS ? GAZE_OK : pack(model, tower);
}

void gaze_tower_weights_fini(gaze_tower_weights *weights) {
  for (size_t i = 0; i < weights->n_packed; i++)
    gaze_packed_free(weights->packed[i]);
  free(weights->packed);
  free(weights->narrowed);
  *weights = (gaze_tower_weights){0};
}
