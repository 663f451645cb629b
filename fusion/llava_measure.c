/* What is measured of a model that looks and talks while it is trained. */
#include "fusion/held_out.h"
#include "fusion/llava_run.h"

gaze_err gaze_llava_run_measure(gaze_llava_run *run) {
  gaze_llava_reader *reader = &run->held_out_reader;
  gaze_lm_batch batch;
  gaze_held_out measured = {.task = "answers", .tokens = "held-out tokens of answers"};
  size_t labels;
  GAZE_TRY(gaze_llava_reader_skip(reader, 0));
  for (size_t i = 0; i < reader->n_batches; i++) {
    GAZE_TRY(gaze_llava_reader_next(reader, &batch));
    measured.loss += gaze_lm_step_measure(&run->step, &batch, &labels);
    measured.n += labels;
  }
  return gaze_held_out_tell(&measured, &run->training);
}
