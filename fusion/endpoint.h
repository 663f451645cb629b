/* An OpenAI-compatible endpoint that is asked with POST. */
#ifndef GAZE_FUSION_ENDPOINT_H
#define GAZE_FUSION_ENDPOINT_H

#include "gaze_train.h"

#include "core/base/error.h"

#define GAZE_ENDPOINT_LIMIT ((size_t)8 << 20) /* bytes of an answer */

typedef struct gaze_endpoint gaze_endpoint;

/* URL, key (GAZE_API_KEY, else OPENAI_API_KEY), rate and patience come from the options, which are borrowed.
 * GAZE_ERR_UNSUPPORTED where the build has no network. */
GAZE_CHECKED gaze_err gaze_endpoint_new(const gaze_instructions_options *options, gaze_endpoint **out);
void gaze_endpoint_free(gaze_endpoint *endpoint);

typedef struct gaze_endpoint_answer {
  long status; /* 200; or 400, 413, 422: this request is refused, and others may not be */
  char *bytes; /* [size] and a 0; yours: free() */
  size_t size;
} gaze_endpoint_answer;

/* Sends a body of JSON and waits for the answer: not sooner than the rate allows, again after 408, 429, 5xx, timeouts
 * and broken connections. The key goes to the endpoint alone, for redirects are not followed. subject: for messages. */
GAZE_CHECKED gaze_err gaze_endpoint_ask(gaze_endpoint *endpoint, const char *body, const char *subject,
                                        gaze_endpoint_answer *out);

#endif
