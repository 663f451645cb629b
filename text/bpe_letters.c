/* The byte alphabet of GPT-2 and CLIP. */
#include "text/bpe.h"
#include "text/points.h"

#include <assert.h>
#include <string.h>

/* Bytes that are their own character: visible ones of Latin-1. */
static bool is_visible(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

enum { HIDDEN = 0x100, N_VISIBLE = '~' - '!' + 1 + 0xAC - 0xA1 + 1 + 0xFF - 0xAE + 1 };

/* The others stand for themselves from HIDDEN on, in their order: how many there are below a byte. */
static unsigned count_hidden(unsigned byte) {
  return byte <= ' ' ? byte : byte < 0x7F ? '!' : byte <= 0xA0 ? byte - ('~' - '!' + 1) : 0xA0 + 1 - ('~' - '!' + 1);
}

void gaze_bpe_spell_byte(uint8_t byte, char spelling[5]) {
  int32_t point = is_visible(byte) ? byte : (int32_t)(HIDDEN + count_hidden(byte));
  spelling[gaze_point_encode(point, (uint8_t *)spelling)] = 0;
}

int gaze_bpe_byte_of(int32_t point) {
  if (point < HIDDEN)
    return point >= 0 && is_visible((unsigned)point) ? point : -1;
  unsigned hidden = (unsigned)(point - HIDDEN);
  if (hidden >= GAZE_BPE_BYTES - N_VISIBLE)
    return -1;
  return hidden <= ' ' ? (int)hidden : hidden == GAZE_BPE_BYTES - N_VISIBLE - 1 ? 0xAD : (int)(hidden - '!' + 0x7F);
}

void gaze_bpe_letter(size_t index, char spelling[5], uint8_t *byte) {
  assert(index < GAZE_BPE_BYTES);
  unsigned found = 0;
  for (size_t visible = 0, hidden = N_VISIBLE; (is_visible(found) ? visible++ : hidden++) != index;)
    found++;
  gaze_bpe_spell_byte((uint8_t)found, spelling);
  if (byte)
    *byte = (uint8_t)found;
}

gaze_err gaze_bpe_add_letters(gaze_vocabulary *vocabulary, bool ends) {
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++) {
    char spelling[5 + sizeof GAZE_BPE_WORD_END];
    gaze_bpe_letter(i, spelling, NULL);
    GAZE_TRY(gaze_vocabulary_add(vocabulary, spelling, strlen(spelling), (int32_t)i, "the byte alphabet"));
    if (!ends)
      continue;
    strcat(spelling, GAZE_BPE_WORD_END);
    GAZE_TRY(gaze_vocabulary_add(vocabulary, spelling, strlen(spelling), (int32_t)(GAZE_BPE_BYTES + i),
                                 "the byte alphabet"));
  }
  return GAZE_OK;
}
