/* In place of hub_pull.c where libcurl was not there at build time. */
#include "fusion/hub.h"

gaze_err gaze_model_pull(const char *name, const gaze_pull_options *options, char **json) {
  static const gaze_pull_options none;
  options = options ? options : &none;
  GAZE_TRY(gaze_hub_check_names(name, options->revision ? options->revision : "main", options));
  return gaze_fail(
      GAZE_ERR_UNSUPPORTED,
      "this gaze was built without network: %s: build it with libcurl, or copy the model's folder and name "
      "that",
      name);
}
