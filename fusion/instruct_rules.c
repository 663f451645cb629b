#include "fusion/instruct.h"

static gaze_err note_sample(gaze_rule_writer *writer, const gaze_sample *sample) {
  gaze_facts facts;
  GAZE_TRY(gaze_facts_init(&facts, writer->nouns, sample));
  gaze_rule_writer_note(writer, &facts);
  gaze_facts_fini(&facts);
  return GAZE_OK;
}

static gaze_err write_record(gaze_rule_writer *writer, const gaze_facts *facts, gaze_record_kind kind,
                             gaze_language language, gaze_random *random, gaze_instruct_output *output) {
  gaze_turns turns = {0};
  json_t *record = NULL;
  gaze_err err = gaze_rule_write(writer, facts, kind, language, random, &turns);
  if (err == GAZE_OK && turns.n)
    err = gaze_instruct_record(facts->sample, kind, &turns, &record);
  if (record)
    err = gaze_instruct_output_add(output, record, kind, language);
  json_decref(record);
  gaze_turns_fini(&turns);
  return err;
}

static gaze_err write_sample(const gaze_instructions_options *options, gaze_rule_writer *writer,
                             const gaze_sample *sample, size_t row, gaze_instruct_output *output) {
  gaze_facts facts;
  GAZE_TRY(gaze_facts_init(&facts, writer->nouns, sample));
  gaze_err err = GAZE_OK;
  for (gaze_record_kind kind = 0; kind < GAZE_RECORD_KINDS && err == GAZE_OK; kind++) {
    gaze_random random = gaze_instruct_random(options->seed, row, kind);
    gaze_language language = gaze_instruct_language(options, &random);
    if (gaze_instruct_wants(options, kind))
      err = write_record(writer, &facts, kind, language, &random, output);
  }
  gaze_facts_fini(&facts);
  return err;
}

static gaze_err write_row(const gaze_instructions_options *options, gaze_rule_writer *writer, const gaze_sample *sample,
                          size_t row, gaze_bad_rows *bad, gaze_instruct_output *output) {
  bool taken;
  GAZE_TRY(gaze_instruct_take_picture(options, sample, bad, &taken));
  return taken ? write_sample(options, writer, sample, row, output) : GAZE_OK;
}

gaze_err gaze_instruct_by_rules(const gaze_instructions_options *options, const gaze_instruct_data *data,
                                gaze_bad_rows *bad, gaze_instruct_output *output) {
  gaze_rule_writer writer;
  GAZE_TRY(gaze_rule_writer_init(&writer, &data->nouns, options->turns));
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < data->n && err == GAZE_OK; i++)
    err = note_sample(&writer, data->samples[i]);
  for (size_t i = 0; i < data->n && err == GAZE_OK; i++) {
    err = write_row(options, &writer, data->samples[i], i, bad, output);
    if (err == GAZE_OK)
      err = gaze_instruct_step(options, data, bad, i + 1, output->records);
  }
  gaze_rule_writer_fini(&writer);
  return err;
}
