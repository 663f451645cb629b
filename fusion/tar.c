#include "fusion/tar.h"

#include <string.h>

#define BLOCK 512

/* Byte offsets in a header block. */
enum { NAME = 0, NAME_SIZE = 100, SIZE = 124, SIZE_SIZE = 12, CHECKSUM = 148, CHECKSUM_SIZE = 8, TYPE = 156 };
enum { MAGIC = 257, PREFIX = 345, PREFIX_SIZE = 155 };

void gaze_tar_init(gaze_tar *tar, const void *bytes, size_t size, const char *path) {
  *tar = (gaze_tar){.bytes = bytes, .size = size, .path = path};
}

/* Octal digits between spaces, up to a NUL; or, with the top bit set, big-endian binary (GNU). */
static bool read_number(const uint8_t *field, size_t size, uint64_t *out) {
  uint64_t value = 0;
  if (field[0] & 0x80) {
    for (size_t i = 0; i < size; i++) {
      if (value >> 55)
        return false;
      value = value << 8 | (i ? field[i] : field[i] & 0x7fu);
    }
    *out = value;
    return true;
  }
  size_t i = 0;
  while (i < size && field[i] == ' ')
    i++;
  for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
    value = value << 3 | (uint64_t)(field[i] - '0');
  *out = value;
  return i == size || field[i] == ' ' || field[i] == 0;
}

/* Some old programs summed signed characters. */
static bool is_checksum_right(const uint8_t *block) {
  uint64_t stored;
  if (!read_number(block + CHECKSUM, CHECKSUM_SIZE, &stored))
    return false;
  uint32_t sum = 0, negative = 0;
  for (size_t i = 0; i < BLOCK; i++) {
    sum += block[i];
    negative += block[i] >> 7;
  }
  for (size_t i = CHECKSUM; i < CHECKSUM + CHECKSUM_SIZE; i++) {
    sum += ' ' - (uint32_t)block[i];
    negative -= block[i] >> 7;
  }
  return stored == sum || stored == (uint32_t)(sum - 256 * negative);
}

static bool is_zero(const uint8_t *block) {
  uint8_t any = 0;
  for (size_t i = 0; i < BLOCK; i++)
    any |= block[i];
  return any == 0;
}

bool gaze_tar_check(const void *bytes, size_t size) {
  return size >= BLOCK && !is_zero(bytes) && is_checksum_right(bytes);
}

static gaze_err fail_at(const gaze_tar *tar, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "%s: %s at byte %zu: copy or pack the tar again", what, tar->path, tar->offset);
}

static gaze_err set_name(gaze_tar *tar, const void *text, size_t size) {
  size = strnlen(text, size);
  if (size > GAZE_TAR_NAME_MAX)
    return fail_at(tar, "file name too long in tar");
  memcpy(tar->name, text, size);
  tar->name[size] = 0;
  return GAZE_OK;
}

/* ustar splits long names into prefix and name; GNU's own magic ("ustar " with a space) uses these bytes otherwise. */
static void set_header_name(gaze_tar *tar, const uint8_t *block) {
  size_t used = 0;
  if (memcmp(block + MAGIC, "ustar", 6) == 0 && block[PREFIX]) {
    used = strnlen((const char *)block + PREFIX, PREFIX_SIZE);
    memcpy(tar->name, block + PREFIX, used);
    tar->name[used++] = '/';
  }
  size_t length = strnlen((const char *)block + NAME, NAME_SIZE);
  memcpy(tar->name + used, block + NAME, length);
  tar->name[used + length] = 0;
}

static bool read_decimal(const char *text, const char *end, uint64_t *out) {
  *out = 0;
  const char *at = text;
  for (; at < end && *at >= '0' && *at <= '9'; at++)
    if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, (uint64_t)(*at - '0'), out))
      return false;
  return at == end && at > text;
}

/* What extended headers say of the member that follows them. */
typedef struct tar_extension {
  bool has_name, has_size;
  uint64_t size;
} tar_extension;

/* Pax records: "LENGTH KEY=VALUE\n", LENGTH counting the whole record. */
static gaze_err read_pax(gaze_tar *tar, const char *at, const char *end, tar_extension *out) {
  while (at < end) {
    uint64_t length;
    const char *space = memchr(at, ' ', (size_t)(end - at));
    if (!space || !read_decimal(at, space, &length) || length > (uint64_t)(end - at) ||
        length < (uint64_t)(space - at) + 2 || at[length - 1] != '\n')
      return fail_at(tar, "broken pax header in tar");
    const char *key = space + 1, *last = at + length - 1;
    const char *value = memchr(key, '=', (size_t)(last - key));
    if (!value)
      return fail_at(tar, "broken pax header in tar");
    value++;
    if (value - key == 5 && memcmp(key, "path=", 5) == 0) {
      GAZE_TRY(set_name(tar, value, (size_t)(last - value)));
      out->has_name = true;
    } else if (value - key == 5 && memcmp(key, "size=", 5) == 0) {
      out->has_size = read_decimal(value, last, &out->size);
      if (!out->has_size)
        return fail_at(tar, "broken pax header in tar");
    }
    at += length;
  }
  return GAZE_OK;
}

static bool is_file(char type) { return type == '0' || type == 0 || type == '7'; }

/* Links, devices and folders have no data whatever their size says. */
static bool has_data(char type) { return type < '1' || type > '6'; }

/* Reads a header block, and gives where its data lie; the offset goes past them. */
static gaze_err read_block(gaze_tar *tar, const tar_extension *extension, char *type, gaze_tar_member *out) {
  const uint8_t *block = tar->bytes + tar->offset;
  uint64_t size;
  if (tar->size - tar->offset < BLOCK)
    return fail_at(tar, "tar ends within a header");
  if (!is_checksum_right(block) || !read_number(block + SIZE, SIZE_SIZE, &size))
    return fail_at(tar, "wrong checksum in tar");
  *type = (char)block[TYPE];
  size = extension->has_size && *type != 'L' && *type != 'x' ? extension->size : size;
  size = has_data(*type) ? size : 0;
  uint64_t there = tar->size - tar->offset - BLOCK;
  if (size > there)
    return fail_at(tar, "tar ends within a file");
  *out = (gaze_tar_member){tar->name, block + BLOCK, (size_t)size};
  uint64_t padded = (size + BLOCK - 1) / BLOCK * BLOCK;
  tar->offset += BLOCK + (size_t)(padded < there ? padded : there);
  return GAZE_OK;
}

/* Folders of tars older than ustar, which had no type for them. */
static bool is_folder_name(const char *name) { return *name && name[strlen(name) - 1] == '/'; }

gaze_err gaze_tar_next(gaze_tar *tar, gaze_tar_member *out, bool *found) {
  tar_extension extension = {0};
  while (tar->offset < tar->size) {
    const uint8_t *block = tar->bytes + tar->offset;
    if (tar->size - tar->offset >= BLOCK && is_zero(block)) {
      *found = false;
      return GAZE_OK;
    }
    char type = 0;
    gaze_tar_member member;
    GAZE_TRY(read_block(tar, &extension, &type, &member));
    if (type == 'L') {
      GAZE_TRY(set_name(tar, member.data, member.size));
      extension.has_name = true;
    } else if (type == 'x') {
      GAZE_TRY(read_pax(tar, (const char *)member.data, (const char *)member.data + member.size, &extension));
    } else if (is_file(type)) {
      if (!extension.has_name)
        set_header_name(tar, block);
      extension = (tar_extension){0};
      if (is_folder_name(tar->name))
        continue;
      *out = member;
      *found = true;
      return GAZE_OK;
    } else if (type != 'g' && type != 'K') {
      extension = (tar_extension){0};
    }
  }
  gaze_warn("tar without its end mark: %s: it may have been cut short", tar->path);
  *found = false;
  return GAZE_OK;
}
