/* The chat formats that gaze knows, as data: what stands around the texts of a conversation. */
#ifndef GAZE_TEXT_CHAT_FORMAT_H
#define GAZE_TEXT_CHAT_FORMAT_H

#include <stddef.h>

/* In the strings below, where the tokenizer's own ids for a text's beginning and end stand. */
#define GAZE_CHAT_START_SIGN "\1"
#define GAZE_CHAT_END_SIGN "\2"

enum {
  GAZE_CHAT_SYSTEM_IN_FIRST = 1,    /* the system text goes into the first user's turn, */
  GAZE_CHAT_SYSTEM_IN_LAST = 2,     /* or into the last, if nothing follows it, */
  GAZE_CHAT_SYSTEM_NONE = 4,        /* or there is none; else it has a turn of its own, */
  GAZE_CHAT_SYSTEM_NOT_EMPTY = 8,   /* left out where it is empty */
  GAZE_CHAT_PICTURES_IN_PLACE = 16, /* between texts, as they come; else in front of all text of the turn */
  GAZE_CHAT_SPACE_FIRST = 32,       /* a space in front of a turn that does not begin with a picture */
  GAZE_CHAT_THINKS = 64,            /* thoughts in <think> are left out of answers that were followed by a question */
  GAZE_CHAT_LOOSE_SPACE = 128,      /* its Jinja texts write the line ends between tags */
  GAZE_CHAT_SYSTEM_ALWAYS = 256     /* its Jinja texts write a system turn without spelling its text */
};

/* What stands in front of something, and behind. */
typedef struct gaze_chat_frame {
  const char *before, *after; /* NULL: nothing */
} gaze_chat_frame;

typedef struct gaze_chat_format {
  const char *name;
  const char *opening;      /* of the conversation */
  gaze_chat_frame turns[3]; /* by role: system, user, assistant */
  const char *answer;       /* asks for an answer */
  const char *unthought;    /* behind it, for an answer without thoughts */
  const char *closing;      /* of a whole conversation, when no answer is asked for */
  const char *system;       /* the system text where none is given; NULL: no such turn */
  gaze_chat_frame picture;  /* around each picture */
  gaze_chat_frame text;     /* around each text of a turn */
  const char *stops[3];     /* what ends an answer, besides the tokenizer's end */
  unsigned flags;
  unsigned trims; /* bit per role: space around the content is stripped, where the Jinja text has trim or strip */

  /* How its Jinja texts are told from others: everything they spell stands in the strings above or here, and: */
  const char *needs[5];  /* what they spell; with = in front, as a literal of its own; with $, a name; with ~,
                          * part of the text as it is */
  const char *lacks[4];  /* what others spell */
  const char *spells[4]; /* what they may spell besides */
  const char *names[12]; /* names they may use besides the usual ones */
} gaze_chat_format;

/* Those with needs come before those that may be chosen by name only; the name NULL ends them. Of one name, the first
 * is meant, the others are its wordings. */
extern const gaze_chat_format gaze_chat_formats[];

#endif
