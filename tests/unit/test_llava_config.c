/* What configurations of models that look and talk say, and how one that cannot be followed is refused. */
#include "data_files.h"

#include "fusion/eye.h"

#include <stdlib.h>
#include <string.h>

typedef struct change {
  const char *key, *value; /* of config.json, or of the processor's file; value NULL: removed */
  const char *word;        /* of the message */
  gaze_err err;
} change;

static json_t *parse(const char *text) {
  json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
  if (!json)
    fail_msg("not JSON: %s", text);
  return json;
}

/* "a.b" is member b of member a. */
static void set(json_t *json, const char *key, const char *value) {
  const char *dot = strchr(key, '.');
  char first[64];
  if (dot) {
    snprintf(first, sizeof first, "%.*s", (int)(dot - key), key);
    json = json_object_get(json, first);
    key = dot + 1;
  }
  if (value)
    json_object_set_new(json, key, parse(value));
  else
    json_object_del(json, key);
}

static gaze_err read_changed(const char *model, const char *pictures, const char *key, const char *value, bool of_model,
                             gaze_llava_config *out) {
  gaze_llava_files files = {.model = parse(model), .pictures = pictures ? parse(pictures) : NULL};
  if (key)
    set(of_model ? files.model : files.pictures, key, value);
  gaze_err err = gaze_llava_config_read(&files, out);
  gaze_llava_files_close(&files);
  return err;
}

static const char *const llava =
    "{\"model_type\": \"llava\", \"vision_config\": {\"model_type\": \"clip_vision_model\", \"hidden_size\": 1024, "
    "\"intermediate_size\": 4096, \"num_hidden_layers\": 24, \"num_attention_heads\": 16, \"image_size\": 336, "
    "\"patch_size\": 14}, \"text_config\": {\"model_type\": \"llama\"}}";
static const char *const clip_pictures = "{\"image_processor_type\": \"CLIPImageProcessor\", \"size\": "
                                         "{\"shortest_edge\": 336}, \"crop_size\": {\"height\": 336, \"width\": 336}}";
static const char *const next_pictures =
    "{\"image_processor_type\": \"LlavaNextImageProcessor\", \"size\": {\"shortest_edge\": 336}, \"crop_size\": "
    "{\"height\": 336, \"width\": 336}}";
static const char *const original =
    "{\"model_type\": \"llava_llama\", \"mm_vision_tower\": \"openai/clip-vit-large-patch14-336\", \"mm_hidden_size\": "
    "1024, \"mm_projector_type\": \"mlp2x_gelu\", \"image_aspect_ratio\": \"pad\", \"hidden_size\": 5120}";
static const char *const onevision =
    "{\"model_type\": \"llava_qwen\", \"mm_vision_tower\": \"google/siglip-so400m-patch14-384\", \"mm_hidden_size\": "
    "1152, \"mm_projector_type\": \"mlp2x_gelu\", \"image_aspect_ratio\": \"anyres_max_9\", \"hidden_size\": 896, "
    "\"mm_patch_merge_type\": \"spatial_unpad\", \"image_grid_pinpoints\": \"(1x1),...,(6x6)\"}";
static const char *const smolvlm =
    "{\"model_type\": \"idefics3\", \"scale_factor\": 4, \"vision_config\": {\"hidden_size\": 768, \"image_size\": "
    "512, "
    "\"patch_size\": 16, \"num_attention_heads\": 12}, \"text_config\": {\"hidden_size\": 576}}";
static const char *const smolvlm_pictures =
    "{\"image_processor_type\": \"Idefics3ImageProcessor\", \"size\": {\"longest_edge\": 2048}, \"max_image_size\": "
    "{\"longest_edge\": 512}}";

static void llava_has_its_defaults(void **state) {
  gaze_llava_config c;
  assert_int_equal(read_changed(llava, clip_pictures, NULL, NULL, true, &c), GAZE_OK);
  assert_string_equal(c.family, "llava");
  assert_true(!c.original && c.vision.drops_class_token && c.vision.output == GAZE_VIT_ROWS);
  assert_int_equal(c.vision.layers, 23);
  assert_int_equal(c.vision.block.activation, GAZE_QUICK_GELU);
  assert_int_equal(c.projector.kind, GAZE_PROJECTOR_MLP);
  assert_int_equal(c.projector.D, 4096);
  assert_int_equal(c.tiling.tile_rows, 576);
  assert_int_equal(c.tiling.preprocess.fit, GAZE_FIT_CROP);
  assert_int_equal(c.image_token, 32000);
}

static void full_features_keep_the_class_token(void **state) {
  gaze_llava_config c;
  assert_int_equal(read_changed(llava, clip_pictures, "vision_feature_select_strategy", "\"full\"", true, &c), GAZE_OK);
  assert_int_equal(c.tiling.tile_rows, 577);
  assert_int_equal(read_changed(llava, clip_pictures, "vision_feature_layer", "24", true, &c), GAZE_OK);
  assert_int_equal(c.vision.layers, 24);
}

static void llavas_own_layout_knows_its_encoders(void **state) {
  gaze_llava_config c;
  assert_int_equal(read_changed(original, NULL, NULL, NULL, true, &c), GAZE_OK);
  assert_true(c.original && c.image_token == GAZE_NO_IMAGE_TOKEN);
  assert_int_equal(c.vision.layers, 23);
  assert_int_equal(c.projector.D, 5120);
  assert_int_equal(c.tiling.preprocess.fit, GAZE_FIT_SQUARE);
  assert_int_equal(read_changed(original, NULL, "model_type", "\"llava\"", true, &c), GAZE_OK);
  assert_string_equal(c.family, "llava");
  assert_int_equal(read_changed(original, NULL, "image_aspect_ratio", "\"square\"", true, &c), GAZE_OK);
  assert_int_equal(c.tiling.preprocess.fit, GAZE_FIT_CROP);
  assert_int_equal(read_changed(original, NULL, "mm_projector_type", "\"linear\"", true, &c), GAZE_OK);
  assert_int_equal(c.projector.kind, GAZE_PROJECTOR_LINEAR);
}

static void onevisions_own_layout_has_grids(void **state) {
  gaze_llava_config c;
  assert_int_equal(read_changed(onevision, NULL, NULL, NULL, true, &c), GAZE_OK);
  assert_string_equal(c.family, "llava_onevision");
  assert_true(c.original && c.tiling.lone && c.projector.newline);
  assert_int_equal(c.vision.layers, 26);
  assert_int_equal(c.tiling.tile_rows, 729);
  assert_int_equal(c.tiling.most_tiles, 9);
  assert_int_equal(c.tiling.grid_count, 36);
  assert_int_equal(c.tiling.grids[1].width, 384);
  assert_int_equal(c.tiling.grids[1].height, 768);
  static const char *const lists[] = {"\"[(384, 768), (768, 384)]\"", "\"[[384, 768], [768, 384]]\"",
                                      "[[384, 768], [768, 384]]"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    assert_int_equal(read_changed(onevision, NULL, "image_grid_pinpoints", lists[i], true, &c), GAZE_OK);
    assert_int_equal(c.tiling.grid_count, 2);
    assert_int_equal(c.tiling.grids[0].height, 768);
  }
  assert_int_equal(read_changed(onevision, NULL, "image_aspect_ratio", "\"anyres\"", true, &c), GAZE_OK);
  assert_string_equal(c.family, "llava_next");
  assert_true(!c.tiling.lone && !c.tiling.most_tiles);
}

static void smolvlm_shuffles(void **state) {
  gaze_llava_config c;
  assert_int_equal(read_changed(smolvlm, smolvlm_pictures, NULL, NULL, true, &c), GAZE_OK);
  assert_string_equal(c.family, "smolvlm");
  assert_int_equal(c.vision.layers, 12);
  assert_int_equal(c.vision.output, GAZE_VIT_NORMED_ROWS);
  assert_int_equal(c.tiling.tile_rows, 64);
  assert_int_equal(c.tiling.preprocess.filter, GAZE_LANCZOS);
}

static void check_changes(const char *model, const char *pictures, bool of_model, const change *changes, size_t n) {
  gaze_llava_config config;
  for (size_t i = 0; i < n; i++)
    check_fails(read_changed(model, pictures, changes[i].key, changes[i].value, of_model, &config), changes[i].err,
                changes[i].word, NULL);
}

#define CHANGES(model, pictures, of_model, changes) \
  check_changes(model, pictures, of_model, changes, sizeof changes / sizeof *changes)

static void what_cannot_be_followed_is_named(void **state) {
  static const change of_llava[] = {{"model_type", "\"blip\"", "blip", GAZE_ERR_UNSUPPORTED},
                                    {"vision_config", NULL, "vision_config", GAZE_ERR_FORMAT},
                                    {"vision_config.model_type", "\"pixtral\"", "pixtral", GAZE_ERR_UNSUPPORTED},
                                    {"vision_config.num_attention_heads", "7", "multiple", GAZE_ERR_MISMATCH},
                                    {"vision_config.patch_size", "400", "patches", GAZE_ERR_MISMATCH},
                                    {"vision_feature_layer", "[-2, -5]", "vision_feature_layer", GAZE_ERR_UNSUPPORTED},
                                    {"vision_feature_layer", "-25", "vision_feature_layer", GAZE_ERR_MISMATCH},
                                    {"vision_feature_layer", "25", "vision_feature_layer", GAZE_ERR_MISMATCH},
                                    {"vision_feature_select_strategy", "\"cls\"", "strategy", GAZE_ERR_UNSUPPORTED},
                                    {"projector_hidden_act", "\"relu\"", "relu", GAZE_ERR_UNSUPPORTED},
                                    {"text_config", NULL, "text_config", GAZE_ERR_FORMAT},
                                    {"text_config.model_type", "\"gemma\"", "hidden_size", GAZE_ERR_FORMAT},
                                    {"vision_config.image_size", "224", "336", GAZE_ERR_MISMATCH}};
  static const change of_siglip[] = {
      {"vision_config.model_type", "\"siglip_vision_model\"", "class token", GAZE_ERR_UNSUPPORTED}};
  static const change of_original[] = {
      {"mm_vision_tower", "\"someone/else\"", "someone/else", GAZE_ERR_NOT_FOUND},
      {"mm_hidden_size", "1152", "mm_hidden_size", GAZE_ERR_MISMATCH},
      {"mm_projector_type", "\"ldpnet\"", "mm_projector_type", GAZE_ERR_UNSUPPORTED},
      {"mm_use_im_start_end", "true", "mm_use_im_start_end", GAZE_ERR_UNSUPPORTED},
      {"mm_vision_select_feature", "\"all\"", "mm_vision_select_feature", GAZE_ERR_UNSUPPORTED},
      {"image_aspect_ratio", "\"highres\"", "image_aspect_ratio", GAZE_ERR_UNSUPPORTED},
      {"image_aspect_ratio", "\"anyres\"", "mm_patch_merge_type", GAZE_ERR_UNSUPPORTED}};
  static const change of_onevision[] = {
      {"image_aspect_ratio", "\"anyres_max_0\"", "image_aspect_ratio", GAZE_ERR_UNSUPPORTED},
      {"image_grid_pinpoints", "\"(1x1),...,(9x9)\"", "1 to 64", GAZE_ERR_FORMAT},
      {"image_grid_pinpoints", "\"(0x1),...,(1x1)\"", "0 x 384", GAZE_ERR_MISMATCH},
      {"image_grid_pinpoints", "\"(2x2),...,(1x1)\"", "1 to 64", GAZE_ERR_FORMAT},
      {"image_grid_pinpoints", "\"1x1\"", "1 to 64", GAZE_ERR_FORMAT},
      {"image_grid_pinpoints", "\"[(384, 768\"", "1 to 64", GAZE_ERR_FORMAT},
      {"image_grid_pinpoints", NULL, "1 to 64", GAZE_ERR_FORMAT}};
  static const change of_smolvlm[] = {{"scale_factor", "5", "scale_factor", GAZE_ERR_MISMATCH},
                                      {"vision_config.image_size", "384", "512", GAZE_ERR_MISMATCH}};
  static const change of_splits[] = {
      {"image_processor_type", "\"CLIPImageProcessor\"", "CLIPImageProcessor", GAZE_ERR_UNSUPPORTED},
      {"size", "{\"longest_edge\": 100000}", "size", GAZE_ERR_UNSUPPORTED},
      {"size", "{\"longest_edge\": 16384}", "longest_edge: 16384", GAZE_ERR_UNSUPPORTED},
      {"size", "{\"height\": 512, \"width\": 512}", "size", GAZE_ERR_UNSUPPORTED},
      {"max_image_size", NULL, "364", GAZE_ERR_MISMATCH}};
  CHANGES(llava, clip_pictures, true, of_llava);
  CHANGES(llava, clip_pictures, true, of_siglip);
  CHANGES(original, NULL, true, of_original);
  CHANGES(onevision, NULL, true, of_onevision);
  CHANGES(smolvlm, smolvlm_pictures, true, of_smolvlm);
  CHANGES(smolvlm, smolvlm_pictures, false, of_splits);
}

static void grids_are_made_of_tiles(void **state) {
  static const change of_pictures[] = {
      {"image_grid_pinpoints", "[[336, 700]]", "700", GAZE_ERR_MISMATCH},
      {"image_grid_pinpoints", "[]", "image_grid_pinpoints", GAZE_ERR_FORMAT},
      {"image_grid_pinpoints", "[[336]]", "336 x 0", GAZE_ERR_MISMATCH},
      {"image_grid_pinpoints", "[[336, 672]]", "differ", GAZE_ERR_MISMATCH},
      {"size", "{\"shortest_edge\": 224}", "224", GAZE_ERR_MISMATCH},
      {"image_processor_type", "\"CLIPImageProcessor\"", "CLIPImageProcessor", GAZE_ERR_UNSUPPORTED}};
  static const change of_model[] = {{"vision_feature_select_strategy", "\"full\"", "class token", GAZE_ERR_UNSUPPORTED},
                                    {"image_grid_pinpoints", "[[336, 672]]", "differ", GAZE_ERR_MISMATCH}};
  gaze_llava_config config;
  json_t *json = parse(llava);
  set(json, "model_type", "\"llava_next\"");
  char *next = json_dumps(json, 0);
  json_decref(json);
  assert_int_equal(read_changed(next, next_pictures, NULL, NULL, true, &config), GAZE_OK);
  assert_int_equal(config.tiling.grid_count, 5);
  assert_int_equal(config.tiling.grids[0].width, 672);
  CHANGES(next, next_pictures, false, of_pictures);
  CHANGES(next, next_pictures, true, of_model);
  free(next);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(llava_has_its_defaults),
                                     cmocka_unit_test(full_features_keep_the_class_token),
                                     cmocka_unit_test(llavas_own_layout_knows_its_encoders),
                                     cmocka_unit_test(onevisions_own_layout_has_grids),
                                     cmocka_unit_test(smolvlm_shuffles),
                                     cmocka_unit_test(what_cannot_be_followed_is_named),
                                     cmocka_unit_test(grids_are_made_of_tiles)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
