/* Bytes that are UTF-8 again, perhaps with what was lost on their way through a code page. */
#ifndef GAZE_TEXT_MOJIBAKE_BYTES_H
#define GAZE_TEXT_MOJIBAKE_BYTES_H

#include "text/points.h"

/* What to make up for. */
typedef enum gaze_mojibake_loss {
  GAZE_LOSS_SPACE = 1 << 0, /* the byte 0xA0, a no-break space in most pages, became a space */
  GAZE_LOSS_BYTE = 1 << 1   /* bytes became 0x1A or "?": a sequence with one of them is U+FFFD */
} gaze_mojibake_loss;

/* Replaces what out held by bytes [n] decoded as ftfy does: UTF-8, surrogates in pairs (CESU-8), Java's 0xC0 0x80 for
 * U+0000, and losses. *valid: whether all of them could be; out is unspecified otherwise. */
GAZE_CHECKED gaze_err gaze_mojibake_decode(const uint8_t *bytes, size_t n, unsigned losses, gaze_points *out,
                                           bool *valid);

#endif
