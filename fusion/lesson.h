/* What a model that talks learns from one conversation, or from one caption: rows, and what each is asked for. Ids and
 * labels are made together, as a conversation with the model would make them: what it will have to read is encoded as
 * it will be then, what it will have to write follows behind that. Asked for are its answers and their ends alone. */
#ifndef GAZE_FUSION_LESSON_H
#define GAZE_FUSION_LESSON_H

#include "fusion/chat.h"
#include "fusion/lm_data.h"

typedef struct gaze_lesson_turn {
  const char *question, *answer;
  size_t pictures; /* in front of the question */
} gaze_lesson_turn;

/* Begin with {0}; each lesson replaces the one before. */
typedef struct gaze_lesson {
  int32_t *ids, *labels; /* [n]; ids: -1 of a picture's row; labels: the id that follows, or GAZE_NO_LABEL */
  size_t n, ids_capacity, labels_capacity;
  uint32_t *begins;             /* [n] as gaze_sequences has them, where several lessons were joined */
  size_t begins_capacity, stem; /* rows before they part; 0: nothing does */
  size_t *pictures;             /* [n_pictures] the first of each one's rows */
  size_t n_pictures, pictures_capacity;
  size_t asked; /* labels */
} gaze_lesson;

void gaze_lesson_fini(gaze_lesson *lesson);

enum { GAZE_LESSON_END_MOST = 4 };

/* Writes lessons for one model. */
typedef struct gaze_lesson_writer {
  const gaze_assistant *assistant; /* its words and, of its eye, the tiling; borrowed */
  gaze_lm_marks marks;             /* around captions */
  gaze_chat chat;
  int32_t end[GAZE_LESSON_END_MOST]; /* what is behind an answer, up to the id that ends it */
  size_t n_end;
  bool end_written; /* by the template, when a question follows; else the end is asked for and not read */
} gaze_lesson_writer;

/* GAZE_ERR_UNSUPPORTED for a model without an id that ends answers. */
GAZE_CHECKED gaze_err gaze_lesson_writer_init(gaze_lesson_writer *writer, gaze_assistant *assistant,
                                              const gaze_lm_marks *marks);
void gaze_lesson_writer_fini(gaze_lesson_writer *writer);

/* plan: of each picture that is asked about; NULL where there is none. n is at least 1. GAZE_ERR_UNSUPPORTED where the
 * template changes what was read once more is said. */
GAZE_CHECKED gaze_err gaze_lesson_talk(gaze_lesson_writer *writer, const gaze_lesson_turn *turns, size_t n,
                                       const gaze_tile_plan *plan, gaze_lesson *lesson);
/* Mark, pictures, caption, mark: without a template. */
GAZE_CHECKED gaze_err gaze_lesson_caption(gaze_lesson_writer *writer, const char *caption, size_t pictures,
                                          const gaze_tile_plan *plan, gaze_lesson *lesson);

/* Lessons [n] that are each for itself, as one: rows that all of them begin with, pictures first of all, are there
 * once, and then they part. Exactly what they teach one by one is learned. stem 0 with several: they have nothing in
 * common, and *out is not to be used. */
GAZE_CHECKED gaze_err gaze_lesson_join(const gaze_lesson *lessons, size_t n, gaze_lesson *out);

#endif
