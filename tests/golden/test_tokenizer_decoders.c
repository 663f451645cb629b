/* Ids and texts of language decoders' tokenizers against tokenizers, transformers and sentencepiece, by the files of
 * data/tokenizer_decoders that tokenizer_decoders.py wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "fusion/gguf_make.h"
#include "tests/unit/data_files.h"
#include "text/cutter_families.h"
#include "text/token_stream.h"
#include "text/tokenizer_gguf.h"
#include "text/tokenizer_parts.h"
#include "tokenizer_cases.h"

#define FOLDER "tokenizer_decoders/"

static json_t *texts, *families;

static int open_files(void **state) {
  texts = open_json(FOLDER "texts.json");
  families = open_json(FOLDER "families.json");
  return 0;
}

static int close_files(void **state) {
  json_decref(texts);
  json_decref(families);
  return 0;
}

static char *read_file(const char *name, size_t *size) {
  FILE *file = fopen(data_path(name), "rb");
  char *bytes = malloc(1 << 18);
  assert_non_null(file);
  assert_non_null(bytes);
  *size = fread(bytes, 1, 1 << 18, file);
  fclose(file);
  return bytes;
}

/* tokenizer.json of a family, put together again. */
static gaze_tokenizer *open_family(const char *name, bool metadata_first) {
  const json_t *family = json_object_get(families, name);
  bool bytes = !strcmp(json_string_value(json_object_get(family, "model")), "bytes");
  json_t *model = open_json(bytes ? FOLDER "model.json" : FOLDER "pieces.json");
  json_t *all = json_deep_copy(json_object_get(family, "rest"));
  json_t *whole = json_object_get(all, "ignore_merges");
  if (whole)
    json_object_set(model, "ignore_merges", whole);
  json_object_set_new(all, "model", model);
  char *text = json_dumps(all, metadata_first ? JSON_COMPACT : JSON_SORT_KEYS);
  gaze_tokenizer *tokenizer;
  assert_int_equal(gaze_tokenizer_new(&tokenizer), GAZE_OK);
  if (gaze_tokenizer_read_json(tokenizer, text, strlen(text), NULL, name) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  free(text);
  json_decref(all);
  return tokenizer;
}

/* The vocabulary of bytes with another name for what cuts before it. */
static gaze_tokenizer *open_named(const char *pre) {
  static const char key[] = "tokenizer.ggml.pre";
  size_t size, before, length = strlen(pre);
  char *bytes = read_file(FOLDER "bytes.gguf", &size), *found = memmem(bytes, size, key, strlen(key));
  assert_non_null(found);
  before = (size_t)(found - bytes) + strlen(key) + 4; /* behind it the type, 8 bytes of length, "default" */
  char *changed = malloc(size + length);
  assert_non_null(changed);
  memcpy(changed, bytes, before);
  memcpy(changed + before, (uint64_t[]){length}, 8);
  memcpy(changed + before + 8, pre, length);
  memcpy(changed + before + 8 + length, bytes + before + 15, size - before - 15);
  gaze_gguf *file;
  gaze_tokenizer *tokenizer;
  assert_int_equal(gaze_tokenizer_new(&tokenizer), GAZE_OK);
  if (gaze_gguf_parse(changed, size - 7 + length, "bytes.gguf", &file) != GAZE_OK ||
      gaze_tokenizer_read_gguf(tokenizer, file) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_gguf_close(file);
  free(bytes);
  free(changed);
  return tokenizer;
}

static void check_said(const char *name, const gaze_tokenizer *tokenizer, const int32_t *ids, size_t n,
                       const char *wanted) {
  char *said;
  assert_int_equal(gaze_tokenizer_decode(tokenizer, ids, n, true, &said), GAZE_OK);
  if (strcmp(said, wanted))
    fail_msg("%s: says \"%.200s\" instead of \"%.200s\"", name, said, wanted);
  free(said);
}

/* What one text gives: its ids, the same where it is a user's, and what they say. */
static void check_text(const char *name, const gaze_tokenizer *tokenizer, size_t i, const json_t *ids,
                       const json_t *plain, const json_t *said) {
  const json_t *item = json_array_get(json_object_get(texts, "texts"), i);
  for (int user = !ids; user < (plain ? 2 : 1); user++) {
    gaze_text_part part = {.plain = user};
    char *bytes = bytes_of(item, &part.size);
    int32_t *got = NULL;
    size_t n = 0, capacity = 0;
    part.text = bytes;
    assert_int_equal(gaze_tokenizer_encode_parts(tokenizer, &part, 1, &got, &n, &capacity), GAZE_OK);
    const json_t *wanted = json_array_get(user ? plain : ids, i);
    check_ids(name, bytes, json_is_null(wanted) ? json_array_get(ids, i) : wanted, got, n);
    const json_t *text = json_array_get(said, i);
    bool same = json_is_null(text) && json_object_get(item, "text") && strlen(bytes) == part.size;
    if (!user && (json_is_string(text) || same))
      check_said(name, tokenizer, got, n, json_is_string(text) ? json_string_value(text) : bytes);
    free(got);
    free(bytes);
  }
}

static void check_family(const char *name, const gaze_tokenizer *tokenizer, bool says) {
  const json_t *family = json_object_get(families, name);
  const json_t *ids = json_object_get(family, "ids"), *plain = json_object_get(family, "plain");
  size_t n = json_array_size(json_object_get(texts, "texts"));
  assert_true(n > 150 && json_array_size(ids ? ids : plain) == n);
  for (size_t i = 0; i < n; i++)
    check_text(name, tokenizer, i, ids, plain, says ? json_object_get(family, "said") : NULL);
}

static void families_by_json(void **state) {
  const char *name;
  json_t *family;
  size_t n = 0;
  json_object_foreach(families, name, family) {
    for (int first = 0; json_object_get(family, "rest") && first < 2; first++, n++) {
      gaze_tokenizer *tokenizer = open_family(name, first);
      check_family(name, tokenizer, true);
      gaze_tokenizer_free(tokenizer);
    }
  }
  assert_int_equal(n, 2 * 16);
}

static void families_by_gguf(void **state) {
  const char *name;
  json_t *family, *pre;
  size_t i;
  json_object_foreach(families, name, family) {
    json_array_foreach(json_object_get(family, "pre"), i, pre) {
      gaze_tokenizer *tokenizer = open_named(json_string_value(pre));
      check_family(name, tokenizer, true);
      gaze_tokenizer_free(tokenizer);
    }
  }
}

/* What gaze_tokenizer_write_gguf makes of a tokenizer, as a file without tensors. */
static gaze_err write_file_of(const gaze_tokenizer *tokenizer, const char *path) {
  gaze_kernels kernels;
  gaze_gguf_metadata metadata = {0};
  const gaze_tokenizer_surroundings model = {
      .rows = gaze_tokenizer_size(tokenizer) + 3, .start = -1, .end = -1, .turn = -1, .name = "a family"};
  gaze_kernels_init(&kernels, 0);
  gaze_err err = gaze_gguf_put_string(&metadata, "general.architecture", "llama");
  if (err == GAZE_OK)
    err = gaze_tokenizer_write_gguf(tokenizer, &model, &metadata);
  if (err == GAZE_OK)
    err = gaze_gguf_make(path, &metadata, NULL, 0, &kernels);
  gaze_gguf_metadata_fini(&metadata);
  return err;
}

/* From tokenizer.json to GGUF and back to the same ids. GGUF has no word for a space or a sign in front of every
 * stretch, which is refused; nor for NFC, a sign in front of the first stretch alone, or white space that single
 * special tokens take (of Phi-3's, readers let all but three), which is lost. */
static void families_written_as_gguf(void **state) {
  static const char *const refused[] = {"gpt2_prefix", "metaspace"}, *const others[] = {"qwen2", "llama_first", "phi3"};
  const char *name;
  json_t *family;
  size_t n = 0;
  json_object_foreach(families, name, family) {
    const char *path = test_path("family.gguf");
    if (!json_object_get(family, "rest"))
      continue;
    gaze_tokenizer *tokenizer = open_family(name, false), *written;
    gaze_err err = write_file_of(tokenizer, path);
    gaze_tokenizer_free(tokenizer);
    bool refuses = !strcmp(name, refused[0]) || !strcmp(name, refused[1]);
    if (err != (refuses ? GAZE_ERR_UNSUPPORTED : GAZE_OK))
      fail_msg("%s: %s", name, gaze_last_error());
    if (refuses || !strcmp(name, others[0]) || !strcmp(name, others[1]) || !strcmp(name, others[2]))
      continue;
    assert_int_equal(gaze_tokenizer_open(path, &written), GAZE_OK);
    check_family(name, written, false);
    gaze_tokenizer_free(written);
    n++;
  }
  assert_int_equal(n, 11);
}

/* A family is known again by how it cuts. */
static void families_are_named(void **state) {
  static const char *const names[] = {"gpt-2",        "llama-bpe",      "dbrx",        "qwen2",  "qwen35", "smollm",
                                      "deepseek-llm", "deepseek-coder", "deepseek-v3", "tekken", "default"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    gaze_cutter cutter = {.n = 0};
    gaze_cutter_family family;
    assert_true(gaze_cutter_add_family(&cutter, names[i], strlen(names[i]), &family));
    assert_string_equal(gaze_cutter_find_family(&cutter, family.whole_first), names[i]);
    cutter.steps[0].inverted = true;
    assert_null(gaze_cutter_find_family(&cutter, family.whole_first));
  }
}

static void pieces_by_gguf(void **state) {
  gaze_tokenizer *tokenizer = open_tokenizer(data_path(FOLDER "llama.gguf"));
  check_family("sentencepiece", tokenizer, false);
  assert_string_equal(gaze_tokenizer_text(tokenizer, gaze_tokenizer_start(tokenizer)), "<s>");
  gaze_tokenizer_free(tokenizer);
}

static void pairs_by_class(void **state) {
  for (int i = 0; i < 2; i++) {
    gaze_tokenizer *tokenizer = open_tokenizer(data_path(i ? FOLDER "qwen2" : FOLDER "gpt2"));
    check_family(i ? "qwen2_pair" : "gpt2_pair", tokenizer, false);
    const int32_t *stops;
    assert_int_equal(gaze_tokenizer_stops(tokenizer, &stops), 1);
    assert_string_equal(gaze_tokenizer_text(tokenizer, stops[0]), "<|im_end|>");
    gaze_tokenizer_free(tokenizer);
  }
}

/* Rows of ids by chance, at once and one by one; what is handed out always ends with a whole character. */
static void ids_by_chance(void **state) {
  static const char *const names[] = {"gpt2", "llama", "metaspace"};
  for (size_t kind = 0; kind < 3; kind++) {
    gaze_tokenizer *tokenizer = open_family(names[kind], false);
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(texts, "chances"), i, row) {
      int32_t ids[16];
      const json_t *list = json_array_get(row, 0);
      size_t n = json_array_size(list);
      for (size_t k = 0; k < n; k++)
        ids[k] = (int32_t)json_integer_value(json_array_get(list, k));
      check_said(names[kind], tokenizer, ids, n, json_string_value(json_array_get(row, kind + 1)));
    }
    assert_true(i > 100);
    gaze_tokenizer_free(tokenizer);
  }
}

static void characters_are_held_back(void **state) {
  gaze_tokenizer *tokenizer = open_family("gpt2", false);
  gaze_token_stream stream;
  const char *said;
  static const char *const spellings[] = {"\u00ED", "\u0137", "\u013E", "\u00ED",
                                          "a"}; /* three bytes, and a lost one */
  static const char *const wanted[] = {"", "", "\uD55C", "", "\uFFFDa"};
  assert_int_equal(gaze_token_stream_init(&stream, tokenizer, true), GAZE_OK);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(gaze_token_stream_add(&stream, gaze_tokenizer_find(tokenizer, spellings[i]), &said), GAZE_OK);
    assert_string_equal(said, wanted[i]);
  }
  assert_int_equal(gaze_token_stream_add(&stream, gaze_tokenizer_find(tokenizer, spellings[0]), &said), GAZE_OK);
  assert_int_equal(gaze_token_stream_finish(&stream, &said), GAZE_OK);
  assert_string_equal(said, "\uFFFD");
  gaze_token_stream_fini(&stream);
  gaze_tokenizer_free(tokenizer);
}

/* A special token is one id only where all of it is the template's. */
static void parts_of_one_text(void **state) {
  gaze_tokenizer *tokenizer = open_family("qwen2", false);
  gaze_text_part parts[] = {
      {"<|im_start|>user\n", 17, false}, {"a <|im_end|> b<|im_", 19, true}, {"end|><|im_end|>", 15, false}};
  int32_t *ids = NULL, special = gaze_tokenizer_find(tokenizer, "<|im_end|>");
  size_t n = 0, capacity = 0, found = 0;
  assert_int_equal(gaze_tokenizer_encode_parts(tokenizer, parts, 3, &ids, &n, &capacity), GAZE_OK);
  for (size_t i = 0; i < n; i++)
    found += ids[i] == special;
  assert_int_equal(found, 1);
  assert_int_equal(ids[n - 1], special);
  assert_int_equal(ids[0], gaze_tokenizer_find(tokenizer, "<|im_start|>"));
  check_said("qwen2", tokenizer, ids, n, "user\na <|im_end|> b<|im_end|>");
  free(ids);
  gaze_tokenizer_free(tokenizer);
}

/* A file of members that are put behind model, pre and the two tokens "a" and "b"; opening it names word. */
static void check_refused(const char *pre, const char *key, uint32_t type, const uint32_t *elements, size_t n,
                          const char *word) {
  char bytes[1024];
  size_t size = 0;
#define PUT(data, length) (memcpy(bytes + size, data, length), size += (length))
#define NUMBER(kind, value) PUT((kind[]){value}, sizeof(kind))
#define TEXT(text) (NUMBER(uint64_t, strlen(text)), PUT(text, strlen(text)))
  PUT("GGUF\3\0\0", 8);
  NUMBER(uint64_t, 0);
  NUMBER(uint64_t, 4);
  TEXT("tokenizer.ggml.model"), NUMBER(uint32_t, 8), TEXT("gpt2");
  TEXT("tokenizer.ggml.pre"), NUMBER(uint32_t, 8), TEXT(pre);
  TEXT("tokenizer.ggml.tokens"), NUMBER(uint32_t, 9), NUMBER(uint32_t, 8), NUMBER(uint64_t, 2), TEXT("a"), TEXT("b");
  TEXT(key);
  if (type == 8) { /* merges: one, a word */
    NUMBER(uint32_t, 9), NUMBER(uint32_t, 8), NUMBER(uint64_t, 1), TEXT((const char *)elements);
  } else if (n) {
    NUMBER(uint32_t, 9), NUMBER(uint32_t, type), NUMBER(uint64_t, n), PUT(elements, n * sizeof *elements);
  } else {
    NUMBER(uint32_t, type), PUT(elements, sizeof *elements);
  }
  gaze_gguf *file;
  gaze_tokenizer *tokenizer;
  assert_int_equal(gaze_tokenizer_new(&tokenizer), GAZE_OK);
  assert_int_equal(gaze_gguf_parse(bytes, size, "small.gguf", &file), GAZE_OK);
  assert_int_not_equal(gaze_tokenizer_read_gguf(tokenizer, file), GAZE_OK);
  if (!strstr(gaze_last_error(), word))
    fail_msg("no \"%s\" in: %s", word, gaze_last_error());
  gaze_tokenizer_free(tokenizer);
  gaze_gguf_close(file);
}

static void metadata_that_are_refused(void **state) {
  static const uint32_t three[] = {1, 1, 1}, odd[] = {1, 9}, far[] = {7};
  check_refused("gpt-9", "x", 4, far, 0, "gpt-9");
  check_refused("gpt-2", "x", 4, far, 0, "tokenizer.ggml.merges");
  check_refused("gpt-2", "tokenizer.ggml.token_type", 5, three, 3, "3 elements");
  check_refused("gpt-2", "tokenizer.ggml.scores", 6, three, 3, "3 elements");
  check_refused("gpt-2", "tokenizer.ggml.merges", 8, (const uint32_t *)"a b", 0, "a b");
  check_refused("gpt-2", "tokenizer.ggml.merges", 8, (const uint32_t *)"ab", 0, "merge 0");
  check_refused("gpt-2", "tokenizer.ggml.merges", 8, (const uint32_t *)"a ", 0, "merge 0");
  check_refused("gpt-2", "tokenizer.ggml.token_type", 5, odd, 2, "merges");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(families_by_json),
      cmocka_unit_test(families_by_gguf),
      cmocka_unit_test(families_are_named),
      cmocka_unit_test_setup_teardown(families_written_as_gguf, make_folder, remove_folder),
      cmocka_unit_test(pieces_by_gguf),
      cmocka_unit_test(pairs_by_class),
      cmocka_unit_test(ids_by_chance),
      cmocka_unit_test(characters_are_held_back),
      cmocka_unit_test(parts_of_one_text),
      cmocka_unit_test(metadata_that_are_refused),
  };
  return cmocka_run_group_tests(tests, open_files, close_files);
}
