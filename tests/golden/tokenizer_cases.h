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
/* The bytes of a case: its "text", "times" times, or its "hex", and a 0 behind them; yours: free(). */
char *bytes_of(const json_t *item, size_t *size);
/* Fails the test where ids are not those of a list, or have not its length and FNV-1a hash; null: any will do. */
void check_ids(const char *kind, const char *text, const json_t *wanted, const int32_t *ids, size_t n);

#endif
