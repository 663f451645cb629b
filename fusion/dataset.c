#include "fusion/dataset.h"

#include "core/base/memory.h"
#include "fusion/dataset_build.h"
#include "fusion/tar.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 4096 /* bytes; each next one is twice as large, up to */
#define LARGEST_BLOCK (1u << 20)

struct gaze_dataset_block {
  gaze_dataset_block *next;
  size_t size, used;
  _Alignas(void *) uint8_t bytes[];
};

gaze_err gaze_dataset_take(gaze_dataset *dataset, size_t size, void *out_pointer) {
  size = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
  gaze_dataset_block *block = dataset->blocks;
  if (!block || block->size - block->used < size) {
    size_t room = !block ? FIRST_BLOCK : block->size < LARGEST_BLOCK ? 2 * block->size : LARGEST_BLOCK;
    if (room < size)
      room = size;
    GAZE_TRY(gaze_alloc(1, sizeof *block + room, &block));
    block->size = room;
    block->next = dataset->blocks;
    dataset->blocks = block;
  }
  void *taken = block->bytes + block->used;
  block->used += size;
  memcpy(out_pointer, &taken, sizeof taken);
  return GAZE_OK;
}

gaze_err gaze_dataset_text(gaze_dataset *dataset, const char *text, size_t length, const char **out) {
  char *copy;
  GAZE_TRY(gaze_dataset_take(dataset, length + 1, &copy));
  memcpy(copy, text, length);
  copy[length] = 0;
  *out = copy;
  return GAZE_OK;
}

gaze_err gaze_dataset_add(gaze_dataset *dataset, const gaze_sample *sample) {
  GAZE_TRY(gaze_grow(&dataset->samples, &dataset->capacity, dataset->n + 1, sizeof *dataset->samples));
  dataset->samples[dataset->n++] = *sample;
  return GAZE_OK;
}

gaze_err gaze_dataset_place(gaze_dataset *dataset, const gaze_dataset_options *options, const char *name,
                            const char **out) {
  bool beside = !dataset->is_folder && !options->pictures; /* the file of the set */
  const char *folder = dataset->is_folder || beside ? dataset->path : options->pictures;
  size_t front = name[0] == '/' ? 0 : strlen(folder), length = strlen(name);
  char *path;
  while (beside && front && folder[front - 1] != '/')
    front--;
  GAZE_TRY(gaze_dataset_take(dataset, front + length + 2, &path));
  *out = path;
  memcpy(path, folder, front);
  path += front;
  if (front && path[-1] != '/')
    *path++ = '/';
  memcpy(path, name, length + 1);
  return GAZE_OK;
}

gaze_err gaze_dataset_fail(const gaze_dataset *dataset, const char *key, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "wrong JSON of sample %s: %s: %s", key, dataset->path, what);
}

gaze_err gaze_dataset_leave_out(gaze_dataset *dataset, const gaze_dataset_options *options, const char *key,
                                gaze_err err) {
  if (err == GAZE_OK || !options->failed || (err != GAZE_ERR_FORMAT && err != GAZE_ERR_UNSUPPORTED))
    return err;
  dataset->failed++;
  return options->failed(options->user, key, gaze_last_error());
}

gaze_err gaze_dataset_miss_picture(gaze_dataset *dataset, const gaze_dataset_options *options, const char *key) {
  if (!options->failed || !options->pictures_missed) {
    dataset->left_out++;
    return GAZE_OK;
  }
  dataset->failed++;
  return options->failed(options->user, key, "no picture beside its texts");
}

typedef gaze_err read_fn(gaze_dataset *dataset, const gaze_dataset_options *options);

char gaze_dataset_first_sign(const gaze_dataset *dataset) {
  const gaze_map *map = &dataset->map;
  size_t i = 0;
  while (i < map->size && map->data[i] && strchr(" \t\r\n", map->data[i]))
    i++;
  return i < map->size ? (char)map->data[i] : 0;
}

static gaze_err find_reader(const gaze_dataset *dataset, const char *type, read_fn **out) {
  static const struct {
    const char *name;
    read_fn *read;
  } readers[] = {
      {"webdataset", gaze_dataset_read_tar}, {"csv", gaze_dataset_read_csv}, {"llava", gaze_dataset_read_llava}};
  const gaze_map *map = &dataset->map;
  for (size_t i = 0; type && i < sizeof readers / sizeof *readers; i++)
    if (strcmp(type, readers[i].name) == 0) {
      *out = readers[i].read;
      return GAZE_OK;
    }
  if (type && strcmp(type, "auto") != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "unknown dataset type: %s: use webdataset, csv, llava or auto", type);
  if (map->size >= 2 && map->data[0] == 0x1f && map->data[1] == 0x8b)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "compressed data set: %s: unpack it with gunzip", dataset->path);
  bool is_tar = gaze_ends_with(dataset->path, ".tar") || gaze_tar_check(map->data, map->size);
  char sign = gaze_dataset_first_sign(dataset);
  bool is_json = sign == '[' || sign == '{';
  *out = is_tar ? gaze_dataset_read_tar : is_json ? gaze_dataset_read_llava : gaze_dataset_read_csv;
  return GAZE_OK;
}

static gaze_err read_all(gaze_dataset *dataset, const gaze_dataset_options *options) {
  read_fn *read = gaze_dataset_read_folder;
  dataset->is_folder = options->folders && gaze_folder_exists(dataset->path);
  if (!dataset->is_folder) {
    GAZE_TRY(gaze_map_open(dataset->path, &dataset->map));
    GAZE_TRY(find_reader(dataset, options->type, &read));
  }
  GAZE_TRY(read(dataset, options));
  if (!dataset->n && !dataset->failed)
    return gaze_fail(GAZE_ERR_FORMAT, "no samples with a picture: %s: see what gaze train --help says of data",
                     dataset->path);
  if (dataset->left_out)
    gaze_warn("%zu samples without a picture are left out: %s", dataset->left_out, dataset->path);
  return GAZE_OK;
}

gaze_dataset_options gaze_dataset_columns_of(const gaze_train_clip_options *options) {
  return (gaze_dataset_options){.csv_img_key = options->csv_img_key,
                                .csv_caption_key = options->csv_caption_key,
                                .csv_separator = options->csv_separator};
}

gaze_err gaze_dataset_open(const char *path, const gaze_dataset_options *options, gaze_dataset **out) {
  static const gaze_dataset_options defaults;
  gaze_dataset *dataset;
  GAZE_TRY(gaze_alloc(1, sizeof *dataset, &dataset));
  gaze_err err = gaze_strdup(path, &dataset->path);
  if (err == GAZE_OK)
    err = read_all(dataset, options ? options : &defaults);
  if (err != GAZE_OK) {
    gaze_dataset_close(dataset);
    return err;
  }
  *out = dataset;
  return GAZE_OK;
}

void gaze_dataset_close(gaze_dataset *dataset) {
  if (!dataset)
    return;
  while (dataset->blocks) {
    gaze_dataset_block *next = dataset->blocks->next;
    free(dataset->blocks);
    dataset->blocks = next;
  }
  free(dataset->samples);
  gaze_map_close(&dataset->map);
  free(dataset->path);
  free(dataset);
}

size_t gaze_dataset_size(const gaze_dataset *dataset) { return dataset->n; }

const gaze_sample *gaze_dataset_get(const gaze_dataset *dataset, size_t i) { return &dataset->samples[i]; }

size_t gaze_dataset_bytes(const gaze_dataset *dataset) { return dataset->map.size; }

const char *gaze_dataset_path(const gaze_dataset *dataset) { return dataset->path; }

gaze_err gaze_sample_picture(const gaze_sample *sample, const gaze_picture_options *options, gaze_picture *out) {
  if (sample->path)
    return gaze_picture_open(sample->path, options, NULL, out);
  return gaze_picture_decode(sample->picture, sample->picture_size, sample->key, options, NULL, out);
}
