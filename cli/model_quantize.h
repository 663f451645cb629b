/* gaze model quantize. */
#ifndef GAZE_CLI_MODEL_QUANTIZE_H
#define GAZE_CLI_MODEL_QUANTIZE_H

#include "cli/command.h"

extern const command_row model_quantize_command;

#endif
