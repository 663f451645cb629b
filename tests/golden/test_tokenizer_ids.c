/* Ids against tokenizers, transformers and open_clip, by the files of data/tokenizer that tokenizer.py wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "fusion/dataset.h"
#include "tests/unit/data_files.h"
#include "text/html.h"
#include "text/repair.h"
#include "text/tokenizer.h"
#include "tokenizer_cases.h"

static void check_case(const gaze_tokenizer *tokenizer, const json_t *item, const json_t *wanted) {
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0, size;
  char *bytes = bytes_of(item, &size);
  assert_int_equal(gaze_tokenizer_encode(tokenizer, bytes, size, &ids, &n, &capacity), GAZE_OK);
  bool same = n == json_array_size(wanted);
  for (size_t i = 0; same && i < n; i++)
    same = ids[i] == json_integer_value(json_array_get(wanted, i));
  if (!same) {
    char *list = json_dumps(wanted, JSON_COMPACT);
    fprintf(stderr, "got %zu ids:", n);
    for (size_t i = 0; i < n && i < 30; i++)
      fprintf(stderr, " %d", ids[i]);
    fail_msg("%.60s: wanted %zu ids: %.200s", bytes, json_array_size(wanted), list);
  }
  free(ids);
  free(bytes);
}

/* Every nasty text against the ids that stand under key. */
static void check_nasty(const char *path, const char *key) {
  gaze_tokenizer *tokenizer = open_tokenizer(path);
  json_t *cases = open_json("tokenizer/nasty.json"), *item;
  size_t i, checked = 0;
  json_array_foreach(cases, i, item) {
    const json_t *wanted = json_object_get(item, key);
    if (wanted)
      check_case(tokenizer, item, wanted);
    checked += wanted != NULL;
  }
  assert_true(checked > 90);
  json_decref(cases);
  gaze_tokenizer_free(tokenizer);
}

static void nasty_texts_by_tokenizer_json(void **state) { check_nasty(data_path("tokenizer/tokenizer.json"), "small"); }

static void nasty_texts_by_vocabulary_and_merges(void **state) {
  check_nasty(data_path("tokenizer/vocab.json"), "pair");
}

static void nasty_texts_by_merges_alone(void **state) { check_nasty(data_path("tokenizer/merges.txt.gz"), "clean"); }

static void a_folder_prefers_tokenizer_json(void **state) { check_nasty(data_path("tokenizer/"), "small"); }

static void nasty_texts_by_clip(void **state) {
  const char *path = shared_path("tokenizers/clip-tokenizer.json");
  path ? check_nasty(path, "clip") : skip();
}

static void nasty_texts_by_open_clip(void **state) {
  const char *path = shared_path("tokenizers/clip-bpe-merges.txt.gz");
  path ? check_nasty(path, "clip_clean") : skip();
}

/* A walk over captions, hashed in blocks as tokenizer.py does. */
typedef struct hashing {
  const gaze_tokenizer *tokenizer;
  const json_t *blocks;
  size_t captions, n_ids;
  uint64_t hash; /* FNV-1a over ids */
} hashing;

static void start_block(hashing *walk) {
  walk->n_ids = 0;
  walk->hash = 0xCBF29CE484222325u;
}

static void hash_caption(hashing *walk, const char *text) {
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  assert_int_equal(gaze_tokenizer_encode(walk->tokenizer, text, strlen(text), &ids, &n, &capacity), GAZE_OK);
  for (size_t i = 0; i <= n; i++)
    walk->hash = (walk->hash ^ (i < n ? (uint32_t)ids[i] : UINT32_MAX)) * 0x100000001B3u;
  free(ids);
  walk->n_ids += n;
  if (++walk->captions % 1000)
    return;
  const json_t *wanted = json_array_get(walk->blocks, walk->captions / 1000 - 1);
  char hash[17];
  snprintf(hash, sizeof hash, "%016llx", (unsigned long long)walk->hash);
  assert_int_equal(walk->n_ids, json_integer_value(json_object_get(wanted, "ids")));
  assert_string_equal(hash, json_string_value(json_object_get(wanted, "hash")));
  start_block(walk);
}

static void hash_captions(hashing *walk, const char *path) {
  gaze_dataset *dataset;
  if (gaze_dataset_open(path, NULL, &dataset) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  for (size_t i = 0; i < gaze_dataset_size(dataset); i++) {
    const gaze_sample *sample = gaze_dataset_get(dataset, i);
    for (size_t k = 0; k < sample->n_captions; k++)
      hash_caption(walk, sample->captions[k]);
  }
  gaze_dataset_close(dataset);
}

static void all_captions_of_flickr(void **state) {
  static const char *const files[] = {"data/flickr8k-train.tar", "data/flickr8k-dev.tar"};
  if (!shared_path(files[0]) || !shared_path(files[1]) || !shared_path("tokenizers/clip-tokenizer.json"))
    skip();
  gaze_tokenizer *tokenizer = open_tokenizer(shared_path("tokenizers/clip-tokenizer.json"));
  json_t *wanted = open_json("tokenizer/captions.json");
  hashing walk = {.tokenizer = tokenizer, .blocks = json_object_get(wanted, "blocks")};
  start_block(&walk);
  for (size_t i = 0; i < 2; i++)
    hash_captions(&walk, shared_path(files[i]));
  assert_int_equal(walk.captions, json_integer_value(json_object_get(wanted, "captions")));
  json_decref(wanted);
  gaze_tokenizer_free(tokenizer);
}

/* Every [text, wanted text] of a file, text changed by a function. */
static void check_texts(const char *name, gaze_err (*change)(gaze_points *)) {
  json_t *cases = open_json(name), *item;
  size_t i;
  gaze_points got = {0}, wanted = {0};
  json_array_foreach(cases, i, item) {
    const json_t *from = json_array_get(item, 0), *to = json_array_get(item, 1);
    assert_int_equal(gaze_points_decode(&got, json_string_value(from), json_string_length(from)), GAZE_OK);
    assert_int_equal(gaze_points_decode(&wanted, json_string_value(to), json_string_length(to)), GAZE_OK);
    assert_int_equal(change(&got), GAZE_OK);
    if (!gaze_points_equal(&got, &wanted))
      fail_msg("%.80s: not %.80s", json_string_value(from), json_string_value(to));
  }
  assert_true(json_array_size(cases) > 100);
  gaze_points_fini(&got);
  gaze_points_fini(&wanted);
  json_decref(cases);
}

static gaze_err unescape(gaze_points *points) {
  gaze_points out = {0};
  gaze_err err = gaze_html_unescape(points->at, points->n, false, &out);
  gaze_points_swap(points, &out);
  gaze_points_fini(&out);
  return err;
}

static void references_of_html(void **state) { check_texts("tokenizer/html.json", unescape); }

static void mojibake_as_ftfy_repairs_it(void **state) { check_texts("tokenizer/mojibake.json", gaze_repair); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nasty_texts_by_tokenizer_json), cmocka_unit_test(nasty_texts_by_vocabulary_and_merges),
      cmocka_unit_test(nasty_texts_by_merges_alone),   cmocka_unit_test(a_folder_prefers_tokenizer_json),
      cmocka_unit_test(nasty_texts_by_clip),           cmocka_unit_test(nasty_texts_by_open_clip),
      cmocka_unit_test(all_captions_of_flickr),        cmocka_unit_test(references_of_html),
      cmocka_unit_test(mojibake_as_ftfy_repairs_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
