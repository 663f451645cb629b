/* A language model that is being trained writes: what it would say behind a prompt. */
#ifndef GAZE_FUSION_LM_WRITE_H
#define GAZE_FUSION_LM_WRITE_H

#include "fusion/lm_data.h"
#include "text/sampler.h"

/* At most `most` ids behind the front mark and the prompt, until the end mark. *out: the text without the prompt,
 * yours: free(). */
GAZE_CHECKED gaze_err gaze_lm_write(const gaze_compute *compute, const gaze_decoder *decoder,
                                    const gaze_tokenizer *tokenizer, const gaze_lm_marks *marks, const char *prompt,
                                    size_t most, const gaze_sampling *sampling, char **out);

#endif
