#include "cli/db_export.h"

#include "cli/report.h"
#include "cli/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct export_job {
  FILE *stream;
  bool keep_vectors, mixed; /* mixed: vectors of several lengths */
  float *vectors;           /* [rows, dim] */
  size_t rows, capacity, dim;
} export_job;

static void write_field(FILE *stream, const char *text, char before) {
  if (before)
    fputc(before, stream);
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, stream);
    return;
  }
  fputc('"', stream);
  for (; *text; text++) {
    if (*text == '"')
      fputc('"', stream);
    fputc(*text, stream);
  }
  fputc('"', stream);
}

static void write_csv(FILE *stream, const char *path, const char *hash, const char *model,
                      const gaze_picture_facts *facts) {
  write_field(stream, path, 0);
  write_field(stream, hash, ',');
  write_field(stream, model, ',');
  fprintf(stream, ",%d,%d", facts->width, facts->height);
  write_field(stream, facts->taken, ',');
  write_field(stream, facts->camera, ',');
  if (facts->has_position)
    fprintf(stream, ",%.7f,%.7f\r\n", facts->latitude, facts->longitude);
  else
    fputs(",,\r\n", stream);
}

static json_t *text_or_null(const char *text) { return *text ? json_text(text) : json_null(); }

static void write_json(FILE *stream, const char *path, const char *hash, const char *model,
                       const gaze_picture_facts *facts) {
  json_t *latitude = facts->has_position ? json_real(facts->latitude) : json_null();
  json_t *longitude = facts->has_position ? json_real(facts->longitude) : json_null();
  json_print(json_pack("{s:o, s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o}", "path", json_text(path), "hash", hash, "model",
                       model, "width", facts->width, "height", facts->height, "taken", text_or_null(facts->taken),
                       "camera", text_or_null(facts->camera), "latitude", latitude, "longitude", longitude),
             stream);
}

static void keep_vector(export_job *job, const float *vector, int dim) {
  if (job->rows == 0)
    job->dim = (size_t)dim;
  job->mixed |= job->dim != (size_t)dim;
  if (job->mixed)
    return;
  if (job->rows == job->capacity) {
    job->capacity = job->capacity ? job->capacity * 2 : 1024;
    job->vectors = memory_resize(job->vectors, job->capacity, job->dim * sizeof *vector);
  }
  memcpy(job->vectors + job->rows * job->dim, vector, job->dim * sizeof *vector);
}

static gaze_err row(void *user, const char *path, const char *hash, const char *model, const gaze_picture_facts *facts,
                    const float *vector, int dim) {
  export_job *job = user;
  if (given.json)
    write_json(job->stream, path, hash, model, facts);
  else
    write_csv(job->stream, path, hash, model, facts);
  if (job->keep_vectors)
    keep_vector(job, vector, dim);
  job->rows++;
  return GAZE_OK;
}

/* All rows, or with -m that model's. */
static gaze_err read_rows(export_job *job) {
  char key[33];
  gaze_model *model = NULL;
  gaze_index *index = NULL;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index);
  if (err == GAZE_OK && given.model)
    err = settings_open_model(&model);
  if (err == GAZE_OK && model)
    err = gaze_model_key(model, key);
  if (err == GAZE_OK && !given.json)
    fputs("path,hash,model,width,height,taken,camera,latitude,longitude\r\n", job->stream);
  if (err == GAZE_OK)
    err = gaze_index_export(index, model ? key : NULL, row, job);
  gaze_model_close(model);
  gaze_index_close(index);
  return err;
}

static int write_rows(export_job *job, const char *vectors) {
  gaze_err err = read_rows(job);
  if (err == GAZE_OK && job->mixed) {
    report("vectors of several models: %s: choose one with -m MODEL", vectors);
    return STATUS_FAILED;
  }
  if (err == GAZE_OK && vectors)
    err = gaze_npy_save(vectors, job->vectors, job->rows, job->dim);
  return err == GAZE_OK ? STATUS_DONE : report_error(err);
}

/* Closes a temporary file and gives it its name, or takes it away. */
static int finish_file(FILE *stream, const char *temporary, const char *path, int status) {
  bool bad = ferror(stream);
  bad |= fclose(stream) != 0;
  if (status == STATUS_DONE && (bad || rename(temporary, path) != 0)) {
    report("cannot write: %s: %s", path, strerror(errno));
    status = STATUS_FAILED;
  }
  if (status != STATUS_DONE)
    remove(temporary);
  return status;
}

int db_export(const export_arguments *arguments) {
  export_job job = {.stream = stdout, .keep_vectors = arguments->vectors != NULL};
  if (!arguments->out || strcmp(arguments->out, "-") == 0) {
    int status = write_rows(&job, arguments->vectors);
    free(job.vectors);
    return status;
  }
  char *temporary;
  if (asprintf(&temporary, "%s.part", arguments->out) < 0)
    return STATUS_FAILED;
  int status = STATUS_FAILED;
  job.stream = fopen(temporary, "w");
  if (job.stream)
    status = finish_file(job.stream, temporary, arguments->out, write_rows(&job, arguments->vectors));
  else
    report("cannot write: %s: %s", arguments->out, strerror(errno));
  free(job.vectors);
  free(temporary);
  return status;
}
