/* Captions that instructions are written from, a line each: everything that the rules say of them. */
#include "fusion/instruct.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAPTIONS = 5 };

static gaze_nouns nouns; /* reads the list once */

static void write_all(const gaze_sample *sample) {
  gaze_rule_writer writer;
  gaze_facts facts;
  if (gaze_facts_init(&facts, &nouns, sample) != GAZE_OK || gaze_rule_writer_init(&writer, &nouns, 6) != GAZE_OK)
    abort();
  gaze_rule_writer_note(&writer, &facts);
  for (gaze_record_kind kind = 0; kind < GAZE_RECORD_KINDS; kind++)
    for (gaze_language language = 0; language < GAZE_LANGUAGES; language++) {
      gaze_random random = gaze_instruct_random(1, 0, kind);
      gaze_turns turns = {0};
      if (gaze_rule_write(&writer, &facts, kind, language, &random, &turns) != GAZE_OK)
        abort();
      for (size_t i = 0; i < turns.n; i++)
        if (!*turns.items[i].question || !*turns.items[i].answer)
          abort();
      gaze_turns_fini(&turns);
    }
  gaze_rule_writer_fini(&writer);
  gaze_facts_fini(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_object objects[] = {{"dog", 0.1f, 0.1f, 0.2f, 0.2f}, {"ball", 0.7f, 0.1f, 0.1f, 0.1f}};
  const char *captions[CAPTIONS];
  char *text = strndup((const char *)data, size), *rest = text;
  gaze_sample sample = {.key = "a", .file = "a.png", .captions = captions, .objects = objects};
  if (!nouns.n && gaze_nouns_init(&nouns) != GAZE_OK)
    abort();
  for (char *line; sample.n_captions < CAPTIONS && (line = strsep(&rest, "\n"));)
    if (*line)
      captions[sample.n_captions++] = line;
  sample.n_objects = size % 3;
  write_all(&sample);
  free(text);
  return 0;
}
