/* Session files may come from anywhere: nothing in them is believed before it was checked. */
#include "fusion/session.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* What of the file is left. */
typedef struct source {
  const char *name;
  const uint8_t *at;
  size_t left;
} source;

static gaze_err fail_damaged(const source *s, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "damaged conversation file, %s: %s: use a copy, or begin anew", what, s->name);
}

static gaze_err take(source *s, void *out, size_t size) {
  if (size > s->left)
    return fail_damaged(s, "it ends early");
  if (size)
    memcpy(out, s->at, size);
  s->at += size;
  s->left -= size;
  return GAZE_OK;
}

/* Of a file that is what it was when it was written; its head is taken. */
static gaze_err read_head(source *s, gaze_session_head *head) {
  uint64_t check;
  if (s->left < sizeof *head + GAZE_SESSION_CHECK || memcmp(s->at, GAZE_SESSION_MAGIC, sizeof head->magic) != 0)
    return gaze_fail(GAZE_ERR_FORMAT, "no conversation that gaze kept: %s: name a file that /save wrote", s->name);
  s->left -= sizeof check;
  memcpy(&check, s->at + s->left, sizeof check);
  memcpy(head, s->at, sizeof *head);
  if (head->version != GAZE_SESSION_VERSION)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "conversation kept by another gaze (format %u, this one knows %d): %s: %s",
                     head->version, GAZE_SESSION_VERSION, s->name,
                     head->version > GAZE_SESSION_VERSION ? "update gaze" : "begin anew");
  if (head->tile != GAZE_KV_TILE)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "conversation kept by another gaze (tiles of %llu, this one's of %d): %s: "
                     "begin anew",
                     (unsigned long long)head->tile, GAZE_KV_TILE, s->name);
  if (XXH3_64bits(s->at, s->left) != check)
    return fail_damaged(s, "its checksum does not fit");
  GAZE_TRY(take(s, head, sizeof *head));
  head->model[sizeof head->model - 1] = head->chat_template[sizeof head->chat_template - 1] = 0;
  return GAZE_OK;
}

static const char *cache_name(uint64_t kind) {
  static const char *const names[] = {"f16", "bf16", "int8", "f32"};
  return kind < sizeof names / sizeof *names ? names[kind] : "something else";
}

/* Whether this assistant would have written these rows. */
static gaze_err check_model(source *s, const gaze_session_head *head, gaze_assistant *assistant,
                            const gaze_kv_cache *cache) {
  const char *chat_template = gaze_chat_template_name(&assistant->chat), *path = (const char *)s->at;
  char key[33];
  if (head->path > s->left)
    return fail_damaged(s, "it ends early");
  s->at += head->path;
  s->left -= head->path;
  GAZE_TRY(gaze_assistant_key(assistant, key));
  if (strcmp(head->model, key) != 0 || head->layers != cache->layers || head->heads != cache->heads ||
      head->head_dim != cache->head_dim)
    return gaze_fail(GAZE_ERR_MISMATCH, "conversation with another model: %s: open it with -m %.*s", s->name,
                     (int)(head->path < 1000 ? head->path : 1000), path);
  if (head->cache != assistant->options.cache)
    return gaze_fail(GAZE_ERR_MISMATCH, "conversation kept in %s, this one in %s: %s: open it with --cache-type %s",
                     cache_name(head->cache), cache_name(assistant->options.cache), s->name, cache_name(head->cache));
  if (strcmp(head->chat_template, chat_template) != 0)
    return gaze_fail(GAZE_ERR_MISMATCH, "conversation in template %s, this one in %s: %s: open it with --template %s",
                     head->chat_template, chat_template, s->name, head->chat_template);
  if (head->rows > assistant->context)
    return gaze_fail(GAZE_ERR_LIMIT, "conversation of %llu tokens, room for %zu: %s: raise --context",
                     (unsigned long long)head->rows, assistant->context, s->name);
  return GAZE_OK;
}

/* A text of so many bytes, a zero behind them; yours. */
static gaze_err take_text(source *s, uint64_t size, char **out) {
  if (size > s->left)
    return fail_damaged(s, "it ends early");
  GAZE_TRY(gaze_alloc(size + 1, 1, out));
  GAZE_TRY(take(s, *out, size));
  return strlen(*out) == size ? GAZE_OK : fail_damaged(s, "a text has a zero in it");
}

/* System text first, then questions and answers in turns, an answer last. */
static bool has_turn(const gaze_session *session, size_t i, uint64_t role) {
  bool system = session->n % 2 == 1;
  return role == (system && i == 0 ? GAZE_CHAT_SYSTEM : (i + system) % 2 ? GAZE_CHAT_ASSISTANT : GAZE_CHAT_USER);
}

static gaze_err read_message(source *s, gaze_session *session, size_t i) {
  uint64_t facts[3]; /* role, pictures, size */
  gaze_said *said = &session->said[i];
  GAZE_TRY(take(s, facts, sizeof facts));
  if (!has_turn(session, i, facts[0]) || (facts[1] && facts[0] != GAZE_CHAT_USER) || facts[1] > UINT32_MAX)
    return fail_damaged(s, "its messages have no order");
  said->role = (gaze_chat_role)facts[0];
  said->pictures = facts[1];
  return take_text(s, facts[2], &said->text);
}

static gaze_err read_messages(source *s, const gaze_session_head *head, gaze_session *session) {
  if (head->messages > s->left / (3 * sizeof(uint64_t)))
    return fail_damaged(s, "it ends early");
  GAZE_TRY(gaze_alloc(head->messages, sizeof *session->said, &session->said));
  session->n = head->messages;
  for (size_t i = 0; i < session->n; i++)
    GAZE_TRY(read_message(s, session, i));
  session->current = head->current == 1 && session->n > 1;
  return GAZE_OK;
}

static gaze_err read_picture(source *s, gaze_chat_picture *picture) {
  uint64_t sizes[2];
  char *name = NULL;
  GAZE_TRY(take(s, sizes, sizeof sizes));
  gaze_err err = take_text(s, sizes[0], &name);
  if (err == GAZE_OK)
    err =
        sizes[1] <= s->left ? gaze_chat_picture_init(picture, s->at, sizes[1], name) : fail_damaged(s, "it ends early");
  free(name);
  GAZE_TRY(err);
  gaze_chat_drop_pixels(picture, 1);
  s->at += sizes[1];
  s->left -= sizes[1];
  return GAZE_OK;
}

/* Those that were asked about are planned as they were then. */
static gaze_err read_pictures(source *s, const gaze_session_head *head, const gaze_eye *eye, gaze_session *session) {
  size_t asked = 0;
  for (size_t i = 0; i < session->n; i++)
    asked += session->said[i].pictures;
  if (head->pictures > s->left / (2 * sizeof(uint64_t)) || head->coming > head->pictures ||
      asked != head->pictures - head->coming || (head->pictures && !eye))
    return fail_damaged(s, "its pictures are others than those spoken of");
  GAZE_TRY(gaze_alloc(head->pictures, sizeof *session->pictures, &session->pictures));
  for (; session->n_pictures < head->pictures; session->n_pictures++) {
    gaze_chat_picture *picture = &session->pictures[session->n_pictures];
    GAZE_TRY(read_picture(s, picture));
    if (session->n_pictures < asked)
      gaze_tiling_plan(&eye->config.tiling, picture->width, picture->height, asked, &picture->plan);
  }
  session->coming = head->coming;
  return GAZE_OK;
}

/* A stretch that lies behind those before it, and inside of the rows. */
static gaze_err read_stretch(source *s, const gaze_session *session, gaze_prompt *prompt) {
  uint64_t facts[4];
  const gaze_prompt_picture *last = prompt->n_pictures ? &prompt->pictures[prompt->n_pictures - 1] : NULL;
  GAZE_TRY(take(s, facts, sizeof facts));
  bool inside = facts[0] < prompt->n && facts[1] && facts[1] <= prompt->n - facts[0] && facts[2] < session->n_pictures;
  size_t tokens = inside ? session->pictures[facts[2]].plan.tokens : 0;
  if (!inside || (last && facts[0] < last->first + last->n) || facts[3] > tokens || facts[1] > tokens - facts[3])
    return fail_damaged(s, "a picture has no place");
  prompt->pictures[prompt->n_pictures++] = (gaze_prompt_picture){facts[0], facts[1], facts[2], facts[3]};
  return GAZE_OK;
}

/* Ids are the vocabulary's where there is no picture. */
static gaze_err check_keys(const source *s, const gaze_prompt *prompt, size_t vocabulary) {
  const gaze_prompt_picture *all = prompt->pictures;
  for (size_t i = 0, next = 0; i < prompt->n; i++) {
    while (next < prompt->n_pictures && i >= all[next].first + all[next].n)
      next++;
    bool in_picture = next < prompt->n_pictures && i >= all[next].first;
    if (in_picture ? prompt->keys[i] >= 0 : prompt->keys[i] < 0 || (uint64_t)prompt->keys[i] >= vocabulary)
      return fail_damaged(s, "a token is none of the model's");
  }
  return GAZE_OK;
}

static gaze_err read_prompt(source *s, const gaze_session_head *head, size_t vocabulary, gaze_session *session) {
  gaze_prompt *prompt = &session->prompt;
  if (head->stretches > head->rows || head->read > head->rows)
    return fail_damaged(s, "its numbers contradict each other");
  GAZE_TRY(gaze_grow(&prompt->keys, &prompt->capacity, head->rows, sizeof *prompt->keys));
  GAZE_TRY(take(s, prompt->keys, head->rows * sizeof *prompt->keys));
  prompt->n = head->rows;
  session->read = head->read;
  GAZE_TRY(gaze_grow(&prompt->pictures, &prompt->pictures_capacity, head->stretches, sizeof *prompt->pictures));
  for (size_t i = 0; i < head->stretches; i++)
    GAZE_TRY(read_stretch(s, session, prompt));
  return session->n ? check_keys(s, prompt, vocabulary) : GAZE_OK; /* without messages they are compared, not read */
}

/* Bytes of keys and values of all heads. */
static size_t stored_bytes(const gaze_kv_cache *cache, size_t rows) {
  gaze_kv_stretch stretches[4];
  size_t n = gaze_kv_cache_stretches(cache, 0, 0, rows, stretches), bytes = 0;
  for (size_t i = 0; i < n; i++)
    bytes += stretches[i].bytes;
  return bytes * cache->layers * cache->heads;
}

static gaze_err read_all(gaze_assistant *assistant, const gaze_kv_cache *cache, source *s, gaze_session *session) {
  gaze_session_head head;
  GAZE_TRY(read_head(s, &head));
  GAZE_TRY(check_model(s, &head, assistant, cache));
  GAZE_TRY(read_messages(s, &head, session));
  GAZE_TRY(read_pictures(s, &head, assistant->eye, session));
  GAZE_TRY(read_prompt(s, &head, assistant->decoder.config.vocabulary, session));
  if (s->left != stored_bytes(cache, session->read))
    return fail_damaged(s, "its size does not fit");
  session->stored = s->at;
  return GAZE_OK;
}

gaze_err gaze_session_read(gaze_assistant *assistant, const gaze_reading *reading, const uint8_t *bytes, size_t size,
                           const char *name, gaze_session *out) {
  source s = {.name = name, .at = bytes, .left = size};
  *out = (gaze_session){0};
  gaze_err err = read_all(assistant, reading->cache, &s, out);
  if (err != GAZE_OK)
    gaze_session_close(out);
  return err;
}

gaze_err gaze_session_open(gaze_assistant *assistant, const gaze_reading *reading, const char *path,
                           gaze_session *out) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_session_read(assistant, reading, map.data, map.size, path, out);
  if (err == GAZE_OK)
    out->map = map;
  else
    gaze_map_close(&map);
  return err;
}

void gaze_session_close(gaze_session *session) {
  for (size_t i = 0; session->said && i < session->n; i++)
    free(session->said[i].text);
  free(session->said);
  for (size_t i = 0; i < session->n_pictures; i++)
    gaze_chat_picture_fini(&session->pictures[i]);
  free(session->pictures);
  gaze_prompt_fini(&session->prompt);
  gaze_map_close(&session->map);
  *session = (gaze_session){0};
}

void gaze_session_restore(const gaze_session *session, gaze_reading *reading) {
  gaze_kv_cache *cache = reading->cache;
  const uint8_t *from = session->stored;
  gaze_kv_stretch stretches[4];
  for (size_t layer = 0; layer < cache->layers; layer++)
    for (size_t head = 0; head < cache->heads; head++) {
      size_t n = gaze_kv_cache_stretches(cache, layer, head, session->read, stretches);
      for (size_t i = 0; i < n; from += stretches[i++].bytes)
        if (stretches[i].bytes)
          memcpy(stretches[i].at, from, stretches[i].bytes);
    }
  if (session->read)
    memcpy(reading->keys, session->prompt.keys, session->read * sizeof *reading->keys);
  cache->used = session->read;
  reading->far = session->read > reading->near;
}
