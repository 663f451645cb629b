#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static long calls_left[FAULT_KINDS] = {-1, -1, -1}; /* before the one that fails; negative: none does, or FULL */

#define FULL (-2) /* the disk stays full */
static long live;

void fault_arm(fault_kind kind, long n) { __atomic_store_n(&calls_left[kind], n, __ATOMIC_SEQ_CST); }

bool fault_disarm(fault_kind kind) { return __atomic_exchange_n(&calls_left[kind], -1, __ATOMIC_SEQ_CST) < 0; }

long live_allocations(void) { return __atomic_load_n(&live, __ATOMIC_SEQ_CST); }

void fault_limit_files(long n) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = n < 0 ? limit.rlim_max : (rlim_t)n;
  setrlimit(RLIMIT_FSIZE, &limit);
}

#if defined(SANITIZED) || !defined(__GLIBC__)

bool fault_possible(void) { return false; }

#else

bool fault_possible(void) { return true; }

static bool fails(fault_kind kind, int reason) {
  if (__atomic_load_n(&calls_left[kind], __ATOMIC_RELAXED) < 0 ||
      __atomic_fetch_sub(&calls_left[kind], 1, __ATOMIC_SEQ_CST) != 0)
    return false;
  errno = reason;
  return true;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

static void *counted(void *block) {
  if (block)
    __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
  return block;
}

void *malloc(size_t size) { return fails(FAULT_ALLOCATION, ENOMEM) ? NULL : counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) {
  return fails(FAULT_ALLOCATION, ENOMEM) ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
  if (fails(FAULT_ALLOCATION, ENOMEM))
    return NULL;
  void *moved = __libc_realloc(block, size);
  __atomic_fetch_add(&live, (moved && !block) - (!moved && block && !size), __ATOMIC_RELAXED);
  return moved;
}

void *reallocarray(void *block, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return realloc(block, bytes);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size) {
  return fails(FAULT_ALLOCATION, ENOMEM) ? NULL : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *block = memalign(alignment, size);
  if (!block)
    return ENOMEM;
  *out = block;
  return 0;
}

void free(void *block) {
  if (block)
    __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
  __libc_free(block);
}

/* The library's own function of a name, found once. */
#define NEXT(type, name)                  \
  static type next;                       \
  if (!next) {                            \
    void *found = dlsym(RTLD_NEXT, name); \
    memcpy(&next, &found, sizeof next);   \
  }

typedef FILE *fopen_fn(const char *path, const char *mode);
FILE *fopen(const char *path, const char *mode) {
  NEXT(fopen_fn *, "fopen64")
  return fails(FAULT_SYSTEM, EIO) ? NULL : next(path, mode);
}

typedef DIR *opendir_fn(const char *path);
DIR *opendir(const char *path) {
  NEXT(opendir_fn *, "opendir")
  return fails(FAULT_SYSTEM, EIO) ? NULL : next(path);
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return fails(FAULT_SYSTEM, EIO) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  if (file >= 0 && fails(FAULT_SYSTEM, EIO))
    return MAP_FAILED;
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

int mkdir(const char *path, mode_t mode) { return fails(FAULT_SYSTEM, EIO) ? -1 : (int)syscall(SYS_mkdir, path, mode); }

int rename(const char *from, const char *to) {
  return fails(FAULT_SYSTEM, EIO) ? -1 : (int)syscall(SYS_rename, from, to);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off_t offset) {
  long left = __atomic_load_n(&calls_left[FAULT_DISK], __ATOMIC_RELAXED);
  if (left == 0 || left == FULL) {
    __atomic_store_n(&calls_left[FAULT_DISK], FULL, __ATOMIC_RELAXED);
    errno = ENOSPC;
    return -1;
  }
  if (left > 0)
    __atomic_store_n(&calls_left[FAULT_DISK], left - 1, __ATOMIC_RELAXED);
  return syscall(SYS_pwrite64, file, bytes, size, offset);
}

/* Thousands of runs need not wait for the disk. */
int fsync(int file) { return fails(FAULT_SYSTEM, EIO) ? -1 : 0; }
int fdatasync(int file) { return fsync(file); }

#endif
