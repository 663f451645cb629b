/* An operation over and over, each time with another fault, until none is reached. */
#ifndef GAZE_TESTS_FAULTS_TRIALS_H
#define GAZE_TESTS_FAULTS_TRIALS_H

#include "faults.h"
#include "tests/unit/data_files.h"

/* An operation under test; what it returns as whole, it has checked. */
typedef gaze_err operation(void *user);
/* What must hold after each failure. */
typedef void aftermath(void *user);

/* n = 0, stride, 2 stride, ...: an error in words or a whole result, and nothing is left allocated. after may be NULL.
 */
void until_success(const char *what, fault_kind kind, long stride, operation *call, aftermath *after, void *user);
/* Each allocation and each call of the system. */
void every_fault(const char *what, operation *call, aftermath *after, void *user);
/* Files of at most n bytes, n growing by a fifth. */
void full_disk(const char *what, operation *call, aftermath *after, void *user);
void check_no_half_files(const char *folder);

#endif
