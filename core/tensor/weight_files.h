/* Which files hold a model's weights: of a folder one, or the shards that an index names; or a GGUF with all its parts.
 */
#ifndef GAZE_CORE_TENSOR_WEIGHT_FILES_H
#define GAZE_CORE_TENSOR_WEIGHT_FILES_H

#include "core/base/json.h"

typedef enum gaze_weight_format {
  GAZE_WEIGHTS_SAFETENSORS,
  GAZE_WEIGHTS_TORCH, /* files of torch.save */
  GAZE_WEIGHTS_GGUF
} gaze_weight_format;

typedef struct gaze_weight_files {
  char **paths; /* [n], ascending by name; they exist */
  size_t n;
  gaze_weight_format format;
  char *index; /* path of the index; NULL: the weights are one file */
  json_t *map; /* of the index: a tensor's name to the name of its file, one of paths; NULL without an index */
} gaze_weight_files;

/* Of a folder the first of model.safetensors, model.safetensors.index.json, open_clip_model.safetensors,
 * pytorch_model.bin, pytorch_model.bin.index.json, open_clip_pytorch_model.bin, adapter_model.safetensors,
 * adapter_model.bin in it. A path that ends in .gguf is that
 * file, or, where it ends in -00001-of-00003.gguf, all parts of the model. No tensor file is looked into. A shard that
 * is not there, as of a download that was not finished, is GAZE_ERR_NOT_FOUND by name. */
GAZE_CHECKED gaze_err gaze_weight_files_init(gaze_weight_files *files, const char *path);
void gaze_weight_files_fini(gaze_weight_files *files);

#endif
