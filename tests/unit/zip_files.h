/* What the tests of weights share: zip archives, and torch.save's files in them. */
#ifndef GAZE_TESTS_UNIT_ZIP_FILES_H
#define GAZE_TESTS_UNIT_ZIP_FILES_H

#include "core/tensor/safetensors.h"
#include "data_files.h"

/* A zip in memory, of stored entries. */
typedef struct test_zip {
  uint8_t *bytes, *directory;
  size_t size, directory_size, n;
} test_zip;

void zip_add(test_zip *zip, const char *name, const void *data, size_t size);
/* The directory goes behind the entries. zip64: numbers of 64 bits, and none of 32. */
void zip_end(test_zip *zip, bool zip64);
void zip_free(test_zip *zip);

/* tests/golden/data/weights/NAME; a static buffer, good until the eighth call after. */
const char *weights_path(const char *name);
/* The state dictionary of F32 tensors as torch.save writes it. */
void write_torch_file(const char *path, const gaze_named_tensor *tensors, size_t n);

/* Fails unless name, dtype, shape and bytes are the same. */
void check_same_tensor(const gaze_named_tensor *got, const gaze_named_tensor *wanted);

#endif
