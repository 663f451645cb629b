/* Conversations on disk. */
#include "fusion/session.h"

#include <stdlib.h>

/* Rows that were read behind those of the prompt, of a question that failed, are not worth keeping. */
gaze_err gaze_chat_save(const gaze_chat *chat, const char *path) {
  gaze_session session = {.said = chat->said,
                          .n = chat->n,
                          .pictures = chat->pictures,
                          .n_pictures = chat->n_pictures,
                          .coming = chat->coming,
                          .prompt = chat->prompt,
                          .read = gaze_prompt_common(&chat->prompt, chat->reading.keys, chat->reading.cache->used),
                          .current = chat->rendered > 0};
  return gaze_session_save(&session, chat->assistant, &chat->reading, path);
}

/* What the conversation was goes with the session. */
static void exchange(gaze_chat *chat, gaze_session *session) {
  gaze_session old = {.said = chat->said,
                      .n = chat->n,
                      .pictures = chat->pictures,
                      .n_pictures = chat->n_pictures,
                      .prompt = chat->prompt,
                      .map = session->map};
  chat->said = session->said;
  chat->n = chat->said_capacity = session->n;
  chat->pictures = session->pictures;
  chat->n_pictures = chat->pictures_capacity = session->n_pictures;
  chat->coming = session->coming;
  chat->prompt = session->prompt;
  chat->rendered = session->current ? session->n : 0;
  *session = old;
}

gaze_err gaze_chat_load(gaze_chat *chat, const char *path) {
  gaze_session session;
  GAZE_TRY(gaze_session_open(chat->assistant, &chat->reading, path, &session));
  gaze_session_restore(&session, &chat->reading);
  exchange(chat, &session);
  gaze_session_close(&session);
  return GAZE_OK;
}
