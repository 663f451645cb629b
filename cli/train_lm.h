/* gaze train lm. */
#ifndef GAZE_CLI_TRAIN_LM_H
#define GAZE_CLI_TRAIN_LM_H

#include "cli/command.h"

extern const command_row train_lm_command;

#endif
