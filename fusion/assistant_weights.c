/* A decoder's weights as the precision of its products wants them. Reading them is most of what an answer takes, token
 * by token: fewer bytes are a sooner answer. */
#include "fusion/assistant.h"

#include <string.h>

/* The parameters, and the head of a decoder that shares it with the table of its embeddings: rows of that are read,
 * few of them, and stay as they are. out->items: yours. */
static gaze_err list_with_head(gaze_decoder *decoder, const gaze_parameters *list, gaze_parameters *out) {
  const gaze_decoder_config *c = &decoder->config;
  GAZE_TRY(gaze_grow(&out->items, &out->capacity, list->n + 1, sizeof *out->items));
  memcpy(out->items, list->items, list->n * sizeof *list->items);
  out->n = list->n;
  return c->tied ? gaze_parameters_add(out, "text.", "head_weight", &decoder->head_weight, NULL, c->vocabulary,
                                       c->block.dim)
                 : GAZE_OK;
}

/* F16 is as short as bf16, and what lies in blocks is shorter than both. */
gaze_err gaze_decoder_prepare(gaze_decoder *decoder, const gaze_parameters *list, const gaze_compute *compute,
                              gaze_prepared *prepared) {
  gaze_precision precision = gaze_matmul_precision(compute->matmul);
  bool int8 = precision == GAZE_PRECISION_INT8;
  const bool from[GAZE_DTYPES] = {[GAZE_DTYPE_F32] = true, [GAZE_DTYPE_F16] = int8, [GAZE_DTYPE_BF16] = int8};
  gaze_preparation what = {.compute = compute};
  if (precision == GAZE_PRECISION_F32)
    return GAZE_OK;
  gaze_err err = list_with_head(decoder, list, &what.list);
  if (err == GAZE_OK)
    err = gaze_prepared_convert(prepared, &what, from, int8 ? GAZE_DTYPE_Q8_0 : GAZE_DTYPE_BF16);
  gaze_parameters_fini(&what.list);
  return err;
}

size_t gaze_decoder_bytes_of(const gaze_decoder *decoder, const gaze_parameter *p) {
  bool table = p->weight == &decoder->token_embedding;
  gaze_dtype dtype = table ? decoder->head_weight.dtype : p->weight->dtype;
  return table && !decoder->config.tied ? 0 : gaze_dtype_bytes(dtype, gaze_parameter_count(p));
}

size_t gaze_decoder_bytes(const gaze_decoder *decoder, const gaze_parameters *list) {
  size_t bytes = 0;
  for (size_t i = 0; i < list->n; i++)
    bytes += gaze_decoder_bytes_of(decoder, &list->items[i]);
  return bytes;
}

gaze_err gaze_assistant_prepare(gaze_assistant *assistant) {
  const gaze_parameters *list = &assistant->parameters;
  size_t before = gaze_decoder_bytes(&assistant->decoder, list);
  GAZE_TRY(gaze_decoder_prepare(&assistant->decoder, list, &assistant->compute, &assistant->prepared));
  size_t after = gaze_decoder_bytes(&assistant->decoder, list);
  if (after < before)
    gaze_weights_forget(assistant->weights);
  if (assistant->options.model.verbose)
    gaze_warn("%s: %s kernels, %d threads, %.1f MB of weights a token (%.1f MB in the files)", assistant->path,
              assistant->kernels.level, assistant->options.model.threads, 1e-6 * (double)after, 1e-6 * (double)before);
  return GAZE_OK;
}

/* Files that hold the eye alone, or a decoder that was narrowed as well, have been read. */
static void forget_eye(const gaze_assistant *assistant) {
  const gaze_weights *files = assistant->projector ? assistant->projector : assistant->weights;
  if (assistant->eye->tower)
    gaze_weights_forget(assistant->eye->tower);
  if (assistant->projector || assistant->prepared.converted.base)
    gaze_weights_forget(files);
}

gaze_err gaze_assistant_prepare_eye(gaze_assistant *assistant) {
  const gaze_prepared *prepared = &assistant->eye->prepared;
  bool before = prepared->packed || prepared->converted.base;
  GAZE_TRY(gaze_eye_prepare(assistant->eye, &assistant->compute));
  if (before || !(prepared->packed || prepared->converted.base))
    return GAZE_OK;
  forget_eye(assistant);
  if (assistant->options.model.verbose)
    gaze_warn("%s: the image encoder is in %s now", assistant->path, prepared->packed ? "int8" : "bf16");
  return GAZE_OK;
}
