/* gaze model merge-lora. */
#ifndef GAZE_CLI_MODEL_MERGE_LORA_H
#define GAZE_CLI_MODEL_MERGE_LORA_H

#include "cli/command.h"

extern const command_row model_merge_lora_command;

#endif
