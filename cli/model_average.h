/* gaze model average. */
#ifndef GAZE_CLI_MODEL_AVERAGE_H
#define GAZE_CLI_MODEL_AVERAGE_H

#include "cli/command.h"

extern const command_row model_average_command;

#endif
