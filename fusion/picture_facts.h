/* What captions and boxes say of a picture, together: which things it shows, how many and where, and which not. */
#ifndef GAZE_FUSION_PICTURE_FACTS_H
#define GAZE_FUSION_PICTURE_FACTS_H

#include "fusion/caption_words.h"
#include "fusion/dataset.h"

typedef struct gaze_seen {
  size_t noun, votes; /* votes: captions that show it */
  size_t n, n_boxes;  /* n: how many, as many as boxes where there are any; 0: not known */
  bool many;
  uint32_t colours; /* of the only one; 0: not known */
  float area;       /* of its boxes */
} gaze_seen;

typedef struct gaze_facts {
  const gaze_nouns *nouns;
  const gaze_sample *sample;
  size_t *object_nouns;   /* [sample->n_objects] */
  gaze_caption *captions; /* [sample->n_captions] */
  size_t n_read;          /* captions that words were found in */
  gaze_seen *seen;        /* [n_seen] what the picture shows, the most striking first */
  size_t n_seen, seen_capacity;
  bool *told; /* [nouns->n] spoken of, or not to be told apart from what is: cannot be called absent */
} gaze_facts;

/* The nouns of the sample's objects are in `nouns` already; both are borrowed. */
GAZE_CHECKED gaze_err gaze_facts_init(gaze_facts *facts, const gaze_nouns *nouns, const gaze_sample *sample);
void gaze_facts_fini(gaze_facts *facts);
/* NULL: not seen. */
const gaze_seen *gaze_facts_find(const gaze_facts *facts, size_t noun);
/* The i-th box of a noun. */
const gaze_object *gaze_facts_box(const gaze_facts *facts, size_t noun, size_t i);

#endif
