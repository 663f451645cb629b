/* A decoder's weights as the precision of its products wants them. Reading them is most of what an answer takes, token
 * by token: fewer bytes are a sooner answer. */
#include "fusion/assistant.h"

#include <string.h>

/* The matrices, and the head of a decoder that shares it with the table of its embeddings, of which rows are read: that
 * stays as it is. items: yours, free(). */
static gaze_err list_products(gaze_assistant *assistant, gaze_parameters *list) {
  const gaze_decoder_config *c = &assistant->decoder.config;
  const gaze_parameters *all = &assistant->parameters;
  GAZE_TRY(gaze_grow(&list->items, &list->capacity, all->n + 1, sizeof *list->items));
  memcpy(list->items, all->items, all->n * sizeof *all->items);
  list->n = all->n;
  if (!c->tied)
    return GAZE_OK;
  return gaze_parameters_add(list, "text.", "head_weight", &assistant->decoder.head_weight, NULL, c->vocabulary,
                             c->block.dim);
}

static size_t bytes_of(const gaze_parameters *list) {
  size_t bytes = 0;
  for (size_t i = 0; i < list->n; i++)
    if (gaze_parameter_is_product(&list->items[i]))
      bytes += gaze_dtype_bytes(list->items[i].weight->dtype, gaze_parameter_count(&list->items[i]));
  return bytes;
}

/* F16 is as short as bf16, and what lies in blocks shorter than either. */
static gaze_err narrow(gaze_prepared *prepared, const gaze_preparation *what, gaze_precision precision) {
  bool int8 = precision == GAZE_PRECISION_INT8;
  const bool from[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true, [GAZE_DTYPE_F16] = int8, [GAZE_DTYPE_BF16] = int8};
  return gaze_prepared_convert(prepared, what, from, int8 ? GAZE_DTYPE_Q8_0 : GAZE_DTYPE_BF16);
}

gaze_err gaze_assistant_prepare(gaze_assistant *assistant) {
  gaze_precision precision = assistant->options.model.precision;
  gaze_preparation what = {.compute = &assistant->compute};
  if (precision == GAZE_PRECISION_F32)
    return GAZE_OK;
  gaze_err err = list_products(assistant, &what.list);
  size_t before = err == GAZE_OK ? bytes_of(&what.list) : 0;
  if (err == GAZE_OK)
    err = narrow(&assistant->prepared, &what, precision);
  if (err == GAZE_OK && assistant->options.model.verbose)
    gaze_warn("%s: each token reads %.1f MB of weights, which are %.1f MB in its files", assistant->path,
              1e-6 * (double)bytes_of(&what.list), 1e-6 * (double)before);
  gaze_parameters_fini(&what.list);
  return err;
}
