#include "text/tokenizer.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "text/clean.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

void gaze_tokenizer_free(gaze_tokenizer *tokenizer) {
  if (!tokenizer)
    return;
  gaze_bpe_fini(&tokenizer->bpe);
  for (size_t i = 0; i < tokenizer->n_added; i++)
    gaze_points_fini(&tokenizer->added[i].content);
  free(tokenizer->added);
  free(tokenizer);
}

size_t gaze_tokenizer_size(const gaze_tokenizer *tokenizer) { return tokenizer->bpe.size; }

int32_t gaze_tokenizer_start(const gaze_tokenizer *tokenizer) { return tokenizer->start; }

int32_t gaze_tokenizer_end(const gaze_tokenizer *tokenizer) { return tokenizer->end; }

const char *gaze_tokenizer_text(const gaze_tokenizer *tokenizer, int32_t id) {
  return gaze_bpe_text(&tokenizer->bpe, id);
}

gaze_err gaze_tokenizer_add_token(gaze_tokenizer *tokenizer, const char *content, int32_t id, bool normalized) {
  GAZE_TRY(gaze_grow(&tokenizer->added, &tokenizer->added_capacity, tokenizer->n_added + 1, sizeof *tokenizer->added));
  gaze_added_token *added = &tokenizer->added[tokenizer->n_added++];
  *added = (gaze_added_token){.id = id, .normalized = normalized};
  gaze_points plain = {0};
  gaze_err err = gaze_points_decode(&plain, content, strlen(content));
  gaze_normalizer none = {.n = 0};
  if (err == GAZE_OK)
    err = gaze_normalize(normalized ? &tokenizer->normalizer : &none, plain.at, plain.n, &added->content);
  gaze_points_fini(&plain);
  return err;
}

/* One call of encode: where it reads and writes, and its memory. */
typedef struct gaze_encoding {
  const gaze_tokenizer *tokenizer;
  gaze_points raw, normal;
  uint8_t *bytes;
  size_t bytes_capacity;
  gaze_bpe_work work;
  int32_t **ids;
  size_t *n, *capacity;
} gaze_encoding;

static void encoding_fini(gaze_encoding *encoding) {
  gaze_points_fini(&encoding->raw);
  gaze_points_fini(&encoding->normal);
  gaze_bpe_work_fini(&encoding->work);
  free(encoding->bytes);
}

static gaze_err push_id(gaze_encoding *encoding, int32_t id) {
  GAZE_TRY(gaze_grow(encoding->ids, encoding->capacity, *encoding->n + 1, sizeof **encoding->ids));
  (*encoding->ids)[(*encoding->n)++] = id;
  return GAZE_OK;
}

static gaze_err encode_piece(gaze_encoding *encoding, const gaze_split *split) {
  const gaze_bpe *bpe = &encoding->tokenizer->bpe;
  size_t size = 0;
  GAZE_TRY(gaze_grow(&encoding->bytes, &encoding->bytes_capacity, 4 * (split->end - split->start), 1));
  for (size_t i = split->start; i < split->end; i++)
    size += gaze_point_encode(split->points[i], encoding->bytes + size);
  if (split->end == split->literal_end && !split->rules->cut_literals) {
    int32_t id = gaze_bpe_find(bpe, (const char *)encoding->bytes, size);
    if (id >= 0)
      return push_id(encoding, id);
  }
  return gaze_bpe_encode(bpe, &encoding->work, encoding->bytes, size, encoding->ids, encoding->n, encoding->capacity);
}

static gaze_err encode_pieces(gaze_encoding *encoding, const int32_t *points, size_t n) {
  gaze_split split = {.rules = &encoding->tokenizer->rules, .points = points, .n = n};
  while (gaze_split_next(&split))
    GAZE_TRY(encode_piece(encoding, &split));
  return GAZE_OK;
}

/* The longest added token of its kind with which points [n] begin, or NULL. */
static const gaze_added_token *match_added(const gaze_tokenizer *tokenizer, bool normalized, const int32_t *points,
                                           size_t n) {
  const gaze_added_token *best = NULL;
  for (size_t i = 0; i < tokenizer->n_added; i++) {
    const gaze_added_token *added = &tokenizer->added[i];
    size_t length = added->content.n;
    if (added->normalized == normalized && length && length <= n && added->content.at[0] == points[0] &&
        !memcmp(added->content.at, points, length * sizeof *points) && (!best || length > best->content.n))
      best = added;
  }
  return best;
}

/* The points before and after each added token of one kind go to `between`, the token itself becomes its id. */
static gaze_err encode_around(gaze_encoding *encoding, bool normalized, const int32_t *points, size_t n,
                              gaze_err (*between)(struct gaze_encoding *, const int32_t *, size_t)) {
  size_t start = 0;
  if (n == 0)
    return GAZE_OK;
  for (size_t i = 0; i < n;) {
    const gaze_added_token *added = match_added(encoding->tokenizer, normalized, points + i, n - i);
    if (!added) {
      i++;
      continue;
    }
    GAZE_TRY(between(encoding, points + start, i - start));
    GAZE_TRY(push_id(encoding, added->id));
    start = i += added->content.n;
  }
  return between(encoding, points + start, n - start);
}

static gaze_err encode_stretch(gaze_encoding *encoding, const int32_t *points, size_t n) {
  encoding->normal.n = 0;
  GAZE_TRY(gaze_normalize(&encoding->tokenizer->normalizer, points, n, &encoding->normal));
  return encode_around(encoding, true, encoding->normal.at, encoding->normal.n, encode_pieces);
}

gaze_err gaze_tokenizer_encode(const gaze_tokenizer *tokenizer, const char *text, size_t size, int32_t **ids, size_t *n,
                               size_t *capacity) {
  gaze_encoding encoding = {.tokenizer = tokenizer, .ids = ids, .n = n, .capacity = capacity};
  size_t before = *n;
  gaze_err err;
  GAZE_TRY_DONE(gaze_points_decode(&encoding.raw, text, size));
  if (tokenizer->cleans) {
    GAZE_TRY_DONE(gaze_clean(&encoding.raw));
    GAZE_TRY_DONE(encode_pieces(&encoding, encoding.raw.at, encoding.raw.n));
  } else {
    GAZE_TRY_DONE(encode_around(&encoding, false, encoding.raw.at, encoding.raw.n, encode_stretch));
  }
done:
  if (err != GAZE_OK)
    *n = before;
  encoding_fini(&encoding);
  return err;
}

/* How many of ids stand before an end that the text itself spells. */
static size_t before_end(const gaze_tokenizer *tokenizer, const int32_t *ids, size_t n) {
  size_t before = 0;
  while (before < n && ids[before] != tokenizer->end)
    before++;
  return before;
}

gaze_err gaze_tokenizer_encode_context(const gaze_tokenizer *tokenizer, const char *text, size_t context, int32_t *ids,
                                       size_t *n, size_t *cut) {
  if (context < 2)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no room for start and end: a context of %zu ids: give at least 2", context);
  int32_t *all = NULL;
  size_t total = 0, capacity = 0;
  gaze_err err;
  GAZE_TRY_DONE(gaze_tokenizer_encode(tokenizer, text, strlen(text), &all, &total, &capacity));
  total = before_end(tokenizer, all, total);
  size_t kept = total < context - 2 ? total : context - 2;
  ids[0] = tokenizer->start;
  if (kept)
    memcpy(ids + 1, all, kept * sizeof *ids);
  ids[kept + 1] = tokenizer->end;
  *n = kept + 2;
  if (cut)
    *cut = total - kept;
done:
  free(all);
  return err;
}

static bool ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), part = strlen(ending);
  return length >= part && !strcmp(text + length - part, ending);
}

/* The names a folder may hold, in the order they are looked for. */
static const char *const file_names[] = {"tokenizer.json", "vocab.json", "bpe_simple_vocab_16e6.txt.gz",
                                         "bpe_simple_vocab_16e6.txt", "merges.txt"};

static gaze_err find_file(const char *folder, char **path) {
  for (size_t i = 0; i < sizeof file_names / sizeof *file_names; i++) {
    GAZE_TRY(gaze_path_join(folder, file_names[i], path));
    if (gaze_file_exists(*path))
      return GAZE_OK;
    free(*path);
    *path = NULL;
  }
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "no tokenizer: %s: expected tokenizer.json, vocab.json with merges.txt, or a "
                   "merges file",
                   folder);
}

static gaze_err load_beside(gaze_tokenizer *tokenizer, const char *vocabulary) {
  const char *slash = strrchr(vocabulary, '/');
  char *merges;
  GAZE_TRY(gaze_format(&merges, "%.*smerges.txt", slash ? (int)(slash + 1 - vocabulary) : 0, vocabulary));
  gaze_err err = gaze_tokenizer_load_pair(tokenizer, vocabulary, merges);
  free(merges);
  return err;
}

static gaze_err load_file(gaze_tokenizer *tokenizer, const char *path) {
  if (ends_with(path, "vocab.json"))
    return load_beside(tokenizer, path);
  if (ends_with(path, ".json"))
    return gaze_tokenizer_load_json(tokenizer, path);
  if (ends_with(path, ".txt") || ends_with(path, ".gz"))
    return gaze_tokenizer_load_merges(tokenizer, path);
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "not a tokenizer file: %s: expected .json, .txt or .gz", path);
}

gaze_err gaze_tokenizer_open(const char *path, gaze_tokenizer **out) {
  char *found = NULL;
  gaze_tokenizer *tokenizer = NULL;
  gaze_err err;
  if (gaze_folder_exists(path))
    GAZE_TRY_DONE(find_file(path, &found));
  else
    GAZE_TRY_DONE(gaze_strdup(path, &found));
  GAZE_TRY_DONE(gaze_alloc(1, sizeof *tokenizer, &tokenizer));
  GAZE_TRY_DONE(load_file(tokenizer, found));
  *out = tokenizer;
  tokenizer = NULL;
done:
  gaze_tokenizer_free(tokenizer);
  free(found);
  return err;
}
