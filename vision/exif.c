#include "vision/exif.h"

#include "core/base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_ASCII = 2, TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5 };
enum {
  TAG_MAKE = 0x010f,
  TAG_MODEL = 0x0110,
  TAG_ORIENTATION = 0x0112,
  TAG_CHANGED = 0x0132, /* DateTime */
  TAG_EXIF_FOLDER = 0x8769,
  TAG_GPS_FOLDER = 0x8825,
  TAG_TAKEN = 0x9003, /* DateTimeOriginal */
  TAG_LATITUDE_REF = 1,
  TAG_LATITUDE = 2,
  TAG_LONGITUDE_REF = 3,
  TAG_LONGITUDE = 4
};

typedef struct tiff {
  const uint8_t *bytes;
  size_t size;
  bool big_endian;
} tiff;

/* An entry of a folder, its value known to lie inside the block. */
typedef struct entry {
  unsigned tag, type;
  size_t count, at; /* at: offset of the value */
} entry;

static uint32_t read_number(const tiff *t, size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; i++)
    value |= (uint32_t)t->bytes[at + (size_t)i] << 8 * (t->big_endian ? bytes - 1 - i : i);
  return value;
}

static size_t type_size(unsigned type) {
  static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
  return type < sizeof sizes ? sizes[type] : 0;
}

/* at + 12 <= size was checked by the caller. */
static bool read_entry(const tiff *t, size_t at, entry *out) {
  *out = (entry){read_number(t, at, 2), read_number(t, at + 2, 2), read_number(t, at + 4, 4), at + 8};
  size_t unit = type_size(out->type);
  if (!unit || out->count > t->size / unit)
    return false;
  size_t bytes = unit * out->count;
  if (bytes > 4)
    out->at = read_number(t, at + 8, 4);
  return out->at <= t->size && bytes <= t->size - out->at;
}

typedef struct found {
  gaze_exif *exif;
  char make[40], model[40], taken[20], changed[20];
  size_t exif_folder, gps_folder; /* offsets, 0 when absent */
  double degrees[2];              /* latitude, longitude without sign; NAN when absent */
  char side[2];                   /* 'N' 'S', 'E' 'W', 0 when absent */
} found;

/* Up to the first 0, without blanks around; what is not printable ASCII becomes '?'. */
static void read_text(const tiff *t, const entry *e, char *out, size_t room) {
  if (e->type != TYPE_ASCII)
    return;
  size_t length = strnlen((const char *)t->bytes + e->at, e->count);
  const uint8_t *text = t->bytes + e->at;
  while (length && isspace(*text))
    text++, length--;
  while (length && isspace(text[length - 1]))
    length--;
  if (length >= room)
    length = room - 1;
  for (size_t i = 0; i < length; i++)
    out[i] = (char)(text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?');
  out[length] = 0;
}

/* "YYYY:MM:DD HH:MM:SS" (some cameras write other separators) to "YYYY-MM-DD HH:MM:SS"; "" for blanks and zeros. */
static void read_date(const tiff *t, const entry *e, char out[20]) {
  char text[32] = "";
  int year, month, day, hour, minute, second;
  read_text(t, e, text, sizeof text);
  if (sscanf(text, "%4d%*1[:/.-]%2d%*1[:/.-]%2d%*1[ T]%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) != 6)
    return;
  bool sane = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 && hour <= 23 &&
              minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
  if (sane)
    snprintf(out, 20, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day % 100, (unsigned)hour % 100, (unsigned)minute % 100, (unsigned)second % 100);
}

/* Three rationals: degrees, minutes, seconds. A missing part (0/0) counts as 0, but not the degrees. */
static double read_degrees(const tiff *t, const entry *e) {
  if (e->type != TYPE_RATIONAL || e->count < 1)
    return NAN;
  double degrees = 0, unit = 1;
  for (size_t i = 0; i < e->count && i < 3; i++, unit /= 60) {
    double above = read_number(t, e->at + 8 * i, 4), below = read_number(t, e->at + 8 * i + 4, 4);
    if (below > 0)
      degrees += above / below * unit;
    else if (i == 0)
      return NAN;
  }
  return degrees;
}

static size_t read_integer(const tiff *t, const entry *e) {
  if (e->count < 1)
    return 0;
  return e->type == TYPE_SHORT ? read_number(t, e->at, 2) : e->type == TYPE_LONG ? read_number(t, e->at, 4) : 0;
}

static void take_main(const tiff *t, const entry *e, found *f) {
  size_t number;
  switch (e->tag) {
  case TAG_MAKE:
    read_text(t, e, f->make, sizeof f->make);
    break;
  case TAG_MODEL:
    read_text(t, e, f->model, sizeof f->model);
    break;
  case TAG_CHANGED:
    read_date(t, e, f->changed);
    break;
  case TAG_TAKEN:
    read_date(t, e, f->taken);
    break;
  case TAG_EXIF_FOLDER:
    f->exif_folder = read_integer(t, e);
    break;
  case TAG_GPS_FOLDER:
    f->gps_folder = read_integer(t, e);
    break;
  case TAG_ORIENTATION:
    number = read_integer(t, e);
    f->exif->orientation = number >= 1 && number <= 8 ? (int)number : 1;
    break;
  default:
    break;
  }
}

static void take_position(const tiff *t, const entry *e, found *f) {
  if (e->tag == TAG_LATITUDE || e->tag == TAG_LONGITUDE)
    f->degrees[e->tag == TAG_LONGITUDE] = read_degrees(t, e);
  if ((e->tag == TAG_LATITUDE_REF || e->tag == TAG_LONGITUDE_REF) && e->type == TYPE_ASCII && e->count)
    f->side[e->tag == TAG_LONGITUDE_REF] = (char)toupper(t->bytes[e->at]);
}

static void walk_folder(const tiff *t, size_t at, void (*take)(const tiff *, const entry *, found *), found *f) {
  if (at < 8 || at > t->size || t->size - at < 2)
    return;
  size_t entries = read_number(t, at, 2);
  for (size_t i = 0; i < entries && t->size - at - 2 >= 12 * (i + 1); i++) {
    entry e;
    if (read_entry(t, at + 2 + 12 * i, &e))
      take(t, &e, f);
  }
}

static void keep_position(const found *f, gaze_picture_facts *facts) {
  bool complete = f->degrees[0] <= 90 && f->degrees[1] <= 180; /* false for NAN */
  bool sided = strchr("NS", f->side[0]) && strchr("EW", f->side[1]) && f->side[0] && f->side[1];
  if (!complete || !sided)
    return;
  facts->has_position = true;
  facts->latitude = f->side[0] == 'S' ? -f->degrees[0] : f->degrees[0];
  facts->longitude = f->side[1] == 'W' ? -f->degrees[1] : f->degrees[1];
}

/* "Canon" and "Canon EOS 80D" make "Canon EOS 80D"; "NIKON CORPORATION" and "NIKON D90" make "NIKON D90". */
static void keep_camera(const found *f, gaze_picture_facts *facts) {
  size_t word = strcspn(f->make, " ,");
  bool said = !f->make[0] || (f->model[0] && strncasecmp(f->make, f->model, word) == 0);
  snprintf(facts->camera, sizeof facts->camera, "%s%s%s", said ? "" : f->make, said || !f->model[0] ? "" : " ",
           f->model);
}

void gaze_exif_init(gaze_exif *exif) { *exif = (gaze_exif){.orientation = 1}; }

void gaze_exif_read(const uint8_t *bytes, size_t size, gaze_exif *out) {
  if (size >= 6 && memcmp(bytes, "Exif\0", 6) == 0)
    bytes += 6, size -= 6;
  if (size < 8 || (memcmp(bytes, "II*", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
    return;
  tiff t = {bytes, size, bytes[0] == 'M'};
  found f = {.exif = out, .degrees = {NAN, NAN}};
  walk_folder(&t, read_number(&t, 4, 4), take_main, &f);
  walk_folder(&t, f.exif_folder, take_main, &f);
  walk_folder(&t, f.gps_folder, take_position, &f);
  memcpy(out->facts.taken, f.taken[0] ? f.taken : f.changed, sizeof out->facts.taken);
  keep_camera(&f, &out->facts);
  keep_position(&f, &out->facts);
}

/* Bits of an orientation: a row of the result runs along a column of the source; columns, rows counted from the end. */
enum { TRANSPOSED = 4, FROM_RIGHT = 2, FROM_BOTTOM = 1 };

gaze_err gaze_exif_orient(int orientation, gaze_picture *picture) {
  static const uint8_t changes[9] = {0,
                                     0,
                                     FROM_RIGHT,
                                     FROM_RIGHT | FROM_BOTTOM,
                                     FROM_BOTTOM,
                                     TRANSPOSED,
                                     TRANSPOSED | FROM_BOTTOM,
                                     TRANSPOSED | FROM_RIGHT | FROM_BOTTOM,
                                     TRANSPOSED | FROM_RIGHT};
  int change = changes[orientation];
  if (!change)
    return GAZE_OK;
  int w = picture->width, h = picture->height;
  gaze_picture turned = {.width = change & TRANSPOSED ? h : w, .height = change & TRANSPOSED ? w : h};
  turned.rgb = malloc((size_t)w * (size_t)h * 3);
  if (!turned.rgb)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: turning a picture of %d x %d: free memory", w, h);
  /* Steps in the source for a step right and a step down in the result. */
  ptrdiff_t across = change & FROM_RIGHT ? -3 : 3, down = (ptrdiff_t)w * (change & FROM_BOTTOM ? -3 : 3);
  const uint8_t *corner = picture->rgb + (change & FROM_RIGHT ? (size_t)(w - 1) * 3 : 0) +
                          (change & FROM_BOTTOM ? (size_t)(h - 1) * (size_t)w * 3 : 0);
  ptrdiff_t right = change & TRANSPOSED ? down : across, below = change & TRANSPOSED ? across : down;
  /* Tiles keep the far-apart source rows of a transposition in the cache. */
  enum { TILE = 64 };
  for (int y0 = 0; y0 < turned.height; y0 += TILE)
    for (int x0 = 0; x0 < turned.width; x0 += TILE)
      for (int y = y0; y < turned.height && y < y0 + TILE; y++) {
        uint8_t *to = turned.rgb + ((size_t)y * (size_t)turned.width + (size_t)x0) * 3;
        const uint8_t *from = corner + y * below + x0 * right;
        for (int x = x0; x < turned.width && x < x0 + TILE; x++, to += 3, from += right)
          to[0] = from[0], to[1] = from[1], to[2] = from[2];
      }
  free(picture->rgb);
  *picture = turned;
  return GAZE_OK;
}
