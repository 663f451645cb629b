/* How near captions come to people's captions of the same pictures, as coco-caption (pycocoevalcap) has it: BLEU with
 * the closest reference length (Papineni et al. 2002), ROUGE-L with beta 1.2 (Lin 2004), and CIDEr (Vedantam et al.
 * 2015) in the form with clipped counts and a penalty on lengths, elsewhere called CIDEr-D, with document frequencies
 * from the references that are given. */
#ifndef GAZE_FUSION_CAPTION_SCORE_H
#define GAZE_FUSION_CAPTION_SCORE_H

#include "core/base/error.h"

enum { GAZE_GRAM_LONGEST = 4 }; /* words of an n-gram */

/* All as gaze_caption_tokens gives them: words parted by single spaces. */
typedef struct gaze_scored_caption {
  const char *caption;
  const char *const *references; /* [n_references >= 1] */
  size_t n_references;
} gaze_scored_caption;

typedef struct gaze_caption_scores {
  double bleu[GAZE_GRAM_LONGEST]; /* of 1 to 4 words, over all captions together */
  double rouge_l, cider;          /* means over captions; CIDEr goes up to 10 */
} gaze_caption_scores;

/* captions: [n >= 1]. each_cider: [n] or NULL. */
GAZE_CHECKED gaze_err gaze_caption_score(const gaze_scored_caption *captions, size_t n, gaze_caption_scores *out,
                                         double *each_cider);

#endif
