/* Instructions by an endpoint: a service on this machine that answers, fails and stops as it is told to. */
#include "tests/cli/local_server.h"
#include "tests/unit/data_files.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "gaze_train.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In memory that test and service share. */
typedef struct chat_service {
  long fail, fails; /* so many of the next requests are answered with the status `fail`; a negative one: by silence */
  long retry_after; /* seconds, said with it */
  long answer;      /* which of the answers below is given */
  long every;       /* 0: to every request; else to every n-th, and good ones to the others */
  long redirect;    /* to the second port */
  long delay;       /* microseconds before an answer */
  long wants_key;   /* 401 without "Bearer secret" */
  long requests, keys, keys_elsewhere, tokens_seen;
  char body[65536]; /* of the last request */
} chat_service;

static chat_service *service;
static int port, other_port;
static pid_t process;

static const char good_conversation[] = "Question: What animal is there?\nAnswer: A dog is there.\n===\nQuestion: Is "
                                        "there a cat?\nAnswer: No, there is none.\n===\n";
static const char good_detail[] =
    "The photo shows a brown dog on green grass. The dog stands in the middle, looks to the left and seems to wait for "
    "somebody who throws the ball that lies in front of it.";
static const char good_reasoning[] = "Question: Why may the dog look to the left?\nAnswer: Somebody probably stands "
                                     "there with whom it wants to play a game.\n";

/* What is said instead, and why it must be set aside. */
static const struct {
  const char *text, *reason;
} bad[] = {
    {"", "without text"},
    {"I am sorry, I can say nothing.", "no question and answer"},
    {"Answer: A dog.\nQuestion: What?\nAnswer: A cat.", "do not alternate"},
    {"Question: What?\nQuestion: Who?\nAnswer: A dog.", "do not alternate"},
    {"Question: What is it?\nAnswer: A dog.\nQuestion: And then?", "without an answer"},
    {"Question: What does the caption say?\nAnswer: A dog.\nQuestion: Who?\nAnswer: A man.", "speaks of \"caption\""},
    {"Question: What?\nAnswer: Its bounding box is large.\nQuestion: Who?\nAnswer: A man.", "bounding box"},
    {"Question: What?\nAnswer: <image> a dog.\nQuestion: Who?\nAnswer: A man.", "mark \"<image>\""},
    {"Question: 무엇인가요?\nAnswer: 개가 있습니다.\nQuestion: 누구인가요?\nAnswer: 남자입니다.", "another language"},
    {"Question: What?\nAnswer:\nQuestion: Who?\nAnswer: A man.", "empty answer"},
    {"Question: What?\nAnswer: A dog.", "1 turns"}};
enum { BAD = sizeof bad / sizeof *bad, NO_JSON = BAD + 1, NO_MESSAGE, CUT, REFUSED, TOO_LARGE, TOO_LONG };

static const char *kind_answer(const char *body) {
  if (strstr(body, "Write a conversation"))
    return good_conversation;
  return strstr(body, "Write a description") ? good_detail : good_reasoning;
}

static void say_text(const connection *c, const char *text, const char *finish) {
  json_t *answer = json_pack("{s:[{s:{s:s,s:s},s:s}]}", "choices", "message", "role", "assistant", "content", text,
                             "finish_reason", finish);
  char *bytes = json_dumps(answer, 0);
  server_answer(c, 200, "Content-Type: application/json\r\n", bytes);
  free(bytes);
  json_decref(answer);
}

static void say_answer(const connection *c, long which) {
  static char long_text[9000];
  switch (which) {
  case 0:
    say_text(c, kind_answer(c->body), "stop");
    break;
  case NO_JSON:
    server_answer(c, 200, NULL, "<html>busy</html>");
    break;
  case NO_MESSAGE:
    server_answer(c, 200, NULL, "{\"choices\":[]}");
    break;
  case CUT:
    say_text(c, good_conversation, "length");
    break;
  case REFUSED:
    server_answer(c, 400, NULL, "{\"error\":{\"message\":\"too many tokens\"}}");
    break;
  case TOO_LARGE:
    server_answer(c, 413, NULL, "<html>too large</html>");
    break;
  case TOO_LONG:
    memset(long_text, 'a', sizeof long_text - 1);
    memcpy(long_text, "Q: What?\nA: A dog.\nQ: Who?\nA: ", 30);
    say_text(c, long_text, "stop");
    break;
  default:
    say_text(c, bad[which - 1].text, "stop");
  }
}

static bool fails_now(const connection *c) {
  char headers[64] = "";
  if (service->fails <= 0)
    return false;
  service->fails--;
  if (service->retry_after)
    snprintf(headers, sizeof headers, "Retry-After: %ld\r\n", service->retry_after);
  if (service->fail < 0)
    sleep(5);
  else
    server_answer(c, service->fail, headers, "{\"error\":{\"message\":\"as told\"}}");
  return true;
}

static void serve(connection *c, const char *path) {
  const char *key = server_header(c, "\r\nAuthorization: Bearer ");
  char headers[80];
  if (key)
    ++*(c->other ? &service->keys_elsewhere : &service->keys);
  if (c->other)
    return;
  service->requests++;
  snprintf(service->body, sizeof service->body, "%s", c->body);
  usleep((useconds_t)service->delay);
  if (strcmp(path, "/v1/chat/completions") != 0)
    server_answer(c, 404, NULL, "{}");
  else if (service->wants_key && (!key || strncmp(key, "secret\r", 7) != 0))
    server_answer(c, 401, NULL, "{}");
  else if (service->redirect) {
    snprintf(headers, sizeof headers, "Location: http://localhost:%d/v1/chat/completions\r\n", other_port);
    server_answer(c, 307, headers, "");
  } else if (!fails_now(c))
    say_answer(c, service->every && service->requests % service->every ? 0 : service->answer);
}

static char url[64];

static gaze_instructions_options options_for(const char *const *data, const char *out) {
  gaze_instructions_options options;
  gaze_make_instructions_defaults(&options);
  options.data = data;
  options.n_data = 1;
  options.out = test_path(out);
  options.endpoint = url;
  options.endpoint_model = "tiny";
  options.pause = 0.01;
  options.timeout = 1;
  options.tries = 3;
  return options;
}

/* n pictures with a dog. */
static const char *write_tar(const char *name, int n) {
  test_tar tar = {0};
  for (int i = 0; i < n; i++) {
    char key[16], file[24];
    snprintf(key, sizeof key, "p%d", i);
    snprintf(file, sizeof file, "p%d.json", i);
    tar_add_png(&tar, key, 8, 8, 1);
    tar_add_text(&tar, file, "{\"captions\":[\"a brown dog on grass\"],\"objects\":[[\"dog\",0.25,0.5,0.5,0.25]]}");
  }
  static char path[256]; /* of the test's only tar */
  snprintf(path, sizeof path, "%s", test_path(name));
  tar_write(&tar, path);
  return path;
}

static int begin(void **state) {
  memset(service, 0, sizeof *service);
  unsetenv("GAZE_API_KEY");
  unsetenv("OPENAI_API_KEY");
  return 0;
}

static json_t *make(const gaze_instructions_options *options) {
  char *text;
  gaze_err err = gaze_make_instructions(options, &text);
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  json_t *summary = json_loads(text, 0, NULL);
  free(text);
  return summary;
}

static json_int_t figure(json_t *summary, const char *name) {
  return json_integer_value(json_object_get(summary, name));
}

static void test_answers_become_records(void **state) {
  const char *data[] = {write_tar("a.tar", 2)};
  gaze_instructions_options options = options_for(data, "a.json");
  json_t *summary = make(&options), *records;
  assert_int_equal(figure(summary, "records"), 6);
  assert_int_equal(figure(summary, "requests"), 6);
  json_decref(summary);
  assert_int_equal(gaze_json_open(options.out, &records), GAZE_OK);
  json_t *record = json_array_get(records, 0), *list = json_object_get(record, "conversations");
  assert_string_equal(json_string_value(json_object_get(record, "id")), "p0-conversation");
  assert_string_equal(json_string_value(json_object_get(record, "image")), "p0.png");
  assert_int_equal(json_array_size(list), 4);
  assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "value")),
                      "<image>\nWhat animal is there?");
  assert_string_equal(json_string_value(json_object_get(json_array_get(list, 3), "value")), "No, there is none.");
  record = json_array_get(records, 1);
  assert_string_equal(
      json_string_value(json_object_get(json_array_get(json_object_get(record, "conversations"), 1), "value")),
      good_detail);
  json_decref(records);
}

/* Captions and boxes as text, an example before them. */
static void test_request(void **state) {
  const char *data[] = {write_tar("b.tar", 1)};
  gaze_instructions_options options = options_for(data, "b.json");
  options.detail = options.reasoning = false;
  options.temperature = 0.5;
  options.max_tokens = 77;
  json_decref(make(&options));
  json_t *body = json_loads(service->body, 0, NULL), *messages = json_object_get(body, "messages");
  assert_string_equal(json_string_value(json_object_get(body, "model")), "tiny");
  assert_int_equal(figure(body, "max_tokens"), 77);
  assert_int_equal(json_array_size(messages), 4);
  assert_string_equal(json_string_value(json_object_get(json_array_get(messages, 3), "content")),
                      "a brown dog on grass\ndog: 0.25, 0.50, 0.75, 0.75\n");
  json_decref(body);
}

static void test_failures_are_tried_again(void **state) {
  static const long statuses[] = {429, 500, 503, 408, -1};
  const char *data[] = {write_tar("c.tar", 1)};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    char out[16];
    begin(NULL);
    snprintf(out, sizeof out, "c%zu.json", i);
    gaze_instructions_options options = options_for(data, out);
    service->fail = statuses[i];
    service->fails = statuses[i] < 0 ? 1 : 2;
    json_t *summary = make(&options);
    assert_int_equal(figure(summary, "records"), 3);
    assert_int_equal(service->requests, statuses[i] < 0 ? 4 : 5);
    json_decref(summary);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void test_waits_as_told(void **state) {
  const char *data[] = {write_tar("d.tar", 1)};
  gaze_instructions_options options = options_for(data, "d.json");
  char *text;
  double start = now();
  service->fail = 429;
  service->fails = 1;
  service->retry_after = 1;
  json_decref(make(&options));
  assert_true(now() - start >= 1);
  /* A pause of a day is not waited for. */
  options.out = test_path("d2.json");
  service->fails = 1;
  service->retry_after = 86400;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_IO, "pause of 86400 seconds", NULL);
}

static void test_rate(void **state) {
  const char *data[] = {write_tar("e.tar", 1)};
  gaze_instructions_options options = options_for(data, "e.json");
  double start = now();
  options.rate = 300;
  json_decref(make(&options));
  assert_true(now() - start >= 0.4);
}

static void test_gives_up(void **state) {
  static const struct {
    long status;
    const char *words;
  } cases[] = {{429, "--rate"}, {500, "as told"}, {404, "--endpoint-model"}, {403, "GAZE_API_KEY"}, {418, "418"}};
  const char *data[] = {write_tar("f.tar", 1)};
  gaze_instructions_options options = options_for(data, "f.json");
  char *text;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    service->requests = 0;
    service->fail = cases[i].status;
    service->fails = 100;
    assert_int_not_equal(gaze_make_instructions(&options, &text), GAZE_OK);
    assert_non_null(strstr(gaze_last_error(), cases[i].words));
    assert_int_equal(service->requests, cases[i].status == 429 || cases[i].status == 500 ? 3 : 1);
  }
  assert_false(gaze_file_exists(options.out));
  options.endpoint = "http://127.0.0.1:1/v1";
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_IO, "cannot be asked", NULL);
  options.endpoint = "ftp://127.0.0.1/v1";
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_ARGUMENT, "not an address", NULL);
}

static void test_key(void **state) {
  const char *data[] = {write_tar("g.tar", 1)};
  gaze_instructions_options options = options_for(data, "g.json");
  char *text;
  service->wants_key = 1;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_IO, "wants a key (401)", "GAZE_API_KEY", NULL);
  setenv("OPENAI_API_KEY", "wrong", 1);
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_IO, "does not take this key", NULL);
  assert_null(strstr(gaze_last_error(), "wrong"));
  setenv("GAZE_API_KEY", " secret\n", 1);
  json_decref(make(&options));
  setenv("GAZE_API_KEY", "two words", 1);
  check_fails((options.out = test_path("g2.json"), gaze_make_instructions(&options, &text)), GAZE_ERR_FORMAT,
              "not a token", NULL);
  /* Not in the clear across a network. */
  setenv("GAZE_API_KEY", "secret", 1);
  static const char *const elsewhere[] = {"http://example.invalid/v1", "http://127.example.invalid/v1"};
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
    options.endpoint = elsewhere[i];
    check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_ARGUMENT, "https://", NULL);
  }
}

static void test_key_stays_with_its_host(void **state) {
  const char *data[] = {write_tar("h.tar", 1)};
  gaze_instructions_options options = options_for(data, "h.json");
  char *text;
  setenv("GAZE_API_KEY", "secret", 1);
  service->redirect = 1;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_IO, "has moved (307)", NULL);
  assert_int_equal(service->keys, 1);
  assert_int_equal(service->keys_elsewhere, 0);
}

static void check_line(const char *path, const char *words) {
  uint8_t *bytes;
  size_t size;
  assert_int_equal(gaze_file_read(path, 1 << 20, &bytes, &size), GAZE_OK);
  if (!strstr((char *)bytes, words))
    fail_msg("no \"%s\" in %s", words, (char *)bytes);
  free(bytes);
}

/* Each kind of bad answer, to the conversation's request alone. */
static void test_bad_answers_are_set_aside(void **state) {
  static const struct {
    long answer;
    const char *reason;
  } more[] = {{NO_JSON, "no JSON"},
              {NO_MESSAGE, "no message"},
              {CUT, "ended by: length"},
              {REFUSED, "too many tokens"},
              {TOO_LARGE, "the endpoint refused (413)"},
              {TOO_LONG, "too long"}};
  const char *data[] = {write_tar("i.tar", 2)};
  for (long i = 1; i <= BAD + (long)(sizeof more / sizeof *more); i++) {
    char out[16];
    begin(NULL);
    snprintf(out, sizeof out, "i%ld.json", i);
    gaze_instructions_options options = options_for(data, out);
    options.detail = options.reasoning = false;
    service->answer = i;
    service->every = 2;
    json_t *summary = make(&options);
    assert_int_equal(figure(summary, "records"), 1);
    assert_int_equal(figure(summary, "bad"), 1);
    char words[200];
    snprintf(words, sizeof words, "%s", i <= BAD ? bad[i - 1].reason : more[i - BAD - 1].reason);
    json_t *reason = json_string(words);
    char *escaped = json_dumps(reason, JSON_ENCODE_ANY);
    escaped[strlen(escaped) - 1] = 0;
    check_line(json_string_value(json_object_get(summary, "bad_file")), escaped + 1);
    free(escaped);
    json_decref(reason);
    json_decref(summary);
    /* It is not asked for again, unless that is wanted. */
    service->answer = service->requests = 0;
    summary = make(&options);
    assert_int_equal(service->requests, 0);
    assert_int_equal(figure(summary, "bad"), 1);
    json_decref(summary);
    options.retry_rejected = true;
    summary = make(&options);
    assert_int_equal(service->requests, 1);
    assert_int_equal(figure(summary, "records"), 2);
    assert_int_equal(figure(summary, "bad"), 0);
    json_decref(summary);
  }
}

static void test_too_many_bad(void **state) {
  const char *data[] = {write_tar("j.tar", 9)};
  gaze_instructions_options options = options_for(data, "j.json");
  char *text;
  service->answer = NO_JSON;
  options.max_bad = 4;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_LIMIT, "more than 4 bad rows", NULL);
  assert_int_equal(service->requests, 5);
}

static void test_korean(void **state) {
  const char *data[] = {write_tar("k.tar", 1)};
  gaze_instructions_options options = options_for(data, "k.json");
  options.detail = options.reasoning = false;
  options.korean = 1;
  service->answer = 9; /* the Korean one */
  json_t *summary = make(&options);
  assert_int_equal(figure(summary, "korean"), 1);
  assert_non_null(strstr(service->body, "polite Korean"));
  json_decref(summary);
}

static size_t count_answers(const char *path) {
  uint8_t *bytes;
  size_t size, n = 0;
  assert_int_equal(gaze_file_read(path, 1 << 24, &bytes, &size), GAZE_OK);
  for (size_t i = 0; i < size; i++)
    n += bytes[i] == '\n';
  free(bytes);
  return n - 1;
}

/* Killed at any moment, again and again, until it is done: no answer is asked for twice but the one under way. */
static void test_kill_and_resume(void **state) {
  const char *data[] = {write_tar("l.tar", 12)};
  gaze_instructions_options options = options_for(data, "l.json");
  const char *journal = test_path("l.json.journal.jsonl");
  long kills = 0;
  service->delay = 3000;
  for (int status = 1; status != 0;) {
    pid_t child = fork();
    if (child == 0) {
      char *text;
      _exit(gaze_make_instructions(&options, &text) == GAZE_OK ? 0 : 1);
    }
    usleep((useconds_t)(15000 + 7000 * (kills % 5)));
    bool over = waitpid(child, &status, WNOHANG) == child;
    if (!over) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      status = 1;
      kills++;
      assert_true(kills < 1000);
    }
  }
  assert_true(kills > 0);
  assert_int_equal(count_answers(journal), 36);
  assert_in_range(service->requests, 36, 36 + kills);
  json_t *records;
  assert_int_equal(gaze_json_open(options.out, &records), GAZE_OK);
  assert_int_equal(json_array_size(records), 36);
  json_decref(records);
}

/* A line that a kill cut short is asked for again; one that is broken inside is not passed over. */
static void test_journal(void **state) {
  const char *data[] = {write_tar("m.tar", 2)};
  gaze_instructions_options options = options_for(data, "m.json");
  const char *journal = test_path("m.json.journal.jsonl");
  uint8_t *bytes;
  size_t size;
  char *text;
  json_decref(make(&options));
  assert_int_equal(gaze_file_read(journal, 1 << 20, &bytes, &size), GAZE_OK);
  write_file(journal, bytes, size - 20);
  service->requests = 0;
  json_decref(make(&options));
  assert_int_equal(service->requests, 1);
  options.seed = 5;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_MISMATCH, "other settings", NULL);
  options.seed = 0;
  bytes[size / 2] = '\n';
  write_file(journal, bytes, size);
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_FORMAT, "broken line", NULL);
  free(bytes);
}

/* An answer is for what was told of a picture, not for whatever has its name. */
static void test_other_pictures_of_the_same_names(void **state) {
  static const char told[] = "{\"captions\":[\"a black cat\"]}";
  test_tar tar = {0};
  const char *data[] = {write_tar("q.tar", 1)};
  gaze_instructions_options options = options_for(data, "q.json");
  json_decref(make(&options));
  assert_int_equal(service->requests, 3);
  tar_add_png(&tar, "p0", 8, 8, 2);
  tar_add_text(&tar, "p0.json", told);
  tar_write(&tar, data[0]);
  for (int i = 0; i < 2; i++) { /* and not twice */
    json_decref(make(&options));
    assert_int_equal(service->requests, 6);
  }
  assert_non_null(strstr(service->body, "a black cat"));
}

/* A run that is refused takes nothing from the one that is at work. */
static void test_lists_of_bad_rows_stay(void **state) {
  const char *data[] = {write_tar("r.tar", 2)};
  gaze_instructions_options options = options_for(data, "r.json");
  char *text;
  service->answer = NO_JSON;
  service->every = 2;
  json_decref(make(&options));
  assert_true(gaze_file_exists(test_path("r.json.bad.jsonl")));
  options.seed = 9;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_MISMATCH, "other settings", NULL);
  assert_true(gaze_file_exists(test_path("r.json.bad.jsonl")));
}

/* A run that got no answer leaves nothing that other settings must fit. */
static void test_journal_without_answers(void **state) {
  const char *data[] = {write_tar("o.tar", 1)};
  gaze_instructions_options options = options_for(data, "o.json");
  char *text;
  service->wants_key = 1;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_IO, "401", NULL);
  service->wants_key = 0;
  options.endpoint_model = "other";
  json_decref(make(&options));
  options.endpoint_model = "tiny";
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_MISMATCH, "other settings", NULL);
}

static void test_stop(void **state) {
  const char *data[] = {write_tar("n.tar", 2)};
  gaze_instructions_options options = options_for(data, "n.json");
  volatile int stop = 1;
  char *text;
  options.stop = &stop;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_INTERRUPTED, "goes on", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_answers_become_records, begin),
      cmocka_unit_test_setup(test_request, begin),
      cmocka_unit_test_setup(test_failures_are_tried_again, begin),
      cmocka_unit_test_setup(test_waits_as_told, begin),
      cmocka_unit_test_setup(test_rate, begin),
      cmocka_unit_test_setup(test_gives_up, begin),
      cmocka_unit_test_setup(test_key, begin),
      cmocka_unit_test_setup(test_key_stays_with_its_host, begin),
      cmocka_unit_test_setup(test_bad_answers_are_set_aside, begin),
      cmocka_unit_test_setup(test_too_many_bad, begin),
      cmocka_unit_test_setup(test_korean, begin),
      cmocka_unit_test_setup(test_kill_and_resume, begin),
      cmocka_unit_test_setup(test_journal, begin),
      cmocka_unit_test_setup(test_journal_without_answers, begin),
      cmocka_unit_test_setup(test_other_pictures_of_the_same_names, begin),
      cmocka_unit_test_setup(test_lists_of_bad_rows_stay, begin),
      cmocka_unit_test_setup(test_stop, begin),
  };
  service = mmap(NULL, sizeof *service, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (service == MAP_FAILED)
    return 1;
  process = server_start(&port, &other_port, serve);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/v1", port);
  int failed = cmocka_run_group_tests(tests, make_folder, remove_folder);
  server_stop(process);
  return failed;
}
