/* Options as tables: one parser reads them, and --help, the completions' and the manual's tests come from the same
 * rows. Understood: `--name value`, `--name=value`, `-n value`, `-nvalue`, letters in a cluster, `--` before words that
 * begin with a dash. `-` alone and `- text` are words. */
#ifndef GAZE_CLI_OPTIONS_H
#define GAZE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum option_kind {
  OPTION_SWITCH, /* bool: set by its presence */
  OPTION_TEXT,   /* const char *: the last one counts */
  OPTION_CHOICE, /* const char *: one of the words in `value`, "a|b|c" */
  OPTION_LIST,   /* word_list: each use adds one */
  OPTION_INT,    /* int, in [low, high] as all numbers */
  OPTION_SIZE,   /* size_t */
  OPTION_COUNT,  /* uint64_t */
  OPTION_FLOAT,  /* float */
  OPTION_DOUBLE  /* double */
} option_kind;

typedef struct word_list {
  const char **items; /* the words are borrowed */
  size_t n;
} word_list;

typedef struct option_row {
  const char *name; /* without dashes; NULL ends a table */
  char letter;      /* 0: none */
  option_kind kind;
  const char *value; /* what --help calls it */
  void *target;
  const char *help;
  double low, high;
} option_row;

/* tables: ends with NULL. Words that are no options go to words; leading: stop before the first of them.
 * *used: arguments read. Returns an exit status, the error already reported. command: for messages. */
int options_parse(const option_row *const *tables, const char *command, bool leading, int argc, char **argv,
                  word_list *words, int *used);

/* Rows as they appear in --help, without those that have a namesake in a command's own table (may be NULL). */
void options_print_help(const option_row *table, const option_row *own);

void word_list_add(word_list *list, const char *word);

#endif
