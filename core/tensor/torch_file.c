#include "core/tensor/torch_file.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/tensor/pickle.h"
#include "core/tensor/zip.h"

#include <stdlib.h>
#include <string.h>

#define MEMBER_MAX 200  /* bytes of an entry's name behind the folder's */
#define FOLDER_MAX 1024 /* bytes of the folder's name: that of the file which was written */

struct gaze_torch_file {
  gaze_map map; /* size 0 when the bytes are borrowed */
  gaze_named_tensor *tensors;
  size_t n;
};

/* An archive, and its one folder. */
typedef struct torch_archive {
  gaze_zip zip;
  const char *name; /* for messages */
  const char *folder;
  size_t folder_length; /* with the slash */
} torch_archive;

/* folder/member[0, length); NULL: absent. */
static const gaze_zip_entry *find_member(const torch_archive *a, const char *member, size_t length) {
  char path[FOLDER_MAX + MEMBER_MAX];
  if (length > MEMBER_MAX)
    return NULL;
  memcpy(path, a->folder, a->folder_length);
  memcpy(path + a->folder_length, member, length);
  return gaze_zip_find(&a->zip, path, a->folder_length + length);
}

static const gaze_zip_entry *find_file(const torch_archive *a, const char *member) {
  return find_member(a, member, strlen(member));
}

/* A gaze_storage_find: folder/data/KEY. */
static bool find_storage(void *user, const char *key, size_t length, const uint8_t **data, size_t *size) {
  char member[MEMBER_MAX] = "data/";
  if (length > sizeof member - 5)
    return false;
  memcpy(member + 5, key, length);
  const gaze_zip_entry *entry = find_member(user, member, 5 + length);
  if (entry)
    *data = entry->data, *size = entry->size;
  return entry != NULL;
}

/* The folder is where data.pkl lies; with two of them it would be a matter of taste. */
static gaze_err find_folder(torch_archive *a) {
  static const char pickle[] = "/data.pkl";
  const size_t length = sizeof pickle - 1;
  for (size_t i = 0; i < a->zip.n; i++) {
    const gaze_zip_entry *entry = &a->zip.entries[i];
    if (entry->name_length <= length || entry->name_length - length >= FOLDER_MAX ||
        memcmp(entry->name + entry->name_length - length, pickle, length) != 0)
      continue;
    if (a->folder)
      return gaze_fail(GAZE_ERR_FORMAT, "two pickles in one archive: %s: get another copy", a->name);
    a->folder = entry->name;
    a->folder_length = entry->name_length - length + 1;
  }
  if (!a->folder)
    return gaze_fail(GAZE_ERR_FORMAT, "no data.pkl in the archive: %s: it is not what torch.save writes", a->name);
  return GAZE_OK;
}

static gaze_err check_members(const torch_archive *a) {
  const gaze_zip_entry *order = find_file(a, "byteorder");
  if (find_file(a, "constants.pkl"))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "TorchScript, a program: %s: save the model's state_dict() instead",
                     a->name);
  if (order && (order->size != 6 || memcmp(order->data, "little", 6) != 0))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "numbers of another byte order: %s: save it on a little-endian machine",
                     a->name);
  return GAZE_OK;
}

static gaze_err read_archive(torch_archive *a, const uint8_t *bytes, gaze_torch_file *out) {
  GAZE_TRY(find_folder(a));
  GAZE_TRY(check_members(a));
  const gaze_zip_entry *pickle = find_file(a, "data.pkl");
  GAZE_TRY(gaze_pickle_parse(pickle->data, pickle->size, a->name, find_storage, a, &out->tensors, &out->n));
  for (size_t i = 0; i < out->n; i++)
    out->tensors[i].offset = (size_t)((const uint8_t *)out->tensors[i].tensor.data - bytes);
  return GAZE_OK;
}

static gaze_err refuse_format(const uint8_t *bytes, size_t size, const char *name) {
  if (size > 2 && bytes[0] == 0x80)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "pickle in PyTorch's format before 1.6: %s: save it again with a newer PyTorch, or convert it to "
                     "safetensors",
                     name);
  return gaze_fail(GAZE_ERR_FORMAT, "not a file of torch.save, or cut short: %s: fetch it again", name);
}

gaze_err gaze_torch_file_parse(const void *bytes, size_t size, const char *name, gaze_torch_file **out) {
  torch_archive a = {.name = name};
  gaze_torch_file *file;
  if (!gaze_zip_is(bytes, size))
    return refuse_format(bytes, size, name);
  GAZE_TRY(gaze_zip_init(&a.zip, bytes, size, name));
  gaze_err err = gaze_alloc(1, sizeof *file, &file);
  if (err == GAZE_OK) {
    err = read_archive(&a, bytes, file);
    if (err == GAZE_OK)
      *out = file;
    else
      gaze_torch_file_close(file);
  }
  gaze_zip_fini(&a.zip);
  return err;
}

gaze_err gaze_torch_file_open(const char *path, gaze_torch_file **out) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_torch_file_parse(map.data, map.size, path, out);
  if (err == GAZE_OK)
    (*out)->map = map;
  else
    gaze_map_close(&map);
  return err;
}

void gaze_torch_file_close(gaze_torch_file *file) {
  if (!file)
    return;
  gaze_named_tensors_free(file->tensors, file->n);
  gaze_map_close(&file->map);
  free(file);
}

void gaze_torch_file_forget(const gaze_torch_file *file) { gaze_map_forget(&file->map); }

size_t gaze_torch_file_count(const gaze_torch_file *file) { return file->n; }
const gaze_named_tensor *gaze_torch_file_get(const gaze_torch_file *file, size_t i) { return &file->tensors[i]; }
