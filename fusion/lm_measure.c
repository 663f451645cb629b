/* What is measured of a language model while it is trained. */
#include "fusion/held_out.h"
#include "fusion/lm_run.h"
#include "fusion/lm_write.h"

#include <stdlib.h>

static json_int_t step_of(const gaze_lm_run *run) { return (json_int_t)run->training.optimizer.step; }

gaze_err gaze_lm_run_measure(gaze_lm_run *run) {
  gaze_lm_reader reader;
  gaze_lm_batch batch;
  gaze_held_out measured = {.task = "language", .tokens = "held-out tokens", .bytes = run->held_out.bytes};
  size_t labels;
  gaze_err err = gaze_lm_reader_init(&reader, &run->held_out, run->reader.rows, 1, false, 0);
  while (err == GAZE_OK && gaze_lm_reader_next(&reader, &batch)) {
    measured.loss += gaze_lm_step_measure(&run->step, &batch, &labels);
    measured.n += labels;
  }
  gaze_lm_reader_fini(&reader);
  GAZE_TRY(err);
  return gaze_held_out_tell(&measured, &run->training);
}

static gaze_err write_one(const gaze_lm_run *run, const char *prompt, json_t *list) {
  const gaze_train_lm_options *o = &run->options;
  gaze_sampling sampling = {.temperature = o->sample_temperature, .seed = o->run.seed};
  char *text, *line;
  GAZE_TRY(gaze_lm_write(&run->training.compute, &run->lm.decoder, run->tokenizer, &run->marks, prompt,
                         o->sample_tokens, &sampling, &text));
  gaze_err err = gaze_format(&line, "> %s%s", prompt, text);
  if (err == GAZE_OK) {
    gaze_training_say(&run->training, line);
    free(line);
  }
  if (err == GAZE_OK && json_array_append_new(list, json_pack("{s:s, s:s}", "prompt", prompt, "text", text)) != 0)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: the log of what was written: free memory");
  free(text);
  return err;
}

gaze_err gaze_lm_run_write(gaze_lm_run *run) {
  json_t *list = json_array();
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < run->options.n_prompts && err == GAZE_OK; i++)
    err = write_one(run, run->options.prompts[i], list);
  if (err == GAZE_OK)
    return gaze_training_log(&run->training, json_pack("{s:I, s:o}", "step", step_of(run), "written", list));
  json_decref(list);
  return err;
}
