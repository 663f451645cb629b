#include "llava_trial.h"

#include <stdlib.h>

const int32_t *trial_numbers(const llava_trial *t, const char *name) { return find_tensor(t->samples, name)->data; }

float *trial_values(const llava_trial *t, float *arena, const gaze_parameter *parameter) {
  return arena + (gaze_f32(*parameter->weight) - t->llava.values);
}

void open_llava_trial(llava_trial *t, size_t parts) {
  t->parts = parts;
  t->samples = open_clip_tensors(LLAVA_TRAIN "samples");
  t->longest = find_tensor(t->samples, "ids")->shape[1];
  assert_true(t->longest <= TRIAL_MOST);
  gaze_kernels_init(&t->kernels, gaze_cpu_detect());
  t->compute = (gaze_compute){.kernels = &t->kernels};
}

void look_at_samples(llava_trial *t) {
  const gaze_tensor *pixels = find_tensor(t->samples, "pixels");
  const gaze_vit front = gaze_vit_front(&t->llava.eye.encoder);
  const gaze_vit *encoder = t->llava.n_tail ? &front : &t->llava.eye.encoder;
  size_t n = pixels->shape[0], rows = gaze_vit_feature_rows(&encoder->config), C = encoder->config.block.dim;
  gaze_arena arena = GAZE_ARENA_MEASURE;
  gaze_vit_tape tape;
  gaze_vit_tape_layout(&tape, encoder, n, gaze_vit_patches(&encoder->config), GAZE_TAPE_NONE, &arena);
  assert_int_equal(gaze_arena_init(&arena, arena.used), GAZE_OK);
  gaze_vit_tape_layout(&tape, encoder, n, gaze_vit_patches(&encoder->config), GAZE_TAPE_NONE, &arena);
  assert_int_equal(gaze_alloc(n * rows * C, sizeof(float), &t->features), GAZE_OK);
  gaze_vit_features(&t->compute, t->features, pixels->data, n, encoder, &tape);
  gaze_arena_fini(&arena);
  t->seen = (gaze_llava_features){.rows = rows, .C = C, .n = n, .values = t->features};
}

static void begin_optimizer(llava_trial *t) {
  const gaze_llava *l = &t->llava;
  reference_run *run = &t->reference;
  bool talks = reference_option(run, "stage") > 1;
  run->list = &l->learned;
  run->values = l->values;
  run->gradients = l->gradients;
  for (size_t i = 0; i < l->n_tail + l->n_projector && talks; i++)
    l->learned.items[i].pace =
        reference_option(run, i < l->n_tail ? "vision_lr" : "projector_lr") / reference_option(run, "lr");
  begin_reference(run);
}

void begin_llava_trial(llava_trial *t) {
  size_t rows = TRIAL_BATCH / t->parts * t->longest;
  bool parted = t->parts > 1;
  look_at_samples(t);
  begin_optimizer(t);
  assert_int_equal(gaze_llava_project_init(&t->project, &t->llava.eye, &t->seen, &t->compute, TRIAL_BATCH, parted),
                   GAZE_OK);
  assert_int_equal(gaze_lm_step_init(&t->step, &t->llava.decoder, &t->compute, rows, t->longest, parted), GAZE_OK);
  t->step.sight = gaze_llava_project_sight(&t->project);
}

void close_llava_trial(llava_trial *t) {
  gaze_lm_step_fini(&t->step);
  gaze_llava_project_fini(&t->project);
  gaze_llava_fini(&t->llava);
  free(t->features);
  gaze_safetensors_close(t->samples);
  close_reference(&t->reference);
}

static size_t find_picture(const int32_t *ids) {
  size_t row = 0;
  while (ids[row] >= 0)
    row++;
  return row;
}

void fill_trial_batch(llava_trial *t, size_t part, const int32_t *chosen, size_t n) {
  size_t *offsets = t->offsets[part], first = part * n * t->longest;
  gaze_lm_batch *batch = &t->batches[part];
  *batch = (gaze_lm_batch){.sequences = {.count = n, .offsets = offsets, .longest = t->longest},
                           .ids = t->ids + first,
                           .labels = t->labels + first,
                           .pictures = t->pictures[part]};
  pack_samples(t->samples, chosen, n, t->ids + first, t->labels + first, offsets);
  for (size_t b = 0; b < n; b++) {
    int32_t picture = trial_numbers(t, "pictures")[chosen[b]];
    if (picture >= 0)
      t->pictures[part][batch->n_pictures++] =
          (gaze_lm_picture){offsets[b] + find_picture(t->ids + first + offsets[b]), (size_t)picture};
  }
}

void add_trial_gradients(llava_trial *t, size_t step) {
  const int32_t *chosen = trial_numbers(t, "batches") + step * TRIAL_BATCH;
  size_t n = TRIAL_BATCH / t->parts;
  for (size_t part = 0; part < t->parts; part++)
    fill_trial_batch(t, part, chosen + part * n, n);
  gaze_lm_step_run(&t->step, t->batches, t->parts);
}
