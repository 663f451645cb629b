/* open_clip_config.json: how open_clip cleans texts for a tokenizer that it takes from transformers. */
#include "core/base/file.h"
#include "text/tokenizer_config.h"

#include <stdlib.h>
#include <string.h>

static gaze_err refuse(const char *key, const char *value) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "not implemented: open_clip_config.json, tokenizer_kwargs, %s \"%s\": this "
                   "version cannot run it",
                   key, value);
}

static gaze_err read_settings(gaze_tokenizer *tokenizer, const json_t *json) {
  static const char *const names[] = {NULL, "whitespace", "lower", "canonicalize"};
  const json_t *text = json_object_get(json_object_get(json, "model_cfg"), "text_cfg");
  const json_t *settings = json_object_get(text, "tokenizer_kwargs");
  const char *name, *clean;
  bool strips;
  GAZE_TRY(gaze_json_string(text, "hf_tokenizer_name", NULL, &name));
  if (!name)
    return GAZE_OK;
  GAZE_TRY(gaze_json_string(settings, "clean", "whitespace", &clean));
  GAZE_TRY(gaze_json_bool(settings, "strip_sep_token", false, &strips));
  if (strips)
    return refuse("strip_sep_token", "true");
  for (gaze_cleaning i = GAZE_CLEAN_WHITESPACE; i <= GAZE_CLEAN_CANONICAL; i++)
    if (!strcmp(clean, names[i]))
      tokenizer->cleaning = i;
  return tokenizer->cleaning == GAZE_CLEAN_NOT ? refuse("clean", clean) : GAZE_OK;
}

gaze_err gaze_tokenizer_read_open_clip(gaze_tokenizer *tokenizer, const char *folder) {
  char *path = NULL, *ours = NULL;
  json_t *json = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_path_join(folder, "open_clip_config.json", &path));
  GAZE_TRY_DONE(gaze_path_join(folder, "config.json", &ours));
  if (gaze_file_exists(ours) || !gaze_file_exists(path))
    goto done;
  GAZE_TRY_DONE(gaze_json_open(path, &json));
  GAZE_TRY_DONE(read_settings(tokenizer, json));
done:
  json_decref(json);
  free(path);
  free(ours);
  return err;
}
