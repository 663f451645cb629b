/* A WebP, still or moving, as gaze decodes it by default, and with every leniency. */
#include "tests/fuzz/fuzz_picture.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_picture_options strict = {.max_megapixels = 1};
  static const gaze_picture_options lenient = {.max_megapixels = 1, .allow_truncated = true, .drop_alpha = true};
  if (size < 12 || memcmp(data + 8, "WEBP", 4) != 0)
    return 0;
  fuzz_picture(data, size, &strict);
  fuzz_picture(data, size, &lenient);
  return 0;
}
