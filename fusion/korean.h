/* Korean where the end of a word matters: particles and numbers. */
#ifndef GAZE_FUSION_KOREAN_H
#define GAZE_FUSION_KOREAN_H

#include "fusion/nouns.h"

/* Whether the text's last character is a syllable that ends in a consonant; a digit counts as it is read. */
bool gaze_korean_is_closed(const char *text, size_t n);
/* pair: "이/가", "은/는", "을/를", "과/와": what stands behind such an end, and behind any other. Adds what fits the
 * end of the text. */
void gaze_korean_say_particle(gaze_text *text, const char *pair);
/* What a noun is counted with: "마리". */
const char *gaze_korean_counter(const gaze_noun *noun);
/* "두 마리"; above ten in digits. */
void gaze_korean_say_count(gaze_text *text, size_t n, const gaze_noun *noun);

#endif
