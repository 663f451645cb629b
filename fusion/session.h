/* Session files: what was said in a conversation, and what the decoder has read of it, so that another process goes on
 * and reads nothing again.
 *
 * Numbers as the machine writes them: a gaze_session_head, the model's path; messages, each uint64 role, pictures, size
 * and the text; pictures, each uint64 size of the name and of the file, and both; keys int64 [rows] and where pictures
 * stand in them, uint64 [stretches, 4]; for each layer and head the stretches of core/nn/kv_cache.h; XXH3-64 of all
 * before. */
#ifndef GAZE_FUSION_SESSION_H
#define GAZE_FUSION_SESSION_H

#include "core/base/file.h"
#include "fusion/chat.h"

#define GAZE_SESSION_MAGIC "gazechat"
enum { GAZE_SESSION_VERSION = 1, GAZE_SESSION_CHECK = 8 /* bytes of the checksum */ };

typedef struct gaze_session_head {
  char magic[8];
  uint32_t version, cache;                /* cache: a gaze_cache_kind */
  uint64_t layers, heads, head_dim, tile; /* of the cache; tile: GAZE_KV_TILE, which its layout depends on */
  uint64_t path, messages;                /* bytes; how many */
  uint64_t pictures, coming;              /* how many; so many of the last belong to the next question */
  uint64_t rows, stretches, read;         /* of the prompt; of pictures in it; rows that have keys and values */
  uint64_t current;                       /* 1: the rows are what was said, up to the last word */
  char model[40], chat_template[40];      /* the former by gaze_assistant_key */
} gaze_session_head;

typedef struct gaze_session {
  gaze_said *said; /* [n] */
  size_t n;
  gaze_chat_picture *pictures; /* [n_pictures] */
  size_t n_pictures, coming;
  gaze_prompt prompt;
  size_t read;
  bool current;
  gaze_map map;          /* of an open one */
  const uint8_t *stored; /* the rows' keys and values; in bytes that were read: borrowed from them */
} gaze_session;

/* Writes a session, whole or not at all, with the first `read` rows of `reading` if they are worth keeping. */
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
