#include "text/chat_jinja.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "{%- set picture = '"
#define LINE_END "' -%}\n"

/* The inside of a quoted string. */
static void write_quoted(FILE *to, const char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (text[i] == '\n') {
      fputs("\\n", to);
    } else {
      if (text[i] == '\'' || text[i] == '\\')
        fputc('\\', to);
      fputc(text[i], to);
    }
}

/* A string of a format, with its signs, as something to be written. */
static void put(FILE *to, const char *text) {
  const char *sign = text && *text ? "{{- " : NULL;
  if (!sign)
    return;
  while (*text) {
    size_t size = strcspn(text, GAZE_CHAT_START_SIGN GAZE_CHAT_END_SIGN);
    fputs(sign, to);
    sign = " + ";
    if (size) {
      fputc('\'', to);
      write_quoted(to, text, size);
      fputc('\'', to);
      text += size;
    } else {
      fputs(*text++ == *GAZE_CHAT_START_SIGN ? "(bos_token or '')" : "(eos_token or '')", to);
    }
  }
  fputs(" -}}\n", to);
}

static void put_set(FILE *to, const char *name, const char *text) {
  fprintf(to, "{%%- set %s = '", name);
  write_quoted(to, text, strlen(text));
  fputs(LINE_END, to);
}

static void put_framed(FILE *to, const gaze_chat_frame *frame, const char *expression) {
  put(to, frame->before);
  fprintf(to, "{{- %s -}}\n", expression);
  put(to, frame->after);
}

static void write_content(FILE *to, const gaze_chat_format *format) {
  bool in_place = format->flags & GAZE_CHAT_PICTURES_IN_PLACE;
  fputs("{%- macro said(message) -%}\n{%- if message['content'] is string -%}\n", to);
  put_framed(to, &format->text, "message['content']");
  fputs("{%- else -%}\n{%- for content in message['content'] -%}\n{%- if content['type'] == 'image' -%}\n", to);
  put_framed(to, &format->picture, "picture");
  fputs(in_place ? "{%- elif content['type'] == 'text' -%}\n"
                 : "{%- endif -%}\n{%- endfor -%}\n{%- for content in message['content'] -%}\n"
                   "{%- if content['type'] == 'text' -%}\n",
        to);
  put_framed(to, &format->text, "content['text']");
  fputs("{%- endif -%}\n{%- endfor -%}\n{%- endif -%}\n{%- endmacro -%}\n", to);
}

/* A system text inside of a question. */
static void write_system_inside(FILE *to, const gaze_chat_format *format) {
  bool last = format->flags & GAZE_CHAT_SYSTEM_IN_LAST;
  fprintf(to, "{%%- if %s and messages[0]['role'] == 'system' -%%}\n", last ? "loop.last" : "loop.index0 == 1");
  put_framed(to, &format->turns[GAZE_CHAT_SYSTEM], "said(messages[0])");
  fputs("{%- endif -%}\n", to);
}

static void write_turn(FILE *to, const gaze_chat_template *chat, gaze_chat_role role) {
  const gaze_chat_format *format = chat->format;
  bool trims = chat->trims >> role & 1;
  put(to, format->turns[role].before);
  if (format->flags & GAZE_CHAT_SPACE_FIRST)
    fputs("{%- if message['content'] is string or message['content'][0]['type'] != 'image' -%}\n{{- ' ' -}}\n"
          "{%- endif -%}\n",
          to);
  fputs(trims ? "{%- set turn -%}\n" : "", to);
  if (role == GAZE_CHAT_USER && (format->flags & (GAZE_CHAT_SYSTEM_IN_FIRST | GAZE_CHAT_SYSTEM_IN_LAST)))
    write_system_inside(to, format);
  fputs("{{- said(message) -}}\n", to);
  fputs(trims ? "{%- endset -%}\n{{- turn | trim -}}\n" : "", to);
  put(to, format->turns[role].after);
}

static void write_system(FILE *to, const gaze_chat_template *chat) {
  unsigned flags = chat->format->flags;
  if (flags & GAZE_CHAT_SYSTEM_NONE)
    fputs("{{- raise_exception('no place for a system text') -}}\n", to);
  if (flags & (GAZE_CHAT_SYSTEM_NONE | GAZE_CHAT_SYSTEM_IN_FIRST | GAZE_CHAT_SYSTEM_IN_LAST))
    return;
  bool asks = flags & GAZE_CHAT_SYSTEM_NOT_EMPTY;
  fputs(asks ? "{%- if said(message) -%}\n" : "", to);
  write_turn(to, chat, GAZE_CHAT_SYSTEM);
  fputs(asks ? "{%- endif -%}\n" : "", to);
}

static void write_opening(FILE *to, const gaze_chat_template *chat) {
  const char *opening = chat->format->opening;
  put(to, chat->starts ? GAZE_CHAT_START_SIGN : NULL);
  put(to, opening ? opening + (*opening == *GAZE_CHAT_START_SIGN) : NULL);
  if (!chat->system)
    return;
  fputs("{%- if messages[0]['role'] != 'system' -%}\n", to);
  put_framed(to, &chat->format->turns[GAZE_CHAT_SYSTEM], "system");
  fputs("{%- endif -%}\n", to);
}

static void write_all(FILE *to, const gaze_chat_template *chat, const char *picture) {
  put_set(to, "picture", picture);
  fprintf(to, "{#- %s -#}\n", chat->format->name);
  if (chat->system)
    put_set(to, "system", chat->system);
  write_content(to, chat->format);
  write_opening(to, chat);
  fputs("{%- for message in messages -%}\n{%- if message['role'] == 'system' -%}\n", to);
  write_system(to, chat);
  fputs("{%- elif message['role'] == 'user' -%}\n", to);
  write_turn(to, chat, GAZE_CHAT_USER);
  fputs("{%- else -%}\n", to);
  write_turn(to, chat, GAZE_CHAT_ASSISTANT);
  fputs("{%- endif -%}\n{%- endfor -%}\n{%- if add_generation_prompt -%}\n", to);
  put(to, chat->format->answer);
  fputs("{%- else -%}\n", to);
  put(to, chat->format->closing);
  fputs("{%- endif -%}\n", to);
}

gaze_err gaze_chat_jinja_write(const gaze_chat_template *chat, const char *picture, char **jinja) {
  size_t size;
  *jinja = NULL;
  if (chat->format->flags & GAZE_CHAT_THINKS)
    return GAZE_OK;
  FILE *to = open_memstream(jinja, &size);
  if (to)
    write_all(to, chat, picture);
  bool whole = to && !ferror(to);
  if (to && fclose(to) == 0 && whole)
    return GAZE_OK;
  free(*jinja);
  *jinja = NULL;
  return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing a chat template: free memory");
}

static gaze_err compare(const gaze_chat_template *chat, const char *picture, const char *jinja, size_t size,
                        bool *same) {
  char *written;
  GAZE_TRY(gaze_chat_jinja_write(chat, picture, &written));
  *same = written && strlen(written) == size && memcmp(written, jinja, size) == 0;
  free(written);
  return GAZE_OK;
}

/* Whether the line behind the first one names the format. */
static bool is_named(const char *line, size_t size, const char *name) {
  size_t n = strlen(name);
  return size > n + 4 && memcmp(line, "{#- ", 4) == 0 && memcmp(line + 4, name, n) == 0 && line[4 + n] == ' ';
}

/* A text, the picture that it sets, and what stands behind that line. */
typedef struct written_text {
  const char *jinja, *behind;
  size_t size;
  char *picture;
} written_text;

/* Known by writing it again, with and without what templates of one format differ in. */
static gaze_err find(const written_text *text, char *system, gaze_chat_template *out) {
  bool same = false;
  for (const gaze_chat_format *format = gaze_chat_formats; format->name; format++)
    for (unsigned variant = 0; variant < 4; variant++) {
      const gaze_chat_template chat = {
          .format = format, .system = system, .starts = variant & 1, .trims = variant & 2 ? format->trims : 0};
      if (is_named(text->behind, (size_t)(text->jinja + text->size - text->behind), format->name))
        GAZE_TRY(compare(&chat, text->picture, text->jinja, text->size, &same));
      if (!same)
        continue;
      *out = chat;
      out->system = NULL;
      return system ? gaze_strdup(system, &out->system) : GAZE_OK;
    }
  return GAZE_OK;
}

gaze_err gaze_chat_jinja_read(const char *jinja, size_t size, const char *system, gaze_chat_template *out) {
  const size_t from = sizeof FIRST_LINE - 1, ending = sizeof LINE_END - 1;
  char *said = NULL, nothing[] = "";
  *out = (gaze_chat_template){0};
  const char *end =
      size > from && !memcmp(jinja, FIRST_LINE, from) ? memmem(jinja + from, size - from, LINE_END, ending) : NULL;
  if (!end)
    return GAZE_OK;
  written_text text = {.jinja = jinja, .size = size, .behind = end + ending};
  GAZE_TRY(gaze_format(&text.picture, "%.*s", (int)(end - jinja - (ptrdiff_t)from), jinja + from));
  gaze_err err = system ? gaze_strdup(system, &said) : GAZE_OK;
  if (err == GAZE_OK)
    err = find(&text, said, out);
  if (err == GAZE_OK && !out->format && !said)
    err = find(&text, nothing, out);
  free(text.picture);
  free(said);
  return err;
}
