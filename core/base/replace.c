/* Files replaced whole. The temporary file is locked while it is written; one of a writer who was killed is not, and
 * goes when the same file is written again. */
#include "core/base/file.h"
#include "core/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static gaze_err fail_write(const char *path) {
  return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space or choose another place", path);
}

/* "folder/" of a path, to its length; "" where it has none. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

/* BASE.tmpPID of a process that is no more, as far as this machine knows. */
static bool is_left_over(const char *name, const char *base) {
  size_t length = strlen(base);
  if (strncmp(name, base, length) != 0 || strncmp(name + length, ".tmp", 4) != 0)
    return false;
  char *end;
  long process = strtol(name + length + 4, &end, 10);
  return process > 0 && !*end && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

/* Another machine's writer holds its lock. */
static void remove_unlocked(int folder, const char *name) {
  int file = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
    unlinkat(folder, name, 0);
  if (file >= 0)
    close(file);
}

static void remove_leftovers(const char *path) {
  size_t length = folder_length(path);
  char *folder = length ? strndup(path, length) : strdup(".");
  DIR *entries = folder ? opendir(folder) : NULL;
  for (struct dirent *entry; entries && (entry = readdir(entries));)
    if (is_left_over(entry->d_name, path + length))
      remove_unlocked(dirfd(entries), entry->d_name);
  if (entries)
    closedir(entries);
  free(folder);
}

gaze_err gaze_replace_init(gaze_replace *replace, const char *path) {
  *replace = (gaze_replace){0};
  remove_leftovers(path);
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_strdup(path, &replace->path));
  GAZE_TRY_DONE(gaze_format(&replace->temporary, "%s.tmp%ld", path, (long)getpid()));
  replace->stream = fopen(replace->temporary, "wbe");
  if (!replace->stream)
    GAZE_TRY_DONE(fail_write(path));
  (void)flock(fileno(replace->stream), LOCK_EX | LOCK_NB); /* file systems without locks keep what is left over */
done:
  if (err != GAZE_OK)
    gaze_replace_fini(replace);
  return err;
}

/* A rename is durable only once its folder is synced. */
static void sync_folder_of(const char *path) {
  size_t length = folder_length(path);
  char *folder = length ? strndup(path, length) : strdup(".");
  if (!folder)
    return;
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    fsync(descriptor);
    close(descriptor);
  }
  free(folder);
}

gaze_err gaze_replace_commit(gaze_replace *replace) {
  bool written = !ferror(replace->stream) && fflush(replace->stream) == 0 && fsync(fileno(replace->stream)) == 0;
  if (!written || rename(replace->temporary, replace->path) != 0) /* closed later: until then it is locked */
    return fail_write(replace->path);
  fclose(replace->stream);
  replace->stream = NULL;
  free(replace->temporary);
  replace->temporary = NULL;
  sync_folder_of(replace->path);
  return GAZE_OK;
}

void gaze_replace_fini(gaze_replace *replace) {
  if (replace->stream)
    fclose(replace->stream);
  if (replace->temporary)
    unlink(replace->temporary);
  free(replace->temporary);
  free(replace->path);
  *replace = (gaze_replace){0};
}

gaze_err gaze_file_replace(const char *path, const void *bytes, size_t size) {
  gaze_replace replace;
  GAZE_TRY(gaze_replace_init(&replace, path));
  gaze_err err = fwrite(bytes, 1, size, replace.stream) == size ? gaze_replace_commit(&replace) : fail_write(path);
  gaze_replace_fini(&replace);
  return err;
}

gaze_err gaze_file_copy(const char *from, const char *to) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(from, &map));
  gaze_err err = gaze_file_replace(to, map.data, map.size);
  gaze_map_close(&map);
  return err;
}
