/* What torch.save writes since PyTorch 1.6: a zip archive NAME/{data.pkl, data/0, data/1, ..., byteorder, version} of a
 * state dictionary's pickle and its storages, uncompressed and aligned. Read in place from a mapped file, with the
 * shape of core/tensor/safetensors.h. */
#ifndef GAZE_CORE_TENSOR_TORCH_FILE_H
#define GAZE_CORE_TENSOR_TORCH_FILE_H

#include "core/tensor/safetensors.h"

typedef struct gaze_torch_file gaze_torch_file;

/* Pickles that call something, TorchScript, and PyTorch's older format are GAZE_ERR_UNSUPPORTED by name. */
GAZE_CHECKED gaze_err gaze_torch_file_open(const char *path, gaze_torch_file **out);
/* Of bytes already in memory, which *out borrows. */
GAZE_CHECKED gaze_err gaze_torch_file_parse(const void *bytes, size_t size, const char *name, gaze_torch_file **out);
void gaze_torch_file_close(gaze_torch_file *file);
void gaze_torch_file_forget(const gaze_torch_file *file); /* as gaze_map_forget */
size_t gaze_torch_file_count(const gaze_torch_file *file);
const gaze_named_tensor *gaze_torch_file_get(const gaze_torch_file *file, size_t i); /* by name, ascending */

#endif
