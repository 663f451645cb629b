/* gaze model verify: a line a stage, blocks that agree together on one. */
#ifndef GAZE_CLI_MODEL_VERIFY_H
#define GAZE_CLI_MODEL_VERIFY_H

#include "cli/command.h"

extern const command_row model_verify_command;

#endif
