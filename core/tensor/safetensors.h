/* safetensors: an 8-byte length, a JSON header, then the tensors' bytes. Read in place from a mapped file; every offset
 * is checked against dtype, shape, the file's end and its neighbours before anything is handed out. */
#ifndef GAZE_CORE_TENSOR_SAFETENSORS_H
#define GAZE_CORE_TENSOR_SAFETENSORS_H

#include "core/tensor/tensor.h"

typedef struct gaze_named_tensor {
  char *name;
  gaze_tensor tensor; /* borrowed from the mapped file */
  size_t offset;      /* bytes from the start of the file's data part */
} gaze_named_tensor;

void gaze_named_tensors_sort(gaze_named_tensor *tensors, size_t n); /* by name, ascending */
/* By name, once no two of them share a byte and no two a name, else GAZE_ERR_FORMAT; path: for messages. */
GAZE_CHECKED gaze_err gaze_named_tensors_order(gaze_named_tensor *tensors, size_t n, const char *path);
void gaze_named_tensors_free(gaze_named_tensor *tensors, size_t n); /* with their names */

typedef struct gaze_safetensors gaze_safetensors;

GAZE_CHECKED gaze_err gaze_safetensors_open(const char *path, gaze_safetensors **out);
void gaze_safetensors_close(gaze_safetensors *file);
void gaze_safetensors_forget(const gaze_safetensors *file); /* as gaze_map_forget */
size_t gaze_safetensors_count(const gaze_safetensors *file);
const gaze_named_tensor *gaze_safetensors_get(const gaze_safetensors *file, size_t i);    /* by name, ascending */
const gaze_tensor *gaze_safetensors_find(const gaze_safetensors *file, const char *name); /* borrowed; NULL: absent */

/* The header of bytes already in memory; what gaze_safetensors_open does after mapping. *out borrows bytes. */
GAZE_CHECKED gaze_err gaze_safetensors_parse(const void *bytes, size_t size, const char *name, gaze_safetensors **out);

/* Whole or absent. Tensors are written in the order given. */
GAZE_CHECKED gaze_err gaze_safetensors_save(const char *path, const gaze_named_tensor *tensors, size_t n);

#endif
