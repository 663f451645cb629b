#include "fusion/prefix.h"

#include "core/base/file.h"
#include "fusion/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* Rows up to the end of the last picture; 0: there is none. */
static size_t prefix_rows(const gaze_prompt *prompt) {
  const gaze_prompt_picture *last = prompt->n_pictures ? &prompt->pictures[prompt->n_pictures - 1] : NULL;
  return last ? last->first + last->n : 0;
}

/* Where n rows of the prompt are kept; *out NULL: nowhere. */
static gaze_err prefix_path(gaze_chat *chat, size_t n, char **folder, char **out) {
  struct {
    uint64_t arithmetic[2], keys[2], cache;
  } all = {.cache = chat->assistant->options.cache};
  XXH128_hash_t hash = XXH3_128bits(chat->prompt.keys, n * sizeof *chat->prompt.keys);
  all.keys[0] = hash.low64;
  all.keys[1] = hash.high64;
  GAZE_TRY(gaze_assistant_arithmetic(chat->assistant, all.arithmetic));
  GAZE_TRY(gaze_cache_folder("prefixes", folder));
  hash = XXH3_128bits(&all, sizeof all);
  if (!*folder)
    return GAZE_OK;
  return gaze_format(out, "%s/%016llx%016llx", *folder, (unsigned long long)hash.high64,
                     (unsigned long long)hash.low64);
}

/* A file that says what is not so is removed. */
static void take(gaze_chat *chat, size_t n, const char *path) {
  gaze_session session;
  gaze_err err = gaze_session_open(chat->assistant, &chat->reading, path, &session);
  bool fits = err == GAZE_OK && session.read == n && session.prompt.n == n &&
              gaze_prompt_common(&session.prompt, chat->prompt.keys, n) == n;
  if (fits) {
    gaze_session_restore(&session, &chat->reading);
    utimensat(AT_FDCWD, path, NULL, 0);
  } else if (err != GAZE_ERR_NOT_FOUND && err != GAZE_ERR_MEMORY && err != GAZE_ERR_IO) {
    unlink(path);
  }
  if (err == GAZE_OK)
    gaze_session_close(&session);
}

void gaze_prefix_recall(gaze_chat *chat) {
  size_t n = prefix_rows(&chat->prompt);
  const gaze_reading *reading = &chat->reading;
  char *folder = NULL, *path = NULL;
  if (!chat->assistant->options.prefixes || n <= gaze_prompt_common(&chat->prompt, reading->keys, reading->cache->used))
    return;
  if (prefix_path(chat, n, &folder, &path) == GAZE_OK && path && gaze_file_exists(path))
    take(chat, n, path);
  free(folder);
  free(path);
}

typedef struct kept_file {
  char name[256];
  uint64_t bytes;
  struct timespec used;
} kept_file;

static int by_age(const void *a, const void *b) {
  const struct timespec *x = &((const kept_file *)a)->used, *y = &((const kept_file *)b)->used;
  if (x->tv_sec != y->tv_sec)
    return x->tv_sec < y->tv_sec ? -1 : 1;
  return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Files of the folder. What somebody who was killed left half written is among them, and ages as all do. */
static void list_files(DIR *stream, kept_file **files, size_t *n, uint64_t *bytes) {
  size_t capacity = 0;
  for (struct dirent *entry; (entry = readdir(stream));) {
    struct stat status;
    if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      continue;
    if (gaze_grow(files, &capacity, *n + 1, sizeof **files) != GAZE_OK)
      return;
    kept_file *file = &(*files)[(*n)++];
    snprintf(file->name, sizeof file->name, "%s", entry->d_name);
    file->bytes = (uint64_t)status.st_size;
    file->used = status.st_mtim;
    *bytes += file->bytes;
  }
}

void gaze_prefix_make_room(const char *folder, uint64_t limit, uint64_t bytes) {
  kept_file *files = NULL;
  size_t n = 0;
  uint64_t all = bytes;
  DIR *stream = opendir(folder);
  if (!stream)
    return;
  list_files(stream, &files, &n, &all);
  if (n)
    qsort(files, n, sizeof *files, by_age);
  for (size_t i = 0; i < n && all > limit; i++)
    if (unlinkat(dirfd(stream), files[i].name, 0) == 0)
      all -= files[i].bytes;
  free(files);
  closedir(stream);
}

static gaze_err keep(gaze_chat *chat, size_t n, const char *folder, const char *path) {
  gaze_session session = {.prompt = {.keys = chat->prompt.keys, .n = n}, .read = n};
  gaze_kv_cache rows = *chat->reading.cache;
  rows.used = n;
  uint64_t bytes = gaze_kv_cache_bytes(&rows);
  if (bytes > GAZE_PREFIXES_LIMIT || !gaze_reading_worth(&chat->reading, n))
    return GAZE_OK;
  GAZE_TRY(gaze_folder_make(folder));
  gaze_prefix_make_room(folder, GAZE_PREFIXES_LIMIT, bytes);
  return gaze_session_save(&session, chat->assistant, &chat->reading, path);
}

void gaze_prefix_keep(gaze_chat *chat) {
  size_t n = prefix_rows(&chat->prompt);
  char *folder = NULL, *path = NULL;
  if (!chat->assistant->options.prefixes || !n)
    return;
  gaze_err err = prefix_path(chat, n, &folder, &path);
  if (err == GAZE_OK && path && !gaze_file_exists(path))
    err = keep(chat, n, folder, path);
  if (err != GAZE_OK && chat->assistant->options.model.verbose)
    gaze_warn("%s", gaze_last_error());
  free(folder);
  free(path);
}
