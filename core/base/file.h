/* Files: mapped for reading, replaced whole for writing. */
#ifndef GAZE_CORE_BASE_FILE_H
#define GAZE_CORE_BASE_FILE_H

#include "core/base/error.h"

#include <stdio.h>

/* A file mapped read-only; a pipe is read to its end, 256 MiB at most. An empty file has data "" and size 0. */
typedef struct gaze_map {
  const uint8_t *data; /* borrowed until gaze_map_close */
  size_t size;
  bool in_file; /* and not in memory of its own */
} gaze_map;

GAZE_CHECKED gaze_err gaze_map_open(const char *path, gaze_map *out);
void gaze_map_close(gaze_map *map);
/* What was read of a file no longer counts as this process's memory; whoever reads on has it again. */
void gaze_map_forget(const gaze_map *map);

/* All of a file that may be a pipe; "-" is standard input. A byte 0 follows the data. *out is yours: free().
 * limit: most bytes accepted. */
GAZE_CHECKED gaze_err gaze_file_read(const char *path, size_t limit, uint8_t **out, size_t *size);

/* Whole or absent: writes to a temporary file in the same folder; commit flushes, syncs and renames;
 * fini without commit leaves the old file as it was. */
typedef struct gaze_replace {
  FILE *stream; /* write here */
  char *path, *temporary;
} gaze_replace;

GAZE_CHECKED gaze_err gaze_replace_init(gaze_replace *replace, const char *path);
GAZE_CHECKED gaze_err gaze_replace_commit(gaze_replace *replace);
void gaze_replace_fini(gaze_replace *replace);
/* init, write, commit. */
GAZE_CHECKED gaze_err gaze_file_replace(const char *path, const void *bytes, size_t size);

/* The bytes of another file, whole or absent. */
GAZE_CHECKED gaze_err gaze_file_copy(const char *from, const char *to);
/* The line and its end go behind what the file has; it is made where there is none. */
GAZE_CHECKED gaze_err gaze_file_add_line(const char *path, const char *line);

/* mkdir -p. */
GAZE_CHECKED gaze_err gaze_folder_make(const char *path);
bool gaze_file_exists(const char *path);
bool gaze_folder_exists(const char *path);
/* Whether there is a dot in name and one of the endings (NULL behind the last) follows, in capitals or not. */
bool gaze_name_ends(const char *name, const char *const *endings);
/* Of the pictures that gaze reads. */
extern const char *const gaze_picture_endings[];
/* "folder/name"; yours: free(). */
GAZE_CHECKED gaze_err gaze_path_join(const char *folder, const char *name, char **out);
/* $XDG_CACHE_HOME/gaze/NAME; yours: free(). NULL without a home. */
GAZE_CHECKED gaze_err gaze_cache_folder(const char *name, char **out);

#endif
