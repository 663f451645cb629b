/* Ids back to text, one by one as a decoder gives them. All together equals decode(ids) of transformers without its
 * cleaning up. What is handed out ends with a whole character; bytes that are none by the end are U+FFFD. In a row of
 * LLaMA's single bytes every byte is U+FFFD where one is broken, so such a row is held back to its end. */
#ifndef GAZE_TEXT_TOKEN_STREAM_H
#define GAZE_TEXT_TOKEN_STREAM_H

#include "text/tokenizer.h"

typedef struct gaze_token_stream {
  const gaze_tokenizer *tokenizer; /* borrowed */
  bool bare;                       /* special tokens are left out */
  bool begun;                      /* an id was taken */
  uint32_t stripped;               /* so many spaces may still be left out in front */
  char *held;                      /* bytes that are no characters yet [n_held] */
  size_t n_held, held_capacity;
  char *text; /* handed out [n], ended by 0 */
  size_t n, capacity;
} gaze_token_stream;

/* bare: without special tokens. Refuses a tokenizer whose decoder is not implemented. */
GAZE_CHECKED gaze_err gaze_token_stream_init(gaze_token_stream *out, const gaze_tokenizer *tokenizer, bool bare);
void gaze_token_stream_fini(gaze_token_stream *text);
/* Takes an id; one that the vocabulary does not have says nothing. *said: the characters that are whole now, ended by
 * 0, often none; borrowed until the next call. */
GAZE_CHECKED gaze_err gaze_token_stream_add(gaze_token_stream *text, int32_t id, const char **said);
/* The rest, of which nothing more will come; the next id begins a new text. */
GAZE_CHECKED gaze_err gaze_token_stream_finish(gaze_token_stream *text, const char **said);
/* All of it: ids [n] to *out, ended by 0; yours: free(). */
GAZE_CHECKED gaze_err gaze_tokenizer_decode(const gaze_tokenizer *tokenizer, const int32_t *ids, size_t n, bool bare,
                                            char **out);

#endif
