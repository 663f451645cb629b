/* What the tests of tokenizers against their references share. */
#ifndef GAZE_TESTS_GOLDEN_TOKENIZER_CASES_H
#define GAZE_TESTS_GOLDEN_TOKENIZER_CASES_H

#include "core/base/json.h"
#include "text/tokenizer.h"

/* A path below data; a static buffer, good until the next call. */
const char *data_path(const char *name);
/* Both fail the test where they cannot; yours. */
json_t *open_json(const char *name);
gaze_tokenizer *open_tokenizer(const char *path);
/* The bytes of a case: its "text", or its "hex", and a 0 behind them; yours: free(). */
char *bytes_of(const json_t *item, size_t *size);

#endif
