#include "fusion/korean.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_SYLLABLE = 0xAC00, LAST_SYLLABLE = 0xD7A3, ENDS = 28 }; /* Unicode's Hangul syllables, by their ends */

bool gaze_korean_is_closed(const char *text, size_t n) {
  if (n && text[n - 1] >= '0' && text[n - 1] <= '9')
    return strchr("013678", text[n - 1]);
  if (n < 3)
    return false;
  const unsigned char *last = (const unsigned char *)text + n - 3;
  unsigned point = (last[0] & 15u) << 12 | (last[1] & 63u) << 6 | (last[2] & 63u);
  return last[0] >> 4 == 14 && point >= FIRST_SYLLABLE && point <= LAST_SYLLABLE && (point - FIRST_SYLLABLE) % ENDS;
}

void gaze_korean_say_particle(gaze_text *text, const char *pair) {
  const char *slash = strchr(pair, '/');
  if (gaze_korean_is_closed(text->bytes, text->n))
    gaze_text_add(text, pair, (size_t)(slash - pair));
  else
    gaze_text_say(text, slash + 1);
}

const char *gaze_korean_counter(const gaze_noun *noun) {
  if (noun->counter)
    return noun->counter;
  switch (noun->kind) {
  case GAZE_NOUN_PERSON:
    return "명";
  case GAZE_NOUN_ANIMAL:
    return "마리";
  case GAZE_NOUN_VEHICLE:
    return "대";
  case GAZE_NOUN_PLANT:
    return "그루";
  default:
    return "개";
  }
}

void gaze_korean_say_count(gaze_text *text, size_t n, const gaze_noun *noun) {
  static const char *const numbers[] = {"", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"};
  char digits[24];
  snprintf(digits, sizeof digits, "%zu", n);
  gaze_text_say(text, n && n < sizeof numbers / sizeof *numbers ? numbers[n] : digits);
  gaze_text_say(text, " ");
  gaze_text_say(text, gaze_korean_counter(noun));
}
