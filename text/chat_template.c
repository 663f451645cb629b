#include "text/chat_template.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { JINJA_MAX = 1 << 20 }; /* bytes */

gaze_err gaze_chat_template_names(char **out) {
  const gaze_chat_format *formats = gaze_chat_formats;
  char *list = NULL, *longer;
  GAZE_TRY(gaze_strdup("", &list));
  for (size_t i = 0; formats[i].name; i++) {
    bool again = false;
    for (size_t k = 0; k < i; k++)
      again = again || !strcmp(formats[k].name, formats[i].name);
    if (again)
      continue;
    gaze_err err = gaze_format(&longer, "%s%s%s", list, i ? ", " : "", formats[i].name);
    free(list);
    GAZE_TRY(err);
    list = longer;
  }
  *out = list;
  return GAZE_OK;
}

gaze_err gaze_chat_template_find(const char *name, gaze_chat_template *out) {
  *out = (gaze_chat_template){0};
  for (const gaze_chat_format *format = gaze_chat_formats; format->name; format++) {
    if (strcmp(format->name, name))
      continue;
    out->format = format;
    out->starts = format->opening && *format->opening == *GAZE_CHAT_START_SIGN;
    out->trims = format->trims;
    return format->system ? gaze_strdup(format->system, &out->system) : GAZE_OK;
  }
  char *names;
  GAZE_TRY(gaze_chat_template_names(&names));
  gaze_err err = gaze_fail(GAZE_ERR_NOT_FOUND, "chat template: %s: there are %s", name, names);
  free(names);
  return err;
}

void gaze_chat_template_fini(gaze_chat_template *chat) {
  free(chat->system);
  *chat = (gaze_chat_template){0};
}

const char *gaze_chat_template_name(const gaze_chat_template *chat) { return chat->format->name; }

const char *gaze_chat_template_lead(const gaze_chat_template *chat) {
  const gaze_chat_format *format = chat->format;
  const char *before = format->turns[GAZE_CHAT_ASSISTANT].before, *opening = format->answer ? format->answer : "";
  size_t n = strlen(opening);
  if (before && strlen(before) > n && strncmp(before, opening, n) == 0)
    return before + n;
  return format->flags & GAZE_CHAT_SPACE_FIRST ? " " : "";
}

const char *const *gaze_chat_template_stops(const gaze_chat_template *chat) { return chat->format->stops; }

bool gaze_chat_template_starts(const gaze_chat_template *chat) {
  const char *user = chat->format->turns[GAZE_CHAT_USER].before;
  return chat->starts || (user && strchr(user, *GAZE_CHAT_START_SIGN));
}

bool gaze_chat_template_thinks(const gaze_chat_template *chat) { return chat->format->unthought != NULL; }

static gaze_err read_jinja(const char *path, char **out) {
  uint8_t *bytes;
  size_t size;
  GAZE_TRY(gaze_file_read(path, JINJA_MAX, &bytes, &size));
  gaze_err err = gaze_format(out, "%.*s", (int)size, (const char *)bytes);
  free(bytes);
  return err;
}

/* A string, or a list of {"name", "template"}; NULL: neither. */
static const char *pick_template(const json_t *value) {
  size_t i;
  const json_t *item;
  if (json_is_string(value))
    return json_string_value(value);
  json_array_foreach(value, i, item) {
    const char *name = json_string_value(json_object_get(item, "name"));
    if (name && !strcmp(name, "default"))
      return json_string_value(json_object_get(item, "template"));
  }
  return NULL;
}

static gaze_err read_json(const char *path, char **out) {
  json_t *json;
  GAZE_TRY(gaze_json_open(path, &json));
  const json_t *value = json_object_get(json, "chat_template");
  const char *jinja = pick_template(value);
  gaze_err err = GAZE_OK;
  if (jinja)
    err = gaze_strdup(jinja, out);
  else if (value && !json_is_null(value))
    err = gaze_fail(GAZE_ERR_FORMAT, "chat template: %s: \"chat_template\" is no text: name one with --template", path);
  json_decref(json);
  return err;
}

gaze_err gaze_chat_template_text(const char *folder, char **jinja, char **path) {
  static const char *const files[] = {"chat_template.jinja", "chat_template.json", "tokenizer_config.json"};
  *jinja = *path = NULL;
  for (size_t i = 0; i < sizeof files / sizeof *files && !*jinja; i++) {
    free(*path);
    GAZE_TRY(gaze_path_join(folder, files[i], path));
    gaze_err err = !gaze_file_exists(*path)         ? GAZE_OK
                   : gaze_ends_with(*path, ".json") ? read_json(*path, jinja)
                                                    : read_jinja(*path, jinja);
    if (err == GAZE_OK)
      continue;
    free(*path);
    *path = NULL;
    return err;
  }
  return GAZE_OK;
}

static gaze_err refuse_none(const char *folder) {
  char *names;
  GAZE_TRY(gaze_chat_template_names(&names));
  gaze_err err = gaze_fail(GAZE_ERR_NOT_FOUND,
                           "chat template: %s: neither chat_template.jinja nor chat_template.json nor "
                           "tokenizer_config.json has one: name one with --template: %s",
                           folder, names);
  free(names);
  return err;
}

gaze_err gaze_chat_template_open(const char *folder, gaze_chat_template *out) {
  char *jinja, *path;
  *out = (gaze_chat_template){0};
  GAZE_TRY(gaze_chat_template_text(folder, &jinja, &path));
  gaze_err err = jinja ? gaze_chat_template_read(jinja, strlen(jinja), path, out) : refuse_none(folder);
  free(jinja);
  free(path);
  return err;
}
