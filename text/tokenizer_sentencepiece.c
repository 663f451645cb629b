/* A SentencePiece model (.model): sentencepiece_model.proto's ModelProto. The numbers of fields and kinds are its own.
 */
#include "core/base/file.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_parts.h"
#include "text/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum piece_kind { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE } piece_kind;
enum { MODEL_UNIGRAM = 1, MODEL_BPE, MODEL_WORD, MODEL_CHAR };

typedef struct piece {
  const char *text; /* borrowed from the file, no end mark */
  size_t size;
  float score;
  piece_kind kind;
} piece;

/* What the file says; texts are borrowed from it. */
typedef struct model {
  piece *pieces; /* [n] */
  size_t n, capacity;
  int32_t type;
  bool byte_fallback, suffix_spaces;
  const char *begin, *end, *pad; /* spellings, no end mark; NULL: the usual */
  size_t begin_size, end_size, pad_size;
  const uint8_t *charsmap;
  size_t charsmap_size;
  bool dummy_prefix, fold_spaces, escape_spaces;
  const char *name;
} model;

static gaze_err read_piece(model *m, gaze_wire *wire) {
  piece read = {.kind = NORMAL};
  int32_t kind = NORMAL;
  for (bool more;;) {
    GAZE_TRY(gaze_wire_next(wire, &more));
    if (!more)
      break;
    if (wire->field == 1)
      GAZE_TRY(gaze_wire_text(wire, &read.text, &read.size));
    else if (wire->field == 2)
      GAZE_TRY(gaze_wire_float(wire, &read.score));
    else if (wire->field == 3)
      GAZE_TRY(gaze_wire_integer(wire, &kind));
  }
  read.kind = (piece_kind)kind;
  if (!read.size || memchr(read.text, 0, read.size) || kind < NORMAL || kind > BYTE || !isfinite(read.score))
    return gaze_fail(GAZE_ERR_FORMAT,
                     "piece %zu is empty, of an unknown kind or without a score: %s: get the file again", m->n,
                     m->name);
  GAZE_TRY(gaze_grow(&m->pieces, &m->capacity, m->n + 1, sizeof *m->pieces));
  m->pieces[m->n++] = read;
  return GAZE_OK;
}

static gaze_err read_trainer_field(model *m, const gaze_wire *wire) {
  switch (wire->field) {
  case 3:
    return gaze_wire_integer(wire, &m->type);
  case 24:
    return gaze_wire_bool(wire, &m->suffix_spaces);
  case 35:
    return gaze_wire_bool(wire, &m->byte_fallback);
  case 46:
    return gaze_wire_text(wire, &m->begin, &m->begin_size);
  case 47:
    return gaze_wire_text(wire, &m->end, &m->end_size);
  case 48:
    return gaze_wire_text(wire, &m->pad, &m->pad_size);
  default:
    return GAZE_OK;
  }
}

static gaze_err read_normalizer_field(model *m, const gaze_wire *wire) {
  gaze_wire bytes;
  switch (wire->field) {
  case 2:
    GAZE_TRY(gaze_wire_message(wire, &bytes));
    m->charsmap = bytes.at;
    m->charsmap_size = (size_t)(bytes.end - bytes.at);
    return GAZE_OK;
  case 3:
    return gaze_wire_bool(wire, &m->dummy_prefix);
  case 4:
    return gaze_wire_bool(wire, &m->fold_spaces);
  case 5:
    return gaze_wire_bool(wire, &m->escape_spaces);
  default:
    return GAZE_OK;
  }
}

static gaze_err read_fields(model *m, gaze_wire *wire, gaze_err (*read)(model *, const gaze_wire *)) {
  for (bool more;;) {
    GAZE_TRY(gaze_wire_next(wire, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(read(m, wire));
  }
}

static gaze_err read_model_field(model *m, const gaze_wire *wire) {
  gaze_wire message;
  if (wire->field < 1 || wire->field > 3)
    return GAZE_OK;
  GAZE_TRY(gaze_wire_message(wire, &message));
  if (wire->field == 1)
    return read_piece(m, &message);
  return read_fields(m, &message, wire->field == 2 ? read_trainer_field : read_normalizer_field);
}

static gaze_err check_model(const model *m) {
  static const char *const types[] = {"UNIGRAM", "BPE", "WORD", "CHAR"};
  if (m->type == MODEL_WORD || m->type == MODEL_CHAR)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported SentencePiece model: %s in %s: only UNIGRAM and BPE are known",
                     types[m->type - 1], m->name);
  if (m->type != MODEL_UNIGRAM && m->type != MODEL_BPE)
    return gaze_fail(GAZE_ERR_FORMAT, "a SentencePiece model of no known type: %s: get the file again", m->name);
  if (m->suffix_spaces)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "unsupported SentencePiece model: treat_whitespace_as_suffix in %s: use one that puts spaces in "
                     "front of words",
                     m->name);
  size_t unknown = 0;
  for (size_t i = 0; i < m->n; i++) {
    unknown += m->pieces[i].kind == UNKNOWN;
    if (m->pieces[i].kind == UNUSED && m->type == MODEL_BPE)
      return gaze_fail(GAZE_ERR_UNSUPPORTED,
                       "unsupported SentencePiece model: unused pieces of BPE in %s: use one "
                       "without them",
                       m->name);
  }
  return unknown == 1 ? GAZE_OK
                      : gaze_fail(GAZE_ERR_FORMAT, "%zu unknown pieces in a tokenizer: %s: get the file again", unknown,
                                  m->name);
}

static gaze_err fill_unigram(gaze_tokenizer *tokenizer, const model *m) {
  gaze_unigram *unigram = &tokenizer->unigram;
  tokenizer->model = GAZE_TOKENIZER_UNIGRAM;
  unigram->single = true;
  unigram->byte_fallback = m->byte_fallback;
  unigram->unknown = tokenizer->unknown;
  for (size_t i = 0; i < m->n; i++) {
    const piece *p = &m->pieces[i];
    gaze_piece_kind kind = p->kind == NORMAL ? GAZE_PIECE_NORMAL : p->kind == USER ? GAZE_PIECE_USER : GAZE_PIECE_NEVER;
    if (gaze_vocabulary_find(&tokenizer->vocabulary, p->text, p->size) >= 0)
      return gaze_fail(GAZE_ERR_FORMAT, "a piece twice: \"%.*s\" in %s: get the file again", (int)p->size, p->text,
                       m->name);
    GAZE_TRY(gaze_unigram_add(unigram, &tokenizer->vocabulary, p->text, p->size, p->score, kind, m->name));
  }
  return gaze_unigram_finish(unigram, m->name);
}

/* What has a higher score is joined first. */
static int compare_pieces(const void *a, const void *b) {
  float left = (*(const piece *const *)a)->score, right = (*(const piece *const *)b)->score;
  return left > right ? -1 : left < right;
}

static gaze_err rank_pieces(gaze_bpe *bpe, const model *m) {
  const piece **order;
  GAZE_TRY(gaze_alloc(m->n, sizeof *order, &order));
  gaze_err err = gaze_alloc(m->n, sizeof *bpe->ranks, &bpe->ranks);
  for (size_t i = 0; i < m->n; i++)
    order[i] = &m->pieces[i];
  qsort(order, m->n, sizeof *order, compare_pieces);
  uint32_t rank = 0;
  for (size_t i = 0; i < m->n && err == GAZE_OK; i++) {
    rank += i > 0 && order[i]->score < order[i - 1]->score;
    bool joins = order[i]->kind == NORMAL || order[i]->kind == USER;
    bpe->ranks[order[i] - m->pieces] = joins ? rank : GAZE_BPE_NEVER;
  }
  free(order);
  return err;
}

static gaze_err fill_bpe(gaze_tokenizer *tokenizer, const model *m) {
  gaze_bpe *bpe = &tokenizer->bpe;
  tokenizer->model = GAZE_TOKENIZER_BPE;
  bpe->style = GAZE_BPE_OF_SPELLINGS;
  bpe->byte_fallback = m->byte_fallback;
  bpe->unknown = tokenizer->unknown;
  for (size_t i = 0; i < m->n; i++) {
    const piece *p = &m->pieces[i];
    GAZE_TRY(gaze_vocabulary_add(&tokenizer->vocabulary, p->text, p->size, (int32_t)i, m->name));
    if (p->kind == USER)
      GAZE_TRY(gaze_trie_add(&bpe->fixed, p->text, p->size, (int32_t)i));
  }
  GAZE_TRY(gaze_bpe_finish(bpe));
  return rank_pieces(bpe, m);
}

static gaze_err check_bytes(const gaze_tokenizer *tokenizer, const model *m) {
  int32_t bytes[256];
  gaze_vocabulary_find_bytes(&tokenizer->vocabulary, bytes);
  for (size_t i = 0; i < 256 && m->byte_fallback; i++)
    if (bytes[i] < 0)
      return gaze_fail(GAZE_ERR_FORMAT, "no piece for byte %zu in a model with byte_fallback: %s: get the file again",
                       i, m->name);
  return GAZE_OK;
}

static gaze_err fill_normalizer(gaze_normalizer *normalizer, const model *m) {
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_SENTENCEPIECE);
  normalizer->dummy_prefix = m->dummy_prefix;
  normalizer->fold_spaces = m->fold_spaces;
  normalizer->escape_spaces = m->escape_spaces;
  for (size_t i = 0; i < m->n; i++)
    if (m->pieces[i].kind == USER)
      GAZE_TRY(gaze_trie_add(&normalizer->fixed, m->pieces[i].text, m->pieces[i].size, 0));
  return m->charsmap_size ? gaze_charsmap_init(&normalizer->charsmap, m->charsmap, m->charsmap_size, m->name) : GAZE_OK;
}

/* The id of a control piece by its spelling, -1: none. */
static int32_t find_control(const gaze_tokenizer *tokenizer, const model *m, const char *spelling, size_t size,
                            const char *usual) {
  int32_t id =
      gaze_vocabulary_find(&tokenizer->vocabulary, spelling ? spelling : usual, spelling ? size : strlen(usual));
  return id >= 0 && m->pieces[id].kind == CONTROL ? id : -1;
}

static gaze_err fill_tokenizer(gaze_tokenizer *tokenizer, const model *m) {
  GAZE_TRY(check_model(m));
  for (size_t i = 0; i < m->n; i++)
    if (m->pieces[i].kind == UNKNOWN)
      tokenizer->unknown = (int32_t)i;
  GAZE_TRY(m->type == MODEL_BPE ? fill_bpe(tokenizer, m) : fill_unigram(tokenizer, m));
  GAZE_TRY(check_bytes(tokenizer, m));
  GAZE_TRY(fill_normalizer(&tokenizer->normalizer, m));
  tokenizer->start = find_control(tokenizer, m, m->begin, m->begin_size, "<s>");
  tokenizer->end = find_control(tokenizer, m, m->end, m->end_size, "</s>");
  tokenizer->pad = find_control(tokenizer, m, m->pad, m->pad_size, "<pad>");
  return GAZE_OK;
}

/* fairseq's order of ids: <s>, <pad>, </s>, <unk>, the pieces behind <unk>, <s> and </s>, and <mask> last. */
static gaze_err number_as_fairseq(model *m) {
  static const piece front[] = {
      {"<s>", 3, 0, CONTROL}, {"<pad>", 5, 0, CONTROL}, {"</s>", 4, 0, CONTROL}, {"<unk>", 5, 0, UNKNOWN}};
  if (m->n < 3 || m->pieces[0].kind != UNKNOWN || m->pieces[1].kind != CONTROL || m->pieces[2].kind != CONTROL)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "unsupported SentencePiece model: not <unk>, <s>, </s> first in %s: XLM-R's is expected", m->name);
  GAZE_TRY(gaze_grow(&m->pieces, &m->capacity, m->n + 2, sizeof *m->pieces));
  memmove(m->pieces + 4, m->pieces + 3, (m->n - 3) * sizeof *m->pieces);
  memcpy(m->pieces, front, sizeof front);
  m->pieces[m->n + 1] = (piece){"<mask>", 6, 0, CONTROL};
  m->n += 2;
  return GAZE_OK;
}

gaze_err gaze_tokenizer_read_sentencepiece(gaze_tokenizer *tokenizer, const uint8_t *bytes, size_t size, bool fairseq,
                                           const char *name) {
  model m = {.name = name, .type = MODEL_UNIGRAM, .dummy_prefix = true, .fold_spaces = true, .escape_spaces = true};
  gaze_wire wire = {.at = bytes, .end = bytes + size, .name = name};
  gaze_err err = read_fields(&m, &wire, read_model_field);
  if (err == GAZE_OK && fairseq)
    err = number_as_fairseq(&m);
  if (err == GAZE_OK)
    err = fill_tokenizer(tokenizer, &m);
  free(m.pieces);
  return err;
}
