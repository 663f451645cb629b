/* What all trainings do on the command line. */
#ifndef GAZE_CLI_TRAINER_H
#define GAZE_CLI_TRAINER_H

#include "gaze.h"

gaze_model_options trainer_compute(void); /* as was given */
/* How far it is: in the bar's place, or with -v a line that stays. */
void trainer_show(const char *line);
/* A line that stays: gaze_train_*_options.said. */
void trainer_say(void *user, const char *line);
void trainer_begin(void);
/* What became of it; folder: of the "model" or "run" that `name` says, NULL: nobody does. Returns an exit status. */
int trainer_end(gaze_err err, const char *name, const char *folder);

#endif
