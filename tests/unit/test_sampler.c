#include "text/sampler.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"

static gaze_sampler make_sampler(gaze_sampling settings, size_t vocabulary) {
  gaze_sampler sampler;
  assert_int_equal(gaze_sampler_init(&sampler, &settings, vocabulary), GAZE_OK);
  return sampler;
}

static void make_logits(float *logits, size_t n, uint64_t seed) {
  gaze_random random;
  gaze_random_init(&random, seed, 1);
  for (size_t i = 0; i < n; i++)
    logits[i] = (float)(3 * gaze_random_normal(&random));
}

static void greedy_takes_the_first_largest(void **state) {
  float logits[] = {-1, 4, 2, 4, -INFINITY, NAN};
  gaze_sampler sampler = make_sampler((gaze_sampling){0}, 6);
  assert_int_equal(gaze_sampler_next(&sampler, logits), 1);
  float probabilities[6];
  gaze_sampler_probabilities(&sampler, logits, probabilities);
  assert_true(probabilities[1] == 1 && probabilities[3] == 0);
  gaze_sampler_fini(&sampler);
}

static void greedy_knows_the_penalty(void **state) {
  float logits[] = {1.9f, 2, -1}, below[] = {-2.1f, -2, -3};
  gaze_sampler sampler = make_sampler((gaze_sampling){.repetition_penalty = 1.1f, .penalty_window = 2}, 3);
  gaze_sampler_accept(&sampler, 1);
  assert_int_equal(gaze_sampler_next(&sampler, logits), 0);
  assert_int_equal(gaze_sampler_next(&sampler, below), 0);
  gaze_sampler_accept(&sampler, 1); /* twice seen is no worse than once, and leaves the window later */
  gaze_sampler_accept(&sampler, 2);
  assert_int_equal(gaze_sampler_next(&sampler, logits), 0);
  gaze_sampler_accept(&sampler, 2);
  assert_int_equal(gaze_sampler_next(&sampler, logits), 1);
  gaze_sampler_accept(&sampler, 1);
  assert_int_equal(gaze_sampler_next(&sampler, logits), 0);
  gaze_sampler_fini(&sampler);
}

/* Pearson's statistic of draws against the probabilities; ids are expected 5 times at least. */
static double measure_draws(gaze_sampler *sampler, const float *logits, const float *probabilities, size_t n) {
  enum { DRAWS = 200000 };
  size_t *counts = calloc(n, sizeof *counts);
  assert_non_null(counts);
  for (size_t i = 0; i < DRAWS; i++)
    counts[gaze_sampler_next(sampler, logits)]++;
  double statistic = 0;
  for (size_t i = 0; i < n; i++) {
    double expected = (double)probabilities[i] * DRAWS;
    assert_true(probabilities[i] > 0 || !counts[i]);
    if (expected >= 5)
      statistic += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
  }
  free(counts);
  return statistic;
}

static void draws_follow_probabilities(void **state) {
  enum { N = 50 };
  const gaze_sampling settings[] = {{.temperature = 1, .seed = 3},
                                    {.temperature = 2, .top_k = 20, .seed = 4},
                                    {.temperature = 1, .top_p = 0.8f, .seed = 5},
                                    {.temperature = 1.5f, .min_p = 0.05f, .seed = 6}};
  float logits[N], probabilities[N];
  make_logits(logits, N, 1);
  for (size_t i = 0; i < 4; i++) {
    gaze_sampler sampler = make_sampler(settings[i], N);
    gaze_sampler_probabilities(&sampler, logits, probabilities);
    double left = 0;
    for (size_t id = 0; id < N; id++)
      left += probabilities[id] > 0;
    double statistic = measure_draws(&sampler, logits, probabilities, N);
    assert_true(statistic < left + 4 * sqrt(2 * left)); /* 4 deviations above the mean of chi-square */
    gaze_sampler_fini(&sampler);
  }
}

static int falling(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

/* The selection by weight against a sort, where many are left and where few are. */
static void top_p_of_many(void **state) {
  enum { N = 20000 };
  static float logits[N], sorted[N], probabilities[N];
  for (uint64_t round = 0; round < 30; round++) {
    gaze_sampling settings = {.temperature = round % 3 ? 1 : 0.2f, .top_p = 0.03f + 0.032f * (float)round};
    make_logits(logits, N, round);
    gaze_sampler sampler = make_sampler(settings, N);
    gaze_sampler_probabilities(&sampler, logits, probabilities);
    memcpy(sorted, logits, sizeof sorted);
    qsort(sorted, N, sizeof *sorted, falling);
    double total = 0, reached = 0;
    for (size_t i = 0; i < N; i++)
      total += exp((double)(sorted[i] - sorted[0]) / (double)settings.temperature);
    size_t wanted = 0, got = 0;
    while (wanted < N && reached < (double)settings.top_p * total)
      reached += exp((double)(sorted[wanted++] - sorted[0]) / (double)settings.temperature);
    for (size_t i = 0; i < N; i++) {
      got += probabilities[i] > 0;
      assert_int_equal(probabilities[i] > 0, logits[i] >= sorted[wanted - 1]);
    }
    assert_int_equal(got, wanted);
    gaze_sampler_fini(&sampler);
  }
}

static void *draw_many(void *result) {
  enum { N = 3000 };
  float logits[N];
  uint64_t hash = 0;
  gaze_sampler sampler =
      make_sampler((gaze_sampling){.temperature = 0.9f, .top_k = 400, .top_p = 0.95f, .min_p = 0.001f, .seed = 7}, N);
  for (uint64_t i = 0; i < 200; i++) {
    make_logits(logits, N, i);
    hash = hash * 31 + (uint64_t)gaze_sampler_next(&sampler, logits);
  }
  gaze_sampler_fini(&sampler);
  *(uint64_t *)result = hash;
  return NULL;
}

static void threads_draw_the_same(void **state) {
  pthread_t threads[3];
  uint64_t alone, hashes[3];
  draw_many(&alone);
  for (int i = 0; i < 3; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, draw_many, &hashes[i]), 0);
  for (int i = 0; i < 3; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(hashes[i], alone);
  }
}

/* What no model should give, and settings at their ends: an id, and never a number that is none. */
static void extremes(void **state) {
  const float all_lost[] = {-INFINITY, -INFINITY, NAN}, one_won[] = {0, INFINITY, 3};
  const gaze_sampling settings[] = {{.temperature = 1e-30f, .repetition_penalty = 1e-30f},
                                    {.temperature = 3e38f, .repetition_penalty = 3e38f},
                                    {.temperature = 1, .top_k = 1000, .top_p = 1, .min_p = 1},
                                    {.temperature = 1, .top_k = 1, .top_p = 1e-38f}};
  for (size_t i = 0; i < 4; i++) {
    float probabilities[3];
    gaze_sampler sampler = make_sampler(settings[i], 3);
    gaze_sampler_probabilities(&sampler, all_lost, probabilities);
    assert_true(fabsf(probabilities[0] + probabilities[1] + probabilities[2] - 1) < 1e-6f);
    gaze_sampler_accept(&sampler, 2);
    assert_in_range(gaze_sampler_next(&sampler, all_lost), 0, 2);
    if (i != 1) /* so hot that all are alike */
      assert_int_equal(gaze_sampler_next(&sampler, one_won), 1);
    gaze_sampler_fini(&sampler);
  }
}

static void settings_without_sense(void **state) {
  const gaze_sampling settings[] = {{.temperature = -1},       {.temperature = NAN}, {.top_p = 1.5f},
                                    {.top_p = -0.1f},          {.min_p = 2},         {.min_p = NAN},
                                    {.repetition_penalty = -1}};
  const char *words[] = {"temperature", "temperature", "top-p", "top-p", "min-p", "min-p", "penalty"};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    gaze_sampler sampler;
    check_fails(gaze_sampler_init(&sampler, &settings[i], 10), GAZE_ERR_ARGUMENT, words[i], NULL);
    gaze_sampler_fini(&sampler);
  }
  gaze_sampler sampler;
  check_fails(gaze_sampler_init(&sampler, &(gaze_sampling){0}, 0), GAZE_ERR_ARGUMENT, "vocabulary", NULL);
  gaze_sampler_fini(&sampler);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(greedy_takes_the_first_largest), cmocka_unit_test(greedy_knows_the_penalty),
      cmocka_unit_test(draws_follow_probabilities),     cmocka_unit_test(top_p_of_many),
      cmocka_unit_test(threads_draw_the_same),          cmocka_unit_test(extremes),
      cmocka_unit_test(settings_without_sense),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
