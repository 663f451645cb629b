/* Addresses, by libcurl's own parser, so that what is compared is what will be connected to. */
#include "core/base/memory.h"
#include "fusion/hub_client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static CURLU *parse(const char *url) {
  CURLU *parsed = curl_url();
  if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK)
    return parsed;
  curl_url_cleanup(parsed);
  return NULL;
}

static bool same_part(CURLU *one, CURLU *other, CURLUPart part) {
  char *a = NULL, *b = NULL;
  bool same = curl_url_get(one, part, &a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              curl_url_get(other, part, &b, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(a, b) == 0;
  curl_free(a);
  curl_free(b);
  return same;
}

bool gaze_hub_url_is_same_place(const char *one, const char *other) {
  CURLU *a = parse(one), *b = parse(other);
  bool same =
      a && b && same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) && same_part(a, b, CURLUPART_PORT);
  curl_url_cleanup(a);
  curl_url_cleanup(b);
  return same;
}

static bool has_scheme(CURLU *url, const char *expected) {
  char *scheme = NULL;
  bool has = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, expected) == 0;
  curl_free(scheme);
  return has;
}

/* A name and a password in a redirect would be sent along. */
static gaze_err write_url(CURLU *url, char **out) {
  char *text = NULL;
  curl_url_set(url, CURLUPART_USER, NULL, 0);
  curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
  if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: an address: free memory");
  gaze_err err = gaze_strdup(text, out);
  curl_free(text);
  return err;
}

gaze_err gaze_hub_url_follow(const char *url, const char *location, const char *subject, char **out) {
  CURLU *parsed = parse(url);
  gaze_err err;
  bool secure = parsed && has_scheme(parsed, "https");
  if (!parsed || !*location || curl_url_set(parsed, CURLUPART_URL, location, CURLU_URLENCODE) != CURLUE_OK)
    err = gaze_fail(GAZE_ERR_FORMAT, "a redirect to nowhere: %s: check HF_ENDPOINT", subject);
  else if (!has_scheme(parsed, "https") && (secure || !has_scheme(parsed, "http")))
    err = gaze_fail(GAZE_ERR_FORMAT, "a redirect to a connection that is not secure: %s: it was not followed", subject);
  else
    err = write_url(parsed, out);
  curl_url_cleanup(parsed);
  return err;
}

gaze_err gaze_hub_url_encode(const char *text, bool path, char **out) {
  static const char digits[] = "0123456789ABCDEF";
  char *encoded;
  GAZE_TRY(gaze_alloc(strlen(text) + 1, 3, &encoded));
  *out = encoded;
  for (const char *c = text; *c; c++) {
    bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                 strchr("-._~", *c) || (path && *c == '/');
    if (plain)
      *encoded++ = *c;
    else {
      *encoded++ = '%';
      *encoded++ = digits[(unsigned char)*c >> 4];
      *encoded++ = digits[*c & 15];
    }
  }
  *encoded = 0;
  return GAZE_OK;
}
