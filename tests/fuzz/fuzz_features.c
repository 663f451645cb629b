/* Features of pictures that an earlier call left. */
#include "fusion/features_file.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that is read must be there. */
static void read_features(const uint8_t *bytes, size_t size) {
  gaze_features_head head = {.rows = 2, .C = 3};
  const gaze_features_picture *pictures;
  const float *values, *end = (const float *)(const void *)(bytes + size);
  if (size < sizeof head)
    return;
  memcpy(head.key, bytes + offsetof(gaze_features_head, key), sizeof head.key);
  memcpy(&head.pictures, bytes + offsetof(gaze_features_head, pictures), sizeof head.pictures);
  if (gaze_features_read(bytes, size, "fuzz", &head, &pictures, &values) != GAZE_OK)
    return;
  if (values + head.n * head.rows * head.C != end)
    abort();
  for (uint64_t i = 0; i < head.pictures; i++)
    if (pictures[i].which != GAZE_NO_FEATURES && pictures[i].which >= head.n)
      abort();
}

/* As it is, and with the check that fits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *bytes;
  gaze_features_head head;
  if (gaze_alloc(1, size, &bytes) != GAZE_OK)
    return 0;
  memcpy(bytes, data, size);
  read_features(bytes, size);
  if (size >= sizeof head)
    memcpy(&head, bytes, sizeof head);
  if (size >= sizeof head && head.pictures <= size / sizeof(gaze_features_picture) &&
      gaze_features_at(head.pictures) <= size) {
    XXH3_state_t *state = XXH3_createState();
    if (!state)
      abort();
    head.check = 0;
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, bytes + gaze_features_at(head.pictures), size - gaze_features_at(head.pictures));
    XXH3_64bits_update(state, bytes + sizeof head, head.pictures * sizeof(gaze_features_picture));
    XXH3_64bits_update(state, &head, sizeof head);
    head.check = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    memcpy(bytes, &head, sizeof head);
    read_features(bytes, size);
  }
  free(bytes);
  return 0;
}
