/* The commands: a table that main dispatches on and that --help is written from. */
#ifndef GAZE_CLI_COMMAND_H
#define GAZE_CLI_COMMAND_H

#include "cli/options.h"

typedef struct command_row {
  const char *name;                          /* as typed, "db info" */
  const char *summary;                       /* half a line */
  const char *usage;                         /* what follows the name */
  const char *about;                         /* a paragraph or NULL */
  const char *examples;                      /* lines */
  const option_row *options;                 /* its own, or NULL */
  bool reads_pictures;                       /* the options of pictures belong to it */
  void (*prepare)(void);                     /* sets defaults before the options are read, or NULL */
  int (*run)(const word_list *words);        /* returns the exit status */
  const struct command_row *const *children; /* ends with NULL; a command has these or run */
} command_row;

extern const command_row *const commands[]; /* ends with NULL */

extern const command_row ask_command, chat_command, compare_command, classify_command, embed_command, tokenize_command,
    index_command, search_command, eval_command, train_command, make_instructions_command, model_command, db_command;

const char *command_word(const command_row *command); /* the last word of its name */

int help_print(const command_row *command);
int help_print_overview(void);
/* "command option" lines, an option a line: what the tests of manual and completions compare. */
int help_print_list(const command_row *const *list);

#endif
