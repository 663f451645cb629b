/* Which files of a model's folder hold its weights: one, or the shards that an index names. */
#ifndef GAZE_CORE_TENSOR_WEIGHT_FILES_H
#define GAZE_CORE_TENSOR_WEIGHT_FILES_H

#include "core/base/json.h"

typedef struct gaze_weight_files {
  char **paths; /* [n], ascending by name; they exist */
  size_t n;
  bool pickled; /* files of torch.save, else safetensors */
  char *index;  /* path of the index; NULL: the weights are one file */
  json_t *map;  /* of the index: a tensor's name to the name of its file, one of paths; NULL without an index */
} gaze_weight_files;

/* The first of model.safetensors, model.safetensors.index.json, open_clip_model.safetensors, pytorch_model.bin,
 * pytorch_model.bin.index.json, open_clip_pytorch_model.bin in the folder. No tensor file is looked into. A shard that
 * is not there, as of a download that was not finished, is GAZE_ERR_NOT_FOUND by name. */
GAZE_CHECKED gaze_err gaze_weight_files_init(gaze_weight_files *files, const char *folder);
void gaze_weight_files_fini(gaze_weight_files *files);

#endif
