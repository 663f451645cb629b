#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/searching.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

static bool paths_only;

static const option_row options[] = {
    {"top", 't', OPTION_SIZE, "N", &sought.top, "how many photos [10]", 1, 1e9},
    SOUGHT_OPTIONS,
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
  gaze_hit *hits = NULL;
  size_t n = 0;
  int status = searching_find(query, NULL, &hits, &n);
  if (status == STATUS_DONE)
    print_hits(query, hits, n);
  free(hits);
  return status == STATUS_DONE && n == 0 && sought.min_score > -1 ? STATUS_NOTHING : status;
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
  if (status == STATUS_DONE)
    status = search(query);
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
