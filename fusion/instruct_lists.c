#include "fusion/instruct_lists.h"

#include "fusion/instruction_lists.h"

#include <assert.h>
#include <string.h>

static const char *const nouns[] = {GAZE_LIST_NOUNS}, *const verbs[] = {GAZE_LIST_VERBS},
                         *const implied[] = {GAZE_LIST_IMPLIED}, *const colours[] = {GAZE_LIST_COLOURS},
                         *const forbidden[] = {GAZE_LIST_FORBIDDEN}, *const prompts[] = {GAZE_LIST_PROMPTS},
                         *const english[] = {GAZE_LIST_ENGLISH}, *const korean[] = {GAZE_LIST_KOREAN},
                         *const reasoning[] = {GAZE_LIST_REASONING},
                         *const reasoning_korean[] = {GAZE_LIST_REASONING_KOREAN};

#define LINES(array) ((gaze_lines){array, sizeof array / sizeof *array})

gaze_lines gaze_lines_nouns(void) { return LINES(nouns); }
gaze_lines gaze_lines_verbs(void) { return LINES(verbs); }
gaze_lines gaze_lines_implied(void) { return LINES(implied); }
gaze_lines gaze_lines_colours(void) { return LINES(colours); }
gaze_lines gaze_lines_forbidden(void) { return LINES(forbidden); }
gaze_lines gaze_lines_prompts(void) { return LINES(prompts); }

gaze_lines gaze_lines_reasoning(gaze_language language) {
  return language == GAZE_KOREAN ? LINES(reasoning_korean) : LINES(reasoning);
}

gaze_lines gaze_lines_phrases(gaze_language language) {
  return language == GAZE_KOREAN ? LINES(korean) : LINES(english);
}

static bool is_head(const char *line) { return line[0] == '[' && line[strlen(line) - 1] == ']'; }

gaze_lines gaze_lines_section(gaze_lines lines, const char *name) {
  size_t length = strlen(name), first = 0;
  for (; first < lines.n; first++) {
    const char *line = lines.items[first];
    if (is_head(line) && strlen(line) == length + 2 && memcmp(line + 1, name, length) == 0)
      break;
  }
  first += first < lines.n;
  size_t end = first;
  while (end < lines.n && !is_head(lines.items[end]))
    end++;
  return (gaze_lines){lines.items + first, end - first};
}

const char *gaze_phrase_pick(gaze_language language, const char *name, gaze_random *random) {
  gaze_lines lines = gaze_lines_section(gaze_lines_phrases(language), name);
  assert(lines.n > 0);
  return lines.items[gaze_random_below(random, lines.n)];
}

bool gaze_list_has(const char *list, size_t length, char separator, const char *word, size_t word_length) {
  for (const char *end = list + length; list < end;) {
    const char *stop = memchr(list, separator, (size_t)(end - list));
    size_t item = (size_t)((stop ? stop : end) - list);
    if (item == word_length && memcmp(list, word, item) == 0)
      return true;
    list += item + 1;
  }
  return false;
}

const char *gaze_line_field(const char *line, size_t i, size_t *length) {
  for (; i; i--) {
    line += strcspn(line, "\t");
    line += *line == '\t';
  }
  *length = strcspn(line, "\t");
  return line;
}
