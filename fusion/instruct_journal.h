/* OUT.journal.jsonl: what an endpoint answered, a line a record, so that no answer is paid for twice. The first line
 * says what the run asks for. Lines are appended and synced one by one; one that a kill cut short is taken off. */
#ifndef GAZE_FUSION_INSTRUCT_JOURNAL_H
#define GAZE_FUSION_INSTRUCT_JOURNAL_H

#include "core/base/json.h"

typedef struct gaze_instruct_journal {
  char *path;
  int descriptor;
  json_t *rows; /* by id: {"record"} or {"rejected", "text"} */
} gaze_instruct_journal;

/* head: what the run asks for; GAZE_ERR_MISMATCH where the journal is of another run, GAZE_ERR_BUSY where another
 * process writes it. */
GAZE_CHECKED gaze_err gaze_instruct_journal_open(const char *out, const json_t *head, gaze_instruct_journal *journal);
void gaze_instruct_journal_close(gaze_instruct_journal *journal);
/* Borrowed; NULL: not there. */
const json_t *gaze_instruct_journal_find(const gaze_instruct_journal *journal, const char *id);
/* row, taken: gets its member "id" and is on the disk afterwards; it replaces an earlier one. */
GAZE_CHECKED gaze_err gaze_instruct_journal_add(gaze_instruct_journal *journal, const char *id, json_t *row);

#endif
