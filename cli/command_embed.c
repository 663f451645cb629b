#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

static struct {
  word_list texts;
  const char *text_file, *files_from, *out;
} arguments;

static const option_row options[] = {
    {"text", 0, OPTION_LIST, "TEXT", &arguments.texts, "a text to embed, may be given several times", 0, 0},
    {"text-file", 0, OPTION_TEXT, "FILE", &arguments.text_file, "texts, one a line", 0, 0},
    {"files-from", 0, OPTION_TEXT, "FILE", &arguments.files_from, "pictures, a path a line", 0, 0},
    {"out", 'o', OPTION_TEXT, "FILE.npy", &arguments.out,
     "write float32 [n, dim] for NumPy; a picture that failed is a row of zeros", 0, 0},
    STRICT_OPTION,
    {0},
};

typedef struct embedding {
  gaze_model *model;
  word_list paths, texts;
  char *paths_storage, *texts_storage;
  float *matrix; /* [paths + texts, dim], with --out */
  size_t dim, row, failed;
} embedding;

/* One result to where results go: a row of the matrix, a member of the JSON array, or a line of text. */
static void put(embedding *e, const char *kind, const char *name, const float *vector, const char *message) {
  size_t row = e->row++;
  if (e->matrix) {
    if (vector)
      memcpy(e->matrix + row * e->dim, vector, e->dim * sizeof *vector);
    else
      memset(e->matrix + row * e->dim, 0, e->dim * sizeof *e->matrix);
  } else if (given.json) {
    fputs(row ? ", " : "[", stdout);
    json_t *value = vector ? json_floats(vector, e->dim) : json_text(message ? message : "");
    json_t *object = json_pack("{s:o, s:o}", kind, json_text(name), vector ? "embedding" : "failed", value);
    json_dumpf(object, stdout, JSON_REAL_PRECISION(9));
    json_decref(object);
  } else if (vector) {
    fputs(name, stdout);
    for (size_t i = 0; i < e->dim; i++)
      printf("%c%.9g", i ? ' ' : '\t', (double)vector[i]);
    putchar('\n');
  }
}

static void put_picture(void *user, const char *path, const float *vector, const char *message) {
  put(user, "path", path, vector, message);
}

/* Texts go in chunks, but one line of those too long for the model is enough. */
static void warn_once(const char *line) {
  static bool warned;
  if (!warned)
    report_warning(line);
  warned = true;
}

static int put_texts(embedding *e) {
  enum { CHUNK = 64 };
  float *vectors = memory_resize(NULL, CHUNK * e->dim, sizeof *vectors);
  gaze_err err = GAZE_OK;
  if (!given.quiet)
    gaze_set_warn(warn_once);
  for (size_t i = 0; i < e->texts.n && err == GAZE_OK && !interrupted; i += CHUNK) {
    size_t n = e->texts.n - i < CHUNK ? e->texts.n - i : CHUNK;
    err = gaze_embed_texts(e->model, e->texts.items + i, n, vectors);
    for (size_t k = 0; k < n && err == GAZE_OK; k++)
      put(e, "text", e->texts.items[i + k], vectors + k * e->dim, NULL);
  }
  free(vectors);
  if (err != GAZE_OK)
    return report_error(err);
  return interrupted ? STATUS_INTERRUPTED : STATUS_DONE;
}

static int read_arguments(embedding *e, const word_list *words) {
  for (size_t i = 0; i < words->n; i++)
    word_list_add(&e->paths, words->items[i]);
  for (size_t i = 0; i < arguments.texts.n; i++)
    word_list_add(&e->texts, arguments.texts.items[i]);
  int status = STATUS_DONE;
  if (arguments.files_from)
    status = lines_read(arguments.files_from, &e->paths, &e->paths_storage);
  if (status == STATUS_DONE && arguments.text_file)
    status = lines_read(arguments.text_file, &e->texts, &e->texts_storage);
  if (status == STATUS_DONE && e->paths.n + e->texts.n == 0)
    status = report_usage("nothing to embed: gaze embed: name pictures, or texts with --text");
  return status;
}

static int embed(embedding *e) {
  size_t n = e->paths.n + e->texts.n;
  gaze_err err = settings_open_model(&e->model);
  if (err != GAZE_OK)
    return report_error(err);
  e->dim = (size_t)gaze_model_dim(e->model);
  if (arguments.out)
    e->matrix = memory_resize(NULL, n, e->dim * sizeof *e->matrix);
  int status = pictures_embed(e->model, &e->paths, put_picture, e, &e->failed);
  if (status == STATUS_DONE)
    status = put_texts(e);
  if (given.json && !e->matrix)
    puts(e->row ? "]" : "[]");
  if (status != STATUS_DONE)
    return status;
  if (e->matrix && (err = gaze_npy_save(arguments.out, e->matrix, n, e->dim)) != GAZE_OK)
    return report_error(err);
  return batch_status(n, e->failed);
}

static int run(const word_list *words) {
  embedding e = {0};
  int status = read_arguments(&e, words);
  if (status == STATUS_DONE)
    status = embed(&e);
  gaze_model_close(e.model);
  free(e.matrix);
  free(e.paths.items);
  free(e.texts.items);
  free(e.paths_storage);
  free(e.texts_storage);
  return status;
}

const command_row embed_command = {
    .name = "embed",
    .summary = "turn pictures and texts into vectors",
    .usage = "[options] [--text TEXT]... IMAGE...",
    .about = "Vectors have length 1: the product of two is their cosine. Pictures come first, then texts, in the order "
             "given. Without --out and --json a line is the name, a tab, and the numbers.",
    .examples = "  gaze embed --out photos.npy *.jpg\n"
                "  gaze embed --json --text \"a red bus\" --text \"a cat\"\n"
                "  gaze embed --out texts.npy --text-file captions.txt\n",
    .options = options,
    .reads_pictures = true,
    .run = run,
};
