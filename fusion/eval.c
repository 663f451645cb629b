/* Measuring a model on sets of samples, with CLIP_benchmark's metrics. */
#include "core/base/memory.h"
#include "fusion/eval_set.h"
#include "fusion/labels.h"

#include <stdlib.h>
#include <string.h>

/* How many scores beat that of `right`: its rank, from 0. */
static size_t rank_of(const float *scores, size_t n, size_t right) {
  size_t rank = 0;
  for (size_t i = 0; i < n; i++)
    rank += scores[i] > scores[right];
  return rank;
}

/* {"dataset", "model", "task", "metrics", "failed"}; metrics is taken. */
static gaze_err describe(const gaze_model *model, const char *const *tars, size_t n_tars, const char *task,
                         json_t *metrics, json_t *failed, char **out) {
  json_t *json = gaze_eval_describe(model->folder, tars, n_tars, task, metrics, failed);
  gaze_err err = gaze_json_text(json, JSON_REAL_PRECISION(6), out);
  json_decref(json);
  return err;
}

/* Hits and samples of each class, and how often none of the labels wins: with all of them, and without the right one.
 */
typedef struct class_count {
  size_t samples, first, fifth, lost, refused;
} class_count;

static json_t *classification_metrics(const class_count *counts, size_t n_classes, bool rejection) {
  class_count all = {0};
  double recall = 0;
  size_t seen = 0;
  for (size_t i = 0; i < n_classes; i++) {
    if (!counts[i].samples)
      continue;
    all.samples += counts[i].samples;
    all.first += counts[i].first;
    all.fifth += counts[i].fifth;
    all.lost += counts[i].lost;
    all.refused += counts[i].refused;
    recall += (double)counts[i].first / (double)counts[i].samples;
    seen++;
  }
  double n = (double)all.samples;
  json_t *metrics = json_pack("{s:f, s:f, s:f, s:I}", "acc1", (double)all.first / n, "acc5", (double)all.fifth / n,
                              "mean_per_class_recall", recall / (double)seen, "samples", (json_int_t)all.samples);
  if (rejection) {
    json_object_set_new(metrics, "false_reject", json_real((double)all.lost / n));
    json_object_set_new(metrics, "true_reject", json_real((double)all.refused / n));
  }
  return metrics;
}

/* scores: [n], in no order afterwards. */
static void count_rejections(const gaze_classifier *classifier, const float *vector, float *scores, size_t n,
                             size_t right, class_count *count) {
  float kept = scores[right];
  scores[right] = scores[n - 1];
  scores[n - 1] = gaze_classifier_none(classifier, vector, scores, n - 1);
  count->refused += rank_of(scores, n, n - 1) == 0;
  scores[n - 1] = kept;
  scores[n] = gaze_classifier_none(classifier, vector, scores, n);
  count->lost += rank_of(scores, n + 1, n) == 0;
}

static gaze_err count_hits(const gaze_classifier *classifier, const gaze_eval_set *set, const gaze_labels *labels,
                           size_t D, bool rejection, class_count *counts) {
  float *scores;
  size_t left_out = 0;
  GAZE_TRY(gaze_alloc(labels->n + 1, sizeof *scores, &scores));
  for (size_t i = 0; i < set->n; i++) {
    ptrdiff_t right = gaze_labels_find(labels, set->samples[i]->class_id, set->samples[i]->name);
    if (right < 0) {
      left_out++;
      continue;
    }
    gaze_classifier_logits(classifier, set->vectors + i * D, scores);
    size_t rank = rank_of(scores, labels->n, (size_t)right);
    counts[right].samples++;
    counts[right].first += rank < 1;
    counts[right].fifth += rank < 5;
    if (rejection)
      count_rejections(classifier, set->vectors + i * D, scores, labels->n, (size_t)right, &counts[right]);
  }
  free(scores);
  if (left_out == set->n)
    return gaze_fail(GAZE_ERR_MISMATCH, "no sample has one of the labels: %s: labels of another set?",
                     gaze_dataset_path(set->datasets[0]));
  if (left_out)
    gaze_warn("%zu samples without one of the labels are left out", left_out);
  return GAZE_OK;
}

static gaze_err make_classifier(gaze_model *model, const gaze_labels *labels, const char *const *templates,
                                size_t n_templates, gaze_classifier **out) {
  const char **texts;
  GAZE_TRY(gaze_alloc(labels->n + 1, sizeof *texts, &texts));
  for (size_t i = 0; i < labels->n; i++)
    texts[i] = labels->items[i].text;
  gaze_err err = gaze_classifier_new(model, texts, labels->n, templates, n_templates, out);
  free(texts);
  return err;
}

static gaze_err add_none(gaze_classifier *classifier, gaze_model *model, const gaze_labels *labels, const char *path) {
  if (labels->n < 2)
    return gaze_fail(GAZE_ERR_ARGUMENT, "a single label: %s: to take the right one away, two are needed", path);
  return gaze_classifier_add_none(classifier, model);
}

static gaze_err eval_classes(gaze_model *model, const char *const *tars, size_t n, const char *labels_file,
                             const char *const *templates, size_t n_templates, bool rejection, char **metrics) {
  gaze_eval_set set = {0};
  gaze_labels labels = {0};
  gaze_classifier *classifier = NULL;
  class_count *counts = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_labels_open(labels_file, &labels));
  GAZE_TRY_DONE(gaze_eval_set_open(&set, tars, n, NULL));
  GAZE_TRY_DONE(make_classifier(model, &labels, templates, n_templates, &classifier));
  if (rejection)
    GAZE_TRY_DONE(add_none(classifier, model, &labels, labels_file));
  GAZE_TRY_DONE(gaze_eval_set_embed(model, &set));
  GAZE_TRY_DONE(gaze_alloc(labels.n, sizeof *counts, &counts));
  GAZE_TRY_DONE(count_hits(classifier, &set, &labels, model->clip.config.dim, rejection, counts));
  err = describe(model, tars, n, "zeroshot_classification", classification_metrics(counts, labels.n, rejection),
                 set.failed, metrics);
done:
  gaze_classifier_free(classifier);
  gaze_labels_fini(&labels);
  gaze_eval_set_fini(&set);
  free(counts);
  return err;
}

gaze_err gaze_eval_classification(gaze_model *model, const char *const *tars, size_t n, const char *labels_file,
                                  const char *const *templates, size_t n_templates, char **metrics) {
  return eval_classes(model, tars, n, labels_file, templates, n_templates, false, metrics);
}

gaze_err gaze_eval_rejection(gaze_model *model, const char *const *tars, size_t n, const char *labels_file,
                             const char *const *templates, size_t n_templates, char **metrics) {
  return eval_classes(model, tars, n, labels_file, templates, n_templates, true, metrics);
}

static const size_t depths[] = {1, 5, 10};
enum { DEPTHS = sizeof depths / sizeof *depths };

static void count_depths(size_t *hits, size_t rank) {
  for (size_t k = 0; k < DEPTHS; k++)
    hits[k] += rank < depths[k];
}

/* scores: [max(samples, captions)] of scratch. hits of captions that find their picture, and of pictures that find one
 * of their captions. */
static void count_retrieved(const gaze_kernels *kernels, const gaze_eval_set *set, const gaze_captions *captions,
                            const float *texts, size_t D, float *scores, size_t *image_hits, size_t *text_hits) {
  for (size_t j = 0; j < captions->n; j++) {
    for (size_t i = 0; i < set->n; i++)
      scores[i] = kernels->dot(set->vectors + i * D, texts + j * D, D);
    count_depths(image_hits, rank_of(scores, set->n, captions->owner[j]));
  }
  for (size_t i = 0; i < set->n; i++) {
    size_t best = SIZE_MAX;
    for (size_t j = 0; j < captions->n; j++)
      scores[j] = kernels->dot(set->vectors + i * D, texts + j * D, D);
    for (size_t j = captions->first[i]; j < captions->first[i + 1]; j++) {
      size_t rank = rank_of(scores, captions->n, j);
      best = rank < best ? rank : best;
    }
    count_depths(text_hits, best);
  }
}

static gaze_err retrieval_metrics(gaze_model *model, const gaze_eval_set *set, const gaze_captions *captions,
                                  json_t **metrics) {
  float *texts = NULL, *scores = NULL;
  size_t D = model->clip.config.dim, image_hits[DEPTHS] = {0}, text_hits[DEPTHS] = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(captions->n, D * sizeof *texts, &texts));
  GAZE_TRY_DONE(gaze_alloc(captions->n + set->n, sizeof *scores, &scores));
  GAZE_TRY_DONE(gaze_embed_texts(model, captions->texts, captions->n, texts));
  count_retrieved(&model->kernels, set, captions, texts, D, scores, image_hits, text_hits);
  double n = (double)captions->n, m = (double)set->n;
  *metrics =
      json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "image_retrieval_recall@1", (double)image_hits[0] / n,
                "image_retrieval_recall@5", (double)image_hits[1] / n, "image_retrieval_recall@10",
                (double)image_hits[2] / n, "text_retrieval_recall@1", (double)text_hits[0] / m,
                "text_retrieval_recall@5", (double)text_hits[1] / m, "text_retrieval_recall@10",
                (double)text_hits[2] / m, "samples", (json_int_t)set->n, "captions", (json_int_t)captions->n);
done:
  free(texts);
  free(scores);
  return err;
}

gaze_err gaze_eval_retrieval_from(gaze_model *model, const char *const *paths, size_t n,
                                  const gaze_dataset_options *how, char **metrics) {
  gaze_eval_set set = {0};
  gaze_captions captions = {0};
  json_t *measured = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_eval_set_open(&set, paths, n, how));
  GAZE_TRY_DONE(gaze_captions_check(&set));
  GAZE_TRY_DONE(gaze_eval_set_embed(model, &set));
  GAZE_TRY_DONE(gaze_captions_list(&set, &captions));
  GAZE_TRY_DONE(retrieval_metrics(model, &set, &captions, &measured));
  err = describe(model, paths, n, "zeroshot_retrieval", measured, set.failed, metrics);
done:
  gaze_captions_fini(&captions);
  gaze_eval_set_fini(&set);
  return err;
}

gaze_err gaze_eval_retrieval(gaze_model *model, const char *const *tars, size_t n, char **metrics) {
  return gaze_eval_retrieval_from(model, tars, n, NULL, metrics);
}
