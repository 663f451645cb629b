/* The file of a text cache: rows are added at its end; it is made anew where it is damaged, of another kind, or full.
 */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/text_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TRIES = 20, LOCK_WAIT = 5000 /* microseconds */ };

/* A lock on the folder, made where it is missing; closing it lets go. -1: there is none to be had, for one that writes
 * may have been stopped in the middle, and nobody is to wait for it. */
static int lock_folder(const char *folder) {
  if (gaze_folder_make(folder) != GAZE_OK)
    return -1;
  int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; lock >= 0 && i < LOCK_TRIES; i++) {
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
      return lock;
    usleep(LOCK_WAIT);
  }
  if (lock >= 0)
    close(lock);
  return -1;
}

/* Whether all was written; where not, the file ends where it did. */
static bool write_at(int file, const uint8_t *bytes, size_t size, size_t at) {
  size_t done = 0;
  for (ssize_t n; done < size && (n = pwrite(file, bytes + done, size - done, (off_t)(at + done))) > 0;)
    done += (size_t)n;
  return done == size || ftruncate(file, (off_t)at) != 0;
}

/* False where the file must be made anew. The end of a row that somebody was killed over is cut off. */
static bool append(const gaze_text_cache *cache) {
  uint8_t head[GAZE_TEXT_HEAD], found[GAZE_TEXT_HEAD];
  struct stat status;
  int file = open(cache->path, O_RDWR | O_CLOEXEC);
  gaze_text_cache_head(cache, head);
  bool fits = file >= 0 && !cache->damaged && fstat(file, &status) == 0 &&
              pread(file, found, sizeof found, 0) == sizeof found && memcmp(head, found, sizeof head) == 0;
  if (fits) {
    size_t size = (size_t)status.st_size, added = (cache->n - cache->stored) * cache->row;
    size_t end = size - (size - sizeof head) % cache->row;
    fits = end + added <= cache->limit && (end == size || ftruncate(file, (off_t)end) == 0);
    if (fits)
      fits = write_at(file, cache->rows + cache->stored * cache->row, added, end);
  }
  if (file >= 0)
    close(file);
  return fits;
}

/* Files that were being made when somebody was killed; whoever holds the lock is the only one who makes any. */
static void remove_leftovers(const char *folder) {
  DIR *stream = opendir(folder);
  for (struct dirent *entry; stream && (entry = readdir(stream));)
    if (strstr(entry->d_name, ".tmp"))
      unlinkat(dirfd(stream), entry->d_name, 0);
  if (stream)
    closedir(stream);
}

static gaze_err write_rows(const gaze_text_cache *all) {
  gaze_replace replace;
  uint8_t head[GAZE_TEXT_HEAD];
  size_t most = (all->limit / 2 - sizeof head) / all->row, kept = all->n;
  if (sizeof head + all->n * all->row > all->limit)
    kept = most < all->n ? most : all->n;
  gaze_text_cache_head(all, head);
  GAZE_TRY(gaze_replace_init(&replace, all->path));
  bool written = fwrite(head, sizeof head, 1, replace.stream) == 1 &&
                 fwrite(all->rows + (all->n - kept) * all->row, all->row, kept, replace.stream) == kept;
  gaze_err err =
      written ? gaze_replace_commit(&replace) : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space", all->path);
  gaze_replace_fini(&replace);
  return err;
}

/* The rows that are there by now, whoever wrote them, and the new ones behind them. */
static gaze_err rewrite(const gaze_text_cache *cache) {
  gaze_text_cache *all;
  GAZE_TRY(gaze_text_cache_open(cache->path, cache->D, cache->limit, &all));
  gaze_err err = GAZE_OK;
  for (size_t i = cache->stored; i < cache->n && err == GAZE_OK; i++)
    err = gaze_text_cache_put(all, cache->rows + i * cache->row);
  if (err == GAZE_OK)
    err = write_rows(all);
  all->stored = all->n; /* closing writes nothing */
  gaze_text_cache_close(all);
  return err;
}

void gaze_text_cache_flush(gaze_text_cache *cache) {
  char *folder;
  if (cache->n == cache->stored || gaze_strdup(cache->path, &folder) != GAZE_OK)
    return;
  char *slash = strrchr(folder, '/');
  if (slash)
    *slash = 0;
  int lock = lock_folder(slash ? folder : ".");
  if (lock >= 0 && !append(cache)) {
    remove_leftovers(slash ? folder : ".");
    if (rewrite(cache) == GAZE_OK)
      cache->damaged = false;
  }
  if (lock >= 0)
    close(lock);
  cache->stored = cache->n;
  free(folder);
}
