/* What the environment says of the hub, in the variables of its own programs. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/hub.h"

#include <stdlib.h>
#include <string.h>

/* NULL where it is not set, or empty. */
static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

const char *gaze_hub_endpoint(void) {
  const char *endpoint = variable("HF_ENDPOINT");
  return endpoint ? endpoint : "https://huggingface.co";
}

bool gaze_hub_is_offline(void) {
  static const char *const yes[] = {"1", "true", "on", "yes"};
  const char *value = variable("HF_HUB_OFFLINE");
  for (size_t i = 0; value && i < sizeof yes / sizeof *yes; i++)
    if (strcasecmp(value, yes[i]) == 0)
      return true;
  return false;
}

/* A file of HF_HOME, by default in the folder of caches; yours: free(). NULL: there is no home either. */
static gaze_err home_file(const char *name, char **out) {
  static const struct {
    const char *variable, *inside;
  } places[] = {{"HF_HOME", ""}, {"XDG_CACHE_HOME", "/huggingface"}, {"HOME", "/.cache/huggingface"}};
  *out = NULL;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (variable(places[i].variable))
      return gaze_format(out, "%s%s/%s", variable(places[i].variable), places[i].inside, name);
  return GAZE_OK;
}

gaze_err gaze_hub_folder(char **out) {
  char *folder = NULL;
  if (variable("HF_HUB_CACHE"))
    return gaze_strdup(variable("HF_HUB_CACHE"), out);
  GAZE_TRY(home_file("hub", &folder));
  if (!folder)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "no place for models: HF_HUB_CACHE, HF_HOME, HOME: set one of them");
  *out = folder;
  return GAZE_OK;
}

gaze_err gaze_hub_repository(const char *hub, const char *name, char **out) {
  const char *slash = strchr(name, '/');
  return gaze_format(out, "%s/models--%.*s--%s", hub, (int)(slash - name), name, slash + 1);
}

static gaze_err read_token_file(char **out) {
  char *path = NULL;
  uint8_t *bytes = NULL;
  size_t size;
  if (variable("HF_TOKEN_PATH"))
    GAZE_TRY(gaze_strdup(variable("HF_TOKEN_PATH"), &path));
  else
    GAZE_TRY(home_file("token", &path));
  gaze_err err = path && gaze_file_exists(path) ? gaze_file_read(path, 4096, &bytes, &size) : GAZE_OK;
  free(path);
  *out = (char *)bytes;
  return err;
}

gaze_err gaze_hub_check_token(char *token, const char *where) {
  size_t start = strspn(token, " \t\r\n"), end = strlen(token);
  while (end > start && strchr(" \t\r\n", token[end - 1]))
    end--;
  memmove(token, token + start, end - start);
  token[end - start] = 0;
  for (const char *c = token; *c; c++)
    if (*c <= ' ' || *c >= 0x7f)
      return gaze_fail(GAZE_ERR_FORMAT, "not a token: %s: it holds spaces or signs that none has", where);
  return GAZE_OK;
}

gaze_err gaze_hub_token(char **out) {
  char *token = NULL;
  if (variable("HF_TOKEN"))
    GAZE_TRY(gaze_strdup(variable("HF_TOKEN"), &token));
  else
    GAZE_TRY(read_token_file(&token));
  gaze_err err = token ? gaze_hub_check_token(token, "HF_TOKEN or its file") : GAZE_OK;
  if (err != GAZE_OK || (token && !*token)) {
    free(token);
    token = NULL;
  }
  *out = token;
  return err;
}
