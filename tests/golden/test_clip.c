/* Both towers of every family against its reference, tap by tap, by the files of data/clip and data/families, which
 * clip.py and families.py wrote. */
#include "clip_fixtures.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fusion/clip.h"

enum { INPUTS = 3 }; /* tensors of a reference that are no taps: pixels, ids, offsets */

/* One run of a model: what it is compared with, and what is said when it differs. */
typedef struct run {
  gaze_compute compute;
  gaze_kernels kernels;
  gaze_clip clip;
  gaze_safetensors *reference;
  char where[96];
  size_t taps, compared;
} run;

static void compare_tap(void *user, const char *name, const float *data, size_t rows, size_t columns) {
  run *r = user;
  const gaze_tensor *wanted = gaze_safetensors_find(r->reference, name);
  r->taps++;
  if (!wanted)
    return;
  r->compared++;
  if (wanted->rank != 2 || wanted->shape[0] != rows || wanted->shape[1] != columns)
    fail_msg("%s: %s is [%zu, %zu], wanted [%zu, %zu]", r->where, name, rows, columns, wanted->shape[0],
             wanted->shape[1]);
  check_near(r->where, name, data, wanted->data, rows * columns);
}

static gaze_err read_config(const char *model, gaze_clip_config *config) {
  gaze_preprocess preprocess;
  char name[64];
  if (strcmp(model, "../families/open") == 0 || strcmp(model, "../families/xlmr") == 0)
    return gaze_clip_config_open(clip_path(model), config, &preprocess);
  snprintf(name, sizeof name, "%s/config.json", model);
  json_t *json = open_clip_json(name);
  gaze_err err = gaze_clip_config_read(json, config);
  json_decref(json);
  return err;
}

/* own: weights in memory of their own, which may be written. */
static void open_run(run *r, const char *model, unsigned cpu_flags, bool own) {
  gaze_clip_config config;
  *r = (run){.reference = open_clip_tensors(model)};
  gaze_kernels_init(&r->kernels, cpu_flags);
  r->compute = (gaze_compute){.kernels = &r->kernels, .tap_user = r};
  if (read_config(model, &config) != GAZE_OK || gaze_clip_init(&r->clip, &config, false) != GAZE_OK ||
      (own && gaze_clip_allocate(&r->clip) != GAZE_OK) ||
      gaze_clip_load(&r->clip, &r->kernels, clip_path(model)) != GAZE_OK)
    fail_msg("%s: %s", model, gaze_last_error());
}

static void close_run(run *r) {
  gaze_clip_fini(&r->clip);
  gaze_safetensors_close(r->reference);
}

static void check_embedding(run *r, const char *name, float *embedding) {
  const gaze_tensor *wanted = find_tensor(r->reference, name);
  check_near(r->where, name, embedding, wanted->data, gaze_tensor_count(wanted));
  free(embedding);
}

static float *new_embedding(const run *r, size_t rows) {
  float *embedding = calloc(rows * r->clip.config.dim, sizeof *embedding);
  assert_non_null(embedding);
  return embedding;
}

/* kept: which patches are looked at, or NULL, as gaze_vit_forward. */
static float *embed_pictures(run *r, gaze_tape_policy policy, const uint16_t *kept) {
  const gaze_tensor *pixels = find_tensor(r->reference, "pixels");
  size_t batch = pixels->shape[0], patches = gaze_vit_patches(&r->clip.config.vision);
  gaze_arena measure = GAZE_ARENA_MEASURE, arena;
  gaze_vit_tape tape;
  gaze_vit_tape_layout(&tape, &r->clip.vision, batch, patches, policy, &measure);
  assert_int_equal(gaze_arena_init(&arena, measure.used), GAZE_OK);
  gaze_vit_tape_layout(&tape, &r->clip.vision, batch, patches, policy, &arena);
  float *embedding = new_embedding(r, batch);
  gaze_vit_forward(&r->compute, embedding, pixels->data, batch, kept, patches, &r->clip.vision, &tape);
  gaze_arena_fini(&arena);
  return embedding;
}

static float *embed_texts(run *r, gaze_tape_policy policy) {
  const gaze_tensor *ids = find_tensor(r->reference, "ids"), *rows = find_tensor(r->reference, "offsets");
  size_t batch = rows->shape[0] - 1, offsets[16];
  assert_true(batch < 16);
  for (size_t b = 0; b <= batch; b++)
    offsets[b] = (size_t)((const int32_t *)rows->data)[b];
  gaze_arena measure = GAZE_ARENA_MEASURE, arena;
  gaze_text_tape tape;
  gaze_text_tape_layout(&tape, &r->clip.text, batch, offsets[batch], policy, &measure);
  assert_int_equal(gaze_arena_init(&arena, measure.used), GAZE_OK);
  gaze_text_tape_layout(&tape, &r->clip.text, batch, offsets[batch], policy, &arena);
  float *embedding = new_embedding(r, batch);
  gaze_text_forward(&r->compute, embedding, ids->data, offsets, batch, &r->clip.text, &tape);
  gaze_arena_fini(&arena);
  return embedding;
}

static void run_pictures(run *r, gaze_tape_policy policy, const uint16_t *kept) {
  check_embedding(r, "vision.embedding", embed_pictures(r, policy, kept));
}
static void run_texts(run *r, gaze_tape_policy policy) { check_embedding(r, "text.embedding", embed_texts(r, policy)); }

/* While somebody listens every row of the last block is made, otherwise only the pooled ones: both ways must agree. */
static void run_towers(run *r) {
  for (gaze_tape_policy policy = GAZE_TAPE_NONE; policy <= GAZE_TAPE_RECOMPUTE; policy++) {
    r->compute.tap = compare_tap;
    r->taps = r->compared = 0;
    run_pictures(r, policy, NULL);
    run_texts(r, policy);
    assert_int_equal(r->compared, gaze_safetensors_count(r->reference) - INPUTS);
    r->compute.tap = NULL;
    run_pictures(r, policy, NULL);
    run_texts(r, policy);
  }
}

static void check_model(const char *model, bool every_tap) {
  static const char *const levels[] = {"c", "avx2", "avx512", "vnni", "bf16", "neon"};
  static const int threads[] = {1, 2, 4};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    unsigned mask;
    run r;
    assert_int_equal(gaze_cpu_mask(levels[i], &mask), GAZE_OK);
    if ((gaze_cpu_detect() & mask) != mask)
      continue;
    open_run(&r, model, mask, false);
    for (size_t j = 0; j < sizeof threads / sizeof *threads; j++) {
      omp_set_num_threads(threads[j]);
      snprintf(r.where, sizeof r.where, "%s, level %s, %d threads", model, levels[i], threads[j]);
      run_towers(&r);
      if (every_tap)
        assert_int_equal(r.taps, r.compared);
    }
    close_run(&r);
  }
}

static void quick_gelu_equals_transformers(void **state) { check_model("quick", true); }
static void exact_gelu_equals_transformers(void **state) { check_model("exact", true); }
static void half_weights_equal_transformers(void **state) {
  check_model("exact-f16", false);
  check_model("exact-bf16", false);
}

static void siglip_equals_transformers(void **state) { check_model("../families/siglip", false); }
static void siglip_equals_timm_and_open_clip(void **state) { check_model("../families/siglip-timm", false); }
static void chinese_clip_equals_transformers(void **state) { check_model("../families/chinese", false); }
static void open_clip_equals_open_clip(void **state) { check_model("../families/open", false); }
static void xlm_r_equals_open_clip(void **state) { check_model("../families/xlmr", false); }

/* Every product's weight in another precision, as a model's are when a tower is first used. */
static void change_precision(run *r, gaze_precision precision, gaze_packed **packed) {
  static uint16_t halves[1 << 20];
  size_t used = 0;
  for (size_t i = 0; i < r->clip.parameters.n; i++) {
    const gaze_parameter *p = &r->clip.parameters.items[i];
    size_t count = gaze_parameter_count(p);
    gaze_operand W = {.f32 = gaze_f32(*p->weight), .ld = p->columns, .transpose = true};
    packed[i] = NULL;
    if (!gaze_parameter_is_product(p))
      continue;
    if (precision == GAZE_PRECISION_BF16) {
      assert_true(used + count <= sizeof halves / sizeof *halves);
      r->kernels.bf16_from_f32(halves + used, W.f32, count);
      *p->weight = (gaze_weight){.data = halves + used, .dtype = GAZE_DTYPE_BF16};
      W = (gaze_operand){.bf16 = halves + used, .ld = p->columns, .transpose = true};
      used += count;
    }
    assert_int_equal(gaze_packed_new(r->compute.matmul, p->rows, p->columns, W, &packed[i]), GAZE_OK);
    p->weight->packed = packed[i];
  }
}

/* Channels of both norms of each block 50 times as large, and what reads them as much smaller: the same function. Where
 * norms come after the sums, the next block reads them too: not there. */
static void make_outliers(run *r) {
  for (size_t i = 0; i < r->clip.parameters.n; i++) {
    const gaze_parameter *p = &r->clip.parameters.items[i];
    bool post = strncmp(p->name, "text.", 5) == 0 && r->clip.config.text.block.post_norm;
    const char *part = strstr(p->name, ".block") && !post ? strrchr(p->name, '.') + 1 : "";
    float *values = r->clip.values + (gaze_f32(*p->weight) - r->clip.values);
    bool reads = strcmp(part, "q_weight") == 0 || strcmp(part, "k_weight") == 0 || strcmp(part, "v_weight") == 0 ||
                 strcmp(part, "up_weight") == 0;
    if (strncmp(part, "norm", 4) == 0)
      values[5] *= 50;
    for (size_t row = 0; reads && row < p->rows; row++)
      values[row * p->columns + 5] /= 50;
  }
}

static double least_cosine(const float *got, const float *wanted, size_t rows, size_t D) {
  double least = 1;
  for (size_t i = 0; i < rows; i++) {
    double dot = 0, a = 0, b = 0;
    for (size_t d = i * D; d < (i + 1) * D; d++) {
      dot += (double)got[d] * (double)wanted[d];
      a += (double)got[d] * (double)got[d];
      b += (double)wanted[d] * (double)wanted[d];
    }
    least = fmin(least, dot / sqrt(a * b));
  }
  return least;
}

static void check_cosine(const run *r, const char *name, float *embedding, double limit) {
  const gaze_tensor *wanted = find_tensor(r->reference, name);
  double least = least_cosine(embedding, wanted->data, wanted->shape[0], wanted->shape[1]);
  if (!(least >= limit))
    fail_msg("%s: %s has a cosine of %.6f", r->where, name, least);
  free(embedding);
}

static void check_precision(const char *model, gaze_precision precision, unsigned flags, bool outliers, double limit) {
  gaze_packed *packed[512];
  gaze_matmul *matmul;
  run r;
  open_run(&r, model, flags, outliers);
  snprintf(r.where, sizeof r.where, "%s in %s%s%s", model, precision == GAZE_PRECISION_BF16 ? "bf16" : "int8",
           flags ? "" : ", portable", outliers ? " with outliers" : "");
  if (outliers)
    make_outliers(&r);
  assert_int_equal(gaze_matmul_new(&r.kernels, flags, precision, &matmul), GAZE_OK);
  r.compute.matmul = matmul;
  assert_true(r.clip.parameters.n <= sizeof packed / sizeof *packed);
  change_precision(&r, precision, packed);
  check_cosine(&r, "vision.embedding", embed_pictures(&r, GAZE_TAPE_NONE, NULL), limit);
  check_cosine(&r, "text.embedding", embed_texts(&r, GAZE_TAPE_NONE), limit);
  for (size_t i = 0; i < r.clip.parameters.n; i++)
    gaze_packed_free(packed[i]);
  gaze_matmul_free(matmul);
  close_run(&r);
}

static const char *const models[] = {"quick",
                                     "exact",
                                     "../families/siglip",
                                     "../families/siglip-timm",
                                     "../families/chinese",
                                     "../families/open",
                                     "../families/xlmr"};

static void check_precisions(gaze_precision precision, bool outliers, double limit) {
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    check_precision(models[i], precision, gaze_cpu_detect(), outliers, limit);
    check_precision(models[i], precision, 0, outliers, limit);
  }
}

static void bf16_is_near(void **state) { check_precisions(GAZE_PRECISION_BF16, false, 0.9995); }
static void int8_is_near(void **state) { check_precisions(GAZE_PRECISION_INT8, false, 0.995); }
static void int8_is_near_with_outliers(void **state) { check_precisions(GAZE_PRECISION_INT8, true, 0.995); }

/* Patches carry their positions with them: in another order they give the same vector. */
static void patches_keep_their_positions(void **state) {
  enum { PICTURES = 3, PATCHES = 9 };
  uint16_t kept[PICTURES * PATCHES];
  run r;
  open_run(&r, "quick", 0, false);
  snprintf(r.where, sizeof r.where, "patches in another order");
  for (size_t i = 0; i < PICTURES * PATCHES; i++)
    kept[i] = (uint16_t)((i * 4 + i / PATCHES) % PATCHES);
  run_pictures(&r, GAZE_TAPE_NONE, kept);
  close_run(&r);
}

/* Every number that clip_config_read takes from `json`, against the number there. */
static void check_tower(const json_t *json, const gaze_block_config *block, size_t layers) {
  assert_int_equal(block->dim, json_integer_value(json_object_get(json, "hidden_size")));
  assert_int_equal(block->mlp_dim, json_integer_value(json_object_get(json, "intermediate_size")));
  assert_int_equal(block->attention.heads, json_integer_value(json_object_get(json, "num_attention_heads")));
  assert_int_equal(block->attention.heads * block->attention.head_dim, block->dim);
  assert_int_equal(layers, json_integer_value(json_object_get(json, "num_hidden_layers")));
  assert_true(block->eps == (float)json_number_value(json_object_get(json, "layer_norm_eps")));
  assert_string_equal(json_string_value(json_object_get(json, "hidden_act")), "quick_gelu");
  assert_int_equal(block->activation, GAZE_QUICK_GELU);
}

static void check_config(const json_t *json, const gaze_clip_config *config) {
  const json_t *vision = json_object_get(json, "vision_config"), *text = json_object_get(json, "text_config");
  check_tower(vision, &config->vision.block, config->vision.layers);
  check_tower(text, &config->text.block, config->text.layers);
  assert_int_equal(config->vision.image_size, json_integer_value(json_object_get(vision, "image_size")));
  assert_int_equal(config->vision.patch_size, json_integer_value(json_object_get(vision, "patch_size")));
  assert_int_equal(config->text.vocabulary, json_integer_value(json_object_get(text, "vocab_size")));
  assert_int_equal(config->text.context, json_integer_value(json_object_get(text, "max_position_embeddings")));
  assert_int_equal(config->dim, json_integer_value(json_object_get(json, "projection_dim")));
}

static void omitted_keys_are_the_class_defaults(void **state) {
  static const char *const short_ones[] = {
      "{\"model_type\": \"clip\"}",
      "{\"model_type\": \"clip\", \"vision_config\": null, \"text_config\": {}, \"projection_dim\": null}"};
  json_t *full = open_clip_json("defaults.json");
  gaze_clip_config config;
  assert_int_equal(gaze_clip_config_read(full, &config), GAZE_OK);
  check_config(full, &config);
  for (size_t i = 0; i < 2; i++) {
    json_t *json;
    assert_int_equal(gaze_json_parse(short_ones[i], strlen(short_ones[i]), "config.json", &json), GAZE_OK);
    if (gaze_clip_config_read(json, &config) != GAZE_OK)
      fail_msg("%s: %s", short_ones[i], gaze_last_error());
    check_config(full, &config);
    json_decref(json);
  }
  json_decref(full);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quick_gelu_equals_transformers),
      cmocka_unit_test(exact_gelu_equals_transformers),
      cmocka_unit_test(siglip_equals_transformers),
      cmocka_unit_test(siglip_equals_timm_and_open_clip),
      cmocka_unit_test(chinese_clip_equals_transformers),
      cmocka_unit_test(open_clip_equals_open_clip),
      cmocka_unit_test(xlm_r_equals_open_clip),
      cmocka_unit_test(bf16_is_near),
      cmocka_unit_test(int8_is_near),
      cmocka_unit_test(int8_is_near_with_outliers),
      cmocka_unit_test(half_weights_equal_transformers),
      cmocka_unit_test(patches_keep_their_positions),
      cmocka_unit_test(omitted_keys_are_the_class_defaults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
