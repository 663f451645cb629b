/* How families of decoders cut a text, by the names that GGUF has for them (tokenizer.ggml.pre). */
#ifndef GAZE_TEXT_CUTTER_FAMILIES_H
#define GAZE_TEXT_CUTTER_FAMILIES_H

#include "text/cutter.h"

#define GAZE_GPT2_PATTERN "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

typedef struct gaze_cutter_family {
  bool whole_first; /* a piece that is in the vocabulary is not made of merges */
  bool starts;      /* the start goes in front of every text, where nothing else is said */
} gaze_cutter_family;

/* Adds the steps of an empty cutter, a model of bytes behind them. False: no such family. */
bool gaze_cutter_add_family(gaze_cutter *cutter, const char *name, size_t size, gaze_cutter_family *out);
/* The first of a family's patterns, which those of one pattern have alone; static. NULL: no such family. */
const char *gaze_cutter_family_pattern(const char *name);
/* The family that cuts as a cutter in front of a model of bytes does; static. NULL: none is known. */
const char *gaze_cutter_find_family(const gaze_cutter *cutter, bool whole_first);

#endif
