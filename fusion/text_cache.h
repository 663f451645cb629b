/* What texts give under one model, on disk: a file that only grows at its end, until it is too large and its older half
 * goes. Nothing in it is believed without its checksum, and whatever cannot be read or written costs time alone.
 *
 * Numbers as the machine writes them. Head: magic [8], uint32 D, uint32 size of a row, zeros up to 32 bytes. A row: key
 * [16], XXH3-64 of key and vector, float32 [D]. The oldest row is the first. Writers hold a lock on the folder; readers
 * hold none, for rows never change, and a file that is made anew takes the old one's place by its name. */
#ifndef GAZE_FUSION_TEXT_CACHE_H
#define GAZE_FUSION_TEXT_CACHE_H

#include "core/base/error.h"

enum { GAZE_TEXT_KEY = 16, GAZE_TEXT_HEAD = 32 };
#define GAZE_TEXT_CACHE_LIMIT ((size_t)64 << 20) /* bytes of a file */

typedef struct gaze_text_cache {
  char *path;
  size_t D, row, limit; /* row, limit: bytes */
  uint8_t *rows;        /* [n, row]: `stored` of the file, then new ones */
  size_t n, stored, capacity;
  uint32_t *slots; /* [n_slots], open addressing: number of a row + 1, 0: free */
  size_t n_slots;
  bool damaged; /* the file holds what is no row */
} gaze_text_cache;

/* Reads the file, if there is one; fails only for want of memory. */
GAZE_CHECKED gaze_err gaze_text_cache_open(const char *path, size_t D, size_t limit, gaze_text_cache **out);
/* Writes what is new, and frees. */
void gaze_text_cache_close(gaze_text_cache *cache);
/* vector: [D], borrowed until the next add; NULL: unknown. */
const float *gaze_text_cache_find(const gaze_text_cache *cache, const uint8_t key[GAZE_TEXT_KEY]);
GAZE_CHECKED gaze_err gaze_text_cache_add(gaze_text_cache *cache, const uint8_t key[GAZE_TEXT_KEY],
                                          const float *vector);
/* Tries to write what is new; tried once, it counts as stored. */
void gaze_text_cache_flush(gaze_text_cache *cache);

/* For the two files of this module: the head of such a file; a copy of a whole row at the end of the list, unless its
 * key is there. */
void gaze_text_cache_head(const gaze_text_cache *cache, uint8_t head[GAZE_TEXT_HEAD]);
GAZE_CHECKED gaze_err gaze_text_cache_put(gaze_text_cache *cache, const uint8_t *row);

#endif
