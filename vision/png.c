/* PNG, by libpng: everything to 8-bit RGB. Colour management is left aside, as in Pillow. */
#include "vision/picture.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

#define LARGEST_CHUNK (16u << 20) /* bytes of one unpacked ancillary chunk */
#define MOST_CHUNKS 1000
#define SHORT_READ 64 /* bytes: of a truncated file all but so many reach the decoder */

typedef struct png_reader {
  png_structp png;
  png_infop info;
  const gaze_picture_source *source;
  gaze_decoded *out;
  size_t at;      /* bytes read */
  bool truncated; /* the file ended before the picture did */
  char detail[128];
} png_reader;

/* Returns through libpng's own jump buffer. */
_Noreturn static void on_error(png_structp png, png_const_charp detail) {
  png_reader *r = png_get_error_ptr(png);
  strncpy(r->detail, detail, sizeof r->detail - 1);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp detail) {}

static void on_read(png_structp png, png_bytep to, size_t n) {
  png_reader *r = png_get_io_ptr(png);
  if (n > r->source->size - r->at) {
    r->truncated = true;
    png_error(png, "ends early");
  }
  memcpy(to, r->source->bytes + r->at, n);
  r->at += n;
}

/* Without gamma and profiles libpng composes on the stored values; the texts are of no use. */
static void ignore_chunks(png_structp png) {
  static const png_byte names[] = "gAMA\0cHRM\0sRGB\0iCCP\0sBIT\0bKGD\0tEXt\0zTXt\0iTXt\0hIST\0sPLT\0tIME";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
}

static void set_limits(png_reader *r) {
  bool lenient = r->source->options.allow_truncated;
  png_set_user_limits(r->png, INT32_MAX, INT32_MAX); /* gaze_picture_judge decides, in words */
  png_set_chunk_malloc_max(r->png, LARGEST_CHUNK);
  png_set_chunk_cache_max(r->png, MOST_CHUNKS);
  png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, lenient ? PNG_CRC_WARN_DISCARD : PNG_CRC_ERROR_QUIT);
  if (lenient)
    png_set_compression_buffer_size(r->png, SHORT_READ);
  ignore_chunks(r->png);
}

static void ask_for_rgb(png_reader *r) {
  static const png_color_16 white = {.red = 0xffff, .green = 0xffff, .blue = 0xffff, .gray = 0xffff};
  png_structp png = r->png;
  png_color_16 background = white;
  bool deep = png_get_bit_depth(png, r->info) == 16;
  if (!deep)
    background = (png_color_16){.red = 255, .green = 255, .blue = 255, .gray = 255};
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  if (r->source->options.drop_alpha)
    png_set_strip_alpha(png);
  else
    png_set_background(png, &background, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
  png_set_strip_16(png);
}

static gaze_err begin(png_reader *r) {
  png_read_info(r->png, r->info);
  size_t width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
  GAZE_TRY(gaze_picture_reserve(r->source, width, height, &r->out->picture));
  r->out->stored_width = (int)width;
  r->out->stored_height = (int)height;
  memset(r->out->picture.rgb, 0, width * height * 3); /* rows that a truncated file lacks, and interlacing */
  ask_for_rgb(r);
  return GAZE_OK;
}

static gaze_err read_rows(png_reader *r) {
  const gaze_picture *p = &r->out->picture;
  size_t stride = (size_t)p->width * 3;
  int passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  if (png_get_rowbytes(r->png, r->info) != stride)
    return gaze_picture_damaged(r->source, "PNG", "its rows have an unexpected size");
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < p->height; y++)
      png_read_row(r->png, p->rgb + (size_t)y * stride, NULL);
  return GAZE_OK;
}

static void read_exif(png_reader *r) {
  png_uint_32 size;
  png_bytep bytes;
  if (png_get_eXIf_1(r->png, r->info, &size, &bytes))
    gaze_exif_read(bytes, size, &r->out->exif);
}

static gaze_err failure(const png_reader *r) {
  if (r->truncated && r->out->picture.rgb && r->source->options.allow_truncated)
    return GAZE_OK;
  return r->truncated ? gaze_picture_truncated(r->source, "PNG") : gaze_picture_damaged(r->source, "PNG", r->detail);
}

/* All that changes lives in *r, so that nothing is lost in registers when libpng jumps back here. */
static gaze_err read_guarded(png_reader *r) {
  if (setjmp(png_jmpbuf(r->png)))
    return failure(r);
  png_set_read_fn(r->png, r, on_read);
  set_limits(r);
  GAZE_TRY(begin(r));
  GAZE_TRY(read_rows(r));
  png_read_end(r->png, r->info);
  return GAZE_OK;
}

gaze_err gaze_png_decode(const gaze_picture_source *source, gaze_decoded *out) {
  png_reader r = {.source = source, .out = out};
  r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
  r.info = r.png ? png_create_info_struct(r.png) : NULL;
  gaze_err err =
      r.info ? read_guarded(&r) : gaze_fail(GAZE_ERR_MEMORY, "out of memory: decoding %s: free memory", source->name);
  if (err == GAZE_OK)
    read_exif(&r);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  return err;
}
