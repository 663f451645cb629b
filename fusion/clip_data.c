/* What a training run learns from: data sets, classes as texts, and the loader over both. */
#include "fusion/clip_run.h"

#include <math.h>

enum { MOST_GROUP = 1024 }; /* neighbours of a file that are drawn together */

static gaze_err open_source(gaze_clip_run *run, size_t i) {
  const gaze_train_clip_options *o = &run->options;
  gaze_dataset_options data = gaze_dataset_columns_of(o);
  data.type = o->dataset_type;
  gaze_source *source = &run->sources[i];
  source->weight = o->upsampling ? o->upsampling[i] : 1;
  double group = o->groups ? o->groups[i] : 1;
  if (!(group >= 1) || group > MOST_GROUP || group != floor(group))
    return gaze_fail(GAZE_ERR_ARGUMENT, "%g neighbours to draw together: %s: give a whole number from 1 to %d", group,
                     o->train_data[i], MOST_GROUP);
  source->group = (size_t)group;
  GAZE_TRY(gaze_dataset_open(o->train_data[i], &data, &source->dataset));
  for (size_t j = 0; o->teacher_weight > 0 && !run->teacher.D && j < gaze_dataset_size(source->dataset); j++)
    run->teacher.D = gaze_dataset_get(source->dataset, j)->teacher_dim;
  return GAZE_OK;
}

static gaze_err open_prompts(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  GAZE_TRY(gaze_alloc(o->n_class_labels + 1, sizeof *run->prompts, &run->prompts));
  for (size_t i = 0; i < o->n_class_labels; i++) {
    gaze_class_prompts *prompts = &run->prompts[i];
    prompts->weight = o->class_weights ? o->class_weights[i] : 1;
    GAZE_TRY(gaze_labels_open(o->class_labels[i], &prompts->labels));
    if (o->class_templates && o->class_templates[i][0])
      GAZE_TRY(gaze_templates_open(o->class_templates[i], &prompts->templates, &prompts->n_templates));
  }
  return GAZE_OK;
}

gaze_err gaze_clip_run_open_data(gaze_clip_run *run) {
  size_t n = run->options.n_train_data;
  if (!n)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no training data: --train-data: name tars or CSV files");
  GAZE_TRY(gaze_alloc(n, sizeof *run->sources, &run->sources));
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(open_source(run, i));
  if (run->options.teacher_weight > 0 && !run->teacher.D)
    gaze_warn("no KEY.teacher.npy in the training data: --teacher-vectors: there is nothing to learn from");
  if (run->options.text_vectors)
    GAZE_TRY(gaze_text_vectors_open(run->options.text_vectors, &run->text_vectors));
  return open_prompts(run);
}

json_t *gaze_clip_run_describe_data(const gaze_clip_run *run) {
  json_t *list = json_array();
  bool whole = list != NULL;
  for (size_t i = 0; i < run->options.n_train_data && whole; i++) {
    const gaze_dataset *dataset = run->sources[i].dataset;
    whole = json_array_append_new(list, json_pack("[I, I]", (json_int_t)gaze_dataset_bytes(dataset),
                                                  (json_int_t)gaze_dataset_size(dataset))) == 0;
  }
  if (whole)
    return list;
  json_decref(list);
  return NULL;
}

uint64_t gaze_clip_run_samples(const gaze_clip_run *run) {
  double samples = 0;
  for (size_t i = 0; i < run->options.n_train_data; i++)
    samples += run->sources[i].weight * (double)gaze_dataset_size(run->sources[i].dataset);
  return run->options.train_num_samples ? run->options.train_num_samples : (uint64_t)samples;
}

gaze_err gaze_clip_run_open_loader(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  float jitter = (float)o->color_jitter;
  gaze_loader_options options = {.sources = run->sources,
                                 .n_sources = o->n_train_data,
                                 .prompts = run->prompts,
                                 .n_prompts = o->n_class_labels,
                                 .tokenizer = run->tokenizer,
                                 .text = &run->clip.config.text,
                                 .preprocess = run->preprocess,
                                 .augment = {.scale_low = (float)o->scale_low,
                                             .scale_high = 1,
                                             .ratio = 4.0f / 3,
                                             .flip = (float)o->flip,
                                             .brightness = jitter,
                                             .contrast = jitter,
                                             .saturation = jitter,
                                             .hue = jitter / 4,
                                             .jitter = jitter > 0 ? 0.8f : 0,
                                             .grey = (float)o->grayscale},
                                 .batch_size = o->run.batch_size,
                                 .teacher_dim = run->teacher.D,
                                 .text_vectors = run->options.text_vectors ? &run->text_vectors : NULL,
                                 .seed = o->run.seed,
                                 .workers = o->workers,
                                 .queue = 2,
                                 .held = (int)o->run.accum_freq,
                                 .first = run->training.optimizer.step * o->run.accum_freq};
  if (o->distill_model)
    options.second = gaze_distill_view(&run->distill);
  GAZE_TRY(gaze_alloc(o->run.accum_freq, sizeof *run->batches, &run->batches));
  return gaze_loader_new(&options, &run->loader);
}
