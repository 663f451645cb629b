#include "fusion/text_builder.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

void gaze_text_add(gaze_text *text, const char *bytes, size_t n) {
  if (text->err == GAZE_OK)
    text->err = gaze_grow(&text->bytes, &text->capacity, text->n + n + 1, 1);
  if (text->err != GAZE_OK)
    return;
  memcpy(text->bytes + text->n, bytes, n);
  text->n += n;
  text->bytes[text->n] = 0;
}

void gaze_text_say(gaze_text *text, const char *words) {
  if (words)
    gaze_text_add(text, words, strlen(words));
}

void gaze_text_fini(gaze_text *text) {
  free(text->bytes);
  *text = (gaze_text){0};
}

gaze_err gaze_text_take(gaze_text *text, char **out) {
  gaze_text_add(text, "", 0);
  gaze_err err = text->err;
  if (err != GAZE_OK) {
    gaze_text_fini(text);
    return err;
  }
  *out = text->bytes;
  *text = (gaze_text){0};
  return GAZE_OK;
}
