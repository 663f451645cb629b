#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

static gaze_search_options arguments = {.top = 10, .min_score = -1};
static bool paths_only;

static const option_row options[] = {
    {"top", 't', OPTION_SIZE, "N", &arguments.top, "how many photos [10]", 1, 1e9},
    {"min-score", 0, OPTION_FLOAT, "S", &arguments.min_score,
     "leave out photos with a lower cosine, -1 to 1; exit status 3 when none is left", -1, 1},
    {"in", 0, OPTION_TEXT, "FOLDER", &arguments.folder, "only photos in this folder and below", 0, 0},
    {"after", 0, OPTION_TEXT, "DATE", &arguments.after, "taken on this day or later: YYYY, YYYY-MM or YYYY-MM-DD", 0,
     0},
    {"before", 0, OPTION_TEXT, "DATE", &arguments.before, "taken on this day, month, year or earlier", 0, 0},
    {"camera", 0, OPTION_TEXT, "TEXT", &arguments.camera, "taken with a camera whose name holds this", 0, 0},
    {"filepath-only", 'f', OPTION_SWITCH, NULL, &paths_only, "print paths alone, for other programs", 0, 0},
    DATABASE_OPTION,
    NO_CACHE_OPTION,
    {0},
};

/* The words with spaces between; yours: free(). */
static char *join(const word_list *words) {
  size_t size = 1;
  for (size_t i = 0; i < words->n; i++)
    size += strlen(words->items[i]) + 1;
  char *text = memory_resize(NULL, size, 1), *end = text;
  for (size_t i = 0; i < words->n; i++)
    end = stpcpy(stpcpy(end, i ? " " : ""), words->items[i]);
  *end = 0;
  return text;
}

/* A folder that gave nothing may be mistyped. */
static void check_folder(gaze_index *index, const char *key, const float *vector, size_t dim) {
  const gaze_search_options anything = {.top = 1, .min_score = -1, .folder = arguments.folder};
  gaze_hit *hits = NULL;
  size_t n = 0;
  if (gaze_search(index, key, vector, (int)dim, &anything, &hits, &n) == GAZE_OK && n == 0)
    report("folder is not in the index: %s: no photo of it is known; look at its spelling, or run gaze index on it",
           arguments.folder);
  free(hits);
}

/* The library knows models by their keys; a person by their folders. */
static int report_search(gaze_err err, const char *key, const gaze_model *model) {
  if (err != GAZE_ERR_NOT_FOUND || !strstr(gaze_last_error(), key))
    return report_error(err);
  report("no photo is indexed with this model: %s: run gaze index with it", gaze_model_path(model));
  return STATUS_FAILED;
}

static int find(const char *query, gaze_index *index, gaze_hit **hits, size_t *n) {
  gaze_model *model;
  char key[33] = "";
  gaze_err err = settings_open_model(&model);
  if (err != GAZE_OK)
    return report_error(err);
  size_t dim = (size_t)gaze_model_dim(model);
  float *vector = memory_resize(NULL, dim, sizeof *vector);
  err = gaze_model_key(model, key);
  if (err == GAZE_OK)
    err = gaze_query_embed(model, query, &given.pictures, vector);
  if (err == GAZE_OK)
    err = gaze_search(index, key, vector, (int)dim, &arguments, hits, n);
  int status = err == GAZE_OK ? STATUS_DONE : report_search(err, key, model);
  if (err == GAZE_OK && *n == 0 && arguments.folder)
    check_folder(index, key, vector, dim);
  free(vector);
  gaze_model_close(model);
  return status;
}

static void print_hits(const char *query, const gaze_hit *hits, size_t n) {
  if (given.json) {
    json_t *results = json_array();
    for (size_t i = 0; i < n; i++)
      json_array_append_new(
          results, json_pack("{s:o, s:o}", "path", json_text(hits[i].path), "score", json_float(hits[i].score)));
    json_print(json_pack("{s:o, s:o}", "query", json_text(query), "results", results), stdout);
    return;
  }
  if (!paths_only)
    puts("score\tfilepath");
  for (size_t i = 0; i < n; i++) {
    if (!paths_only)
      printf("%.3f\t", (double)hits[i].score);
    puts(hits[i].path);
  }
}

static int search(const char *query) {
  gaze_index *index = NULL;
  gaze_hit *hits = NULL;
  size_t n = 0;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index);
  int status = err == GAZE_OK ? find(query, index, &hits, &n) : report_error(err);
  if (status == STATUS_DONE)
    print_hits(query, hits, n);
  free(hits);
  gaze_index_close(index);
  return status == STATUS_DONE && n == 0 && arguments.min_score > -1 ? STATUS_NOTHING : status;
}

/* The query as typed, or from standard input; yours: free(). */
static char *read_query(const word_list *words) {
  if (words->n != 1 || strcmp(words->items[0], "-") != 0)
    return join(words);
  size_t size;
  char *text = stream_read(stdin, &size);
  text[strcspn(text, "\r\n")] = 0;
  return text;
}

static int run(const word_list *words) {
  char *query = read_query(words);
  int status =
      *query ? STATUS_DONE : report_usage("no query: gaze search: say what to look for: gaze search \"a red bus\"");
  char *folder = arguments.folder ? realpath(arguments.folder, NULL) : NULL;
  if (folder)
    arguments.folder = folder;
  if (status == STATUS_DONE)
    status = search(query);
  free(folder);
  free(query);
  return status;
}

const command_row search_command = {
    .name = "search",
    .summary = "find photos by words or by another picture",
    .usage = "[options] QUERY",
    .about =
        "QUERY is a text, a path to a picture (./cat.jpg, or photos/cat.jpg with a slash and a picture's ending), or "
        "several of them joined by \" + \" and \" - \", each with a weight if wanted (2:text). These signs may be in a "
        "path: of what follows its slash, the longest that is a file counts. The score is the cosine of query and "
        "photo. Folder, date and camera are applied "
        "before the ranking.",
    .examples = "  gaze search \"a dog running through grass\"\n"
                "  gaze search -t 3 --after 2023-06 --in ~/Pictures/holiday \"people on a beach\"\n"
                "  gaze search \"./cat.jpg + 2:snow - dog\"\n"
                "  gaze search -f \"a bus\" | xargs -d '\\n' cp -t buses/\n",
    .options = options,
    .reads_pictures = true,
    .run = run,
};
