#include "fusion/instruct.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdlib.h>

void gaze_make_instructions_defaults(gaze_instructions_options *options) {
  *options = (gaze_instructions_options){.conversation = true,
                                         .detail = true,
                                         .reasoning = true,
                                         .turns = 6,
                                         .max_bad = 100,
                                         .tries = 6,
                                         .timeout = 300,
                                         .pause = 1,
                                         .temperature = -1};
}

gaze_random gaze_instruct_random(uint64_t seed, size_t row, gaze_record_kind kind) {
  gaze_random random;
  gaze_random_init(&random, seed, (uint64_t)row * GAZE_RECORD_KINDS + kind);
  return random;
}

gaze_language gaze_instruct_language(const gaze_instructions_options *options, gaze_random *random) {
  return gaze_random_uniform(random) < options->korean ? GAZE_KOREAN : GAZE_ENGLISH;
}

bool gaze_instruct_wants(const gaze_instructions_options *options, gaze_record_kind kind) {
  const bool wanted[GAZE_RECORD_KINDS] = {options->conversation, options->detail, options->reasoning};
  return wanted[kind];
}

gaze_err gaze_instruct_step(const gaze_instructions_options *options, const gaze_instruct_data *data,
                            const gaze_bad_rows *bad, size_t row, uint64_t records) {
  gaze_instructions_progress progress = {row, data->n, records, bad->n};
  if (options->progress)
    options->progress(options->user, &progress);
  if (options->stop && *options->stop)
    return gaze_fail(GAZE_ERR_INTERRUPTED,
                     "interrupted: %s: the same command goes on, or begins anew without an endpoint", options->out);
  return GAZE_OK;
}

gaze_err gaze_instruct_take_picture(const gaze_instructions_options *options, const gaze_sample *sample,
                                    gaze_bad_rows *bad, bool *taken) {
  gaze_err err = options->image_folder ? gaze_instruct_extract(sample, options->image_folder) : GAZE_OK;
  *taken = err == GAZE_OK;
  if (err == GAZE_ERR_FORMAT || err == GAZE_ERR_NOT_FOUND)
    return gaze_bad_rows_add(bad, NULL, sample->key, gaze_last_error());
  return err;
}

static gaze_err check_options(const gaze_instructions_options *options) {
  if (!options->n_data || !options->out)
    return gaze_fail(GAZE_ERR_ARGUMENT, "nothing to do: instructions: name data and the file to write");
  if (!options->conversation && !options->detail && !options->reasoning)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no kind of records: %s: name conversation, detail or reasoning", options->out);
  if (!options->turns || options->turns > GAZE_TURNS_MOST || !(options->korean >= 0 && options->korean <= 1))
    return gaze_fail(GAZE_ERR_ARGUMENT, "turns or share out of range: %s: give 1 to %d turns and a share from 0 to 1",
                     options->out, GAZE_TURNS_MOST);
  if (options->endpoint && !options->endpoint_model)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no model: %s: name the endpoint's model", options->endpoint);
  if (options->endpoint && (!options->tries || !(options->timeout > 0) || !(options->rate >= 0)))
    return gaze_fail(GAZE_ERR_ARGUMENT, "tries, timeout or rate out of range: %s: give positive numbers",
                     options->endpoint);
  return GAZE_OK;
}

static gaze_err write_summary(const gaze_instructions_options *options, const gaze_instruct_data *data,
                              const gaze_bad_rows *bad, const gaze_instruct_output *output, uint64_t asked,
                              char **json) {
  json_t *summary =
      json_pack("{s:s,s:I,s:I,s:I,s:{s:I,s:I,s:I},s:I,s:I,s:I}", "out", options->out, "pictures", (json_int_t)data->n,
                "records", (json_int_t)output->records, "turns", (json_int_t)output->turns, "kinds",
                gaze_record_names[GAZE_CONVERSATION], (json_int_t)output->kinds[GAZE_CONVERSATION],
                gaze_record_names[GAZE_DETAIL], (json_int_t)output->kinds[GAZE_DETAIL],
                gaze_record_names[GAZE_REASONING], (json_int_t)output->kinds[GAZE_REASONING], "korean",
                (json_int_t)output->korean, "bad", (json_int_t)bad->n, "requests", (json_int_t)asked);
  if (summary && bad->n && json_object_set_new(summary, "bad_file", json_string(bad->path)) != 0) {
    json_decref(summary);
    summary = NULL;
  }
  gaze_err err = gaze_json_text(summary, JSON_COMPACT, json);
  json_decref(summary);
  return err;
}

static gaze_err make(const gaze_instructions_options *options, const gaze_instruct_data *data,
                     gaze_instruct_journal *journal, gaze_bad_rows *bad, char **json) {
  gaze_instruct_output output;
  uint64_t asked = 0;
  GAZE_TRY(gaze_instruct_output_begin(&output, options->out));
  gaze_err err = options->endpoint ? gaze_instruct_by_endpoint(options, data, journal, bad, &output, &asked)
                                   : gaze_instruct_by_rules(options, data, bad, &output);
  if (err == GAZE_OK && !output.records)
    err = gaze_fail(GAZE_ERR_FORMAT, "no record could be written: %s: the captions and objects say too little",
                    options->data[0]);
  if (err == GAZE_OK)
    err = gaze_instruct_output_end(&output);
  gaze_instruct_output_fini(&output);
  GAZE_TRY(err);
  return write_summary(options, data, bad, &output, asked, json);
}

gaze_err gaze_make_instructions(const gaze_instructions_options *options, char **json) {
  gaze_bad_rows bad;
  gaze_instruct_data data = {0};
  gaze_instruct_journal journal = {.descriptor = -1};
  char *path;
  GAZE_TRY(check_options(options));
  GAZE_TRY(gaze_format(&path, "%s.bad.jsonl", options->out));
  gaze_err err;
  if (options->endpoint) /* before anything of an earlier run is removed: it may be at work */
    GAZE_TRY_DONE(gaze_instruct_open_answers(options, &journal));
  GAZE_TRY_DONE(gaze_bad_rows_init(&bad, options->max_bad, path));
  GAZE_TRY_DONE(gaze_instruct_data_open(options, &bad, &data));
  err = make(options, &data, &journal, &bad, json);
done:
  gaze_instruct_journal_close(&journal);
  gaze_instruct_data_close(&data);
  free(path);
  return err;
}
