/* Sessions where memory, system calls or the disk fail: the file is the one before or the new one, whole, and a
 * conversation that could not be loaded is as it was. */
#include "tests/unit/talking_files.h"
#include "trials.h"

#include "fusion/session.h"

#include <stdio.h>
#include <string.h>

/* Two conversations of different length; `path` holds one of them. */
typedef struct talks {
  gaze_assistant *assistant;
  gaze_chat *chats[2];
  size_t rows[2];
  char path[512];
} talks;

static int turn; /* which is saved next */

static gaze_err save(void *user) {
  talks *t = user;
  turn = !turn;
  return gaze_chat_save(t->chats[turn], t->path);
}

static gaze_err load(void *user) {
  talks *t = user;
  gaze_chat *chat;
  GAZE_TRY(gaze_chat_new(t->assistant, "as it was", &chat));
  gaze_err err = gaze_chat_load(chat, t->path);
  if (err == GAZE_OK)
    assert_int_equal(chat->reading.cache->used, t->rows[0]);
  else
    assert_true(chat->n == 1 && chat->reading.cache->used == 0 && chat->n_pictures == 0);
  gaze_chat_free(chat);
  return err;
}

static gaze_err add_picture(void *user) {
  talks *t = user;
  gaze_chat *chat;
  GAZE_TRY(gaze_chat_new(t->assistant, NULL, &chat));
  gaze_err err = gaze_chat_add_picture(chat, red, red_size, "red");
  assert_int_equal(chat->n_pictures, err == GAZE_OK);
  gaze_chat_free(chat);
  return err;
}

static void check_file(void *user) {
  talks *t = user;
  gaze_session session;
  talk_check(gaze_session_open(t->assistant, &t->chats[0]->reading, t->path, &session));
  assert_true(session.read == t->rows[0] || session.read == t->rows[1]);
  gaze_session_close(&session);
  check_no_half_files(test_folder);
}

static void begin(talks *t) {
  open_talk(&(gaze_assistant_options){0}, &t->assistant, &t->chats[0]);
  talk_check(gaze_chat_new(t->assistant, "a system text", &t->chats[1]));
  for (int i = 0; i < 2; i++) {
    talk_check(gaze_chat_add_picture(t->chats[i], i ? blue : red, i ? blue_size : red_size, "one"));
    gaze_answer answer = talk_ask(t->chats[i], "is it red?");
    gaze_answer_fini(&answer);
    t->rows[i] = t->chats[i]->reading.cache->used;
  }
  snprintf(t->path, sizeof t->path, "%s", test_path("kept"));
}

static void sessions(void **state) {
  talks t;
  begin(&t);
  every_fault("saving", save, check_file, &t);
  full_disk("saving", save, check_file, &t);
  talk_check(gaze_chat_save(t.chats[0], t.path));
  every_fault("loading", load, check_file, &t);
  every_fault("a picture", add_picture, NULL, &t);
  gaze_chat_free(t.chats[1]);
  close_talk(t.chats[0], t.assistant);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sessions)};
  if (fault_possible())
    return cmocka_run_group_tests(tests, make_talking_model, remove_talking_model);
  printf("SKIP: a sanitizer brings its own allocator\n");
  return 77; /* meson counts it as skipped */
}
