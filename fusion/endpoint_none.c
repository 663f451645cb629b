/* In place of endpoint.c where libcurl was not there at build time. */
#include "fusion/endpoint.h"

gaze_err gaze_endpoint_new(const gaze_instructions_options *options, gaze_endpoint **out) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "this gaze was built without network: %s: build it with libcurl, or leave --endpoint out",
                   options->endpoint);
}

void gaze_endpoint_free(gaze_endpoint *endpoint) {}

gaze_err gaze_endpoint_ask(gaze_endpoint *endpoint, const char *body, const char *subject, gaze_endpoint_answer *out) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "this gaze was built without network: %s: build it with libcurl", subject);
}
