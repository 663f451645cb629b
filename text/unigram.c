#include "text/unigram.h"

#include "text/points.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static const double UNKNOWN_PENALTY = 10; /* an unknown character scores this much less than the worst piece */
static const double SUM_MAX = 100000;

void gaze_unigram_fini(gaze_unigram *unigram) {
  free(unigram->scores);
  free(unigram->kinds);
  gaze_trie_fini(&unigram->trie);
  *unigram = (gaze_unigram){0};
}

gaze_err gaze_unigram_add(gaze_unigram *unigram, gaze_vocabulary *vocabulary, const char *spelling, size_t size,
                          double score, gaze_piece_kind kind, const char *name) {
  size_t id = unigram->n;
  if (!isfinite(score))
    return gaze_fail(GAZE_ERR_FORMAT, "a score that is not finite: \"%.*s\" in %s: get the file again",
                     (int)(size < 80 ? size : 80), spelling, name);
  if (id == 0)
    unigram->least = unigram->single ? FLT_MAX : DBL_MAX;
  GAZE_TRY(gaze_grow(&unigram->scores, &unigram->scores_capacity, id + 1, sizeof *unigram->scores));
  GAZE_TRY(gaze_grow(&unigram->kinds, &unigram->kinds_capacity, id + 1, 1));
  unigram->scores[id] = score;
  unigram->kinds[id] = (uint8_t)kind;
  unigram->n++;
  if (kind == GAZE_PIECE_NORMAL)
    unigram->least = fmin(unigram->least, score);
  if (!size)
    return gaze_vocabulary_reserve(vocabulary, id + 1);
  GAZE_TRY(gaze_vocabulary_add_again(vocabulary, spelling, size, (int32_t)id, name));
  return kind == GAZE_PIECE_NEVER ? GAZE_OK : gaze_trie_add(&unigram->trie, spelling, size, (int32_t)id);
}

gaze_err gaze_unigram_finish(gaze_unigram *unigram, const char *name) {
  if (unigram->unknown < 0 || (size_t)unigram->unknown >= unigram->n)
    return gaze_fail(GAZE_ERR_FORMAT, "no unknown piece in a tokenizer: %s: get the file again", name);
  if (unigram->byte_fallback)
    gaze_vocabulary_find_bytes(unigram->vocabulary, unigram->bytes);
  return GAZE_OK;
}

/* The best way to cut what lies before a place: the last piece of it. */
typedef struct gaze_unigram_node {
  double score;
  uint32_t start; /* of the last piece; NONE: no way ends here */
  uint32_t next;  /* where the piece that starts here ends, on the way taken */
  int32_t id;
} node;

static const uint32_t NONE = UINT32_MAX;

void gaze_unigram_work_fini(gaze_unigram_work *work) {
  free(work->nodes);
  *work = (gaze_unigram_work){0};
}

static double score_of(const gaze_unigram *unigram, int32_t id, size_t length) {
  if (unigram->kinds[id] == GAZE_PIECE_USER)
    return (float)(0.1 * ((double)length - 1)); /* more than any other piece's, and most for the longest */
  return unigram->scores[id];
}

static void offer(const gaze_unigram *unigram, node *end, double score, uint32_t start, int32_t id) {
  if (unigram->single)
    score = (float)score;
  if (end->start != NONE && score <= end->score)
    return;
  end->score = score;
  end->start = start;
  end->id = id;
}

/* Offers every piece that starts at a place to the places where they end; what is not a piece is one unknown
 * character. */
static void extend(const gaze_unigram *unigram, node *nodes, const uint8_t *bytes, size_t start, size_t length,
                   size_t n) {
  uint32_t at = 0;
  bool known = false;
  for (size_t end = start; end < n && (at = gaze_trie_step(&unigram->trie, at, bytes[end]));) {
    int32_t id = gaze_trie_value(&unigram->trie, at);
    end++;
    if (id < 0)
      continue;
    offer(unigram, &nodes[end], score_of(unigram, id, end - start) + nodes[start].score, (uint32_t)start, id);
    known = known || end - start == length;
  }
  if (known)
    return;
  double score = unigram->least - UNKNOWN_PENALTY;
  score = (unigram->single ? (float)score : score) + nodes[start].score;
  offer(unigram, &nodes[start + length], score, (uint32_t)start, unigram->unknown);
}

/* Sums in float lose what is behind the point of large ones: SentencePiece starts anew from 0 before they do. */
static void restart(node *nodes, size_t start, size_t n) {
  double sum = nodes[start].score;
  size_t reach = n - start < GAZE_SPELLING_MAX ? n : start + GAZE_SPELLING_MAX;
  if (fabs(sum) <= SUM_MAX)
    return;
  for (size_t i = start; i <= reach; i++)
    if (nodes[i].start != NONE)
      nodes[i].score = (float)(nodes[i].score - sum);
}

/* A run of unknown characters. */
static gaze_err push_unknown(const gaze_unigram *unigram, const uint8_t *bytes, size_t n, gaze_ids *ids) {
  int32_t whole = unigram->single ? -1 : gaze_vocabulary_find(unigram->vocabulary, (const char *)bytes, n);
  if (whole >= 0)
    return gaze_ids_push(ids, whole);
  bool all = unigram->byte_fallback;
  for (size_t i = 0; i < n && all; i++)
    all = unigram->bytes[bytes[i]] >= 0;
  if (!all)
    return gaze_ids_push(ids, unigram->unknown);
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(gaze_ids_push(ids, unigram->bytes[bytes[i]]));
  return GAZE_OK;
}

static gaze_err push_way(const gaze_unigram *unigram, node *nodes, const uint8_t *bytes, size_t n, gaze_ids *ids) {
  for (size_t end = n; end > 0; end = nodes[end].start)
    nodes[nodes[end].start].next = (uint32_t)end;
  for (size_t start = 0; start < n;) {
    size_t end = nodes[start].next;
    int32_t id = nodes[end].id;
    while (id == unigram->unknown && end < n && nodes[nodes[end].next].id == unigram->unknown)
      end = nodes[end].next;
    GAZE_TRY(id == unigram->unknown ? push_unknown(unigram, bytes + start, end - start, ids) : gaze_ids_push(ids, id));
    start = end;
  }
  return GAZE_OK;
}

gaze_err gaze_unigram_encode(const gaze_unigram *unigram, gaze_unigram_work *work, const uint8_t *bytes, size_t n,
                             gaze_ids *ids) {
  if (n >= NONE)
    return gaze_fail(GAZE_ERR_LIMIT, "a text is too long: %zu bytes: cut it", n);
  GAZE_TRY(gaze_grow(&work->nodes, &work->capacity, n + 1, sizeof(node)));
  node *nodes = work->nodes;
  nodes[0] = (node){.start = 0};
  for (size_t i = 1; i <= n; i++)
    nodes[i].start = NONE;
  for (size_t start = 0; start < n;) {
    size_t length = gaze_point_length(bytes[start]);
    length = length < n - start ? length : n - start;
    if (unigram->single)
      restart(nodes, start, n);
    extend(unigram, nodes, bytes, start, length, n);
    start += length;
  }
  return push_way(unigram, nodes, bytes, n, ids);
}
