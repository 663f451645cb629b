#include "fusion/held_out.h"

#include <math.h>
#include <stdio.h>

/* exp of it is still a number. */
#define HIGHEST_LOSS 700.0

gaze_err gaze_held_out_tell(const gaze_held_out *measured, const gaze_training *training) {
  char line[160];
  uint64_t step = training->optimizer.step;
  double loss = fmin(measured->loss / (double)measured->n, HIGHEST_LOSS);
  double bits = measured->bytes ? measured->loss / log(2) / (double)measured->bytes : 0;
  if (!isfinite(measured->loss))
    return gaze_fail(GAZE_ERR_DIVERGED, "the loss on what was held out is not finite");
  int n = snprintf(line, sizeof line, "step %llu: perplexity %.2f on %zu %s", (unsigned long long)step, exp(loss),
                   measured->n, measured->tokens);
  if (measured->bytes)
    snprintf(line + n, sizeof line - (size_t)n, ", %.3f bits a byte", bits);
  gaze_training_say(training, line);
  json_t *metrics = json_pack("{s:f, s:f}", "perplexity", exp(loss), "val_loss", loss);
  if (metrics && measured->bytes && json_object_set_new(metrics, "bits_per_byte", json_real(bits)) != 0) {
    json_decref(metrics);
    metrics = NULL;
  }
  return gaze_training_log(training, json_pack("{s:I, s:{s:s, s:o}}", "step", (json_int_t)step, "eval", "task",
                                               measured->task, "metrics", metrics));
}
