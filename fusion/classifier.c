/* Zero-shot classes: prompt ensembles as open_clip's build_zero_shot_classifier. */
#include "core/base/memory.h"
#include "fusion/contrastive.h"
#include "fusion/labels.h"
#include "fusion/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gaze_classifier {
  gaze_kernels kernels;
  size_t n, D;
  float scale, bias;
  bool sigmoid;
  float *vectors; /* [n, D], unit */
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

/* Mean of the prompts' unit vectors, made unit again. */
static gaze_err embed_label(gaze_model *model, const char *label, const char *const *templates, size_t n_templates,
                            float *out, gaze_text_cuts *cuts) {
  prompt_list list = {0};
  float *vectors = NULL, norm;
  size_t D = model->clip.config.dim;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(list_prompts(&list, label, templates, n_templates));
  GAZE_TRY_DONE(gaze_alloc(list.n, D * sizeof *vectors, &vectors));
  GAZE_TRY_DONE(gaze_model_embed_texts(model, (const char *const *)list.items, list.n, vectors, cuts));
  memset(out, 0, D * sizeof *out);
  for (size_t i = 0; i < list.n; i++)
    model->kernels.add(out, vectors + i * D, D);
  gaze_unit_forward(&model->compute, out, &norm, out, 1, D);
done:
  prompt_list_fini(&list);
  free(vectors);
  return err;
}

static gaze_err fill(gaze_classifier *classifier, gaze_model *model, const char *const *labels,
                     const char *const *templates, size_t n_templates) {
  gaze_text_cuts cuts = {0};
  GAZE_TRY(gaze_alloc(classifier->n, classifier->D * sizeof(float), &classifier->vectors));
  for (size_t i = 0; i < classifier->n; i++)
    GAZE_TRY(embed_label(model, labels[i], templates, n_templates, classifier->vectors + i * classifier->D, &cuts));
  gaze_text_cuts_warn(&cuts, model);
  return GAZE_OK;
}

gaze_err gaze_classifier_new(gaze_model *model, const char *const *labels, size_t n, const char *const *templates,
                             size_t n_templates, gaze_classifier **out) {
  static const char *const plain[] = {"a photo of a {}."};
  gaze_classifier *classifier;
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
  if (classifier)
    free(classifier->vectors);
  free(classifier);
}

void gaze_classifier_logits(const gaze_classifier *classifier, const float *vector, float *logits) {
  size_t D = classifier->D;
  for (size_t i = 0; i < classifier->n; i++)
    logits[i] = classifier->scale * classifier->kernels.dot(vector, classifier->vectors + i * D, D) + classifier->bias;
}

void gaze_classifier_run(const gaze_classifier *classifier, const float *vector, float *probabilities) {
  gaze_classifier_logits(classifier, vector, probabilities);
  if (!classifier->sigmoid)
    classifier->kernels.softmax(probabilities, classifier->n);
  for (size_t i = 0; classifier->sigmoid && i < classifier->n; i++)
    probabilities[i] = 1 / (1 + expf(-probabilities[i]));
}
