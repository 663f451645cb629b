/* Zero-shot classes: prompt ensembles as open_clip's build_zero_shot_classifier. */
#include "core/base/memory.h"
#include "fusion/labels.h"
#include "fusion/model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gaze_classifier {
  gaze_kernels kernels;
  size_t n, D;
  float scale, bias;
  bool sigmoid;
  float *vectors;    /* [n, D], unit */
  bool none;         /* one answer more */
  float *background; /* [n_background, D] with none and without sigmoids: what the labels are held against */
  size_t n_background;
};

/* Every synonym through every template. */
typedef struct prompt_list {
  char **items;
  size_t n, capacity;
} prompt_list;

static void prompt_list_fini(prompt_list *list) {
  for (size_t i = 0; i < list->n; i++)
    free(list->items[i]);
  free(list->items);
  *list = (prompt_list){0};
}

static gaze_err add_prompts(prompt_list *list, const char *label, const char *const *templates, size_t n_templates) {
  for (size_t i = 0; i < n_templates; i++) {
    GAZE_TRY(gaze_grow(&list->items, &list->capacity, list->n + 1, sizeof *list->items));
    GAZE_TRY(gaze_template_fill(templates[i], label, &list->items[list->n]));
    list->n++;
  }
  return GAZE_OK;
}

static gaze_err list_prompts(prompt_list *list, const char *label, const char *const *templates, size_t n_templates) {
  char *copy;
  GAZE_TRY(gaze_strdup(label, &copy));
  gaze_err err = GAZE_OK;
  char *rest = copy;
  for (char *synonym; err == GAZE_OK && (synonym = strsep(&rest, "|"));)
    if (synonym[0])
      err = add_prompts(list, synonym, templates, n_templates);
  free(copy);
  if (err == GAZE_OK && !list->n)
    err = gaze_fail(GAZE_ERR_ARGUMENT, "empty label: \"%s\": give each label a name", label);
  return err;
}

enum { LABELS_TOGETHER = 64 };

/* n is at most LABELS_TOGETHER; out: [n, D]. */
static gaze_err embed_labels(gaze_model *model, const char *const *labels, size_t n, const char *const *templates,
                             size_t n_templates, float *out, gaze_text_cuts *cuts) {
  prompt_list prompts[LABELS_TOGETHER] = {0};
  gaze_text_list lists[LABELS_TOGETHER];
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i++) {
    err = list_prompts(&prompts[i], labels[i], templates, n_templates);
    lists[i] = (gaze_text_list){(const char *const *)prompts[i].items, prompts[i].n};
  }
  if (err == GAZE_OK)
    err = gaze_model_embed_means(model, lists, n, out, cuts);
  for (size_t i = 0; i < n; i++)
    prompt_list_fini(&prompts[i]);
  return err;
}

static gaze_err fill(gaze_classifier *classifier, gaze_model *model, const char *const *labels,
                     const char *const *templates, size_t n_templates) {
  gaze_text_cuts cuts = {0};
  size_t n = classifier->n, D = classifier->D;
  GAZE_TRY(gaze_alloc(n, D * sizeof(float), &classifier->vectors));
  for (size_t i = 0; i < n; i += LABELS_TOGETHER)
    GAZE_TRY(embed_labels(model, labels + i, n - i < LABELS_TOGETHER ? n - i : LABELS_TOGETHER, templates, n_templates,
                          classifier->vectors + i * D, &cuts));
  gaze_text_cuts_warn(&cuts, model);
  gaze_model_texts_done(model);
  return GAZE_OK;
}

gaze_err gaze_classifier_new(gaze_model *model, const char *const *labels, size_t n, const char *const *templates,
                             size_t n_templates, gaze_classifier **out) {
  static const char *const plain[] = {"a photo of a {}."};
  gaze_classifier *classifier;
  GAZE_TRY(gaze_model_check_pictures(model));
  if (!n)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no labels: nothing to choose from: give at least one");
  for (size_t i = 0; i < n_templates; i++)
    if (!strstr(templates[i], "{}"))
      return gaze_fail(GAZE_ERR_ARGUMENT, "template without {}: \"%s\": say where the label goes", templates[i]);
  GAZE_TRY(gaze_alloc(1, sizeof *classifier, &classifier));
  *classifier = (gaze_classifier){.kernels = model->kernels,
                                  .n = n,
                                  .D = model->clip.config.dim,
                                  .scale = gaze_model_logit_scale(model),
                                  .sigmoid = model->clip.config.sigmoid};
  if (classifier->sigmoid)
    classifier->bias = gaze_f32(model->clip.logit_bias)[0];
  gaze_err err = fill(classifier, model, labels, n_templates ? templates : plain, n_templates ? n_templates : 1);
  if (err != GAZE_OK) {
    gaze_classifier_free(classifier);
    return err;
  }
  *out = classifier;
  return GAZE_OK;
}

void gaze_classifier_free(gaze_classifier *classifier) {
  if (!classifier)
    return;
  free(classifier->vectors);
  free(classifier->background);
  free(classifier);
}

/* out: [n, D] */
static gaze_err embed_background(gaze_model *model, float *out) {
  gaze_text_cuts cuts = {0};
  gaze_text_list lists[LABELS_TOGETHER];
  size_t n;
  const char *const *prompts = gaze_background_prompts(&n);
  assert(n <= LABELS_TOGETHER);
  for (size_t i = 0; i < n; i++)
    lists[i] = (gaze_text_list){&prompts[i], 1};
  GAZE_TRY(gaze_model_embed_means(model, lists, n, out, &cuts));
  gaze_model_texts_done(model);
  return GAZE_OK;
}

gaze_err gaze_classifier_add_none(gaze_classifier *classifier, gaze_model *model) {
  size_t n;
  float *background;
  gaze_background_prompts(&n);
  if (!classifier->sigmoid && !classifier->background) { /* a sigmoid is absolute and needs no rivals */
    GAZE_TRY(gaze_alloc(n, classifier->D * sizeof *background, &background));
    gaze_err err = embed_background(model, background);
    if (err != GAZE_OK) {
      free(background);
      return err;
    }
    classifier->background = background;
    classifier->n_background = n;
  }
  classifier->none = true;
  return GAZE_OK;
}

/* n times the mean of exp(scale * cosine), as a logarithm: what n labels would weigh that fit as well as the background
 * does. With so many rivals as labels, one error is about as frequent as the other for any number of labels. */
static float background_logit(const gaze_classifier *classifier, const float *vector, size_t n) {
  double sum = 0, scale = (double)classifier->scale;
  for (size_t i = 0; i < classifier->n_background; i++) {
    float cosine = classifier->kernels.dot(vector, classifier->background + i * classifier->D, classifier->D);
    sum += exp(scale * ((double)cosine - 1)); /* at most 1, whatever the scale */
  }
  return (float)(scale + log((double)n * sum / (double)classifier->n_background));
}

float gaze_classifier_none(const gaze_classifier *classifier, const float *vector, const float *logits, size_t n) {
  float best = logits[0];
  for (size_t i = 1; i < n; i++)
    best = logits[i] > best ? logits[i] : best;
  /* 1 - sigmoid(x) is sigmoid(-x) */
  return classifier->sigmoid ? -best : background_logit(classifier, vector, n);
}

void gaze_classifier_logits(const gaze_classifier *classifier, const float *vector, float *logits) {
  size_t n = classifier->n, D = classifier->D;
  for (size_t i = 0; i < n; i++)
    logits[i] = classifier->scale * classifier->kernels.dot(vector, classifier->vectors + i * D, D) + classifier->bias;
  if (classifier->none)
    logits[n] = gaze_classifier_none(classifier, vector, logits, n);
}

void gaze_classifier_run(const gaze_classifier *classifier, const float *vector, float *probabilities) {
  size_t n = classifier->n + classifier->none;
  gaze_classifier_logits(classifier, vector, probabilities);
  if (!classifier->sigmoid)
    classifier->kernels.softmax(probabilities, n);
  for (size_t i = 0; classifier->sigmoid && i < n; i++)
    probabilities[i] = 1 / (1 + expf(-probabilities[i]));
}
