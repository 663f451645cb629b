/* What an endpoint answers. The first byte chooses kind and language; then the answer in JSON, or, after a second byte
 * 0, the model's text alone. */
#include "fusion/instruct_reply.h"
#include "text/points.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is kept can be trained on. */
static void check_turns(const gaze_turns *turns, gaze_record_kind kind, const char *reason) {
  if (kind != GAZE_CONVERSATION && turns->n != 1)
    abort();
  for (size_t i = 0; i < turns->n; i++)
    if (!*turns->items[i].question || !*turns->items[i].answer || strstr(turns->items[i].question, "<image>") ||
        strstr(turns->items[i].answer, "<image>"))
      abort();
}

/* It is written as JSON. */
static void check_reason(const char *reason) {
  int32_t point = 0;
  for (size_t i = 0, size = strlen(reason); i < size;
       i += gaze_point_decode((const uint8_t *)reason + i, size - i, &point))
    if (point < 0)
      abort();
  if (point < 0)
    abort();
}

static void read_text(const char *text, gaze_record_kind kind, gaze_language language) {
  char reason[GAZE_REASON] = "";
  gaze_turns turns = {0};
  bool kept = false;
  gaze_err err = gaze_reply_turns(text, kind, language, "What is this?", &turns, &kept, reason);
  if (err == GAZE_OK && kept)
    check_turns(&turns, kind, reason);
  if (err == GAZE_OK && !kept && !*reason)
    abort();
  check_reason(reason);
  gaze_turns_fini(&turns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  gaze_record_kind kind = data[0] % GAZE_RECORD_KINDS;
  gaze_language language = data[0] / GAZE_RECORD_KINDS % GAZE_LANGUAGES;
  char reason[GAZE_REASON] = "", *text = NULL;
  if (data[1] == 0) {
    text = strndup((const char *)data + 2, size - 2);
    read_text(text, kind, language);
  } else if (gaze_reply_read((const char *)data + 1, size - 1, &text, reason) == GAZE_OK) {
    if (!text != (*reason != 0))
      abort();
    check_reason(reason);
    if (text)
      read_text(text, kind, language);
  }
  free(text);
  return 0;
}
