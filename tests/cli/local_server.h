/* A process that answers HTTP on ports of this machine, for tests: what it says is the test's. */
#ifndef GAZE_TESTS_LOCAL_SERVER_H
#define GAZE_TESTS_LOCAL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct connection {
  int socket;
  bool other; /* at the second port */
  bool head;
  char *request; /* head and body, with a 0 behind */
  const char *body;
} connection;

/* Starts the process with two ports; serve(c, path) answers one request, in a thread of its own. It ends with its
 * parent. */
pid_t server_start(int *port, int *other_port, void (*serve)(connection *c, const char *path));
void server_stop(pid_t process);

bool server_send(const connection *c, const void *bytes, size_t n);
bool server_say(const connection *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A whole answer. headers: NULL, or lines with their ends. */
void server_answer(const connection *c, long status, const char *headers, const char *body);
/* What follows "\r\nName: "; NULL: absent. */
const char *server_header(const connection *c, const char *name);

#endif
