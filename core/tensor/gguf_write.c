#include "core/tensor/gguf_write.h"

#include "core/base/memory.h"
#include "core/tensor/gguf_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 3
#define NAME_MAX 63 /* bytes of a tensor's name that ggml takes */

/* Numbers are little-endian, as every machine gaze runs on. */
static gaze_err put(gaze_gguf_metadata *metadata, const void *bytes, size_t size) {
  GAZE_TRY(gaze_grow(&metadata->bytes, &metadata->capacity, metadata->used + size, 1));
  if (size)
    memcpy(metadata->bytes + metadata->used, bytes, size);
  metadata->used += size;
  return GAZE_OK;
}

static gaze_err put_u32(gaze_gguf_metadata *metadata, uint32_t value) { return put(metadata, &value, sizeof value); }
static gaze_err put_u64(gaze_gguf_metadata *metadata, uint64_t value) { return put(metadata, &value, sizeof value); }

static gaze_err put_text(gaze_gguf_metadata *metadata, gaze_gguf_text text) {
  GAZE_TRY(put_u64(metadata, text.length));
  return put(metadata, text.bytes, text.length);
}

static gaze_err put_key(gaze_gguf_metadata *metadata, const char *key, gaze_gguf_type type) {
  metadata->n++;
  GAZE_TRY(put_text(metadata, gaze_gguf_text_of(key)));
  return put_u32(metadata, type);
}

gaze_err gaze_gguf_put_integer(gaze_gguf_metadata *metadata, const char *key, gaze_gguf_type type, int64_t value) {
  GAZE_TRY(put_key(metadata, key, type));
  return put(metadata, &value, gaze_gguf_type_size(type)); /* the lowest bytes come first */
}

gaze_err gaze_gguf_put_number(gaze_gguf_metadata *metadata, const char *key, float value) {
  GAZE_TRY(put_key(metadata, key, GAZE_GGUF_F32));
  return put(metadata, &value, sizeof value);
}

gaze_err gaze_gguf_put_flag(gaze_gguf_metadata *metadata, const char *key, bool value) {
  return gaze_gguf_put_integer(metadata, key, GAZE_GGUF_BOOL, value);
}

gaze_err gaze_gguf_put_string(gaze_gguf_metadata *metadata, const char *key, const char *value) {
  GAZE_TRY(put_key(metadata, key, GAZE_GGUF_STRING));
  return put_text(metadata, gaze_gguf_text_of(value));
}

static gaze_err put_array(gaze_gguf_metadata *metadata, const char *key, gaze_gguf_type type, size_t n) {
  GAZE_TRY(put_key(metadata, key, GAZE_GGUF_ARRAY));
  GAZE_TRY(put_u32(metadata, type));
  return put_u64(metadata, n);
}

gaze_err gaze_gguf_put_strings(gaze_gguf_metadata *metadata, const char *key, const gaze_gguf_text *values, size_t n) {
  GAZE_TRY(put_array(metadata, key, GAZE_GGUF_STRING, n));
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(put_text(metadata, values[i]));
  return GAZE_OK;
}

gaze_err gaze_gguf_put_array(gaze_gguf_metadata *metadata, const char *key, gaze_gguf_type type, const void *values,
                             size_t n) {
  GAZE_TRY(put_array(metadata, key, type, n));
  return put(metadata, values, n * gaze_gguf_type_size(type));
}

void gaze_gguf_metadata_fini(gaze_gguf_metadata *metadata) {
  free(metadata->bytes);
  *metadata = (gaze_gguf_metadata){0};
}

static size_t bytes_of(const gaze_tensor *tensor) { return gaze_dtype_bytes(tensor->dtype, gaze_tensor_count(tensor)); }

static gaze_err describe(gaze_gguf_metadata *head, const gaze_named_tensor *tensor, size_t offset, const char *path) {
  if (strlen(tensor->name) > NAME_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "name too long for a GGUF: %s: %s: at most %d bytes", tensor->name, path,
                     NAME_MAX);
  GAZE_TRY(put_text(head, gaze_gguf_text_of(tensor->name)));
  GAZE_TRY(put_u32(head, (uint32_t)tensor->tensor.rank));
  for (int i = tensor->tensor.rank; i-- > 0;)
    GAZE_TRY(put_u64(head, tensor->tensor.shape[i]));
  GAZE_TRY(put_u32(head, gaze_gguf_tensor_type(tensor->tensor.dtype)));
  return put_u64(head, offset);
}

/* Everything in front of the tensors' bytes. */
static gaze_err put_head(gaze_gguf_metadata *head, const gaze_gguf_metadata *metadata, const gaze_gguf_writer *writer) {
  size_t offset = 0;
  GAZE_TRY(put(head, "GGUF", 4));
  GAZE_TRY(put_u32(head, VERSION));
  GAZE_TRY(put_u64(head, writer->n));
  GAZE_TRY(put_u64(head, metadata->n));
  GAZE_TRY(put(head, metadata->bytes, metadata->used));
  for (size_t i = 0; i < writer->n; i++) {
    GAZE_TRY(describe(head, &writer->tensors[i], offset, writer->replace.path));
    offset += gaze_gguf_align(bytes_of(&writer->tensors[i].tensor), GAZE_GGUF_ALIGNMENT);
  }
  return GAZE_OK;
}

static void pad(gaze_gguf_writer *writer, size_t size) {
  static const uint8_t zeros[GAZE_GGUF_ALIGNMENT];
  fwrite(zeros, 1, gaze_gguf_align(size, GAZE_GGUF_ALIGNMENT) - size, writer->replace.stream);
}

/* Tensors whose bytes are all there, empty ones among them. */
static void step_over_whole(gaze_gguf_writer *writer) {
  while (writer->next < writer->n && writer->written == bytes_of(&writer->tensors[writer->next].tensor)) {
    pad(writer, writer->written);
    writer->next++, writer->written = 0;
  }
}

gaze_err gaze_gguf_writer_init(gaze_gguf_writer *writer, const char *path, const gaze_gguf_metadata *metadata,
                               const gaze_named_tensor *tensors, size_t n) {
  gaze_gguf_metadata head = {0};
  *writer = (gaze_gguf_writer){.tensors = tensors, .n = n};
  GAZE_TRY(gaze_replace_init(&writer->replace, path));
  gaze_err err = put_head(&head, metadata, writer);
  if (err == GAZE_OK) {
    fwrite(head.bytes, 1, head.used, writer->replace.stream);
    pad(writer, head.used);
    step_over_whole(writer);
  } else
    gaze_gguf_writer_fini(writer);
  gaze_gguf_metadata_fini(&head);
  return err;
}

gaze_err gaze_gguf_write(gaze_gguf_writer *writer, const void *bytes, size_t size) {
  const uint8_t *at = bytes;
  while (size) {
    assert(writer->next < writer->n);
    size_t room = bytes_of(&writer->tensors[writer->next].tensor) - writer->written, part = size < room ? size : room;
    fwrite(at, 1, part, writer->replace.stream);
    writer->written += part;
    at += part, size -= part;
    step_over_whole(writer);
  }
  return ferror(writer->replace.stream) ? gaze_replace_commit(&writer->replace)
                                        : GAZE_OK; /* which refuses, with words */
}

gaze_err gaze_gguf_writer_commit(gaze_gguf_writer *writer) {
  assert(writer->next == writer->n);
  return gaze_replace_commit(&writer->replace);
}

void gaze_gguf_writer_fini(gaze_gguf_writer *writer) { gaze_replace_fini(&writer->replace); }
