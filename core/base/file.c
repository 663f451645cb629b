#include "core/base/file.h"

#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAM_LIMIT ((size_t)256 << 20) /* bytes that gaze_map_open takes out of a pipe */

static gaze_err fail_open(const char *path) {
  if (errno == ENOENT || errno == ENOTDIR)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "file not found: %s: check the path", path);
  return gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", path);
}

static gaze_err read_stream(int descriptor, const char *path, size_t limit, uint8_t **out, size_t *size);

/* A pipe has no size and cannot be mapped: what comes out of it lies in memory of its own, which is given back alike.
 */
static gaze_err map_stream(int descriptor, const char *path, gaze_map *out) {
  uint8_t *bytes;
  size_t size;
  GAZE_TRY(read_stream(descriptor, path, STREAM_LIMIT, &bytes, &size));
  void *data = size ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
  if (data && data != MAP_FAILED)
    memcpy(data, bytes, size);
  free(bytes);
  if (data == MAP_FAILED)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: reading %s: free memory", path);
  *out = (gaze_map){.data = data ? data : (const uint8_t *)"", .size = size};
  return GAZE_OK;
}

static gaze_err map_descriptor(int descriptor, const char *path, gaze_map *out) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", path);
  if (S_ISDIR(status.st_mode))
    return gaze_fail(GAZE_ERR_ARGUMENT, "a folder stands where a file was expected: %s: name a file", path);
  if (status.st_size == 0 || !S_ISREG(status.st_mode))
    return map_stream(descriptor, path, out);
  void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot map: %s", path);
  *out = (gaze_map){.data = data, .size = (size_t)status.st_size, .in_file = true};
  return GAZE_OK;
}

gaze_err gaze_map_open(const char *path, gaze_map *out) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return fail_open(path);
  gaze_err err = map_descriptor(descriptor, path, out);
  close(descriptor);
  return err;
}

void gaze_map_close(gaze_map *map) {
  if (map->size)
    munmap((void *)(uintptr_t)map->data, map->size);
  *map = (gaze_map){0};
}

void gaze_map_forget(const gaze_map *map) {
  if (map->in_file)
    (void)madvise((void *)(uintptr_t)map->data, map->size, MADV_DONTNEED);
}

static gaze_err read_stream(int descriptor, const char *path, size_t limit, uint8_t **out, size_t *size) {
  uint8_t *bytes = NULL;
  size_t capacity = 0, used = 0;
  gaze_err err = GAZE_OK;
  for (;;) {
    GAZE_TRY_DONE(gaze_grow(&bytes, &capacity, used + 65536 + 1, 1));
    ssize_t got = read(descriptor, bytes + used, capacity - used - 1);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      err = errno == EISDIR
                ? gaze_fail(GAZE_ERR_ARGUMENT, "a folder stands where a file was expected: %s: name a file", path)
                : gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", path);
      goto done;
    }
    if (got == 0)
      break;
    used += (size_t)got;
    if (used > limit) {
      err = gaze_fail(GAZE_ERR_LIMIT, "file too large: %s: at most %zu bytes are read", path, limit);
      goto done;
    }
  }
  bytes[used] = 0;
  *out = bytes;
  *size = used;
  return GAZE_OK;
done:
  free(bytes);
  return err;
}

gaze_err gaze_file_read(const char *path, size_t limit, uint8_t **out, size_t *size) {
  if (strcmp(path, "-") == 0)
    return read_stream(STDIN_FILENO, "standard input", limit, out, size);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return fail_open(path);
  gaze_err err = read_stream(descriptor, path, limit, out, size);
  close(descriptor);
  return err;
}

static bool make_one_folder(const char *path) {
  return mkdir(path, 0777) == 0 || (errno == EEXIST && gaze_folder_exists(path));
}

gaze_err gaze_folder_make(const char *path) {
  char *partial;
  GAZE_TRY(gaze_strdup(path, &partial));
  bool made = true;
  for (char *slash = strchr(partial + 1, '/'); slash && made; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    made = make_one_folder(partial);
    *slash = '/';
  }
  made = made && make_one_folder(partial);
  free(partial);
  return made ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot make the folder: %s", path);
}

const char *const gaze_picture_endings[] = {"jpg",  "jpeg",  "jpe",   "jfif", "png",  "apng",  "webp", "heic",
                                            "heif", "heics", "heifs", "hif",  "avif", "avifs", NULL};

bool gaze_name_ends(const char *name, const char *const *endings) {
  const char *dot = strrchr(name, '.');
  for (; dot && *endings; endings++)
    if (strcasecmp(dot + 1, *endings) == 0)
      return true;
  return false;
}

gaze_err gaze_file_add_line(const char *path, const char *line) {
  FILE *stream = fopen(path, "ae");
  bool written = stream && fprintf(stream, "%s\n", line) > 0;
  if (stream)
    written = fclose(stream) == 0 && written;
  return written ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", path);
}

bool gaze_file_exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0;
}

bool gaze_folder_exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

gaze_err gaze_path_join(const char *folder, const char *name, char **out) {
  size_t length = strlen(folder);
  return gaze_format(out, length && folder[length - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

gaze_err gaze_cache_folder(const char *name, char **out) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  *out = NULL;
  if (cache && cache[0])
    return gaze_format(out, "%s/gaze/%s", cache, name);
  return home && home[0] ? gaze_format(out, "%s/.cache/gaze/%s", home, name) : GAZE_OK;
}
