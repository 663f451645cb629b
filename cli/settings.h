/* What the options common to all commands, to pictures and to the database say. */
#ifndef GAZE_CLI_SETTINGS_H
#define GAZE_CLI_SETTINGS_H

#include "cli/options.h"
#include "gaze.h"

typedef struct settings {
  const char *model, *cpu, *precision; /* NULL: not given */
  int threads;
  bool quiet, verbose, json, help, version;
  bool strict, no_cache;
  gaze_picture_options pictures;
  const char *database;
} settings;

extern settings given;
extern const option_row common_options[], picture_options[];

/* A row for the commands that have it. */
#define DATABASE_OPTION \
  { "db", 0, OPTION_TEXT, "FILE", &given.database, "the index [$XDG_DATA_HOME/gaze/photos.db]", 0, 0 }
#define STRICT_OPTION \
  { "strict", 0, OPTION_SWITCH, NULL, &given.strict, "exit status 1 when even one file fails", 0, 0 }
#define NO_CACHE_OPTION                                                                                               \
  {                                                                                                                   \
    "no-cache", 0, OPTION_SWITCH, NULL, &given.no_cache, "neither use nor keep vectors of texts [$GAZE_NO_CACHE]", 0, \
        0                                                                                                             \
  }

gaze_precision settings_precision(void);
/* The model that -m, --threads, --cpu and --precision describe. */
GAZE_CHECKED gaze_err settings_open_model(gaze_model **out);
/* The same by another name; NULL: $GAZE_MODEL, else gaze-mini. */
GAZE_CHECKED gaze_err settings_open_named_model(const char *name, gaze_model **out);

#endif
