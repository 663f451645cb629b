#include "tests/cli/hub_service.h"
#include "tests/cli/local_server.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static hub_service *service;
static hub_item *items;
static size_t n_items;

static void write_oid(const void *bytes, size_t size, bool large, char oid[65]) {
  uint8_t value[EVP_MAX_MD_SIZE];
  char head[40];
  unsigned n = 0;
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  EVP_DigestInit_ex(digest, large ? EVP_sha256() : EVP_sha1(), NULL);
  if (!large)
    EVP_DigestUpdate(digest, head, (size_t)snprintf(head, sizeof head, "blob %zu", size) + 1);
  EVP_DigestUpdate(digest, bytes, size);
  EVP_DigestFinal_ex(digest, value, &n);
  EVP_MD_CTX_free(digest);
  for (unsigned i = 0; i < n; i++)
    snprintf(oid + 2 * i, 3, "%02x", value[i]);
}

/* What git itself and FIPS 180-2 say. */
static void check_oids(void) {
  char oid[65];
  write_oid("", 0, false, oid);
  assert(strcmp(oid, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391") == 0);
  write_oid("abc", 3, true, oid);
  assert(strcmp(oid, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
}

static void count(long *counter, long by) { __atomic_fetch_add(counter, by, __ATOMIC_SEQ_CST); }
/* Takes one of the counter's, when there is one. */
static bool take_one(long *counter) {
  long left = __atomic_load_n(counter, __ATOMIC_SEQ_CST);
  while (left > 0)
    if (__atomic_compare_exchange_n(counter, &left, left - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return true;
  return false;
}

static void answer(const connection *c, long status, const char *body) { server_answer(c, status, NULL, body); }

static void send_endless(const connection *c) {
  char zeros[4096] = {0};
  server_say(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  while (server_send(c, zeros, sizeof zeros))
    ;
}

static void write_item(FILE *out, const hub_item *item) {
  if (service->no_facts)
    fprintf(out, ",{\"rfilename\":\"%s\"}", item->path);
  else if (item->size >= HUB_LARGE)
    fprintf(out,
            ",{\"rfilename\":\"%s\",\"size\":%zu,\"blobId\":\"%040d\",\"lfs\":{\"sha256\":\"%s\",\"size\":%zu,"
            "\"pointerSize\":134}}",
            item->path, item->size, 7, item->oid, item->size);
  else
    fprintf(out, ",{\"rfilename\":\"%s\",\"size\":%zu,\"blobId\":\"%s\"}", item->path, item->size, item->oid);
}

static void send_list(const connection *c) {
  static const char *const evil[] = {"../evil",       "/etc/evil", "a/../../evil", "a\\\\evil", "a\\nevil",
                                     "a\\u0000/evil", "",          "a//evil",      "./evil",    "a/.."};
  char *body;
  size_t size;
  long huge = service->huge;
  if (service->endless & 1) {
    send_endless(c);
    return;
  }
  FILE *out = open_memstream(&body, &size);
  fprintf(out,
          "{\"id\":\"acme/"
          "tiny\",\"sha\":\"%s\",\"private\":false,\"siblings\":[{\"rfilename\":\".gitattributes\",\"size\":3}",
          HUB_COMMIT);
  for (size_t i = 0; i < n_items; i++) {
    hub_item item = items[i];
    if (item.size >= HUB_LARGE && huge-- > 0)
      item.size = 9000000000000000000u;
    write_item(out, &item);
  }
  if (service->evil)
    fprintf(out, ",{\"rfilename\":\"%s\",\"size\":1}", evil[(service->evil - 1) % 10]);
  fprintf(out, "]}");
  fclose(out);
  answer(c, 200, body);
  free(body);
}

static void send_body(const connection *c, const hub_item *item, size_t from, size_t size) {
  bool large = item->size >= HUB_LARGE, cut = large && take_one(&service->cuts);
  uint8_t *copy = calloc(size + 1, 1);
  memcpy(copy, item->bytes, size < item->size ? size : item->size);
  if (service->wrong_bytes & (large ? 2 : 1))
    copy[size / 2] ^= 1;
  size_t end = cut && from + (size_t)service->cut < size ? from + (size_t)service->cut : size;
  for (size_t at = from; at < end;) {
    size_t n = end - at < 4096 ? end - at : 4096;
    count(&service->sent, (long)n); /* before the client can know of them */
    if (!server_send(c, copy + at, n))
      break;
    if (large && service->silent && at + n >= size / 2)
      sleep((unsigned)service->silent);
    usleep((useconds_t)service->slow);
    at += n;
  }
  free(copy);
}

/* With bodies as long as is said, or shorter. */
static void send_file(const connection *c, const hub_item *item) {
  const char *range = server_header(c, "\r\nRange: bytes=");
  size_t size = item->size + (size_t)service->wrong_size, from = 0;
  if (service->endless & 2) {
    send_endless(c);
    return;
  }
  if (range && !service->ignore_range)
    from = strtoul(range, NULL, 10);
  const char *commit = service->other_commit ? "ffffffffffffffffffffffffffffffffffffffff" : HUB_COMMIT;
  if (from > 0)
    server_say(c, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %zu-%zu/%zu\r\n",
               from + (size_t)service->wrong_range, size - 1, size);
  else
    server_say(c, "HTTP/1.1 200 OK\r\n");
  server_say(c, "Connection: close\r\nContent-Length: %zu\r\nETag: W/\"%s\"\r\nX-Repo-Commit: %s\r\n\r\n", size - from,
             c->other ? "0123" : item->oid, commit);
  if (!c->head)
    send_body(c, item, from, size);
}

/* A status of file_status or other_status, unless there are cuts to come first; true: it was answered. */
static bool fail_as_told(const connection *c, long status) {
  if (!status || service->cuts > 0)
    return false;
  if (service->fails == 1)
    return false;
  if (service->fails > 1)
    count(&service->fails, -1);
  answer(c, status, "{\"error\":\"as told\"}");
  return true;
}

static void redirect_file(const connection *c, const char *path, const hub_item *item) {
  char to[1100];
  bool large = item->size >= HUB_LARGE;
  if (service->loop)
    snprintf(to, sizeof to, "%s", path);
  else if (large)
    snprintf(to, sizeof to, "http://localhost:%d/blob/%zu?signed=1", service->other_port, (size_t)(item - items));
  else
    snprintf(to, sizeof to, "/api/resolve-cache/%zu", (size_t)(item - items));
  server_say(c, "HTTP/1.1 %d Elsewhere\r\nConnection: close\r\nLocation: %s\r\nX-Repo-Commit: %s\r\n",
             large ? 302 : 307, to, service->other_commit ? "ffffffffffffffffffffffffffffffffffffffff" : HUB_COMMIT);
  if (large)
    server_say(c, "X-Linked-Etag: \"%s\"\r\nX-Linked-Size: %zu\r\n", item->oid, item->size);
  server_say(c, "Content-Length: 5\r\n\r\nmoved");
}

/* For scripts: /set/NAME/VALUE and /get/NAME. */
static bool control(const connection *c, const char *path) {
  static const struct {
    const char *name;
    size_t offset;
  } rows[] = {{"list_status", offsetof(hub_service, list_status)},
              {"file_status", offsetof(hub_service, file_status)},
              {"other_status", offsetof(hub_service, other_status)},
              {"cuts", offsetof(hub_service, cuts)},
              {"cut", offsetof(hub_service, cut)},
              {"sent", offsetof(hub_service, sent)},
              {"requests", offsetof(hub_service, requests)},
              {"slow", offsetof(hub_service, slow)},
              {"tokens_elsewhere", offsetof(hub_service, tokens_elsewhere)}};
  char name[32], text[160];
  long value;
  bool set = sscanf(path, "/set/%31[a-z_]/%ld", name, &value) == 2;
  if (!set && sscanf(path, "/get/%31[a-z_]", name) != 1)
    return false;
  snprintf(text, sizeof text, "%s", service->token);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strcmp(rows[i].name, name) == 0) {
      long *member = (long *)(void *)((char *)service + rows[i].offset);
      if (set)
        *member = value;
      snprintf(text, sizeof text, "%ld", *member);
    }
  answer(c, 200, text);
  return true;
}

static void answer_endpoint(const connection *c, const char *path) {
  char name[600];
  size_t i;
  if (strncmp(path, "/api/models/acme/tiny/revision/", 31) == 0) {
    const char *revision = path + 31;
    bool known = strncmp(revision, "main?", 5) == 0 || strncmp(revision, "v1%2F0?", 7) == 0 ||
                 strncmp(revision, HUB_COMMIT "?", 41) == 0;
    if (service->list_status || !known)
      answer(c, service->list_status ? service->list_status : 404, "{\"error\":\"as told\"}");
    else
      send_list(c);
    return;
  }
  if (fail_as_told(c, service->file_status))
    return;
  if (sscanf(path, "/api/resolve-cache/%zu", &i) == 1 && i < n_items) {
    send_file(c, &items[i]);
    return;
  }
  for (i = 0; i < n_items; i++) {
    snprintf(name, sizeof name, "/acme/tiny/resolve/" HUB_COMMIT "/%s", items[i].path);
    if (strcmp(path, name) == 0) {
      redirect_file(c, path, &items[i]);
      return;
    }
  }
  answer(c, 404, "{}");
}

static void answer_other(const connection *c, const char *path) {
  size_t i;
  if (fail_as_told(c, service->other_status))
    return;
  if (sscanf(path, "/blob/%zu", &i) == 1 && i < n_items)
    send_file(c, &items[i]);
  else
    answer(c, 404, "{}");
}

static void note_token(const connection *c) {
  const char *token = server_header(c, "\r\nAuthorization: ");
  if (!token)
    return;
  count(c->other ? &service->tokens_elsewhere : &service->tokens, 1);
  if (!c->other)
    snprintf(service->token, sizeof service->token, "%.*s", (int)strcspn(token, "\r"), token);
}

static void serve(connection *c, const char *path) {
  if (control(c, path))
    return;
  count(&service->requests, 1);
  note_token(c);
  if (c->other)
    answer_other(c, path);
  else
    answer_endpoint(c, path);
}

hub_service *hub_service_start(hub_item *list, size_t n) {
  check_oids();
  service = mmap(NULL, sizeof *service, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (service == MAP_FAILED)
    abort();
  items = list;
  n_items = n;
  for (size_t i = 0; i < n; i++)
    write_oid(list[i].bytes, list[i].size, list[i].size >= HUB_LARGE, list[i].oid);
  service->process = server_start(&service->port, &service->other_port, serve);
  return service;
}

void hub_service_stop(hub_service *s) {
  server_stop(s->process);
  munmap(s, sizeof *s);
}

void hub_service_reset(hub_service *s) {
  int port = s->port, other = s->other_port;
  pid_t process = s->process;
  *s = (hub_service){.port = port, .other_port = other, .process = process};
}
