#include "tests/unit/instruct_files.h"

#include "core/base/file.h"

#include <stdlib.h>

gaze_instructions_options options_for(const char *const *data, const char *out) {
  gaze_instructions_options options;
  gaze_make_instructions_defaults(&options);
  options.data = data;
  options.n_data = 1;
  options.out = out;
  return options;
}

json_t *make(gaze_instructions_options *options, json_t **summary) {
  char *text;
  json_t *records;
  assert_int_equal(gaze_make_instructions(options, &text), GAZE_OK);
  if (summary)
    *summary = json_loads(text, 0, NULL);
  free(text);
  assert_int_equal(gaze_json_open(options->out, &records), GAZE_OK);
  return records;
}

char *read_whole(const char *path, size_t *size) {
  uint8_t *bytes;
  assert_int_equal(gaze_file_read(path, 1 << 24, &bytes, size), GAZE_OK);
  return (char *)bytes;
}
