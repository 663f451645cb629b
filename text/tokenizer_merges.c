/* Vocabularies without tokenizer.json: vocab.json with merges.txt, and a merges file alone. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CLEAN_START "<start_of_text>"
#define CLEAN_END "<end_of_text>"

/* CLIP's merges file goes on after the merges that its vocabulary of 49,408 holds. */
enum { CLIP_MERGES = 49152 - 256 - 2, FILE_MAX = 1 << 26, CHUNK = 1 << 16 };

/* All of a file, plain or gzip, ended by 0. *out is yours: free(). */
static gaze_err read_text(const char *path, char **out) {
  gzFile file = gzopen(path, "rb");
  if (!file)
    return gaze_fail_errno(GAZE_ERR_NOT_FOUND, "cannot open a merges file: %s", path);
  char *text = NULL;
  size_t size = 0, capacity = 0;
  int got = 0;
  gaze_err err;
  do {
    size += (size_t)got;
    GAZE_TRY_DONE(gaze_grow(&text, &capacity, size + CHUNK + 1, 1));
    got = gzread(file, text + size, CHUNK);
  } while (got > 0 && size < FILE_MAX);
  if (got)
    GAZE_TRY_DONE(gaze_fail(got < 0 ? GAZE_ERR_FORMAT : GAZE_ERR_LIMIT,
                            "damaged, or larger than %d bytes: %s: fetch the merges file again", FILE_MAX, path));
  text[size] = 0;
  *out = text;
  text = NULL;
done:
  free(text);
  gzclose(file);
  return err;
}

typedef struct merge_line {
  const char *left, *right; /* within the text */
  size_t left_size, right_size;
} merge_line;

/* Takes the next line of *text that has a space; false at the end. */
static bool next_merge(const char **text, merge_line *line) {
  while (**text) {
    const char *start = *text;
    size_t size = strcspn(start, "\r\n"), left = strcspn(start, " \r\n");
    *text = start + size + (start[size] != 0);
    if (left > 0 && left + 1 < size) {
      *line = (merge_line){start, start + left + 1, left, size - left - 1};
      return true;
    }
  }
  return false;
}

static const char *skip_line(const char *text) {
  text += strcspn(text, "\n");
  return text + (*text != 0);
}

static size_t count_merges(const char *text, size_t limit) {
  size_t n = 0;
  merge_line line;
  while (n < limit && next_merge(&text, &line))
    n++;
  return n;
}

static gaze_err add_merges(gaze_bpe *bpe, const char *text, size_t n, const char *path) {
  merge_line line;
  for (size_t rank = 0; rank < n && next_merge(&text, &line); rank++)
    GAZE_TRY(gaze_bpe_add_merge(bpe, line.left, line.left_size, line.right, line.right_size, (uint32_t)rank, path));
  gaze_bpe_finish(bpe);
  return GAZE_OK;
}

gaze_err gaze_tokenizer_load_pair(gaze_tokenizer *tokenizer, const char *vocabulary, const char *merges) {
  json_t *json = NULL;
  char *text = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_json_open(vocabulary, &json));
  GAZE_TRY_DONE(read_text(merges, &text));
  const char *lines = strncmp(text, "#version", 8) ? text : skip_line(text);
  size_t n = count_merges(lines, GAZE_BPE_VOCABULARY_MAX);
  GAZE_TRY_DONE(gaze_tokenizer_read_vocabulary(&tokenizer->bpe, json, n, vocabulary));
  GAZE_TRY_DONE(add_merges(&tokenizer->bpe, lines, n, merges));
  gaze_tokenizer_set_clip_rules(&tokenizer->normalizer, &tokenizer->rules);
  GAZE_TRY_DONE(gaze_tokenizer_find_ends(tokenizer, vocabulary));
  tokenizer->bpe.unknown = tokenizer->end;
  GAZE_TRY_DONE(gaze_tokenizer_add_token(tokenizer, GAZE_TOKEN_START, tokenizer->start, false));
  GAZE_TRY_DONE(gaze_tokenizer_add_token(tokenizer, GAZE_TOKEN_END, tokenizer->end, false));
done:
  free(text);
  json_decref(json);
  return err;
}

/* Ids in open_clip's order: 256 bytes, 256 bytes at a word's end, the merges, start and end. */
static gaze_err number_merges(gaze_bpe *bpe, const char *text, size_t n, const char *path) {
  GAZE_TRY(gaze_bpe_init(bpe, 2 * GAZE_BPE_BYTES + n + 2, n));
  GAZE_TRY(gaze_bpe_add_letters(bpe));
  int32_t id = 2 * GAZE_BPE_BYTES;
  merge_line line;
  for (size_t i = 0; i < n && next_merge(&text, &line); i++)
    GAZE_TRY(gaze_bpe_add_joined(bpe, line.left, line.left_size, line.right, line.right_size, id++, path));
  GAZE_TRY(gaze_bpe_add(bpe, CLEAN_START, strlen(CLEAN_START), id, path));
  return gaze_bpe_add(bpe, CLEAN_END, strlen(CLEAN_END), id + 1, path);
}

gaze_err gaze_tokenizer_read_merges(gaze_tokenizer *tokenizer, const char *text, const char *name) {
  const char *lines = skip_line(text);
  size_t n = count_merges(lines, CLIP_MERGES);
  GAZE_TRY(number_merges(&tokenizer->bpe, lines, n, name));
  GAZE_TRY(add_merges(&tokenizer->bpe, lines, n, name));
  tokenizer->start = (int32_t)(tokenizer->bpe.size - 2);
  tokenizer->end = (int32_t)(tokenizer->bpe.size - 1);
  tokenizer->rules = (gaze_split_rules){.literals = {CLEAN_START, CLEAN_END}, .fold_case = true};
  tokenizer->cleans = true;
  return GAZE_OK;
}

gaze_err gaze_tokenizer_load_merges(gaze_tokenizer *tokenizer, const char *path) {
  char *text;
  GAZE_TRY(read_text(path, &text));
  gaze_err err = gaze_tokenizer_read_merges(tokenizer, text, path);
  free(text);
  return err;
}
