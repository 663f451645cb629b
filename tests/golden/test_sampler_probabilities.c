/* Probabilities of the next id against transformers' processors, by the files of data/sampler that sampler.py wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "text/sampler.h"
#include "tokenizer_cases.h"

static double number(const json_t *settings, const char *key) {
  return json_number_value(json_object_get(settings, key));
}

static gaze_sampling read_settings(const json_t *json) {
  return (gaze_sampling){.temperature = (float)number(json, "temperature"),
                         .top_k = (size_t)number(json, "top_k"),
                         .top_p = (float)number(json, "top_p"),
                         .min_p = (float)number(json, "min_p"),
                         .repetition_penalty = (float)number(json, "repetition_penalty"),
                         .penalty_window = (size_t)number(json, "penalty_window")};
}

static void check_case(const json_t *item, size_t index, const float *logits, const float *wanted) {
  size_t size = (size_t)json_integer_value(json_object_get(item, "size")), i;
  gaze_sampling settings = read_settings(json_object_get(item, "settings"));
  gaze_sampler sampler;
  assert_int_equal(gaze_sampler_init(&sampler, &settings, size), GAZE_OK);
  json_t *id;
  json_array_foreach(json_object_get(item, "seen"), i, id)
      gaze_sampler_accept(&sampler, (int32_t)json_integer_value(id));
  float *got = malloc(size * sizeof *got);
  assert_non_null(got);
  for (int again = 0; again < 2; again++) {
    gaze_sampler_probabilities(&sampler, logits, got);
    for (i = 0; i < size; i++)
      if (!(fabsf(got[i] - wanted[i]) <= 1e-6f) || !got[i] != !wanted[i])
        fail_msg("case %zu of %zu ids: id %zu has %g, transformers gives %g", index, size, i, (double)got[i],
                 (double)wanted[i]);
  }
  free(got);
  gaze_sampler_fini(&sampler);
}

static void probabilities_are_the_reference(void **state) {
  json_t *cases = open_json("sampler/cases.json"), *item;
  gaze_map map;
  assert_int_equal(gaze_map_open(data_path("sampler/values.f32"), &map), GAZE_OK);
  const float *values = (const float *)map.data;
  size_t i, at = 0;
  json_array_foreach(cases, i, item) {
    size_t size = (size_t)json_integer_value(json_object_get(item, "size"));
    check_case(item, i, values + at, values + at + size);
    at += 2 * size;
  }
  assert_int_equal(at * sizeof(float), map.size);
  assert_true(i >= 50);
  gaze_map_close(&map);
  json_decref(cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(probabilities_are_the_reference)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
