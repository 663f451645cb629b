#include "cli/options.h"

#include "cli/report.h"
#include "cli/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct option_reader {
  const option_row *const *tables;
  const char *command;
  char **argv;
  int argc, at; /* at: the argument being read */
} option_reader;

void word_list_add(word_list *list, const char *word) {
  list->items = memory_resize(list->items, list->n + 1, sizeof *list->items);
  list->items[list->n++] = word;
}

static const option_row *find_name(const option_reader *reader, const char *name, size_t length) {
  for (const option_row *const *table = reader->tables; *table; table++)
    for (const option_row *row = *table; row->name; row++)
      if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
        return row;
  return NULL;
}

static const option_row *find_letter(const option_reader *reader, char letter) {
  for (const option_row *const *table = reader->tables; *table; table++)
    for (const option_row *row = *table; row->name; row++)
      if (row->letter == letter)
        return row;
  return NULL;
}

static const char *option_name(const void *user, size_t i) {
  for (const option_row *const *table = user; *table; table++)
    for (const option_row *row = *table; row->name; row++)
      if (i-- == 0)
        return row->name;
  return NULL;
}

static int unknown_option(const option_reader *reader, const char *written, const char *name) {
  const char *near = name ? nearest_name(name, option_name, reader->tables) : NULL;
  if (near)
    return report_usage("unknown option: %s: did you mean --%s?", written, near);
  return report_usage("unknown option: %s: see gaze%s%s --help", written, *reader->command ? " " : "", reader->command);
}

static bool choice_allows(const char *choices, const char *text) {
  for (size_t length = strlen(text); *choices; choices += *choices == '|') {
    size_t word = strcspn(choices, "|");
    if (word == length && memcmp(choices, text, word) == 0)
      return true;
    choices += word;
  }
  return false;
}

static int set_integer(const option_row *row, const char *text) {
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (end == text || *end || errno || (double)value < row->low || (double)value > row->high)
    return report_usage("not a whole number in range: --%s %s: give one from %.0f to %.0f", row->name, text, row->low,
                        row->high);
  if (row->kind == OPTION_INT)
    *(int *)row->target = (int)value;
  else if (row->kind == OPTION_SIZE)
    *(size_t *)row->target = (size_t)value;
  else
    *(uint64_t *)row->target = (uint64_t)value;
  return STATUS_DONE;
}

static int set_real(const option_row *row, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || strpbrk(text, "xX") || !(value >= row->low && value <= row->high))
    return report_usage("not a number in range: --%s %s: give one from %g to %g", row->name, text, row->low, row->high);
  if (row->kind == OPTION_FLOAT)
    *(float *)row->target = (float)value;
  else
    *(double *)row->target = value;
  return STATUS_DONE;
}

static int set_value(const option_row *row, const char *text) {
  switch (row->kind) {
  case OPTION_SWITCH:
    *(bool *)row->target = true;
    return STATUS_DONE;
  case OPTION_CHOICE:
    if (!choice_allows(row->value, text))
      return report_usage("unknown value: --%s %s: choose one of %s", row->name, text, row->value);
    *(const char **)row->target = text;
    return STATUS_DONE;
  case OPTION_TEXT:
    *(const char **)row->target = text;
    return STATUS_DONE;
  case OPTION_LIST:
    word_list_add(row->target, text);
    return STATUS_DONE;
  case OPTION_INT:
  case OPTION_SIZE:
  case OPTION_COUNT:
    return set_integer(row, text);
  case OPTION_FLOAT:
  case OPTION_DOUBLE:
    return set_real(row, text);
  }
  return STATUS_DONE;
}

/* The value written with the option (attached, not NULL), else the next argument. */
static int take_value(option_reader *reader, const option_row *row, const char *attached) {
  if (attached)
    return set_value(row, attached);
  if (reader->at + 1 >= reader->argc)
    return report_usage("value missing: --%s: give %s", row->name, row->value);
  return set_value(row, reader->argv[++reader->at]);
}

static int read_long(option_reader *reader, const char *argument) {
  const char *name = argument + 2;
  size_t length = strcspn(name, "=");
  const char *attached = name[length] ? name + length + 1 : NULL;
  const option_row *row = find_name(reader, name, length);
  if (!row) {
    char *bare = strndup(name, length);
    int status = unknown_option(reader, argument, bare);
    free(bare);
    return status;
  }
  if (row->kind == OPTION_SWITCH && attached)
    return report_usage("this option takes no value: %s: write --%s alone", argument, row->name);
  return row->kind == OPTION_SWITCH ? set_value(row, NULL) : take_value(reader, row, attached);
}

static int read_letters(option_reader *reader, const char *argument) {
  for (const char *letter = argument + 1; *letter; letter++) {
    const option_row *row = find_letter(reader, *letter);
    if (!row)
      return unknown_option(reader, argument, argument[2] ? argument + 1 : NULL);
    if (row->kind != OPTION_SWITCH)
      return take_value(reader, row, letter[1] ? letter + 1 : NULL);
    set_value(row, NULL);
  }
  return STATUS_DONE;
}

static bool is_word(const char *argument) { return argument[0] != '-' || argument[1] == 0 || argument[1] == ' '; }

int options_parse(const option_row *const *tables, const char *command, bool leading, int argc, char **argv,
                  word_list *words, int *used) {
  option_reader reader = {.tables = tables, .command = command, .argv = argv, .argc = argc};
  bool options_over = false;
  for (; reader.at < argc; reader.at++) {
    const char *argument = argv[reader.at];
    if (options_over || is_word(argument)) {
      if (leading)
        break;
      word_list_add(words, argument);
      continue;
    }
    if (strcmp(argument, "--") == 0) {
      options_over = true;
      continue;
    }
    int status = argument[1] == '-' ? read_long(&reader, argument) : read_letters(&reader, argument);
    if (status != STATUS_DONE)
      return status;
  }
  *used = reader.at;
  return STATUS_DONE;
}
