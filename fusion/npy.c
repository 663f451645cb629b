#include "fusion/npy.h"

#include "core/base/file.h"

#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
#define HEADER_ALIGN 64 /* NumPy pads the header with spaces up to this */

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "npy.c reads and writes the machine's floats as they are, and .npy holds little-endian ones"
#endif

/* The header is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } */
typedef struct reader {
  const char *at, *end;
} reader;

static bool take(reader *text, const char *word) {
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\n'))
    text->at++;
  size_t length = strlen(word);
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0)
    return false;
  text->at += length;
  return true;
}

static bool take_descr(reader *text, gaze_dtype *dtype, bool *known) {
  if (!take(text, "'"))
    return false;
  *known = take(text, "<f4'");
  if (*known) {
    *dtype = GAZE_DTYPE_F32;
    return true;
  }
  *known = take(text, "<f2'");
  if (*known) {
    *dtype = GAZE_DTYPE_F16;
    return true;
  }
  const char *quote = memchr(text->at, '\'', (size_t)(text->end - text->at));
  if (quote)
    text->at = quote + 1;
  return quote != NULL;
}

static bool take_number(reader *text, size_t *out) {
  take(text, "");
  size_t value = 0;
  const char *start = text->at;
  for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *text->at - '0', &value))
      return false;
  *out = value;
  return text->at > start;
}

static bool take_shape(reader *text, gaze_tensor *tensor) {
  if (!take(text, "("))
    return false;
  for (tensor->rank = 0; !take(text, ")"); tensor->rank++) {
    if (tensor->rank == GAZE_RANK_MAX || !take_number(text, &tensor->shape[tensor->rank]))
      return false;
    if (!take(text, ",") && (text->at == text->end || *text->at != ')'))
      return false;
  }
  return true;
}

typedef struct header {
  gaze_tensor tensor;
  bool has_descr, has_order, has_shape, known_dtype, fortran;
} header;

static bool take_member(reader *text, header *out) {
  if (take(text, "'descr':"))
    return out->has_descr = take_descr(text, &out->tensor.dtype, &out->known_dtype);
  if (take(text, "'shape':"))
    return out->has_shape = take_shape(text, &out->tensor);
  if (!take(text, "'fortran_order':"))
    return false;
  out->has_order = true;
  out->fortran = take(text, "True");
  return out->fortran || take(text, "False");
}

static bool read_header(reader text, header *out) {
  if (!take(&text, "{"))
    return false;
  while (!take(&text, "}")) {
    if (!take_member(&text, out))
      return false;
    if (!take(&text, ",") && (text.at == text.end || *text.at != '}'))
      return false;
  }
  return out->has_descr && out->has_order && out->has_shape && take(&text, "") && text.at == text.end;
}

/* Finds the header's text; what follows it is the data. */
static gaze_err find_header(const uint8_t *bytes, size_t size, const char *name, reader *out) {
  if (size < MAGIC_SIZE + 4 || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
    return gaze_fail(GAZE_ERR_FORMAT, "not a .npy file: %s: save it with numpy.save", name);
  unsigned version = bytes[MAGIC_SIZE];
  if (version != 1 && version != 2)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown .npy version %u: %s: save it as version 1.0", version, name);
  size_t start = MAGIC_SIZE + 2 + (version == 1 ? 2 : 4), length = bytes[8] | (size_t)bytes[9] << 8;
  if (version == 2 && size >= start)
    length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (size < start || size - start < length)
    return gaze_fail(GAZE_ERR_FORMAT, ".npy file ends within its header: %s: copy it again", name);
  const char *text = (const char *)bytes + start;
  *out = (reader){text, text + length};
  return GAZE_OK;
}

gaze_err gaze_npy_parse(const void *bytes, size_t size, const char *name, gaze_tensor *out) {
  reader text = {0};
  GAZE_TRY(find_header(bytes, size, name, &text));
  header found = {0};
  if (!read_header(text, &found))
    return gaze_fail(GAZE_ERR_FORMAT, "broken .npy header: %s: save it with numpy.save", name);
  gaze_tensor *tensor = &found.tensor;
  if (!found.known_dtype || found.fortran || tensor->rank < 1 || tensor->rank > 2)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "unsupported .npy contents: %s: save float16 or float32 of one or two dimensions in C order",
                     name);
  size_t wanted = gaze_dtype_size(tensor->dtype),
         there = size - (size_t)((const uint8_t *)text.end - (const uint8_t *)bytes);
  for (int i = 0; i < tensor->rank; i++)
    if (__builtin_mul_overflow(wanted, tensor->shape[i], &wanted))
      return gaze_fail(GAZE_ERR_FORMAT, "impossible shape in .npy header: %s: save it again", name);
  if (wanted != there)
    return gaze_fail(GAZE_ERR_FORMAT, ".npy file has %zu bytes of data where its header says %zu: %s: save it again",
                     there, wanted, name);
  if ((uintptr_t)text.end % gaze_dtype_size(tensor->dtype) != 0)
    return gaze_fail(GAZE_ERR_FORMAT, ".npy data not aligned: %s: save it with numpy.save", name);
  tensor->data = text.end;
  *out = *tensor;
  return GAZE_OK;
}

static bool write_array(FILE *stream, const float *data, size_t rows, size_t columns) {
  char text[HEADER_ALIGN * 4];
  int length =
      snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", rows, columns);
  size_t prefix = MAGIC_SIZE + 4;
  size_t padded = (prefix + (size_t)length + 1 + HEADER_ALIGN - 1) / HEADER_ALIGN * HEADER_ALIGN - prefix;
  uint8_t start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(padded & 0xff), (uint8_t)(padded >> 8)};
  bool written = fwrite(start, 1, sizeof start, stream) == sizeof start;
  written = written && fprintf(stream, "%-*s\n", (int)padded - 1, text) == (int)padded;
  return written && fwrite(data, sizeof *data * columns, rows, stream) == (columns ? rows : 0);
}

gaze_err gaze_npy_save(const char *path, const float *data, size_t rows, size_t columns) {
  if (strcmp(path, "-") == 0) {
    if (!write_array(stdout, data, rows, columns) || fflush(stdout) != 0)
      return gaze_fail_errno(GAZE_ERR_IO, "cannot write: standard output");
    return GAZE_OK;
  }
  gaze_replace replace;
  GAZE_TRY(gaze_replace_init(&replace, path));
  gaze_err err = write_array(replace.stream, data, rows, columns)
                     ? gaze_replace_commit(&replace)
                     : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space or choose another place", path);
  gaze_replace_fini(&replace);
  return err;
}
