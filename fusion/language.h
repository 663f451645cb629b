/* Which of the languages that instructions are written in a text is in. */
#ifndef GAZE_FUSION_LANGUAGE_H
#define GAZE_FUSION_LANGUAGE_H

#include <stdbool.h>

typedef enum gaze_language { GAZE_ENGLISH, GAZE_KOREAN, GAZE_LANGUAGES } gaze_language;

/* By its letters: half of them Hangul, or hardly one that is not Latin; a text without letters is in both. */
bool gaze_is_in_language(const char *text, gaze_language language);

#endif
