/* What a person can do about the hub's refusals. */
#include "fusion/hub_client.h"

gaze_err gaze_hub_fail_status(long status, const gaze_hub_request *request, const char *name, bool has_token) {
  const char *subject = request->subject, *endpoint = gaze_hub_endpoint();
  if (status == 401 && has_token)
    return gaze_fail(GAZE_ERR_IO, "the hub does not take this token (401): %s: give a valid one in HF_TOKEN", subject);
  if (status == 401)
    return gaze_fail(GAZE_ERR_IO,
                     "the hub wants a token (401): %s: the name is misspelt, or the model is private or gated: accept "
                     "its terms on %s/%s and give a token of that account in HF_TOKEN",
                     subject, endpoint, name);
  if (status == 403)
    return gaze_fail(GAZE_ERR_IO,
                     "the hub refuses it (403): %s: the model is gated: accept its terms on %s/%s with the account "
                     "whose token stands in HF_TOKEN",
                     subject, endpoint, name);
  if (status == 404)
    return gaze_fail(GAZE_ERR_NOT_FOUND,
                     "not on the hub (404): %s: check the spelling of name and revision; a private model needs a token "
                     "in HF_TOKEN",
                     subject);
  if (status == 429)
    return gaze_fail(GAZE_ERR_IO,
                     "too many requests (429): %s: wait a few minutes, gaze model pull %s goes on with it%s", subject,
                     name, has_token ? "" : "; with a token in HF_TOKEN more are allowed");
  if (status >= 500)
    return gaze_fail(GAZE_ERR_IO, "the hub fails (%ld): %s: try later, gaze model pull %s goes on with it", status,
                     subject, name);
  return gaze_fail(GAZE_ERR_IO, "an answer without meaning (%ld): %s: check HF_ENDPOINT, which is %s", status, subject,
                   endpoint);
}
