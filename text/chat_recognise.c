#include "text/chat_jinja.h"
#include "text/chat_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys and values of messages, which say nothing of the format. */
static const char *const usual_literals[] = {"role", "content",   "type",    "text",  "image", "system",
                                             "user", "assistant", "equalto", "video", "model", ""};
/* What a loop over messages is written with. */
static const char *const usual_names[] = {"if",
                                          "elif",
                                          "else",
                                          "endif",
                                          "for",
                                          "in",
                                          "endfor",
                                          "set",
                                          "and",
                                          "or",
                                          "not",
                                          "is",
                                          "defined",
                                          "none",
                                          "None",
                                          "true",
                                          "True",
                                          "false",
                                          "False",
                                          "string",
                                          "iterable",
                                          "mapping",
                                          "messages",
                                          "message",
                                          "role",
                                          "content",
                                          "type",
                                          "text",
                                          "loop",
                                          "first",
                                          "last",
                                          "index0",
                                          "index",
                                          "namespace",
                                          "upper",
                                          "trim",
                                          "strip",
                                          "capitalize",
                                          "list",
                                          "selectattr",
                                          "bos_token",
                                          "eos_token",
                                          "generation",
                                          "endgeneration",
                                          "add_generation_prompt",
                                          "tools",
                                          "raise_exception"};

static bool is_among(const char *word, const char *const *list, size_t n) {
  for (size_t i = 0; i < n && list[i]; i++)
    if (!strcmp(word, list[i]))
      return true;
  return false;
}
#define IS_AMONG(word, list) is_among(word, list, sizeof(list) / sizeof *(list))

static bool has_name(const gaze_chat_words *words, const char *name) {
  return gaze_chat_words_have(words, GAZE_CHAT_WORD_NAME, name);
}

/* A sign of a format: $name, =whole literal, ~part of the text, or part of a literal. */
static bool has_sign(const gaze_chat_words *words, const char *sign) {
  if (*sign == '$')
    return has_name(words, sign + 1);
  if (*sign == '~')
    return memmem(words->source, words->source_size, sign + 1, strlen(sign + 1));
  if (*sign == '=' && sign[1])
    return gaze_chat_words_have(words, GAZE_CHAT_WORD_LITERAL, sign + 1);
  return gaze_chat_words_spell(words, sign);
}

static bool signs_agree(const gaze_chat_words *words, const gaze_chat_format *format) {
  for (size_t i = 0; i < sizeof format->needs / sizeof *format->needs && format->needs[i]; i++)
    if (!has_sign(words, format->needs[i]))
      return false;
  for (size_t i = 0; i < sizeof format->lacks / sizeof *format->lacks && format->lacks[i]; i++)
    if (has_sign(words, format->lacks[i]))
      return false;
  return format->needs[0];
}

enum { SPELLED_MAX = 2048 };

/* All that a format writes, a \3 where texts of messages stand. */
static void spell(const gaze_chat_format *format, char spelled[SPELLED_MAX]) {
  const gaze_chat_frame *system = &format->turns[0], *user = &format->turns[1], *assistant = &format->turns[2];
  const char *const pieces[] = {format->opening,
                                system->before,
                                "\3",
                                system->after,
                                user->before,
                                "\3",
                                user->after,
                                assistant->before,
                                "\3",
                                assistant->after,
                                user->before,
                                "\3",
                                user->before,
                                system->before,
                                "\3",
                                user->after,
                                format->answer,
                                format->unthought,
                                "\3",
                                format->closing,
                                "\3",
                                format->picture.before,
                                "\3",
                                format->picture.after,
                                "\3",
                                format->text.before,
                                "\3",
                                format->text.after};
  size_t size = 0;
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
    for (const char *c = pieces[i]; c && *c && size + 5 < SPELLED_MAX; c++) {
      const char *sign = *c == *GAZE_CHAT_START_SIGN ? "<s>" : *c == *GAZE_CHAT_END_SIGN ? "</s>" : NULL;
      for (const char *d = sign; d && *d; d++)
        spelled[size++] = *d;
      if (!sign)
        spelled[size++] = *c;
    }
  spelled[size] = 0;
}

/* Where the text of a system turn lies in a literal that spells the whole turn; NULL: it does not. */
static const char *find_system(const gaze_chat_format *format, const char *literal, size_t *size) {
  const gaze_chat_frame *turn = &format->turns[0];
  if (!turn->before || !turn->after || *turn->after == '\n')
    return NULL;
  size_t before = strlen(turn->before), after = strcspn(turn->after, "\n");
  const char *start = strncmp(literal, turn->before, before) ? NULL : literal + before;
  const char *end = start ? memmem(start, strlen(start), turn->after, after) : NULL;
  *size = end ? (size_t)(end - start) : 0;
  return end ? start : NULL;
}

static bool is_spelled(const gaze_chat_format *format, const char *spelled, const char *literal) {
  if (strstr(spelled, literal) || IS_AMONG(literal, usual_literals))
    return true;
  for (size_t i = 0; i < sizeof format->spells / sizeof *format->spells && format->spells[i]; i++)
    if (strstr(format->spells[i], literal))
      return true;
  return false;
}

/* Whether the format knows each word; *system [*size] is where the text of a default system turn was found. */
static bool words_agree(const gaze_chat_words *words, const gaze_chat_format *format, const char **system,
                        size_t *size) {
  const unsigned without_turn = GAZE_CHAT_SYSTEM_IN_FIRST | GAZE_CHAT_SYSTEM_IN_LAST | GAZE_CHAT_SYSTEM_NONE;
  char spelled[SPELLED_MAX];
  spell(format, spelled);
  for (size_t i = 0; i < words->n; i++) {
    const char *word = gaze_chat_words_text(words, i), *found;
    gaze_chat_word_kind kind = words->at[i].kind;
    if (kind == GAZE_CHAT_WORD_NAME && !IS_AMONG(word, usual_names) && !IS_AMONG(word, format->names) &&
        !gaze_chat_words_have(words, GAZE_CHAT_WORD_LOCAL, word))
      return false;
    if (kind == GAZE_CHAT_WORD_SYSTEM) {
      *system = word;
      *size = strlen(word);
    } else if (kind == GAZE_CHAT_WORD_LITERAL && !is_spelled(format, spelled, word)) {
      size_t found_size;
      if (!(found = find_system(format, word, &found_size)) || !is_spelled(format, spelled, found + found_size))
        return false;
      *system = found;
      *size = found_size;
    }
  }
  return !*system || !(format->flags & without_turn);
}

static bool frames_hold(const gaze_chat_format *format, const char *sign) {
  for (int role = 0; role < 3; role++)
    if ((format->turns[role].before && strstr(format->turns[role].before, sign)) ||
        (format->turns[role].after && strstr(format->turns[role].after, sign)))
      return true;
  return false;
}

static size_t count_names(const gaze_chat_words *words, const char *name) {
  size_t n = 0;
  for (size_t i = 0; i < words->n; i++)
    n += words->at[i].kind == GAZE_CHAT_WORD_NAME && !strcmp(gaze_chat_words_text(words, i), name);
  return n;
}

/* Whether the question for an answer is spelled, perhaps but for space at its end. */
static bool asks(const gaze_chat_words *words, const char *answer) {
  char bare[128];
  size_t size = strlen(answer);
  while (size && (answer[size - 1] == '\n' || answer[size - 1] == ' '))
    size--;
  snprintf(bare, sizeof bare, "%.*s", (int)size, answer);
  return gaze_chat_words_spell(words, bare);
}

/* Whether space, ends and stripping are those of the format. */
static bool manners_agree(const gaze_chat_words *words, const gaze_chat_format *format) {
  bool names_end = has_name(words, "eos_token"), ends = frames_hold(format, GAZE_CHAT_END_SIGN);
  size_t trims = count_names(words, "trim") + count_names(words, "strip");
  if (words->loose_space != ((format->flags & GAZE_CHAT_LOOSE_SPACE) != 0))
    return false;
  if ((names_end && !ends && !format->closing) || (ends && !names_end && !gaze_chat_words_spell(words, "</s>")))
    return false;
  if (format->answer && !has_name(words, "add_generation_prompt") && !asks(words, format->answer))
    return false;
  return trims <= (size_t)__builtin_popcount(format->trims) || (format->flags & GAZE_CHAT_THINKS);
}

static gaze_err fill(const gaze_chat_words *words, const gaze_chat_format *format, const char *system, size_t size,
                     gaze_chat_template *out) {
  bool opens = format->opening && *format->opening == *GAZE_CHAT_START_SIGN;
  out->format = format;
  out->starts = has_name(words, "bos_token") && (opens || !frames_hold(format, GAZE_CHAT_START_SIGN));
  out->trims = has_name(words, "trim") || has_name(words, "strip") ? format->trims : 0;
  if (!system && (format->flags & GAZE_CHAT_SYSTEM_ALWAYS))
    system = format->system;
  return system ? gaze_format(&out->system, "%.*s", (int)size, system) : GAZE_OK;
}

/* The text that a variable system is set to, NULL: none. */
static const char *find_set_system(const gaze_chat_words *words) {
  for (size_t i = 0; i < words->n; i++)
    if (words->at[i].kind == GAZE_CHAT_WORD_SYSTEM)
      return gaze_chat_words_text(words, i);
  return NULL;
}

static gaze_err choose(const gaze_chat_words *words, const char *name, gaze_chat_template *out) {
  GAZE_TRY(gaze_chat_jinja_read(words->source, words->source_size, find_set_system(words), out));
  if (out->format)
    return GAZE_OK;
  for (const gaze_chat_format *format = gaze_chat_formats; format->name; format++) {
    const char *system = NULL;
    size_t size = 0;
    if (signs_agree(words, format) && manners_agree(words, format) && words_agree(words, format, &system, &size))
      return fill(words, format, system, size, out);
  }
  char *names;
  GAZE_TRY(gaze_chat_template_names(&names));
  gaze_err err =
      gaze_fail(GAZE_ERR_UNSUPPORTED, "chat template: %s: it is none of those built in: name one with --template: %s",
                name, names);
  free(names);
  return err;
}

gaze_err gaze_chat_template_read(const char *jinja, size_t size, const char *name, gaze_chat_template *out) {
  gaze_chat_words words;
  *out = (gaze_chat_template){0};
  gaze_err err = gaze_chat_words_read(&words, jinja, size, name);
  if (err == GAZE_OK)
    err = choose(&words, name, out);
  out->alternates = err == GAZE_OK && memmem(jinja, size, "alternate", 9);
  gaze_chat_words_fini(&words);
  return err;
}
