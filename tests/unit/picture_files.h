/* What the tests of pictures share: pictures made by formula, copies that end where the data end, and tars of broken
 * pictures. */
#ifndef GAZE_TESTS_UNIT_PICTURE_FILES_H
#define GAZE_TESTS_UNIT_PICTURE_FILES_H

#include "data_files.h"

/* Bytes of a file; free(). */
typedef struct test_bytes {
  uint8_t *data;
  size_t size;
} test_bytes;

/* Colours that differ everywhere; the same for the same arguments. gaze_picture_fini. */
gaze_picture make_picture(int width, int height, unsigned seed);
/* A picture of tests/golden/data/resize, as it lies there. */
test_bytes golden_bytes(const char *name);
/* picture as JPEG: quality 100, no chroma subsampling. exif: an APP1 block or NULL. free(). */
test_bytes make_jpeg(const gaze_picture *picture, bool progressive, const test_bytes *exif);

/* Decodes from a copy that ends where the bytes end, so that a sanitizer sees the first byte read too much. */
gaze_err decode_exactly(const void *bytes, size_t size, const gaze_picture_options *options, gaze_picture_facts *facts,
                        gaze_picture *out);
/* Decodes and forgets; an error must come with a message. */
void decode_anything(const void *bytes, size_t size, const gaze_picture_options *options);

/* Mean absolute difference of two pictures of one size. */
double difference(const gaze_picture *a, const gaze_picture *b);

/* Calls visit for each file of an uncompressed tar. */
void each_of_tar(const char *path, void (*visit)(const char *name, const uint8_t *bytes, size_t size, void *user),
                 void *user);

#endif
