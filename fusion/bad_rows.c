#include "fusion/bad_rows.h"

#include "core/base/file.h"

#include <stdio.h>
#include <unistd.h>

gaze_err gaze_bad_rows_init(gaze_bad_rows *bad, size_t most, const char *path) {
  *bad = (gaze_bad_rows){.most = most, .path = path};
  if (path && gaze_file_exists(path) && unlink(path) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot remove: %s", path);
  return GAZE_OK;
}

static gaze_err write_down(const char *path, const char *file, const char *row, const char *message) {
  FILE *stream = fopen(path, "ae");
  bool written = stream && fprintf(stream, "%s: %s: %s\n", file, row, message) > 0;
  if (stream)
    written = fclose(stream) == 0 && written;
  return written ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", path);
}

gaze_err gaze_bad_rows_add(gaze_bad_rows *bad, const char *file, const char *row, const char *message) {
  if (bad->path)
    GAZE_TRY(write_down(bad->path, file, row, message));
  if (++bad->n <= bad->most)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "%zu bad rows, --max-bad allows %zu: the last one is %s of %s: %s", bad->n,
                   bad->most, row, file, message);
}

void gaze_bad_rows_tell(const gaze_bad_rows *bad) {
  if (bad->n)
    gaze_warn("%zu bad rows are left out: %s%s", bad->n, bad->path ? bad->path : "the training data",
              bad->path ? " names them" : "");
}
