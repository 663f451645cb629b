#include "picture_files.h"

#include "core/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

gaze_picture make_picture(int width, int height, unsigned seed) {
  gaze_picture picture = {malloc((size_t)width * (size_t)height * 3), width, height};
  assert_non_null(picture.rgb);
  uint8_t *rgb = picture.rgb;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++, rgb += 3) {
      rgb[0] = (uint8_t)(255 * x / width);
      rgb[1] = (uint8_t)(255 * y / height);
      rgb[2] = (uint8_t)(128 + 100 * ((x * 4 / width + y * 4 / height + (int)seed) % 2));
    }
  return picture;
}

test_bytes golden_bytes(const char *name) {
  char path[1024];
  gaze_map map;
  snprintf(path, sizeof path, "%s/tests/golden/data/resize/%s", getenv("GAZE_SOURCE_ROOT"), name);
  if (gaze_map_open(path, &map) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  test_bytes bytes = {malloc(map.size), map.size};
  assert_non_null(bytes.data);
  memcpy(bytes.data, map.data, map.size);
  gaze_map_close(&map);
  return bytes;
}

test_bytes make_jpeg(const gaze_picture *picture, bool progressive, const test_bytes *exif) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  unsigned char *data = NULL;
  unsigned long size = 0;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = (JDIMENSION)picture->width;
  info.image_height = (JDIMENSION)picture->height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  if (progressive)
    jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (exif)
    jpeg_write_marker(&info, JPEG_APP0 + 1, exif->data, (unsigned)exif->size);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = picture->rgb + (size_t)info.next_scanline * (size_t)picture->width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return (test_bytes){data, size};
}

gaze_err decode_exactly(const void *bytes, size_t size, const gaze_picture_options *options, gaze_picture_facts *facts,
                        gaze_picture *out) {
  uint8_t *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  gaze_err err = gaze_picture_decode(copy, size, "test", options, facts, out);
  free(copy);
  return err;
}

void decode_anything(const void *bytes, size_t size, const gaze_picture_options *options) {
  gaze_picture picture;
  gaze_picture_facts facts;
  if (decode_exactly(bytes, size, options, &facts, &picture) == GAZE_OK) {
    assert_true(picture.width > 0 && picture.height > 0);
    gaze_picture_fini(&picture);
  } else {
    assert_non_null(strstr(gaze_last_error(), "test"));
  }
}

double difference(const gaze_picture *a, const gaze_picture *b) {
  assert_int_equal(a->width, b->width);
  assert_int_equal(a->height, b->height);
  size_t n = (size_t)a->width * (size_t)a->height * 3;
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += abs(a->rgb[i] - b->rgb[i]);
  return sum / (double)n;
}

void each_of_tar(const char *path, void (*visit)(const char *name, const uint8_t *bytes, size_t size, void *user),
                 void *user) {
  gaze_map map;
  if (gaze_map_open(path, &map) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  for (size_t at = 0; at + 512 <= map.size && map.data[at];) {
    const char *header = (const char *)map.data + at;
    char name[101], octal[13] = "";
    snprintf(name, sizeof name, "%.100s", header);
    memcpy(octal, header + 124, 12);
    size_t size = strtoul(octal, NULL, 8);
    assert_true(size <= map.size - at - 512);
    if (header[156] == '0' || header[156] == 0)
      visit(name, map.data + at + 512, size, user);
    at += 512 + (size + 511) / 512 * 512;
  }
  gaze_map_close(&map);
}
