#include "data_files.h"

#include "core/base/file.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK 512

char test_folder[256];
char last_warning[1024];
int n_warnings;

int make_folder(void **state) {
  const char *base = getenv("TMPDIR");
  snprintf(test_folder, sizeof test_folder, "%s/gaze-test-XXXXXX", base ? base : "/tmp");
  return mkdtemp(test_folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) { return remove(path); }

int remove_folder(void **state) { return nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

const char *test_path(const char *name) {
  static char paths[8][512];
  static int turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
  return path;
}

const char *shared_path(const char *name) {
  static char path[512];
  const char *shared = getenv("GAZE_SHARED");
  snprintf(path, sizeof path, "%s/%s", shared ? shared : "../shared", name);
  if (access(path, R_OK) == 0)
    return path;
  printf("SKIP: %s is not there\n", path);
  return NULL;
}

void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

void write_text(const char *path, const char *text) { write_file(path, text, strlen(text)); }

static void note_warning(const char *line) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  snprintf(last_warning, sizeof last_warning, "%s", line);
  n_warnings++;
  pthread_mutex_unlock(&mutex);
}

void count_warnings(void) {
  n_warnings = 0;
  last_warning[0] = 0;
  gaze_set_warn(note_warning);
}

void check_fails(gaze_err err, gaze_err expected, ...) {
  if (err != expected)
    fail_msg("%s instead of %s: %s", gaze_err_name(err), gaze_err_name(expected), err ? gaze_last_error() : "");
  va_list words;
  va_start(words, expected);
  for (const char *word; (word = va_arg(words, const char *));)
    if (!strstr(gaze_last_error(), word))
      fail_msg("no \"%s\" in: %s", word, gaze_last_error());
  va_end(words);
}

void tar_sign(test_tar *tar, size_t offset) {
  uint8_t *header = tar->bytes + offset;
  unsigned sum = 0;
  memset(header + 148, ' ', 8);
  for (int i = 0; i < BLOCK; i++)
    sum += header[i];
  snprintf((char *)header + 148, 8, "%06o", sum);
}

void tar_add(test_tar *tar, const char *name, char type, const void *data, size_t size) {
  size_t offset = tar->size, padded = (size + BLOCK - 1) / BLOCK * BLOCK;
  tar->size += BLOCK + padded;
  tar->bytes = realloc(tar->bytes, tar->size);
  assert_non_null(tar->bytes);
  uint8_t *header = tar->bytes + offset;
  memset(header, 0, BLOCK + padded);
  memcpy(header, name, strnlen(name, 100));
  snprintf((char *)header + 124, 12, "%011zo", size);
  header[156] = (uint8_t)type;
  memcpy(header + 257, "ustar\00000", 8);
  memcpy(header + BLOCK, data, size);
  tar_sign(tar, offset);
}

void tar_add_text(test_tar *tar, const char *name, const char *text) { tar_add(tar, name, '0', text, strlen(text)); }

void tar_end(test_tar *tar) {
  tar->bytes = realloc(tar->bytes, tar->size + 2 * BLOCK);
  assert_non_null(tar->bytes);
  memset(tar->bytes + tar->size, 0, 2 * BLOCK);
  tar->size += 2 * BLOCK;
}

void tar_write(test_tar *tar, const char *path) {
  tar_end(tar);
  write_file(path, tar->bytes, tar->size);
  free(tar->bytes);
  *tar = (test_tar){0};
}

static uint8_t *put_u32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++)
    at[i] = (uint8_t)(value >> (24 - 8 * i));
  return at + 4;
}

static uint8_t *put_chunk(uint8_t *at, const char *type, const uint8_t *data, size_t size) {
  uint8_t *start = put_u32(at, (uint32_t)size);
  memcpy(start, type, 4);
  if (size)
    memcpy(start + 4, data, size);
  return put_u32(start + 4 + size, (uint32_t)crc32(0, start, (uInt)size + 4));
}

void make_png(int width, int height, uint32_t rgb, uint8_t **bytes, size_t *size) {
  size_t row = 1 + 3 * (size_t)width, raw_size = row * (size_t)height;
  uLongf packed_size = compressBound(raw_size);
  uint8_t *raw = calloc(1, raw_size), *packed = malloc(packed_size), head[13] = {0};
  for (size_t y = 0; y < (size_t)height; y++)
    for (size_t x = 0; x < 3 * (size_t)width; x++)
      raw[y * row + 1 + x] = (uint8_t)((y + x < 3 ? ~rgb : rgb) >> (16 - 8 * (x % 3)));
  assert_int_equal(compress(packed, &packed_size, raw, raw_size), Z_OK);
  put_u32(put_u32(head, (uint32_t)width), (uint32_t)height);
  head[8] = 8;
  head[9] = 2;
  *bytes = malloc(packed_size + 57);
  memcpy(*bytes, "\x89PNG\r\n\x1a\n", 8);
  uint8_t *at = put_chunk(*bytes + 8, "IHDR", head, sizeof head);
  at = put_chunk(at, "IDAT", packed, packed_size);
  at = put_chunk(at, "IEND", NULL, 0);
  *size = (size_t)(at - *bytes);
  free(raw);
  free(packed);
}

void tar_add_png(test_tar *tar, const char *key, int width, int height, uint32_t rgb) {
  uint8_t *bytes;
  size_t size;
  char name[128];
  snprintf(name, sizeof name, "%s.png", key);
  make_png(width, height, rgb, &bytes, &size);
  tar_add(tar, name, '0', bytes, size);
  free(bytes);
}

const char *write_text_vectors(const char *name, size_t rows, const char *texts) {
  static const uint16_t whole[] = {0x3c00, 0x4000, 0x4200, 0x4400}; /* 1 to 4 */
  uint8_t bytes[128 + 4 * 4] = {0};
  char file[64];
  assert_true(rows <= 4);
  memset(bytes, ' ', 128);
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  int length = sprintf((char *)bytes + 10, "{'descr': '<f2', 'fortran_order': False, 'shape': (%zu, 2), }", rows);
  bytes[10 + length] = ' ';
  for (size_t i = 0; i < rows; i++) {
    const uint16_t row[2] = {whole[i], 0xc000};
    memcpy(bytes + 128 + i * sizeof row, row, sizeof row);
  }
  snprintf(file, sizeof file, "%s.txt", name);
  write_text(test_path(file), texts);
  snprintf(file, sizeof file, "%s.npy", name);
  assert_int_equal(gaze_file_replace(test_path(file), bytes, 128 + rows * 4), GAZE_OK);
  return test_path(file);
}
