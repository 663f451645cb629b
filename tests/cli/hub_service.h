/* A hub on this machine that serves one repository, acme/tiny, from memory, and fails as it is told to. Large files
 * (from 64 KiB) are redirected to a second port under another host's name, small ones to another address of the same
 * host. */
#ifndef GAZE_TESTS_HUB_SERVICE_H
#define GAZE_TESTS_HUB_SERVICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HUB_COMMIT "1234567890abcdef1234567890abcdef12345678"
#define HUB_LARGE 65536 /* bytes */

typedef struct hub_item {
  const char *path;
  const uint8_t *bytes;
  size_t size;
  char oid[65];
} hub_item;

/* In memory that test and service share: the test sets what the service reads, and reads what it counts. All that is
 * set is 0 at first. */
typedef struct hub_service {
  /* what goes wrong */
  long list_status, file_status, other_status; /* instead of 200; other: at the second port */
  long fails;                                  /* one more than how often those two are answered; 0: always */
  long cuts, cut; /* so many bodies of large files end after `cut` bytes, and then come file_status and other_status */
  long ignore_range, wrong_range; /* 200 instead of 206; another part */
  long wrong_bytes;               /* one bit of each file is another: 1 of small, 2 of large ones, 3 of all */
  long wrong_size;                /* added to the length that is said, and to the body */
  long endless;                   /* bodies without length and end: 1 the list, 2 files */
  long huge;                      /* the list says that so many files have 9e18 bytes */
  long evil;                      /* number of the name that the list holds besides */
  long no_facts;                  /* the list says neither oid nor size */
  long loop;                      /* files are redirected to themselves */
  long slow;                      /* microseconds between 4 KiB of a body */
  long silent;                    /* large files' bodies stop after the first half for so many seconds */
  long other_commit;              /* files are said to be another commit's */
  /* what came */
  long requests, sent; /* sent: bytes of files' bodies */
  long tokens, tokens_elsewhere;
  char token[128];
  int port, other_port;
  pid_t process;
} hub_service;

/* Computes oids; items are borrowed. */
hub_service *hub_service_start(hub_item *items, size_t n);
void hub_service_stop(hub_service *service);
/* Everything that is set and counted is 0 again. */
void hub_service_reset(hub_service *service);

#endif
