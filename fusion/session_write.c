/* A session goes to its file stretch by stretch, from where it lies: what a decoder has read may fill half the memory.
 */
#include "fusion/session.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct sink {
  gaze_replace replace;
  XXH3_state_t *state;
  bool written;
} sink;

static void put(sink *s, const void *bytes, size_t size) {
  if (!s->written || !size)
    return;
  XXH3_64bits_update(s->state, bytes, size);
  s->written = fwrite(bytes, 1, size, s->replace.stream) == size;
}

static void put_head(sink *s, const gaze_session *session, const gaze_assistant *assistant, const gaze_reading *reading,
                     size_t read) {
  const gaze_kv_cache *cache = reading->cache;
  gaze_session_head head = {.magic = GAZE_SESSION_MAGIC,
                            .version = GAZE_SESSION_VERSION,
                            .cache = assistant->options.cache,
                            .layers = cache->layers,
                            .heads = cache->heads,
                            .head_dim = cache->head_dim,
                            .tile = GAZE_KV_TILE,
                            .path = strlen(gaze_assistant_name(assistant)),
                            .messages = session->n,
                            .pictures = session->n_pictures,
                            .coming = session->coming,
                            .rows = session->prompt.n,
                            .stretches = session->prompt.n_pictures,
                            .read = read,
                            .current = session->current};
  snprintf(head.model, sizeof head.model, "%s", assistant->key);
  snprintf(head.chat_template, sizeof head.chat_template, "%s", gaze_chat_template_name(&assistant->chat));
  put(s, &head, sizeof head);
  put(s, gaze_assistant_name(assistant), head.path);
}

static void put_messages(sink *s, const gaze_session *session) {
  for (size_t i = 0; i < session->n; i++) {
    const gaze_said *said = &session->said[i];
    uint64_t facts[] = {said->role, said->pictures, strlen(said->text)};
    put(s, facts, sizeof facts);
    put(s, said->text, facts[2]);
  }
}

static void put_pictures(sink *s, const gaze_session *session) {
  for (size_t i = 0; i < session->n_pictures; i++) {
    const gaze_chat_picture *picture = &session->pictures[i];
    uint64_t sizes[] = {strlen(picture->name), picture->size};
    put(s, sizes, sizeof sizes);
    put(s, picture->name, sizes[0]);
    put(s, picture->bytes, sizes[1]);
  }
}

static void put_prompt(sink *s, const gaze_prompt *prompt) {
  put(s, prompt->keys, prompt->n * sizeof *prompt->keys);
  for (size_t i = 0; i < prompt->n_pictures; i++) {
    const gaze_prompt_picture *p = &prompt->pictures[i];
    uint64_t facts[] = {p->first, p->n, p->picture, p->from};
    put(s, facts, sizeof facts);
  }
}

static void put_rows(sink *s, const gaze_kv_cache *cache, size_t rows) {
  gaze_kv_stretch stretches[4];
  for (size_t layer = 0; layer < cache->layers; layer++)
    for (size_t head = 0; head < cache->heads; head++) {
      size_t n = gaze_kv_cache_stretches(cache, layer, head, rows, stretches);
      for (size_t i = 0; i < n; i++)
        put(s, stretches[i].at, stretches[i].bytes);
    }
}

static void put_session(sink *s, const gaze_session *session, const gaze_assistant *assistant,
                        const gaze_reading *reading) {
  size_t read = gaze_reading_worth(reading, session->read);
  put_head(s, session, assistant, reading, read);
  put_messages(s, session);
  put_pictures(s, session);
  put_prompt(s, &session->prompt);
  put_rows(s, reading->cache, read);
}

static gaze_err finish(sink *s) {
  uint64_t check = XXH3_64bits_digest(s->state);
  put(s, &check, sizeof check);
  if (!s->written)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space or choose another place", s->replace.path);
  return gaze_replace_commit(&s->replace);
}

/* Nobody's letter is to become a session by a slip of the hand. */
static gaze_err check_target(const char *path) {
  char magic[sizeof GAZE_SESSION_MAGIC - 1] = {0};
  FILE *stream = fopen(path, "re");
  if (!stream)
    return GAZE_OK;
  size_t size = fread(magic, 1, sizeof magic, stream);
  fclose(stream);
  if (size && memcmp(magic, GAZE_SESSION_MAGIC, sizeof magic) != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "a file of another kind is there: %s: choose another name", path);
  return GAZE_OK;
}

gaze_err gaze_session_save(const gaze_session *session, gaze_assistant *assistant, const gaze_reading *reading,
                           const char *path) {
  char key[33];
  sink s = {.written = true};
  GAZE_TRY(check_target(path));
  GAZE_TRY(gaze_assistant_key(assistant, key));
  GAZE_TRY(gaze_replace_init(&s.replace, path));
  s.state = XXH3_createState();
  gaze_err err = GAZE_OK;
  if (!s.state)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s: free memory", path);
  if (err == GAZE_OK) {
    XXH3_64bits_reset(s.state);
    put_session(&s, session, assistant, reading);
    err = finish(&s);
  }
  XXH3_freeState(s.state);
  gaze_replace_fini(&s.replace);
  return err;
}
