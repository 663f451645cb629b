/* A text to ids: added tokens taken out, what lies between normalised, cut into pieces, and encoded by the model. */
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

/* One call: what it fills, and its memory. */
typedef struct encoding {
  const gaze_tokenizer *tokenizer;
  gaze_points raw, normal;
  gaze_pieces pieces, spare;
  uint8_t *bytes; /* a piece in UTF-8 */
  size_t bytes_capacity;
  gaze_bpe_work bpe;
  gaze_unigram_work unigram;
  gaze_ids *ids;
  size_t first_added; /* the place in ids of the first added token */
  uint8_t *plain;     /* [raw.n]: 1 for a point that is no part of a special token; NULL: there is none */
  size_t plain_capacity;
  bool plain_stretch; /* the stretch has such points */
} encoding;

static void encoding_fini(encoding *e) {
  gaze_points_fini(&e->raw);
  gaze_points_fini(&e->normal);
  gaze_pieces_fini(&e->pieces);
  gaze_pieces_fini(&e->spare);
  gaze_bpe_work_fini(&e->bpe);
  gaze_unigram_work_fini(&e->unigram);
  free(e->bytes);
  free(e->plain);
}

static gaze_err encode_bytes(encoding *e, size_t size, bool literal) {
  const gaze_tokenizer *tokenizer = e->tokenizer;
  switch (tokenizer->model) {
  case GAZE_TOKENIZER_UNIGRAM:
    return gaze_unigram_encode(&tokenizer->unigram, &e->unigram, e->bytes, size, e->ids);
  case GAZE_TOKENIZER_WORDPIECE:
    return gaze_wordpiece_encode(&tokenizer->wordpiece, e->bytes, size, e->ids);
  case GAZE_TOKENIZER_BPE:
    break;
  }
  int32_t id = literal ? gaze_vocabulary_find(&tokenizer->vocabulary, (const char *)e->bytes, size) : -1;
  return id >= 0 ? gaze_ids_push(e->ids, id) : gaze_bpe_encode(&tokenizer->bpe, &e->bpe, e->bytes, size, e->ids);
}

static gaze_err encode_run(encoding *e, const int32_t *points, size_t n, bool literal) {
  size_t size = 0;
  GAZE_TRY(gaze_grow(&e->bytes, &e->bytes_capacity, 4 * n, 1));
  for (size_t i = 0; i < n; i++)
    size += gaze_point_encode(points[i], e->bytes + size);
  return encode_bytes(e, size, literal);
}

/* Whether an id from `from` on is of a special token, other than the one for what has no id. */
static bool gave_special(const encoding *e, size_t from) {
  for (size_t i = from; i < e->ids->n; i++)
    if (e->ids->at[i] != e->tokenizer->unknown && gaze_tokenizer_is_special(e->tokenizer, e->ids->at[i]))
      return true;
  return false;
}

/* A point by its bytes, where the vocabulary has them. */
static gaze_err push_bytes(encoding *e, int32_t point) {
  const gaze_tokenizer *tokenizer = e->tokenizer;
  uint8_t bytes[4];
  size_t size = gaze_point_encode(point, bytes);
  for (size_t i = 0; i < size; i++) {
    int32_t id = tokenizer->model == GAZE_TOKENIZER_BPE ? tokenizer->bpe.inner[bytes[i]] : -1;
    if (id < 0 || gaze_tokenizer_is_special(tokenizer, id))
      id = tokenizer->unknown;
    if (id >= 0)
      GAZE_TRY(gaze_ids_push(e->ids, id));
  }
  return GAZE_OK;
}

/* What would be a special token goes point by point. */
static gaze_err encode_piece(encoding *e, const int32_t *points, size_t n, bool literal) {
  size_t before = e->ids->n;
  GAZE_TRY(encode_run(e, points, n, literal));
  if (!e->plain || !gave_special(e, before))
    return GAZE_OK;
  e->ids->n = before;
  for (size_t i = 0; i < n; i++) {
    before = e->ids->n;
    GAZE_TRY(encode_run(e, points + i, 1, false));
    if (!gave_special(e, before))
      continue;
    e->ids->n = before;
    GAZE_TRY(push_bytes(e, points[i]));
  }
  return GAZE_OK;
}

static gaze_err encode_pieces(encoding *e, const int32_t *points, size_t n, bool first) {
  GAZE_TRY(gaze_cut(&e->tokenizer->cutter, points, n, first, &e->pieces, &e->spare));
  for (size_t i = 0, start = 0; i < e->pieces.n; start = e->pieces.at[i++].end)
    GAZE_TRY(encode_piece(e, e->pieces.points.at + start, e->pieces.at[i].end - start, e->pieces.at[i].literal));
  return GAZE_OK;
}

/* The longest added token of its kind with which points [n >= 1] begin, or NULL. */
static const gaze_added_token *match_added(const gaze_tokenizer *tokenizer, bool normalized, const int32_t *points,
                                           size_t n) {
  const gaze_added_token *best = NULL;
  if (!(tokenizer->added_first >> (points[0] % 64) & 1))
    return NULL;
  for (size_t i = 0; i < tokenizer->n_added; i++) {
    const gaze_added_token *added = &tokenizer->added[i];
    size_t length = added->content.n;
    if (added->normalized == normalized && length && length <= n && added->content.at[0] == points[0] &&
        !memcmp(added->content.at, points, length * sizeof *points) && (!best || length > best->content.n))
      best = added;
  }
  return best;
}

static bool is_plain(const encoding *e, const int32_t *points, size_t n) {
  return e->plain && memchr(e->plain + (points - e->raw.at), 1, n) != NULL;
}

/* Whether a special token's spelling is no more than that. */
static bool is_spelled(const encoding *e, const gaze_added_token *added, const int32_t *points) {
  if (!added->special)
    return false;
  return added->normalized ? e->plain_stretch : is_plain(e, points, added->content.n);
}

/* The points before and after each added token of one kind go to `between`, the token itself becomes its id. */
static gaze_err encode_around(encoding *e, bool normalized, const int32_t *points, size_t n, bool first,
                              gaze_err (*between)(encoding *, const int32_t *, size_t, bool)) {
  size_t taken = 0;
  for (size_t i = 0; i < n;) {
    const gaze_added_token *added = match_added(e->tokenizer, normalized, points + i, n - i);
    if (!added || is_spelled(e, added, points + i)) {
      i += added ? added->content.n : 1;
      continue;
    }
    size_t start = i, end = i += added->content.n;
    while (added->takes_left && start > taken && gaze_point_is_space(points[start - 1]))
      start--;
    while (added->takes_right && end < n && gaze_point_is_space(points[end]))
      end++;
    if (start > taken)
      GAZE_TRY(between(e, points + taken, start - taken, first && taken == 0));
    if (e->first_added > e->ids->n)
      e->first_added = e->ids->n;
    GAZE_TRY(gaze_ids_push(e->ids, added->id));
    taken = end;
  }
  return taken < n ? between(e, points + taken, n - taken, first && taken == 0) : GAZE_OK;
}

static gaze_err encode_stretch(encoding *e, const int32_t *points, size_t n, bool first) {
  size_t before = e->ids->n, dropped = e->tokenizer->dropped;
  bool front;
  e->plain_stretch = is_plain(e, points, n);
  GAZE_TRY(gaze_normalize(&e->tokenizer->normalizer, points, n, &e->normal, &front));
  GAZE_TRY(encode_around(e, true, e->normal.at, e->normal.n, first && front, encode_pieces));
  size_t added = e->ids->n - before;
  if (!dropped || added < dropped)
    return GAZE_OK;
  memmove(e->ids->at + before, e->ids->at + before + dropped, (added - dropped) * sizeof *e->ids->at);
  e->ids->n -= dropped;
  return GAZE_OK;
}

gaze_err gaze_tokenizer_encode_points(const gaze_tokenizer *tokenizer, const int32_t *points, size_t n, gaze_ids *ids) {
  encoding e = {.tokenizer = tokenizer, .ids = ids};
  gaze_err err = encode_stretch(&e, points, n, true);
  encoding_fini(&e);
  return err;
}

/* SigLIP's own sign is a space to it. */
static gaze_err sign_front(encoding *e) {
  gaze_points *spare = &e->normal;
  spare->n = 0;
  GAZE_TRY(gaze_points_push(spare, GAZE_SPACE_SIGN));
  for (size_t i = 0; i < e->raw.n; i++)
    GAZE_TRY(gaze_points_push(spare, e->raw.at[i] == GAZE_SPACE_SIGN ? ' ' : e->raw.at[i]));
  if (e->plain && e->raw.n)
    memmove(e->plain + 1, e->plain, e->raw.n);
  gaze_points_swap(&e->raw, spare);
  return GAZE_OK;
}

/* The sign goes where it stands alone before an added token. */
static void unsign_front(const encoding *e) {
  int32_t sign = gaze_vocabulary_find(&e->tokenizer->vocabulary, "\xE2\x96\x81", 3);
  if (e->first_added != 1 || e->ids->at[0] != sign)
    return;
  e->ids->n--;
  memmove(e->ids->at, e->ids->at + 1, e->ids->n * sizeof *e->ids->at);
}

/* Appends a part of the text, cleaned, and what its points are. */
static gaze_err add_part(encoding *e, const gaze_text_part *part, bool any_plain) {
  size_t before = e->raw.n;
  GAZE_TRY(gaze_points_decode(&e->normal, part->text, part->size));
  GAZE_TRY(gaze_clean(&e->normal, e->tokenizer->cleaning));
  GAZE_TRY(gaze_points_append(&e->raw, e->normal.at, e->normal.n));
  if (!any_plain)
    return GAZE_OK;
  GAZE_TRY(gaze_grow(&e->plain, &e->plain_capacity, e->raw.n + 1, 1));
  memset(e->plain + before, part->plain, e->raw.n - before);
  return GAZE_OK;
}

static gaze_err encode_parts(encoding *e, const gaze_text_part *parts, size_t n) {
  const gaze_tokenizer *tokenizer = e->tokenizer;
  bool any_plain = false;
  for (size_t i = 0; i < n; i++)
    any_plain = any_plain || parts[i].plain;
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(add_part(e, &parts[i], any_plain));
  if (tokenizer->signed_front)
    GAZE_TRY(sign_front(e));
  GAZE_TRY(encode_around(e, false, e->raw.at, e->raw.n, true, encode_stretch));
  if (tokenizer->signed_front)
    unsign_front(e);
  return GAZE_OK;
}

gaze_err gaze_tokenizer_encode_parts(const gaze_tokenizer *tokenizer, const gaze_text_part *parts, size_t n_parts,
                                     int32_t **ids, size_t *n, size_t *capacity) {
  gaze_ids list = {0};
  encoding e = {.tokenizer = tokenizer, .ids = &list, .first_added = SIZE_MAX};
  gaze_err err = encode_parts(&e, parts, n_parts);
  if (err == GAZE_OK)
    err = gaze_grow(ids, capacity, *n + list.n, sizeof **ids);
  if (err == GAZE_OK && list.n) {
    memcpy(*ids + *n, list.at, list.n * sizeof *list.at);
    *n += list.n;
  }
  free(list.at);
  encoding_fini(&e);
  return err;
}

gaze_err gaze_tokenizer_encode(const gaze_tokenizer *tokenizer, const char *text, size_t size, int32_t **ids, size_t *n,
                               size_t *capacity) {
  gaze_text_part whole = {.text = text, .size = size};
  return gaze_tokenizer_encode_parts(tokenizer, &whole, 1, ids, n, capacity);
}

/* How many of ids stand before an end that the text itself spells. */
static size_t before_end(const gaze_tokenizer *tokenizer, const int32_t *ids, size_t n) {
  size_t before = 0;
  while (before < n && ids[before] != tokenizer->end)
    before++;
  return before;
}

static size_t put_around(const gaze_around *around, int32_t *ids) {
  if (around->n)
    memcpy(ids, around->ids, around->n * sizeof *ids);
  return around->n;
}

/* Whether the ids of a text, which stand at `from`, want the end behind them. */
static bool wants_end(const gaze_tokenizer *tokenizer, const int32_t *from, size_t n) {
  return !tokenizer->one_end || !n || from[n - 1] != tokenizer->end;
}

gaze_err gaze_tokenizer_encode_whole(const gaze_tokenizer *tokenizer, const char *text, int32_t **ids, size_t *n,
                                     size_t *capacity) {
  size_t start = *n;
  GAZE_TRY(gaze_grow(ids, capacity, start + GAZE_AROUND_MAX, sizeof **ids));
  *n += put_around(&tokenizer->before, *ids + start);
  size_t own = *n;
  gaze_err err = gaze_tokenizer_encode(tokenizer, text, strlen(text), ids, n, capacity);
  if (err == GAZE_OK)
    err = gaze_grow(ids, capacity, *n + GAZE_AROUND_MAX, sizeof **ids);
  if (err != GAZE_OK)
    *n = start;
  else if (wants_end(tokenizer, *ids + own, *n - own))
    *n += put_around(&tokenizer->behind, *ids + *n);
  return err;
}

gaze_err gaze_tokenizer_encode_context(const gaze_tokenizer *tokenizer, const char *text, size_t context, int32_t *ids,
                                       size_t *n, size_t *cut) {
  size_t around = tokenizer->before.n + tokenizer->behind.n;
  if (context < around || context == 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no room for start and end: a context of %zu ids: give at least %zu", context,
                     around ? around : 1);
  int32_t *all = NULL;
  size_t total = 0, capacity = 0;
  gaze_err err;
  GAZE_TRY_DONE(gaze_tokenizer_encode(tokenizer, text, strlen(text), &all, &total, &capacity));
  if (tokenizer->ends_at_end)
    total = before_end(tokenizer, all, total);
  size_t kept = total < context - around ? total : context - around;
  *n = put_around(&tokenizer->before, ids);
  if (kept)
    memcpy(ids + *n, all, kept * sizeof *ids);
  *n += kept;
  if (wants_end(tokenizer, all, kept))
    *n += put_around(&tokenizer->behind, ids + *n);
  if (cut)
    *cut = total - kept;
done:
  free(all);
  return err;
}
