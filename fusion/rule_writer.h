/* Writes questions and answers about a picture by rules, from what captions and boxes say. What may be asked is
 * balanced over all pictures that one writer sees: for each noun as many yes as no, rare numbers and places before
 * frequent ones. */
#ifndef GAZE_FUSION_RULE_WRITER_H
#define GAZE_FUSION_RULE_WRITER_H

#include "core/base/random.h"
#include "fusion/instruct_lists.h"
#include "fusion/picture_facts.h"
#include "fusion/turns.h"

typedef enum gaze_record_kind { GAZE_CONVERSATION, GAZE_DETAIL, GAZE_REASONING, GAZE_RECORD_KINDS } gaze_record_kind;
extern const char *const gaze_record_names[GAZE_RECORD_KINDS];

enum { GAZE_RULE_TALLIES = 16, GAZE_RULE_KEYS = 128 };

typedef struct gaze_rule_writer {
  const gaze_nouns *nouns; /* borrowed */
  size_t most_turns;
  bool *known; /* [nouns->n] some picture shows it */
  int *asked;  /* [nouns->n] how often its presence was asked about with yes, less those with no */
  uint32_t tallies[GAZE_RULE_TALLIES][GAZE_RULE_KEYS]; /* answers given, by kind of question */
} gaze_rule_writer;

/* nouns has all names of objects, and does not change. */
GAZE_CHECKED gaze_err gaze_rule_writer_init(gaze_rule_writer *writer, const gaze_nouns *nouns, size_t most_turns);
void gaze_rule_writer_fini(gaze_rule_writer *writer);
/* Before anything is written, of each picture: what it shows may be asked about elsewhere. */
void gaze_rule_writer_note(gaze_rule_writer *writer, const gaze_facts *facts);
/* *out: {0} at first; no turns where the facts do not suffice. Yours, also on failure: gaze_turns_fini. */
GAZE_CHECKED gaze_err gaze_rule_write(gaze_rule_writer *writer, const gaze_facts *facts, gaze_record_kind kind,
                                      gaze_language language, gaze_random *random, gaze_turns *out);

#endif
