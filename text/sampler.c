#include "text/sampler.h"

#include "core/base/memory.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below exp(-40) of the best, all ids of a vocabulary together are less than rounding. */
#define FURTHEST 40.0f

static gaze_err check_settings(const gaze_sampling *settings, size_t vocabulary) {
  if (!(settings->temperature >= 0 && settings->temperature <= FLT_MAX))
    return gaze_fail(GAZE_ERR_ARGUMENT, "temperature: %g: give 0 or more", (double)settings->temperature);
  if (!(settings->top_p >= 0 && settings->top_p <= 1))
    return gaze_fail(GAZE_ERR_ARGUMENT, "top-p: %g: give 0 to 1", (double)settings->top_p);
  if (!(settings->min_p >= 0 && settings->min_p <= 1))
    return gaze_fail(GAZE_ERR_ARGUMENT, "min-p: %g: give 0 to 1", (double)settings->min_p);
  if (!(settings->repetition_penalty >= 0 && settings->repetition_penalty <= FLT_MAX))
    return gaze_fail(GAZE_ERR_ARGUMENT, "repetition penalty: %g: give a number above 0, 1 for none",
                     (double)settings->repetition_penalty);
  if (!vocabulary || vocabulary > INT32_MAX)
    return gaze_fail(GAZE_ERR_ARGUMENT, "vocabulary: %zu ids: one must be there to choose", vocabulary);
  return GAZE_OK;
}

gaze_err gaze_sampler_init(gaze_sampler *sampler, const gaze_sampling *settings, size_t vocabulary) {
  *sampler = (gaze_sampler){.settings = *settings, .vocabulary = vocabulary};
  GAZE_TRY(check_settings(settings, vocabulary));
  gaze_random_init(&sampler->random, settings->seed, 0);
  GAZE_TRY(gaze_alloc(vocabulary, sizeof(float), &sampler->scores));
  GAZE_TRY(gaze_alloc(vocabulary, sizeof(int32_t), &sampler->ids));
  GAZE_TRY(gaze_alloc(vocabulary, sizeof(double), &sampler->weights));
  if (settings->repetition_penalty == 0 || settings->repetition_penalty == 1)
    return GAZE_OK;
  GAZE_TRY(gaze_alloc(vocabulary, sizeof(uint32_t), &sampler->times_seen));
  GAZE_TRY(gaze_alloc(vocabulary, sizeof(bool), &sampler->is_listed));
  GAZE_TRY(gaze_alloc(vocabulary, sizeof(int32_t), &sampler->seen));
  return settings->penalty_window ? gaze_alloc(settings->penalty_window, sizeof(int32_t), &sampler->window) : GAZE_OK;
}

void gaze_sampler_fini(gaze_sampler *sampler) {
  free(sampler->scores);
  free(sampler->ids);
  free(sampler->weights);
  free(sampler->times_seen);
  free(sampler->is_listed);
  free(sampler->seen);
  free(sampler->window);
  *sampler = (gaze_sampler){0};
}

void gaze_sampler_accept(gaze_sampler *sampler, int32_t id) {
  assert(id >= 0 && (size_t)id < sampler->vocabulary);
  if (!sampler->times_seen)
    return;
  size_t size = sampler->settings.penalty_window, place = size ? sampler->n_accepted % size : 0;
  if (size && sampler->n_accepted >= size)
    sampler->times_seen[sampler->window[place]]--;
  if (size)
    sampler->window[place] = id;
  sampler->n_accepted++;
  sampler->times_seen[id] += size || !sampler->times_seen[id];
  if (!sampler->is_listed[id])
    sampler->seen[sampler->n_seen++] = id;
  sampler->is_listed[id] = true;
}

static float bound(float score) {
  float low = score > -FLT_MAX ? score : -FLT_MAX; /* NaN too */
  return low < FLT_MAX ? low : FLT_MAX;
}

static void punish(gaze_sampler *sampler) {
  float penalty = sampler->settings.repetition_penalty;
  for (size_t i = 0; i < sampler->n_seen;) {
    int32_t id = sampler->seen[i];
    if (sampler->times_seen[id]) {
      float score = sampler->scores[id];
      sampler->scores[id] = bound(score < 0 ? score * penalty : score / penalty);
      i++;
    } else {
      sampler->is_listed[id] = false;
      sampler->seen[i] = sampler->seen[--sampler->n_seen];
    }
  }
}

static float find_best(const float *scores, size_t n) {
  enum { LANES = 16 };
  float bests[LANES], best = scores[0];
  for (size_t lane = 0; lane < LANES; lane++)
    bests[lane] = best;
  size_t whole = n - n % LANES;
  for (size_t i = 0; i < whole; i += LANES)
    for (size_t lane = 0; lane < LANES; lane++)
      bests[lane] = scores[i + lane] > bests[lane] ? scores[i + lane] : bests[lane];
  for (size_t i = whole; i < n; i++)
    best = scores[i] > best ? scores[i] : best;
  for (size_t lane = 0; lane < LANES; lane++)
    best = bests[lane] > best ? bests[lane] : best;
  return best;
}

/* Finite scores of all ids, punished; the best of them. */
static float take_logits(gaze_sampler *sampler, const float *logits) {
  for (size_t i = 0; i < sampler->vocabulary; i++)
    sampler->scores[i] = bound(logits[i]);
  punish(sampler);
  return find_best(sampler->scores, sampler->vocabulary);
}

static size_t find_greedy(gaze_sampler *sampler, const float *logits) {
  float best = take_logits(sampler, logits);
  size_t place = 0;
  while (sampler->scores[place] < best)
    place++;
  return place;
}

static void sink(float *heap, size_t n, size_t at) {
  float value = heap[at];
  for (size_t child; (child = 2 * at + 1) < n; at = child) {
    child += child + 1 < n && heap[child + 1] < heap[child];
    if (heap[child] >= value)
      break;
    heap[at] = heap[child];
  }
  heap[at] = value;
}

/* The k-th largest of scores [n > k >= 1]: the top of a heap of the k largest. heap: room for k. */
static float find_kth(const float *scores, size_t n, size_t k, float *heap) {
  memcpy(heap, scores, k * sizeof *heap);
  for (size_t i = k / 2; i > 0; i--)
    sink(heap, k, i - 1);
  for (size_t i = k; i < n; i++)
    if (scores[i] > heap[0]) {
      heap[0] = scores[i];
      sink(heap, k, 0);
    }
  return heap[0];
}

/* Leaves ids of no less than `least` in the running. */
static void keep_from(gaze_sampler *sampler, float least) {
  size_t n = 0;
  for (size_t i = 0; i < sampler->vocabulary; i++) {
    sampler->scores[n] = sampler->scores[i];
    sampler->ids[n] = (int32_t)i;
    n += sampler->scores[i] >= least;
  }
  sampler->n = n;
}

/* exp of -FURTHEST to 0 within 1e-13 of itself; libraries' own differ from machine to machine. */
static double exponential(double x) {
  const double whole = 0x1.8p52; /* a sum with it has no fraction, and the integer in its last bits */
  double shifted = x * 1.4426950408889634 + whole, n = shifted - whole;
  double r = x - n * 6.93147180369123816490e-01 - n * 1.90821492927058770002e-10, power;
  double sum = 1 / 39916800.0;
  static const double factors[] = {1 / 3628800.0, 1 / 362880.0, 1 / 40320.0, 1 / 5040.0, 1 / 720.0, 1 / 120.0,
                                   1 / 24.0,      1 / 6.0,      0.5,         1,          1};
  for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
    sum = sum * r + factors[i];
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023) << 52;
  memcpy(&power, &bits, sizeof power);
  return sum * power;
}

/* Their sum. */
static double weigh(gaze_sampler *sampler) {
  enum { LANES = 8 };
  double sums[LANES] = {0}, total = 0;
  size_t n = sampler->n, whole = n - n % LANES;
  for (size_t i = 0; i < n; i++)
    sampler->weights[i] = exponential((double)sampler->scores[i]);
  for (size_t i = 0; i < whole; i += LANES)
    for (size_t lane = 0; lane < LANES; lane++)
      sums[lane] += sampler->weights[i + lane];
  for (size_t i = whole; i < n; i++)
    sums[i - whole] += sampler->weights[i];
  for (size_t lane = 0; lane < LANES; lane++)
    total += sums[lane];
  return total;
}

static void swap(gaze_sampler *sampler, size_t a, size_t b) {
  float score = sampler->scores[a];
  int32_t id = sampler->ids[a];
  double weight = sampler->weights[a];
  sampler->scores[a] = sampler->scores[b], sampler->scores[b] = score;
  sampler->ids[a] = sampler->ids[b], sampler->ids[b] = id;
  sampler->weights[a] = sampler->weights[b], sampler->weights[b] = weight;
}

/* Larger scores first; of equal ones, smaller ids. */
static bool comes_before(const gaze_sampler *sampler, size_t a, size_t b) {
  float x = sampler->scores[a], y = sampler->scores[b];
  return x > y || (x == y && sampler->ids[a] < sampler->ids[b]);
}

/* Puts a middling one of [from, end) where it belongs in the order, what comes before it in front; its place. */
static size_t partition(gaze_sampler *sampler, size_t from, size_t end, double *weight_before) {
  size_t middle = from + (end - from) / 2, last = end - 1, place = from;
  if (comes_before(sampler, last, from))
    swap(sampler, last, from);
  if (comes_before(sampler, middle, from))
    swap(sampler, middle, from);
  if (comes_before(sampler, middle, last))
    swap(sampler, middle, last);
  *weight_before = 0;
  for (size_t i = from; i < last; i++)
    if (comes_before(sampler, i, last)) {
      *weight_before += sampler->weights[i];
      swap(sampler, i, place++);
    }
  swap(sampler, place, last);
  return place;
}

/* Where, among [from, n), end the fewest first in order whose weights reach `wanted`: a selection without a sort. */
static size_t find_end(gaze_sampler *sampler, size_t from, double wanted) {
  size_t end = wanted > 0 ? sampler->n : from;
  while (end - from > 1) {
    double before;
    size_t place = partition(sampler, from, end, &before);
    if (before >= wanted) {
      end = place;
      continue;
    }
    wanted -= before + sampler->weights[place];
    from = place + 1;
    if (wanted <= 0)
      end = from;
  }
  return end;
}

enum { BUCKETS = 1024 };

static size_t bucket_of(float score) { return (size_t)(-score * (BUCKETS / (FURTHEST + 1))); }

/* Leaves the fewest first in order whose weights reach `wanted`. Buckets of scores leave few to be selected from. */
static void keep_weight(gaze_sampler *sampler, double wanted) {
  double weights[BUCKETS] = {0};
  size_t last = 0, n = 0, certain = 0;
  for (size_t i = 0; i < sampler->n; i++)
    weights[bucket_of(sampler->scores[i])] += sampler->weights[i];
  while (last + 1 < BUCKETS && weights[last] < wanted)
    wanted -= weights[last++];
  for (size_t i = 0; i < sampler->n; i++) {
    sampler->scores[n] = sampler->scores[i];
    sampler->ids[n] = sampler->ids[i];
    sampler->weights[n] = sampler->weights[i];
    n += bucket_of(sampler->scores[i]) <= last;
  }
  sampler->n = n;
  for (size_t i = 0; i < n; i++)
    if (bucket_of(sampler->scores[i]) < last)
      swap(sampler, i, certain++);
  sampler->n = find_end(sampler, certain, wanted);
}

/* What is left in the running after all settings, with weights; returns their sum. */
static double choose_candidates(gaze_sampler *sampler, const float *logits) {
  const gaze_sampling *settings = &sampler->settings;
  float best = take_logits(sampler, logits), least = -FURTHEST;
  for (size_t i = 0; i < sampler->vocabulary; i++)
    sampler->scores[i] = (sampler->scores[i] - best) / settings->temperature;
  if (settings->top_k && settings->top_k < sampler->vocabulary)
    least = fmaxf(least, find_kth(sampler->scores, sampler->vocabulary, settings->top_k, (float *)sampler->weights));
  bool cuts = settings->top_p > 0 && settings->top_p < 1;
  if (!cuts && settings->min_p > 0)
    least = fmaxf(least, logf(settings->min_p) - 0.01f); /* spares most exponentials; the exact bound follows */
  keep_from(sampler, least);
  double total = weigh(sampler);
  if (cuts)
    keep_weight(sampler, (double)settings->top_p * total);
  if (settings->min_p == 0 && !cuts)
    return total;
  size_t n = 0;
  total = 0;
  for (size_t i = 0; i < sampler->n; i++) {
    swap(sampler, n, i);
    if (sampler->weights[n] >= (double)settings->min_p)
      total += sampler->weights[n++];
  }
  sampler->n = n;
  return total;
}

int32_t gaze_sampler_next(gaze_sampler *sampler, const float *logits) {
  if (sampler->settings.temperature == 0)
    return (int32_t)find_greedy(sampler, logits);
  double left = choose_candidates(sampler, logits) * gaze_random_uniform(&sampler->random);
  size_t i = 0;
  for (; i + 1 < sampler->n; i++) {
    left -= sampler->weights[i];
    if (left < 0)
      break;
  }
  return sampler->ids[i];
}

void gaze_sampler_probabilities(gaze_sampler *sampler, const float *logits, float *probabilities) {
  memset(probabilities, 0, sampler->vocabulary * sizeof *probabilities);
  if (sampler->settings.temperature == 0) {
    probabilities[find_greedy(sampler, logits)] = 1;
    return;
  }
  double total = choose_candidates(sampler, logits);
  for (size_t i = 0; i < sampler->n; i++)
    probabilities[sampler->ids[i]] = (float)(sampler->weights[i] / total);
}
