#include "fusion/endpoint.h"

#include "core/base/memory.h"
#include "fusion/connection.h"
#include "fusion/hub.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double longest_pause = 60;  /* seconds between tries, unless the first pause is longer */
static const double longest_wait = 3600; /* seconds that the endpoint may ask to wait before the run ends instead */

struct gaze_endpoint {
  CURL *curl;
  char *url, *key; /* key: NULL without one */
  const gaze_instructions_options *options;
  double next; /* moment before which the rate allows no request */
};

/* One try. */
typedef struct attempt {
  gaze_endpoint_answer answer;
  size_t capacity;
  bool too_long;
  gaze_err err;
  curl_off_t retry_after; /* seconds; 0: not said */
} attempt;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *user) {
  attempt *a = user;
  a->too_long = n > GAZE_ENDPOINT_LIMIT - a->answer.size;
  if (a->too_long)
    return 0;
  a->err = gaze_grow(&a->answer.bytes, &a->capacity, a->answer.size + n + 1, 1);
  if (a->err != GAZE_OK)
    return 0;
  memcpy(a->answer.bytes + a->answer.size, bytes, n);
  a->answer.size += n;
  a->answer.bytes[a->answer.size] = 0;
  return n;
}

/* "https://host/v1" is completed; an address that names the call is kept. */
static gaze_err take_url(const char *text, char **out) {
  static const char call[] = "/chat/completions";
  size_t length = strlen(text);
  if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "not an address: --endpoint %s: it begins with https://", text);
  while (length && text[length - 1] == '/')
    length--;
  bool whole = length >= strlen(call) && memcmp(text + length - strlen(call), call, strlen(call)) == 0;
  return gaze_format(out, "%.*s%s", (int)length, text, whole ? "" : call);
}

static gaze_err take_key(char **out) {
  static const char *const names[] = {"GAZE_API_KEY", "OPENAI_API_KEY"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (!value || !*value)
      continue;
    GAZE_TRY(gaze_strdup(value, out));
    return gaze_hub_check_token(*out, names[i]);
  }
  return GAZE_OK;
}

static bool is_loopback(const char *host) {
  struct in_addr address;
  return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool is_this_machine(const char *url) {
  char *host = NULL;
  CURLU *parsed = curl_url();
  bool here = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              (strcasecmp(host, "localhost") == 0 || is_loopback(host) || strcmp(host, "[::1]") == 0);
  curl_free(host);
  curl_url_cleanup(parsed);
  return here;
}

static gaze_err check_key(const gaze_endpoint *endpoint) {
  if (!endpoint->key || strncmp(endpoint->url, "https://", 8) == 0 || is_this_machine(endpoint->url))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_ARGUMENT,
                   "the key would cross the network for all to read: %s: use https://, or unset "
                   "GAZE_API_KEY and OPENAI_API_KEY",
                   endpoint->url);
}

gaze_err gaze_endpoint_new(const gaze_instructions_options *options, gaze_endpoint **out) {
  gaze_endpoint *endpoint;
  GAZE_TRY(gaze_alloc(1, sizeof *endpoint, &endpoint));
  endpoint->options = options;
  gaze_err err;
  GAZE_TRY_DONE(take_url(options->endpoint, &endpoint->url));
  GAZE_TRY_DONE(take_key(&endpoint->key));
  GAZE_TRY_DONE(check_key(endpoint));
  GAZE_TRY_DONE(gaze_connection_new(endpoint->url, options->stop, options->timeout, &endpoint->curl));
  curl_easy_setopt(endpoint->curl, CURLOPT_URL, endpoint->url);
  curl_easy_setopt(endpoint->curl, CURLOPT_TIMEOUT_MS, (long)(options->timeout * 1000));
  curl_easy_setopt(endpoint->curl, CURLOPT_WRITEFUNCTION, take_bytes);
  *out = endpoint;
done:
  if (err != GAZE_OK)
    gaze_endpoint_free(endpoint);
  return err;
}

void gaze_endpoint_free(gaze_endpoint *endpoint) {
  if (!endpoint)
    return;
  if (endpoint->curl)
    curl_easy_cleanup(endpoint->curl);
  if (endpoint->key)
    explicit_bzero(endpoint->key, strlen(endpoint->key));
  free(endpoint->key);
  free(endpoint->url);
  free(endpoint);
}

static gaze_err fail_interrupted(const char *subject) {
  return gaze_fail(GAZE_ERR_INTERRUPTED, "interrupted: %s: the same command goes on with it", subject);
}

static gaze_err wait_for_rate(gaze_endpoint *endpoint, const char *subject) {
  double rate = endpoint->options->rate, moment = now();
  if (!gaze_connection_wait(endpoint->next - moment, endpoint->options->stop))
    return fail_interrupted(subject);
  moment = now();
  endpoint->next = rate > 0 ? moment + 60 / rate : moment;
  return GAZE_OK;
}

static gaze_err set_headers(const gaze_endpoint *endpoint, struct curl_slist **list) {
  *list = curl_slist_append(NULL, "Content-Type: application/json");
  if (!*list)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: a header: free memory");
  return endpoint->key ? gaze_connection_bear(endpoint->key, list) : GAZE_OK;
}

/* *again: what went wrong may go well later. */
static gaze_err try_once(gaze_endpoint *endpoint, const char *body, const char *subject, attempt *a, bool *again) {
  char reason[CURL_ERROR_SIZE] = "";
  CURL *curl = endpoint->curl;
  struct curl_slist *headers = NULL;
  gaze_err err = set_headers(endpoint, &headers);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  CURLcode code = err == GAZE_OK ? curl_easy_perform(curl) : CURLE_OK;
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
  curl_slist_free_all(headers);
  GAZE_TRY(err);
  GAZE_TRY(a->err);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->answer.status);
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &a->retry_after);
  if (code == CURLE_ABORTED_BY_CALLBACK)
    return fail_interrupted(subject);
  *again = code != CURLE_OK && !a->too_long;
  if (a->too_long)
    return gaze_fail(GAZE_ERR_LIMIT, "an answer without end: %s: check --endpoint", subject);
  if (code != CURLE_OK)
    return gaze_fail(GAZE_ERR_IO,
                     "the endpoint cannot be asked: %s: %s: check --endpoint and the network; the same "
                     "command goes on",
                     endpoint->url, *reason ? reason : curl_easy_strerror(code));
  return GAZE_OK;
}

/* The beginning of an answer's body, on one line, for messages. */
static void quote(const gaze_endpoint_answer *answer, char out[160]) {
  size_t n = answer->size < 159 ? answer->size : 159;
  for (size_t i = 0; i < n; i++)
    out[i] = (unsigned char)answer->bytes[i] < ' ' ? ' ' : answer->bytes[i];
  out[n] = 0;
}

static gaze_err fail_status(const gaze_endpoint *endpoint, const gaze_endpoint_answer *answer) {
  const char *url = endpoint->url;
  char said[160];
  quote(answer, said);
  switch (answer->status) {
  case 401:
  case 403:
    return gaze_fail(GAZE_ERR_IO, "the endpoint %s (%ld): %s: set GAZE_API_KEY to a valid key",
                     endpoint->key ? "does not take this key" : "wants a key", answer->status, url);
  case 404:
    return gaze_fail(GAZE_ERR_NOT_FOUND, "nothing answers there (404): %s: check --endpoint and --endpoint-model: %s",
                     url, said);
  case 429:
    return gaze_fail(GAZE_ERR_IO, "too many requests (429): %s: lower --rate; the same command goes on", url);
  default:
    break;
  }
  if (answer->status >= 300 && answer->status < 400)
    return gaze_fail(GAZE_ERR_IO,
                     "the endpoint has moved (%ld): %s: name the new address; a redirect is not followed, so "
                     "that the key stays with its host",
                     answer->status, url);
  return gaze_fail(GAZE_ERR_IO, "the endpoint fails (%ld): %s: the same command goes on later: %s", answer->status, url,
                   said);
}

static gaze_err judge(const gaze_endpoint *endpoint, const attempt *a, bool *again) {
  long status = a->answer.status;
  *again = status == 408 || status == 429 || status >= 500;
  bool final = status == 200 || status == 400 || status == 413 || status == 422;
  return final ? GAZE_OK : fail_status(endpoint, &a->answer);
}

/* What the endpoint asks for, else *pause, which is twice as long the next time. */
static gaze_err pause_between(const gaze_endpoint *endpoint, const attempt *a, double *pause, const char *subject) {
  double wanted = (double)a->retry_after, seconds = wanted > 0 ? wanted : *pause;
  *pause = fmin(2 * *pause, fmax(longest_pause, endpoint->options->pause));
  if (wanted > longest_wait)
    return gaze_fail(GAZE_ERR_IO, "the endpoint wants a pause of %.0f seconds: %s: the same command goes on then",
                     wanted, endpoint->url);
  return gaze_connection_wait(seconds, endpoint->options->stop) ? GAZE_OK : fail_interrupted(subject);
}

gaze_err gaze_endpoint_ask(gaze_endpoint *endpoint, const char *body, const char *subject, gaze_endpoint_answer *out) {
  double pause = endpoint->options->pause;
  for (size_t left = endpoint->options->tries;;) {
    attempt a = {0};
    bool again = false;
    GAZE_TRY(wait_for_rate(endpoint, subject));
    gaze_err err = try_once(endpoint, body, subject, &a, &again);
    if (err == GAZE_OK)
      err = judge(endpoint, &a, &again);
    if (err == GAZE_OK) {
      *out = a.answer;
      return GAZE_OK;
    }
    free(a.answer.bytes);
    if (!again || left-- <= 1)
      return err;
    GAZE_TRY(pause_between(endpoint, &a, &pause, subject));
  }
}
