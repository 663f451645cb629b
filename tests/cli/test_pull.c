/* gaze_model_pull against a hub that fails in every way it can: what lies in the cache under its final name is whole.
 */
#include "core/base/file.h"
#include "core/base/random.h"
#include "fusion/hub_client.h"
#include "fusion/model.h"
#include "tests/cli/hub_service.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE_SIZE 300000 /* bytes of the largest file */
#define REPOSITORY "hub/models--acme--tiny"
#define SNAPSHOT REPOSITORY "/snapshots/" HUB_COMMIT

/* Hundreds of runs need not wait for the disk. */
int fsync(int file) { return 0; }

static hub_service *hub;
static uint8_t weights[LARGE_SIZE], merges[70000];
static hub_item items[] = {
    {.path = "README.md", .bytes = (const uint8_t *)"read me", .size = 7},
    {.path = "config.json", .bytes = (const uint8_t *)"{\"model_type\": \"clip\"}", .size = 22},
    {.path = "deep/er/notes.txt", .bytes = (const uint8_t *)"notes", .size = 5},
    {.path = "merges.txt", .bytes = merges, .size = sizeof merges},
    {.path = "model.safetensors", .bytes = weights, .size = sizeof weights},
    {.path = "pytorch_model.bin", .bytes = weights, .size = 100},
    {.path = "special_tokens_map.json", .bytes = (const uint8_t *)"", .size = 0},
    {.path = "vocab.json", .bytes = (const uint8_t *)"{\"a\": 0}", .size = 8},
};
enum { ITEMS = sizeof items / sizeof *items, CONFIG = 1, NOTES = 2, MERGES = 3, WEIGHTS = 4 };
static const bool wanted[ITEMS] = {false, true, false, true, true, false, true, true};
#define WANTED_BYTES (22 + sizeof merges + LARGE_SIZE + 8)

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *where) { return remove(path); }
static void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static int begin_case(void **unused) {
  remove_tree("hub");
  hub_service_reset(hub);
  setenv("HF_TOKEN", "hf_secret", 1);
  unsetenv("HF_HUB_OFFLINE");
  return 0;
}

static gaze_err pull_with(gaze_pull_options options, char **json) {
  char *text = NULL;
  options.pause = 0.001;
  gaze_err err = gaze_model_pull("acme/tiny", &options, json ? json : &text);
  free(text);
  return err;
}

static gaze_err pull(void) { return pull_with((gaze_pull_options){0}, NULL); }

#define assert_pulled()                  \
  do {                                   \
    if (pull() != GAZE_OK)               \
      fail_msg("%s", gaze_last_error()); \
  } while (0)
/* The error's text holds what. */
#define assert_fails(expected, what)                         \
  do {                                                       \
    assert_int_equal(pull(), expected);                      \
    if (!strstr(gaze_last_error(), what))                    \
      fail_msg("no \"%s\" in: %s", what, gaze_last_error()); \
  } while (0)

/* A file there is has these contents; false: there is none. */
static bool has_contents(const char *path, const hub_item *item) {
  uint8_t *bytes;
  size_t size;
  if (!gaze_file_exists(path))
    return false;
  assert_int_equal(gaze_file_read(path, 1 << 24, &bytes, &size), GAZE_OK);
  assert_int_equal(size, item->size);
  if (size)
    assert_memory_equal(bytes, item->bytes, size);
  free(bytes);
  return true;
}

static const hub_item *find_oid(const char *oid) {
  for (size_t i = 0; i < ITEMS; i++)
    if (strcmp(items[i].oid, oid) == 0)
      return &items[i];
  return NULL;
}

/* Blobs under their final names; those whose name ends in .incomplete are counted. */
static size_t check_blobs(void) {
  char path[512];
  size_t unfinished = 0;
  DIR *folder = opendir(REPOSITORY "/blobs");
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (entry->d_name[0] == '.' || strncmp(entry->d_name, "ref.incomplete", 14) == 0)
      continue;
    if (strstr(entry->d_name, ".incomplete")) {
      unfinished++;
      continue;
    }
    snprintf(path, sizeof path, REPOSITORY "/blobs/%s", entry->d_name);
    assert_non_null(find_oid(entry->d_name));
    assert_true(has_contents(path, find_oid(entry->d_name)));
  }
  if (folder)
    closedir(folder);
  return unfinished;
}

static bool has_reference(const char *revision) {
  char path[512];
  hub_item commit = {.bytes = (const uint8_t *)HUB_COMMIT, .size = 40};
  snprintf(path, sizeof path, REPOSITORY "/refs/%s", revision);
  return has_contents(path, &commit);
}

/* Whatever is there is right, and when the reference is there all is. */
static void check_cache(void) {
  bool all = true;
  check_blobs();
  for (size_t i = 0; i < ITEMS; i++) {
    char path[512];
    snprintf(path, sizeof path, SNAPSHOT "/%s", items[i].path);
    all = (has_contents(path, &items[i]) || !wanted[i]) && all;
  }
  if (has_reference("main"))
    assert_true(all);
}

static void check_whole(void) {
  check_cache();
  assert_true(has_reference("main"));
  assert_int_equal(check_blobs(), 0);
}

static void fresh_and_again(void **unused) {
  char *json, target[128] = "";
  assert_int_equal(pull_with((gaze_pull_options){0}, &json), GAZE_OK);
  check_whole();
  assert_non_null(strstr(json, "\"commit\": \"" HUB_COMMIT "\""));
  assert_non_null(strstr(json, "{\"path\": \"model.safetensors\", \"bytes\": 300000, \"downloaded\": true}"));
  assert_null(strstr(json, "README.md"));
  assert_null(strstr(json, "pytorch_model.bin"));
  free(json);
  assert_true(readlink(SNAPSHOT "/model.safetensors", target, sizeof target - 1) > 0);
  assert_int_equal(strncmp(target, "../../blobs/", 12), 0);
  assert_string_equal(target + 12, items[WEIGHTS].oid);
  assert_int_equal(hub->sent, WANTED_BYTES);
  assert_true(hub->tokens > 0);
  assert_string_equal(hub->token, "Bearer hf_secret");
  assert_int_equal(hub->tokens_elsewhere, 0);

  hub->sent = hub->requests = 0;
  assert_int_equal(pull_with((gaze_pull_options){0}, &json), GAZE_OK);
  assert_int_equal(hub->sent, 0);
  assert_int_equal(hub->requests, 1);
  assert_null(strstr(json, "\"downloaded\": true"));
  free(json);
}

static void resumed_at_every_offset(void **unused) {
  gaze_random random;
  gaze_random_init(&random, 5, 0);
  for (int i = 0; i < 25; i++) {
    begin_case(NULL);
    hub->cut = i < 3 ? i : (long)gaze_random_below(&random, i % 4 ? LARGE_SIZE : 5000);
    hub->cuts = 1 + i % 3;
    assert_pulled();
    check_whole();
    assert_int_equal(hub->sent, WANTED_BYTES);
  }
}

static void resumed_by_another_run(void **unused) {
  static const long cuts[] = {0, 1, 69999, 299999, 100000};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    begin_case(NULL);
    hub->cut = cuts[i];
    hub->cuts = 2; /* merges.txt is cut first, if it is long enough */
    hub->other_status = 403;
    assert_fails(GAZE_ERR_IO, "(403)");
    check_cache();
    assert_false(has_reference("main"));
    hub->cuts = hub->other_status = 0;
    assert_pulled();
    check_whole();
    assert_int_equal(hub->sent, WANTED_BYTES);
  }
}

static void range_ignored(void **unused) {
  hub->cuts = 2;
  hub->cut = 50000;
  hub->ignore_range = 1;
  assert_pulled();
  check_whole();
  assert_true(hub->sent > (long)WANTED_BYTES);
  begin_case(NULL);
  hub->cuts = 1000;
  hub->cut = 50000;
  hub->ignore_range = 1;
  assert_fails(GAZE_ERR_IO, "goes on with it");
  assert_true(hub->requests < 20);
  check_cache();
}

static void wrong_part(void **unused) {
  hub->cuts = 1;
  hub->cut = 1000;
  hub->wrong_range = 1;
  assert_fails(GAZE_ERR_FORMAT, "another part");
  check_cache();
  hub->wrong_range = 0;
  assert_pulled();
  check_whole();
}

static void wrong_contents(void **unused) {
  for (int kind = 1; kind <= 2; kind++) {
    begin_case(NULL);
    hub->wrong_bytes = kind;
    assert_fails(GAZE_ERR_FORMAT, "damaged on its way");
    assert_int_equal(check_blobs(), 0);
    check_cache();
    assert_false(has_reference("main"));
    hub->wrong_bytes = 0;
    assert_pulled();
    check_whole();
  }
}

/* What an earlier run, or a power cut, left is not what belongs there. */
static void damaged_part(void **unused) {
  static const size_t sizes[] = {5, LARGE_SIZE - 1, LARGE_SIZE, LARGE_SIZE + 1};
  uint8_t *garbage = calloc(LARGE_SIZE + 1, 1);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char path[512];
    begin_case(NULL);
    snprintf(path, sizeof path, REPOSITORY "/blobs/%s.incomplete", items[WEIGHTS].oid);
    assert_int_equal(gaze_folder_make(REPOSITORY "/blobs"), GAZE_OK);
    assert_int_equal(gaze_file_replace(path, garbage, sizes[i]), GAZE_OK);
    assert_pulled();
    check_whole();
  }
  free(garbage);
}

static void wrong_size(void **unused) {
  static const long sizes[] = {-1, 1, 5000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    begin_case(NULL);
    hub->wrong_size = sizes[i];
    assert_fails(GAZE_ERR_MISMATCH, "wrong size");
    check_cache();
  }
  begin_case(NULL);
  hub->endless = 2;
  assert_fails(GAZE_ERR_MISMATCH, "wrong size");
  check_cache();
  begin_case(NULL);
  hub->endless = 1;
  assert_fails(GAZE_ERR_LIMIT, "too large");
  assert_false(gaze_file_exists("hub"));
}

static void evil_names(void **unused) {
  for (hub->evil = 1; hub->evil <= 10; hub->evil++)
    assert_fails(GAZE_ERR_FORMAT, "leads out of its folder");
  assert_false(gaze_file_exists("hub"));
  char *json;
  assert_int_equal(gaze_model_pull("acme/../tiny", NULL, &json), GAZE_ERR_ARGUMENT);
  assert_int_equal(pull_with((gaze_pull_options){.revision = "../a"}, NULL), GAZE_ERR_ARGUMENT);
  const char *file = "../config.json";
  assert_int_equal(pull_with((gaze_pull_options){.files = &file, .n_files = 1}, NULL), GAZE_ERR_ARGUMENT);
}

static void refusals(void **unused) {
  static const struct {
    long status;
    gaze_err err;
    const char *says;
  } rows[] = {{401, GAZE_ERR_IO, "does not take this token"},
              {403, GAZE_ERR_IO, "accept its terms on http://127.0.0.1:"},
              {404, GAZE_ERR_NOT_FOUND, "check the spelling"},
              {429, GAZE_ERR_IO, "wait a few minutes"},
              {418, GAZE_ERR_IO, "HF_ENDPOINT"},
              {503, GAZE_ERR_IO, "the hub fails (503)"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hub->requests = 0;
    hub->list_status = rows[i].status;
    assert_fails(rows[i].err, rows[i].says);
    assert_int_equal(hub->requests, rows[i].status == 503 ? 3 : 1);
  }
  unsetenv("HF_TOKEN");
  hub->list_status = 401;
  assert_fails(GAZE_ERR_IO, "give a token of that account in HF_TOKEN");
  assert_int_equal(pull_with((gaze_pull_options){.revision = "other"}, NULL), GAZE_ERR_IO);
  setenv("HF_TOKEN", "two\nlines", 1);
  assert_fails(GAZE_ERR_FORMAT, "not a token");
  assert_false(gaze_file_exists("hub"));
}

static void passing_failures(void **unused) {
  hub->fails = 3;
  hub->file_status = 500;
  assert_pulled();
  check_whole();
  begin_case(NULL);
  hub->fails = 3;
  hub->other_status = 502;
  assert_pulled();
  check_whole();
  begin_case(NULL);
  hub->fails = 4;
  hub->other_status = 502;
  assert_fails(GAZE_ERR_IO, "the hub fails (502)");
  check_cache();
}

static void redirects(void **unused) {
  hub->loop = 1;
  assert_fails(GAZE_ERR_FORMAT, "more than 5 redirects");
  assert_int_equal(hub->requests, 1 + 6);
  static const struct {
    const char *from, *location, *to; /* to NULL: refused */
  } rows[] = {{"https://hub.example/a/b", "/c?d", "https://hub.example/c?d"},
              {"https://hub.example/a/b", "c", "https://hub.example/a/c"},
              {"https://hub.example/a", "https://files.example:444/b", "https://files.example:444/b"},
              {"https://hub.example/a", "//files.example/b", "https://files.example/b"},
              {"https://hub.example/a", "https://me:word@files.example/b", "https://files.example/b"},
              {"http://hub.example/a", "https://hub.example/a", "https://hub.example/a"},
              {"https://hub.example/a", "http://hub.example/a", NULL},
              {"https://hub.example/a", "file:///etc/passwd", NULL},
              {"http://hub.example/a", "ftp://hub.example/a", NULL},
              {"https://hub.example/a", "", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *to;
    gaze_err err = gaze_hub_url_follow(rows[i].from, rows[i].location, "test", &to);
    assert_int_equal(err, rows[i].to ? GAZE_OK : GAZE_ERR_FORMAT);
    if (err == GAZE_OK) {
      assert_string_equal(to, rows[i].to);
      free(to);
    }
  }
}

static void places(void **unused) {
  static const struct {
    const char *one, *other;
    bool same;
  } rows[] = {{"https://hub.example/a", "https://hub.example", true},
              {"https://hub.example:443/a", "https://HUB.example/b", true},
              {"https://hub.example", "http://hub.example", false},
              {"https://hub.example", "https://hub.example:444", false},
              {"https://hub.example", "https://hub.example.evil", false},
              {"https://hub.example", "https://evil/hub.example", false},
              {"https://hub.example", "https://hub.example@evil/", false},
              {"https://hub.example", "", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(gaze_hub_url_is_same_place(rows[i].one, rows[i].other), rows[i].same);
}

static void locked(void **unused) {
  assert_pulled();
  int lock = open("hub/.locks/models--acme--tiny/gaze.lock", O_RDWR);
  assert_true(lock >= 0 && flock(lock, LOCK_EX) == 0);
  assert_fails(GAZE_ERR_BUSY, "another gaze model pull is at work: acme/tiny");
  close(lock);
  assert_pulled();
}

/* No file may grow beyond this size: as on a full disk, writing fails. */
static void full_disk(void **unused) {
  static const rlim_t sizes[] = {0, 10, 65536, 100000, 299999};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    begin_case(NULL);
    pid_t child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      setrlimit(RLIMIT_FSIZE, &(struct rlimit){sizes[i], sizes[i]});
      _exit(pull() == GAZE_ERR_IO && strstr(gaze_last_error(), "cannot write: ") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    check_cache();
    assert_false(has_reference("main"));
    assert_pulled();
    check_whole();
    assert_true(hub->sent < 2 * (long)WANTED_BYTES);
  }
}

static void killed_at_random_moments(void **unused) {
  gaze_random random;
  size_t killed = 0;
  double latest = 100000; /* microseconds */
  gaze_random_init(&random, 3, 0);
  for (int i = 0; i < 20; i++) {
    if (i % 5 == 0)
      begin_case(NULL);
    hub->slow = 100;
    pid_t child = fork();
    if (child == 0)
      _exit(pull() == GAZE_OK ? 0 : 1);
    useconds_t moment = (useconds_t)gaze_random_below(&random, (uint64_t)latest);
    usleep(moment);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    killed += WIFSIGNALED(status);
    latest = WIFSIGNALED(status) ? latest * 1.05 : moment + 1000;
    check_cache();
  }
  hub->slow = 0;
  assert_pulled();
  check_whole();
  printf("%zu of 20 runs were killed\n", killed);
  assert_true(killed >= 8);
}

static void list_without_facts(void **unused) {
  hub->no_facts = 1;
  assert_pulled();
  check_whole();
  assert_int_equal(hub->sent, WANTED_BYTES);
  assert_int_equal(hub->tokens_elsewhere, 0);
}

static void other_commit(void **unused) {
  hub->other_commit = 1;
  assert_fails(GAZE_ERR_MISMATCH, "another commit's file");
  check_cache();
}

static void revisions_and_files(void **unused) {
  const char *file = "deep/er/notes.txt", *missing = "nothing.txt";
  gaze_pull_options options = {.revision = "v1/0", .files = &file, .n_files = 1};
  if (pull_with(options, NULL) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_true(has_contents(SNAPSHOT "/deep/er/notes.txt", &items[NOTES]));
  assert_true(has_reference("v1/0"));
  assert_false(gaze_file_exists(SNAPSHOT "/config.json"));
  assert_int_equal(pull_with((gaze_pull_options){.files = &missing, .n_files = 1}, NULL), GAZE_ERR_NOT_FOUND);
  assert_int_equal(pull_with((gaze_pull_options){.revision = "v2"}, NULL), GAZE_ERR_NOT_FOUND);
  remove_tree("hub");
  assert_int_equal(pull_with((gaze_pull_options){.revision = HUB_COMMIT}, NULL), GAZE_OK);
  check_cache();
  assert_false(has_reference("main"));
  assert_false(has_reference(HUB_COMMIT));
}

static void stalled(void **unused) {
  hub->silent = 5;
  assert_int_equal(pull_with((gaze_pull_options){.stall = 1}, NULL), GAZE_ERR_IO);
  assert_non_null(strstr(gaze_last_error(), "stalled"));
  check_cache();
  hub->silent = 0;
  assert_pulled();
  check_whole();
}

static void stopped(void **unused) {
  volatile int stop = 1;
  assert_int_equal(pull_with((gaze_pull_options){.stop = &stop}, NULL), GAZE_ERR_INTERRUPTED);
}

static void offline(void **unused) {
  static const char *const yes[] = {"1", "TRUE", "On", "yes"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    setenv("HF_HUB_OFFLINE", yes[i], 1);
    assert_fails(GAZE_ERR_IO, "HF_HUB_OFFLINE");
  }
  assert_int_equal(hub->requests, 0);
  setenv("HF_HUB_OFFLINE", "0", 1);
  assert_pulled();
}

static void no_room(void **unused) {
  hub->huge = 1;
  assert_fails(GAZE_ERR_IO, "not enough room");
  assert_int_equal(hub->sent, 0);
  hub->huge = 2; /* more than 64 bits hold, of which 63 are the sizes' own */
  assert_fails(GAZE_ERR_IO, "not enough room");
  check_cache();
}

/* A part of a model is named as such by whoever opens it, however it came to be one. */
static void parts_are_named(void **unused) {
  char *folder, path[512];
  assert_pulled();
  assert_int_equal(gaze_hub_find("acme/tiny", &folder), GAZE_OK);
  assert_string_equal(folder, SNAPSHOT);
  free(folder);
  snprintf(path, sizeof path, REPOSITORY "/blobs/%s", items[WEIGHTS].oid);
  unlink(path); /* a link to nowhere */
  assert_int_equal(gaze_hub_find("acme/tiny", &folder), GAZE_ERR_NOT_FOUND);
  assert_string_equal(gaze_last_error(),
                      "half-finished download: acme/tiny: gaze model pull acme/tiny goes on with it");
  unlink(SNAPSHOT "/model.safetensors"); /* none of the weights */
  assert_int_equal(gaze_hub_find("acme/tiny", &folder), GAZE_ERR_NOT_FOUND);
  static const char index[] = "{\"weight_map\": {\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\"}}";
  assert_int_equal(gaze_file_replace(SNAPSHOT "/m-1.safetensors", "", 0), GAZE_OK);
  assert_int_equal(gaze_file_replace(SNAPSHOT "/m.index.json", index, sizeof index - 1), GAZE_OK);
  assert_int_equal(gaze_hub_find("acme/tiny", &folder), GAZE_ERR_NOT_FOUND); /* a shard is missing */
  assert_int_equal(gaze_file_replace(SNAPSHOT "/m-2.safetensors", "", 0), GAZE_OK);
  assert_int_equal(gaze_hub_find("acme/tiny", &folder), GAZE_OK);
  free(folder);
}

static int begin_all(void **unused) {
  char folder[] = "/tmp/gaze-pull-XXXXXX", endpoint[64];
  gaze_random random;
  gaze_random_init(&random, 1, 0);
  for (size_t i = 0; i < sizeof weights; i++)
    weights[i] = (uint8_t)gaze_random_below(&random, 256);
  for (size_t i = 0; i < sizeof merges; i++)
    merges[i] = (uint8_t)gaze_random_below(&random, 256);
  if (!mkdtemp(folder) || chdir(folder) != 0)
    return -1;
  hub = hub_service_start(items, ITEMS);
  snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d/", hub->port);
  setenv("HF_ENDPOINT", endpoint, 1);
  setenv("HF_HUB_CACHE", "hub", 1);
  setenv("no_proxy", "*", 1);
  unsetenv("XDG_CACHE_HOME");
  setenv("HOME", folder, 1);
  return 0;
}

static int end_all(void **unused) {
  char folder[512];
  hub_service_stop(hub);
  if (!getcwd(folder, sizeof folder))
    return -1;
  remove_tree(folder);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup(fresh_and_again, begin_case),
                                     cmocka_unit_test_setup(resumed_at_every_offset, begin_case),
                                     cmocka_unit_test_setup(resumed_by_another_run, begin_case),
                                     cmocka_unit_test_setup(range_ignored, begin_case),
                                     cmocka_unit_test_setup(wrong_part, begin_case),
                                     cmocka_unit_test_setup(wrong_contents, begin_case),
                                     cmocka_unit_test_setup(damaged_part, begin_case),
                                     cmocka_unit_test_setup(wrong_size, begin_case),
                                     cmocka_unit_test_setup(evil_names, begin_case),
                                     cmocka_unit_test_setup(refusals, begin_case),
                                     cmocka_unit_test_setup(passing_failures, begin_case),
                                     cmocka_unit_test_setup(redirects, begin_case),
                                     cmocka_unit_test_setup(places, begin_case),
                                     cmocka_unit_test_setup(locked, begin_case),
                                     cmocka_unit_test_setup(full_disk, begin_case),
                                     cmocka_unit_test_setup(killed_at_random_moments, begin_case),
                                     cmocka_unit_test_setup(list_without_facts, begin_case),
                                     cmocka_unit_test_setup(other_commit, begin_case),
                                     cmocka_unit_test_setup(revisions_and_files, begin_case),
                                     cmocka_unit_test_setup(stalled, begin_case),
                                     cmocka_unit_test_setup(stopped, begin_case),
                                     cmocka_unit_test_setup(offline, begin_case),
                                     cmocka_unit_test_setup(no_room, begin_case),
                                     cmocka_unit_test_setup(parts_are_named, begin_case)};
  return cmocka_run_group_tests(tests, begin_all, end_all);
}
