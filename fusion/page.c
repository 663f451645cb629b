#include "fusion/page.h"

#include <string.h>

void gaze_page_text(FILE *stream, const char *text) {
  for (; *text; text++)
    switch (*text) {
    case '&':
      fputs("&amp;", stream);
      break;
    case '<':
      fputs("&lt;", stream);
      break;
    case '>':
      fputs("&gt;", stream);
      break;
    case '"':
      fputs("&quot;", stream);
      break;
    case '\'':
      fputs("&#39;", stream);
      break;
    default:
      fputc(*text, stream);
    }
}

static void write_base64(FILE *stream, const uint8_t *bytes, size_t size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < size; i += 3) {
    size_t left = size - i;
    unsigned word =
        (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    char four[4] = {digits[word >> 18], digits[word >> 12 & 63], left > 1 ? digits[word >> 6 & 63] : '=',
                    left > 2 ? digits[word & 63] : '='};
    fwrite(four, 1, sizeof four, stream);
  }
}

static const char *media_type(const uint8_t *bytes, size_t size) {
  if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
    return "image/jpeg";
  if (size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
    return "image/png";
  if (size >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
    return "image/webp";
  return NULL;
}

bool gaze_page_picture(FILE *stream, const uint8_t *bytes, size_t size, const char *description) {
  const char *type = media_type(bytes, size);
  if (!type)
    return false;
  fputs("<img loading=\"lazy\" alt=\"", stream);
  gaze_page_text(stream, description);
  fprintf(stream, "\" src=\"data:%s;base64,", type);
  write_base64(stream, bytes, size);
  fputs("\">", stream);
  return true;
}
