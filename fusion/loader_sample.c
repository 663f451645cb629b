#include "fusion/loader_sample.h"

#include "core/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SYNONYM 0.6 /* probability of the label itself, before the draw among it and its synonyms */

/* The label of a sample in one file of prompts, NULL when it is not there or never drawn. */
static const gaze_label *find_label(const gaze_class_prompts *prompts, const gaze_sample *sample) {
  if (!(prompts->weight > 0))
    return NULL;
  ptrdiff_t found = gaze_labels_find(&prompts->labels, sample->class_id, sample->name);
  return found >= 0 ? &prompts->labels.items[found] : NULL;
}

bool gaze_sample_has_text(const gaze_sample *sample, const gaze_loader_options *options) {
  bool has = sample->n_captions > 0;
  for (size_t i = 0; i < options->n_prompts && !has; i++)
    has = find_label(&options->prompts[i], sample) != NULL;
  return has;
}

/* Draws by weight among the files that know the sample's class. */
static const gaze_class_prompts *draw_prompts(const gaze_sample *sample, const gaze_loader_options *options,
                                              gaze_random *random, const gaze_label **label) {
  double total = 0, at;
  for (size_t i = 0; i < options->n_prompts; i++)
    total += find_label(&options->prompts[i], sample) ? options->prompts[i].weight : 0;
  at = gaze_random_uniform(random) * total;
  const gaze_class_prompts *drawn = NULL;
  for (size_t i = 0; i < options->n_prompts && (!drawn || at >= 0); i++) {
    const gaze_label *found = find_label(&options->prompts[i], sample);
    if (!found)
      continue;
    drawn = &options->prompts[i];
    *label = found;
    at -= drawn->weight;
  }
  return drawn;
}

gaze_err gaze_sample_text(const gaze_sample *sample, const gaze_loader_options *options, gaze_random *random,
                          char **text) {
  if (sample->n_captions)
    return gaze_strdup(sample->captions[gaze_random_below(random, sample->n_captions)], text);
  const gaze_label *label = NULL;
  const gaze_class_prompts *prompts = draw_prompts(sample, options, random, &label);
  if (!prompts)
    return gaze_fail(GAZE_ERR_MISMATCH, "no text for a sample: %s: give it a caption or a label", sample->key);
  bool first = gaze_random_uniform(random) < FIRST_SYNONYM;
  size_t synonym = first ? 0 : gaze_random_below(random, label->n_synonyms);
  const char *pattern =
      prompts->n_templates ? prompts->templates[gaze_random_below(random, prompts->n_templates)] : "{}";
  return gaze_template_fill(pattern, label->synonyms[synonym], text);
}

/* False, and zeros, where there is no vector. */
static bool fill_teacher(const gaze_kernels *kernels, const uint16_t *vector, size_t D, float *out) {
  if (vector)
    kernels->f32_from_f16(out, vector, D);
  else
    memset(out, 0, D * sizeof *out);
  return vector != NULL;
}

static gaze_err fill_text(const char *text, const gaze_loader_options *options, const gaze_kernels *kernels,
                          gaze_sample_room *room) {
  const gaze_second_view *second = &options->second;
  GAZE_TRY(gaze_text_ids(options->text, options->tokenizer, text, room->ids, &room->n_ids, &room->n_cut));
  if (room->second_ids)
    GAZE_TRY(gaze_text_ids(second->text, second->tokenizer, text, room->second_ids, &room->n_second_ids, NULL));
  if (room->text_teacher)
    *room->has_text_teacher = fill_teacher(kernels, gaze_text_vectors_find(options->text_vectors, text),
                                           options->text_vectors->D, room->text_teacher);
  return GAZE_OK;
}

/* Whether the English word stands in text by itself: "right", but not "bright". */
static bool has_word(const char *text, const char *word) {
  size_t n = strlen(word);
  for (const char *at = text; (at = strcasestr(at, word)); at += n)
    if ((at == text || !isalpha((unsigned char)at[-1])) && !isalpha((unsigned char)at[n]))
      return true;
  return false;
}

/* A text that tells left from right, in English or Korean, is untrue of the flipped picture. */
static bool tells_sides(const char *text) {
  return has_word(text, "left") || has_word(text, "right") || strstr(text, "왼") || strstr(text, "오른");
}

static gaze_err fill_pixels(const gaze_sample *sample, const gaze_augment *augment, const gaze_preprocess *preprocess,
                            const gaze_picture *picture, gaze_random *random, float *pixels) {
  if (sample->fixed)
    return gaze_preprocess_run(preprocess, picture, pixels);
  return gaze_augment_run(augment, preprocess, random, picture, pixels);
}

gaze_err gaze_sample_fill(const gaze_sample *sample, const gaze_loader_options *options, const gaze_kernels *kernels,
                          const gaze_picture *picture, gaze_random *random, gaze_sample_room *room) {
  gaze_augment augment = options->augment;
  char *text;
  GAZE_TRY(gaze_sample_text(sample, options, random, &text));
  gaze_err err = fill_text(text, options, kernels, room);
  if (tells_sides(text))
    augment.flip = 0;
  free(text);
  GAZE_TRY(err);
  if (room->teacher)
    *room->has_teacher = fill_teacher(kernels, sample->teacher, options->teacher_dim, room->teacher);
  gaze_random again = *random; /* the same state gives the same crop and changes at another size */
  GAZE_TRY(fill_pixels(sample, &augment, &options->preprocess, picture, random, room->pixels));
  if (!room->second_pixels)
    return GAZE_OK;
  return fill_pixels(sample, &augment, options->second.preprocess, picture, &again, room->second_pixels);
}
