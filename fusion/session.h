/* Session files: what was said in a conversation, and what the decoder has read of it, so that another process goes on
 * and reads nothing again.
 *
 * Numbers as the machine writes them: a gaze_session_head, the model's path, the messages, each {uint64 role, pictures,
 * size} and its text, keys int64 [rows], pictures in them uint64 [4], then for each layer and head the stretches of
 * core/nn/kv_cache.h, and XXH3-64 of all before. */
#ifndef GAZE_FUSION_SESSION_H
#define GAZE_FUSION_SESSION_H

#include "core/base/file.h"
#include "fusion/chat.h"

#define GAZE_SESSION_MAGIC "gazechat"
enum { GAZE_SESSION_VERSION = 1, GAZE_SESSION_CHECK = 8 /* bytes of the checksum */ };

typedef struct gaze_session_head {
  char magic[8];
  uint32_t version, cache;           /* cache: a gaze_cache_kind */
  uint64_t layers, heads, head_dim;  /* of the cache */
  uint64_t path, messages, pictures; /* bytes, how many, and how many stretches of pictures */
  uint64_t rows, read;               /* of the prompt; how many of these have keys and values */
  uint64_t current;                  /* 1: the rows are what was said, up to the last word */
  char model[40], chat_template[40]; /* the former by gaze_assistant_key */
} gaze_session_head;

typedef struct gaze_session {
  gaze_said *said; /* [n] */
  size_t n;
  gaze_prompt prompt;
  size_t read;
  bool current;
  gaze_map map;          /* of an open one */
  const uint8_t *stored; /* the rows' keys and values; in bytes that were read: borrowed from them */
} gaze_session;

/* Writes a session, whole or not at all, with the first `read` rows of `reading`. */
GAZE_CHECKED gaze_err gaze_session_save(const gaze_session *session, gaze_assistant *assistant,
                                        const gaze_reading *reading, const char *path);

/* Opens one that this assistant can go on with in `reading`; everything is checked, nothing changed. Yours:
 * gaze_session_close. */
GAZE_CHECKED gaze_err gaze_session_open(gaze_assistant *assistant, const gaze_reading *reading, const char *path,
                                        gaze_session *out);
/* The same of bytes; name: for messages. */
GAZE_CHECKED gaze_err gaze_session_read(gaze_assistant *assistant, const gaze_reading *reading, const uint8_t *bytes,
                                        size_t size, const char *name, gaze_session *out);
void gaze_session_close(gaze_session *session);
/* Makes its rows those that were read, in place of all others. */
void gaze_session_restore(const gaze_session *session, gaze_reading *reading);

#endif
