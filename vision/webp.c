/* WebP, by libwebp: still pictures, and the first frame of animations. */
#include "vision/picture.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

static void read_exif(WebPDemuxer *demuxer, gaze_exif *exif) {
  WebPChunkIterator chunk;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk))
    gaze_exif_read(chunk.chunk.bytes, chunk.chunk.size, exif);
  WebPDemuxReleaseChunkIterator(&chunk);
}

/* Decodes what there is of a frame into rgba [height, width, 4], zeroed before. */
static VP8StatusCode decode_frame(const WebPIterator *frame, uint8_t *rgba, bool partial) {
  size_t stride = (size_t)frame->width * 4, size = stride * (size_t)frame->height;
  if (!partial)
    return WebPDecodeRGBAInto(frame->fragment.bytes, frame->fragment.size, rgba, size, (int)stride)
               ? VP8_STATUS_OK
               : VP8_STATUS_BITSTREAM_ERROR;
  WebPIDecoder *decoder = WebPINewRGB(MODE_RGBA, rgba, size, (int)stride);
  if (!decoder)
    return VP8_STATUS_OUT_OF_MEMORY;
  VP8StatusCode status = WebPIUpdate(decoder, frame->fragment.bytes, frame->fragment.size);
  WebPIDelete(decoder);
  return status == VP8_STATUS_SUSPENDED ? VP8_STATUS_OK : status;
}

static gaze_err fail_status(const gaze_picture_source *source, VP8StatusCode status) {
  if (status == VP8_STATUS_OUT_OF_MEMORY)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: decoding %s: free memory", source->name);
  return gaze_picture_damaged(source, "WebP", "its data contradict the format");
}

/* The frame at its place on the canvas, white around it (transparent, when alpha counts for nothing: black). */
static void place_frame(const gaze_picture_source *source, const WebPIterator *frame, const uint8_t *rgba,
                        gaze_picture *out) {
  size_t stride = (size_t)out->width * 3;
  bool drop = source->options.drop_alpha;
  if (frame->width != out->width || frame->height != out->height)
    memset(out->rgb, drop ? 0 : 255, stride * (size_t)out->height);
  for (int y = 0; y < frame->height; y++)
    gaze_picture_flatten(rgba + (size_t)y * (size_t)frame->width * 4, (size_t)frame->width, drop,
                         out->rgb + (size_t)(frame->y_offset + y) * stride + (size_t)frame->x_offset * 3);
}

/* An opaque frame that fills the canvas needs no detour over four channels. */
static gaze_err decode_opaque(const gaze_picture_source *source, const WebPIterator *frame, gaze_picture *out) {
  int stride = out->width * 3;
  if (!WebPDecodeRGBInto(frame->fragment.bytes, frame->fragment.size, out->rgb, (size_t)stride * (size_t)out->height,
                         stride))
    return fail_status(source, VP8_STATUS_BITSTREAM_ERROR);
  return GAZE_OK;
}

static gaze_err decode_first(const gaze_picture_source *source, const WebPIterator *frame, bool partial,
                             gaze_picture *out) {
  bool inside = frame->x_offset >= 0 && frame->y_offset >= 0 && frame->width <= out->width - frame->x_offset &&
                frame->height <= out->height - frame->y_offset;
  if (!inside)
    return gaze_picture_damaged(source, "WebP", "a frame lies outside of its canvas");
  if (!partial && !frame->has_alpha && frame->width == out->width && frame->height == out->height)
    return decode_opaque(source, frame, out);
  uint8_t *rgba = calloc((size_t)frame->width * (size_t)frame->height, 4);
  VP8StatusCode status = rgba ? decode_frame(frame, rgba, partial) : VP8_STATUS_OUT_OF_MEMORY;
  if (status == VP8_STATUS_OK)
    place_frame(source, frame, rgba, out);
  free(rgba);
  return status == VP8_STATUS_OK ? GAZE_OK : fail_status(source, status);
}

static int read_24(const uint8_t *bytes) { return bytes[0] | bytes[1] << 8 | bytes[2] << 16; }

/* The demuxer gives no frame of an animation before all of it is there: here it is looked up among the chunks. */
static bool find_cut_frame(const gaze_picture_source *source, WebPIterator *frame) {
  const uint8_t *at = source->bytes + 12, *end = source->bytes + source->size;
  while (source->size > 12 && end - at > 24) {
    size_t size = (size_t)read_24(at + 4) | (size_t)at[7] << 24, step = 8 + size + (size & 1);
    if (memcmp(at, "ANMF", 4) == 0) {
      *frame = (WebPIterator){.x_offset = 2 * read_24(at + 8),
                              .y_offset = 2 * read_24(at + 11),
                              .width = 1 + read_24(at + 14),
                              .height = 1 + read_24(at + 17),
                              .fragment = {at + 24, (size_t)(end - at - 24)}};
      return true;
    }
    if (step > (size_t)(end - at))
      return false;
    at += step;
  }
  return false;
}

static gaze_err decode_demuxed(const gaze_picture_source *source, WebPDemuxer *demuxer, bool partial,
                               gaze_decoded *out) {
  size_t width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH), height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
  GAZE_TRY(gaze_picture_reserve(source, width, height, &out->picture));
  out->stored_width = (int)width;
  out->stored_height = (int)height;
  read_exif(demuxer, &out->exif);
  WebPIterator frame;
  if (!WebPDemuxGetFrame(demuxer, 1, &frame)) {
    if (partial)
      return find_cut_frame(source, &frame) ? decode_first(source, &frame, true, &out->picture)
                                            : gaze_picture_truncated(source, "WebP");
    return gaze_picture_damaged(source, "WebP", "it holds no frame");
  }
  gaze_err err = decode_first(source, &frame, partial, &out->picture);
  WebPDemuxReleaseIterator(&frame);
  return err;
}

gaze_err gaze_webp_decode(const gaze_picture_source *source, gaze_decoded *out) {
  WebPData data = {source->bytes, source->size};
  WebPDemuxState state;
  WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
  if (!demuxer)
    return state == WEBP_DEMUX_PARSING_HEADER ? gaze_picture_truncated(source, "WebP")
                                              : gaze_picture_damaged(source, "WebP", "its chunks make no sense");
  bool partial = state != WEBP_DEMUX_DONE;
  gaze_err err = partial && !source->options.allow_truncated ? gaze_picture_truncated(source, "WebP")
                                                             : decode_demuxed(source, demuxer, partial, out);
  WebPDemuxDelete(demuxer);
  return err;
}
