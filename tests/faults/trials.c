#include "trials.h"

#include <dirent.h>
#include <string.h>

static void check_failure(gaze_err err, const char *what, long n) {
  if (err == GAZE_OK || err == GAZE_ERR_NOT_FOUND || gaze_last_error()[0] == 0)
    fail_msg("%s, %ld: %s: %s", what, n, gaze_err_name(err), gaze_last_error());
}

void until_success(const char *what, fault_kind kind, long stride, operation *call, aftermath *after, void *user) {
  if (call(user) != GAZE_OK) /* whatever is made once stays allocated from here */
    fail_msg("%s: %s", what, gaze_last_error());
  for (long n = 0;; n += stride) {
    long before = live_allocations();
    fault_arm(kind, n);
    gaze_err err = call(user);
    bool reached = fault_disarm(kind);
    long left = live_allocations() - before;
    if (left != 0)
      fail_msg("%s, fault %ld of kind %d: %ld blocks left: %s", what, n, (int)kind, left, gaze_last_error());
    if (err != GAZE_OK)
      check_failure(err, what, n);
    if (after)
      after(user);
    if (!reached) {
      assert_int_equal(err, GAZE_OK);
      return;
    }
  }
}

void every_fault(const char *what, operation *call, aftermath *after, void *user) {
  until_success(what, FAULT_ALLOCATION, 1, call, after, user);
  until_success(what, FAULT_SYSTEM, 1, call, after, user);
}

void full_disk(const char *what, operation *call, aftermath *after, void *user) {
  for (long n = 0;; n += 1 + n / 5) {
    fault_limit_files(n);
    gaze_err err = call(user);
    fault_limit_files(-1);
    after(user);
    if (err == GAZE_OK) {
      assert_true(n > 0);
      return;
    }
    check_failure(err, what, n);
  }
}

void check_no_half_files(const char *folder) {
  DIR *listing = opendir(folder);
  assert_non_null(listing);
  for (struct dirent *entry; (entry = readdir(listing));)
    if (strstr(entry->d_name, ".tmp"))
      fail_msg("%s is left in %s", entry->d_name, folder);
  closedir(listing);
}
