/* A set of byte strings with a number each, walked byte by byte: finds every one that a text begins with. */
#ifndef GAZE_TEXT_TRIE_H
#define GAZE_TEXT_TRIE_H

#include "core/base/error.h"

/* Node 0 is the root, and as an answer: no such node. */
typedef struct gaze_trie {
  int32_t *values; /* [n]: the number of what ends at a node, -1: nothing does */
  size_t n, capacity;
  struct gaze_trie_edge *edges; /* hash table by node and byte [n_edges] */
  size_t n_edges;
} gaze_trie;

/* Begin with zeroes. */
void gaze_trie_fini(gaze_trie *trie);
/* A string that is there already gets the new value. value >= 0. */
GAZE_CHECKED gaze_err gaze_trie_add(gaze_trie *trie, const char *bytes, size_t size, int32_t value);
/* The node behind `byte` after `node`. */
uint32_t gaze_trie_step(const gaze_trie *trie, uint32_t node, uint8_t byte);
static inline int32_t gaze_trie_value(const gaze_trie *trie, uint32_t node) { return trie->values[node]; }
/* Length of the longest string with which bytes [size] begin, 0: none. *value (may be NULL): its number. */
size_t gaze_trie_longest(const gaze_trie *trie, const uint8_t *bytes, size_t size, int32_t *value);

#endif
