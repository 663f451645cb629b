/* Jansson does not survive every failed allocation: where its buffer for a token cannot grow, version 2.14 reads and
 * writes beyond it, and where the buffer of a text cannot, a piece of the text is missing. */
#ifndef GAZE_CORE_BASE_JSON_GUARD_H
#define GAZE_CORE_BASE_JSON_GUARD_H

#include "core/base/error.h"

/* Runs call(user). When an allocation of jansson's fails in it, the call ends there, all that jansson allocated in it
 * is freed, and the result is GAZE_ERR_MEMORY: so call does nothing but call jansson. what: for the message. */
GAZE_CHECKED gaze_err gaze_json_guard(void (*call)(void *user), void *user, const char *what);

#endif
