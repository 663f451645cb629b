#include "fusion/connection.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONNECT_SECONDS = 10 }; /* until there is a connection */

static int watch_stop(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
  const volatile int *stop = user;
  return stop && *stop;
}

gaze_err gaze_connection_new(const char *subject, const volatile int *stop, double stall, CURL **out) {
  CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
  if (!curl)
    return gaze_fail(GAZE_ERR_MEMORY, "the network cannot be used: %s: free memory", subject);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall < 1 ? 1L : (long)stall);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "gaze/" GAZE_VERSION);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  *out = curl;
  return GAZE_OK;
}

bool gaze_connection_wait(double seconds, const volatile int *stop) {
  for (; seconds > 0; seconds -= 0.1) {
    double part = seconds < 0.1 ? seconds : 0.1;
    nanosleep(&(struct timespec){.tv_nsec = (long)(part * 1e9)}, NULL);
    if (stop && *stop)
      return false;
  }
  return true;
}

gaze_err gaze_connection_bear(const char *token, struct curl_slist **list) {
  char *line;
  GAZE_TRY(gaze_format(&line, "Authorization: Bearer %s", token));
  struct curl_slist *longer = curl_slist_append(*list, line);
  explicit_bzero(line, strlen(line));
  free(line);
  if (!longer)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: a header: free memory");
  *list = longer;
  return GAZE_OK;
}
