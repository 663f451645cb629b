/* A folder in which samples lie as in a WebDataset tar: KEY.jpg with KEY.txt or KEY.json; folders in it belong to keys.
 */
#include "core/base/memory.h"
#include "fusion/dataset_build.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_LIMIT ((size_t)16 << 20) /* bytes of a KEY.json */
enum { DEPTH = 16 };                  /* of folders */

typedef struct name_list {
  char **items;
  size_t n, capacity;
} name_list;

static void free_names(name_list *names) {
  for (size_t i = 0; i < names->n; i++)
    free(names->items[i]);
  free(names->items);
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* prefix: "" or a folder's name within the data, with a slash. */
static gaze_err add_name(name_list *names, const char *prefix, const char *name) {
  GAZE_TRY(gaze_grow(&names->items, &names->capacity, names->n + 1, sizeof *names->items));
  GAZE_TRY(gaze_format(&names->items[names->n], "%s%s", prefix, name));
  names->n++;
  return GAZE_OK;
}

static gaze_err list_folder(const char *root, const char *prefix, int depth, name_list *names);

static gaze_err list_entry(const char *root, const char *prefix, const char *name, int depth, name_list *names) {
  char *path = NULL, *below = NULL;
  struct stat facts;
  gaze_err err;
  GAZE_TRY_DONE(gaze_format(&path, "%s/%s%s", root, prefix, name));
  if (stat(path, &facts) != 0)
    goto done;
  if (S_ISREG(facts.st_mode) && gaze_sample_part_of(name) != GAZE_PARTS)
    err = add_name(names, prefix, name);
  else if (S_ISDIR(facts.st_mode) && depth > 0) {
    GAZE_TRY_DONE(gaze_format(&below, "%s%s/", prefix, name));
    err = list_folder(root, below, depth - 1, names);
  }
done:
  free(path);
  free(below);
  return err;
}

static gaze_err list_folder(const char *root, const char *prefix, int depth, name_list *names) {
  char *path;
  GAZE_TRY(gaze_format(&path, "%s/%s", root, prefix));
  DIR *folder = opendir(path);
  gaze_err err = folder ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot read the folder: %s", path);
  for (struct dirent *entry; err == GAZE_OK && (entry = readdir(folder));)
    if (entry->d_name[0] != '.')
      err = list_entry(root, prefix, entry->d_name, depth, names);
  if (folder)
    closedir(folder);
  free(path);
  return err;
}

/* Texts are kept in memory with the dataset; of pictures it is enough that they are there. */
static gaze_err read_part(gaze_dataset *dataset, const char *name, gaze_span *out) {
  static const uint8_t there[1];
  char *path;
  uint8_t *bytes = NULL;
  const char *copy;
  size_t size = 0;
  *out = (gaze_span){there, 0};
  if (gaze_sample_part_of(name) == GAZE_PART_PICTURE)
    return GAZE_OK;
  GAZE_TRY(gaze_path_join(dataset->path, name, &path));
  gaze_err err = gaze_file_read(path, TEXT_LIMIT, &bytes, &size);
  free(path);
  if (err == GAZE_OK)
    err = gaze_dataset_text(dataset, (const char *)bytes, size, &copy);
  free(bytes);
  GAZE_TRY(err);
  *out = (gaze_span){(const uint8_t *)copy, size};
  return GAZE_OK;
}

static gaze_err read_names(gaze_dataset *dataset, const gaze_dataset_options *options, const name_list *names) {
  gaze_sample_group group = {.folder = dataset->path};
  for (size_t i = 0; i < names->n; i++) {
    gaze_span bytes;
    if (strlen(names->items[i]) >= sizeof group.file)
      return gaze_fail(GAZE_ERR_LIMIT, "file name too long: %s: shorten it", names->items[i]);
    GAZE_TRY(read_part(dataset, names->items[i], &bytes));
    GAZE_TRY(gaze_sample_group_add(dataset, options, &group, names->items[i], bytes));
  }
  return gaze_sample_group_finish(dataset, options, &group);
}

gaze_err gaze_dataset_read_folder(gaze_dataset *dataset, const gaze_dataset_options *options) {
  name_list names = {0};
  gaze_err err = list_folder(dataset->path, "", DEPTH, &names);
  if (err == GAZE_OK && names.n) {
    qsort(names.items, names.n, sizeof *names.items, compare_names);
    err = read_names(dataset, options, &names);
  }
  free_names(&names);
  return err;
}
