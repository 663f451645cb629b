/* Distillation from another CLIP in a training run: what it sees, that its similarities are learned, and that the step
 * is the same however the batch is cut. */
#include "train_files.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "fusion/clip_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 8, DIM = 12 };

static const char *const captions[] = {"red red",   "green red", "blue red",  "white red",
                                       "black red", "pink red",  "brown red", "grey red"};
static gaze_kernels kernels;

static gaze_block_config tower(size_t width, bool causal) {
  return (gaze_block_config){.dim = width,
                             .mlp_dim = 2 * width,
                             .attention = {.heads = 2, .kv_heads = 2, .head_dim = width / 2, .causal = causal},
                             .norm = GAZE_LAYER_NORM,
                             .activation = GAZE_GELU,
                             .biased = true,
                             .eps = 1e-5f};
}

/* Another size, other colours, another vocabulary. */
static gaze_err make_imitated(const char *folder, size_t side, size_t patch, size_t context) {
  gaze_clip clip;
  gaze_preprocess preprocess;
  gaze_tokenizer *tokenizer;
  GAZE_TRY(gaze_tokenizer_train(captions, 8, 530, 1, folder));
  GAZE_TRY(gaze_tokenizer_open(folder, &tokenizer));
  gaze_clip_config config = {.dim = DIM, .end_of_text = gaze_tokenizer_end(tokenizer)};
  config.vision =
      (gaze_vit_config){.image_size = side, .patch_size = patch, .block = tower(8, false), .layers = 1, .dim_out = DIM};
  config.text = (gaze_text_config){.vocabulary = gaze_tokenizer_size(tokenizer),
                                   .context = context,
                                   .block = tower(16, true),
                                   .layers = 1,
                                   .dim_out = DIM};
  gaze_tokenizer_free(tokenizer);
  gaze_preprocess_default(&preprocess, (int)side);
  preprocess.mean[0] = 0.25f;
  GAZE_TRY(gaze_clip_init(&clip, &config, true));
  GAZE_TRY(gaze_clip_allocate(&clip));
  gaze_clip_randomise(&clip, 5);
  clip.values[gaze_f32(clip.logit_scale) - clip.values] = logf(100);
  gaze_err err = gaze_clip_save(&clip, &preprocess, &kernels, folder, GAZE_DTYPE_F32);
  gaze_clip_fini(&clip);
  return err;
}

static int set_up(void **state) {
  if (make_train_folder(state) != 0)
    return -1;
  make_train_tar("few.tar", SAMPLES, 0x3c00);
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  if (make_imitated(test_path("small"), 24, 8, 12) == GAZE_OK &&
      make_imitated(test_path("large"), 40, 1, 1500) == GAZE_OK)
    return 0;
  printf("%s\n", gaze_last_error());
  return -1;
}

/* From "small", or from "large", of so many tokens that a batch is run in several parts. */
static gaze_train_clip_options distill_options(const char *name, const char *imitated) {
  static char data[512], folder[512];
  static const char *list = data;
  gaze_train_clip_options options = train_options(name);
  snprintf(data, sizeof data, "%s", test_path("few.tar"));
  snprintf(folder, sizeof folder, "%s", test_path(imitated));
  options.train_data = &list;
  options.distill_model = folder;
  return options;
}

static void begin(gaze_clip_run *run, const gaze_train_clip_options *options) {
  if (gaze_clip_run_init(run, options) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  for (size_t a = 0; a < options->run.accum_freq; a++)
    assert_int_equal(gaze_loader_next(run->loader, &run->batches[a]), GAZE_OK);
  gaze_clip_step_run(&run->step, run->batches);
}

static double difference(const float *a, const float *b, size_t n) {
  double worst = 0;
  for (size_t i = 0; i < n; i++)
    worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
  return worst;
}

/* The caption whose ids under the learner's vocabulary are those of text b. */
static const char *caption_of(const gaze_clip_run *run, const gaze_batch *batch, size_t b) {
  const int32_t *ids = batch->ids + batch->offsets[b];
  for (size_t i = 0; i < SAMPLES; i++) {
    int32_t own[16];
    size_t n;
    assert_int_equal(gaze_tokenizer_encode_context(run->tokenizer, captions[i], 8, own, &n, NULL), GAZE_OK);
    if (n == batch->offsets[b + 1] - batch->offsets[b] && memcmp(own, ids, n * sizeof *ids) == 0)
      return captions[i];
  }
  fail_msg("text %zu is no caption", b);
  return NULL;
}

/* Its features are those that the public interface gives for the same captions, and for its own pixels. */
static void check_features(gaze_clip_run *run, const gaze_train_clip_options *options) {
  enum { MOST = 64 };
  gaze_model *model = run->distill.model;
  size_t D = (size_t)gaze_model_dim(model);
  assert_true(D <= MOST);
  for (size_t a = 0; a < options->run.accum_freq; a++)
    for (size_t b = 0; b < options->run.batch_size; b++) {
      float picture[MOST], text[MOST];
      const gaze_batch *batch = run->batches[a];
      size_t row = (a * options->run.batch_size + b) * D;
      const char *caption = caption_of(run, batch, b);
      assert_int_equal(gaze_model_encode(model, batch->second_pixels + b * gaze_model_pixels(model), 1, picture),
                       GAZE_OK);
      assert_int_equal(gaze_embed_texts(model, &caption, 1, text), GAZE_OK);
      assert_true(difference(picture, run->distill.images + row, D) < 1e-5);
      assert_true(difference(text, run->distill.texts + row, D) < 1e-5);
    }
}

static void sees_as_it_would_alone(void **state) {
  gaze_clip_run run;
  gaze_train_clip_options options = distill_options("sees", "large");
  begin(&run, &options);
  size_t size = options.run.batch_size;
  assert_true(run.distill.pictures_together < size && run.distill.texts_together < size);
  check_features(&run, &options);
  gaze_clip_run_fini(&run);
}

/* SigLIP: both ways, and pooled at the last row, so that what texts are filled up with counts. */
static void texts_are_filled_up_for_it(void **state) {
  gaze_clip_run run;
  char folder[1024];
  gaze_train_clip_options options = distill_options("filled", "large");
  snprintf(folder, sizeof folder, "%s/tests/golden/data/families/siglip2", getenv("GAZE_SOURCE_ROOT"));
  options.distill_model = folder;
  begin(&run, &options);
  const gaze_text_config *text = &run.distill.model->clip.config.text;
  assert_true(text->filled);
  assert_int_equal(run.batches[0]->second_offsets[1], text->context);
  check_features(&run, &options);
  gaze_clip_run_fini(&run);
}

/* One batch of eight, four of two, and with blocks made again. */
static void cuts_add_up(void **state) {
  gaze_clip_run whole, cut;
  gaze_train_clip_options options = distill_options("whole", "large");
  options.run.batch_size = SAMPLES;
  options.run.accum_freq = 1;
  begin(&whole, &options);
  size_t size = gaze_parameters_size(&whole.clip.parameters);
  double norm = sqrt(kernels.sum_squares(whole.clip.gradients, size));
  options.name = "cut";
  options.run.batch_size = 2;
  options.run.accum_freq = 4;
  for (int checkpointing = 0; checkpointing < 2; checkpointing++) {
    options.run.grad_checkpointing = checkpointing;
    begin(&cut, &options);
    assert_true(fabs(cut.step.distill_loss - whole.step.distill_loss) < 1e-5 * whole.step.distill_loss);
    assert_true(difference(whole.clip.gradients, cut.clip.gradients, size) < 1e-5 * norm);
    gaze_clip_run_fini(&cut);
  }
  gaze_clip_run_fini(&whole);
}

/* The gradient of all parameters together is the slope of both losses in its direction. */
static void gradient_is_of_both_losses(void **state) {
  const float step = 2e-4f;
  gaze_clip_run run;
  gaze_train_clip_options options = distill_options("slope", "small");
  begin(&run, &options);
  size_t size = gaze_parameters_size(&run.clip.parameters);
  double norm = sqrt(kernels.sum_squares(run.clip.gradients, size)), sums[2];
  float *gradient = malloc(size * sizeof *gradient), *values = malloc(size * sizeof *values);
  memcpy(gradient, run.clip.gradients, size * sizeof *gradient);
  memcpy(values, run.clip.values, size * sizeof *values);
  for (int side = 0; side < 2; side++) {
    for (size_t i = 0; i < size; i++)
      run.clip.values[i] = values[i] + (side ? step : -step) * gradient[i] / (float)norm;
    gaze_clip_step_run(&run.step, run.batches);
    sums[side] = run.step.loss + run.step.distill_loss;
  }
  double slope = (sums[1] - sums[0]) / (2 * (double)step);
  if (!(fabs(slope - norm) < 2e-3 * norm))
    fail_msg("slope %g, gradient %g", slope, norm);
  free(gradient);
  free(values);
  gaze_clip_run_fini(&run);
}

/* distill_loss of the first and of the last line of a run's log. */
static void read_losses(const char *run, double losses[2]) {
  uint8_t *text;
  size_t size, lines = 0;
  assert_int_equal(gaze_file_read(run_path(run, "metrics.jsonl"), 1 << 20, &text, &size), GAZE_OK);
  for (char *line = strtok((char *)text, "\n"); line; line = strtok(NULL, "\n")) {
    json_t *json;
    assert_int_equal(gaze_json_parse(line, strlen(line), "log", &json), GAZE_OK);
    losses[lines++ ? 1 : 0] = json_number_value(json_object_get(json, "distill_loss"));
    json_decref(json);
  }
  assert_true(lines > 1);
  free(text);
}

/* The imitated model is random, and sure of its wrong pairs: what the contrastive loss alone would learn is further
 * from it than the beginning. With either loss, and where only a part of the image tower learns. */
static void imitation_is_learned(void **state) {
  for (int i = 0; i < 3; i++) {
    static const char *const names[] = {"info-nce", "sigmoid", "locked"};
    gaze_train_clip_options options = distill_options(names[i], "small");
    double losses[2];
    options.run.epochs = 40;
    options.run.warmup = 5;
    options.run.lr = 4e-3;
    options.run.weight_decay = 0;
    options.save_frequency = options.val_frequency = options.zeroshot_frequency = 0; /* saves at the end alone */
    options.siglip = i == 1;
    options.lock_image = i == 2;
    options.lock_image_unlocked_groups = i == 2 ? 2 : 0;
    if (gaze_train_clip(&options) != GAZE_OK)
      fail_msg("%s", gaze_last_error());
    read_losses(names[i], losses);
    if (!(losses[1] > 0 && losses[1] < 0.7 * losses[0]))
      fail_msg("%s: %g to %g", names[i], losses[0], losses[1]);
  }
  uint8_t *page;
  size_t size;
  assert_int_equal(gaze_file_read(run_path("info-nce", "report.html"), 1 << 24, &page, &size), GAZE_OK);
  assert_non_null(strstr((char *)page, "Distillation</h3>"));
  assert_non_null(strstr((char *)page, "<tr><th>distill-model<td>"));
  free(page);
}

static void a_model_is_needed(void **state) {
  gaze_train_clip_options options = distill_options("none", "small");
  options.distill_model = test_path("absent");
  check_fails(gaze_train_clip(&options), GAZE_ERR_NOT_FOUND, "absent", NULL);
  options.distill_model = test_path("tokenizer");
  check_fails(gaze_train_clip(&options), GAZE_ERR_NOT_FOUND, "tokenizer", "config.json", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sees_as_it_would_alone),
                                     cmocka_unit_test(texts_are_filled_up_for_it),
                                     cmocka_unit_test(cuts_add_up),
                                     cmocka_unit_test(gradient_is_of_both_losses),
                                     cmocka_unit_test(imitation_is_learned),
                                     cmocka_unit_test(a_model_is_needed)};
  return cmocka_run_group_tests(tests, set_up, remove_folder);
}
