/* The 8-bit code pages that UTF-8 is most often taken for, from characters to bytes. */
#ifndef GAZE_TEXT_CODE_PAGE_H
#define GAZE_TEXT_CODE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which ftfy tries them, the likeliest first. Windows' pages are complete: where one has no character
 * for a byte it has the control of Latin-1, and U+FFFD is byte 0x1A, so that a lost byte keeps its place. */
typedef enum gaze_code_page {
  GAZE_LATIN_1,
  GAZE_WINDOWS_1252,
  GAZE_WINDOWS_1251,
  GAZE_WINDOWS_1250,
  GAZE_WINDOWS_1253,
  GAZE_WINDOWS_1254,
  GAZE_WINDOWS_1257,
  GAZE_ISO_8859_2,
  GAZE_MAC_ROMAN,
  GAZE_CP437,
  GAZE_CODE_PAGES
} gaze_code_page;

/* What a character's byte, in Latin-1 or any of Windows' pages, can be in UTF-8. Several roles are possible. */
typedef enum gaze_byte_role {
  GAZE_FIRST_OF_2 = 1 << 0,
  GAZE_FIRST_OF_3 = 1 << 1,
  GAZE_FIRST_OF_4 = 1 << 2, /* of the four-byte forms in use: emoji and rare scripts, tags */
  GAZE_CONTINUATION = 1 << 3
} gaze_byte_role;

bool gaze_code_page_is_windows(gaze_code_page page);
/* points [n] as bytes [n]; false: the page has no byte for one of them. */
bool gaze_code_page_encode(gaze_code_page page, const int32_t *points, size_t n, uint8_t *bytes);
/* gaze_byte_role flags; 0 for ASCII. */
unsigned gaze_code_page_roles(int32_t point);

#endif
