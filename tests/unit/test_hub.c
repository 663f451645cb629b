/* What a hub says and what a person types, before anything is asked or written. */
#include "fusion/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COMMIT "1234567890abcdef1234567890abcdef12345678"
#define SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void names(void **unused) {
  static const char *const good[] = {"acme/tiny", "openai/clip-vit-base-patch32", "A_1/b.c-d", "_a/_b"};
  static const char *const bad[] = {"acme",       "acme/tiny/more", "../tiny",   "acme/..", "acme/.tiny",
                                    "a--b/c",     "acme/a b",       "acme/a%2f", "/tiny",   "acme/",
                                    "acme/tiny-", "acme./tiny",     "",          "/"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(gaze_hub_is_id(good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(gaze_hub_is_id(bad[i]));
}

static void revisions_oids_paths(void **unused) {
  static const char *const bad_revisions[] = {"..", "a/../b", "/a", "a/", "a b", "-a", "", "a?b", "a//b"};
  static const char *const bad_paths[] = {"..",  "a/..",  "../a", "/a",   "a/", "a//b",
                                          "./a", "a/./b", "a\\b", "a\nb", "",   "\x7f"};
  static const char *const good_paths[] = {"a", "a/b/c.txt", ".gitattributes", "...", "a..b", "\xeb\xaa\xa8 (1).bin"};
  for (size_t i = 0; i < sizeof bad_revisions / sizeof *bad_revisions; i++)
    assert_false(gaze_hub_is_revision(bad_revisions[i]));
  for (size_t i = 0; i < sizeof bad_paths / sizeof *bad_paths; i++)
    assert_false(gaze_hub_is_path(bad_paths[i]));
  for (size_t i = 0; i < sizeof good_paths / sizeof *good_paths; i++)
    assert_true(gaze_hub_is_path(good_paths[i]));
  assert_true(gaze_hub_is_revision("main") && gaze_hub_is_revision("refs/pr/1") && gaze_hub_is_revision("v1.0"));
  assert_true(gaze_hub_is_oid(COMMIT) && gaze_hub_is_oid(SHA256) && gaze_hub_is_commit(COMMIT));
  assert_false(gaze_hub_is_oid("") || gaze_hub_is_oid(COMMIT "0") || gaze_hub_is_commit(SHA256) ||
               gaze_hub_is_oid("1234567890ABCDEF1234567890abcdef12345678"));
}

static void read_headers(gaze_hub_headers *headers, const char *lines) {
  gaze_hub_headers_init(headers);
  while (*lines) {
    size_t length = strcspn(lines, "\n") + 1;
    gaze_hub_headers_read(headers, lines, length);
    lines += length;
  }
}

static void headers_of_answers(void **unused) {
  gaze_hub_headers h;
  read_headers(&h, "x-repo-commit: " COMMIT "\r\nETag: W/\"" COMMIT "\"\r\nX-Linked-ETag:\t\"" SHA256
                   "\" \r\nX-LINKED-SIZE: 12\r\nContent-Length:7\r\nLocation: /a b\r\n"
                   "Content-Range: bytes 5-11/12\r\n");
  assert_string_equal(h.commit, COMMIT);
  assert_string_equal(h.oid, COMMIT);
  assert_string_equal(h.linked_oid, SHA256);
  assert_string_equal(h.location, "/a b");
  assert_true(h.linked_size == 12 && h.length == 7 && h.range_start == 5 && h.range_total == 12);
  read_headers(&h,
               "X-Repo-Commit: ../..\nETag: \"../../etc\"\nContent-Length: 12x\nX-Linked-Size: 99999999999999999999\n"
               "Content-Range: bytes */12\nno header\n");
  assert_true(!*h.commit && !*h.oid && h.length == -1 && h.linked_size == -1 && h.range_start == -1);
  read_headers(&h, "Content-Range: bytes 5-6/*\n");
  assert_true(h.range_start == 5 && h.range_total == -1);
}

/* Which of the files, a word each, a model needs; "": none will do. */
static void choose(const char *list, const char *expected) {
  char json[2000], chosen[1000] = "", *words = strdup(list), *rest = words;
  int used = snprintf(json, sizeof json, "{\"sha\": \"%s\", \"siblings\": [{\"rfilename\": \"x\"}", COMMIT);
  for (char *word; (word = strsep(&rest, " "));)
    used += snprintf(json + used, sizeof json - (size_t)used, ",{\"rfilename\": \"%s\"}", word);
  used += snprintf(json + used, sizeof json - (size_t)used, "]}");
  free(words);
  gaze_hub_listing listing;
  assert_int_equal(gaze_hub_listing_parse(json, (size_t)used, "test", &listing), GAZE_OK);
  gaze_err err = gaze_hub_choose(&listing, NULL, 0, "acme/tiny");
  assert_int_equal(err, *expected ? GAZE_OK : GAZE_ERR_UNSUPPORTED);
  for (size_t i = 0; err == GAZE_OK && i < listing.n; i++)
    strcat(strcat(chosen, *chosen ? " " : ""), listing.files[i].path);
  assert_string_equal(chosen, expected);
  gaze_hub_listing_fini(&listing);
}

static void one_kind_of_weights(void **unused) {
  choose("config.json model.safetensors pytorch_model.bin tf_model.h5", "config.json model.safetensors");
  choose("config.json pytorch_model.bin sub/model.safetensors", "config.json pytorch_model.bin");
  choose("open_clip_config.json open_clip_model.safetensors open_clip_pytorch_model.bin spiece.model a/b.model",
         "open_clip_config.json open_clip_model.safetensors spiece.model");
  choose("config.json model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors "
         "pytorch_model.bin",
         "config.json model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors");
  choose("config.json pytorch_model.bin.index.json pytorch_model-00001-of-00001.bin optimizer.bin",
         "config.json pytorch_model.bin.index.json pytorch_model-00001-of-00001.bin");
  choose("config.json model.safetensors.index.json pytorch_model.bin", "config.json pytorch_model.bin");
  choose("config.json tf_model.h5", "");
  choose("model.safetensors tokenizer.json", "");
}

static void not_a_list(void **unused) {
  static const char *const bad[] = {
      "",
      "<html>",
      "[]",
      "{}",
      "{\"sha\": \"main\"}",
      "{\"sha\": 5}",
      "{\"sha\": \"" COMMIT "\", \"siblings\": [5]}",
      "{\"sha\": \"" COMMIT "\", \"siblings\": [{\"rfilename\": \"a\", \"blobId\": \"b\"}]}",
      "{\"sha\": \"" COMMIT "\", \"siblings\": [{\"rfilename\": \"a\", \"size\": -2}]}",
      "{\"sha\": \"" COMMIT "\", \"siblings\": [{\"rfilename\": \"a\", \"size\": \"2\"}]}"};
  gaze_hub_listing listing;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(gaze_hub_listing_parse(bad[i], strlen(bad[i]), "test", &listing), GAZE_ERR_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(revisions_oids_paths),
                                     cmocka_unit_test(headers_of_answers), cmocka_unit_test(one_kind_of_weights),
                                     cmocka_unit_test(not_a_list)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
