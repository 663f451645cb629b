#include "text/chat_template.h"

#include "core/base/memory.h"
#include "text/points.h"

#include <stdlib.h>
#include <string.h>

typedef struct rendering {
  const gaze_chat_template *chat;
  const gaze_chat_format *format;
  const gaze_chat_message *messages; /* [n] */
  size_t n, picture;                 /* pictures so far */
  gaze_chat_segments *to;
} rendering;

void gaze_chat_segments_fini(gaze_chat_segments *segments) {
  free(segments->at);
  free(segments->bytes);
  *segments = (gaze_chat_segments){0};
}

static gaze_err push(rendering *r, gaze_chat_kind kind, const char *bytes, size_t size) {
  gaze_chat_segments *to = r->to;
  if (kind <= GAZE_CHAT_TEXT && !size)
    return GAZE_OK;
  GAZE_TRY(gaze_grow(&to->at, &to->capacity, to->n + 1, sizeof *to->at));
  if (size)
    GAZE_TRY(gaze_grow(&to->bytes, &to->bytes_capacity, to->size + size, 1));
  if (size)
    memcpy(to->bytes + to->size, bytes, size);
  to->at[to->n++] = (gaze_chat_segment){kind, to->size, size, kind == GAZE_CHAT_PICTURE ? r->picture++ : 0};
  to->size += size;
  return GAZE_OK;
}

/* A string of the format, with its signs. */
static gaze_err write_string(rendering *r, const char *text) {
  while (text && *text) {
    size_t size = strcspn(text, GAZE_CHAT_START_SIGN GAZE_CHAT_END_SIGN);
    GAZE_TRY(push(r, GAZE_CHAT_TEMPLATE, text, size));
    text += size;
    if (*text)
      GAZE_TRY(push(r, *text++ == *GAZE_CHAT_START_SIGN ? GAZE_CHAT_START : GAZE_CHAT_END, NULL, 0));
  }
  return GAZE_OK;
}

/* What the reference takes for space, at the beginning of text; its bytes, 0: none. */
static size_t space_size(const char *text, size_t size) {
  int32_t point;
  size_t taken = size ? gaze_point_decode((const uint8_t *)text, size, &point) : 0;
  return taken && gaze_point_is_python_space(point) ? taken : 0;
}

/* The same at the end. */
static size_t space_size_behind(const char *text, size_t size) {
  size_t last = 1;
  while (last < size && last < 4 && ((uint8_t)text[size - last] & 0xC0) == 0x80)
    last++;
  return size && space_size(text + size - last, last) == last ? last : 0;
}

/* Strips segments [from, n), up to the first picture or sign on either side; what becomes empty goes. */
static void strip(gaze_chat_segments *to, size_t from) {
  size_t space, kept = from;
  for (size_t i = from; i < to->n && to->at[i].kind <= GAZE_CHAT_TEXT; i++) {
    gaze_chat_segment *segment = &to->at[i];
    while ((space = space_size(to->bytes + segment->at, segment->size))) {
      segment->at += space;
      segment->size -= space;
    }
    if (segment->size)
      break;
  }
  for (size_t i = to->n; i > from && to->at[i - 1].kind <= GAZE_CHAT_TEXT; i--) {
    gaze_chat_segment *segment = &to->at[i - 1];
    while ((space = space_size_behind(to->bytes + segment->at, segment->size)))
      segment->size -= space;
    if (segment->size)
      break;
  }
  for (size_t i = from; i < to->n; i++)
    if (to->at[i].size || to->at[i].kind > GAZE_CHAT_TEXT)
      to->at[kept++] = to->at[i];
  to->n = kept;
}

static gaze_err write_part(rendering *r, const gaze_chat_part *part) {
  const gaze_chat_frame *frame = part->text ? &r->format->text : &r->format->picture;
  GAZE_TRY(write_string(r, frame->before));
  GAZE_TRY(push(r, part->text ? GAZE_CHAT_TEXT : GAZE_CHAT_PICTURE, part->text, part->text ? part->size : 0));
  return write_string(r, frame->after);
}

static gaze_err write_content(rendering *r, const gaze_chat_message *message) {
  if (r->format->flags & GAZE_CHAT_PICTURES_IN_PLACE) {
    for (size_t i = 0; i < message->n; i++)
      GAZE_TRY(write_part(r, &message->parts[i]));
    return GAZE_OK;
  }
  for (int texts = 0; texts < 2; texts++)
    for (size_t i = 0; i < message->n; i++)
      if (!message->parts[i].text == !texts)
        GAZE_TRY(write_part(r, &message->parts[i]));
  return GAZE_OK;
}

static bool is_empty(const gaze_chat_message *message) {
  for (size_t i = 0; i < message->n; i++)
    if (!message->parts[i].text || message->parts[i].size)
      return false;
  return true;
}

static bool has_system(const gaze_chat_message *messages, size_t n) {
  return n && messages[0].role == GAZE_CHAT_SYSTEM;
}

/* Which user's message takes the system text in; n: none. */
static size_t system_place(const gaze_chat_format *format, const gaze_chat_message *messages, size_t n) {
  if (!has_system(messages, n))
    return n;
  if (format->flags & GAZE_CHAT_SYSTEM_IN_FIRST)
    return 1;
  return (format->flags & GAZE_CHAT_SYSTEM_IN_LAST) && n > 1 ? n - 1 : n;
}

/* The last question; n - 1 where there is none. */
static size_t last_question(const gaze_chat_message *messages, size_t n) {
  for (size_t i = n; i > 0; i--)
    if (messages[i - 1].role == GAZE_CHAT_USER)
      return i - 1;
  return n ? n - 1 : 0;
}

static gaze_chat_part skip_line_ends(gaze_chat_part part) {
  while (part.size && *part.text == '\n')
    part.text++, part.size--;
  return part;
}

static gaze_chat_part drop_line_ends(gaze_chat_part part) {
  while (part.size && part.text[part.size - 1] == '\n')
    part.size--;
  return part;
}

/* The last place of word in part, or its end. */
static const char *find_last(gaze_chat_part part, const char *word) {
  size_t size = strlen(word);
  for (size_t i = part.size; i >= size; i--)
    if (!memcmp(part.text + i - size, word, size))
      return part.text + i - size;
  return part.text + part.size;
}

/* Parts an answer into its thoughts and the rest, as Qwen3's template does. */
static void part_thoughts(gaze_chat_part *answer, gaze_chat_part *thoughts) {
  const char *end = memmem(answer->text, answer->size, "</think>", 8), *text_end = answer->text + answer->size;
  *thoughts = (gaze_chat_part){"", 0};
  if (!end)
    return;
  *thoughts = drop_line_ends((gaze_chat_part){answer->text, (size_t)(end - answer->text)});
  const char *begin = find_last(*thoughts, "<think>"), *thoughts_end = thoughts->text + thoughts->size;
  if (begin < thoughts_end)
    *thoughts = (gaze_chat_part){begin + 7, (size_t)(thoughts_end - begin - 7)};
  *thoughts = drop_line_ends(skip_line_ends(*thoughts));
  const char *rest = find_last(*answer, "</think>") + 8;
  *answer = skip_line_ends((gaze_chat_part){rest, (size_t)(text_end - rest)});
}

/* An answer of a family that thinks: thoughts are written where no question follows. */
static gaze_err write_thinking(rendering *r, size_t i) {
  if (r->messages[i].n != 1 || !r->messages[i].parts[0].text)
    return write_content(r, &r->messages[i]);
  gaze_chat_part answer = r->messages[i].parts[0], thoughts;
  part_thoughts(&answer, &thoughts);
  if (i > last_question(r->messages, r->n) && (i + 1 == r->n || thoughts.size)) {
    GAZE_TRY(write_string(r, "<think>\n"));
    GAZE_TRY(push(r, GAZE_CHAT_TEXT, thoughts.text, thoughts.size));
    GAZE_TRY(write_string(r, "\n</think>\n\n"));
    answer = skip_line_ends(answer);
  }
  return push(r, GAZE_CHAT_TEXT, answer.text, answer.size);
}

static gaze_err write_system_inside(rendering *r) {
  GAZE_TRY(write_string(r, r->format->turns[GAZE_CHAT_SYSTEM].before));
  GAZE_TRY(write_content(r, &r->messages[0]));
  return write_string(r, r->format->turns[GAZE_CHAT_SYSTEM].after);
}

static gaze_err write_opening_of_turn(rendering *r, const gaze_chat_message *message) {
  GAZE_TRY(write_string(r, r->format->turns[message->role].before));
  bool pictured = message->n && !message->parts[0].text;
  return (r->format->flags & GAZE_CHAT_SPACE_FIRST) && !pictured ? write_string(r, " ") : GAZE_OK;
}

/* Without what comes behind its text. */
static gaze_err write_turn(rendering *r, size_t i) {
  const gaze_chat_message *message = &r->messages[i];
  GAZE_TRY(write_opening_of_turn(r, message));
  size_t from = r->to->n;
  if (i == system_place(r->format, r->messages, r->n) && message->role == GAZE_CHAT_USER)
    GAZE_TRY(write_system_inside(r));
  if ((r->format->flags & GAZE_CHAT_THINKS) && message->role == GAZE_CHAT_ASSISTANT)
    GAZE_TRY(write_thinking(r, i));
  else
    GAZE_TRY(write_content(r, message));
  if (r->chat->trims >> message->role & 1)
    strip(r->to, from);
  return GAZE_OK;
}

static bool has_turn(const rendering *r, size_t i) {
  unsigned flags = r->format->flags;
  if (r->messages[i].role != GAZE_CHAT_SYSTEM)
    return true;
  return !(flags & (GAZE_CHAT_SYSTEM_IN_FIRST | GAZE_CHAT_SYSTEM_IN_LAST)) &&
         !((flags & GAZE_CHAT_SYSTEM_NOT_EMPTY) && is_empty(&r->messages[i]));
}

static gaze_err write_opening(rendering *r) {
  const char *opening = r->format->opening;
  if (r->chat->starts)
    GAZE_TRY(push(r, GAZE_CHAT_START, NULL, 0));
  if (opening)
    GAZE_TRY(write_string(r, opening + (*opening == *GAZE_CHAT_START_SIGN)));
  if (!r->chat->system || has_system(r->messages, r->n))
    return GAZE_OK;
  GAZE_TRY(write_string(r, r->format->turns[GAZE_CHAT_SYSTEM].before));
  GAZE_TRY(write_string(r, r->chat->system));
  return write_string(r, r->format->turns[GAZE_CHAT_SYSTEM].after);
}

static gaze_err write_ending(rendering *r, gaze_chat_ending ending) {
  if (ending == GAZE_CHAT_WHOLE)
    return write_string(r, r->format->closing);
  if (ending != GAZE_CHAT_GOES_ON)
    GAZE_TRY(write_string(r, r->format->answer));
  return ending == GAZE_CHAT_ANSWER_AT_ONCE ? write_string(r, r->format->unthought) : GAZE_OK;
}

static gaze_err check_message(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n, size_t i) {
  const char *name = chat->format->name;
  size_t turn = i - has_system(messages, n);
  if (messages[i].role == GAZE_CHAT_SYSTEM) {
    if (chat->format->flags & GAZE_CHAT_SYSTEM_NONE)
      return gaze_fail(GAZE_ERR_ARGUMENT,
                       "chat template: %s: it has no place for a system text: put it into the question", name);
    if (i)
      return gaze_fail(GAZE_ERR_ARGUMENT, "chat template: %s: a system text behind other messages: put it first", name);
    for (size_t k = 0; k < messages[0].n; k++)
      if (!messages[0].parts[k].text)
        return gaze_fail(GAZE_ERR_ARGUMENT, "chat template: %s: a picture in the system text: put it into a question",
                         name);
  } else if (chat->alternates && (messages[i].role == GAZE_CHAT_USER) != (turn % 2 == 0)) {
    return gaze_fail(GAZE_ERR_ARGUMENT, "chat template: %s: message %zu: questions and answers must take turns", name,
                     i + 1);
  }
  return GAZE_OK;
}

/* Of messages [from, n); answered: without the first one's opening and text. */
static gaze_err write_messages(rendering *r, size_t from, bool answered, gaze_chat_ending ending) {
  if (from == 0 && !answered)
    GAZE_TRY(write_opening(r));
  for (size_t i = from; i < r->n; i++) {
    if (!has_turn(r, i))
      continue;
    GAZE_TRY(i > from || !answered ? write_turn(r, i) : write_string(r, r->format->text.after));
    GAZE_TRY(write_string(r, r->format->turns[r->messages[i].role].after));
  }
  return write_ending(r, ending);
}

static gaze_err render(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n, size_t from,
                       bool answered, gaze_chat_ending ending, gaze_chat_segments *segments) {
  rendering r = {chat, chat->format, messages, n, 0, segments};
  size_t n_before = segments->n, size_before = segments->size;
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(check_message(chat, messages, n, i));
  for (size_t i = 0; i < from + answered; i++)
    for (size_t k = 0; k < messages[i].n; k++)
      r.picture += !messages[i].parts[k].text;
  gaze_err err = write_messages(&r, from, answered, ending);
  if (err != GAZE_OK) {
    segments->n = n_before;
    segments->size = size_before;
  }
  return err;
}

gaze_err gaze_chat_template_render(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n,
                                   size_t from, gaze_chat_ending ending, gaze_chat_segments *segments) {
  return render(chat, messages, n, from, false, ending, segments);
}

gaze_err gaze_chat_template_resume(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n,
                                   size_t from, gaze_chat_ending ending, gaze_chat_segments *segments) {
  return render(chat, messages, n, from, true, ending, segments);
}

bool gaze_chat_template_keeps(const gaze_chat_template *chat, const gaze_chat_message *messages, size_t n,
                              size_t from) {
  if (from == 0 || from == n)
    return true;
  if ((chat->format->flags & GAZE_CHAT_SYSTEM_IN_LAST) && has_system(messages, n))
    return messages[from - 1].role != GAZE_CHAT_USER;
  if (!(chat->format->flags & GAZE_CHAT_THINKS))
    return true;
  size_t question = last_question(messages, from);
  return from == question + 1 && messages[question].role == GAZE_CHAT_USER;
}
