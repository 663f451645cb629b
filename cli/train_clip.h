/* gaze train clip. */
#ifndef GAZE_CLI_TRAIN_CLIP_H
#define GAZE_CLI_TRAIN_CLIP_H

#include "cli/command.h"

extern const command_row train_clip_command;

#endif
