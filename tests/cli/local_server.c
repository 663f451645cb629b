#include "tests/cli/local_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_SIZE = 1 << 20 };

static void (*serve_one)(connection *c, const char *path);

bool server_send(const connection *c, const void *bytes, size_t n) {
  for (size_t sent = 0; sent < n;) {
    ssize_t got = send(c->socket, (const char *)bytes + sent, n - sent, MSG_NOSIGNAL);
    if (got <= 0)
      return false;
    sent += (size_t)got;
  }
  return true;
}

bool server_say(const connection *c, const char *format, ...) {
  char *text;
  va_list values;
  va_start(values, format);
  int length = vasprintf(&text, format, values);
  va_end(values);
  bool sent = length >= 0 && server_send(c, text, (size_t)length);
  free(text);
  return sent;
}

void server_answer(const connection *c, long status, const char *headers, const char *body) {
  server_say(c, "HTTP/1.1 %ld Said so\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s", status,
             headers ? headers : "", strlen(body), body);
}

const char *server_header(const connection *c, const char *name) {
  const char *line = strcasestr(c->request, name);
  return line ? line + strlen(name) : NULL;
}

static bool read_more(connection *c, size_t *n) {
  ssize_t got = *n < REQUEST_SIZE - 1 ? recv(c->socket, c->request + *n, REQUEST_SIZE - 1 - *n, 0) : 0;
  *n += got > 0 ? (size_t)got : 0;
  return got > 0;
}

static bool read_request(connection *c) {
  size_t n = 0;
  char *end;
  while (!(end = strstr(c->request, "\r\n\r\n")))
    if (!read_more(c, &n))
      return false;
  const char *length = server_header(c, "\r\nContent-Length: ");
  c->body = end + 4;
  while (length && n < (size_t)(c->body - c->request) + strtoul(length, NULL, 10))
    if (!read_more(c, &n))
      return false;
  return true;
}

static void *serve(void *user) {
  connection *c = user;
  char method[8] = "", path[1024] = "";
  if (read_request(c) && sscanf(c->request, "%7s %1023s", method, path) == 2) {
    c->head = strcmp(method, "HEAD") == 0;
    serve_one(c, path);
  }
  shutdown(c->socket, SHUT_WR);
  close(c->socket);
  free(c->request);
  free(c);
  return NULL;
}

static int listen_somewhere(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0)
    abort();
  *port = ntohs(address.sin_port);
  return listener;
}

static void accept_forever(int listener, int other) {
  for (;;) {
    struct pollfd waiting[] = {{.fd = listener, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    poll(waiting, 2, -1);
    for (int i = 0; i < 2; i++) {
      if (!(waiting[i].revents & POLLIN))
        continue;
      connection *c = calloc(1, sizeof *c);
      pthread_t thread;
      c->request = calloc(1, REQUEST_SIZE);
      c->socket = accept(waiting[i].fd, NULL, NULL);
      c->other = i == 1;
      if (c->socket < 0 || pthread_create(&thread, NULL, serve, c) != 0)
        abort();
      pthread_detach(thread);
    }
  }
}

pid_t server_start(int *port, int *other_port, void (*serve_request)(connection *c, const char *path)) {
  int listener = listen_somewhere(port), other = listen_somewhere(other_port);
  serve_one = serve_request;
  pid_t parent = getpid(), process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
      _exit(0);
    accept_forever(listener, other);
  }
  close(listener);
  close(other);
  return process;
}

void server_stop(pid_t process) {
  kill(process, SIGKILL);
  waitpid(process, NULL, 0);
}
