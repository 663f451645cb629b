/* What reader and writer of GGUF share. */
#ifndef GAZE_CORE_TENSOR_GGUF_PARTS_H
#define GAZE_CORE_TENSOR_GGUF_PARTS_H

#include "core/tensor/gguf.h"

#define GAZE_GGUF_ALIGNMENT 32 /* bytes; where general.alignment is absent */

/* What is left to read. */
typedef struct gaze_gguf_cursor {
  const uint8_t *at, *end;
  const char *name; /* of the file, for messages */
} gaze_gguf_cursor;

/* GAZE_ERR_FORMAT beyond the end. */
GAZE_CHECKED gaze_err gaze_gguf_take(gaze_gguf_cursor *cursor, void *out, size_t size);
GAZE_CHECKED gaze_err gaze_gguf_take_text(gaze_gguf_cursor *cursor, gaze_gguf_text *out);

int gaze_gguf_text_compare(gaze_gguf_text a, gaze_gguf_text b); /* by bytes, as strcmp */
gaze_gguf_text gaze_gguf_text_of(const char *text);

/* n keys and their values, ascending by key; *out is yours even of an error: gaze_gguf_values_free. */
GAZE_CHECKED gaze_err gaze_gguf_values_parse(gaze_gguf_cursor *cursor, uint64_t n, gaze_gguf_value **out,
                                             size_t *count);
void gaze_gguf_values_free(gaze_gguf_value *values, size_t n);

size_t gaze_gguf_type_size(gaze_gguf_type type);  /* bytes of an element; 0: it varies */
uint32_t gaze_gguf_tensor_type(gaze_dtype dtype); /* the file's number for it */
size_t gaze_gguf_align(size_t offset, size_t alignment);

#endif
