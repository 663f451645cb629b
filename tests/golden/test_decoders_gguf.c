/* Language decoders in GGUF files: those that gaze writes of every family's folder, and those that the package gguf
 * wrote by llama.cpp's rules, against transformers; and what rounded weights cost. */
#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "decoder_fixtures.h"
#include "gaze_ask.h"
#include "nearness.h"
#include "tests/unit/data_files.h"
#include "text/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64, VOCABULARY_MAX = 256, WIDE_IDS = 16 };

/* Six ids of characters; the model's other ids have no text. */
static const char tokenizer_json[] =
    "{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Prepend\", \"prepend\": \"\u2581\"},"
    "{\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"\u2581\"}]},"
    "\"added_tokens\": [{\"id\": 0, \"content\": \"<unk>\", \"special\": true, \"normalized\": false},"
    "{\"id\": 1, \"content\": \"<s>\", \"special\": true, \"normalized\": false},"
    "{\"id\": 2, \"content\": \"</s>\", \"special\": true, \"normalized\": false}],"
    "\"model\": {\"type\": \"BPE\", \"unk_token\": \"<unk>\", \"fuse_unk\": true, \"vocab\": {\"<unk>\": 0, \"<s>\": 1,"
    "\"</s>\": 2, \"\u2581\": 3, \"a\": 4, \"b\": 5, \"ab\": 6, \"\u2581ab\": 7, \"ba\": 8},"
    "\"merges\": [\"a b\", \"\u2581 ab\", \"b a\"]}}";

static void must(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static void copy(const char *from, const char *to) {
  uint8_t *bytes;
  size_t size;
  must(gaze_file_read(from, 1 << 24, &bytes, &size));
  write_file(to, bytes, size);
  free(bytes);
}

/* A family's folder with a tokenizer; the name of it. */
static const char *make_model(const char *name) {
  char inside[200];
  must(gaze_folder_make(test_path(name)));
  snprintf(inside, sizeof inside, "%s/config.json", name);
  copy(decoder_path(inside), test_path(inside));
  snprintf(inside, sizeof inside, "%s/model.safetensors", name);
  copy(decoder_path(inside), test_path(inside));
  snprintf(inside, sizeof inside, "%s/tokenizer.json", name);
  write_text(test_path(inside), tokenizer_json);
  return test_path(name);
}

static void find_logits(decoder_run *run, const int32_t *ids, size_t n, float *logits) {
  gaze_kv_cache *cache = decoder_cache(run, GAZE_DTYPE_F32);
  decoder_step(run, logits, &ids, &n, &cache, 1, true);
  gaze_kv_cache_free(cache);
}

/* The logits of a file for the family's prompt. */
static void check_file(const char *path, const char *name) {
  static float logits[LONGEST * VOCABULARY_MAX];
  char file[64];
  decoder_run run;
  json_t *json;
  gaze_safetensors *wanted;
  int32_t ids[LONGEST];
  snprintf(file, sizeof file, "%s.json", name);
  must(gaze_json_open(decoder_path(file), &json));
  const json_t *prompt = json_object_get(json, "prompt");
  size_t n = json_array_size(prompt);
  for (size_t i = 0; i < n; i++)
    ids[i] = (int32_t)json_integer_value(json_array_get(prompt, i));
  json_decref(json);
  snprintf(file, sizeof file, "%s.safetensors", name);
  must(gaze_safetensors_open(decoder_path(file), &wanted));
  decoder_open_path(&run, path, GAZE_PRECISION_F32);
  find_logits(&run, ids, n, logits);
  double error =
      relative_error(logits, gaze_safetensors_find(wanted, "logits")->data, n * run.decoder.config.vocabulary);
  if (!(error <= 1e-4))
    fail_msg("%s: relative error %g", path, error);
  decoder_check_together(&run);
  decoder_close(&run);
  gaze_safetensors_close(wanted);
}

/* The same ids for texts, special tokens said or spelt by a user. */
static void check_tokenizer(const char *folder, const char *path) {
  static const char *const texts[] = {"ab ba", "", " aab", "<s>ab</s>b", "b<unk>c a"};
  gaze_tokenizer *own, *written;
  must(gaze_tokenizer_open(folder, &own));
  must(gaze_tokenizer_open(path, &written));
  for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
    const gaze_text_part part = {texts[i / 2], strlen(texts[i / 2]), i % 2};
    int32_t *a = NULL, *b = NULL;
    size_t n = 0, m = 0, a_capacity = 0, b_capacity = 0;
    must(gaze_tokenizer_encode_parts(own, &part, 1, &a, &n, &a_capacity));
    must(gaze_tokenizer_encode_parts(written, &part, 1, &b, &m, &b_capacity));
    assert_int_equal(n, m);
    if (n)
      assert_memory_equal(a, b, n * sizeof *a);
    free(a);
    free(b);
  }
  gaze_tokenizer_free(own);
  gaze_tokenizer_free(written);
}

static void written_files_follow_the_reference(void **state) {
  const char *name = *state;
  const char *folder = make_model(name);
  char file[64];
  static const char *const kinds[] = {"f32", "f16"};
  for (size_t i = 0; i < 2; i++) {
    snprintf(file, sizeof file, "%s-%s.gguf", name, kinds[i]);
    must(gaze_model_write_gguf(folder, i ? GAZE_TO_F16 : GAZE_TO_F32, test_path(file), NULL));
    check_file(test_path(file), name);
    check_tokenizer(folder, test_path(file));
  }
}

/* With LLaMA's newer way no space stands in front of what follows a special token. */
static void newer_signs_are_kept(void **state) {
  char text[sizeof tokenizer_json + 200];
  const char *folder = make_model("llama"), *behind = strstr(tokenizer_json, "\"added_tokens\"");
  snprintf(text, sizeof text,
           "{\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"\u2581\", \"prepend_scheme\": \"first\", "
           "\"split\": false}, %s",
           behind);
  write_text(test_path("llama/tokenizer.json"), text);
  count_warnings();
  must(gaze_model_write_gguf(folder, GAZE_TO_F16, test_path("newer.gguf"), NULL));
  assert_non_null(strstr(last_warning, "legacy"));
  check_tokenizer(folder, test_path("newer.gguf"));
}

static void files_of_the_package_follow_the_reference(void **state) {
  static const char *const names[] = {"llama", "llama3", "llama-linear", "qwen2", "phi3", "phi3-near", "phi3-far"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char file[64];
    snprintf(file, sizeof file, "../decoders_gguf/%s.gguf", names[i]);
    check_file(decoder_path(file), names[i]);
  }
}

/* What there is in both has the same numbers in the same rows. */
static void the_package_and_gaze_write_the_same(void **state) {
  gaze_weights *own, *theirs;
  must(gaze_model_write_gguf(make_model("llama"), GAZE_TO_F16, test_path("same.gguf"), NULL));
  must(gaze_weights_open(test_path("same.gguf"), &own));
  must(gaze_weights_open(decoder_path("../decoders_gguf/llama.gguf"), &theirs));
  assert_int_equal(gaze_weights_count(own), gaze_weights_count(theirs));
  for (size_t i = 0; i < gaze_weights_count(own); i++) {
    const gaze_named_tensor *a = gaze_weights_get(own, i), *b = gaze_weights_get(theirs, i);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->tensor.dtype, b->tensor.dtype);
    assert_memory_equal(a->tensor.shape, b->tensor.shape, (size_t)a->tensor.rank * sizeof *a->tensor.shape);
    assert_memory_equal(a->tensor.data, b->tensor.data,
                        gaze_dtype_bytes(a->tensor.dtype, gaze_tensor_count(&a->tensor)));
  }
  gaze_weights_close(own);
  gaze_weights_close(theirs);
}

/* decoders_gguf.py's uniform: splitmix64 of a counter. */
static float uniform(uint64_t stream, uint64_t i) {
  uint64_t z = ((stream << 32) + i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return (float)((double)(z >> 40) / (1 << 23) - 1);
}

/* Tensor i by name has stream i. */
static void fill_wide(gaze_named_tensor *tensor, uint64_t stream) {
  size_t n = gaze_tensor_count(&tensor->tensor);
  float *values = malloc(n * sizeof *values);
  float scale = sqrtf((strstr(tensor->name, "head") ? 3 : 2) / (float)tensor->tensor.shape[1]);
  for (size_t i = 0; i < n; i++) {
    float u = uniform(stream, i);
    values[i] = tensor->tensor.rank == 1        ? u / 4 + (gaze_ends_with(tensor->name, "bias") ? 0.0f : 1.0f)
                : strstr(tensor->name, "embed") ? u
                                                : (float)((double)u * (double)scale);
  }
  tensor->tensor.data = values;
}

typedef struct shape {
  const char *name; /* within a layer, or of the model */
  size_t rows, columns;
} shape;

static int by_name(const void *a, const void *b) {
  return strcmp(((const gaze_named_tensor *)a)->name, ((const gaze_named_tensor *)b)->name);
}

/* A folder of decoders_gguf.py's wide decoder. */
static void make_wide(const char *type, const char *folder) {
  static const shape parts[] = {{"input_layernorm.weight", 256, 0},    {"post_attention_layernorm.weight", 256, 0},
                                {"mlp.gate_proj.weight", 512, 256},    {"mlp.up_proj.weight", 512, 256},
                                {"mlp.down_proj.weight", 256, 512},    {"self_attn.q_proj.weight", 256, 256},
                                {"self_attn.k_proj.weight", 128, 256}, {"self_attn.v_proj.weight", 128, 256},
                                {"self_attn.o_proj.weight", 256, 256}, {"self_attn.q_proj.bias", 256, 0},
                                {"self_attn.k_proj.bias", 128, 0},     {"self_attn.v_proj.bias", 128, 0}};
  static const shape ends[] = {
      {"lm_head.weight", 256, 256}, {"model.embed_tokens.weight", 256, 256}, {"model.norm.weight", 256, 0}};
  size_t n_parts = strcmp(type, "qwen2") == 0 ? 12 : 9, n = 0;
  gaze_named_tensor tensors[27];
  static char names[27][96];
  for (size_t i = 0; i < 2 * n_parts + 3; i++) {
    const shape *s = i < 2 * n_parts ? &parts[i % n_parts] : &ends[i - 2 * n_parts];
    if (i < 2 * n_parts)
      snprintf(names[i], sizeof names[i], "model.layers.%zu.%s", i / n_parts, s->name);
    else
      snprintf(names[i], sizeof names[i], "%s", s->name);
    tensors[n++] = (gaze_named_tensor){
        .name = names[i],
        .tensor = {.dtype = GAZE_DTYPE_F32, .rank = s->columns ? 2 : 1, .shape = {s->rows, s->columns}}};
  }
  qsort(tensors, n, sizeof *tensors, by_name);
  for (size_t i = 0; i < n; i++)
    fill_wide(&tensors[i], i);
  char inside[200], config[600];
  must(gaze_folder_make(folder));
  snprintf(inside, sizeof inside, "%s/model.safetensors", folder);
  must(gaze_safetensors_save(inside, tensors, n));
  for (size_t i = 0; i < n; i++)
    free((void *)(uintptr_t)tensors[i].tensor.data);
  snprintf(config, sizeof config,
           "{\"model_type\": \"%s\", \"vocab_size\": 256, \"hidden_size\": 256, \"intermediate_size\": 512,"
           "\"num_hidden_layers\": 2, \"num_attention_heads\": 8, \"num_key_value_heads\": 4,"
           "\"max_position_embeddings\": 64, \"rms_norm_eps\": 1e-6, \"rope_theta\": 10000.0}",
           type);
  snprintf(inside, sizeof inside, "%s/config.json", folder);
  write_text(inside, config);
  snprintf(inside, sizeof inside, "%s/tokenizer.json", folder);
  write_text(inside, tokenizer_json);
}

/* llama.cpp's, of two layers: the last is among those that are spared. */
static void check_mixture(const gaze_weights *weights, bool mixed) {
  static const struct {
    const char *name;
    gaze_dtype plain, mixed;
  } cases[] = {{"output.weight", GAZE_DTYPE_Q6_K, GAZE_DTYPE_Q6_K},
               {"token_embd.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q4_K},
               {"blk.0.attn_v.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q4_K},
               {"blk.1.attn_v.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q6_K},
               {"blk.1.attn_k.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q4_K},
               {"blk.0.ffn_down.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q4_K},
               {"blk.1.ffn_down.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q6_K},
               {"blk.1.ffn_up.weight", GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q4_K}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(gaze_weights_find(weights, cases[i].name)->dtype, mixed ? cases[i].mixed : cases[i].plain);
}

static void rounded_weights_stay_near(void **state) {
  static const struct {
    gaze_quantisation to;
    const char *name;
    double least;
  } cases[] = {{GAZE_TO_F32, "f32", 0.99999999},
               {GAZE_TO_Q8_0, "q8_0", 0.999},
               {GAZE_TO_Q4_K, "q4_k", 0.99},
               {GAZE_TO_Q4_K_M, "q4_k_m", 0.99}};
  static float logits[WIDE_IDS * VOCABULARY_MAX];
  const char *type = *state;
  int32_t ids[WIDE_IDS];
  char file[100];
  gaze_safetensors *wanted;
  for (int32_t i = 0; i < WIDE_IDS; i++)
    ids[i] = 3 + i;
  snprintf(file, sizeof file, "../decoders_gguf/wide-%s.safetensors", type);
  must(gaze_safetensors_open(decoder_path(file), &wanted));
  snprintf(file, sizeof file, "wide-%s", type);
  make_wide(type, test_path(file));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char path[100];
    decoder_run run;
    snprintf(path, sizeof path, "%s-%s.gguf", type, cases[i].name);
    must(gaze_model_write_gguf(test_path(file), cases[i].to, test_path(path), NULL));
    decoder_open_path(&run, test_path(path), GAZE_PRECISION_F32);
    find_logits(&run, ids, WIDE_IDS, logits);
    double found = cosine(logits, gaze_safetensors_find(wanted, "logits")->data, WIDE_IDS * VOCABULARY_MAX);
    print_message("%s %s: cosine %.6f\n", type, cases[i].name, found);
    if (!(found >= cases[i].least))
      fail_msg("%s: cosine %.6f", path, found);
    if (cases[i].to == GAZE_TO_Q4_K || cases[i].to == GAZE_TO_Q4_K_M)
      check_mixture(run.weights, cases[i].to == GAZE_TO_Q4_K_M);
    decoder_check_together(&run);
    decoder_close(&run);
  }
  gaze_safetensors_close(wanted);
}

/* A folder in F32 opened for narrow products: logits of its prompt, all at once and id by id. */
static void narrow_products_stay_near(void **state) {
  static const struct {
    gaze_precision precision;
    gaze_dtype dtype;
    double least;
  } cases[] = {{GAZE_PRECISION_BF16, GAZE_DTYPE_BF16, 0.9999}, {GAZE_PRECISION_INT8, GAZE_DTYPE_Q8_0, 0.999}};
  static float logits[WIDE_IDS * VOCABULARY_MAX];
  const char *type = *state;
  int32_t ids[WIDE_IDS];
  char file[100];
  gaze_safetensors *wanted;
  for (int32_t i = 0; i < WIDE_IDS; i++)
    ids[i] = 3 + i;
  snprintf(file, sizeof file, "../decoders_gguf/wide-%s.safetensors", type);
  must(gaze_safetensors_open(decoder_path(file), &wanted));
  make_wide(type, test_path("wide"));
  for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
    decoder_run run;
    size_t one = 1;
    decoder_open_path(&run, test_path("wide"), cases[i / 2].precision);
    assert_int_equal(run.decoder.head_weight.dtype, cases[i / 2].dtype);
    assert_int_equal(run.decoder.token_embedding.dtype, GAZE_DTYPE_F32);
    gaze_kv_cache *cache = decoder_cache(&run, GAZE_DTYPE_F32);
    for (size_t k = 0; i % 2 && k < WIDE_IDS; k++)
      decoder_step(&run, logits + k * VOCABULARY_MAX, &(const int32_t *){ids + k}, &one, &cache, 1, true);
    gaze_kv_cache_free(cache);
    if (i % 2 == 0)
      find_logits(&run, ids, WIDE_IDS, logits);
    double found = cosine(logits, gaze_safetensors_find(wanted, "logits")->data, WIDE_IDS * VOCABULARY_MAX);
    print_message("%s %s: cosine %.6f\n", type, gaze_dtype_name(cases[i / 2].dtype), found);
    if (!(found >= cases[i / 2].least && found < 0.9999999))
      fail_msg("%s in %s: cosine %.7f", type, gaze_dtype_name(cases[i / 2].dtype), found);
    decoder_close(&run);
  }
  gaze_safetensors_close(wanted);
}

/* A file cut anywhere is refused before anything is done with it. */
static void cut_files_are_refused(void **state) {
  uint8_t *bytes;
  size_t size;
  gaze_assistant *assistant;
  const gaze_assistant_options options = {.chat_template = "chatml"};
  must(gaze_model_write_gguf(make_model("qwen2"), GAZE_TO_F16, test_path("whole.gguf"), NULL));
  must(gaze_file_read(test_path("whole.gguf"), 1 << 24, &bytes, &size));
  must(gaze_assistant_open(test_path("whole.gguf"), &options, &assistant));
  gaze_assistant_close(assistant);
  for (size_t cut = 0; cut < size; cut += cut < 4096 ? 61 : 4099) {
    write_file(test_path("cut.gguf"), bytes, cut);
    check_fails(gaze_assistant_open(test_path("cut.gguf"), &options, &assistant), GAZE_ERR_FORMAT, "cut.gguf", NULL);
  }
  free(bytes);
}

static void what_is_not_written_is_said(void **state) {
  const char *folder = make_model("phi3");
  char inside[100];
  check_fails(gaze_model_write_gguf(folder, GAZE_TO_F16, test_path("phi3"), NULL), GAZE_ERR_ARGUMENT, ".gguf", NULL);
  must(gaze_model_write_gguf(folder, GAZE_TO_F16, test_path("there.gguf"), NULL));
  check_fails(gaze_model_write_gguf(folder, GAZE_TO_F16, test_path("there.gguf"), NULL), GAZE_ERR_ARGUMENT,
              "there.gguf", "already", NULL);
  check_fails(gaze_model_write_gguf(test_path("there.gguf"), GAZE_TO_F16, test_path("again.gguf"), NULL),
              GAZE_ERR_ARGUMENT, "already a GGUF", NULL);
  snprintf(inside, sizeof inside, "phi3/tokenizer.json");
  write_text(test_path(inside),
             "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"<unk>\", 0], [\"a\", -1]]}}");
  check_fails(gaze_model_write_gguf(test_path("phi3"), GAZE_TO_F16, test_path("no.gguf"), NULL), GAZE_ERR_UNSUPPORTED,
              "tokenizer", NULL);
  write_text(test_path("phi3/config.json"), "{\"model_type\": \"clip\"}");
  check_fails(gaze_model_write_gguf(test_path("phi3"), GAZE_TO_F16, test_path("no.gguf"), NULL), GAZE_ERR_ARGUMENT,
              "not a language", "int8", NULL);
  assert_false(gaze_file_exists(test_path("no.gguf")));
}

int main(void) {
  static const char *const names[] = {"llama", "llama-linear", "llama3",    "smollm2",  "mistral", "qwen2",
                                      "qwen3", "phi3",         "phi3-near", "phi3-far", "exaone"};
  enum { NAMES = sizeof names / sizeof *names };
  struct CMUnitTest tests[NAMES + 9];
  size_t n = 0;
  for (; n < NAMES; n++)
    tests[n] = (struct CMUnitTest){.name = names[n],
                                   .test_func = written_files_follow_the_reference,
                                   .setup_func = make_folder,
                                   .teardown_func = remove_folder,
                                   .initial_state = (void *)(uintptr_t)names[n]};
  static const struct CMUnitTest others[] = {
      cmocka_unit_test(files_of_the_package_follow_the_reference),
      cmocka_unit_test_setup_teardown(the_package_and_gaze_write_the_same, make_folder, remove_folder),
      cmocka_unit_test_prestate_setup_teardown(rounded_weights_stay_near, make_folder, remove_folder,
                                               (void *)(uintptr_t) "llama"),
      cmocka_unit_test_prestate_setup_teardown(rounded_weights_stay_near, make_folder, remove_folder,
                                               (void *)(uintptr_t) "qwen2"),
      cmocka_unit_test_setup_teardown(newer_signs_are_kept, make_folder, remove_folder),
      cmocka_unit_test_prestate_setup_teardown(narrow_products_stay_near, make_folder, remove_folder,
                                               (void *)(uintptr_t) "llama"),
      cmocka_unit_test_prestate_setup_teardown(narrow_products_stay_near, make_folder, remove_folder,
                                               (void *)(uintptr_t) "qwen2"),
      cmocka_unit_test_setup_teardown(cut_files_are_refused, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(what_is_not_written_is_said, make_folder, remove_folder)};
  memcpy(tests + NAMES, others, sizeof others);
  return cmocka_run_group_tests_name("decoders in GGUF", tests, NULL, NULL);
}
