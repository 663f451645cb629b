/* Ids of WordPiece, Unigram and SentencePiece's BPE against transformers, tokenizers and sentencepiece, by the files of
 * data/tokenizer_kinds that tokenizer_kinds.py wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/data_files.h"
#include "tokenizer_cases.h"

enum { CONTEXT_MAX = 64 };

static void check_text(const char *kind, const gaze_tokenizer *tokenizer, const char *text, size_t size,
                       const json_t *plain, const json_t *whole, size_t context) {
  int32_t *ids = NULL, cut[CONTEXT_MAX];
  size_t n = 0, capacity = 0, n_cut, left_out;
  assert_int_equal(gaze_tokenizer_encode(tokenizer, text, size, &ids, &n, &capacity), GAZE_OK);
  check_ids(kind, text, plain, ids, n);
  for (size_t i = 0; i < n; i++)
    assert_non_null(gaze_tokenizer_text(tokenizer, ids[i]));
  free(ids);
  if (strlen(text) != size)
    return; /* encode_context takes a string, which ends at a byte 0 */
  assert_int_equal(gaze_tokenizer_encode_context(tokenizer, text, context, cut, &n_cut, &left_out), GAZE_OK);
  check_ids(kind, text, whole, cut, n_cut);
  assert_true(left_out <= n && n_cut <= context);
}

static void check_kind(const char *kind) {
  json_t *json = open_json("tokenizer_kinds/ids.json"), *item;
  const json_t *lists = json_object_get(json_object_get(json, "kinds"), kind);
  const json_t *plain = json_object_get(lists, "ids"), *whole = json_object_get(lists, "context");
  size_t i, size, context = (size_t)json_integer_value(json_object_get(json, "context"));
  char folder[64];
  snprintf(folder, sizeof folder, "tokenizer_kinds/%s", kind);
  gaze_tokenizer *tokenizer = open_tokenizer(data_path(folder));
  json_array_foreach(json_object_get(json, "texts"), i, item) {
    char *bytes = bytes_of(item, &size);
    check_text(kind, tokenizer, bytes, size, json_array_get(plain, i), json_array_get(whole, i), context);
    free(bytes);
  }
  assert_true(i > 150 && json_array_size(plain) == i);
  gaze_tokenizer_free(tokenizer);
  json_decref(json);
}

static void bert_by_vocabulary(void **state) { check_kind("bert"); }
static void bert_by_json(void **state) { check_kind("bert_json"); }
static void siglip_by_pieces(void **state) { check_kind("siglip"); }
static void siglip_by_json(void **state) { check_kind("siglip_json"); }
static void siglip_of_open_clip(void **state) { check_kind("open_siglip"); }
static void xlm_roberta_by_pieces(void **state) { check_kind("xlmr"); }
static void xlm_roberta_by_json(void **state) { check_kind("xlmr_json"); }
static void llama_by_pieces(void **state) { check_kind("llama"); }
static void llama_by_json(void **state) { check_kind("llama_json"); }
static void gemma_by_json(void **state) { check_kind("gemma"); }
static void bytes_by_pieces(void **state) { check_kind("bytes"); }
static void bytes_by_json(void **state) { check_kind("bytes_json"); }

static void check_special(const char *kind, const char *start, const char *end, const char *pad, const char *unknown) {
  char folder[64];
  snprintf(folder, sizeof folder, "tokenizer_kinds/%s", kind);
  gaze_tokenizer *tokenizer = open_tokenizer(data_path(folder));
  const int32_t ids[] = {gaze_tokenizer_start(tokenizer), gaze_tokenizer_end(tokenizer), gaze_tokenizer_pad(tokenizer),
                         gaze_tokenizer_unknown(tokenizer)};
  const char *const wanted[] = {start, end, pad, unknown};
  for (size_t i = 0; i < 4; i++) {
    const char *text = gaze_tokenizer_text(tokenizer, ids[i]);
    if (wanted[i] ? !text || strcmp(text, wanted[i]) : ids[i] != -1)
      fail_msg("%s: special %zu is %s, not %s", kind, i, text ? text : "none", wanted[i] ? wanted[i] : "none");
  }
  gaze_tokenizer_free(tokenizer);
}

static void special_ids(void **state) {
  check_special("bert", "[CLS]", "[SEP]", "[PAD]", "[UNK]");
  check_special("bert_json", "[CLS]", "[SEP]", "[PAD]", "[UNK]");
  check_special("siglip", NULL, "</s>", "</s>", "<unk>");
  check_special("siglip_json", NULL, "</s>", "</s>", "<unk>");
  check_special("open_siglip", NULL, "</s>", "</s>", "<unk>");
  check_special("xlmr", "<s>", "</s>", "<pad>", "<unk>");
  check_special("xlmr_json", "<s>", "</s>", "<pad>", "<unk>");
  check_special("llama", "<s>", NULL, NULL, "<unk>");
  check_special("gemma", NULL, "<eos>", "<pad>", "<unk>");
}

/* XLM-R's pieces take the white space before <mask> with it, as fairseq's class did. */
static void special_tokens_within_a_text(void **state) {
  gaze_tokenizer *tokenizer = open_tokenizer(data_path("tokenizer_kinds/xlmr"));
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0, size = gaze_tokenizer_size(tokenizer);
  assert_int_equal(gaze_tokenizer_encode(tokenizer, "  <mask></s><pad>", 17, &ids, &n, &capacity), GAZE_OK);
  assert_int_equal(n, 3);
  assert_int_equal(ids[0], size - 1);
  assert_int_equal(ids[1], 2);
  assert_int_equal(ids[2], 1);
  free(ids);
  gaze_tokenizer_free(tokenizer);
}

static char *read_all(const char *path) {
  FILE *file = fopen(path, "rb");
  char *text = calloc(1, 1 << 16);
  assert_non_null(file);
  assert_non_null(text);
  assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
  fclose(file);
  return text;
}

/* One text against the numbers of its line, which it moves on from. */
static void check_line(const gaze_tokenizer *tokenizer, const char *text, size_t size, char **line) {
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  char *end = strchr(*line, '\n');
  assert_non_null(end);
  assert_int_equal(gaze_tokenizer_encode(tokenizer, text, size, &ids, &n, &capacity), GAZE_OK);
  for (size_t i = 0; i < n; i++) {
    if (ids[i] != strtol(*line, line, 10))
      fail_msg("%.*s: id %zu is %d", (int)size, text, i, ids[i]);
  }
  assert_ptr_equal(*line, end);
  *line = end + 1;
  free(ids);
}

/* Texts, each followed by a line that says so, and lines of ids. */
static void check_vectors(const char *vocabulary) {
  static const char mark[] = "\n__ggml_vocab_test__\n";
  const char *const names[] = {vocabulary, "tokenizers/ggml-vocab-llama-spm.gguf.inp",
                               "tokenizers/ggml-vocab-llama-spm.gguf.out"};
  for (size_t i = 0; i < 3; i++)
    if (!shared_path(names[i]))
      skip();
  gaze_tokenizer *tokenizer = open_tokenizer(shared_path(names[0]));
  char *texts = read_all(shared_path(names[1])), *lines = read_all(shared_path(names[2]));
  char *text = texts, *line = lines, *end;
  size_t n = 0;
  for (; (end = strstr(text, mark)); text = end + strlen(mark), n++)
    check_line(tokenizer, text, (size_t)(end - text), &line);
  assert_true(n > 40 && !*line);
  free(texts);
  free(lines);
  gaze_tokenizer_free(tokenizer);
}

static void vectors_by_pieces(void **state) { check_vectors("tokenizers/llama-tokenizer.model"); }
static void vectors_by_gguf(void **state) { check_vectors("tokenizers/ggml-vocab-llama-spm.gguf"); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bert_by_vocabulary),  cmocka_unit_test(bert_by_json),
      cmocka_unit_test(siglip_by_pieces),    cmocka_unit_test(siglip_by_json),
      cmocka_unit_test(siglip_of_open_clip), cmocka_unit_test(xlm_roberta_by_pieces),
      cmocka_unit_test(xlm_roberta_by_json), cmocka_unit_test(llama_by_pieces),
      cmocka_unit_test(llama_by_json),       cmocka_unit_test(gemma_by_json),
      cmocka_unit_test(bytes_by_pieces),     cmocka_unit_test(bytes_by_json),
      cmocka_unit_test(special_ids),         cmocka_unit_test(special_tokens_within_a_text),
      cmocka_unit_test(vectors_by_pieces),   cmocka_unit_test(vectors_by_gguf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
