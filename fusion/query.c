/* rclip's query language: parts added and taken away, each a text, a picture, or either with a weight. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/contrastive.h"
#include "fusion/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static bool begins(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static bool is_file(const char *text) {
  struct stat found;
  return stat(text, &found) == 0 && S_ISREG(found.st_mode);
}

/* Ends like the name of a picture; of a kind that cannot be read, too, for then the reader says so. */
static bool has_picture_ending(const char *text) {
  static const char *const unread[] = {"gif", "bmp", "tif", "tiff", NULL};
  return gaze_name_ends(text, gaze_picture_endings) || gaze_name_ends(text, unread);
}

/* Whether a part is a path: it begins like one, or it has a slash and is there or at least named like a picture. */
static bool is_picture(const char *text) {
  if (begins(text, "./") || begins(text, "../") || begins(text, "/"))
    return true;
  return strchr(text, '/') && (is_file(text) || has_picture_ending(text));
}

/* Whether the text up to `end` names a file. */
static bool names_file(char *text, char *end) {
  while (end > text && isspace((unsigned char)end[-1]))
    end--;
  char last = *end;
  *end = 0;
  bool found = is_file(text);
  *end = last;
  return found;
}

/* Where the part that begins at text ends: at the next sign; but signs may be in the name of a file that is there, the
 * longest such name counts. */
static char *find_end(char *text) {
  char *sign = find_sign(text), *end = sign ? sign : text + strlen(text);
  const char *slash = strchr(text, '/');
  if (!slash || slash > end)
    return end;
  for (; sign; sign = find_sign(sign + 1)) {
    char *next = find_sign(sign + 1), *after = next ? next : text + strlen(text);
    if (names_file(text, after))
      end = after;
  }
  return end;
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
  char *end;
  part->text = text;
  float factor = strtof(text, &end);
  if (end != text && *end == ':' && factor > 0 && factor < 1e6f) {
    part->weight *= factor;
    part->text = end + 1;
  }
  *rest = find_end(part->text);
  return true;
}

static gaze_err embed_part(gaze_model *model, const char *text, const gaze_picture_options *options, float *vector) {
  if (!*text)
    return gaze_fail(GAZE_ERR_ARGUMENT,
                     "empty part of a query: write words or the path of a picture beside each + and -");
  if (begins(text, "http://") || begins(text, "https://"))
    return gaze_fail(GAZE_ERR_ARGUMENT, "nothing is fetched: %s: save the picture and name its file", text);
  if (is_picture(text))
    return gaze_embed_file(model, text, options, vector);
  gaze_text_cuts cuts = {0};
  GAZE_TRY(gaze_model_embed_means(model, &(gaze_text_list){&text, 1}, 1, vector, &cuts));
  gaze_text_cuts_warn(&cuts, model);
  return GAZE_OK;
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
  GAZE_TRY(gaze_model_check_pictures(model));
  GAZE_TRY(gaze_strdup(query, &copy));
  gaze_err err = add_parts(model, copy, options, query_vector);
  gaze_model_texts_done(model);
  free(copy);
  return err;
}
