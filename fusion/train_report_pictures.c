/* Held-out pictures with the captions that a model finds most alike, among all of the set. */
#include "fusion/train_report.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/eval_set.h"
#include "fusion/page.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PICTURES = 40, BEST = 3, MOST_BYTES = 4 << 20 /* of a picture that is put into the page */ };

typedef struct gallery {
  gaze_eval_set set;
  gaze_captions captions;
  size_t chosen[MOST_PICTURES], n; /* samples of the set */
  float *vectors, *texts;          /* [n, D], [captions, D] */
  float *scores;                   /* [captions], of one picture */
} gallery;

static void gallery_fini(gallery *g) {
  gaze_captions_fini(&g->captions);
  gaze_eval_set_fini(&g->set);
  free(g->vectors);
  free(g->texts);
  free(g->scores);
}

/* Pictures that cannot be read are not shown. */
static gaze_err embed_chosen(gallery *g, gaze_model *model, const gaze_sample *const *samples) {
  char *messages[MOST_PICTURES] = {NULL};
  size_t D = (size_t)gaze_model_dim(model), kept = 0;
  gaze_err err = gaze_samples_embed(model, samples, g->n, g->vectors, messages);
  for (size_t i = 0; i < g->n; i++) {
    if (!messages[i]) {
      g->chosen[kept] = g->chosen[i];
      memmove(g->vectors + kept++ * D, g->vectors + i * D, D * sizeof *g->vectors);
    }
    free(messages[i]);
  }
  g->n = kept;
  return err;
}

static gaze_err gallery_init(gallery *g, gaze_model *model, const gaze_train_clip_options *options) {
  const gaze_sample *samples[MOST_PICTURES];
  size_t D = (size_t)gaze_model_dim(model);
  const gaze_dataset_options how = gaze_dataset_columns_of(options);
  GAZE_TRY(gaze_eval_set_open(&g->set, options->val_data, options->n_val_data, &how));
  GAZE_TRY(gaze_captions_list(&g->set, &g->captions));
  g->n = g->set.n < MOST_PICTURES ? g->set.n : MOST_PICTURES;
  for (size_t i = 0; i < g->n; i++) {
    g->chosen[i] = i * g->set.n / g->n;
    samples[i] = g->set.samples[g->chosen[i]];
  }
  GAZE_TRY(gaze_alloc(g->n, D * sizeof *g->vectors, &g->vectors));
  GAZE_TRY(gaze_alloc(g->captions.n, D * sizeof *g->texts, &g->texts));
  GAZE_TRY(gaze_alloc(g->captions.n, sizeof *g->scores, &g->scores));
  GAZE_TRY(embed_chosen(g, model, samples));
  return gaze_embed_texts(model, g->captions.texts, g->captions.n, g->texts);
}

static bool is_listed(const gaze_captions *captions, const size_t *list, size_t n, size_t caption) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(captions->texts[list[i]], captions->texts[caption]) == 0)
      return true;
  return false;
}

/* The captions of highest score, the best first, none said twice. Returns how many. */
static size_t find_best(const gallery *g, size_t best[BEST]) {
  size_t n = 0;
  for (; n < BEST; n++) {
    size_t found = SIZE_MAX;
    for (size_t j = 0; j < g->captions.n; j++)
      if ((found == SIZE_MAX || g->scores[j] > g->scores[found]) && !is_listed(&g->captions, best, n, j))
        found = j;
    if (found == SIZE_MAX)
      break;
    best[n] = found;
  }
  return n;
}

/* A caption of another picture may say the same. */
static bool is_right(const gaze_sample *sample, const char *caption) {
  for (size_t i = 0; i < sample->n_captions; i++)
    if (strcmp(sample->captions[i], caption) == 0)
      return true;
  return false;
}

static gaze_err write_picture(FILE *stream, const gaze_sample *sample) {
  gaze_map map = {.data = sample->picture, .size = sample->picture_size};
  if (sample->path)
    GAZE_TRY(gaze_map_open(sample->path, &map));
  bool shown = map.size <= MOST_BYTES && gaze_page_picture(stream, map.data, map.size, sample->key);
  if (sample->path)
    gaze_map_close(&map);
  if (shown)
    return GAZE_OK;
  fputs("<p class=\"soft\">Not shown here: ", stream);
  gaze_page_text(stream, sample->key);
  fputs("</p>", stream);
  return GAZE_OK;
}

static void write_captions(FILE *stream, const gallery *g, const gaze_sample *sample, const size_t *best, size_t n) {
  fputs("<ol>", stream);
  for (size_t i = 0; i < n; i++) {
    const char *caption = g->captions.texts[best[i]];
    bool right = is_right(sample, caption);
    fprintf(stream, "<li%s><b>%.3f</b><span>", right ? " class=\"right\"" : "", g->scores[best[i]]);
    gaze_page_text(stream, caption);
    fputs(right ? " ✓</span>" : "</span>", stream);
  }
  fputs("</ol><details><summary>true captions</summary>", stream);
  for (size_t i = 0; i < sample->n_captions; i++) {
    fputs("<p>", stream);
    gaze_page_text(stream, sample->captions[i]);
  }
  fputs("</details>", stream);
}

static gaze_err write_gallery(FILE *stream, gaze_model *model, gallery *g) {
  size_t D = (size_t)gaze_model_dim(model), best[BEST];
  fprintf(
      stream,
      "<h2>Held-out pictures</h2>\n<p class=\"soft\">%zu of %zu, each with the most alike of all %zu captions, their "
      "cosines, and ✓ where the caption is its own.</p>\n<div class=\"pictures\">\n",
      g->n, g->set.n, g->captions.n);
  for (size_t i = 0; i < g->n; i++) {
    const gaze_sample *sample = g->set.samples[g->chosen[i]];
    for (size_t j = 0; j < g->captions.n; j++)
      g->scores[j] = model->kernels.dot(g->vectors + i * D, g->texts + j * D, D);
    fputs("<figure>", stream);
    GAZE_TRY(write_picture(stream, sample));
    write_captions(stream, g, sample, best, find_best(g, best));
    fputs("</figure>\n", stream);
  }
  fputs("</div>\n", stream);
  return GAZE_OK;
}

gaze_err gaze_train_report_pictures(FILE *stream, const char *model_folder, const gaze_train_clip_options *options) {
  gaze_model *model;
  gallery g = {0};
  GAZE_TRY(gaze_model_open(model_folder, &options->run.compute, &model));
  gaze_err err = gallery_init(&g, model, options);
  if (err == GAZE_OK)
    err = write_gallery(stream, model, &g);
  gallery_fini(&g);
  gaze_model_close(model);
  return err;
}
