/* What all trainings do on the command line. */
#ifndef GAZE_CLI_TRAINER_H
#define GAZE_CLI_TRAINER_H

#include "gaze_train.h"

/* Rows of a table of options: what gaze_lora_options has. */
#define LORA_ROWS(lora)                                                                                                \
  {"lora-rank", 0,  OPTION_SIZE, "N", &(lora).rank, "LoRA: pairs of this rank learn, an adapter is written [0: none]", \
   0,           1e5},                                                                                                  \
      {"lora-alpha", 0, OPTION_DOUBLE, "X", &(lora).alpha, "what a pair counts, over the rank [2 N]", 0, 1e9},         \
      {"lora-targets", 0, OPTION_TEXT, "NAME,NAME", &(lora).targets, "of " LORA_TARGETS " [all]", 0, 0},               \
      {"lora-dropout", 0, OPTION_DOUBLE, "X", &(lora).dropout, "share of their input that is left out [0]", 0, 0.999},

#define LORA_TARGETS "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"

/* How far it is: in the bar's place, or with -v a line that stays. */
void trainer_show(const char *line);
/* Fills in what is the same of all runs: arithmetic as was given, and who is told and asked. */
void trainer_begin(gaze_train_run_options *run, void (*progress)(void *user, const gaze_train_progress *progress));
/* What became of it; folder: of the "model" or "run" that `name` says, NULL: nobody does. Returns an exit status. */
int trainer_end(gaze_err err, const char *name, const char *folder);

#endif
