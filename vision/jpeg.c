/* JPEG, by libjpeg-turbo with the settings Pillow decodes with: exact integer DCT and smooth chroma. */
#include "core/base/memory.h"
#include "vision/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* A progressive file of a few kilobytes can ask for thousands of passes over a large picture. Real ones need about
 * ten. */
#define MOST_SCANS 100
#define MOST_SCANNED_MEGAPIXELS 4000.0 /* scans times size */

typedef struct jpeg_reader {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf failed;
  gaze_err err; /* of the failure that jumped */
  const gaze_picture_source *source;
  gaze_decoded *out;
  const gaze_row_sink *sink; /* that accepted, or NULL */
  uint8_t *cmyk;             /* a row of four-component pixels, or NULL */
  bool complete;             /* all rows are there: nothing that follows can be missed */
} jpeg_reader;

static jpeg_reader *reader_of(j_common_ptr info) { return info->client_data; }

_Noreturn static void fail_jump(jpeg_reader *r, gaze_err err) {
  r->err = err;
  longjmp(r->failed, 1);
}

_Noreturn static void on_error(j_common_ptr info) {
  jpeg_reader *r = reader_of(info);
  char detail[JMSG_LENGTH_MAX];
  info->err->format_message(info, detail);
  switch (info->err->msg_code) {
  case JERR_OUT_OF_MEMORY:
    fail_jump(r, gaze_fail(GAZE_ERR_MEMORY, "out of memory: decoding %s: free memory", r->source->name));
  case JERR_BAD_PRECISION:
  case JERR_SOF_UNSUPPORTED:
  case JERR_ARITH_NOTIMPL:
  case JERR_CONVERSION_NOTIMPL:
    fail_jump(r, gaze_fail(GAZE_ERR_UNSUPPORTED, "kind of JPEG not read: %s: %s", r->source->name, detail));
  default:
    fail_jump(r, gaze_picture_damaged(r->source, "JPEG", detail));
  }
}

/* libjpeg goes on past damage as well as it can, and so does gaze; the end of the file is another matter. */
static void on_message(j_common_ptr info, int level) {
  jpeg_reader *r = reader_of(info);
  if (level == -1 && info->err->msg_code == JWRN_JPEG_EOF && !r->complete && !r->source->options.allow_truncated)
    fail_jump(r, gaze_picture_truncated(r->source, "JPEG"));
}

static void on_progress(j_common_ptr info) {
  jpeg_reader *r = reader_of(info);
  int scans = r->info.input_scan_number;
  double megapixels = (double)r->info.image_width * (double)r->info.image_height / 1e6;
  if (scans > MOST_SCANS || scans * megapixels > MOST_SCANNED_MEGAPIXELS)
    fail_jump(r, gaze_fail(GAZE_ERR_LIMIT, "JPEG of too many scans: %s: %d over %.1f megapixels: save it again",
                           r->source->name, scans, megapixels));
}

static void check(jpeg_reader *r, gaze_err err) {
  if (err != GAZE_OK)
    fail_jump(r, err);
}

static void read_exif(jpeg_reader *r) {
  for (jpeg_saved_marker_ptr m = r->info.marker_list; m; m = m->next)
    if (m->data_length >= 6 && memcmp(m->data, "Exif\0", 6) == 0) {
      gaze_exif_read(m->data, m->data_length, &r->out->exif);
      return;
    }
}

/* The smallest of libjpeg-turbo's fast scales that leaves twice the target, for the resize to choose from. */
static void choose_scale(jpeg_reader *r) {
  const gaze_picture_options *o = &r->source->options;
  size_t shorter = r->info.image_width < r->info.image_height ? r->info.image_width : r->info.image_height;
  if (!o->fast_decode || o->fast_target <= 0)
    return;
  for (unsigned eighths = 1; eighths <= 4; eighths *= 2)
    if (shorter * eighths / 8 >= 2 * (size_t)o->fast_target) {
      r->info.scale_num = eighths;
      r->info.scale_denom = 8;
      return;
    }
}

static void read_header(jpeg_reader *r) {
  jpeg_mem_src(&r->info, r->source->bytes, r->source->size);
  jpeg_save_markers(&r->info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&r->info, TRUE);
  read_exif(r);
  check(r, gaze_picture_judge(r->source, r->info.image_width, r->info.image_height));
  int components = r->info.num_components;
  if (components != 1 && components != 3 && components != 4)
    fail_jump(r, gaze_fail(GAZE_ERR_UNSUPPORTED, "kind of JPEG not read: %s: %d colour components: convert it",
                           r->source->name, components));
  r->info.out_color_space = components == 4 ? JCS_CMYK : JCS_RGB;
  choose_scale(r);
}

/* A sink gets rows from the top of the picture as it is to be seen, or none. */
static bool offer_to_sink(jpeg_reader *r) {
  const gaze_row_sink *sink = r->source->sink;
  bool upright = r->out->exif.orientation == 1 || r->source->options.ignore_orientation, accepted = false;
  if (sink && upright)
    check(r, sink->begin(sink->user, (int)r->info.output_width, (int)r->info.output_height, &accepted));
  r->sink = accepted ? sink : NULL;
  return accepted;
}

static void reserve(jpeg_reader *r) {
  r->out->stored_width = (int)r->info.image_width;
  r->out->stored_height = (int)r->info.image_height;
  jpeg_calc_output_dimensions(&r->info);
  if (!offer_to_sink(r))
    check(r, gaze_picture_reserve(r->source, r->info.output_width, r->info.output_height, &r->out->picture));
  if (r->info.out_color_space == JCS_CMYK)
    check(r, gaze_alloc((size_t)r->info.output_width, 4, &r->cmyk));
}

/* Files hold CMYK inverted, as Adobe's programs write it: 255 is no ink. Rounds as Pillow's conversion. */
static void cmyk_to_rgb(const uint8_t *cmyk, size_t n, uint8_t *rgb) {
  for (size_t i = 0; i < n; i++, cmyk += 4, rgb += 3)
    for (int c = 0; c < 3; c++) {
      unsigned black = cmyk[3], ink = (255u - cmyk[c]) * black + 128;
      rgb[c] = (uint8_t)(black - ((ink + (ink >> 8)) >> 8));
    }
}

static void read_rows(jpeg_reader *r) {
  size_t width = r->info.output_width;
  jpeg_start_decompress(&r->info);
  while (r->info.output_scanline < r->info.output_height) {
    uint8_t *rgb = r->sink ? r->sink->row(r->sink->user) : r->out->picture.rgb + r->info.output_scanline * width * 3;
    JSAMPROW row = r->cmyk ? r->cmyk : rgb;
    jpeg_read_scanlines(&r->info, &row, 1);
    if (r->cmyk)
      cmyk_to_rgb(r->cmyk, width, rgb);
    if (r->sink)
      r->sink->push(r->sink->user);
  }
  r->complete = true;
}

/* All that changes lives in *r, so that nothing is lost in registers when libjpeg jumps back here. */
static gaze_err read_guarded(jpeg_reader *r) {
  if (setjmp(r->failed))
    return r->err;
  jpeg_create_decompress(&r->info);
  r->info.progress = &r->progress;
  read_header(r);
  reserve(r);
  read_rows(r);
  return GAZE_OK;
}

gaze_err gaze_jpeg_decode(const gaze_picture_source *source, gaze_decoded *out) {
  jpeg_reader r = {.source = source, .out = out};
  r.info.err = jpeg_std_error(&r.errors);
  r.info.client_data = &r;
  r.errors.error_exit = on_error;
  r.errors.emit_message = on_message;
  r.progress.progress_monitor = on_progress;
  gaze_err err = read_guarded(&r);
  jpeg_destroy_decompress(&r.info);
  free(r.cmyk);
  return err;
}
