#include "fusion/text_vectors.h"

#include "core/base/memory.h"
#include "fusion/npy.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS_LIMIT ((size_t)4 << 30) /* bytes */

static gaze_err read_rows(gaze_text_vectors *vectors, const char *path) {
  gaze_tensor tensor;
  GAZE_TRY(gaze_map_open(path, &vectors->map));
  GAZE_TRY(gaze_npy_parse(vectors->map.data, vectors->map.size, path, &tensor));
  if (tensor.dtype != GAZE_DTYPE_F16 || tensor.rank != 2 || !tensor.shape[0] || !tensor.shape[1])
    return gaze_fail(GAZE_ERR_FORMAT, "not sentence vectors: %s: give a float16 array of two dimensions", path);
  vectors->n = tensor.shape[0];
  vectors->D = tensor.shape[1];
  vectors->rows = tensor.data;
  return GAZE_OK;
}

/* "x.npy" gives "x.txt"; yours: free(). */
static gaze_err name_texts(const char *path, char **out) {
  size_t length = strlen(path);
  bool npy = length > 4 && strcmp(path + length - 4, ".npy") == 0;
  return gaze_format(out, "%.*s.txt", (int)(npy ? length - 4 : length), path);
}

static gaze_err number_texts(gaze_text_vectors *vectors, const char *path) {
  size_t line = 0, number;
  for (char *rest = vectors->texts, *text; (text = strsep(&rest, "\n"));) {
    if (!rest && !*text)
      break; /* behind the last line's end */
    GAZE_TRY(gaze_names_number(&vectors->names, NULL, text, &number));
    if (number != line++)
      return gaze_fail(GAZE_ERR_FORMAT, "a text stands twice: %s, line %zu: leave it out, and its vector", path, line);
  }
  if (line != vectors->n)
    return gaze_fail(GAZE_ERR_MISMATCH, "%zu texts for %zu vectors: %s: make both files anew", line, vectors->n, path);
  return GAZE_OK;
}

static gaze_err read_texts(gaze_text_vectors *vectors, const char *path) {
  char *name;
  size_t size;
  uint8_t *bytes = NULL;
  GAZE_TRY(name_texts(path, &name));
  gaze_err err = gaze_file_read(name, TEXTS_LIMIT, &bytes, &size);
  vectors->texts = (char *)bytes;
  if (err == GAZE_OK)
    err = number_texts(vectors, name);
  free(name);
  return err;
}

gaze_err gaze_text_vectors_open(const char *path, gaze_text_vectors *out) {
  gaze_text_vectors vectors = {0};
  gaze_err err = read_rows(&vectors, path);
  if (err == GAZE_OK)
    err = read_texts(&vectors, path);
  if (err == GAZE_OK)
    *out = vectors;
  else
    gaze_text_vectors_fini(&vectors);
  return err;
}

void gaze_text_vectors_fini(gaze_text_vectors *vectors) {
  gaze_names_fini(&vectors->names);
  free(vectors->texts);
  gaze_map_close(&vectors->map);
  *vectors = (gaze_text_vectors){0};
}

const uint16_t *gaze_text_vectors_find(const gaze_text_vectors *vectors, const char *text) {
  size_t number;
  return gaze_names_find(&vectors->names, NULL, text, &number) ? vectors->rows + number * vectors->D : NULL;
}
