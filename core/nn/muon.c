#include "core/nn/muon.h"

#include "core/nn/linear.h"

#include <math.h>
#include <string.h>

enum { ITERATIONS = 5 };

static size_t shorter(size_t rows, size_t columns) { return rows < columns ? rows : columns; }

size_t gaze_muon_scratch(size_t rows, size_t columns) {
  size_t m = shorter(rows, columns);
  return 2 * rows * columns + 2 * m * m;
}

/* x = a x + (b G + c G G) x with G = x x^T, a polynomial of the singular values: a s + b s^3 + c s^5. Tall matrices use
 * G = x^T x from the right, which is the smaller one. G is symmetric. */
static void iterate(const gaze_compute *compute, float *x, size_t rows, size_t columns, float *gram, float *square,
                    float *product) {
  const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
  bool tall = rows > columns;
  size_t m = shorter(rows, columns), longer = tall ? rows : columns;
  gaze_product(compute, m, m, longer, gaze_operand_f32(x, columns, tall), gaze_operand_f32(x, columns, !tall), false,
               gram, m);
  gaze_product(compute, m, m, m, gaze_operand_f32(gram, m, false), gaze_operand_f32(gram, m, false), false, square, m);
  compute->kernels->scale(square, c, m * m);
  compute->kernels->axpy(square, b, gram, m * m);
  gaze_operand left = tall ? gaze_operand_f32(x, columns, false) : gaze_operand_f32(square, m, false);
  gaze_operand right = tall ? gaze_operand_f32(square, m, false) : gaze_operand_f32(x, columns, false);
  gaze_product(compute, rows, columns, m, left, right, false, product, columns);
  compute->kernels->axpy(product, a, x, rows * columns);
  memcpy(x, product, rows * columns * sizeof *x);
}

void gaze_orthogonalise(const gaze_compute *compute, float *x, size_t rows, size_t columns, float *scratch) {
  size_t m = shorter(rows, columns);
  float *gram = scratch, *square = gram + m * m, *product = square + m * m;
  double norm = sqrt(compute->kernels->sum_squares(x, rows * columns));
  if (!(norm > 0))
    return;
  compute->kernels->scale(x, (float)(1 / norm), rows * columns);
  for (int i = 0; i < ITERATIONS; i++)
    iterate(compute, x, rows, columns, gram, square, product);
}

void gaze_muon_step_run(const gaze_compute *compute, float *weight, float *momentum, const float *gradient, size_t rows,
                        size_t columns, const gaze_muon_step *step, float *scratch) {
  size_t n = rows * columns;
  float *update = scratch;
  for (size_t i = 0; i < n; i++) { /* Nesterov's momentum */
    momentum[i] = step->momentum * momentum[i] + step->gradient_scale * gradient[i];
    update[i] = step->momentum * momentum[i] + step->gradient_scale * gradient[i];
  }
  gaze_orthogonalise(compute, update, rows, columns, scratch + n);
  float length = 0.2f * sqrtf((float)(rows > columns ? rows : columns)); /* entries of U V^T: 1 / sqrt(longer side) */
  compute->kernels->scale(weight, 1 - step->lr * step->weight_decay, n);
  compute->kernels->axpy(weight, -step->lr * length, update, n);
}
