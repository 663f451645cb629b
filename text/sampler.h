/* Sampling: logits to the next id.
 *
 * The order is that of transformers' processors, and so are the results: penalty on ids seen, temperature, top-k,
 * top-p, min-p, then one draw. The same seed, settings and logits give the same ids on every machine and with any
 * number of threads: only IEEE sums and products take part, in an order that depends on nothing else. */
#ifndef GAZE_TEXT_SAMPLER_H
#define GAZE_TEXT_SAMPLER_H

#include "core/base/error.h"
#include "core/base/random.h"

/* All zero: greedy, without a penalty. */
typedef struct gaze_sampling {
  float temperature;        /* divides the logits; 0: the largest logit wins, and nothing is drawn */
  size_t top_k;             /* this many largest logits stay, and those equal to the last of them; 0: all */
  float top_p;              /* the fewest likeliest ids whose probabilities reach this stay; 0 or 1: all */
  float min_p;              /* at least this times the likeliest id's probability; 0: all */
  float repetition_penalty; /* of ids seen: positive logits are divided by it, negative ones multiplied; 0 or 1: none */
  size_t penalty_window;    /* how many of the latest ids count as seen; 0: all */
  uint64_t seed;
} gaze_sampling;

typedef struct gaze_sampler {
  gaze_sampling settings;
  gaze_random random;
  size_t vocabulary;    /* V */
  float *scores;        /* [V], and with them [V] ids and weights: what is still in the running */
  int32_t *ids;         /* [V] */
  double *weights;      /* [V] exp(score), where the best score is 0 */
  size_t n;             /* how many are */
  uint32_t *times_seen; /* [V], NULL without a penalty, as the rest */
  bool *is_listed;      /* [V] */
  int32_t *seen;        /* [V] ids, each once; those that left the window are dropped when next met */
  size_t n_seen;
  int32_t *window; /* [penalty_window], a ring */
  size_t n_accepted;
} gaze_sampler;

/* Takes all memory that sampling needs. GAZE_ERR_ARGUMENT where a setting makes no sense. fini in any case. */
GAZE_CHECKED gaze_err gaze_sampler_init(gaze_sampler *sampler, const gaze_sampling *settings, size_t vocabulary);
void gaze_sampler_fini(gaze_sampler *sampler);

/* An id that the penalty shall know: of the prompt (not of pictures), or one that was sampled. */
void gaze_sampler_accept(gaze_sampler *sampler, int32_t id);
/* The next id for logits [V]; it is not accepted by itself. NaN counts as -infinity. */
int32_t gaze_sampler_next(gaze_sampler *sampler, const float *logits);
/* Probabilities [V] that the next draw would have; draws nothing. Greedy gives all to one id. */
void gaze_sampler_probabilities(gaze_sampler *sampler, const float *logits, float *probabilities);

#endif
