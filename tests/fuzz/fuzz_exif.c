/* A TIFF block as EXIF: whatever it holds, the facts are sane. */
#include "vision/exif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t room) {
  size_t length = strnlen(text, room);
  if (length == room)
    abort();
  for (size_t i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~')
      abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_exif exif;
  gaze_exif_init(&exif);
  gaze_exif_read(data, size, &exif);
  check_text(exif.facts.taken, sizeof exif.facts.taken);
  check_text(exif.facts.camera, sizeof exif.facts.camera);
  if (exif.orientation < 1 || exif.orientation > 8)
    abort();
  if (exif.facts.taken[0] && strlen(exif.facts.taken) != strlen("2021-01-02 03:04:05"))
    abort();
  if (!(fabs(exif.facts.latitude) <= 90 && fabs(exif.facts.longitude) <= 180))
    abort();
  return 0;
}
