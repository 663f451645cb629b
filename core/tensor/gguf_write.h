/* GGUF, version 3, written from front to back: metadata and descriptions first, then the tensors' bytes in pieces, so
 * that none needs to be in memory whole. */
#ifndef GAZE_CORE_TENSOR_GGUF_WRITE_H
#define GAZE_CORE_TENSOR_GGUF_WRITE_H

#include "core/base/file.h"
#include "core/tensor/gguf.h"

/* Keys and values in the order in which they are put; begins as {0}. */
typedef struct gaze_gguf_metadata {
  uint8_t *bytes;
  size_t used, capacity;
  uint64_t n;
} gaze_gguf_metadata;

/* The value must fit the type, an integer's. */
GAZE_CHECKED gaze_err gaze_gguf_put_integer(gaze_gguf_metadata *metadata, const char *key, gaze_gguf_type type,
                                            int64_t value);
GAZE_CHECKED gaze_err gaze_gguf_put_number(gaze_gguf_metadata *metadata, const char *key, float value);
GAZE_CHECKED gaze_err gaze_gguf_put_flag(gaze_gguf_metadata *metadata, const char *key, bool value);
GAZE_CHECKED gaze_err gaze_gguf_put_string(gaze_gguf_metadata *metadata, const char *key, const char *value);
GAZE_CHECKED gaze_err gaze_gguf_put_strings(gaze_gguf_metadata *metadata, const char *key, const gaze_gguf_text *values,
                                            size_t n);
/* values: n numbers or bools, as C has the type. */
GAZE_CHECKED gaze_err gaze_gguf_put_array(gaze_gguf_metadata *metadata, const char *key, gaze_gguf_type type,
                                          const void *values, size_t n);
void gaze_gguf_metadata_fini(gaze_gguf_metadata *metadata);

typedef struct gaze_gguf_writer {
  gaze_replace replace;
  const gaze_named_tensor *tensors; /* [n], borrowed */
  size_t n, next, written;          /* tensors begun after, and bytes of the next one that are written */
} gaze_gguf_writer;

/* Of tensors names, dtypes (those that gaze_gguf_open reads) and shapes count; their data come with gaze_gguf_write. */
GAZE_CHECKED gaze_err gaze_gguf_writer_init(gaze_gguf_writer *writer, const char *path,
                                            const gaze_gguf_metadata *metadata, const gaze_named_tensor *tensors,
                                            size_t n);
/* The next bytes of the tensors, which follow each other in the order given. */
GAZE_CHECKED gaze_err gaze_gguf_write(gaze_gguf_writer *writer, const void *bytes, size_t size);
/* When all bytes are there: the file is whole under its name. Without it there is none, or the one of before. */
GAZE_CHECKED gaze_err gaze_gguf_writer_commit(gaze_gguf_writer *writer);
void gaze_gguf_writer_fini(gaze_gguf_writer *writer);

#endif
