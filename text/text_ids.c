#include "text/text_ids.h"

#include <string.h>

/* Up to the context, behind the text or in front of it. */
static void fill_up(const gaze_text_config *config, const gaze_tokenizer *tokenizer, int32_t *ids, size_t *n) {
  int32_t said = gaze_tokenizer_pad(tokenizer), pad = said >= 0 ? said : config->pad;
  size_t missing = config->context - *n, front = gaze_tokenizer_pads_left(tokenizer) ? missing : 0;
  memmove(ids + front, ids, *n * sizeof *ids);
  for (size_t i = 0; i < missing; i++)
    ids[front ? i : *n + i] = pad;
  *n = config->context;
}

gaze_err gaze_text_ids(const gaze_text_config *config, const gaze_tokenizer *tokenizer, const char *text, int32_t *ids,
                       size_t *n, size_t *cut) {
  GAZE_TRY(gaze_tokenizer_encode_context(tokenizer, text, config->context, ids, n, cut));
  if (config->filled)
    fill_up(config, tokenizer, ids, n);
  return GAZE_OK;
}
