/* HEIC and AVIF, by libheif, where it was there at build time. */
#include "vision/picture.h"

#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

typedef struct heif_parts {
  struct heif_context *context;
  struct heif_image_handle *handle;
  struct heif_image *image;
  struct heif_decoding_options *options;
} heif_parts;

static uint64_t read_big(const uint8_t *bytes, int n) {
  uint64_t value = 0;
  for (int i = 0; i < n; i++)
    value = value << 8 | bytes[i];
  return value;
}

/* Boxes follow one another, each with its size in front; of a file that was cut the last reaches beyond the end. */
static bool is_cut(const gaze_picture_source *source) {
  const uint8_t *at = source->bytes, *end = at + source->size;
  while (end - at >= 8) {
    uint64_t size = read_big(at, 4);
    if (size == 1 && end - at >= 16)
      size = read_big(at + 8, 8);
    if (size > (uint64_t)(end - at))
      return true;
    if (size < 8) /* up to the end, or senseless */
      return false;
    at += size;
  }
  return at < end;
}

static gaze_err fail_heif(const gaze_picture_source *source, struct heif_error error) {
  if (error.code == heif_error_Memory_allocation_error)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: decoding %s: free memory", source->name);
  if (error.code == heif_error_Unsupported_feature || error.code == heif_error_Unsupported_filetype)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "kind of HEIF not read: %s: %s: convert it to JPEG", source->name,
                     error.message);
  if (is_cut(source)) /* libheif decodes whole pictures or none */
    return gaze_fail(GAZE_ERR_FORMAT, "HEIF picture ends early: %s: copy it again, for of a part nothing can be shown",
                     source->name);
  return gaze_picture_damaged(source, "HEIF", error.message);
}

#define TRY_HEIF(call)                  \
  do {                                  \
    struct heif_error error_ = (call);  \
    if (error_.code != heif_error_Ok)   \
      return fail_heif(source, error_); \
  } while (0)

/* The block begins with four bytes: how far behind them the TIFF header is. */
static gaze_err read_exif(const gaze_picture_source *source, struct heif_image_handle *handle, gaze_exif *exif) {
  heif_item_id id;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) != 1)
    return GAZE_OK;
  size_t size = heif_image_handle_get_metadata_size(handle, id);
  if (size < 4 || size > source->size)
    return GAZE_OK;
  uint8_t *block = malloc(size);
  if (!block)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: decoding %s: free memory", source->name);
  struct heif_error error = heif_image_handle_get_metadata(handle, id, block);
  size_t skip = (size_t)block[0] << 24 | (size_t)block[1] << 16 | (size_t)block[2] << 8 | block[3];
  if (error.code == heif_error_Ok && skip <= size - 4)
    gaze_exif_read(block + 4 + skip, size - 4 - skip, exif);
  free(block);
  exif->orientation = 1; /* libheif has turned the picture as the container says, and that is what counts */
  return GAZE_OK;
}

static void copy_rows(const gaze_picture_source *source, const uint8_t *from, size_t stride, bool alpha,
                      const gaze_picture *out) {
  size_t width = (size_t)out->width;
  for (size_t y = 0; y < (size_t)out->height; y++)
    if (alpha)
      gaze_picture_flatten(from + y * stride, width, source->options.drop_alpha, out->rgb + y * width * 3);
    else
      memcpy(out->rgb + y * width * 3, from + y * stride, width * 3);
}

static gaze_err decode_handle(const gaze_picture_source *source, heif_parts *r, gaze_decoded *out) {
  size_t width = (size_t)heif_image_handle_get_width(r->handle),
         height = (size_t)heif_image_handle_get_height(r->handle);
  bool alpha = heif_image_handle_has_alpha_channel(r->handle);
  GAZE_TRY(gaze_picture_judge(source, width, height));
  GAZE_TRY(read_exif(source, r->handle, &out->exif));
  r->options = heif_decoding_options_alloc();
  if (r->options)
    r->options->ignore_transformations = source->options.ignore_orientation;
  TRY_HEIF(heif_decode_image(r->handle, &r->image, heif_colorspace_RGB,
                             alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, r->options));
  int stride;
  const uint8_t *from = heif_image_get_plane_readonly(r->image, heif_channel_interleaved, &stride);
  out->stored_width = heif_image_get_width(r->image, heif_channel_interleaved);
  out->stored_height = heif_image_get_height(r->image, heif_channel_interleaved);
  if (!from || out->stored_width < 1 || out->stored_height < 1)
    return gaze_picture_damaged(source, "HEIF", "it holds no pixels");
  GAZE_TRY(gaze_picture_reserve(source, (size_t)out->stored_width, (size_t)out->stored_height, &out->picture));
  copy_rows(source, from, (size_t)stride, alpha, &out->picture);
  return GAZE_OK;
}

static gaze_err read_file(const gaze_picture_source *source, heif_parts *r, gaze_decoded *out) {
  r->context = heif_context_alloc();
  if (!r->context)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: decoding %s: free memory", source->name);
  TRY_HEIF(heif_context_read_from_memory_without_copy(r->context, source->bytes, source->size, NULL));
  TRY_HEIF(heif_context_get_primary_image_handle(r->context, &r->handle));
  return decode_handle(source, r, out);
}

gaze_err gaze_heif_decode(const gaze_picture_source *source, gaze_decoded *out) {
  heif_parts r = {0};
  gaze_err err = read_file(source, &r, out);
  if (r.image)
    heif_image_release(r.image);
  if (r.options)
    heif_decoding_options_free(r.options);
  if (r.handle)
    heif_image_handle_release(r.handle);
  if (r.context)
    heif_context_free(r.context);
  return err;
}
