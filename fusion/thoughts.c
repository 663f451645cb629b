#include "fusion/thoughts.h"

#include "core/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char opening[] = "<think>", closing[] = "</think>", mark[] = "Answer:";
static const char space[] = " \t\r\n";

static size_t own_end(const char *text, bool over) {
  const char *begin = text + strspn(text, space);
  size_t length = strlen(begin), opens = sizeof opening - 1;
  if (length < opens && !over && strncmp(begin, opening, length) == 0)
    return SIZE_MAX;
  if (strncmp(begin, opening, opens) != 0)
    return 0;
  const char *end = strstr(begin, closing);
  if (!end)
    return over ? strlen(text) : SIZE_MAX;
  end += sizeof closing - 1;
  return (size_t)(end + strspn(end, space) - text);
}

/* What follows the mark in this line, which may be emphasised as Markdown does; NULL: it has none. */
static const char *behind_mark(const char *line) {
  line += strspn(line, " \t#>*_");
  if (strncasecmp(line, mark, sizeof mark - 1) != 0)
    return NULL;
  line += sizeof mark - 1;
  line += strspn(line, "*_");
  return line + strspn(line, space);
}

static size_t asked_end(const char *text) {
  const char *end = text;
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    const char *answer = behind_mark(line);
    if (answer && *answer)
      end = answer;
  }
  return (size_t)(end - text);
}

size_t gaze_thoughts_end(gaze_thinking thinking, const char *text, bool over) {
  if (thinking == GAZE_THINKING_OWN)
    return own_end(text, over);
  if (thinking == GAZE_THINKING_ASKED)
    return over ? asked_end(text) : SIZE_MAX;
  return 0;
}

static size_t without_space(const char *text, size_t length) {
  while (length && strchr(space, text[length - 1]))
    length--;
  return length;
}

/* Without the marks and the space around. */
static void trim(gaze_thinking thinking, char *thoughts) {
  size_t length = without_space(thoughts, strlen(thoughts));
  char *begin = thoughts + strspn(thoughts, space), *end = thoughts;
  if (thinking == GAZE_THINKING_OWN) {
    end = strstr(thoughts, closing);
    end = end ? end : thoughts + length;
    begin += sizeof opening - 1;
    begin += strspn(begin, space);
  } else if (length) {
    end = memrchr(thoughts, '\n', length);
    end = end ? end : thoughts;
  }
  length = end > begin ? without_space(begin, (size_t)(end - begin)) : 0;
  memmove(thoughts, begin, length);
  thoughts[length] = 0;
}

gaze_err gaze_thoughts_part(gaze_thinking thinking, char *text, char **thoughts) {
  size_t at = gaze_thoughts_end(thinking, text, true);
  *thoughts = NULL;
  if (at == 0)
    return GAZE_OK;
  GAZE_TRY(gaze_alloc(at + 1, 1, thoughts));
  memcpy(*thoughts, text, at);
  trim(thinking, *thoughts);
  memmove(text, text + at, strlen(text + at) + 1);
  if (!**thoughts) {
    free(*thoughts);
    *thoughts = NULL;
  }
  return GAZE_OK;
}
