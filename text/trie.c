#include "text/trie.h"

#include "core/base/memory.h"

#include <stdlib.h>

enum { NODES_MAX = 1 << 24 };

typedef struct gaze_trie_edge {
  uint32_t key;   /* node << 8 | byte */
  uint32_t child; /* 0: an empty slot */
} edge;

void gaze_trie_fini(gaze_trie *trie) {
  free(trie->values);
  free(trie->edges);
  *trie = (gaze_trie){0};
}

static edge *find_edge(const edge *edges, size_t n, uint32_t key) {
  uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15); /* Fibonacci hashing: the high bits are the well mixed ones */
  for (size_t i = (hash >> 32) & (n - 1);; i = (i + 1) & (n - 1))
    if (!edges[i].child || edges[i].key == key)
      return (edge *)(uintptr_t)&edges[i];
}

static gaze_err grow_edges(gaze_trie *trie) {
  size_t n = trie->n_edges ? 2 * trie->n_edges : 256;
  edge *edges;
  GAZE_TRY(gaze_alloc(n, sizeof *edges, &edges));
  for (size_t i = 0; i < trie->n_edges; i++)
    if (trie->edges[i].child)
      *find_edge(edges, n, trie->edges[i].key) = trie->edges[i];
  free(trie->edges);
  trie->edges = edges;
  trie->n_edges = n;
  return GAZE_OK;
}

static gaze_err add_node(gaze_trie *trie) {
  if (trie->n == NODES_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "a vocabulary of more than %d beginnings: use a smaller one", NODES_MAX);
  GAZE_TRY(gaze_grow(&trie->values, &trie->capacity, trie->n + 1, sizeof *trie->values));
  trie->values[trie->n++] = -1;
  return 2 * trie->n > trie->n_edges ? grow_edges(trie) : GAZE_OK;
}

gaze_err gaze_trie_add(gaze_trie *trie, const char *bytes, size_t size, int32_t value) {
  if (!trie->n)
    GAZE_TRY(add_node(trie));
  uint32_t node = 0;
  for (size_t i = 0; i < size; i++) {
    uint32_t key = node << 8 | (uint8_t)bytes[i];
    edge *found = find_edge(trie->edges, trie->n_edges, key);
    if (!found->child) {
      GAZE_TRY(add_node(trie));
      found = find_edge(trie->edges, trie->n_edges, key);
      *found = (edge){key, (uint32_t)trie->n - 1};
    }
    node = found->child;
  }
  trie->values[node] = value;
  return GAZE_OK;
}

uint32_t gaze_trie_step(const gaze_trie *trie, uint32_t node, uint8_t byte) {
  return trie->n_edges ? find_edge(trie->edges, trie->n_edges, node << 8 | byte)->child : 0;
}

size_t gaze_trie_longest(const gaze_trie *trie, const uint8_t *bytes, size_t size, int32_t *value) {
  size_t longest = 0;
  uint32_t node = 0;
  for (size_t i = 0; i < size && (node = gaze_trie_step(trie, node, bytes[i])); i++)
    if (trie->values[node] >= 0) {
      longest = i + 1;
      if (value)
        *value = trie->values[node];
    }
  return longest;
}
