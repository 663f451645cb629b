#include "fusion/session.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LAYERS = 2, HEADS = 1, HEAD_DIM = 4, ROWS = 64 };

static void read_session(gaze_assistant *assistant, gaze_reading *reading, const uint8_t *data, size_t size) {
  gaze_session session;
  if (gaze_session_read(assistant, reading, data, size, "fuzz", &session) != GAZE_OK)
    return;
  gaze_session_restore(&session, reading);
  gaze_session_close(&session);
}

/* As it is, and with a checksum that fits. The seeds' model is the one below. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char path[] = "fuzz";
  static gaze_assistant assistant = {.path = path, .key = "0123456789abcdef0123456789abcdef", .context = ROWS};
  static gaze_eye eye = {.config.tiling = {.kind = GAZE_TILING_WHOLE, .tile_rows = 4}};
  static gaze_reading reading;
  if (!reading.cache) {
    assistant.eye = &eye;
    assistant.decoder.config.vocabulary = 64;
    if (gaze_chat_template_find("plain", &assistant.chat) != GAZE_OK ||
        gaze_kv_cache_new(LAYERS, HEADS, HEAD_DIM, ROWS, GAZE_DTYPE_F16, &reading.cache) != GAZE_OK ||
        gaze_alloc(ROWS, sizeof *reading.keys, &reading.keys) != GAZE_OK)
      abort();
  }
  read_session(&assistant, &reading, data, size);
  if (size < GAZE_SESSION_CHECK)
    return 0;
  uint8_t *copy = malloc(size);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  uint64_t sum = XXH3_64bits(copy, size - GAZE_SESSION_CHECK);
  memcpy(copy + size - GAZE_SESSION_CHECK, &sum, sizeof sum);
  read_session(&assistant, &reading, copy, size);
  free(copy);
  return 0;
}
