/* rclip's query language: parts added and taken away, each a text, a picture, or either with a weight. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/contrastive.h"
#include "fusion/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct query_part {
  char *text;
  float weight; /* negative: taken away */
} query_part;

static char *trim(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  for (size_t n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
    text[n - 1] = 0;
  return text;
}

/* The next sign that stands alone between blanks. */
static char *find_sign(char *text) {
  for (char *at = text; *at; at++)
    if ((*at == '+' || *at == '-') && at > text && isspace((unsigned char)at[-1]) && isspace((unsigned char)at[1]))
      return at;
  return NULL;
}

/* Cuts one part off *rest; false at the end. */
static bool next_part(char **rest, query_part *part) {
  char *text = trim(*rest);
  part->weight = 1;
  if (*text == '+' || *text == '-') {
    part->weight = *text == '-' ? -1 : 1;
    text = trim(text + 1);
  }
  if (!*text)
    return false;
  char *sign = find_sign(text), *end;
  *rest = sign ? sign : text + strlen(text);
  part->text = text;
  float factor = strtof(text, &end);
  if (end != text && *end == ':' && factor > 0 && factor < 1e6f) {
    part->weight *= factor;
    part->text = end + 1;
  }
  return true;
}

static bool is_picture(const char *text) {
  return strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0 || (text[0] == '/' && gaze_file_exists(text));
}

static gaze_err embed_part(gaze_model *model, const char *text, const gaze_picture_options *options, float *vector) {
  if (!*text)
    return gaze_fail(GAZE_ERR_ARGUMENT,
                     "empty part of a query: write words or the path of a picture beside each + and -");
  return is_picture(text) ? gaze_embed_file(model, text, options, vector) : gaze_embed_texts(model, &text, 1, vector);
}

static gaze_err add_parts(gaze_model *model, char *rest, const gaze_picture_options *options, float *sum) {
  size_t D = model->clip.config.dim, parts = 0;
  float vector[GAZE_DIM_MAX], norm;
  memset(sum, 0, D * sizeof *sum);
  for (query_part part; next_part(&rest, &part); parts++) {
    char *next = rest, kept = *next; /* a sign ends the part's text while it is read */
    *next = 0;
    gaze_err err = embed_part(model, trim(part.text), options, vector);
    *next = kept;
    GAZE_TRY(err);
    model->kernels.axpy(sum, part.weight, vector, D);
  }
  if (!parts)
    return gaze_fail(GAZE_ERR_ARGUMENT, "empty query: nothing to look for: write words or the path of a picture");
  gaze_unit_forward(&model->compute, sum, &norm, sum, 1, D);
  return norm > 0 ? GAZE_OK
                  : gaze_fail(GAZE_ERR_ARGUMENT, "query cancels itself out: its parts sum to nothing: change one");
}

gaze_err gaze_query_embed(gaze_model *model, const char *query, const gaze_picture_options *options,
                          float *query_vector) {
  char *copy;
  GAZE_TRY(gaze_strdup(query, &copy));
  gaze_err err = add_parts(model, copy, options, query_vector);
  free(copy);
  return err;
}
