#include "index/folder.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_folder_spell(const char *name, char **out) {
  char *path, *base;
  *out = realpath(name, NULL);
  if (*out)
    return GAZE_OK;
  GAZE_TRY(gaze_strdup(name, &path));
  for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
    path[n - 1] = 0;
  char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
  if (strcmp(last, ".") == 0 || !*last) { /* not even the folder we are in is there */
    *out = path;
    return GAZE_OK;
  }
  char *part = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
  gaze_err err =
      part ? gaze_folder_spell(part, &base) : gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: free memory", name);
  if (err == GAZE_OK) {
    err = gaze_path_join(base, last, out);
    free(base);
  }
  free(part);
  free(path);
  return err;
}

gaze_err gaze_folder_range(const char *path, char **low, char **high) {
  const char *base = strcmp(path, "/") == 0 ? "" : path;
  GAZE_TRY(gaze_format(low, "%s/", base));
  gaze_err err = gaze_format(high, "%s0", base); /* `0` follows `/` */
  if (err != GAZE_OK) {
    free(*low);
    *low = NULL;
  }
  return err;
}
