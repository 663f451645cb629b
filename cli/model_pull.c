#include "cli/model_pull.h"

#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BAR_WIDTH 24

static const char *revision;
static word_list files;

static const option_row options[] = {
    {"revision", 0, OPTION_TEXT, "REV", &revision, "a branch, a tag or a commit [main]", 0, 0},
    {"file", 0, OPTION_LIST, "NAME", &files,
     "download this file of the repository instead of what a model needs, may be given several times", 0, 0},
    {0},
};

void format_bytes(char out[16], uint64_t bytes) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  double value = (double)bytes;
  for (; value >= 999.95 && unit < 4; unit++)
    value /= 1000;
  snprintf(out, 16, "%.*f %s", unit > 0, value, units[unit]);
}

typedef struct pull_state {
  const char *name;
  double started;   /* seconds */
  uint64_t present; /* bytes of this download that an earlier run brought; UINT64_MAX: not known yet */
} pull_state;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void show_plan(void *user, const gaze_pull_file *list, size_t n) {
  const pull_state *state = user;
  uint64_t all = 0, missing = 0;
  char size[16], rest[16];
  for (size_t i = 0; i < n; i++) {
    all += list[i].bytes;
    missing += list[i].present ? 0 : list[i].bytes;
  }
  format_bytes(size, all);
  format_bytes(rest, missing);
  if (given.quiet || !missing)
    return;
  report("%s: %zu file%s, %s, of which %s are to be downloaded", state->name, n, n == 1 ? "" : "s", size, rest);
  for (size_t i = 0; i < n; i++) {
    format_bytes(size, list[i].bytes);
    fprintf(stderr, "  %-10s %s%s\n", size, list[i].path, list[i].present ? " (there already)" : "");
  }
}

/* "[#####----]  12.3 MB of 600.0 MB  31.0 MB/s  12 s left  model.safetensors" */
static void show(void *user, uint64_t done, uint64_t total, const char *path) {
  pull_state *state = user;
  char cells[BAR_WIDTH + 1], line[1200], size[16], all[16], speed[16], left[40] = "";
  if (state->present == UINT64_MAX)
    state->present = done;
  double seconds = now() - state->started;
  double rate = seconds > 0 ? (double)(done > state->present ? done - state->present : 0) / seconds : 0;
  size_t full = total ? (size_t)((double)done / (double)total * BAR_WIDTH) : BAR_WIDTH;
  memset(cells, '-', BAR_WIDTH);
  memset(cells, '#', full < BAR_WIDTH ? full : BAR_WIDTH);
  cells[BAR_WIDTH] = 0;
  format_bytes(size, done);
  format_bytes(all, total);
  format_bytes(speed, (uint64_t)rate);
  if (rate > 0)
    progress_format_left(left, sizeof left, (double)(total > done ? total - done : 0) / rate);
  snprintf(line, sizeof line, "[%s]  %s of %s  %s/s  %s  %s", cells, size, all, speed, left, path);
  progress_show_line(line);
}

/* The folder is the result: what -m takes, whatever the revision. */
static int print_result(const char *name, char *taken) {
  json_t *result = json_loads(taken, 0, NULL), *file;
  size_t i, downloaded = 0;
  free(taken);
  json_array_foreach(json_object_get(result, "files"), i, file) downloaded +=
      json_is_true(json_object_get(file, "downloaded"));
  if (!downloaded && !given.quiet)
    report("nothing to download: %s is unchanged: %s", name, json_string_value(json_object_get(result, "commit")));
  if (given.json) {
    json_print(result, stdout);
    return STATUS_DONE;
  }
  puts(json_string_value(json_object_get(result, "folder")));
  json_decref(result);
  return STATUS_DONE;
}

static int run(const word_list *words) {
  if (words->n != 1)
    return words->n ? report_usage("unexpected word: %s: gaze model pull takes one model", words->items[1])
                    : report_usage("no model: gaze model pull: name one of the hub, ORG/REPO");
  pull_state state = {.name = words->items[0], .started = now(), .present = UINT64_MAX};
  gaze_pull_options pull = {.revision = revision,
                            .files = files.items,
                            .n_files = files.n,
                            .stop = &interrupted,
                            .plan = show_plan,
                            .progress = show,
                            .user = &state};
  char *json;
  watch_interrupts();
  progress_begin(given.quiet);
  gaze_err err = gaze_model_pull(state.name, &pull, &json);
  progress_clear();
  return err == GAZE_OK ? print_result(state.name, json) : report_error(err);
}

const command_row model_pull_command = {
    .name = "model pull",
    .summary = "download a model from the Hugging Face hub",
    .usage = "[options] ORG/REPO",
    .about = "Downloads what gaze needs of a model into the Hugging Face cache, where other programs find it too: its "
             "configuration, its tokenizer and its weights. Goes on with a download that was interrupted, fetches "
             "nothing that is there, and checks each file's hash. Prints the model's folder. A gated or private model "
             "needs a token in HF_TOKEN.",
    .examples = "  gaze model pull openai/clip-vit-base-patch32\n"
                "  gaze model pull --revision v1.0 acme/model\n"
                "  gaze model pull --file README.md --file config.json acme/model\n",
    .options = options,
    .run = run,
};
