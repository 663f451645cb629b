#include "cli/inputs.h"

#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 32 /* pictures between two looks at Ctrl-C */

char *stream_read(FILE *stream, size_t *size) {
  size_t capacity = 1 << 16, used = 0;
  char *bytes = memory_resize(NULL, capacity, 1);
  for (size_t n; (n = fread(bytes + used, 1, capacity - used - 1, stream)) > 0;) {
    used += n;
    if (capacity - used == 1)
      bytes = memory_resize(bytes, capacity, 2), capacity *= 2;
  }
  bytes[used] = 0;
  *size = used;
  return bytes;
}

int lines_read(const char *path, word_list *lines, char **storage) {
  FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  size_t size = 0;
  if (stream)
    *storage = stream_read(stream, &size);
  if (!stream || ferror(stream)) {
    report("cannot read: %s: %s", path, strerror(errno));
    return STATUS_FAILED;
  }
  if (stream != stdin)
    fclose(stream);
  char *rest = *storage;
  if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
    rest += 3;
  for (char *line; (line = strsep(&rest, "\n"));) {
    line[strcspn(line, "\r")] = 0;
    if (line[strspn(line, " \t")])
      word_list_add(lines, line);
  }
  return STATUS_DONE;
}

int templates_read(const char *path, word_list *templates, char **storage) {
  size_t kept = templates->n;
  int status = lines_read(path, templates, storage);
  for (size_t i = kept; i < templates->n; i++)
    if (templates->items[i][0] != '#')
      templates->items[kept++] = templates->items[i];
  templates->n = kept;
  return status;
}

int templates_add(const char *name, word_list *templates, const char ***storage) {
  size_t n;
  gaze_err err = gaze_templates_get(name, storage, &n);
  if (err != GAZE_OK)
    return report_error(err);
  for (size_t i = 0; i < n; i++)
    word_list_add(templates, (*storage)[i]);
  return STATUS_DONE;
}

static gaze_err embed_stdin(gaze_model *model, float *vector) {
  size_t size;
  char *bytes = stream_read(stdin, &size);
  gaze_picture picture;
  gaze_err err = gaze_picture_decode(bytes, size, "standard input", &given.pictures, NULL, &picture);
  free(bytes);
  if (err != GAZE_OK)
    return err;
  err = gaze_embed_pictures(model, &picture, 1, vector);
  gaze_picture_fini(&picture);
  return err;
}

static size_t chunk_length(const word_list *paths, size_t first) {
  size_t n = 0;
  while (n < CHUNK && first + n < paths->n && strcmp(paths->items[first + n], "-") != 0)
    n++;
  return n;
}

/* Embeds n files, or standard input when n is 0, and tells of each. */
static gaze_err embed_chunk(gaze_model *model, const char *const *paths, size_t n, float *vectors, picture_fn *tell,
                            void *user, size_t *failed) {
  gaze_err status[CHUNK] = {GAZE_OK}, err = GAZE_OK;
  char *messages[CHUNK] = {NULL};
  if (n > 0)
    err = gaze_embed_files(model, paths, n, &given.pictures, vectors, status, messages);
  else if ((status[0] = embed_stdin(model, vectors)) != GAZE_OK)
    messages[0] = strdup(gaze_last_error());
  size_t dim = (size_t)gaze_model_dim(model);
  for (size_t i = 0; i < (n ? n : 1); i++) {
    if (err == GAZE_OK && status[i] != GAZE_OK) {
      report("%s", messages[i] ? messages[i] : gaze_err_name(status[i]));
      ++*failed;
    }
    if (err == GAZE_OK)
      tell(user, paths[i], status[i] == GAZE_OK ? vectors + i * dim : NULL, messages[i]);
    free(messages[i]);
  }
  return err;
}

int pictures_embed(gaze_model *model, const word_list *paths, picture_fn *tell, void *user, size_t *failed) {
  float *vectors = memory_resize(NULL, CHUNK * (size_t)gaze_model_dim(model), sizeof *vectors);
  gaze_err err = GAZE_OK;
  *failed = 0;
  watch_interrupts();
  progress_begin(given.quiet);
  for (size_t i = 0; i < paths->n && err == GAZE_OK && !interrupted;) {
    size_t n = chunk_length(paths, i);
    err = embed_chunk(model, paths->items + i, n, vectors, tell, user, failed);
    i += n ? n : 1;
    progress_show(i, paths->n, i < paths->n ? paths->items[i] : NULL);
  }
  progress_clear();
  free(vectors);
  if (err != GAZE_OK)
    return report_error(err);
  if (interrupted)
    report("interrupted: %zu pictures: run again to get all results", paths->n);
  return interrupted ? STATUS_INTERRUPTED : STATUS_DONE;
}

int batch_status(size_t n, size_t failed) {
  return failed > 0 && (failed == n || given.strict) ? STATUS_FAILED : STATUS_DONE;
}
