#include "stories_folder.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS_MAX = 8, TENSORS_MAX = 2 + 9 * LAYERS_MAX, NAME_SIZE = 80, BYTE_PIECES = 3, WORD_PIECES = 259 };

/* As the file begins. */
typedef struct sizes {
  int32_t dim, hidden, layers, heads, kv_heads, vocabulary, context;
} sizes;

typedef struct making {
  sizes s;
  const float *at; /* in the checkpoint */
  gaze_named_tensor tensors[TENSORS_MAX];
  char names[TENSORS_MAX][NAME_SIZE];
  float *turned[TENSORS_MAX]; /* copies in other order, or NULL */
  size_t n;
} making;

/* The next tensor of the file; heads: its rows are of so many, whose neighbours become halves. */
static void add(making *m, const char *name, int32_t rows, int32_t columns, int32_t heads) {
  size_t count = (size_t)rows * (size_t)(columns ? columns : 1), width = (size_t)columns;
  const float *values = m->at;
  snprintf(m->names[m->n], NAME_SIZE, "%s", name);
  if (heads) {
    size_t size = (size_t)rows / (size_t)heads;
    float *turned = m->turned[m->n] = malloc(count * sizeof *turned);
    for (size_t row = 0; row < (size_t)rows; row++) {
      size_t in_head = row % size, from = row - in_head + in_head % (size / 2) * 2 + in_head / (size / 2);
      memcpy(turned + row * width, m->at + from * width, width * sizeof *turned);
    }
    values = turned;
  }
  m->tensors[m->n] = (gaze_named_tensor){
      .name = m->names[m->n],
      .tensor = {.data = values, .dtype = GAZE_DTYPE_F32, .rank = columns ? 2 : 1, .shape = {(size_t)rows, width}}};
  m->n++;
  m->at += count;
}

/* The same tensor of every layer, which lie together. */
static void add_layers(making *m, const char *name, int32_t rows, int32_t columns, int32_t heads) {
  for (int32_t layer = 0; layer < m->s.layers; layer++) {
    char full[NAME_SIZE];
    snprintf(full, sizeof full, "model.layers.%d.%s.weight", layer, name);
    add(m, full, rows, columns, heads);
  }
}

static void add_all(making *m) {
  const sizes *s = &m->s;
  int32_t kv = s->dim / s->heads * s->kv_heads;
  add(m, "model.embed_tokens.weight", s->vocabulary, s->dim, 0);
  add_layers(m, "input_layernorm", s->dim, 0, 0);
  add_layers(m, "self_attn.q_proj", s->dim, s->dim, s->heads);
  add_layers(m, "self_attn.k_proj", kv, s->dim, s->kv_heads);
  add_layers(m, "self_attn.v_proj", kv, s->dim, 0);
  add_layers(m, "self_attn.o_proj", s->dim, s->dim, 0);
  add_layers(m, "post_attention_layernorm", s->dim, 0, 0);
  add_layers(m, "mlp.gate_proj", s->hidden, s->dim, 0);
  add_layers(m, "mlp.down_proj", s->dim, s->hidden, 0);
  add_layers(m, "mlp.up_proj", s->hidden, s->dim, 0);
  add(m, "model.norm.weight", s->dim, 0, 0);
}

static bool save_text(const char *folder, const char *name, const char *text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return gaze_file_replace(path, text, strlen(text)) == GAZE_OK;
}

static bool save_configs(const sizes *s, const char *folder) {
  char config[600];
  snprintf(config, sizeof config,
           "{\"model_type\": \"llama\", \"vocab_size\": %d, \"hidden_size\": %d, \"intermediate_size\": %d, "
           "\"num_hidden_layers\": %d, \"num_attention_heads\": %d, \"num_key_value_heads\": %d, "
           "\"max_position_embeddings\": %d, \"rms_norm_eps\": 1e-5, \"rope_theta\": 10000.0, "
           "\"tie_word_embeddings\": true, \"bos_token_id\": 1, \"eos_token_id\": 2}\n",
           s->vocabulary, s->dim, s->hidden, s->layers, s->heads, s->kv_heads, s->context);
  return save_text(folder, "config.json", config) &&
         save_text(folder, "tokenizer_config.json",
                   "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": true, \"add_eos_token\": false, "
                   "\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"unk_token\": \"<unk>\"}\n");
}

/* Fields of a protocol buffer: their number and kind in one byte, then what there is. */
static void put_text(FILE *out, int field, const char *text, size_t size) {
  fputc(field << 3 | 2, out);
  fputc((int)size, out); /* below 128 */
  fwrite(text, 1, size, out);
}

static void put_small(FILE *out, int field, int value) {
  fputc(field << 3, out);
  fputc(value, out);
}

/* Piece `id` of a SentencePiece model; spaces are written by their sign. */
static void put_piece(FILE *out, int id, float score, const char *text, size_t size) {
  static const char *const front[] = {"<unk>", "<s>", "</s>"};
  char piece[256], spelling[128];
  size_t n = 0;
  for (size_t i = 0; i < size; i++)
    n += (size_t)(text[i] == ' ' ? snprintf(spelling + n, sizeof spelling - n, "\u2581")
                                 : snprintf(spelling + n, sizeof spelling - n, "%c", text[i]));
  if (id < BYTE_PIECES)
    n = (size_t)snprintf(spelling, sizeof spelling, "%s", front[id]);
  else if (id < WORD_PIECES)
    n = (size_t)snprintf(spelling, sizeof spelling, "<0x%02X>", (unsigned)(id - BYTE_PIECES));
  FILE *body = fmemopen(piece, sizeof piece, "w");
  put_text(body, 1, spelling, n);
  fputc(2 << 3 | 5, body);
  fwrite(&score, sizeof score, 1, body);
  put_small(body, 3, id == 0 ? 2 : id < BYTE_PIECES ? 3 : id < WORD_PIECES ? 6 : 1);
  size_t length = (size_t)ftell(body);
  fclose(body);
  put_text(out, 1, piece, length);
}

static bool save_tokenizer(const char *tokens, int32_t n, const char *folder) {
  static const char trainer[] = {3 << 3, 2, (char)(35 << 3 | 0x80), 35 >> 4, 1}; /* BPE, with bytes */
  static const char normalizer[] = {3 << 3, 1,      4 << 3,
                                    0,      5 << 3, 1}; /* a sign in front, spaces as they are, as signs */
  char path[1024];
  uint8_t *bytes;
  size_t size, at = 4;
  if (gaze_file_read(tokens, 1 << 20, &bytes, &size) != GAZE_OK)
    return false;
  snprintf(path, sizeof path, "%s/tokenizer.model", folder);
  FILE *out = fopen(path, "wb");
  bool whole = out != NULL;
  for (int32_t id = 0; id < n && whole; id++) {
    float score;
    int32_t length = -1;
    if (at + 8 <= size) {
      memcpy(&score, bytes + at, sizeof score);
      memcpy(&length, bytes + at + 4, sizeof length);
    }
    at += 8;
    whole = length >= 0 && length < 40 && at + (size_t)length <= size;
    if (whole)
      put_piece(out, id, id < WORD_PIECES ? 0 : score, (const char *)bytes + at, (size_t)length);
    at += (size_t)length;
  }
  if (out) {
    put_text(out, 2, trainer, sizeof trainer);
    put_text(out, 3, normalizer, sizeof normalizer);
    whole = fclose(out) == 0 && whole;
  }
  free(bytes);
  return whole;
}

static bool save_weights(const uint8_t *bytes, size_t size, const char *folder, sizes *out) {
  static making m;
  char path[1024];
  m = (making){.at = (const float *)(const void *)(bytes + sizeof m.s)};
  memcpy(&m.s, bytes, sizeof m.s);
  *out = m.s;
  if (m.s.layers < 1 || m.s.layers > LAYERS_MAX || m.s.heads < 1 || m.s.dim / m.s.heads < 2)
    return false;
  add_all(&m);
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  bool done = (const uint8_t *)m.at <= bytes + size && gaze_safetensors_save(path, m.tensors, m.n) == GAZE_OK;
  for (size_t i = 0; i < m.n; i++)
    free(m.turned[i]);
  return done;
}

bool stories_make(const char *weights, const char *tokens, const char *folder) {
  uint8_t *bytes;
  size_t size;
  sizes s;
  if (gaze_file_read(weights, 1 << 24, &bytes, &size) != GAZE_OK)
    return false;
  bool done = size > sizeof s && gaze_folder_make(folder) == GAZE_OK && save_weights(bytes, size, folder, &s) &&
              save_configs(&s, folder) && save_tokenizer(tokens, s.vocabulary, folder);
  free(bytes);
  return done;
}
