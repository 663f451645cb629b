#include "fusion/contrastive.h"

#include "core/nn/cross_entropy.h"

#include <math.h>
#include <string.h>

void gaze_unit_forward(const gaze_compute *compute, float *y, float *norms, const float *x, size_t n, size_t D) {
  for (size_t i = 0; i < n; i++) {
    norms[i] = (float)sqrt(compute->kernels->sum_squares(x + i * D, D));
    if (y != x)
      memcpy(y + i * D, x + i * D, D * sizeof *y);
    if (norms[i] > 0)
      compute->kernels->scale(y + i * D, 1.0f / norms[i], D);
  }
}

void gaze_unit_backward(const gaze_compute *compute, float *dx, const float *dy, const float *y, const float *norms,
                        size_t n, size_t D) {
  for (size_t i = 0; i < n; i++) {
    float along = compute->kernels->dot(dy + i * D, y + i * D, D), inverse = norms[i] > 0 ? 1.0f / norms[i] : 0.0f;
    for (size_t d = 0; d < D; d++)
      dx[i * D + d] = (dy[i * D + d] - along * y[i * D + d]) * inverse;
  }
}

size_t gaze_contrastive_scratch(size_t n) { return 3 * n * n; }

static bool is_left_out(const int32_t *classes, size_t i, size_t j) {
  return i != j && classes && classes[i] == classes[j];
}

/* logits: [n, n], images by texts. */
static void similarities(const gaze_compute *compute, float *logits, float scale, const float *images,
                         const float *texts, size_t n, size_t D) {
  compute->kernels->gemm(false, true, n, n, D, scale, images, D, texts, D, 0.0f, logits, n);
}

/* dimages and dtexts from dlogits [n, n], kept times what they were before, and the gradient of the temperature from
 * all that they hold then: logits grow with scale. */
static void similarities_backward(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                                  const float *dlogits, const float *images, const float *texts, size_t n, size_t D,
                                  float kept) {
  compute->kernels->gemm(false, false, n, D, n, loss->scale, dlogits, n, texts, D, kept, dimages, D);
  compute->kernels->gemm(true, false, n, D, n, loss->scale, dlogits, n, images, D, kept, dtexts, D);
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += compute->kernels->dot(dimages + i * D, images + i * D, D);
  loss->dlog_scale = (float)sum;
}

/* Adds half the mean cross-entropy of the rows of logits (destroyed) against the diagonal; the softmax minus one on
 * the diagonal, halved and divided by n, is added to dlogits, transposed when asked. */
static double cross_entropy(const gaze_compute *compute, float *dlogits, float *logits, size_t n, bool transposed) {
  double sum = 0;
  float weight = 0.5f / (float)n;
  for (size_t i = 0; i < n; i++) {
    float *row = logits + i * n;
    double own = row[i], greatest;
    sum += gaze_soften(compute->kernels, row, n, &greatest);
    sum += greatest - own;
    row[i] -= 1.0f;
    for (size_t j = 0; j < n; j++)
      dlogits[transposed ? j * n + i : i * n + j] += weight * row[j];
  }
  return 0.5 * sum / (double)n;
}

void gaze_info_nce(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                   const float *images, const float *texts, const int32_t *classes, size_t n, size_t D,
                   float *scratch) {
  float *rows = scratch, *columns = rows + n * n, *dlogits = columns + n * n;
  similarities(compute, rows, loss->scale, images, texts, n, D);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      if (is_left_out(classes, i, j))
        rows[i * n + j] = -INFINITY;
      columns[j * n + i] = rows[i * n + j];
    }
  memset(dlogits, 0, n * n * sizeof *dlogits);
  loss->loss = cross_entropy(compute, dlogits, rows, n, false);
  loss->loss += cross_entropy(compute, dlogits, columns, n, true);
  loss->dbias = 0;
  similarities_backward(compute, dimages, dtexts, loss, dlogits, images, texts, n, D, 0.0f);
}

/* log(1 + exp(x)) without overflow. */
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

void gaze_sigmoid_loss(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                       const float *images, const float *texts, const int32_t *classes, size_t n, size_t D,
                       float *scratch) {
  float *logits = scratch, *dlogits = logits + n * n;
  double sum = 0, dbias = 0;
  similarities(compute, logits, loss->scale, images, texts, n, D);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double sign = i == j ? 1 : -1, z = sign * ((double)logits[i * n + j] + loss->bias);
      bool counted = !is_left_out(classes, i, j);
      sum += counted ? softplus(-z) : 0;
      dlogits[i * n + j] = counted ? (float)(-sign / (1 + exp(z)) / (double)n) : 0;
      dbias += dlogits[i * n + j];
    }
  loss->loss = sum / (double)n;
  loss->dbias = (float)dbias;
  similarities_backward(compute, dimages, dtexts, loss, dlogits, images, texts, n, D, 0.0f);
}

/* As cross_entropy, against the softmax of the rows of targets (destroyed, too). */
static double imitate(const gaze_compute *compute, float *dlogits, float *logits, float *targets, size_t n,
                      bool transposed) {
  double sum = 0;
  float weight = 0.5f / (float)n;
  for (size_t i = 0; i < n; i++) {
    float *row = logits + i * n, *wanted = targets + i * n;
    double own = 0, greatest;
    compute->kernels->softmax(wanted, n);
    for (size_t j = 0; j < n; j++)
      own += (double)wanted[j] * (double)row[j];
    sum += gaze_soften(compute->kernels, row, n, &greatest);
    sum += greatest - own;
    for (size_t j = 0; j < n; j++)
      dlogits[transposed ? j * n + i : i * n + j] += weight * (row[j] - wanted[j]);
  }
  return 0.5 * sum / (double)n;
}

double gaze_distill_loss(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                         const float *images, const float *texts, const gaze_imitated *imitated, size_t n, size_t D,
                         float *scratch) {
  float *logits = scratch, *targets = logits + n * n, *dlogits = targets + n * n;
  memset(dlogits, 0, n * n * sizeof *dlogits);
  similarities(compute, logits, loss->scale, images, texts, n, D);
  similarities(compute, targets, imitated->scale, imitated->images, imitated->texts, n, imitated->D);
  double sum = imitate(compute, dlogits, logits, targets, n, false);
  similarities(compute, logits, loss->scale, texts, images, n, D);
  similarities(compute, targets, imitated->scale, imitated->texts, imitated->images, n, imitated->D);
  sum += imitate(compute, dlogits, logits, targets, n, true);
  similarities_backward(compute, dimages, dtexts, loss, dlogits, images, texts, n, D, 1.0f);
  return sum;
}
