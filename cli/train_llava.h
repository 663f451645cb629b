/* gaze train llava. */
#ifndef GAZE_CLI_TRAIN_LLAVA_H
#define GAZE_CLI_TRAIN_LLAVA_H

#include "cli/command.h"

extern const command_row train_llava_command;

#endif
