/* Inside of fusion/instruct*.c: a run of gaze_make_instructions. */
#ifndef GAZE_FUSION_INSTRUCT_H
#define GAZE_FUSION_INSTRUCT_H

#include "core/base/file.h"
#include "core/base/json.h"
#include "fusion/bad_rows.h"
#include "fusion/instruct_journal.h"
#include "fusion/rule_writer.h"

/* All pictures that something can be written about, in the order of the files. */
typedef struct gaze_instruct_data {
  gaze_dataset **sets; /* [n_sets] */
  size_t n_sets;
  const gaze_sample **samples; /* [n], borrowed from the sets */
  size_t n, capacity;
  gaze_sample **merged; /* [n_merged] of several rows of a table */
  size_t n_merged, merged_capacity;
  gaze_nouns nouns;
} gaze_instruct_data;

/* Bad samples are told of: broken JSON, wrong boxes, no picture, neither captions nor boxes, the name of another
 * picture. */
GAZE_CHECKED gaze_err gaze_instruct_data_open(const gaze_instructions_options *options, gaze_bad_rows *bad,
                                              gaze_instruct_data *out);
void gaze_instruct_data_close(gaze_instruct_data *data);

/* The file that is written, and its figures. */
typedef struct gaze_instruct_output {
  gaze_replace file;
  uint64_t records, turns, korean, kinds[GAZE_RECORD_KINDS];
} gaze_instruct_output;

GAZE_CHECKED gaze_err gaze_instruct_output_begin(gaze_instruct_output *output, const char *path);
/* A record as it is in LLaVA's JSON. */
GAZE_CHECKED gaze_err gaze_instruct_output_add(gaze_instruct_output *output, const json_t *record,
                                               gaze_record_kind kind, gaze_language language);
GAZE_CHECKED gaze_err gaze_instruct_output_end(gaze_instruct_output *output);
void gaze_instruct_output_fini(gaze_instruct_output *output); /* without end nothing is written */
/* "KEY-conversation"; yours: free(). */
GAZE_CHECKED gaze_err gaze_instruct_id(const gaze_sample *sample, gaze_record_kind kind, char **out);
/* {"id", "image", "conversations"}; yours. */
GAZE_CHECKED gaze_err gaze_instruct_record(const gaze_sample *sample, gaze_record_kind kind, const gaze_turns *turns,
                                           json_t **out);
/* Writes a sample's picture into the folder; one of the same size stays. */
GAZE_CHECKED gaze_err gaze_instruct_extract(const gaze_sample *sample, const char *folder);
/* The same where the options want it. One that cannot be extracted is a bad row, without records: *taken false. */
GAZE_CHECKED gaze_err gaze_instruct_take_picture(const gaze_instructions_options *options, const gaze_sample *sample,
                                                 gaze_bad_rows *bad, bool *taken);

/* What is random in a record: a pure function of seed, row and kind. */
gaze_random gaze_instruct_random(uint64_t seed, size_t row, gaze_record_kind kind);
gaze_language gaze_instruct_language(const gaze_instructions_options *options, gaze_random *random);
bool gaze_instruct_wants(const gaze_instructions_options *options, gaze_record_kind kind);
/* Tells of progress, and GAZE_ERR_INTERRUPTED when the run is to stop. */
GAZE_CHECKED gaze_err gaze_instruct_step(const gaze_instructions_options *options, const gaze_instruct_data *data,
                                         const gaze_bad_rows *bad, size_t row, uint64_t records);

/* What an endpoint answered to these options before. */
GAZE_CHECKED gaze_err gaze_instruct_open_answers(const gaze_instructions_options *options,
                                                 gaze_instruct_journal *journal);
/* The two writers. *asked: requests. */
GAZE_CHECKED gaze_err gaze_instruct_by_rules(const gaze_instructions_options *options, const gaze_instruct_data *data,
                                             gaze_bad_rows *bad, gaze_instruct_output *output);
GAZE_CHECKED gaze_err gaze_instruct_by_endpoint(const gaze_instructions_options *options,
                                                const gaze_instruct_data *data, gaze_instruct_journal *journal,
                                                gaze_bad_rows *bad, gaze_instruct_output *output, uint64_t *asked);

#endif
