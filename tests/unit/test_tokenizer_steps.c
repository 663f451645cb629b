/* The parts of tokenizers: patterns, tries, the walk over JSON, and tokenizer.json put together by hand. */
#include "data_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json_walk.h"
#include "text/tokenizer_parts.h"

/* Every match in text, each as start-end. */
static void check_pattern(const char *pattern_text, const char *text, const char *wanted) {
  gaze_pattern pattern;
  gaze_points points = {0};
  char got[128] = "";
  if (!gaze_pattern_read(&pattern, pattern_text))
    fail_msg("%s is not read", pattern_text);
  assert_int_equal(gaze_points_decode(&points, text, strlen(text)), GAZE_OK);
  for (size_t i = 0, length; i < points.n; i += length ? length : 1) {
    length = gaze_pattern_match(&pattern, points.at, points.n, i);
    if (length)
      snprintf(got + strlen(got), sizeof got - strlen(got), "%zu-%zu ", i, i + length);
  }
  assert_string_equal(got, wanted);
  gaze_points_fini(&points);
}

static void patterns(void **state) {
  check_pattern("a", "banana", "1-2 3-4 5-6 ");
  check_pattern("an", "banana", "1-3 3-5 ");
  check_pattern("\\s+", "a  b\t\nc\u3000", "1-3 4-6 7-8 ");
  check_pattern(" {2,}", "a b  c   d", "3-5 6-9 ");
  check_pattern("\\A +| +\\z", "  a  b  ", "0-2 6-8 ");
  check_pattern("^ +| +$", "  ", "0-2 ");
  check_pattern("\\A\u2581", "\u2581\u2581", "0-1 ");
  check_pattern("[!?.\\-\\]]+", "a!?-b].", "1-4 5-7 ");
  check_pattern("\\<tag\\>|ab|a", "aab<tag>", "0-1 1-3 3-8 ");
  check_pattern("\uAC1C|\uD558", "\uAC1C\uB098\uD558", "0-1 2-3 ");
  check_pattern("[a-c]+", "abxc", "0-2 3-4 ");
  check_pattern("[^a-c\\s]", "a bx\uD558", "3-4 4-5 ");
  check_pattern("[\uAC1C-\uD558-]", "\uAC1D-\uD559", "0-1 1-2 ");
  check_pattern(" ?\\p{L}+|\\p{N}{1,3}", "a1234 b", "0-1 1-4 4-5 5-7 ");
  check_pattern("\\p{Lu}\\p{Ll}*", "AbC\u00C9\u00E9", "0-2 2-3 3-5 ");
  check_pattern("\\s+(?!\\S)|b", "  a b ", "0-1 4-5 5-6 ");
  check_pattern("\\s*[\\r\\n]+", " \n a\n", "0-2 4-5 ");
  check_pattern("(?i:'s|'re)", "'S'Re'\u017F's", "0-2 2-5 5-7 7-9 ");
  check_pattern("\\S{2}", "ab\u3000cd", "0-2 3-5 ");
  check_pattern("^a|b$", "a\na b\nb", "0-1 2-3 4-5 6-7 ");
  check_pattern("[\\p{L}\\p{M}]+[\\p{P}]?", "e\u0301!\u2014", "0-3 ");
}

static void patterns_that_are_refused(void **state) {
  static const char *const texts[] = {
      "",           "a*",      "a?",    "(a)",    "a|",    "a+?",       "a++",    ".",     "\\d",
      "\\p{Greek}", "\\p{L",   "[b-a]", "[]",     "[^]",   "[a&&b]",    "[[a]]",  "a{0,}", "[a",
      "\\",         "a\\zb",   "a^",    "|a",     "a{2,",  "a{2",       "a{3,2}", "a{,2}", "a{200}",
      "(?i:a",      "(?i:a)b", "(?=a)", "a(?!b)", "a+b+c", "a?b?c?d?e", "a{0}",   "-a[",   "[a-\\p{L}]"};
  gaze_pattern pattern;
  char text[GAZE_PATTERN_ATOMS_MAX + 2] = "";
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (gaze_pattern_read(&pattern, texts[i]))
      fail_msg("%s is read", texts[i]);
  memset(text, 'x', GAZE_PATTERN_ATOMS_MAX);
  assert_true(gaze_pattern_read(&pattern, text) && gaze_pattern_literal(&pattern, text));
  text[GAZE_PATTERN_ATOMS_MAX] = 'x';
  assert_false(gaze_pattern_read(&pattern, text) || gaze_pattern_literal(&pattern, text));
}

static void tries(void **state) {
  gaze_trie trie = {0};
  int32_t value = -1;
  const uint8_t *text = (const uint8_t *)"abcd";
  assert_int_equal(gaze_trie_longest(&trie, text, 4, &value), 0);
  assert_int_equal(gaze_trie_add(&trie, "ab", 2, 7), GAZE_OK);
  assert_int_equal(gaze_trie_add(&trie, "abcx", 4, 8), GAZE_OK);
  assert_int_equal(gaze_trie_longest(&trie, text, 4, &value), 2);
  assert_int_equal(value, 7);
  assert_int_equal(gaze_trie_longest(&trie, text, 1, &value), 0);
  for (int32_t i = 0; i < 5000; i++) { /* grows many times */
    char spelling[8];
    snprintf(spelling, sizeof spelling, "%d", (int)i);
    assert_int_equal(gaze_trie_add(&trie, spelling, strlen(spelling), i), GAZE_OK);
  }
  for (int32_t i = 0; i < 5000; i++) {
    char spelling[8];
    snprintf(spelling, sizeof spelling, "%d", (int)i);
    assert_int_equal(gaze_trie_longest(&trie, (uint8_t *)spelling, strlen(spelling), &value), strlen(spelling));
    assert_int_equal(value, i);
  }
  gaze_trie_fini(&trie);
}

static void check_string(const char *json, const char *wanted) {
  gaze_json_walk walk = {.at = json, .end = json + strlen(json), .name = "text", .start = json};
  const char *text;
  size_t size;
  gaze_err err = gaze_json_walk_string(&walk, &text, &size);
  if (!wanted)
    check_fails(err, GAZE_ERR_FORMAT, "not valid JSON", "text", NULL);
  else if (err != GAZE_OK || size != strlen(wanted) || memcmp(text, wanted, size))
    fail_msg("%s: not %s", json, wanted);
  gaze_json_walk_fini(&walk);
}

static void strings_of_json(void **state) {
  check_string("\"\"", "");
  check_string("  \"a\u00e9\"", "a\u00e9");
  check_string("\"\\n\\\"\\\\\\/\\u00e9x\\ud83d\\ude00\"", "\n\"\\/\u00e9x\U0001F600");
  static const char *const bad[] = {
      "",       "\"",          "\"a",         "\"\\",         "\"\\x\"",        "\"\\u12\"", "\"\\u123g\"",
      "\"\n\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\n\"", "\"\xC3\"",  "7"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    check_string(bad[i], NULL);
}

static gaze_err read_json(const char *json, gaze_tokenizer **out) {
  char *copy = malloc(strlen(json) + 1); /* without the 0 behind it, which is not of the file */
  assert_non_null(copy);
  memcpy(copy, json, strlen(json));
  assert_int_equal(gaze_tokenizer_new(out), GAZE_OK);
  gaze_err err = gaze_tokenizer_read_json(*out, copy, strlen(json), NULL, "some.json");
  free(copy);
  return err;
}

static void check_ids(const char *json, const char *text, const char *wanted) {
  gaze_tokenizer *tokenizer;
  int32_t ids[32];
  size_t n;
  char got[256] = "";
  if (read_json(json, &tokenizer) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_tokenizer_encode_context(tokenizer, text, 32, ids, &n, NULL), GAZE_OK);
  for (size_t i = 0; i < n; i++)
    snprintf(got + strlen(got), sizeof got - strlen(got), i ? " %d" : "%d", ids[i]);
  assert_string_equal(got, wanted);
  gaze_tokenizer_free(tokenizer);
}

#define VOCAB "\"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"<unk>\": 3, \"c\": 4}"
#define MERGES "\"merges\": [\"a b\"]"

static void models_by_hand(void **state) {
  check_ids("{\"model\": {\"type\": \"BPE\", " VOCAB ", " MERGES "}}", "abc", "2 4");
  check_ids("{\"model\": {" MERGES ", " VOCAB "}}", "abcx", "2 4"); /* merges first, no type, no unknown */
  check_ids("{\"model\": {" VOCAB ", \"merges\": [[\"a\", \"b\"]], \"unk_token\": \"<unk>\"}}", "xyab", "3 3 2");
  check_ids("{\"model\": {" VOCAB ", " MERGES ", \"unk_token\": \"<unk>\", \"fuse_unk\": true}}", "xyab", "3 2");
  check_ids("{\"model\": {" VOCAB ", \"unk_token\": \"<unk>\"}}", "ab", "2");
  check_ids("{\"model\": {\"vocab\": [[\"<unk>\", 0], [\"a\", -1.5], [\"ab\", -2e0]], \"unk_id\": 0}}", "abxa",
            "2 0 1");
  check_ids(
      "{\"added_tokens\": [{\"id\": 5, \"content\": \"<x>\", \"rstrip\": true}], \"model\": {\"type\": \"BPE\", " VOCAB
      "}}",
      "a<x>  b", "0 5 1");
}

/* Where the prefix of Metaspace goes. */
static void metaspace_by_hand(void **state) {
#define SPACED(scheme)                                                                                            \
  "{\"added_tokens\": [{\"id\": 4, \"content\": \"<x>\", \"normalized\": false}], \"pre_tokenizer\": {\"type\": " \
  "\"Metaspace\", \"replacement\": \"_\"" scheme                                                                  \
  "}, \"model\": {\"vocab\": [[\"<unk>\", 0], [\"_\", -1], [\"a\", -1], "                                         \
  "[\"_a\", -1]], \"unk_id\": 0}}"
#define STRIPPED(side)                                                                                        \
  "{\"added_tokens\": [{\"id\": 4, \"content\": \"<x>\", \"normalized\": false, \"" side                      \
  "\": true}], \"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"_\"}, \"model\": {\"vocab\": " \
  "[[\"<unk>\", 0], [\"_\", -1], [\"a\", -1], [\"_a\", -1]], \"unk_id\": 0}}"
  check_ids(SPACED(""), "a a<x>a", "3 3 4 3");
  check_ids(SPACED(", \"prepend_scheme\": \"first\""), "a a<x>a", "3 3 4 2");
  check_ids(SPACED(", \"prepend_scheme\": \"never\""), "a a<x>a", "2 3 4 2");
  check_ids(SPACED(", \"add_prefix_space\": false"), "a a", "2 3");
  check_ids(SPACED(", \"split\": false"), " a", "3");
  check_ids(STRIPPED("lstrip"), "a  <x> a", "3 4 3");
  check_ids(STRIPPED("rstrip"), "a <x>  <x> a", "3 1 4 4 3");
}

static void check_refused(const char *json, gaze_err expected, const char *word) {
  gaze_tokenizer *tokenizer;
  check_fails(read_json(json, &tokenizer), expected, word, NULL);
  gaze_tokenizer_free(tokenizer);
}

static void files_that_are_refused(void **state) {
  check_refused("", GAZE_ERR_FORMAT, "some.json");
  check_refused("{\"model\": {\"vocab\": {\"a\": 0,}}}", GAZE_ERR_FORMAT, "some.json");
  check_refused("{\"model\": {\"vocab\": {\"a\" 0}}}", GAZE_ERR_FORMAT, "a colon");
  check_refused("{\"model\": {\"vocab\": {\"a\": 0", GAZE_ERR_FORMAT, "a comma");
  check_refused("{\"model\": {\"vocab\": {\"a\": 1.5}}}", GAZE_ERR_FORMAT, "a comma");
  check_refused("{\"model\": {\"vocab\": {\"a\": 1e2}}}", GAZE_ERR_FORMAT, "a comma");
  check_refused("{\"model\": {\"vocab\": {\"a\": 99999999999999999999}}}", GAZE_ERR_FORMAT, "\"a\"");
  check_refused("{\"model\": {\"vocab\": {\"\": 0}}}", GAZE_ERR_FORMAT, "0 bytes");
  check_refused("{\"model\": {\"type\": \"WordLevel\", " VOCAB "}}", GAZE_ERR_UNSUPPORTED, "WordLevel");
  check_refused("{\"model\": {\"type\": \"WordPiece\", " VOCAB "}}", GAZE_ERR_FORMAT, "[UNK]");
  check_refused("{\"model\": {\"vocab\": [[\"a\", 0]]}}", GAZE_ERR_FORMAT, "no unknown");
  check_refused("{\"model\": {\"vocab\": [[\"a\", 1e999]], \"unk_id\": 0}}", GAZE_ERR_FORMAT, "finite");
  check_refused("{\"model\": {\"vocab\": [[\"a\"]], \"unk_id\": 0}}", GAZE_ERR_FORMAT, "a comma");
  check_refused("{\"model\": {\"vocab\": [[\"a\", x]], \"unk_id\": 0}}", GAZE_ERR_FORMAT, "a number");
  check_refused("{\"model\": {" VOCAB ", \"merges\": [\"a b\", 7]}}", GAZE_ERR_FORMAT, "merge 1");
  check_refused("{\"model\": {" VOCAB ", \"merges\": [[\"a\", \"b\", \"c\"]]}}", GAZE_ERR_FORMAT, "merge 0");
  check_refused("{\"model\": {" VOCAB ", \"merges\": [\"a c\"]}}", GAZE_ERR_MISMATCH, "a c");
  check_refused("{\"model\": {\"type\": \"BPE\", " VOCAB ", \"continuing_subword_prefix\": \"##\"}}",
                GAZE_ERR_UNSUPPORTED, "##");
}

static void steps_that_are_refused(void **state) {
#define WITH(member) "{" member ", \"model\": {\"type\": \"BPE\", " VOCAB "}}"
  static const struct {
    const char *json, *word;
  } cases[] = {
      {WITH("\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Odd\"}]}"), "Odd"},
      {WITH("\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a|(b)\"}, \"content\": \"\"}"),
       "a|(b)"},
      {WITH("\"pre_tokenizer\": {\"type\": \"Punctuation\"}"), "Punctuation"},
      {WITH("\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\"}, {\"type\": "
            "\"Digits\"}]}"),
       "behind ByteLevel"},
      {WITH("\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a|b)+\"}}"), "(a|b)+"},
      {WITH("\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"String\": \"a\"}, \"behavior\": \"Odd\"}"),
       "Odd"},
      {WITH("\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"ab\"}"), "Metaspace"},
      {WITH("\"pre_tokenizer\": {\"type\": \"Metaspace\", \"prepend_scheme\": \"Odd\"}"), "Odd"},
      {WITH("\"post_processor\": {\"type\": \"Odd\"}"), "Odd"},
      {WITH("\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": []}"), "without a text"},
      {WITH("\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": "
            "\"<s>\"}}]}"),
       "<s>"},
      {WITH("\"added_tokens\": [{\"id\": 1, \"content\": \"<x>\"}]"), "<x>"},
      {WITH("\"added_tokens\": [{\"id\": 5, \"content\": \"<x>\", \"single_word\": true}]"), "single_word"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_refused(cases[i].json, GAZE_ERR_UNSUPPORTED, cases[i].word);
  check_refused(WITH("\"post_processor\": {\"type\": \"BertProcessing\", \"cls\": [\"a\", 0], \"sep\": [\"x\", 9]}"),
                GAZE_ERR_FORMAT, "not in the vocabulary");
  check_refused(WITH("\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"A*\"}"), GAZE_ERR_FORMAT,
                "base64");
  check_refused(WITH("\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAA\"}"),
                GAZE_ERR_FORMAT, "normalisation map");
}

/* Steps that each make more of a text end with an error before they fill the memory. */
static void a_normalizer_that_multiplies(void **state) {
  char json[4096];
  snprintf(json, sizeof json, "{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [");
  for (int i = 0; i < 12; i++)
    strcat(json, i ? ", " : ""), strcat(json, "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": "
                                              "\"aaaaaaaaaaaaaaaa\"}");
  strcat(json, "]}, \"model\": {\"type\": \"BPE\", " VOCAB "}}");
  gaze_tokenizer *tokenizer;
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  assert_int_equal(read_json(json, &tokenizer), GAZE_OK);
  check_fails(gaze_tokenizer_encode(tokenizer, "aaaa", 4, &ids, &n, &capacity), GAZE_ERR_LIMIT, "characters of one",
              NULL);
  gaze_tokenizer_free(tokenizer);
}

static void folders(void **state) {
  static const char json[] = "{\"normalizer\": null, \"model\": {\"type\": \"BPE\", " VOCAB "}}";
  gaze_tokenizer *tokenizer;
  write_text(test_path("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\r\n[SEP] \n\nab\n##c\nab\n");
  assert_int_equal(gaze_tokenizer_open(test_folder, &tokenizer), GAZE_OK);
  assert_int_equal(gaze_tokenizer_size(tokenizer), 8);
  int32_t ids[8];
  size_t n;
  assert_int_equal(gaze_tokenizer_encode_context(tokenizer, "ABC x", 8, ids, &n, NULL), GAZE_OK);
  assert_memory_equal(ids, ((int32_t[]){2, 7, 6, 1, 3}), 5 * sizeof *ids); /* the later of two is found */
  assert_null(gaze_tokenizer_text(tokenizer, 4));
  check_fails(gaze_tokenizer_encode_context(tokenizer, "a", 1, ids, &n, NULL), GAZE_ERR_ARGUMENT, "at least 2", NULL);
  gaze_tokenizer_free(tokenizer);
  write_text(test_path("tokenizer.json"), json);
  write_text(test_path("tokenizer_config.json"),
             "{\"tokenizer_class\": \"GemmaTokenizerFast\", \"do_lower_case\": true, "
             "\"add_bos_token\": true, \"bos_token\": {\"content\": \"c\"}, "
             "\"add_eos_token\": true, \"eos_token\": \"b\", \"pad_token\": \"a\"}");
  assert_int_equal(gaze_tokenizer_open(test_folder, &tokenizer), GAZE_OK);
  assert_int_equal(gaze_tokenizer_start(tokenizer), 4);
  assert_int_equal(gaze_tokenizer_end(tokenizer), 1);
  assert_int_equal(gaze_tokenizer_pad(tokenizer), 0);
  assert_int_equal(gaze_tokenizer_encode_context(tokenizer, "A", 8, ids, &n, NULL), GAZE_OK);
  assert_int_equal(n, 3);
  assert_int_equal(ids[1], 0);
  gaze_tokenizer_free(tokenizer);
  write_text(test_path("tokenizer_config.json"), "{\"tokenizer_class\": \"CamembertTokenizer\"}");
  write_text(test_path("sentencepiece.bpe.model"), "");
  remove(test_path("tokenizer.json"));
  remove(test_path("vocab.txt"));
  check_fails(gaze_tokenizer_open(test_folder, &tokenizer), GAZE_ERR_UNSUPPORTED, "CamembertTokenizer", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(patterns),
      cmocka_unit_test(patterns_that_are_refused),
      cmocka_unit_test(tries),
      cmocka_unit_test(strings_of_json),
      cmocka_unit_test(models_by_hand),
      cmocka_unit_test(metaspace_by_hand),
      cmocka_unit_test(files_that_are_refused),
      cmocka_unit_test(steps_that_are_refused),
      cmocka_unit_test(a_normalizer_that_multiplies),
      cmocka_unit_test_setup_teardown(folders, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
