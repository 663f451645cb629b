/* Rotary positions that a language model's config.json asks for, and those that cannot be followed. */
#include "core/base/json.h"
#include "data_files.h"
#include "text/decoder.h"

#include <math.h>
#include <string.h>

/* Heads of four numbers. */
static gaze_err read(const char *more, gaze_decoder_config *out) {
  char text[1024];
  json_t *json;
  snprintf(text, sizeof text,
           "{\"model_type\": \"phi3\", \"hidden_size\": 16, \"num_attention_heads\": 4, \"max_position_embeddings\": "
           "32768%s%s}",
           *more ? ", " : "", more);
  assert_int_equal(gaze_json_parse(text, strlen(text), "config.json", &json), GAZE_OK);
  gaze_err err = gaze_decoder_config_read(json, out);
  json_decref(json);
  return err;
}

#define LISTS "\"short_factor\": [1, 1.5], \"long_factor\": [2, 4.5]"

static void longrope_has_factors_and_a_magnitude(void **state) {
  static const char *const same[] = {"\"rope_scaling\": {\"type\": \"su\", " LISTS "}",
                                     "\"rope_scaling\": {\"type\": \"longrope\", " LISTS
                                     "}, \"original_max_position_embeddings\": 4096",
                                     "\"rope_parameters\": {\"rope_type\": \"longrope\", \"factor\": 8, " LISTS "}"};
  gaze_decoder_config c;
  const gaze_rope_scaling *scaling = &c.block.attention.rope_scaling;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    assert_int_equal(read(same[i], &c), GAZE_OK);
    assert_int_equal(scaling->kind, GAZE_ROPE_FACTORS);
    assert_int_equal(gaze_rope_near(&c.block.attention), 4096);
    assert_true(scaling->factors[1] == 1.5f && scaling->far_factors[1] == 4.5f);
    assert_true(fabs((double)scaling->magnitude - sqrt(1.25)) < 1e-6); /* ln 8 is a quarter of ln 4096 */
  }
  assert_int_equal(read("\"rope_scaling\": {\"type\": \"su\", \"attention_factor\": 1.25, " LISTS "}", &c), GAZE_OK);
  assert_true(scaling->magnitude == 1.25f);
  assert_int_equal(read("\"rope_scaling\": {\"type\": \"su\", \"factor\": 0.5, " LISTS "}", &c), GAZE_OK);
  assert_true(scaling->magnitude == 1.0f);
  assert_int_equal(read("", &c), GAZE_OK);
  assert_true(gaze_rope_near(&c.block.attention) == SIZE_MAX);
}

static void what_cannot_be_followed_is_named(void **state) {
  static const struct {
    const char *text, *word;
    gaze_err err;
  } cases[] = {
      {"\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4}", "yarn", GAZE_ERR_UNSUPPORTED},
      {"\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 1]}", "long_factor", GAZE_ERR_FORMAT},
      {"\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1, 1]}", "2 positive",
       GAZE_ERR_FORMAT},
      {"\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 0], \"long_factor\": [1, 1]}", "short_factor",
       GAZE_ERR_FORMAT},
      {"\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, \"1\"], \"long_factor\": [1, 1]}",
       "short_factor", GAZE_ERR_FORMAT},
      {"\"rope_scaling\": {\"type\": \"longrope\", \"attention_factor\": -1, " LISTS "}", "attention_factor",
       GAZE_ERR_FORMAT},
      {"\"rope_scaling\": {\"type\": \"longrope\", " LISTS "}, \"original_max_position_embeddings\": 1", "of 1 tokens",
       GAZE_ERR_FORMAT},
      {"\"rope_scaling\": {\"type\": \"longrope\", " LISTS "}, \"original_max_position_embeddings\": 0",
       "original_max_position_embeddings", GAZE_ERR_FORMAT},
      {"\"head_dim\": 600, \"rope_scaling\": {\"type\": \"longrope\", " LISTS "}", "600", GAZE_ERR_UNSUPPORTED},
      {"\"partial_rotary_factor\": 0.75", "partial_rotary_factor", GAZE_ERR_UNSUPPORTED}};
  gaze_decoder_config config;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_fails(read(cases[i].text, &config), cases[i].err, cases[i].word, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(longrope_has_factors_and_a_magnitude),
                                     cmocka_unit_test(what_cannot_be_followed_is_named)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
