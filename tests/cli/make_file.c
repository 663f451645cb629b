/* Files that the tests of the command line need: make_file KIND PATH [SEED].
 *   picture   a PNG of 48 x 32 pixels, coloured by SEED
 *   photo     a JPEG of 600 x 400 pixels, coloured by SEED, then ORIENTATION TAKEN CAMERA: what its EXIF says
 *   foreign   a database of another program
 *   newer     a database that says it is of a later gaze
 *   damaged   a database whose pages are overwritten */
#include <png.h>
#include <sqlite3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static int make_picture(const char *path, unsigned seed) {
  enum { WIDTH = 48, HEIGHT = 32 };
  uint8_t pixels[HEIGHT][WIDTH][3];
  for (unsigned y = 0; y < HEIGHT; y++)
    for (unsigned x = 0; x < WIDTH; x++)
      for (unsigned c = 0; c < 3; c++)
        pixels[y][x][c] = (uint8_t)(seed * (37 + 31 * c) + x * (seed % 5) + y * c);
  png_image image = {.version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = PNG_FORMAT_RGB};
  return png_image_write_to_file(&image, path, 0, pixels, 0, NULL) ? 0 : 1;
}

static void put(uint8_t *out, unsigned long value, int bytes) {
  for (int i = 0; i < bytes; i++)
    out[i] = (uint8_t)(value >> 8 * i);
}

static void put_entry(uint8_t *out, unsigned tag, unsigned type, unsigned long count, unsigned long value) {
  put(out, tag, 2);
  put(out + 2, type, 2);
  put(out + 4, count, 4);
  put(out + 8, value, 4);
}

/* Little-endian TIFF: camera, orientation and a second list with the date (YYYY:MM:DD HH:MM:SS). Returns its size. */
static unsigned make_exif(uint8_t out[512], unsigned orientation, const char *taken, const char *camera) {
  enum { START = 6, FIRST = 8, SECOND = FIRST + 2 + 3 * 12 + 4, TAKEN = SECOND + 2 + 12 + 4, CAMERA = TAKEN + 20 };
  enum { ASCII = 2, SHORT = 3, LONG = 4 };
  uint8_t *tiff = out + START;
  size_t length = strlen(camera) + 1;
  memset(out, 0, 512);
  memcpy(out, "Exif\0\0II*", 9);
  put(tiff + 4, FIRST, 4);
  put(tiff + FIRST, 3, 2);
  put_entry(tiff + FIRST + 2, 0x0110, ASCII, length, CAMERA);
  put_entry(tiff + FIRST + 14, 0x0112, SHORT, 1, orientation);
  put_entry(tiff + FIRST + 26, 0x8769, LONG, 1, SECOND);
  put(tiff + SECOND, 1, 2);
  put_entry(tiff + SECOND + 2, 0x9003, ASCII, 20, TAKEN);
  memcpy(tiff + TAKEN, taken, strnlen(taken, 19));
  memcpy(tiff + CAMERA, camera, length);
  return (unsigned)(START + CAMERA + length);
}

static int make_photo(const char *path, unsigned seed, const uint8_t *exif, unsigned exif_size) {
  enum { WIDTH = 600, HEIGHT = 400 };
  static uint8_t row[WIDTH * 3];
  FILE *file = fopen(path, "wb");
  if (!file)
    return 1;
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_stdio_dest(&jpeg, file);
  jpeg.image_width = WIDTH;
  jpeg.image_height = HEIGHT;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, exif_size);
  for (unsigned y = 0; y < HEIGHT; y++) {
    for (unsigned x = 0; x < WIDTH * 3; x++)
      row[x] = (uint8_t)(x / 3 * (seed % 7) / 20 + y * (x % 3 + 1) / 5 + seed * 40);
    uint8_t *rows[] = {row};
    jpeg_write_scanlines(&jpeg, rows, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return fclose(file) != 0;
}

static int make_database(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  int status = sqlite3_open(path, &db);
  if (status == SQLITE_OK)
    status = sqlite3_exec(db, sql, NULL, NULL, NULL);
  sqlite3_close(db);
  return status == SQLITE_OK ? 0 : 1;
}

static int damage(const char *path) {
  FILE *file = fopen(path, "r+b");
  if (!file)
    return 1;
  fseek(file, 200, SEEK_SET);
  for (int i = 0; i < 20000; i++)
    fputc(i * 7 & 0xff, file);
  return fclose(file) != 0;
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  const char *kind = argv[1], *path = argv[2];
  if (strcmp(kind, "picture") == 0)
    return make_picture(path, argc > 3 ? (unsigned)atoi(argv[3]) : 1);
  if (strcmp(kind, "photo") == 0 && argc == 7 && strlen(argv[6]) < 256) {
    uint8_t exif[512];
    return make_photo(path, (unsigned)atoi(argv[3]), exif, make_exif(exif, (unsigned)atoi(argv[4]), argv[5], argv[6]));
  }
  if (strcmp(kind, "foreign") == 0)
    return make_database(path, "CREATE TABLE notes(text TEXT); INSERT INTO notes VALUES('mine');");
  if (strcmp(kind, "newer") == 0) /* 'gaze' as an application id */
    return make_database(path, "PRAGMA application_id = 1734441573; PRAGMA user_version = 9999; CREATE TABLE t(x);");
  if (strcmp(kind, "damaged") == 0)
    return make_database(path, "PRAGMA application_id = 1734441573; PRAGMA user_version = 3; CREATE TABLE photo(x);") ||
           damage(path);
  return 2;
}
