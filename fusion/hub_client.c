/* One connection to the hub and to the hosts it sends to, by libcurl. */
#include "fusion/hub_client.h"

#include "core/base/memory.h"
#include "fusion/connection.h"

#include <stdlib.h>
#include <string.h>

enum {
  TRIES = 3,             /* in a row without a new byte */
  REDIRECTS = 5,         /* of one request */
  STALL_SECONDS = 30,    /* without a byte */
  UNREAD_LIMIT = 1 << 16 /* bytes of an answer that nobody reads */
};

struct gaze_hub_client {
  CURL *curl;
  char *endpoint, *token; /* token: NULL without one */
  const char *name;
  const gaze_pull_options *options;
};

/* One request to one address. */
typedef struct exchange {
  gaze_hub_client *client;
  gaze_hub_request *request;
  gaze_hub_headers headers;
  size_t unread;
  long status;
  bool begun;
  gaze_err err; /* of begin and take */
} exchange;

static size_t read_header(char *line, size_t size, size_t n, void *user) {
  exchange *e = user;
  if (n > 5 && memcmp(line, "HTTP/", 5) == 0)
    gaze_hub_headers_init(&e->headers);
  gaze_hub_headers_read(&e->headers, line, n);
  return n;
}

static gaze_err begin_body(exchange *e) {
  gaze_hub_request *request = e->request;
  if (e->begun || !request->begin)
    return GAZE_OK;
  e->begun = true;
  return request->begin(request, e->status == 206, &e->headers);
}

static size_t read_body(char *bytes, size_t size, size_t n, void *user) {
  exchange *e = user;
  curl_easy_getinfo(e->client->curl, CURLINFO_RESPONSE_CODE, &e->status);
  if ((e->status != 200 && e->status != 206) || !e->request->take) {
    e->unread += n;
    return e->unread <= UNREAD_LIMIT ? n : 0;
  }
  e->err = begin_body(e);
  if (e->err == GAZE_OK)
    e->err = e->request->take(e->request, bytes, n);
  return e->err == GAZE_OK ? n : 0;
}

/* An endpoint ends in no slash: paths begin with one. */
static gaze_err take_endpoint(const char *endpoint, char **out) {
  GAZE_TRY(gaze_strdup(endpoint, out));
  for (size_t end = strlen(*out); end && (*out)[end - 1] == '/'; end--)
    (*out)[end - 1] = 0;
  if (strncmp(*out, "https://", 8) != 0 && strncmp(*out, "http://", 7) != 0)
    return gaze_fail(GAZE_ERR_FORMAT, "not an address: HF_ENDPOINT=%s: it begins with https://", endpoint);
  return GAZE_OK;
}

static gaze_err connect_to(gaze_hub_client *client) {
  double stall = client->options->stall > 0 ? client->options->stall : STALL_SECONDS;
  GAZE_TRY(gaze_connection_new(client->name, client->options->stop, stall, &client->curl));
  curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, read_header);
  curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, read_body);
  return GAZE_OK;
}

gaze_err gaze_hub_client_new(const char *name, const gaze_pull_options *options, gaze_hub_client **out) {
  gaze_hub_client *client;
  GAZE_TRY(gaze_alloc(1, sizeof *client, &client));
  client->name = name;
  client->options = options;
  gaze_err err;
  GAZE_TRY_DONE(take_endpoint(gaze_hub_endpoint(), &client->endpoint));
  GAZE_TRY_DONE(gaze_hub_token(&client->token));
  GAZE_TRY_DONE(connect_to(client));
  *out = client;
done:
  if (err != GAZE_OK)
    gaze_hub_client_free(client);
  return err;
}

void gaze_hub_client_free(gaze_hub_client *client) {
  if (!client)
    return;
  if (client->curl)
    curl_easy_cleanup(client->curl);
  free(client->endpoint);
  if (client->token)
    explicit_bzero(client->token, strlen(client->token));
  free(client->token);
  free(client);
}

/* The token goes to the endpoint alone: whoever else gets it could act as its owner. */
static gaze_err set_headers(const gaze_hub_client *client, const char *url, struct curl_slist **list) {
  *list = NULL;
  bool known = client->token && gaze_hub_url_is_same_place(url, client->endpoint);
  return known ? gaze_connection_bear(client->token, list) : GAZE_OK;
}

static void set_request(exchange *e, const char *url) {
  CURL *curl = e->client->curl;
  char range[32];
  snprintf(range, sizeof range, "%lld-", (long long)e->request->from);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOBODY, e->request->head ? 1L : 0L);
  if (!e->request->head)
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(curl, CURLOPT_RANGE, e->request->from > 0 ? range : NULL);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, e);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, e);
}

static bool is_transient(CURLcode code) {
  return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE ||
         code == CURLE_GOT_NOTHING || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

static gaze_err fail_transfer(const exchange *e, CURLcode code, const char *reason) {
  const char *name = e->client->name, *subject = e->request->subject;
  switch (code) {
  case CURLE_ABORTED_BY_CALLBACK:
    return gaze_fail(GAZE_ERR_INTERRUPTED, "interrupted: %s: gaze model pull %s goes on with it", subject, name);
  case CURLE_OPERATION_TIMEDOUT:
    return gaze_fail(GAZE_ERR_IO, "the connection stalled: %s: gaze model pull %s goes on with it", subject, name);
  default:
    return gaze_fail(GAZE_ERR_IO, "the transfer failed: %s: %s: check the network, gaze model pull %s goes on with it",
                     subject, *reason ? reason : curl_easy_strerror(code), name);
  }
}

/* What came before a body was refused stands in e->err; a refused answer's own status says more than its length. */
static gaze_err run(exchange *e, const char *url, bool *again) {
  char reason[CURL_ERROR_SIZE] = "";
  struct curl_slist *headers;
  GAZE_TRY(set_headers(e->client, url, &headers));
  set_request(e, url);
  curl_easy_setopt(e->client->curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(e->client->curl, CURLOPT_ERRORBUFFER, reason);
  CURLcode code = curl_easy_perform(e->client->curl);
  curl_easy_setopt(e->client->curl, CURLOPT_ERRORBUFFER, NULL);
  curl_easy_setopt(e->client->curl, CURLOPT_HTTPHEADER, NULL);
  curl_easy_getinfo(e->client->curl, CURLINFO_RESPONSE_CODE, &e->status);
  curl_slist_free_all(headers);
  GAZE_TRY(e->err);
  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && e->unread))
    return GAZE_OK;
  *again = is_transient(code);
  return fail_transfer(e, code, reason);
}

static void keep(gaze_hub_headers *answer, const gaze_hub_headers *headers) {
  if (headers->commit[0])
    memcpy(answer->commit, headers->commit, sizeof answer->commit);
  if (headers->oid[0])
    memcpy(answer->oid, headers->oid, sizeof answer->oid);
  if (headers->linked_oid[0])
    memcpy(answer->linked_oid, headers->linked_oid, sizeof answer->linked_oid);
  if (headers->linked_size >= 0)
    answer->linked_size = headers->linked_size;
  answer->length = headers->length;
}

static gaze_err judge(exchange *e, bool *again) {
  const gaze_hub_request *request = e->request;
  *again = e->status >= 500;
  if (e->status != 200 && e->status != 206)
    return gaze_hub_fail_status(e->status, request, e->client->name, e->client->token);
  if (request->head)
    return GAZE_OK;
  GAZE_TRY(begin_body(e));
  *again = request->from < request->size;
  return *again ? gaze_fail(GAZE_ERR_IO, "the transfer ended early: %s: gaze model pull %s goes on with it",
                            request->subject, e->client->name)
                : GAZE_OK;
}

static bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static gaze_err follow(gaze_hub_client *client, gaze_hub_request *request, bool *again) {
  char *url = NULL, *next;
  gaze_err err;
  exchange e;
  GAZE_TRY(gaze_format(&url, "%s%s", client->endpoint, request->path));
  for (int left = REDIRECTS;; left--) {
    e = (exchange){.client = client, .request = request};
    gaze_hub_headers_init(&e.headers);
    GAZE_TRY_DONE(run(&e, url, again));
    if (gaze_hub_url_is_same_place(url, client->endpoint))
      keep(&request->answer, &e.headers);
    if (!is_redirect(e.status))
      break;
    if (!left)
      GAZE_TRY_DONE(
          gaze_fail(GAZE_ERR_FORMAT, "more than %d redirects: %s: check HF_ENDPOINT", REDIRECTS, request->subject));
    GAZE_TRY_DONE(gaze_hub_url_follow(url, e.headers.location, request->subject, &next));
    free(url);
    url = next;
    if (request->head && !gaze_hub_url_is_same_place(url, client->endpoint))
      goto done;
  }
  err = judge(&e, again);
done:
  free(url);
  return err;
}

static gaze_err wait_a_little(const gaze_hub_client *client, double seconds) {
  if (gaze_connection_wait(seconds, client->options->stop))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_INTERRUPTED, "interrupted: %s: gaze model pull %s goes on with it", client->name,
                   client->name);
}

gaze_err gaze_hub_send(gaze_hub_client *client, gaze_hub_request *request) {
  int64_t most = request->from;
  double pause = client->options->pause > 0 ? client->options->pause : 0.5, next = pause;
  for (int left = TRIES;;) {
    bool again = false;
    gaze_hub_headers_init(&request->answer);
    gaze_err err = follow(client, request, &again);
    if (err == GAZE_OK || !again)
      return err;
    if (request->from > most) {
      most = request->from;
      left = TRIES;
      next = pause;
    } else if (--left == 0)
      return err;
    GAZE_TRY(wait_a_little(client, next));
    next *= 3;
  }
}
