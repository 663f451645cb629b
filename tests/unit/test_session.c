/* Session files, and what is kept of pictures: whole or refused, bounded, and never believed without a check. */
#include "tests/unit/talking_files.h"

#include "core/base/file.h"
#include "fusion/prefix.h"
#include "fusion/session.h"
#include "index/blobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

static gaze_chat *begin(gaze_assistant_options options, gaze_assistant **assistant) {
  gaze_chat *chat;
  open_talk(&options, assistant, &chat);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "red"));
  gaze_answer first = talk_ask(chat, "is it red?");
  gaze_answer_fini(&first);
  return chat;
}

static void goes_on(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat, *other;
  for (gaze_cache_kind kind = GAZE_CACHE_F16; kind <= GAZE_CACHE_F32; kind++) {
    chat = begin((gaze_assistant_options){.cache = kind}, &assistant);
    talk_check(gaze_chat_save(chat, test_path("kept")));
    gaze_answer wanted = talk_ask(chat, "two");
    talk_check(gaze_chat_new(assistant, "a system text that goes", &other));
    talk_check(gaze_chat_load(other, test_path("kept")));
    gaze_answer answer = talk_ask(other, "two");
    assert_string_equal(answer.text, wanted.text);
    assert_int_equal(answer.cached_tokens, wanted.cached_tokens);
    assert_true(answer.cached_tokens > 9);
    gaze_answer_fini(&wanted);
    gaze_answer_fini(&answer);
    gaze_chat_free(other);
    close_talk(chat, assistant);
  }
}

static void sign(uint8_t *bytes, size_t size) {
  uint64_t sum = XXH3_64bits(bytes, size - GAZE_SESSION_CHECK);
  memcpy(bytes + size - GAZE_SESSION_CHECK, &sum, sizeof sum);
}

/* A number of the head becomes another, the checksum fits, and the file is refused with the conversation unharmed. */
static void refuse_as(gaze_err expected, gaze_chat *chat, const uint8_t *kept, size_t size, size_t at,
                      uint64_t number) {
  uint8_t *changed = malloc(size);
  assert_non_null(changed);
  memcpy(changed, kept, size);
  memcpy(changed + at, &number, sizeof number);
  sign(changed, size);
  write_file(test_path("changed"), changed, size);
  free(changed);
  size_t n = chat->n, used = chat->reading.cache->used;
  check_fails(gaze_chat_load(chat, test_path("changed")), expected, "changed", NULL);
  assert_int_equal(chat->n, n);
  assert_int_equal(chat->reading.cache->used, used);
}

static void refuse_number(gaze_chat *chat, const uint8_t *kept, size_t size, size_t at, uint64_t number) {
  refuse_as(GAZE_ERR_FORMAT, chat, kept, size, at, number);
}

#define AT(field) offsetof(gaze_session_head, field)

static void lies(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat = begin((gaze_assistant_options){0}, &assistant);
  gaze_map kept;
  talk_check(gaze_chat_save(chat, test_path("kept")));
  talk_check(gaze_map_open(test_path("kept"), &kept));
  static const size_t numbers[] = {AT(path), AT(messages), AT(pictures), AT(coming), AT(stretches), AT(read), AT(rows)};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    uint64_t true_number;
    memcpy(&true_number, kept.data + numbers[i], sizeof true_number);
    refuse_number(chat, kept.data, kept.size, numbers[i], true_number + 1);
    if (true_number)
      refuse_number(chat, kept.data, kept.size, numbers[i], true_number - 1);
    if (numbers[i] != AT(rows))
      refuse_number(chat, kept.data, kept.size, numbers[i], UINT64_MAX);
  }
  refuse_as(GAZE_ERR_UNSUPPORTED, chat, kept.data, kept.size, AT(tile), 16);
  refuse_as(GAZE_ERR_MISMATCH, chat, kept.data, kept.size, AT(layers), 3);
  refuse_as(GAZE_ERR_MISMATCH, chat, kept.data, kept.size, AT(model), 0);
  refuse_as(GAZE_ERR_LIMIT, chat, kept.data, kept.size, AT(rows), UINT64_MAX);
  for (size_t size = 0; size < kept.size; size += 1 + size / 20) {
    write_file(test_path("cut"), kept.data, size);
    check_fails(gaze_chat_load(chat, test_path("cut")), GAZE_ERR_FORMAT, "cut", NULL);
  }
  gaze_map_close(&kept);
  close_talk(chat, assistant);
}

/* Bytes by name in memory, for gaze_keep. */
typedef struct shelf {
  char key[33];
  uint8_t bytes[1 << 14];
  size_t size;
  int asked, given, put;
} shelf;

static gaze_err get_bytes(void *user, const char *key, void **bytes, size_t *size) {
  shelf *s = user;
  s->asked++;
  if (!s->size || strcmp(key, s->key) != 0)
    return GAZE_ERR_NOT_FOUND;
  *bytes = malloc(s->size);
  assert_non_null(*bytes);
  memcpy(*bytes, s->bytes, s->size);
  *size = s->size;
  s->given++;
  return GAZE_OK;
}

static gaze_err put_bytes(void *user, const char *key, const void *bytes, size_t size) {
  shelf *s = user;
  assert_true(size <= sizeof s->bytes);
  snprintf(s->key, sizeof s->key, "%s", key);
  memcpy(s->bytes, bytes, size);
  s->size = size;
  s->put++;
  return GAZE_OK;
}

static void rows_are_kept(void **state) {
  static shelf s;
  gaze_assistant *assistant;
  gaze_assistant_options options = {.keep = {get_bytes, put_bytes, &s}};
  gaze_chat *chat = begin(options, &assistant);
  assert_int_equal(s.put, 1);
  gaze_chat_clear(chat);
  gaze_reading_cut(&chat->reading, 0);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "the same"));
  gaze_answer wanted = talk_ask(chat, "is it red?");
  assert_int_equal(s.asked, 1); /* in memory still */
  close_talk(chat, assistant);
  open_talk(&options, &assistant, &chat);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "in another process"));
  gaze_answer answer = talk_ask(chat, "is it red?");
  assert_string_equal(answer.text, wanted.text);
  assert_int_equal(s.given, 1);
  assert_int_equal(s.put, 1);
  gaze_answer_fini(&wanted);
  gaze_answer_fini(&answer);
  close_talk(chat, assistant);
}

/* Room for one picture's rows: the other's go, and are made again. */
static void memory_is_bounded(void **state) {
  static shelf s;
  gaze_assistant *assistant;
  gaze_chat *chat;
  gaze_assistant_options options = {.keep = {.put = put_bytes, .user = &s}};
  open_talk(&options, &assistant, &chat);
  assistant->seen.limit = 9 * 16 * sizeof(float);
  for (int turn = 0; turn < 4; turn++) {
    gaze_chat_clear(chat);
    gaze_reading_cut(&chat->reading, 0);
    talk_check(gaze_chat_add_picture(chat, turn % 2 ? blue : red, turn % 2 ? blue_size : red_size, "one"));
    gaze_answer answer = talk_ask(chat, "a");
    gaze_answer_fini(&answer);
    assert_int_equal(assistant->seen.n, 1);
    assert_true(assistant->seen.bytes <= assistant->seen.limit);
    assert_int_equal(s.put, turn + 1);
  }
  close_talk(chat, assistant);
}

static void prefix_begins_a_question(void **state) {
  gaze_assistant *assistant;
  gaze_assistant_options options = {.prefixes = true};
  gaze_chat *chat = begin(options, &assistant);
  gaze_chat_clear(chat);
  gaze_reading_cut(&chat->reading, 0);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "red"));
  gaze_answer answer = talk_ask(chat, "another question");
  assert_true(answer.cached_tokens >= 9);
  gaze_answer_fini(&answer);
  close_talk(chat, assistant);
}

static void write_old(const char *folder, const char *name, size_t size, time_t age) {
  char path[1024];
  static const uint8_t zeros[1000];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  write_file(path, zeros, size);
  struct timespec times[] = {{1000000 - age, 0}, {1000000 - age, 0}};
  assert_int_equal(utimensat(-1, path, times, 0), 0);
}

static void oldest_prefixes_go(void **state) {
  const char *folder = test_path("prefixes");
  talk_check(gaze_folder_make(folder));
  write_old(folder, "old", 400, 30);
  write_old(folder, "older.tmp7", 400, 40);
  write_old(folder, "young", 400, 10);
  gaze_prefix_make_room(folder, 1000, 200);
  assert_false(gaze_file_exists(test_path("prefixes/older.tmp7")));
  assert_true(gaze_file_exists(test_path("prefixes/old")));
  gaze_prefix_make_room(folder, 1000, 500);
  assert_false(gaze_file_exists(test_path("prefixes/old")));
  assert_true(gaze_file_exists(test_path("prefixes/young")));
}

static void put_text(const gaze_keep *keep, const char *key, const char *text) {
  talk_check(keep->put(keep->user, key, text, strlen(text)));
}

static bool has_text(const gaze_keep *keep, const char *key, const char *text) {
  void *bytes;
  size_t size;
  if (keep->get(keep->user, key, &bytes, &size) != GAZE_OK)
    return false;
  bool same = size == strlen(text) && memcmp(bytes, text, size) == 0;
  free(bytes);
  assert_true(same);
  return true;
}

static void blobs_are_bounded(void **state) {
  gaze_keep keep;
  talk_check(gaze_keep_open(test_path("blobs.db"), 12, &keep));
  put_text(&keep, "a", "aaaaa");
  put_text(&keep, "b", "bbbbb");
  assert_true(has_text(&keep, "a", "aaaaa")); /* b is now the one not used for longest */
  put_text(&keep, "c", "ccccc");
  assert_false(has_text(&keep, "b", "bbbbb"));
  assert_true(has_text(&keep, "a", "aaaaa"));
  put_text(&keep, "a", "anew");
  assert_true(has_text(&keep, "a", "anew"));
  check_fails(keep.put(keep.user, "d", "longer than all", 15), GAZE_ERR_LIMIT, NULL);
  gaze_keep_close(&keep);
  talk_check(gaze_keep_open(test_path("blobs.db"), 12, &keep));
  assert_true(has_text(&keep, "c", "ccccc"));
  talk_check(gaze_sql_run(((gaze_blobs *)keep.user)->db, "UPDATE body SET bytes = x'6363636364'"));
  assert_false(has_text(&keep, "c", "ccccc"));
  int64_t left;
  talk_check(gaze_sql_integer(((gaze_blobs *)keep.user)->db, "SELECT count(*) FROM entry", &left));
  assert_int_equal(left, 1); /* it went */
  gaze_keep_close(&keep);
}

static void damaged_blobs_begin_anew(void **state) {
  static const uint8_t zeros[5000];
  gaze_keep keep;
  write_text(test_path("text.db"), "no database");
  talk_check(gaze_keep_open(test_path("text.db"), 0, &keep));
  put_text(&keep, "a", "aaaaa");
  gaze_keep_close(&keep);
  FILE *file = fopen(test_path("text.db"), "r+b");
  assert_non_null(file);
  fwrite(zeros, sizeof zeros, 1, file);
  fclose(file);
  talk_check(gaze_keep_open(test_path("text.db"), 0, &keep));
  put_text(&keep, "a", "aaaaa");
  assert_true(has_text(&keep, "a", "aaaaa"));
  gaze_keep_close(&keep);
}

/* A picture goes through its decoder once: its bytes are not asked again. */
static void pixels_wait_for_the_question(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat;
  open_talk(&(gaze_assistant_options){0}, &assistant, &chat);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "red"));
  chat->pictures[0].size = 40;
  gaze_answer answer = talk_ask(chat, "is it red?");
  assert_null(chat->pictures[0].pixels.rgb);
  gaze_answer_fini(&answer);
  close_talk(chat, assistant);
}

/* Other bytes, or the same cut otherwise, are other rows. */
static void rows_have_keys_of_all_that_makes_them(void **state) {
  gaze_chat_picture picture = {.hash = 7, .size = 9, .plan = {.rows = 2, .columns = 3, .tokens = 12}};
  uint64_t key[2], other[2];
  gaze_picture_rows_key(&picture, key);
  picture.plan.rows = 3, picture.plan.columns = 2;
  gaze_picture_rows_key(&picture, other);
  assert_true(key[0] != other[0] && key[1] != other[1]);
  picture.plan.rows = 2, picture.plan.columns = 3;
  picture.hash--, picture.plan.tokens++; /* the same sum */
  gaze_picture_rows_key(&picture, other);
  assert_true(key[0] != other[0]);
}

/* Step memory fits the rows that come. */
static void short_prompts_touch_little(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat = begin((gaze_assistant_options){0}, &assistant);
  size_t used = assistant->arena.used;
  gaze_assistant_make_room(assistant, 2);
  assert_true(assistant->arena.used > used); /* an answer's ids came one by one */
  gaze_assistant_make_room(assistant, GAZE_PROMPT_PIECE);
  assert_int_equal(assistant->arena.used, assistant->arena.size);
  assert_true(used < assistant->arena.size);
  close_talk(chat, assistant);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(goes_on),
      cmocka_unit_test(lies),
      cmocka_unit_test(rows_are_kept),
      cmocka_unit_test(memory_is_bounded),
      cmocka_unit_test(prefix_begins_a_question),
      cmocka_unit_test(oldest_prefixes_go),
      cmocka_unit_test(pixels_wait_for_the_question),
      cmocka_unit_test(rows_have_keys_of_all_that_makes_them),
      cmocka_unit_test(short_prompts_touch_little),
      cmocka_unit_test(blobs_are_bounded),
      cmocka_unit_test(damaged_blobs_begin_anew),
  };
  return cmocka_run_group_tests(tests, make_talking_model, remove_talking_model);
}
