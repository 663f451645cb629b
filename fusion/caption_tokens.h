/* Words of a caption as coco-caption takes them, which hands captions to Stanford's PTBTokenizer (3.4.1) in lower case
 * and then drops punctuation: "The dog's T.V. isn't on!" is "the dog 's t.v. is n't on". Brackets become -lrb- and
 * alike, and stay. Not followed are smileys and addresses of the web, the rarer abbreviations, and that a single letter
 * with a period at a line's end depends on the line after it. */
#ifndef GAZE_FUSION_CAPTION_TOKENS_H
#define GAZE_FUSION_CAPTION_TOKENS_H

#include "core/base/error.h"

/* *words: parted by single spaces, empty where there are none; yours: free(). */
GAZE_CHECKED gaze_err gaze_caption_tokens(const char *text, char **words);

#endif
