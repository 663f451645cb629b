/* What a hub answers: headers, a line each, then an empty line and the list of files. */
#include "fusion/hub.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_headers(const gaze_hub_headers *headers) {
  if ((*headers->commit && !gaze_hub_is_commit(headers->commit)) || (*headers->oid && !gaze_hub_is_oid(headers->oid)) ||
      (*headers->linked_oid && !gaze_hub_is_oid(headers->linked_oid)))
    abort();
  if (headers->length < -1 || headers->linked_size < -1 || headers->range_start < -1 || headers->range_total < -1 ||
      (headers->range_total >= 0 && headers->range_total <= headers->range_start) ||
      strlen(headers->location) >= sizeof headers->location)
    abort();
}

/* A path that passes must not climb, whoever joins it. */
static void check_file(const gaze_hub_file *file) {
  const char *path = file->path;
  size_t length = strlen(path);
  if (!length || *path == '/' || strchr(path, '\\') || strstr(path, "//") || strstr(path, "/../") ||
      strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0 || path[length - 1] == '/' ||
      (length > 2 && strcmp(path + length - 3, "/..") == 0))
    abort();
  if ((*file->oid && !gaze_hub_is_oid(file->oid)) || file->size < -1)
    abort();
}

static void check_listing(const uint8_t *data, size_t size) {
  gaze_hub_listing listing;
  if (gaze_hub_listing_parse(data, size, "fuzz", &listing) != GAZE_OK)
    return;
  if (!gaze_hub_is_commit(listing.commit))
    abort();
  for (size_t i = 0; i < listing.n; i++)
    check_file(&listing.files[i]);
  size_t n = listing.n;
  if (gaze_hub_choose(&listing, NULL, 0, "fuzz") == GAZE_OK && (listing.n == 0 || listing.n > n))
    abort();
  gaze_hub_listing_fini(&listing);
}

/* The first bytes as the names that a person types. */
static void check_names(const uint8_t *data, size_t size) {
  char name[300];
  size_t length = size < sizeof name - 1 ? size : sizeof name - 1;
  memcpy(name, data, length);
  name[length] = 0;
  if (gaze_hub_is_id(name) && (!strchr(name, '/') || strchr(name, '/') != strrchr(name, '/') || strstr(name, "..")))
    abort();
  if (gaze_hub_is_revision(name) && (*name == '/' || strstr(name, "..") || strpbrk(name, "?#%\\ \n")))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_hub_headers headers;
  gaze_hub_headers_init(&headers);
  check_names(data, size);
  while (size) {
    const uint8_t *end = memchr(data, '\n', size);
    size_t length = end ? (size_t)(end - data) + 1 : size;
    gaze_hub_headers_read(&headers, (const char *)data, length);
    data += length;
    size -= length;
    if (length == 1)
      break;
  }
  check_headers(&headers);
  check_listing(data, size);
  return 0;
}
