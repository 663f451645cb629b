/* What the tests of data sets share: a folder of their own, tars and pictures made on the spot. */
#ifndef GAZE_TESTS_UNIT_DATA_FILES_H
#define GAZE_TESTS_UNIT_DATA_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gaze.h"

/* Fresh folder for the test program, removed by remove_folder. */
extern char test_folder[];
int make_folder(void **state);
int remove_folder(void **state);

/* "folder/name"; a static buffer, good until the eighth call after. */
const char *test_path(const char *name);
/* A file of ../shared, or of $GAZE_SHARED; NULL, said in words, when it is not there. */
const char *shared_path(const char *name);

void write_file(const char *path, const void *bytes, size_t size);
void write_text(const char *path, const char *text);

/* The last warning, and how many there were since count_warnings. */
extern char last_warning[];
extern int n_warnings;
void count_warnings(void);

/* The err, and that its message holds each of the words (NULL ends them). */
void check_fails(gaze_err err, gaze_err expected, ...);

/* A tar in memory. */
typedef struct test_tar {
  uint8_t *bytes;
  size_t size;
} test_tar;

/* type: '0' for a file; 'L', 'x' for headers of the next member. */
void tar_add(test_tar *tar, const char *name, char type, const void *data, size_t size);
void tar_add_text(test_tar *tar, const char *name, const char *text);
void tar_end(test_tar *tar);
/* Puts the right checksum into the header at offset. */
void tar_sign(test_tar *tar, size_t offset);
/* Ends it, writes it and frees it. */
void tar_write(test_tar *tar, const char *path);

/* A PNG of one colour, and one pixel of another in the upper left corner. *bytes: free(). */
void make_png(int width, int height, uint32_t rgb, uint8_t **bytes, size_t *size);
/* KEY.png with it. */
void tar_add_png(test_tar *tar, const char *key, int width, int height, uint32_t rgb);

/* NAME.npy with float16 rows (row i: i + 1, -2) and NAME.txt with what is given; returns the path of the former. */
const char *write_text_vectors(const char *name, size_t rows, const char *texts);

#endif
