/* Calls of the C library that fail on purpose. The functions stand before the library's own for everything in the
 * program, other libraries included; a sanitizer brings its own, and then nothing fails. */
#ifndef GAZE_TESTS_FAULTS_H
#define GAZE_TESTS_FAULTS_H

#include <stdbool.h>

typedef enum fault_kind {
  FAULT_ALLOCATION, /* malloc and its kin: no memory, once */
  FAULT_SYSTEM,     /* open, fopen, opendir, mkdir, mmap of a file, fsync, rename: an input/output error, once */
  FAULT_DISK,       /* pwrite, SQLite's way to write: no space, from then on */
  FAULT_KINDS
} fault_kind;

/* Whether faults can be made in this build. */
bool fault_possible(void);

/* The call of a kind that comes after n others fails. */
void fault_arm(fault_kind kind, long n);
/* No call fails any more; whether one did. */
bool fault_disarm(fault_kind kind);

/* Files may hold at most n bytes: whatever writes beyond fails, as on a full disk. Negative: any number. */
void fault_limit_files(long n);

/* Blocks that were allocated and not yet freed. */
long live_allocations(void);

#endif
