/* GGUF (ggml's container, versions 2 and 3): typed metadata, descriptions of tensors, their bytes. Read in place from a
 * mapped file: all of it is checked against the file's end, and tensors against their neighbours, before anything is
 * handed out. */
#ifndef GAZE_CORE_TENSOR_GGUF_H
#define GAZE_CORE_TENSOR_GGUF_H

#include "core/tensor/safetensors.h"

typedef enum gaze_gguf_type { /* as the file numbers them */
                              GAZE_GGUF_U8,
                              GAZE_GGUF_I8,
                              GAZE_GGUF_U16,
                              GAZE_GGUF_I16,
                              GAZE_GGUF_U32,
                              GAZE_GGUF_I32,
                              GAZE_GGUF_F32,
                              GAZE_GGUF_BOOL,
                              GAZE_GGUF_STRING,
                              GAZE_GGUF_ARRAY,
                              GAZE_GGUF_U64,
                              GAZE_GGUF_I64,
                              GAZE_GGUF_F64,
                              GAZE_GGUF_TYPES
} gaze_gguf_type;

/* Any bytes, none of which ends it. */
typedef struct gaze_gguf_text {
  const char *bytes; /* borrowed from the file; NULL: absent */
  size_t length;
} gaze_gguf_text;

typedef struct gaze_gguf_value {
  gaze_gguf_text key;
  gaze_gguf_type type; /* of an array: of its elements, which are no arrays */
  bool array;
  size_t n;            /* elements; 1 unless an array */
  const uint8_t *data; /* as they lie in the file, on no boundary */
  size_t *starts;      /* of an array of strings: [n], bytes from data to each; else NULL */
} gaze_gguf_value;

typedef struct gaze_gguf gaze_gguf;

GAZE_CHECKED gaze_err gaze_gguf_open(const char *path, gaze_gguf **out);
void gaze_gguf_close(gaze_gguf *file);
void gaze_gguf_forget(const gaze_gguf *file); /* as gaze_map_forget */
/* Bytes already in memory; what gaze_gguf_open does after mapping. *out borrows bytes. */
GAZE_CHECKED gaze_err gaze_gguf_parse(const void *bytes, size_t size, const char *name, gaze_gguf **out);
const char *gaze_gguf_name(const gaze_gguf *file); /* the path, for messages */

/* A tensor's shape is in our order, outermost first: ne[0] of ggml is the last. */
size_t gaze_gguf_count(const gaze_gguf *file);
const gaze_named_tensor *gaze_gguf_get(const gaze_gguf *file, size_t i); /* by name, ascending */

size_t gaze_gguf_value_count(const gaze_gguf *file);
const gaze_gguf_value *gaze_gguf_value_get(const gaze_gguf *file, size_t i);     /* by key, ascending */
const gaze_gguf_value *gaze_gguf_find(const gaze_gguf *file, const char *key);   /* borrowed; NULL: absent */
GAZE_CHECKED gaze_err gaze_gguf_require(const gaze_gguf *file, const char *key); /* GAZE_ERR_FORMAT if absent */
const char *gaze_gguf_type_name(gaze_gguf_type type);                            /* "u8", "string", ... */

/* The value of a key. Absent: *out stays as it was, so that it may hold a default. A value of another type, or outside
 * of [low, high], or not finite, is GAZE_ERR_FORMAT. */
GAZE_CHECKED gaze_err gaze_gguf_integer(const gaze_gguf *file, const char *key, int64_t low, int64_t high,
                                        int64_t *out);
GAZE_CHECKED gaze_err gaze_gguf_number(const gaze_gguf *file, const char *key, double *out); /* integers, too */
GAZE_CHECKED gaze_err gaze_gguf_flag(const gaze_gguf *file, const char *key, bool *out);
GAZE_CHECKED gaze_err gaze_gguf_string(const gaze_gguf *file, const char *key, gaze_gguf_text *out);

/* The array of a key, whose elements are then taken one by one; *out NULL: absent. */
GAZE_CHECKED gaze_err gaze_gguf_strings(const gaze_gguf *file, const char *key, const gaze_gguf_value **out);
GAZE_CHECKED gaze_err gaze_gguf_integers(const gaze_gguf *file, const char *key, const gaze_gguf_value **out);
GAZE_CHECKED gaze_err gaze_gguf_numbers(const gaze_gguf *file, const char *key, const gaze_gguf_value **out);
/* i < n, of a type that the function's name says; a value that is no array has one element. */
gaze_gguf_text gaze_gguf_string_at(const gaze_gguf_value *value, size_t i);
int64_t gaze_gguf_integer_at(const gaze_gguf_value *value, size_t i); /* bool, too; beyond INT64_MAX: INT64_MAX */
double gaze_gguf_number_at(const gaze_gguf_value *value, size_t i); /* integers, too; infinities and NaN as they are */

bool gaze_gguf_text_is(gaze_gguf_text text, const char *expected);

#endif
