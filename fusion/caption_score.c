#include "fusion/caption_score.h"

#include "core/base/memory.h"
#include "fusion/caption_grams.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double rouge_beta = 1.2, length_deviation = 6;

typedef struct counted_caption {
  gaze_grams caption;
  gaze_grams *references; /* [n] */
  size_t n;
} counted_caption;

static gaze_err count_caption(const gaze_scored_caption *from, counted_caption *out) {
  GAZE_TRY(gaze_grams_init(&out->caption, from->caption));
  GAZE_TRY(gaze_alloc(from->n_references + 1, sizeof *out->references, &out->references));
  for (; out->n < from->n_references; out->n++)
    GAZE_TRY(gaze_grams_init(&out->references[out->n], from->references[out->n]));
  return GAZE_OK;
}

static void free_captions(counted_caption *captions, size_t n) {
  for (size_t i = 0; captions && i < n; i++) {
    gaze_grams_fini(&captions[i].caption);
    for (size_t j = 0; captions[i].references && j <= captions[i].n; j++) /* the one that failed, too */
      gaze_grams_fini(&captions[i].references[j]);
    free(captions[i].references);
  }
  free(captions);
}

typedef struct bleu_sums {
  size_t guessed[GAZE_GRAM_LONGEST], right[GAZE_GRAM_LONGEST];
  size_t length, reference_length;
} bleu_sums;

/* The nearest to the caption's, of two equally near the shorter. */
static size_t nearest_length(const counted_caption *caption) {
  size_t length = caption->caption.words, best = 0, least = SIZE_MAX;
  for (size_t j = 0; j < caption->n; j++) {
    size_t other = caption->references[j].words, apart = other > length ? other - length : length - other;
    if (apart < least || (apart == least && other < best)) {
      least = apart;
      best = other;
    }
  }
  return best;
}

/* An n-gram is right as often as it stands in that reference which has most of it. */
static void add_bleu(bleu_sums *sums, const counted_caption *caption) {
  for (size_t i = 0; i < caption->caption.n; i++) {
    const gaze_gram *gram = &caption->caption.items[i];
    uint32_t most = 0;
    for (size_t j = 0; j < caption->n; j++) {
      const gaze_gram *found = gaze_grams_find(&caption->references[j], gram);
      most = found && found->count > most ? found->count : most;
    }
    sums->guessed[gram->size - 1] += gram->count;
    sums->right[gram->size - 1] += gram->count < most ? gram->count : most;
  }
  sums->length += caption->caption.words;
  sums->reference_length += nearest_length(caption);
}

/* The small numbers are the reference's, which keep it from dividing by zero. */
static void finish_bleu(const bleu_sums *sums, double *bleu) {
  double product = 1, ratio = ((double)sums->length + 1e-15) / ((double)sums->reference_length + 1e-9);
  for (int k = 0; k < GAZE_GRAM_LONGEST; k++) {
    product *= ((double)sums->right[k] + 1e-15) / ((double)sums->guessed[k] + 1e-9);
    bleu[k] = pow(product, 1.0 / (k + 1)) * (ratio < 1 ? exp(1 - 1 / ratio) : 1);
  }
}

/* Words of a text with their lengths; of an empty one, one empty word. */
typedef struct word_span {
  const char *at;
  size_t length;
} word_span;

static gaze_err list_words(const char *text, word_span **out, size_t *n) {
  size_t spaces = 0;
  for (const char *c = text; *c; c++)
    spaces += *c == ' ';
  GAZE_TRY(gaze_alloc(spaces + 1, sizeof **out, out));
  for (*n = 0; *n <= spaces; text += (*out)[(*n)++].length + 1)
    (*out)[*n] = (word_span){text, strcspn(text, " ")};
  return GAZE_OK;
}

/* row: [n_b + 1] of scratch. */
static size_t common_subsequence(const word_span *a, size_t n_a, const word_span *b, size_t n_b, size_t *row) {
  memset(row, 0, (n_b + 1) * sizeof *row);
  for (size_t i = 0; i < n_a; i++) {
    size_t diagonal = 0; /* row[j] before this word */
    for (size_t j = 0; j < n_b; j++) {
      size_t above = row[j + 1];
      if (a[i].length == b[j].length && memcmp(a[i].at, b[j].at, a[i].length) == 0)
        row[j + 1] = diagonal + 1;
      else if (row[j] > above)
        row[j + 1] = row[j];
      diagonal = above;
    }
  }
  return row[n_b];
}

static gaze_err measure_common(const word_span *caption, size_t n, const char *reference, double *precision,
                               double *recall) {
  word_span *words = NULL;
  size_t n_words, *row = NULL;
  gaze_err err;
  GAZE_TRY_DONE(list_words(reference, &words, &n_words));
  GAZE_TRY_DONE(gaze_alloc(n_words + 1, sizeof *row, &row));
  double common = (double)common_subsequence(caption, n, words, n_words, row);
  *precision = fmax(*precision, common / (double)n);
  *recall = fmax(*recall, common / (double)n_words);
done:
  free(words);
  free(row);
  return err;
}

/* Precision and recall are each the best of any reference. */
static gaze_err measure_rouge(const gaze_scored_caption *caption, double *out) {
  word_span *words;
  size_t n;
  double precision = 0, recall = 0, square = rouge_beta * rouge_beta;
  gaze_err err = GAZE_OK;
  GAZE_TRY(list_words(caption->caption, &words, &n));
  for (size_t j = 0; j < caption->n_references && err == GAZE_OK; j++)
    err = measure_common(words, n, caption->references[j], &precision, &recall);
  free(words);
  *out = precision > 0 && recall > 0 ? (1 + square) * precision * recall / (recall + square * precision) : 0;
  return err;
}

/* Of each n-gram of the references, the number of captions in whose references it is. */
static gaze_err count_documents(const counted_caption *captions, size_t n, gaze_grams *out) {
  for (size_t i = 0; i < n; i++) {
    gaze_grams own = {0};
    gaze_err err = GAZE_OK;
    for (size_t j = 0; j < captions[i].n && err == GAZE_OK; j++)
      err = gaze_grams_append(&own, captions[i].references[j].items, captions[i].references[j].n);
    gaze_grams_gather(&own);
    for (size_t k = 0; k < own.n; k++)
      own.items[k].count = 1;
    if (err == GAZE_OK)
      err = gaze_grams_append(out, own.items, own.n);
    gaze_grams_fini(&own);
    GAZE_TRY(err);
  }
  gaze_grams_gather(out);
  return GAZE_OK;
}

/* Weights of the n-grams: how often they are there, times how rare they are. norms: [GAZE_GRAM_LONGEST] */
static void weigh(gaze_grams *grams, const gaze_grams *documents, size_t n, double *norms) {
  double squares[GAZE_GRAM_LONGEST] = {0};
  for (size_t i = 0; i < grams->n; i++) {
    gaze_gram *gram = &grams->items[i];
    const gaze_gram *found = gaze_grams_find(documents, gram);
    gram->weight = gram->count * (log((double)n) - log(found ? (double)found->count : 1));
    squares[gram->size - 1] += gram->weight * gram->weight;
  }
  for (int k = 0; k < GAZE_GRAM_LONGEST; k++)
    norms[k] = sqrt(squares[k]);
}

/* The sum over sizes of n-grams of how alike caption and reference are. Lengths are counted in pairs of words. */
static double likeness(const gaze_grams *caption, const double *caption_norms, const gaze_grams *reference,
                       const double *norms) {
  double products[GAZE_GRAM_LONGEST] = {0}, sum = 0;
  for (size_t i = 0; i < caption->n; i++) {
    const gaze_gram *found = gaze_grams_find(reference, &caption->items[i]);
    if (found)
      products[found->size - 1] += fmin(caption->items[i].weight, found->weight) * found->weight;
  }
  for (int k = 0; k < GAZE_GRAM_LONGEST; k++)
    if (caption_norms[k] > 0 && norms[k] > 0)
      sum += products[k] / (caption_norms[k] * norms[k]);
  double pairs = caption->words ? (double)caption->words - 1 : 0;
  double apart = pairs - (reference->words ? (double)reference->words - 1 : 0);
  return sum * exp(-apart * apart / (2 * length_deviation * length_deviation));
}

static double measure_cider(counted_caption *caption, const gaze_grams *documents, size_t n) {
  double norms[GAZE_GRAM_LONGEST], others[GAZE_GRAM_LONGEST], sum = 0;
  weigh(&caption->caption, documents, n, norms);
  for (size_t j = 0; j < caption->n; j++) {
    weigh(&caption->references[j], documents, n, others);
    sum += likeness(&caption->caption, norms, &caption->references[j], others);
  }
  return 10 * sum / GAZE_GRAM_LONGEST / (double)caption->n;
}

static gaze_err score(const gaze_scored_caption *captions, counted_caption *counted, size_t n, gaze_caption_scores *out,
                      double *each_cider) {
  bleu_sums bleu = {0};
  gaze_grams documents = {0};
  *out = (gaze_caption_scores){0};
  gaze_err err = count_documents(counted, n, &documents);
  for (size_t i = 0; i < n && err == GAZE_OK; i++) {
    double rouge = 0, cider = measure_cider(&counted[i], &documents, n);
    add_bleu(&bleu, &counted[i]);
    err = measure_rouge(&captions[i], &rouge);
    out->rouge_l += rouge / (double)n;
    out->cider += cider / (double)n;
    if (each_cider)
      each_cider[i] = cider;
  }
  finish_bleu(&bleu, out->bleu);
  gaze_grams_fini(&documents);
  return err;
}

gaze_err gaze_caption_score(const gaze_scored_caption *captions, size_t n, gaze_caption_scores *out,
                            double *each_cider) {
  counted_caption *counted;
  gaze_caption_scores scores;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_alloc(n, sizeof *counted, &counted));
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    err = count_caption(&captions[i], &counted[i]);
  if (err == GAZE_OK)
    err = score(captions, counted, n, &scores, each_cider);
  if (err == GAZE_OK)
    *out = scores;
  free_captions(counted, n);
  return err;
}
