#include "cli/command.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 30
#define HELP_WIDTH 100

/* Text from the current column on, broken between words, later lines indented alike. */
static void print_wrapped(const char *text, int column, int indent) {
  for (const char *word = text; *word;) {
    int length = (int)strcspn(word, " ");
    if (column > indent && column + 1 + length > HELP_WIDTH) {
      printf("\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      putchar(' ');
      column++;
    }
    printf("%.*s", length, word);
    column += length;
    word += length + (word[length] == ' ');
  }
  putchar('\n');
}

static bool has_option(const option_row *table, const char *name) {
  for (; table && table->name; table++)
    if (strcmp(table->name, name) == 0)
      return true;
  return false;
}

void options_print_help(const option_row *table, const option_row *own) {
  for (const option_row *row = table; row->name; row++) {
    if (has_option(own, row->name))
      continue;
    char letter[5] = "    ";
    if (row->letter)
      snprintf(letter, sizeof letter, "-%c, ", row->letter);
    const char *value = row->kind == OPTION_SWITCH ? "" : row->value;
    int column = printf("  %s--%s%s%s", letter, row->name, *value ? " " : "", value);
    if (column + 2 > HELP_COLUMN)
      printf("\n%*s", HELP_COLUMN, "");
    else
      printf("%*s", HELP_COLUMN - column, "");
    print_wrapped(row->help, HELP_COLUMN, HELP_COLUMN);
  }
}

static void print_children(const command_row *const *children) {
  for (; *children; children++) {
    int column = printf("  %-16s ", command_word(*children));
    print_wrapped((*children)->summary, column, column);
  }
}

static void print_options(const command_row *command) {
  if (command->options) {
    puts("\noptions");
    options_print_help(command->options, NULL);
  }
  if (command->reads_pictures) {
    puts("\npictures");
    options_print_help(picture_options, command->options);
  }
  puts("\ncommon to all commands");
  options_print_help(common_options, command->options);
}

int help_print(const command_row *command) {
  printf("gaze %s: %s\n\nusage: gaze %s %s\n", command->name, command->summary, command->name, command->usage);
  if (command->about) {
    putchar('\n');
    print_wrapped(command->about, 0, 0);
  }
  if (command->children) {
    puts("\ncommands");
    print_children(command->children);
  } else {
    print_options(command);
  }
  printf("\nexamples\n%s", command->examples);
  return STATUS_DONE;
}

int help_print_overview(void) {
  puts("gaze: pictures and words in one space, on your own machine\n\n"
       "usage: gaze COMMAND [options] ARGUMENTS\n\nfirst steps\n"
       "  gaze index ~/Pictures                            look at every photo once\n"
       "  gaze search \"a dog on the beach\"                 find them by words\n"
       "  gaze classify --labels cat,dog,bird photo.jpg    name what is in a picture\n"
       "  gaze ask -m MODEL --image photo.jpg QUESTION     ask a model that sees and answers\n"
       "  gaze help COMMAND                                everything about one command\n\ncommands");
  print_children(commands);
  puts("\ncommon to all commands");
  options_print_help(common_options, NULL);
  puts("\nexit status: 0 done, 1 failed, 2 wrong usage, 3 nothing found, 130 on Ctrl-C");
  return STATUS_DONE;
}

static void print_list_rows(const char *name, const option_row *table) {
  for (const option_row *row = table; row && row->name; row++) {
    printf("%s --%s\n", name, row->name);
    if (row->letter)
      printf("%s -%c\n", name, row->letter);
  }
}

int help_print_list(const command_row *const *list) {
  for (; *list; list++) {
    if ((*list)->children) {
      help_print_list((*list)->children);
      continue;
    }
    print_list_rows((*list)->name, (*list)->options);
    print_list_rows((*list)->name, (*list)->reads_pictures ? picture_options : NULL);
    print_list_rows((*list)->name, common_options);
  }
  return STATUS_DONE;
}
