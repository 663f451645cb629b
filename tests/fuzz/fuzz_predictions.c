/* Answers of a run that is resumed. */
#include "fusion/predictions.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_sample samples[ROWS] = {{.key = "a"}, {.key = "b"}, {.key = "c"}};
  static char prompt[] = "what?";
  gaze_eval_row rows[ROWS] = {0};
  size_t whole = 0;
  for (int i = 0; i < ROWS; i++)
    rows[i] = (gaze_eval_row){.sample = &samples[i], .shown = i ? &samples[i] : NULL, .prompt = prompt};
  gaze_err err = gaze_predictions_read((const char *)data, size, "fuzz", rows, ROWS, &whole);
  if (whole > size || (whole && data[whole - 1] != '\n') ||
      (err == GAZE_OK && memchr(data + whole, '\n', size - whole)))
    abort();
  for (int i = 0; i < ROWS; i++)
    free(rows[i].answer);
  return 0;
}
