/* zip archives of stored entries, read in place: what torch.save writes. Format: PKWARE's APPNOTE.TXT, 4.3 and, for
 * archives beyond 4 GiB (zip64), 4.5.3. */
#ifndef GAZE_CORE_TENSOR_ZIP_H
#define GAZE_CORE_TENSOR_ZIP_H

#include "core/base/error.h"

typedef struct gaze_zip_entry {
  const char *name; /* borrowed; name_length bytes, no 0 behind them */
  size_t name_length;
  const uint8_t *data; /* borrowed */
  size_t size;
} gaze_zip_entry;

typedef struct gaze_zip {
  gaze_zip_entry *entries; /* [n], ascending by name, no two alike, no two sharing a byte */
  size_t n;
} gaze_zip;

bool gaze_zip_is(const void *bytes, size_t size); /* by its first bytes */
/* Borrows bytes. Compressed or encrypted entries are GAZE_ERR_UNSUPPORTED by name. Checksums are not looked at: that
 * would read the whole file. name: for messages. */
GAZE_CHECKED gaze_err gaze_zip_init(gaze_zip *zip, const void *bytes, size_t size, const char *name);
void gaze_zip_fini(gaze_zip *zip);
/* NULL: absent. name: length bytes. */
const gaze_zip_entry *gaze_zip_find(const gaze_zip *zip, const char *name, size_t length);

#endif
