/* What a Jinja text of a chat template can write, and the names that decide when: enough to tell one known template
 * from another in any wording, without running it. Branches for tools and documents, which gaze never has, are left
 * out. Space is handled as transformers sets Jinja up: trim_blocks and lstrip_blocks. */
#ifndef GAZE_TEXT_CHAT_WORDS_H
#define GAZE_TEXT_CHAT_WORDS_H

#include "core/base/memory.h"

typedef enum gaze_chat_word_kind {
  GAZE_CHAT_WORD_LITERAL, /* text between tags, or a quoted string, with those that are added to it by + */
  GAZE_CHAT_WORD_SYSTEM,  /* a quoted string that is all a variable system... is set to */
  GAZE_CHAT_WORD_NAME,
  GAZE_CHAT_WORD_LOCAL /* a name that `set` or `for` makes */
} gaze_chat_word_kind;

typedef struct gaze_chat_word {
  gaze_chat_word_kind kind;
  size_t at, size; /* in bytes */
} gaze_chat_word;

typedef struct gaze_chat_words {
  gaze_chat_word *at; /* [n] */
  size_t n, capacity;
  char *bytes; /* each word ended by 0 */
  size_t size, bytes_capacity;
  bool loose_space;   /* space that stands between tags is written */
  const char *source; /* [source_size], borrowed: the whole text */
  size_t source_size;
} gaze_chat_words;

/* name: of the source, for messages. fini in any case. */
GAZE_CHECKED gaze_err gaze_chat_words_read(gaze_chat_words *words, const char *text, size_t size, const char *name);
void gaze_chat_words_fini(gaze_chat_words *words);
static inline const char *gaze_chat_words_text(const gaze_chat_words *words, size_t i) {
  return words->bytes + words->at[i].at;
}
/* Whether there is such a word of the kind. */
bool gaze_chat_words_have(const gaze_chat_words *words, gaze_chat_word_kind kind, const char *text);
/* Whether it stands inside of a literal. */
bool gaze_chat_words_spell(const gaze_chat_words *words, const char *text);

#endif
