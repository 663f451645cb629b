#include "fusion/loader_plan.h"

#include "core/base/memory.h"
#include "fusion/loader_sample.h"
#include "fusion/names.h"

#include <math.h>
#include <stdlib.h>

#define FIRST_PICTURE 1000000 /* numbers of samples without a class begin here */
#define SHARE_UNIT 1024       /* shares are whole: weight * samples, in 1024ths */
#define SHARE_LIMIT 0x1p60
#define ROUNDS 6
#define SHUFFLE_STREAM 0x9d5c0fb2a1e37641u /* keeps the orders apart from the samples' own random states */

void gaze_plan_fini(gaze_plan *plan) {
  for (size_t i = 0; plan->sources && i < plan->n; i++) {
    free(plan->sources[i].usable);
    free(plan->sources[i].classes);
  }
  free(plan->sources);
  *plan = (gaze_plan){0};
}

static gaze_err fail_text(const gaze_plan_source *source) {
  return gaze_fail(GAZE_ERR_MISMATCH,
                   "no sample has a caption or a class that a labels file knows: %s: give captions or labels",
                   gaze_dataset_path(source->dataset));
}

static gaze_err find_usable(gaze_plan_source *source, const gaze_loader_options *options) {
  size_t size = gaze_dataset_size(source->dataset);
  if (size > UINT32_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "too many samples: %s: split it", gaze_dataset_path(source->dataset));
  GAZE_TRY(gaze_alloc(size, sizeof *source->usable, &source->usable));
  GAZE_TRY(gaze_alloc(size, sizeof *source->classes, &source->classes));
  for (size_t i = 0; i < size; i++) {
    const gaze_sample *sample = gaze_dataset_get(source->dataset, i);
    if (options->teacher_dim && sample->teacher && sample->teacher_dim != options->teacher_dim)
      return gaze_fail(GAZE_ERR_MISMATCH, "teacher vectors of %zu and of %zu numbers: sample %s of %s: use one teacher",
                       options->teacher_dim, sample->teacher_dim, sample->key, gaze_dataset_path(source->dataset));
    if (gaze_sample_has_text(sample, options))
      source->usable[source->n++] = (uint32_t)i;
  }
  if (!source->n)
    return fail_text(source);
  if (source->n < size)
    gaze_warn("%zu samples without a caption or a known class are left out: %s", size - source->n,
              gaze_dataset_path(source->dataset));
  return GAZE_OK;
}

static gaze_err set_share(gaze_plan_source *source, double weight) {
  double share = weight * SHARE_UNIT * (double)source->n;
  if (!(weight >= 0) || share > SHARE_LIMIT)
    return gaze_fail(GAZE_ERR_ARGUMENT, "impossible weight %g: %s: give a number of at least 0", weight,
                     gaze_dataset_path(source->dataset));
  source->share = (uint64_t)llround(share);
  return GAZE_OK;
}

static const char *class_of(const gaze_sample *sample) { return sample->class_id ? sample->class_id : sample->name; }

/* with_class: first all samples that have one, so that the numbers of the others can begin above them. */
static gaze_err number_samples(gaze_plan *plan, gaze_names *names, bool with_class) {
  size_t base = with_class || names->n > FIRST_PICTURE ? 0 : FIRST_PICTURE - names->n;
  for (size_t s = 0; s < plan->n; s++)
    for (size_t i = 0; i < gaze_dataset_size(plan->sources[s].dataset); i++) {
      const gaze_sample *sample = gaze_dataset_get(plan->sources[s].dataset, i);
      const char *class_name = class_of(sample);
      size_t number;
      if ((class_name != NULL) != with_class)
        continue;
      GAZE_TRY(gaze_names_number(names, with_class ? NULL : plan->sources[s].dataset,
                                 with_class ? class_name : sample->key, &number));
      plan->sources[s].classes[i] = (int32_t)(base + number);
    }
  if (base + names->n > INT32_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "too many samples: %zu: leave data sets out", names->n);
  return GAZE_OK;
}

static gaze_err number_classes(gaze_plan *plan) {
  gaze_names names = {0};
  gaze_err err = number_samples(plan, &names, true);
  if (err == GAZE_OK)
    err = number_samples(plan, &names, false);
  gaze_names_fini(&names);
  return err;
}

static gaze_err fill(gaze_plan *plan, const gaze_loader_options *options) {
  uint64_t total = 0;
  GAZE_TRY(gaze_alloc(options->n_sources, sizeof *plan->sources, &plan->sources));
  plan->n = options->n_sources;
  for (size_t i = 0; i < plan->n; i++)
    plan->sources[i] = (gaze_plan_source){.dataset = options->sources[i].dataset,
                                          .group = options->sources[i].group > 1 ? options->sources[i].group : 1};
  for (size_t i = 0; i < plan->n; i++) {
    GAZE_TRY(find_usable(&plan->sources[i], options));
    GAZE_TRY(set_share(&plan->sources[i], options->sources[i].weight));
    if (__builtin_add_overflow(total, plan->sources[i].share, &total))
      return gaze_fail(GAZE_ERR_ARGUMENT, "weights too large: sum of all data sets: give smaller ones");
  }
  if (!total)
    return gaze_fail(GAZE_ERR_ARGUMENT, "nothing to draw from: every data set has weight 0: give one more than 0");
  return number_classes(plan);
}

gaze_err gaze_plan_init(gaze_plan *plan, const gaze_loader_options *options) {
  *plan = (gaze_plan){.seed = options->seed};
  gaze_err err = fill(plan, options);
  if (err != GAZE_OK)
    gaze_plan_fini(plan);
  return err;
}

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* The i-th of n places in a shuffled order, without making the order: a Feistel network permutes the smallest power of
 * four that n fits into, and is run again while it leads outside of n (cycle walking: Black & Rogaway 2002). */
static uint64_t shuffled(uint64_t i, uint64_t n, uint64_t seed, uint64_t stream) {
  gaze_random random;
  gaze_random_init(&random, seed ^ SHUFFLE_STREAM, stream);
  uint64_t keys[ROUNDS];
  for (int r = 0; r < ROUNDS; r++)
    keys[r] = gaze_random_next(&random);
  int half = 0;
  while ((uint64_t)1 << (2 * half) < n)
    half++;
  uint64_t mask = ((uint64_t)1 << half) - 1;
  do {
    uint64_t left = i >> half, right = i & mask;
    for (int r = 0; r < ROUNDS; r++) {
      uint64_t mixed = left ^ (mix(right + keys[r]) & mask);
      left = right;
      right = mixed;
    }
    i = left << half | right;
  } while (i >= n);
  return i;
}

/* floor(g * share / total), the number of draws that a source with this share has had before draw g. */
static uint64_t draws_before(uint64_t g, uint64_t share, uint64_t total) {
  return (uint64_t)((unsigned __int128)g * share / total);
}

/* The first source takes the draws at which its count steps up; the others share what remains in the same way. */
gaze_draw gaze_plan_draw(const gaze_plan *plan, uint64_t g) {
  uint64_t total = 0;
  size_t s = 0;
  for (size_t i = 0; i < plan->n; i++)
    total += plan->sources[i].share;
  for (;; s++) {
    uint64_t share = plan->sources[s].share, before = draws_before(g, share, total);
    if (draws_before(g + 1, share, total) > before) {
      g = before;
      break;
    }
    g -= before;
    total -= share;
  }
  const gaze_plan_source *source = &plan->sources[s];
  uint64_t groups = (source->n + source->group - 1) / source->group, turn = g / source->group;
  uint64_t first = shuffled(turn % groups, groups, plan->seed, (uint64_t)s << 48 | turn / groups) * source->group;
  size_t place = (size_t)((first + g % source->group) % source->n);
  return (gaze_draw){s, source->usable[place], place};
}

gaze_draw gaze_plan_next(const gaze_plan *plan, gaze_draw draw) {
  const gaze_plan_source *source = &plan->sources[draw.source];
  size_t place = (draw.place + 1) % source->n;
  return (gaze_draw){draw.source, source->usable[place], place};
}
