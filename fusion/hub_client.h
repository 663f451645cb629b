/* Asks the hub. Only where the build has libcurl. */
#ifndef GAZE_FUSION_HUB_CLIENT_H
#define GAZE_FUSION_HUB_CLIENT_H

#include "fusion/hub.h"

typedef struct gaze_hub_client gaze_hub_client;

/* name: the repository, for messages; it and options are borrowed. */
GAZE_CHECKED gaze_err gaze_hub_client_new(const char *name, const gaze_pull_options *options, gaze_hub_client **out);
void gaze_hub_client_free(gaze_hub_client *client);

/* What is asked, and who takes the answer's body. */
typedef struct gaze_hub_request {
  const char *path;    /* behind the endpoint, percent-encoded */
  const char *subject; /* for messages */
  bool head;           /* headers alone, of the endpoint itself */
  int64_t from, size;  /* bytes that are there, and that there are in all (-1: not known); take moves from */
  void *user;
  /* Before the first byte of each try: the body begins at `from` (part) or at the beginning, and then from becomes 0.
   */
  gaze_err (*begin)(struct gaze_hub_request *request, bool part, const gaze_hub_headers *headers);
  gaze_err (*take)(struct gaze_hub_request *request, const void *bytes, size_t n);
  gaze_hub_headers answer; /* what the endpoint itself, no other host, said */
} gaze_hub_request;

/* Follows redirects; where a connection breaks or the server fails it goes on, three times without any progress. */
GAZE_CHECKED gaze_err gaze_hub_send(gaze_hub_client *client, gaze_hub_request *request);

/* For a status that is neither success nor redirect. */
GAZE_CHECKED gaze_err gaze_hub_fail_status(long status, const gaze_hub_request *request, const char *name,
                                           bool has_token);

/* Scheme, host and port are equal. */
bool gaze_hub_url_is_same_place(const char *one, const char *other);
/* Where `location`, which may be relative, leads from `url`; yours: free(). Never from https to http. */
GAZE_CHECKED gaze_err gaze_hub_url_follow(const char *url, const char *location, const char *subject, char **out);
/* Text as a part of an address; slashes stay when `path`. Yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_url_encode(const char *text, bool path, char **out);

#endif
