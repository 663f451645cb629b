/* A 12-megapixel JPEG's way to model input: how much of it is libjpeg-turbo, and what --fast-decode saves. The picture
 * is drawn, with the noise of a sensor, and has about the bytes a telephone gives a photo. Processor time, the least of
 * several runs in turn; JSON on standard output. */
#include "core/base/random.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/must.h"
#include "vision/augment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

enum { WIDTH = 4000, HEIGHT = 3000, SIDE = 224, ROUNDS = 15, SMALL = 160, SAMPLES = 200 };

typedef struct file {
  unsigned char *bytes;
  unsigned long size;
} file;

static float pixels[3 * SIDE * SIDE];

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void keep_least(double *least, double value) { *least = *least == 0 || value < *least ? value : *least; }

/* A row of hills under a sky, discs before them, and noise. */
static void draw_row(int y, int width, int height, gaze_random *random, uint8_t *rgb) {
  for (int x = 0; x < width; x++) {
    double u = (double)x / width, v = (double)y / height, hill = 0.5 + 0.1 * sin(9 * u) + 0.03 * sin(41 * u + 1);
    double disc = hypot(fmod(u * 7, 1) - 0.5, fmod(v * 5, 1) - 0.5) < 0.3 ? 60 : 0;
    double grain = 14 * (gaze_random_uniform(random) + gaze_random_uniform(random) - 1);
    double texture = v > hill ? 25 * sin(600 * u + 90 * sin(25 * v)) * sin(500 * v) : 0;
    double light[3] = {v > hill ? 70 : 120 + 80 * v, v > hill ? 120 - 40 * u : 160 + 40 * v, v > hill ? 60 : 230};
    for (int c = 0; c < 3; c++)
      rgb[3 * x + c] = (uint8_t)fmin(255, fmax(0, light[c] + grain + texture + (c == x * 7 / width % 3 ? disc : 0)));
  }
}

static file make_jpeg(int width, int height) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  file out = {NULL, 0};
  gaze_random random;
  gaze_random_init(&random, 1, 0);
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &out.bytes, &out.size);
  info.image_width = (JDIMENSION)width;
  info.image_height = (JDIMENSION)height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 92, TRUE);
  jpeg_start_compress(&info, TRUE);
  JSAMPLE pixels_of_row[3 * WIDTH];
  JSAMPROW row = pixels_of_row;
  while (info.next_scanline < info.image_height) {
    draw_row((int)info.next_scanline, width, height, &random, row);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return out;
}

/* libjpeg-turbo with the same settings and nothing besides: every row into the same memory. */
static double time_library(const file *jpeg) {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  JSAMPLE pixels_of_row[3 * WIDTH];
  JSAMPROW row = pixels_of_row;
  double start = seconds();
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, jpeg->bytes, jpeg->size);
  jpeg_read_header(&info, TRUE);
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height)
    jpeg_read_scanlines(&info, &row, 1);
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return seconds() - start;
}

static double time_way(const gaze_preprocess *preprocess, const file *jpeg, bool fast) {
  const gaze_picture_options options = {.fast_decode = fast};
  double start = seconds();
  must(gaze_preprocess_decode(preprocess, jpeg->bytes, jpeg->size, "drawn", &options, NULL, pixels));
  return seconds() - start;
}

/* The same in two steps, as a turned or very tall picture goes. */
static double time_steps(const gaze_preprocess *preprocess, const file *jpeg) {
  gaze_picture picture;
  double start = seconds();
  must(gaze_picture_decode(jpeg->bytes, jpeg->size, "drawn", NULL, NULL, &picture));
  must(gaze_preprocess_run(preprocess, &picture, pixels));
  gaze_picture_fini(&picture);
  return seconds() - start;
}

/* A training sample with every change at once, 160 x 160 to 96 x 96. */
static double time_augment(void) {
  const gaze_augment augment = {.scale_low = 0.5f,
                                .scale_high = 1,
                                .ratio = 4.0f / 3,
                                .flip = 0.5f,
                                .brightness = 0.4f,
                                .contrast = 0.4f,
                                .saturation = 0.4f,
                                .hue = 0.1f,
                                .jitter = 1,
                                .grey = 0.1f};
  file jpeg = make_jpeg(SMALL, SMALL);
  gaze_preprocess preprocess;
  gaze_picture picture;
  gaze_random random;
  gaze_random_init(&random, 1, 0);
  gaze_preprocess_default(&preprocess, 96);
  must(gaze_picture_decode(jpeg.bytes, jpeg.size, "drawn", NULL, NULL, &picture));
  double start = seconds();
  for (int i = 0; i < SAMPLES; i++)
    must(gaze_augment_run(&augment, &preprocess, &random, &picture, pixels));
  double elapsed = seconds() - start;
  gaze_picture_fini(&picture);
  free(jpeg.bytes);
  return elapsed / SAMPLES;
}

int main(void) {
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, SIDE);
  file jpeg = make_jpeg(WIDTH, HEIGHT);
  double library = 0, way = 0, steps = 0, fast = 0, augment = 0;
  for (int i = 0; i < ROUNDS; i++) {
    keep_least(&library, time_library(&jpeg));
    keep_least(&way, time_way(&preprocess, &jpeg, false));
    keep_least(&steps, time_steps(&preprocess, &jpeg));
    keep_least(&fast, time_way(&preprocess, &jpeg, true));
    keep_least(&augment, time_augment());
  }
  printf(
      "{\"bench\":\"decode\",\"cpu\":\"%s\",\"megapixels\":%.1f,\"megabytes\":%.2f,\"library_ms\":%.1f,\"way_ms\":%.1f,"
      "\"library_share\":%.3f,\"two_steps_ms\":%.1f,\"fast_decode_ms\":%.1f,\"fast_decode_gain\":%.2f,"
      "\"augment_ms\":%.3f}\n",
      gaze_bench_cpu_name(), WIDTH * HEIGHT / 1e6, (double)jpeg.size / 1e6, library * 1e3, way * 1e3, library / way,
      steps * 1e3, fast * 1e3, way / fast, augment * 1e3);
  free(jpeg.bytes);
  return 0;
}
