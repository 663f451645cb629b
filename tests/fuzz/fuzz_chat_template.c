/* A Jinja text, a byte 0, and what a person says: whatever is recognised renders, and keeps its promises. */
#include "text/chat_template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Segments lie inside of their bytes; none is empty, and pictures are counted. */
static void check_segments(const gaze_chat_segments *list, size_t pictures) {
  size_t found = 0;
  for (size_t i = 0; i < list->n; i++) {
    const gaze_chat_segment *segment = &list->at[i];
    if (segment->kind > GAZE_CHAT_END || segment->at > list->size || segment->size > list->size - segment->at)
      abort();
    if ((segment->kind <= GAZE_CHAT_TEXT) != (segment->size > 0))
      abort();
    if (segment->kind == GAZE_CHAT_PICTURE && segment->picture != found++)
      abort();
  }
  if (found > pictures)
    abort();
}

static bool are_same(const gaze_chat_segments *a, const gaze_chat_segments *b) {
  if (a->n != b->n)
    return false;
  for (size_t i = 0; i < a->n; i++) {
    const gaze_chat_segment *x = &a->at[i], *y = &b->at[i];
    if (x->kind != y->kind || x->size != y->size || x->picture != y->picture ||
        (x->size && memcmp(a->bytes + x->at, b->bytes + y->at, x->size)))
      return false;
  }
  return true;
}

/* At once, and in two pieces. */
static void render(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n, size_t pictures) {
  gaze_chat_segments whole = {0};
  if (gaze_chat_template_render(chat, messages, n, 0, GAZE_CHAT_ANSWER, &whole) == GAZE_OK) {
    check_segments(&whole, pictures);
    for (size_t from = 1; from <= n; from++) {
      gaze_chat_segments pieces = {0};
      if (!gaze_chat_template_keeps(chat, messages, n, from))
        continue;
      if (gaze_chat_template_render(chat, messages, from, 0, GAZE_CHAT_GOES_ON, &pieces) != GAZE_OK ||
          gaze_chat_template_render(chat, messages, n, from, GAZE_CHAT_ANSWER, &pieces) != GAZE_OK ||
          !are_same(&whole, &pieces))
        abort();
      gaze_chat_segments_fini(&pieces);
    }
  } else if (whole.n) {
    abort();
  }
  gaze_chat_segments_fini(&whole);
}

static void talk(const gaze_chat_template *chat, const char *said, size_t size) {
  size_t third = size / 3;
  const gaze_chat_part parts[] = {
      {said, third}, {NULL, 0}, {said + third, third}, {said + 2 * third, size - 2 * third}};
  const gaze_chat_message messages[] = {{GAZE_CHAT_SYSTEM, parts, 1},
                                        {GAZE_CHAT_USER, parts + 1, 2},
                                        {GAZE_CHAT_ASSISTANT, parts + 2, 1},
                                        {GAZE_CHAT_USER, parts, 4},
                                        {GAZE_CHAT_ASSISTANT, parts + 3, 1}};
  for (size_t n = 0; n <= 5; n++) {
    render(chat, messages, n, 2);
    render(chat, messages + 1, n > 4 ? 4 : n, 2);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size ? (const char *)data : "", *end = size ? memchr(data, 0, size) : NULL;
  size_t jinja = end ? (size_t)(end - text) : size;
  gaze_chat_template chat;
  if (gaze_chat_template_read(text, jinja, "fuzz", &chat) == GAZE_OK)
    talk(&chat, end ? end + 1 : "Hi", end ? size - jinja - 1 : 2);
  gaze_chat_template_fini(&chat);
  const gaze_chat_format *formats = gaze_chat_formats;
  size_t n = 0;
  while (formats[n].name)
    n++;
  if (size && gaze_chat_template_find(formats[data[0] % n].name, &chat) == GAZE_OK) {
    talk(&chat, text, size);
    gaze_chat_template_fini(&chat);
  }
  return 0;
}
