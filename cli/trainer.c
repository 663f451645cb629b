#include "cli/trainer.h"

#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>

void trainer_show(const char *line) {
  if (given.verbose)
    report("%s", line);
  else
    progress_show_line(line);
}

/* A line that stays. */
static void say(void *user, const char *line) {
  (void)user;
  if (given.quiet)
    return;
  progress_clear();
  report("%s", line);
}

void trainer_begin(gaze_train_run_options *run, void (*progress)(void *user, const gaze_train_progress *progress)) {
  run->compute = (gaze_model_options){
      .threads = given.threads, .cpu = given.cpu, .precision = settings_precision(), .verbose = given.verbose};
  run->stop = &interrupted;
  run->progress = progress;
  run->said = say;
  watch_interrupts();
  progress_begin(given.quiet);
}

int trainer_end(gaze_err err, const char *name, const char *folder) {
  progress_clear();
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json && folder)
    json_print(json_pack("{s:o}", name, json_text(folder)), stdout);
  else if (folder)
    puts(folder);
  return STATUS_DONE;
}
