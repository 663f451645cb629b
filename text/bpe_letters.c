/* CLIP's byte alphabet. */
#include "text/bpe.h"

#include <assert.h>
#include <string.h>

/* Bytes that are their own character: visible ones of Latin-1. */
static bool is_visible(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

void gaze_bpe_letter(size_t index, char spelling[5], uint8_t *byte) {
  assert(index < GAZE_BPE_BYTES);
  size_t visible = 0, hidden = 0, n_visible = '~' - '!' + 1 + 0xAC - 0xA1 + 1 + 0xFF - 0xAE + 1;
  unsigned found = 0;
  while (is_visible(found) ? visible++ != index : n_visible + hidden++ != index)
    found++;
  unsigned point = is_visible(found) ? found : 0x100 + (unsigned)(index - n_visible);
  size_t size = 0;
  if (point >= 0x80)
    spelling[size++] = (char)(0xC0 | point >> 6);
  spelling[size++] = (char)(point >= 0x80 ? 0x80 | (point & 0x3F) : point);
  spelling[size] = 0;
  if (byte)
    *byte = (uint8_t)found;
}

gaze_err gaze_bpe_add_letters(gaze_vocabulary *vocabulary) {
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++) {
    char spelling[5 + sizeof GAZE_BPE_WORD_END];
    gaze_bpe_letter(i, spelling, NULL);
    GAZE_TRY(gaze_vocabulary_add(vocabulary, spelling, strlen(spelling), (int32_t)i, "the byte alphabet"));
    strcat(spelling, GAZE_BPE_WORD_END);
    GAZE_TRY(gaze_vocabulary_add(vocabulary, spelling, strlen(spelling), (int32_t)(GAZE_BPE_BYTES + i),
                                 "the byte alphabet"));
  }
  return GAZE_OK;
}
