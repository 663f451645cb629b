/* Files that the tests of the command line need: make_file KIND PATH [SEED].
 *   picture   a PNG of 48 x 32 pixels, coloured by SEED
 *   foreign   a database of another program
 *   newer     a database that says it is of a later gaze
 *   damaged   a database whose pages are overwritten */
#include <png.h>
#include <sqlite3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  if (strcmp(kind, "foreign") == 0)
    return make_database(path, "CREATE TABLE notes(text TEXT); INSERT INTO notes VALUES('mine');");
  if (strcmp(kind, "newer") == 0) /* 'gaze' as an application id */
    return make_database(path, "PRAGMA application_id = 1734441573; PRAGMA user_version = 9999; CREATE TABLE t(x);");
  if (strcmp(kind, "damaged") == 0)
    return make_database(path, "PRAGMA application_id = 1734441573; PRAGMA user_version = 3; CREATE TABLE photo(x);") ||
           damage(path);
  return 2;
}
