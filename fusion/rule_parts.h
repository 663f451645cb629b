/* Inside of fusion/rule_*.c: one picture's writing. */
#ifndef GAZE_FUSION_RULE_PARTS_H
#define GAZE_FUSION_RULE_PARTS_H

#include "fusion/box_layout.h"
#include "fusion/phrase.h"
#include "fusion/rule_writer.h"

enum { GAZE_RULE_LIST = 6, GAZE_RULE_COUNT = 10 }; /* most things of a list; most things that are counted */

typedef struct gaze_rule_job {
  gaze_rule_writer *writer;
  const gaze_facts *facts;
  gaze_language language;
  gaze_random *random;
  gaze_turns *turns;
} gaze_rule_job;

/* Something that could be asked. */
typedef struct gaze_rule_choice {
  const gaze_seen *seen, *seen2;
  size_t key; /* which of the answers to this kind of question it has: balanced */
  gaze_place place, place2;
  gaze_side side;
  size_t line; /* of a list; a caption */
  gaze_action action;
} gaze_rule_choice;

/* What was found that could be asked; of equally rare answers one by chance is kept. */
typedef struct gaze_rule_pool {
  gaze_rule_job *job;
  size_t tally;
  size_t n; /* of the rarest */
  gaze_rule_choice best;
} gaze_rule_pool;

/* A question in words and where its answer is counted; the numbers are places in the writer's tallies. */
typedef struct gaze_rule_kind {
  void (*gather)(gaze_rule_pool *pool);
  gaze_err (*write)(gaze_rule_job *job, const gaze_rule_choice *choice);
  bool balanced; /* no answer may be more than about half of all */
} gaze_rule_kind;
extern const gaze_rule_kind gaze_rule_openings, gaze_rule_questions[], gaze_rule_reasons[];
extern const size_t gaze_rule_n_questions, gaze_rule_n_reasons;
enum { GAZE_TALLY_OPENING = 0, GAZE_TALLY_CHECK = 1, GAZE_TALLY_QUESTIONS = 2, GAZE_TALLY_REASONS = 9 };

void gaze_rule_offer(gaze_rule_pool *pool, const gaze_rule_choice *choice);
/* Asks the rarest of one kind, if there is any. *asked may be NULL. */
GAZE_CHECKED gaze_err gaze_rule_ask(gaze_rule_job *job, const gaze_rule_kind *kind, size_t tally, bool *asked);
/* A pair of questions about presence, one with yes and one with no, where the balance allows. */
GAZE_CHECKED gaze_err gaze_rule_ask_presence(gaze_rule_job *job);
/* A description of several sentences. */
GAZE_CHECKED gaze_err gaze_rule_describe(gaze_rule_job *job);

/* Has a word in the job's language, and can be spoken of. */
bool gaze_rule_can_say(const gaze_rule_job *job, const gaze_seen *seen);
gaze_phrase_thing gaze_rule_thing(const gaze_rule_job *job, const gaze_seen *seen);
gaze_phrase gaze_rule_phrase(const gaze_rule_job *job, const gaze_seen *seen, const gaze_seen *seen2);
/* Things for an enumeration, at most GAZE_RULE_LIST: by boxes where there are any. Returns how many. */
size_t gaze_rule_list(const gaze_rule_job *job, const gaze_seen **out);
/* "two dogs, a person and a ball" */
void gaze_rule_say_list(const gaze_rule_job *job, const gaze_seen *const *list, size_t n, gaze_text *text);
/* The phrase's list of them; there is one. *out is what it borrows: free(). */
GAZE_CHECKED gaze_err gaze_rule_take_list(const gaze_rule_job *job, gaze_phrase *phrase, char **out);
/* The one thing that the picture is of; NULL: nobody can say. */
const gaze_seen *gaze_rule_main(const gaze_rule_job *job);
/* A question and an answer about other things, or the same in another order. */
GAZE_CHECKED gaze_err gaze_rule_pair(gaze_rule_job *job, const gaze_phrase *asked, const char *question,
                                     const gaze_phrase *said, const char *answer);
/* Question and answer from lists of phrases; hint: NULL, or a list, whose line follows the question, and then `brief`
 * is the answer. */
GAZE_CHECKED gaze_err gaze_rule_turn(gaze_rule_job *job, const gaze_phrase *phrase, const char *question,
                                     const char *answer, const char *hint, const char *brief);
/* Whether a turn is to be answered briefly. */
bool gaze_rule_is_brief(gaze_rule_job *job);

#endif
