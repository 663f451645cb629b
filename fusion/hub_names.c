/* Names from outside that become paths and addresses: only what cannot mean anything else passes. */
#include "fusion/hub.h"

#include <string.h>

#define PART_LIMIT 96      /* bytes of ORG or REPO, as the hub has it */
#define REVISION_LIMIT 200 /* bytes */
#define PATH_LIMIT 1000    /* bytes */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

static bool is_word(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (!is_letter(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-')
      return false;
  return length > 0 && text[0] != '.' && text[0] != '-';
}

/* "--" stands between the parts in names of the cache's folders. */
bool gaze_hub_is_id(const char *name) {
  const char *slash = strchr(name, '/');
  if (!slash || strstr(name, "..") || strstr(name, "--"))
    return false;
  size_t before = (size_t)(slash - name), behind = strlen(slash + 1);
  return before <= PART_LIMIT && behind <= PART_LIMIT && is_word(name, before) && is_word(slash + 1, behind) &&
         strchr(".-", slash[-1]) == NULL && strchr(".-", slash[behind]) == NULL;
}

bool gaze_hub_is_revision(const char *revision) {
  if (strlen(revision) > REVISION_LIMIT || strstr(revision, ".."))
    return false;
  for (;;) {
    size_t length = strcspn(revision, "/");
    if (!is_word(revision, length))
      return false;
    if (!revision[length])
      return true;
    revision += length + 1;
  }
}

static bool is_hex(const char *text, size_t digits) {
  return strspn(text, "0123456789abcdef") == digits && text[digits] == 0;
}

bool gaze_hub_is_commit(const char *text) { return is_hex(text, 40); }

bool gaze_hub_is_oid(const char *text) { return is_hex(text, 40) || is_hex(text, 64); }

static bool is_step(const char *step, size_t length) {
  return length > 0 && length < 256 && !(length <= 2 && strspn(step, ".") >= length);
}

bool gaze_hub_is_path(const char *path) {
  if (strlen(path) > PATH_LIMIT)
    return false;
  for (const char *c = path; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\\')
      return false;
  for (;;) {
    size_t length = strcspn(path, "/");
    if (!is_step(path, length))
      return false;
    if (!path[length])
      return true;
    path += length + 1;
  }
}

gaze_err gaze_hub_check_names(const char *name, const char *revision, const gaze_pull_options *options) {
  if (!gaze_hub_is_id(name))
    return gaze_fail(GAZE_ERR_ARGUMENT, "not a repository of the hub: %s: write ORG/REPO", name);
  if (!gaze_hub_is_revision(revision))
    return gaze_fail(GAZE_ERR_ARGUMENT, "not a revision: %s: name a branch, a tag or a commit", revision);
  for (size_t i = 0; i < options->n_files; i++)
    if (!gaze_hub_is_path(options->files[i]))
      return gaze_fail(GAZE_ERR_ARGUMENT, "not a file of a repository: %s: write its path in %s", options->files[i],
                       name);
  return GAZE_OK;
}
