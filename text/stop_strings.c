#include "text/stop_strings.h"

#include <stdlib.h>
#include <string.h>

static gaze_err init_string(gaze_stop_string *string, const char *text) {
  if (!*text)
    return gaze_fail(GAZE_ERR_ARGUMENT, "stop string: an empty one would stop at once: leave it out");
  GAZE_TRY(gaze_strdup(text, &string->text));
  string->size = strlen(text);
  GAZE_TRY(gaze_alloc(string->size, sizeof *string->shorter, &string->shorter));
  for (size_t i = 1, k = 0; i < string->size; i++) {
    while (k && text[k] != text[i])
      k = string->shorter[k - 1];
    k += text[k] == text[i];
    string->shorter[i] = k;
  }
  return GAZE_OK;
}

gaze_err gaze_stop_strings_init(gaze_stop_strings *stops, const char *const *strings, size_t n) {
  *stops = (gaze_stop_strings){0};
  if (n)
    GAZE_TRY(gaze_alloc(n, sizeof *stops->strings, &stops->strings));
  stops->n = n;
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(init_string(&stops->strings[i], strings[i]));
  return GAZE_OK;
}

void gaze_stop_strings_fini(gaze_stop_strings *stops) {
  for (size_t i = 0; i < stops->n; i++) {
    free(stops->strings[i].text);
    free(stops->strings[i].shorter);
  }
  free(stops->strings);
  free(stops->text);
  *stops = (gaze_stop_strings){0};
}

/* Whether the string is complete with this byte. */
static bool advance(gaze_stop_string *string, char byte) {
  while (string->matched && string->text[string->matched] != byte)
    string->matched = string->shorter[string->matched - 1];
  string->matched += string->text[string->matched] == byte;
  return string->matched == string->size;
}

/* One byte more: how many bytes at the end may become, or are, a stop string. */
static size_t take_byte(gaze_stop_strings *stops, char byte) {
  size_t longest = 0, complete = 0;
  for (size_t i = 0; i < stops->n; i++) {
    gaze_stop_string *string = &stops->strings[i];
    if (advance(string, byte) && string->size > complete)
      complete = string->size;
    if (string->matched > longest)
      longest = string->matched;
  }
  stops->stopped = complete > 0;
  return longest > complete && !complete ? longest : complete;
}

/* Forgets what the last call let through. */
static void drop_shown(gaze_stop_strings *stops) {
  stops->size -= stops->through;
  if (stops->size)
    memmove(stops->text, stops->text + stops->through, stops->size);
  stops->through = 0;
}

gaze_err gaze_stop_strings_feed(gaze_stop_strings *stops, const char *piece, size_t size, const char **out,
                                size_t *out_size) {
  drop_shown(stops);
  size_t held = stops->size;
  if (!stops->stopped && size) {
    GAZE_TRY(gaze_grow(&stops->text, &stops->capacity, stops->size + size, 1));
    for (size_t i = 0; i < size && !stops->stopped; i++) {
      stops->text[stops->size++] = piece[i];
      held = take_byte(stops, piece[i]);
    }
  }
  stops->through = stops->size - held;
  if (stops->stopped)
    stops->size = stops->through;
  *out = stops->text;
  *out_size = stops->through;
  return GAZE_OK;
}

void gaze_stop_strings_end(gaze_stop_strings *stops, const char **out, size_t *out_size) {
  drop_shown(stops);
  stops->through = stops->size;
  for (size_t i = 0; i < stops->n; i++)
    stops->strings[i].matched = 0;
  *out = stops->text;
  *out_size = stops->through;
}
