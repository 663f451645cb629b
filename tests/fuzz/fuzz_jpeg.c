/* A JPEG as gaze decodes it by default, and with every leniency. */
#include "tests/fuzz/fuzz_picture.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_picture_options strict = {.max_megapixels = 1};
  static const gaze_picture_options lenient = {
      .max_megapixels = 1, .allow_truncated = true, .ignore_orientation = true, .fast_decode = true, .fast_target = 2};
  if (size < 3 || memcmp(data, "\xff\xd8\xff", 3) != 0)
    return 0;
  fuzz_picture(data, size, &strict);
  fuzz_picture(data, size, &lenient);
  return 0;
}
