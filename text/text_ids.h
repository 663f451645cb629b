/* Where a tokenizer and a text encoder meet. */
#ifndef GAZE_TEXT_TEXT_IDS_H
#define GAZE_TEXT_TEXT_IDS_H

#include "text/text_encoder.h"
#include "text/tokenizer.h"

/* What a tower takes of a text, at most `context` ids: cut, with start and end, and filled up where it wants that,
 * behind the text or in front. cut (may be NULL): how many ids were left out. */
GAZE_CHECKED gaze_err gaze_text_ids(const gaze_text_config *config, const gaze_tokenizer *tokenizer, const char *text,
                                    int32_t *ids, size_t *n, size_t *cut);

#endif
