/* Weights as the precision of a model wants them, made when a tower is first used: who asks for words alone does not
 * pay for the image encoder. */
#include "fusion/model.h"

#include <string.h>

/* Pictures or texts from which packing pays: it costs about two runs of a tower and saves a fifth of each. */
enum { PACKING_PAYS = 12 };

/* The tower's parameters, which stand together. */
static gaze_preparation tower_of(const gaze_model *model, gaze_tower tower) {
  const char *prefix = tower == GAZE_TOWER_VISION ? "vision." : "text.";
  const gaze_parameters *all = &model->clip.parameters;
  size_t first = 0, end;
  while (first < all->n && strncmp(all->items[first].name, prefix, strlen(prefix)) != 0)
    first++;
  for (end = first; end < all->n && strncmp(all->items[end].name, prefix, strlen(prefix)) == 0;)
    end++;
  return (gaze_preparation){.list = {.items = all->items + first, .n = end - first},
                            .int8 = model->clip.loaded.int8 ? model->clip.loaded.int8 + first : NULL,
                            .compute = &model->compute};
}

gaze_err gaze_model_prepare(gaze_model *model, gaze_tower tower, size_t n) {
  static const bool from[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true, [GAZE_DTYPE_F16] = true, [GAZE_DTYPE_BF16] = true};
  gaze_prepared *weights = &model->towers[tower];
  const gaze_preparation what = tower_of(model, tower);
  weights->uses += n;
  bool pays = weights->uses >= PACKING_PAYS, packs = gaze_matmul_packs(what.compute->matmul);
  bool many = pays || (packs && tower == GAZE_TOWER_VISION); /* a picture has rows enough, a text has not */
  if (model->options.precision == GAZE_PRECISION_INT8 || (packs && many))
    GAZE_TRY(gaze_prepared_pack(weights, &what));
  if (weights->packed)
    return many ? gaze_prepared_settle(weights, what.compute->matmul) : GAZE_OK;
  bool bf16 = model->native && model->options.precision == GAZE_PRECISION_BF16;
  GAZE_TRY(gaze_prepared_convert(weights, &what, from, bf16 ? GAZE_DTYPE_BF16 : GAZE_DTYPE_F32));
  if (!pays || !model->native || !gaze_model_compute(model).matmul) /* the table's gemm takes weights as they are */
    return GAZE_OK;
  return gaze_prepared_pack(weights, &what);
}
