#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>

static word_list excluded;
static bool forget;

static const option_row options[] = {
    DATABASE_OPTION,
    {"exclude", 0, OPTION_LIST, "GLOB", &excluded,
     "leave out names or paths like this, may be given several times; hidden folders, .git, node_modules and @eaDir "
     "are "
     "left out anyway",
     0, 0},
    {"forget", 0, OPTION_SWITCH, NULL, &forget,
     "forget the photos of a folder that is gone or empty; otherwise they are kept, for its disk may only be away", 0,
     0},
    STRICT_OPTION,
    {0},
};

static void show(void *user, const gaze_index_progress *progress) {
  (void)user;
  progress_show(progress->total ? progress->done : progress->seen, progress->total, progress->path);
}

static void note_failure(void *user, const char *path, const char *message) {
  report("%s", message);
  json_array_append_new(user, json_pack("{s:o, s:o}", "path", json_text(path), "error", json_text(message)));
}

static void print_stats(const gaze_index_stats *stats, json_t *failures) {
  if (given.json)
    json_print(json_pack("{s:I, s:I, s:I, s:I, s:I, s:O, s:f}", "added", (json_int_t)stats->added, "updated",
                         (json_int_t)stats->updated, "moved", (json_int_t)stats->moved, "unchanged",
                         (json_int_t)stats->unchanged, "removed", (json_int_t)stats->removed, "failed", failures,
                         "seconds", stats->seconds),
               stdout);
  else
    printf("added %zu, updated %zu, moved %zu, unchanged %zu, removed %zu, failed %zu in %.1f s\n", stats->added,
           stats->updated, stats->moved, stats->unchanged, stats->removed, stats->failed, stats->seconds);
}

/* Prints the library's counts and gives the exit status: nothing found is a failure, for it is never what was meant. */
static int judge(const gaze_index_stats *stats, const word_list *folders, json_t *failures) {
  size_t kept = stats->added + stats->updated + stats->moved + stats->unchanged;
  if (kept + stats->failed + stats->removed == 0) {
    report("no pictures found: %s%s: name a folder that holds JPEG, PNG or WebP files", folders->items[0],
           folders->n > 1 ? " and the others" : "");
    return STATUS_FAILED;
  }
  print_stats(stats, failures);
  return batch_status(kept + stats->failed, stats->failed);
}

static gaze_err update(gaze_index *index, const gaze_embedder *embedder, const word_list *folders, json_t *failures,
                       gaze_index_stats *stats) {
  gaze_index_options options_of_run = {.exclude = excluded.items,
                                       .n_exclude = excluded.n,
                                       .forget = forget,
                                       .threads = given.threads,
                                       .stop = &interrupted,
                                       .progress = show,
                                       .failed = note_failure,
                                       .user = failures};
  watch_interrupts();
  progress_begin(given.quiet);
  gaze_err err = gaze_index_update(index, embedder, folders->items, folders->n, &options_of_run, stats);
  progress_clear();
  return err;
}

static int run(const word_list *folders) {
  if (folders->n == 0)
    return report_usage("no folder: gaze index: name at least one, for example gaze index ~/Pictures");
  gaze_model *model = NULL;
  gaze_index *index = NULL;
  gaze_embedder embedder = {0};
  gaze_index_stats stats = {0};
  json_t *failures = json_array();
  gaze_err err = settings_open_model(&model);
  if (err == GAZE_OK) /* before there is a database: a model may have nothing for pictures */
    err = gaze_model_embedder(model, &given.pictures, &embedder);
  if (err == GAZE_OK)
    err = gaze_index_open(given.database, GAZE_INDEX_WRITE, &index);
  if (err == GAZE_OK)
    err = update(index, &embedder, folders, failures, &stats);
  int status = err == GAZE_OK ? judge(&stats, folders, failures) : report_error(err);
  json_decref(failures);
  gaze_index_close(index);
  gaze_model_embedder_fini(&embedder);
  gaze_model_close(model);
  return status;
}

const command_row index_command = {
    .name = "index",
    .summary = "make the photos in folders searchable",
    .usage = "[options] FOLDER...",
    .about =
        "Looks at every picture in the folders and below them once. Run it again after changes: only new and changed "
        "pictures are looked at, moved ones keep what is known, deleted ones are forgotten. Ctrl-C stops after the "
        "pictures in hand; the next run goes on from there.",
    .examples = "  gaze index ~/Pictures\n"
                "  gaze index --exclude \"*thumb*\" --exclude private ~/Pictures /mnt/camera\n"
                "  gaze index --db holiday.db --json ~/Pictures/2024\n",
    .options = options,
    .reads_pictures = true,
    .run = run,
};
