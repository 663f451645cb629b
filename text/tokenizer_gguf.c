/* A tokenizer of GGUF's metadata (tokenizer.ggml.*), by the meanings that llama.cpp gave them. */
#include "text/tokenizer_gguf.h"
#include "text/cutter_families.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

#define KEY(name) "tokenizer.ggml." name

/* Arrays with an element an id; NULL: absent. */
typedef struct lists {
  const gaze_gguf *file;
  const char *name; /* for messages */
  const gaze_gguf_value *tokens, *scores, *types;
} lists;

static gaze_err check_length(const lists *l, const gaze_gguf_value *value, const char *key) {
  if (!value || value->n == l->tokens->n)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "%zu elements of %s for %zu tokens: %s: get the file again", value->n, key,
                   l->tokens->n, l->name);
}

static gaze_err open_lists(lists *l, const gaze_gguf *file) {
  *l = (lists){.file = file, .name = gaze_gguf_name(file)};
  GAZE_TRY(gaze_gguf_require(file, KEY("tokens")));
  GAZE_TRY(gaze_gguf_strings(file, KEY("tokens"), &l->tokens));
  GAZE_TRY(gaze_gguf_numbers(file, KEY("scores"), &l->scores));
  GAZE_TRY(gaze_gguf_integers(file, KEY("token_type"), &l->types));
  GAZE_TRY(check_length(l, l->scores, KEY("scores")));
  GAZE_TRY(check_length(l, l->types, KEY("token_type")));
  if (l->tokens->n && l->tokens->n <= GAZE_VOCABULARY_MAX)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "%zu tokens: %s: 1 to %d are taken: use another file", l->tokens->n, l->name,
                   GAZE_VOCABULARY_MAX);
}

static gaze_err read_kind(const lists *l, size_t id, gaze_sentencepiece_kind *kind) {
  int64_t value = l->types ? gaze_gguf_integer_at(l->types, id) : GAZE_SENTENCEPIECE_NORMAL;
  if (value < GAZE_SENTENCEPIECE_NORMAL || value > GAZE_SENTENCEPIECE_BYTE)
    return gaze_fail(GAZE_ERR_FORMAT, "token %zu has type %lld: %s: 1 to 6 are known: get the file again", id,
                     (long long)value, l->name);
  *kind = (gaze_sentencepiece_kind)value;
  return GAZE_OK;
}

/* The id of a key, `otherwise` where it is absent and that is one, else -1. */
static gaze_err read_id(const lists *l, const char *key, int64_t otherwise, int32_t *id) {
  int64_t last = (int64_t)l->tokens->n - 1, found = otherwise <= last ? otherwise : -1;
  bool none = !gaze_gguf_find(l->file, key);
  GAZE_TRY(gaze_gguf_integer(l->file, key, 0, none ? INT64_MAX : last, &found));
  *id = (int32_t)found;
  return GAZE_OK;
}

static gaze_err read_pieces(const lists *l, gaze_sentencepiece_model *m) {
  GAZE_TRY(gaze_alloc(l->tokens->n, sizeof *m->pieces, &m->pieces));
  for (m->n = 0; m->n < l->tokens->n; m->n++) {
    gaze_sentencepiece *piece = &m->pieces[m->n];
    gaze_gguf_text text = gaze_gguf_string_at(l->tokens, m->n);
    GAZE_TRY(read_kind(l, m->n, &piece->kind));
    piece->text = text.bytes;
    piece->size = text.length;
    piece->score = l->scores ? (float)gaze_gguf_number_at(l->scores, m->n) : 0;
    if (piece->score != piece->score)
      return gaze_fail(GAZE_ERR_FORMAT, "a score that is no number: token %zu of %s: get the file again", m->n,
                       l->name);
    m->byte_fallback = m->byte_fallback || piece->kind == GAZE_SENTENCEPIECE_BYTE;
  }
  return GAZE_OK;
}

/* "llama": the pieces of a SentencePiece model. */
static gaze_err read_llama(gaze_tokenizer *tokenizer, const lists *l) {
  gaze_sentencepiece_model m = {
      .type = GAZE_SENTENCEPIECE_BPE, .dummy_prefix = true, .escape_spaces = true, .name = l->name};
  bool first = false;
  gaze_err err;
  if (!l->scores)
    return gaze_fail(GAZE_ERR_FORMAT, "no " KEY("scores") ": %s: get the file again", l->name);
  GAZE_TRY_DONE(gaze_gguf_flag(l->file, KEY("add_space_prefix"), &m.dummy_prefix));
  GAZE_TRY_DONE(gaze_gguf_flag(l->file, KEY("remove_extra_whitespaces"), &m.fold_spaces));
  GAZE_TRY_DONE(read_pieces(l, &m));
  GAZE_TRY_DONE(gaze_tokenizer_fill_sentencepiece(tokenizer, &m));
  GAZE_TRY_DONE(read_id(l, KEY("unknown_token_id"), tokenizer->unknown, &tokenizer->unknown));
  tokenizer->bpe.unknown = tokenizer->unknown;
  GAZE_TRY_DONE(gaze_gguf_flag(l->file, GAZE_SIGN_FIRST_KEY, &first));
  if (first && m.dummy_prefix)
    gaze_tokenizer_sign_first(tokenizer);
  if (tokenizer->unknown < 0 && !m.byte_fallback)
    err = gaze_fail(GAZE_ERR_FORMAT, "no unknown token and no bytes: %s: get the file again", l->name);
done:
  gaze_sentencepiece_fini(&m);
  return err;
}

/* "left right", of which the left may begin with a space of its own. */
static gaze_err read_merges(gaze_tokenizer *tokenizer, const lists *l) {
  const gaze_gguf_value *merges;
  GAZE_TRY(gaze_gguf_require(l->file, KEY("merges")));
  GAZE_TRY(gaze_gguf_strings(l->file, KEY("merges"), &merges));
  for (size_t i = 0; i < merges->n && i < UINT32_MAX; i++) {
    gaze_gguf_text text = gaze_gguf_string_at(merges, i);
    const char *space = text.length > 2 ? memchr(text.bytes + 1, ' ', text.length - 2) : NULL;
    if (!space)
      return gaze_fail(GAZE_ERR_FORMAT, "merge %zu is not a pair of spellings: %s: get the file again", i, l->name);
    size_t left = (size_t)(space - text.bytes);
    GAZE_TRY(
        gaze_bpe_add_merge(&tokenizer->bpe, text.bytes, left, space + 1, text.length - left - 1, (uint32_t)i, l->name));
  }
  return gaze_bpe_finish(&tokenizer->bpe, l->name);
}

static gaze_err read_form(gaze_tokenizer *tokenizer, const lists *l) {
  gaze_gguf_text said = {0};
  GAZE_TRY(gaze_gguf_string(l->file, GAZE_FORM_KEY, &said));
  for (gaze_form form = 0; said.bytes && form < GAZE_FORMS; form++)
    if (gaze_gguf_text_is(said, gaze_form_name(form))) {
      gaze_normalizer_add(&tokenizer->normalizer, GAZE_NORMALIZE_FORM)->form = form;
      return GAZE_OK;
    }
  if (!said.bytes)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "unsupported " GAZE_FORM_KEY ": \"%.*s\" in %s: use one of NFC, NFD, NFKC or NFKD",
                   (int)(said.length < 80 ? said.length : 80), said.bytes, l->name);
}

/* "gpt2": spellings in the byte alphabet, with merges. *starts: a start in front is usual. */
static gaze_err read_gpt2(gaze_tokenizer *tokenizer, const lists *l, bool *starts) {
  gaze_gguf_text pre = {"default", 7};
  gaze_cutter_family family;
  GAZE_TRY(gaze_gguf_string(l->file, KEY("pre"), &pre));
  if (!gaze_cutter_add_family(&tokenizer->cutter, pre.bytes, pre.length, &family))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "unsupported " KEY("pre") ": \"%.*s\" in %s: use the tokenizer.json of the model",
                     (int)(pre.length < 80 ? pre.length : 80), pre.bytes, l->name);
  for (size_t i = 0; i < l->tokens->n; i++) {
    gaze_gguf_text text = gaze_gguf_string_at(l->tokens, i);
    GAZE_TRY(gaze_vocabulary_add(&tokenizer->vocabulary, text.bytes, text.length, (int32_t)i, l->name));
  }
  tokenizer->bpe.word_end = "";
  tokenizer->bpe.whole_first = family.whole_first;
  tokenizer->decoding.kind = GAZE_DECODE_BYTES;
  *starts = family.starts;
  GAZE_TRY(read_form(tokenizer, l));
  return read_merges(tokenizer, l);
}

/* Control tokens are special, a user's own are text that is one id. Phi-3's take the white space behind them. */
static gaze_err add_tokens(gaze_tokenizer *tokenizer, const lists *l) {
  gaze_gguf_text architecture = {0};
  GAZE_TRY(gaze_gguf_string(l->file, "general.architecture", &architecture));
  bool phi = architecture.bytes && gaze_gguf_text_is(architecture, "phi3") && tokenizer->cutter.n == 0;
  for (size_t id = 0; id < l->tokens->n; id++) {
    gaze_sentencepiece_kind kind = GAZE_SENTENCEPIECE_NORMAL;
    GAZE_TRY(read_kind(l, id, &kind));
    bool control = kind == GAZE_SENTENCEPIECE_CONTROL || kind == GAZE_SENTENCEPIECE_UNKNOWN;
    const char *text = gaze_tokenizer_text(tokenizer, (int32_t)id);
    if (!text || (!control && (kind != GAZE_SENTENCEPIECE_USER || tokenizer->bpe.style == GAZE_BPE_OF_SPELLINGS)))
      continue;
    bool wide = phi && strcmp(text, "<s>") && strcmp(text, "<unk>") && strcmp(text, "<|endoftext|>");
    gaze_added_token added = {.id = (int32_t)id, .special = control, .takes_right = wide};
    GAZE_TRY(gaze_tokenizer_add_token(tokenizer, text, &added));
  }
  return GAZE_OK;
}

static void add_stop(gaze_tokenizer *tokenizer, int32_t id) {
  const gaze_around *stops = &tokenizer->stops;
  for (size_t i = 0; i < stops->n; i++)
    if (stops->ids[i] == id)
      return;
  if (id >= 0)
    gaze_around_add(&tokenizer->stops, id);
}

/* An end of turn that no key names is known by its spelling. */
static gaze_err read_stops(gaze_tokenizer *tokenizer, const lists *l, int32_t end) {
  static const char *const turns[] = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<end_of_utterance>"};
  int32_t turn;
  GAZE_TRY(read_id(l, KEY("eot_token_id"), -1, &turn));
  add_stop(tokenizer, end);
  add_stop(tokenizer, turn);
  for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
    int32_t id = gaze_tokenizer_find(tokenizer, turns[i]);
    if (gaze_tokenizer_is_special(tokenizer, id))
      add_stop(tokenizer, id);
  }
  return GAZE_OK;
}

static gaze_err read_ends(gaze_tokenizer *tokenizer, const lists *l, bool llama, bool starts) {
  bool before = llama || starts, behind = false;
  int32_t start, end;
  GAZE_TRY(read_id(l, KEY("bos_token_id"), llama ? 1 : -1, &start));
  GAZE_TRY(read_id(l, KEY("eos_token_id"), llama ? 2 : -1, &end));
  GAZE_TRY(read_id(l, KEY("padding_token_id"), -1, &tokenizer->pad));
  GAZE_TRY(gaze_gguf_flag(l->file, KEY("add_bos_token"), &before));
  GAZE_TRY(gaze_gguf_flag(l->file, KEY("add_eos_token"), &behind));
  tokenizer->before = (gaze_around){{start}, before && start >= 0};
  tokenizer->behind = (gaze_around){{end}, behind && end >= 0};
  gaze_tokenizer_set_ends(tokenizer);
  tokenizer->opening = start;
  return read_stops(tokenizer, l, end);
}

gaze_err gaze_tokenizer_read_gguf(gaze_tokenizer *tokenizer, const gaze_gguf *file) {
  gaze_gguf_text model = {0};
  lists l;
  bool starts = false;
  GAZE_TRY(gaze_gguf_require(file, KEY("model")));
  GAZE_TRY(gaze_gguf_string(file, KEY("model"), &model));
  bool llama = gaze_gguf_text_is(model, "llama");
  if (!llama && !gaze_gguf_text_is(model, "gpt2"))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported " KEY("model") ": \"%.*s\" in %s: use one of llama or gpt2",
                     (int)(model.length < 80 ? model.length : 80), model.bytes, gaze_gguf_name(file));
  GAZE_TRY(open_lists(&l, file));
  GAZE_TRY(llama ? read_llama(tokenizer, &l) : read_gpt2(tokenizer, &l, &starts));
  GAZE_TRY(add_tokens(tokenizer, &l));
  return read_ends(tokenizer, &l, llama, starts);
}

gaze_err gaze_tokenizer_load_gguf(gaze_tokenizer *tokenizer, const char *path) {
  gaze_gguf *file;
  GAZE_TRY(gaze_gguf_open(path, &file));
  gaze_err err = gaze_tokenizer_read_gguf(tokenizer, file);
  gaze_gguf_close(file);
  return err;
}
