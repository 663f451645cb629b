/* The numbers of fields are those of sentencepiece_model.proto. */
#include "text/sentencepiece.h"

#include "core/base/memory.h"
#include "text/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void gaze_sentencepiece_fini(gaze_sentencepiece_model *model) {
  free(model->pieces);
  *model = (gaze_sentencepiece_model){.n = 0};
}

static gaze_err read_piece(gaze_sentencepiece_model *m, gaze_wire *wire) {
  gaze_sentencepiece read = {.kind = GAZE_SENTENCEPIECE_NORMAL};
  int32_t kind = GAZE_SENTENCEPIECE_NORMAL;
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
  read.kind = (gaze_sentencepiece_kind)kind;
  if (!read.size || memchr(read.text, 0, read.size) || kind < GAZE_SENTENCEPIECE_NORMAL ||
      kind > GAZE_SENTENCEPIECE_BYTE || !isfinite(read.score))
    return gaze_fail(GAZE_ERR_FORMAT,
                     "piece %zu is empty, of an unknown kind or without a score: %s: get the file again", m->n,
                     m->name);
  GAZE_TRY(gaze_grow(&m->pieces, &m->capacity, m->n + 1, sizeof *m->pieces));
  m->pieces[m->n++] = read;
  return GAZE_OK;
}

static gaze_err read_trainer_field(gaze_sentencepiece_model *m, const gaze_wire *wire) {
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

static gaze_err read_normalizer_field(gaze_sentencepiece_model *m, const gaze_wire *wire) {
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

static gaze_err read_fields(gaze_sentencepiece_model *m, gaze_wire *wire,
                            gaze_err (*read)(gaze_sentencepiece_model *, const gaze_wire *)) {
  for (bool more;;) {
    GAZE_TRY(gaze_wire_next(wire, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(read(m, wire));
  }
}

static gaze_err read_model_field(gaze_sentencepiece_model *m, const gaze_wire *wire) {
  gaze_wire message;
  if (wire->field < 1 || wire->field > 3)
    return GAZE_OK;
  GAZE_TRY(gaze_wire_message(wire, &message));
  if (wire->field == 1)
    return read_piece(m, &message);
  return read_fields(m, &message, wire->field == 2 ? read_trainer_field : read_normalizer_field);
}

static gaze_err check_model(const gaze_sentencepiece_model *m) {
  static const char *const types[] = {"UNIGRAM", "BPE", "WORD", "CHAR"};
  if (m->type == GAZE_SENTENCEPIECE_WORD || m->type == GAZE_SENTENCEPIECE_CHAR)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported SentencePiece model: %s in %s: only UNIGRAM and BPE are known",
                     types[m->type - 1], m->name);
  if (m->type != GAZE_SENTENCEPIECE_UNIGRAM && m->type != GAZE_SENTENCEPIECE_BPE)
    return gaze_fail(GAZE_ERR_FORMAT, "a SentencePiece model of no known type: %s: get the file again", m->name);
  if (m->suffix_spaces)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "unsupported SentencePiece model: treat_whitespace_as_suffix in %s: use one that puts spaces in "
                     "front of words",
                     m->name);
  size_t unknown = 0;
  for (size_t i = 0; i < m->n; i++) {
    unknown += m->pieces[i].kind == GAZE_SENTENCEPIECE_UNKNOWN;
    if (m->pieces[i].kind == GAZE_SENTENCEPIECE_UNUSED && m->type == GAZE_SENTENCEPIECE_BPE)
      return gaze_fail(GAZE_ERR_UNSUPPORTED,
                       "unsupported SentencePiece model: unused pieces of BPE in %s: use one "
                       "without them",
                       m->name);
  }
  return unknown == 1 ? GAZE_OK
                      : gaze_fail(GAZE_ERR_FORMAT, "%zu unknown pieces in a tokenizer: %s: get the file again", unknown,
                                  m->name);
}

/* fairseq's order of ids: <s>, <pad>, </s>, <unk>, the pieces behind <unk>, <s> and </s>, and <mask> last. */
static gaze_err number_as_fairseq(gaze_sentencepiece_model *m) {
  static const gaze_sentencepiece front[] = {{"<s>", 3, 0, GAZE_SENTENCEPIECE_CONTROL},
                                             {"<pad>", 5, 0, GAZE_SENTENCEPIECE_CONTROL},
                                             {"</s>", 4, 0, GAZE_SENTENCEPIECE_CONTROL},
                                             {"<unk>", 5, 0, GAZE_SENTENCEPIECE_UNKNOWN}};
  if (m->n < 3 || m->pieces[0].kind != GAZE_SENTENCEPIECE_UNKNOWN || m->pieces[1].kind != GAZE_SENTENCEPIECE_CONTROL ||
      m->pieces[2].kind != GAZE_SENTENCEPIECE_CONTROL)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "unsupported SentencePiece model: not <unk>, <s>, </s> first in %s: XLM-R's is expected", m->name);
  GAZE_TRY(gaze_grow(&m->pieces, &m->capacity, m->n + 2, sizeof *m->pieces));
  memmove(m->pieces + 4, m->pieces + 3, (m->n - 3) * sizeof *m->pieces);
  memcpy(m->pieces, front, sizeof front);
  m->pieces[m->n + 1] = (gaze_sentencepiece){"<mask>", 6, 0, GAZE_SENTENCEPIECE_CONTROL};
  m->n += 2;
  return GAZE_OK;
}

gaze_err gaze_sentencepiece_read(gaze_sentencepiece_model *model, const uint8_t *bytes, size_t size, bool fairseq,
                                 const char *name) {
  *model = (gaze_sentencepiece_model){.name = name,
                                      .type = GAZE_SENTENCEPIECE_UNIGRAM,
                                      .dummy_prefix = true,
                                      .fold_spaces = true,
                                      .escape_spaces = true};
  gaze_wire wire = {.at = bytes, .end = bytes + size, .name = name};
  gaze_err err = read_fields(model, &wire, read_model_field);
  if (err == GAZE_OK && fairseq)
    err = number_as_fairseq(model);
  if (err == GAZE_OK)
    err = check_model(model);
  if (err != GAZE_OK)
    gaze_sentencepiece_fini(model);
  return err;
}
