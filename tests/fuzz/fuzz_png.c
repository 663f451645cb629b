/* A PNG as gaze decodes it by default, and with every leniency. Changed chunks get their right checksum, since hardly
 * any change would be seen otherwise. */
#include "core/base/memory.h"
#include "tests/fuzz/fuzz_picture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SIGNATURE "\x89PNG\r\n\x1a\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A chunk: length, name, data, checksum of name and data; numbers big-endian. */
static void sign_chunks(uint8_t *data, size_t size) {
  for (size_t at = 8; size - at >= 12;) {
    size_t length = (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
    if (length > size - at - 12)
      return;
    uLong sum = crc32(0, data + at + 4, (uInt)length + 4);
    for (int i = 0; i < 4; i++)
      data[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    at += 12 + length;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_picture_options strict = {.max_megapixels = 1};
  static const gaze_picture_options lenient = {.max_megapixels = 1, .allow_truncated = true, .drop_alpha = true};
  uint8_t *copy;
  if (size < 8 || memcmp(data, SIGNATURE, 8) != 0 || gaze_alloc(size, 1, &copy) != GAZE_OK)
    return 0;
  memcpy(copy, data, size);
  sign_chunks(copy, size);
  fuzz_picture(copy, size, &strict);
  fuzz_picture(copy, size, &lenient);
  free(copy);
  return 0;
}
