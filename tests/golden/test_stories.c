/* A trained decoder against transformers: what it writes behind prompts, how likely a story is to it, and what GGUF
 * makes of it. */
#include "core/base/json.h"
#include "decoder_fixtures.h"
#include "gaze.h"
#include "gaze_ask.h"
#include "nearness.h"
#include "stories_folder.h"
#include "tests/unit/data_files.h"
#include "text/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = 512, FOLLOWING_MAX = 80 };

static json_t *wanted;

static void must(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static const char *folder(void) { return test_path("stories"); }

static int open_all(void **state) {
  char path[1024], weights[1024];
  const char *tokens = shared_path("weights/stories260K.bin"); /* its buffer is static */
  snprintf(weights, sizeof weights, "%s", tokens ? tokens : "");
  tokens = tokens ? shared_path("weights/tok512.bin") : NULL;
  snprintf(path, sizeof path, "%s/tests/golden/data/stories/stories.json", getenv("GAZE_SOURCE_ROOT"));
  if (!tokens)
    return 0;
  if (make_folder(state) || gaze_json_open(path, &wanted) != GAZE_OK || !stories_make(weights, tokens, folder()))
    return -1;
  return 0;
}

static int close_all(void **state) {
  json_decref(wanted);
  return wanted ? remove_folder(state) : 0;
}

static void need_files(void) {
  if (!wanted)
    skip();
}

static size_t read_ids(const json_t *list, int32_t *ids) {
  for (size_t i = 0; i < json_array_size(list); i++)
    ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
  return json_array_size(list);
}

static size_t best_of(const float *logits) {
  size_t best = 0;
  for (size_t i = 1; i < VOCABULARY; i++)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

static void check_ids(const gaze_tokenizer *tokenizer, const char *text, const int32_t *ids, size_t n) {
  int32_t *found = NULL;
  size_t n_found = 0, capacity = 0;
  must(gaze_tokenizer_encode_whole(tokenizer, text, &found, &n_found, &capacity));
  assert_int_equal(n_found, n);
  assert_memory_equal(found, ids, n * sizeof *ids);
  free(found);
}

/* The greedy ids behind every prompt, and the prompts' own. */
static void check_greedy(const char *path) {
  decoder_run run;
  gaze_tokenizer *tokenizer;
  size_t i;
  const json_t *item;
  decoder_open_path(&run, path, GAZE_PRECISION_F32);
  must(gaze_tokenizer_open(path, &tokenizer));
  json_array_foreach(json_object_get(wanted, "prompts"), i, item) {
    int32_t ids[DECODER_ROWS], following[FOLLOWING_MAX];
    float logits[VOCABULARY];
    size_t n = read_ids(json_object_get(item, "ids"), ids), m = read_ids(json_object_get(item, "following"), following);
    gaze_kv_cache *cache = decoder_cache(&run, GAZE_DTYPE_F32);
    const int32_t *next = ids;
    check_ids(tokenizer, json_string_value(json_object_get(item, "prompt")), ids, n);
    for (size_t k = 0; k < m; k++, next = &following[k - 1], n = 1) {
      decoder_step(&run, logits, &next, &n, &cache, 1, false);
      assert_int_equal(best_of(logits), following[k]);
    }
    gaze_kv_cache_free(cache);
  }
  assert_int_equal(i, 10);
  gaze_tokenizer_free(tokenizer);
  decoder_close(&run);
}

static void writes_what_the_reference_writes(void **state) {
  need_files();
  check_greedy(folder());
  must(gaze_model_write_gguf(folder(), GAZE_TO_F32, test_path("f32.gguf"), NULL));
  check_greedy(test_path("f32.gguf"));
  must(gaze_model_write_gguf(folder(), GAZE_TO_F16, test_path("f16.gguf"), NULL));
  check_greedy(test_path("f16.gguf"));
}

/* Logits [n, V] of the story in pieces that the fixtures' tape has room for; yours: free(). */
static float *read_story(const char *path, gaze_precision precision, const int32_t *ids, size_t n) {
  decoder_run run;
  gaze_kv_cache *cache;
  float *logits = malloc(n * VOCABULARY * sizeof *logits);
  decoder_open_path(&run, path, precision);
  const gaze_decoder_config *c = &run.decoder.config;
  assert_true(n <= DECODER_ROWS);
  must(gaze_kv_cache_new(c->layers, c->block.attention.kv_heads, c->block.attention.head_dim, DECODER_ROWS,
                         GAZE_DTYPE_F32, &cache));
  for (size_t first = 0, some; first < n; first += some) {
    const int32_t *at = ids + first;
    some = n - first < 50 ? n - first : 50;
    decoder_step(&run, logits + first * VOCABULARY, &at, &some, &cache, 1, true);
  }
  gaze_kv_cache_free(cache);
  decoder_close(&run);
  return logits;
}

static double perplexity_of(const float *logits, const int32_t *ids, size_t n) {
  double loss = 0;
  for (size_t i = 0; i + 1 < n; i++) {
    double sum = 0;
    for (size_t k = 0; k < VOCABULARY; k++)
      sum += exp((double)logits[i * VOCABULARY + k]);
    loss += log(sum) - (double)logits[i * VOCABULARY + (size_t)ids[i + 1]];
  }
  return exp(loss / (double)(n - 1));
}

static void a_story_is_as_likely(void **state) {
  int32_t ids[DECODER_ROWS];
  need_files();
  size_t n = json_array_size(json_object_get(wanted, "ids"));
  assert_true(n <= DECODER_ROWS);
  read_ids(json_object_get(wanted, "ids"), ids);
  float *logits = read_story(folder(), GAZE_PRECISION_F32, ids, n);
  double expected = json_real_value(json_object_get(wanted, "perplexity")), found = perplexity_of(logits, ids, n);
  print_message("perplexity %.6f, expected %.6f\n", found, expected);
  assert_true(fabs(found / expected - 1) <= 1e-4);
  for (size_t i = 0; i < VOCABULARY; i++)
    assert_float_equal(logits[(n - 1) * VOCABULARY + i],
                       json_number_value(json_array_get(json_object_get(wanted, "last"), i)), 2e-4);
  free(logits);
}

/* Rows of 172 numbers, which no block divides, stay in F16. */
static void rounded_it_stays_near(void **state) {
  int32_t ids[DECODER_ROWS];
  gaze_weights *weights;
  need_files();
  size_t n = read_ids(json_object_get(wanted, "ids"), ids);
  must(gaze_model_write_gguf(folder(), GAZE_TO_Q8_0, test_path("q8.gguf"), NULL));
  must(gaze_weights_open(test_path("q8.gguf"), &weights));
  assert_int_equal(gaze_weights_find(weights, "blk.0.ffn_down.weight")->dtype, GAZE_DTYPE_F16);
  assert_int_equal(gaze_weights_find(weights, "blk.0.ffn_up.weight")->dtype, GAZE_DTYPE_Q8_0);
  gaze_weights_close(weights);
  float *exact = read_story(folder(), GAZE_PRECISION_F32, ids, n),
        *rounded = read_story(test_path("q8.gguf"), GAZE_PRECISION_F32, ids, n);
  double found = cosine(exact, rounded, n * VOCABULARY);
  print_message("Q8_0: cosine %.6f, perplexity %.4f\n", found, perplexity_of(rounded, ids, n));
  assert_true(found >= 0.999);
  free(exact);
  free(rounded);
}

/* The same folder with products in bf16 or int8. */
static void narrow_products_tell_the_story(void **state) {
  static const struct {
    gaze_precision precision;
    double least;
  } cases[] = {{GAZE_PRECISION_BF16, 0.9995}, {GAZE_PRECISION_INT8, 0.999}};
  int32_t ids[DECODER_ROWS];
  need_files();
  size_t n = read_ids(json_object_get(wanted, "ids"), ids);
  float *exact = read_story(folder(), GAZE_PRECISION_F32, ids, n);
  double expected = json_real_value(json_object_get(wanted, "perplexity"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    float *rounded = read_story(folder(), cases[i].precision, ids, n);
    double found = cosine(exact, rounded, n * VOCABULARY), perplexity = perplexity_of(rounded, ids, n);
    print_message("precision %d: cosine %.6f, perplexity %.4f\n", (int)cases[i].precision, found, perplexity);
    assert_true(found >= cases[i].least && found < 0.9999999 && fabs(perplexity / expected - 1) <= 0.01);
    free(rounded);
  }
  free(exact);
}

/* One turn that is to be answered; the text of a template is the model's to continue. */
static void ask(gaze_assistant *assistant, const gaze_answer_options *options, gaze_answer *answer) {
  gaze_chat *chat;
  must(gaze_chat_new(assistant, NULL, &chat));
  must(gaze_chat_ask(chat, "Once upon a time", options, answer));
  gaze_chat_free(chat);
}

static void a_full_conversation_is_said(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat;
  gaze_answer answer = {0};
  const gaze_assistant_options small = {.chat_template = "vicuna-v1", .context = 256};
  gaze_answer_options options = {.max_tokens = 1000};
  char question[4000] = "";
  need_files();
  check_fails(gaze_assistant_open(folder(), NULL, &assistant), GAZE_ERR_NOT_FOUND, "chat template", "--template", NULL);
  must(gaze_assistant_open(folder(), &small, &assistant));
  ask(assistant, &options, &answer);
  assert_true(strcmp(answer.ending, "context") == 0 || strcmp(answer.ending, "stop") == 0 ||
              strcmp(answer.ending, "end") == 0);
  print_message("%zu + %zu tokens: %s\n", answer.prompt_tokens, answer.completion_tokens, answer.ending);
  gaze_answer_fini(&answer);
  for (size_t i = 0; i + 10 < sizeof question; i += 8)
    strcat(question, "the cat ");
  must(gaze_chat_new(assistant, NULL, &chat));
  check_fails(gaze_chat_ask(chat, question, &options, &answer), GAZE_ERR_LIMIT, "256", NULL);
  gaze_chat_free(chat);
  gaze_assistant_close(assistant);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(writes_what_the_reference_writes),
                                     cmocka_unit_test(a_story_is_as_likely), cmocka_unit_test(rounded_it_stays_near),
                                     cmocka_unit_test(narrow_products_tell_the_story),
                                     cmocka_unit_test(a_full_conversation_is_said)};
  return cmocka_run_group_tests_name("stories", tests, open_all, close_all);
}
