#include "text/chat_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

typedef struct reading {
  gaze_chat_words *words;
  const char *text, *name;
  size_t size, at;
  char ended;                /* the sign of the tag before: '%', '}', '#'; 0 at the start */
  bool strips;               /* it ended with - */
  bool line_starts;          /* nothing stands on the line before `at` */
  size_t depth;              /* of `if` and `for` */
  bool skips[DEPTH_MAX + 1]; /* whether what stands at that depth is for tools */
} reading;

void gaze_chat_words_fini(gaze_chat_words *words) {
  free(words->at);
  free(words->bytes);
  *words = (gaze_chat_words){0};
}

bool gaze_chat_words_have(const gaze_chat_words *words, gaze_chat_word_kind kind, const char *text) {
  for (size_t i = 0; i < words->n; i++)
    if (words->at[i].kind == kind && !strcmp(gaze_chat_words_text(words, i), text))
      return true;
  return false;
}

bool gaze_chat_words_spell(const gaze_chat_words *words, const char *text) {
  for (size_t i = 0; i < words->n; i++)
    if (words->at[i].kind <= GAZE_CHAT_WORD_SYSTEM && strstr(gaze_chat_words_text(words, i), text))
      return true;
  return false;
}

static gaze_err fail(const reading *r, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "chat template: %s: %s at byte %zu: name a built-in one with --template", r->name,
                   what, r->at);
}

static gaze_err push(gaze_chat_words *words, gaze_chat_word_kind kind, const char *text, size_t size) {
  if (memchr(text, 0, size))
    size = strlen(text);
  GAZE_TRY(gaze_grow(&words->at, &words->capacity, words->n + 1, sizeof *words->at));
  GAZE_TRY(gaze_grow(&words->bytes, &words->bytes_capacity, words->size + size + 1, 1));
  words->at[words->n++] = (gaze_chat_word){kind, words->size, size};
  memcpy(words->bytes + words->size, text, size);
  words->size += size;
  words->bytes[words->size++] = 0;
  return GAZE_OK;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Text between two tags, as far as it is written. next: the sign of the tag behind, 0 at the end. */
static gaze_err read_between(reading *r, size_t end, char next, bool next_strips) {
  size_t from = r->at;
  if (r->strips)
    while (from < end && is_space(r->text[from]))
      from++;
  else if ((r->ended == '%' || r->ended == '#') && from < end && r->text[from] == '\n')
    from++, r->line_starts = true;
  size_t to = end;
  if (next_strips || next == '%' || next == '#')
    while (to > from && (next_strips ? is_space(r->text[to - 1]) : r->text[to - 1] == ' ' || r->text[to - 1] == '\t'))
      to--;
  if (!next_strips && (to > from ? r->text[to - 1] != '\n' : !r->line_starts))
    to = end; /* what stands before the tag on its line keeps the space behind it */
  to -= !next && to > from && r->text[to - 1] == '\n';
  r->line_starts = false;
  size_t space = from;
  while (space < to && is_space(r->text[space]))
    space++;
  if (r->skips[r->depth] || from == to)
    return GAZE_OK;
  if (space == to)
    return r->words->loose_space = true, GAZE_OK;
  return push(r->words, GAZE_CHAT_WORD_LITERAL, r->text + from, to - from);
}

/* A quoted string from r->at on, its escapes undone. kind NAME: it is not kept. */
static gaze_err read_string(reading *r, gaze_chat_word_kind kind) {
  char quote = r->text[r->at++];
  size_t start = r->at, size = 0;
  while (r->at < r->size && r->text[r->at] != quote)
    r->at += r->text[r->at] == '\\' ? 2 : 1;
  if (r->at >= r->size)
    return fail(r, "a string without an end");
  char *decoded;
  GAZE_TRY(gaze_alloc(r->at - start + 1, 1, &decoded));
  for (size_t i = start; i < r->at; i++) {
    bool escaped = r->text[i] == '\\';
    i += escaped;
    char c = r->text[i];
    if (escaped && !strchr("nt\\'\"", c))
      decoded[size++] = '\\'; /* as Jinja has it */
    decoded[size++] = escaped && c == 'n' ? '\n' : escaped && c == 't' ? '\t' : c;
  }
  r->at++;
  gaze_err err = kind == GAZE_CHAT_WORD_NAME ? GAZE_OK : push(r->words, kind, decoded, size);
  free(decoded);
  return err;
}

/* Behind the name of a function whose text is an error's: to the end of its call. */
static gaze_err skip_call(reading *r) {
  size_t open = 0;
  while (r->at < r->size) {
    char c = r->text[r->at];
    if (c == '\'' || c == '"') {
      GAZE_TRY(read_string(r, GAZE_CHAT_WORD_NAME));
      continue;
    }
    r->at++;
    open += c == '(';
    if (c == ')' && --open == 0)
      return GAZE_OK;
    if (!open && !is_space(c))
      return GAZE_OK;
  }
  return fail(r, "a call without an end");
}

static size_t name_size(const reading *r, size_t at) {
  size_t end = at;
  while (end < r->size && (isalnum((unsigned char)r->text[end]) || r->text[end] == '_'))
    end++;
  return end - at;
}

static bool is_word(const char *text, size_t size, const char *word) {
  return size == strlen(word) && !memcmp(text, word, size);
}

/* Whether the tag ends at r->at: [-]%} or [-]}} */
static bool ends_tag(const reading *r, char sign) {
  const char *at = r->text + r->at;
  size_t left = r->size - r->at, dash = left && *at == '-';
  return left >= dash + 2 && at[dash] == sign && at[dash + 1] == '}';
}

/* Puts the last literal to the one before. */
static void join_literals(gaze_chat_words *words) {
  gaze_chat_word *first = &words->at[words->n - 2], *second = first + 1;
  memmove(words->bytes + second->at - 1, words->bytes + second->at, second->size + 1);
  first->size += second->size;
  words->size--;
  words->n--;
}

/* A string; where `joins`, to be put to the literal before. */
static gaze_err take_string(reading *r, bool skips, bool joins) {
  GAZE_TRY(read_string(r, skips ? GAZE_CHAT_WORD_NAME : GAZE_CHAT_WORD_LITERAL));
  if (joins && !skips)
    join_literals(r->words);
  return GAZE_OK;
}

static gaze_err take_name(reading *r, size_t length, bool skips) {
  const char *name = r->text + r->at;
  r->at += length;
  if (is_word(name, length, "raise_exception"))
    return skip_call(r);
  return skips || isdigit((unsigned char)*name) ? GAZE_OK : push(r->words, GAZE_CHAT_WORD_NAME, name, length);
}

/* The words of a tag up to its end. skips: none is kept. */
static gaze_err read_expression(reading *r, char sign, bool skips) {
  char before = 0; /* '"' behind a string, '+' behind a string and a sign of addition */
  while (r->at < r->size && !ends_tag(r, sign)) {
    char c = r->text[r->at];
    size_t length = name_size(r, r->at);
    if (c == '\'' || c == '"') {
      GAZE_TRY(take_string(r, skips, before == '+'));
      before = '"';
    } else if (length) {
      GAZE_TRY(take_name(r, length, skips));
      before = 0;
    } else {
      before = is_space(c) ? before : before == '"' && c == '+' ? '+' : 0;
      r->at++;
    }
  }
  return r->at < r->size ? GAZE_OK : fail(r, "a tag without an end");
}

static bool holds(const char *text, size_t size, const char *word) { return memmem(text, size, word, strlen(word)); }

/* Whether a condition asks for what gaze never has. */
static bool is_false(const char *text, size_t size) {
  static const char *const absent[] = {"tools is not none", "not tools is none", "builtin_tools is defined"};
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
    if (holds(text, size, absent[i]))
      return true;
  if (holds(text, size, "documents") || holds(text, size, "add_vision_id") || holds(text, size, "video"))
    return !holds(text, size, "not ");
  return holds(text, size, "tool") && !holds(text, size, "not message.tool") && !holds(text, size, "not tool") &&
         !holds(text, size, "not (message") && !holds(text, size, "not message['tool");
}

/* Opens a branch or a loop, or goes on with another branch of the one that is open. */
static gaze_err enter(reading *r, bool deeper, bool left_out) {
  if (deeper && r->depth == DEPTH_MAX)
    return fail(r, "a block inside of 64");
  if (!deeper && !r->depth)
    return fail(r, "a branch without its beginning");
  r->depth += deeper;
  r->skips[r->depth] = r->skips[r->depth - 1] || left_out;
  return GAZE_OK;
}

/* Bytes from r->at to the end of the tag, roughly: of an expression without braces in strings. */
static size_t tag_size(const reading *r) {
  const char *end = memmem(r->text + r->at, r->size - r->at, "%}", 2);
  return end ? (size_t)(end - r->text) - r->at : r->size - r->at;
}

static gaze_err read_condition(reading *r, bool deeper) {
  const char *text = r->text + r->at;
  size_t size = tag_size(r);
  GAZE_TRY(enter(r, deeper, is_false(text, size)));
  return read_expression(r, '%', holds(text, size, "tool") || r->skips[r->depth]);
}

/* for A, B in, set A = : A and B are names from here on. */
static gaze_err read_locals(reading *r) {
  while (r->at < r->size) {
    while (r->at < r->size && (is_space(r->text[r->at]) || r->text[r->at] == ','))
      r->at++;
    size_t length = name_size(r, r->at);
    if (!length || is_word(r->text + r->at, length, "in"))
      return GAZE_OK;
    if (!r->skips[r->depth])
      GAZE_TRY(push(r->words, GAZE_CHAT_WORD_LOCAL, r->text + r->at, length));
    r->at += length;
  }
  return GAZE_OK;
}

static gaze_err read_loop(reading *r) {
  GAZE_TRY(enter(r, true, holds(r->text + r->at, tag_size(r), "tool")));
  GAZE_TRY(read_locals(r));
  return read_expression(r, '%', r->skips[r->depth]);
}

static gaze_err read_assignment(reading *r) {
  gaze_chat_words *words = r->words;
  size_t first = words->n;
  GAZE_TRY(read_locals(r));
  size_t value = words->n;
  GAZE_TRY(read_expression(r, '%', r->skips[r->depth]));
  if (value == first + 1 && words->n == value + 1 && words->at[value].kind == GAZE_CHAT_WORD_LITERAL &&
      words->at[value].size && !strncmp(gaze_chat_words_text(words, first), "system", 6))
    words->at[value].kind = GAZE_CHAT_WORD_SYSTEM;
  return GAZE_OK;
}

static gaze_err read_block(reading *r) {
  while (r->at < r->size && is_space(r->text[r->at]))
    r->at++;
  size_t length = name_size(r, r->at);
  const char *word = r->text + r->at;
  r->at += length;
  if (is_word(word, length, "if") || is_word(word, length, "elif"))
    return read_condition(r, length == 2);
  if (is_word(word, length, "for"))
    return read_loop(r);
  if (is_word(word, length, "set"))
    return read_assignment(r);
  if (is_word(word, length, "else"))
    GAZE_TRY(enter(r, false, false));
  else if ((is_word(word, length, "endif") || is_word(word, length, "endfor")) && r->depth)
    r->depth--;
  else if (!r->skips[r->depth])
    GAZE_TRY(push(r->words, GAZE_CHAT_WORD_NAME, word, length));
  return read_expression(r, '%', r->skips[r->depth]);
}

static gaze_err read_tag(reading *r, char sign) {
  r->at += 2;
  r->at += r->at < r->size && (r->text[r->at] == '-' || r->text[r->at] == '+');
  if (sign == '#') {
    const char *end = memmem(r->text + r->at, r->size - r->at, "#}", 2);
    if (!end)
      return fail(r, "a comment without an end");
    r->at = (size_t)(end - r->text) - (end > r->text + r->at && end[-1] == '-');
  } else if (sign == '%') {
    GAZE_TRY(read_block(r));
  } else {
    GAZE_TRY(read_expression(r, '}', r->skips[r->depth]));
  }
  r->strips = r->text[r->at] == '-';
  r->at += r->strips + 2u;
  r->ended = sign == '{' ? '}' : sign;
  return GAZE_OK;
}

/* Where the next tag begins, or the end. */
static size_t find_tag(const reading *r) {
  for (size_t i = r->at; i + 1 < r->size; i++)
    if (r->text[i] == '{' && (r->text[i + 1] == '{' || r->text[i + 1] == '%' || r->text[i + 1] == '#'))
      return i;
  return r->size;
}

gaze_err gaze_chat_words_read(gaze_chat_words *words, const char *text, size_t size, const char *name) {
  reading r = {.words = words, .text = text, .name = name, .size = size, .line_starts = true};
  *words = (gaze_chat_words){.source = text, .source_size = size};
  for (;;) {
    size_t tag = find_tag(&r);
    char next = tag < size ? text[tag + 1] : 0;
    GAZE_TRY(read_between(&r, tag, next, next && tag + 2 < size && text[tag + 2] == '-'));
    r.at = tag;
    if (!next)
      break;
    GAZE_TRY(read_tag(&r, next));
  }
  return r.depth ? fail(&r, "a block without its end") : GAZE_OK;
}
