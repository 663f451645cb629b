/* Words and sentences that instructions are written with; the texts of fusion/instructions, which meson turns into
 * arrays of lines. */
#ifndef GAZE_FUSION_INSTRUCT_LISTS_H
#define GAZE_FUSION_INSTRUCT_LISTS_H

#include "core/base/random.h"
#include "fusion/language.h"
#include "fusion/text_builder.h"

typedef struct gaze_lines {
  const char *const *items; /* [n], without comments and blank lines */
  size_t n;
} gaze_lines;

gaze_lines gaze_lines_nouns(void);
gaze_lines gaze_lines_verbs(void);
gaze_lines gaze_lines_implied(void);
gaze_lines gaze_lines_colours(void);
gaze_lines gaze_lines_forbidden(void);
gaze_lines gaze_lines_reasoning(gaze_language language);
gaze_lines gaze_lines_prompts(void);
gaze_lines gaze_lines_phrases(gaze_language language);

/* Those below "[name]", up to the next such head; n is 0 where there is none. */
gaze_lines gaze_lines_section(gaze_lines lines, const char *name);
/* One of them, by chance; a section of this name exists (an assert says so). */
const char *gaze_phrase_pick(gaze_language language, const char *name, gaze_random *random);

/* Whether word is one of those in list, which the separator parts. */
bool gaze_list_has(const char *list, size_t length, char separator, const char *word, size_t word_length);
/* Field i of a line that tabs part; its length is 0 where the line has fewer. */
const char *gaze_line_field(const char *line, size_t i, size_t *length);

#endif
