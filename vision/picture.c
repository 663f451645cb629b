#include "vision/picture.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DEFAULT_MEGAPIXELS 200.0
#define LONGEST_SIDE 1000000         /* pixels, as libpng's own limit: decoders keep several rows at once */
#define LARGE_PAGE ((size_t)2 << 20) /* bytes */

typedef gaze_err decode_function(const gaze_picture_source *source, gaze_decoded *out);

#ifdef GAZE_HEIF
#define HEIF_DECODE gaze_heif_decode
#define READABLE "JPEG, PNG, WebP, HEIC and AVIF"
#else
#define HEIF_DECODE NULL
#define READABLE "JPEG, PNG and WebP"
#endif

/* Formats by their first bytes. decode NULL: known, but not read. */
typedef struct picture_format {
  const char *name;
  int at; /* offset of the signature */
  const char *signature;
  int length;
  decode_function *decode;
} picture_format;

static const picture_format formats[] = {
    {"JPEG", 0, "\xff\xd8\xff", 3, gaze_jpeg_decode},
    {"PNG", 0, "\x89PNG\r\n\x1a\n", 8, gaze_png_decode},
    {"WebP", 8, "WEBP", 4, gaze_webp_decode},
    {"HEIC", 4, "ftypheic", 8, HEIF_DECODE},
    {"HEIC", 4, "ftypheix", 8, HEIF_DECODE},
    {"HEIC", 4, "ftyphevc", 8, HEIF_DECODE},
    {"HEIC", 4, "ftypheim", 8, HEIF_DECODE},
    {"HEIF", 4, "ftypmif1", 8, HEIF_DECODE},
    {"HEIF", 4, "ftypmsf1", 8, HEIF_DECODE},
    {"AVIF", 4, "ftypavif", 8, HEIF_DECODE},
    {"AVIF", 4, "ftypavis", 8, HEIF_DECODE},
    {"GIF", 0, "GIF8", 4, NULL},
    {"BMP", 0, "BM", 2, NULL},
    {"TIFF", 0, "II*\0", 4, NULL},
    {"TIFF", 0, "MM\0*", 4, NULL},
    {"BigTIFF", 0, "II+\0", 4, NULL},
    {"BigTIFF", 0, "MM\0+", 4, NULL},
    {"JPEG XL", 0, "\xff\x0a", 2, NULL},
    {"JPEG XL", 4, "JXL \r\n", 6, NULL},
    {"JPEG 2000", 4, "jP  \r\n", 6, NULL},
    {"JPEG 2000", 0, "\xff\x4f\xff\x51", 4, NULL},
    {"Photoshop", 0, "8BPS", 4, NULL},
    {"icon", 0, "\0\0\1\0", 4, NULL},
    {"OpenEXR", 0, "v/1\1", 4, NULL},
    {"Radiance HDR", 0, "#?RADIANCE", 10, NULL},
    {"QOI", 0, "qoif", 4, NULL},
    {"PDF", 0, "%PDF", 4, NULL},
    {"SVG", 0, "<svg", 4, NULL},
    {"video", 4, "ftyp", 4, NULL},
};

static const picture_format *recognise(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const picture_format *f = &formats[i];
    if (size >= (size_t)(f->at + f->length) && memcmp(bytes + f->at, f->signature, (size_t)f->length) == 0)
      return f;
  }
  return NULL;
}

static bool looks_like_text(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size && i < 512; i++)
    if (bytes[i] < ' ' && !strchr("\t\n\r\f", bytes[i]))
      return false;
  return true;
}

static gaze_err refuse(const gaze_picture_source *source, const picture_format *format) {
  if (source->size == 0)
    return gaze_fail(GAZE_ERR_FORMAT, "not a picture: %s: the file is empty", source->name);
  if (format)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "%s is not read by this build: %s: convert it to one of " READABLE,
                     format->name, source->name);
  bool text = looks_like_text(source->bytes, source->size);
  return gaze_fail(GAZE_ERR_FORMAT, "not a picture: %s: %s; " READABLE " are read", source->name,
                   text ? "the file holds text" : "the first bytes are of no known format");
}

gaze_err gaze_picture_judge(const gaze_picture_source *source, size_t width, size_t height) {
  double megapixels = (double)width * (double)height / 1e6;
  if (width == 0 || height == 0)
    return gaze_fail(GAZE_ERR_FORMAT, "impossible picture size: %s: %zu x %zu pixels: the file is damaged",
                     source->name, width, height);
  if (megapixels > source->options.max_megapixels)
    return gaze_fail(GAZE_ERR_LIMIT,
                     "picture too large: %s: %zu x %zu pixels are %.1f megapixels, the limit is %g: raise "
                     "--max-megapixels if the file can be trusted",
                     source->name, width, height, megapixels, source->options.max_megapixels);
  if (width > LONGEST_SIDE || height > LONGEST_SIDE)
    return gaze_fail(GAZE_ERR_LIMIT, "picture too long: %s: %zu x %zu pixels, the limit is %d a side: cut or shrink it",
                     source->name, width, height, LONGEST_SIDE);
  return GAZE_OK;
}

/* Not gaze_alloc: zeroing tens of megabytes that the decoder overwrites at once would cost a tenth of the decoding, and
 * bringing them in by small pages a third. Whole large pages are asked for instead. */
static uint8_t *reserve_bytes(size_t size) {
  if (size < LARGE_PAGE * 2)
    return malloc(size);
  size_t rounded = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
  uint8_t *block = aligned_alloc(LARGE_PAGE, rounded);
  if (block)
    madvise(block, rounded, MADV_HUGEPAGE);
  return block;
}

gaze_err gaze_picture_reserve(const gaze_picture_source *source, size_t width, size_t height, gaze_picture *out) {
  GAZE_TRY(gaze_picture_judge(source, width, height));
  uint8_t *rgb = width <= SIZE_MAX / 4 / height ? reserve_bytes(width * height * 3) : NULL;
  if (!rgb)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: %zu x %zu pixels: free memory or use a smaller picture",
                     source->name, width, height);
  *out = (gaze_picture){rgb, (int)width, (int)height};
  return GAZE_OK;
}

gaze_err gaze_picture_damaged(const gaze_picture_source *source, const char *format, const char *detail) {
  return gaze_fail(GAZE_ERR_FORMAT, "damaged %s picture: %s: %s", format, source->name, detail);
}

gaze_err gaze_picture_truncated(const gaze_picture_source *source, const char *format) {
  return gaze_fail(GAZE_ERR_FORMAT,
                   "%s picture ends early: %s: copy it again, or decode what is there with "
                   "--allow-truncated",
                   format, source->name);
}

void gaze_picture_flatten(const uint8_t *rgba, size_t n, bool drop_alpha, uint8_t *rgb) {
  for (size_t i = 0; i < n; i++, rgba += 4, rgb += 3)
    for (int c = 0; c < 3; c++) {
      unsigned alpha = drop_alpha ? 255 : rgba[3];
      unsigned sum = rgba[c] * alpha + 255 * (255 - alpha) + 128;
      rgb[c] = (uint8_t)((sum + (sum >> 8)) >> 8);
    }
}

static gaze_err decode(const gaze_picture_source *source, gaze_picture_facts *facts, gaze_decoded *decoded) {
  const picture_format *format = recognise(source->bytes, source->size);
  if (!format || !format->decode)
    return refuse(source, format);
  GAZE_TRY(format->decode(source, decoded));
  int orientation = source->options.ignore_orientation ? 1 : decoded->exif.orientation;
  if (decoded->picture.rgb)
    GAZE_TRY(gaze_exif_orient(orientation, &decoded->picture));
  if (!facts)
    return GAZE_OK;
  *facts = decoded->exif.facts;
  facts->width = orientation >= 5 ? decoded->stored_height : decoded->stored_width;
  facts->height = orientation >= 5 ? decoded->stored_width : decoded->stored_height;
  return GAZE_OK;
}

gaze_err gaze_picture_decode_rows(const void *bytes, size_t size, const char *name, const gaze_picture_options *options,
                                  const gaze_row_sink *sink, gaze_picture_facts *facts, bool *streamed,
                                  gaze_picture *out) {
  gaze_picture_source source = {.bytes = bytes, .size = size, .name = name ? name : "picture", .sink = sink};
  if (options)
    source.options = *options;
  if (!(source.options.max_megapixels > 0))
    source.options.max_megapixels = DEFAULT_MEGAPIXELS;
  gaze_decoded decoded = {0};
  gaze_exif_init(&decoded.exif);
  gaze_err err = decode(&source, facts, &decoded);
  if (err != GAZE_OK) {
    gaze_picture_fini(&decoded.picture);
    return err;
  }
  *streamed = decoded.picture.rgb == NULL;
  *out = decoded.picture;
  return GAZE_OK;
}

gaze_err gaze_picture_decode(const void *bytes, size_t size, const char *name, const gaze_picture_options *options,
                             gaze_picture_facts *facts, gaze_picture *out) {
  bool streamed;
  return gaze_picture_decode_rows(bytes, size, name, options, NULL, facts, &streamed, out);
}

gaze_err gaze_picture_open(const char *path, const gaze_picture_options *options, gaze_picture_facts *facts,
                           gaze_picture *out) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_picture_decode(map.data, map.size, path, options, facts, out);
  gaze_map_close(&map);
  return err;
}

void gaze_picture_fini(gaze_picture *picture) {
  if (!picture)
    return;
  free(picture->rgb);
  *picture = (gaze_picture){0};
}
