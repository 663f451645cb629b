/* JSON, by jansson: parsing with gaze's errors, and members with defaults. */
#ifndef GAZE_CORE_BASE_JSON_H
#define GAZE_CORE_BASE_JSON_H

#include "core/base/error.h"

#include <jansson.h>

/* Strict: duplicate keys are refused. name is for messages. *out is yours: json_decref(). */
GAZE_CHECKED gaze_err gaze_json_parse(const void *bytes, size_t size, const char *name, json_t **out);
GAZE_CHECKED gaze_err gaze_json_open(const char *path, json_t **out);
GAZE_CHECKED gaze_err gaze_json_open_in(const char *folder, const char *name, json_t **out);
/* flags: jansson's of layout (JSON_INDENT, JSON_REAL_PRECISION); members keep their order. json NULL, as from a builder
 * that ran out of memory, is GAZE_ERR_MEMORY. *text is yours: free(). */
GAZE_CHECKED gaze_err gaze_json_text(const json_t *json, size_t flags, char **text);
GAZE_CHECKED gaze_err gaze_json_save(const char *path, const json_t *json); /* whole or absent, indented */

/* Members of an object; the default where the key is absent or null; GAZE_ERR_FORMAT where the type is wrong.
 * Strings are borrowed from the object. */
GAZE_CHECKED gaze_err gaze_json_integer(const json_t *object, const char *key, int64_t otherwise, int64_t *out);
GAZE_CHECKED gaze_err gaze_json_number(const json_t *object, const char *key, double otherwise, double *out);
GAZE_CHECKED gaze_err gaze_json_bool(const json_t *object, const char *key, bool otherwise, bool *out);
GAZE_CHECKED gaze_err gaze_json_string(const json_t *object, const char *key, const char *otherwise, const char **out);

#endif
