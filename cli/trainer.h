/* What all trainings do on the command line. */
#ifndef GAZE_CLI_TRAINER_H
#define GAZE_CLI_TRAINER_H

#include "gaze_train.h"

/* How far it is: in the bar's place, or with -v a line that stays. */
void trainer_show(const char *line);
/* Fills in what is the same of all runs: arithmetic as was given, and who is told and asked. */
void trainer_begin(gaze_train_run_options *run, void (*progress)(void *user, const gaze_train_progress *progress));
/* What became of it; folder: of the "model" or "run" that `name` says, NULL: nobody does. Returns an exit status. */
int trainer_end(gaze_err err, const char *name, const char *folder);

#endif
