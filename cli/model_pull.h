/* gaze model pull. */
#ifndef GAZE_CLI_MODEL_PULL_H
#define GAZE_CLI_MODEL_PULL_H

#include "cli/command.h"

#include <stdint.h>

extern const command_row model_pull_command;

/* "18.2 MB" */
void format_bytes(char out[16], uint64_t bytes);

#endif
