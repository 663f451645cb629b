#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const command_row *const commands[] = {
    &index_command,
    &search_command,
    &ask_command,
    &chat_command,
    &compare_command,
    &classify_command,
    &embed_command,
    &tokenize_command,
    &eval_command,
    &train_command,
    &make_instructions_command,
    &model_command,
    &db_command,
    NULL,
};

const char *command_word(const command_row *command) {
  const char *space = strrchr(command->name, ' ');
  return space ? space + 1 : command->name;
}

static const char *list_name(const void *user, size_t i) {
  const command_row *const *list = user;
  return list[i] ? command_word(list[i]) : NULL;
}

static const command_row *find_command(const command_row *const *list, const char *word) {
  for (; *list; list++)
    if (strcmp(command_word(*list), word) == 0)
      return *list;
  return NULL;
}

static int unknown_command(const command_row *const *list, const char *parent, const char *word) {
  const char *near = nearest_name(word, list_name, list);
  const char *space = *parent ? " " : "";
  if (near)
    return report_usage("unknown command: %s%s%s: did you mean gaze %s%s%s?", parent, space, word, parent, space, near);
  return report_usage("unknown command: %s%s%s: see gaze%s%s --help", parent, space, word, space, parent);
}

static int run_command(const command_row *command, int argc, char **argv) {
  const option_row *tables[4];
  size_t n = 0;
  int used, status;
  word_list words = {0};
  if (command->options)
    tables[n++] = command->options;
  if (command->reads_pictures)
    tables[n++] = picture_options;
  tables[n++] = common_options;
  tables[n] = NULL;
  if (command->prepare)
    command->prepare();
  status = options_parse(tables, command->name, false, argc, argv, &words, &used);
  if (status == STATUS_DONE && given.help)
    status = help_print(command);
  else if (status == STATUS_DONE && given.version)
    puts("gaze " GAZE_VERSION);
  else if (status == STATUS_DONE) {
    gaze_set_warn(given.quiet ? NULL : report_warning);
    status = command->run(&words);
  }
  free(words.items);
  return status;
}

static int help(const command_row *const *list, int argc, char **argv) {
  const command_row *command = NULL;
  if (argc > 0 && strcmp(argv[0], "--list") == 0)
    return help_print_list(commands);
  const char *parent = "";
  for (int i = 0; i < argc && list; i++) {
    command = find_command(list, argv[i]);
    if (!command)
      return unknown_command(list, parent, argv[i]);
    list = command->children;
    parent = command->name;
  }
  return command ? help_print(command) : help_print_overview();
}

/* Reads options up to the command's name, which follows parent's (NULL at the top), and goes down to it. */
static int dispatch(const command_row *parent, const command_row *const *list, int argc, char **argv) {
  const option_row *const tables[] = {common_options, NULL};
  const char *name = parent ? parent->name : "";
  int used;
  int status = options_parse(tables, name, true, argc, argv, NULL, &used);
  if (status != STATUS_DONE)
    return status;
  if (given.version)
    return puts("gaze " GAZE_VERSION) < 0;
  if (given.help)
    return parent ? help_print(parent) : help_print_overview();
  if (used == argc)
    return report_usage("no command: gaze%s%s: see gaze%s%s --help", parent ? " " : "", name, parent ? " " : "", name);
  argc -= used + 1;
  argv += used + 1;
  const char *word = argv[-1];
  if (!parent && strcmp(word, "help") == 0)
    return help(commands, argc, argv);
  const command_row *command = find_command(list, word);
  if (!command)
    return unknown_command(list, name, word);
  return command->children ? dispatch(command, command->children, argc, argv) : run_command(command, argc, argv);
}

int main(int argc, char **argv) {
  interrupts_init();
  int status = dispatch(NULL, commands, argc - 1, argv + 1);
  errno = 0;
  if ((fflush(stdout) || ferror(stdout)) && status == STATUS_DONE) {
    report("results could not be written: standard output: %s", errno ? strerror(errno) : "is the disk full?");
    status = STATUS_FAILED;
  }
  return status;
}
