/* One model of several that were tuned from the same one: each weight is the mean of theirs. */
#include "core/base/memory.h"
#include "fusion/model.h"
#include "fusion/model_folder.h"
#include "fusion/tensor_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct averaging {
  gaze_kernels kernels;
  size_t n;
  char **folders;
  gaze_weights **weights; /* the first's take the means */
  double *shares;         /* of 1 */
} averaging;

static void averaging_fini(averaging *a) {
  for (size_t i = 0; i < a->n; i++) {
    gaze_weights_close(a->weights ? a->weights[i] : NULL);
    free(a->folders ? a->folders[i] : NULL);
  }
  free(a->weights);
  free(a->folders);
  free(a->shares);
}

static gaze_err set_shares(averaging *a, const double *shares) {
  double sum = 0;
  GAZE_TRY(gaze_alloc(a->n, sizeof *a->shares, &a->shares));
  for (size_t i = 0; i < a->n; i++) {
    a->shares[i] = shares ? shares[i] : 1;
    if (!isfinite(a->shares[i]) || a->shares[i] < 0)
      return gaze_fail(GAZE_ERR_ARGUMENT, "no share of a mean: %g: give numbers from 0", a->shares[i]);
    sum += a->shares[i];
  }
  if (!(sum > 0) || !isfinite(sum))
    return gaze_fail(GAZE_ERR_ARGUMENT, "the shares of a mean come to %g: give at least one above 0", sum);
  for (size_t i = 0; i < a->n; i++)
    a->shares[i] /= sum;
  return GAZE_OK;
}

static gaze_err open_models(averaging *a, const char *const *models) {
  GAZE_TRY(gaze_alloc(a->n, sizeof *a->folders, &a->folders));
  GAZE_TRY(gaze_alloc(a->n, sizeof *a->weights, &a->weights));
  for (size_t i = 0; i < a->n; i++) {
    GAZE_TRY(gaze_model_find(models[i], &a->folders[i]));
    GAZE_TRY(gaze_weights_open(a->folders[i], &a->weights[i]));
    if (gaze_weights_count(a->weights[i]) != gaze_weights_count(a->weights[0]))
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "models of different kinds: %s has %zu tensors, %s has %zu: name copies of one", a->folders[i],
                       gaze_weights_count(a->weights[i]), a->folders[0], gaze_weights_count(a->weights[0]));
  }
  return GAZE_OK;
}

/* Model i's tensor of this name and shape. */
static gaze_err find_alike(const averaging *a, size_t i, const gaze_named_tensor *first, const gaze_tensor **out) {
  const gaze_tensor *found = *out = gaze_weights_find(a->weights[i], first->name);
  if (!found)
    return gaze_fail(GAZE_ERR_MISMATCH, "models of different kinds: %s has no %s: name copies of one", a->folders[i],
                     first->name);
  if (gaze_tensor_same_shape(found, &first->tensor))
    return GAZE_OK;
  char has[64], other[64];
  gaze_tensor_shape_text(found, has, sizeof has);
  gaze_tensor_shape_text(&first->tensor, other, sizeof other);
  return gaze_fail(GAZE_ERR_MISMATCH, "models of different kinds: %s of %s is %s, of %s %s: name copies of one",
                   first->name, a->folders[i], has, a->folders[0], other);
}

/* sum += share * what model i has */
static gaze_err add_share(const averaging *a, size_t i, const gaze_named_tensor *first, double *sum) {
  const gaze_tensor *tensor;
  float *values;
  GAZE_TRY(find_alike(a, i, first, &tensor));
  GAZE_TRY(gaze_tensor_values(&a->kernels, first->name, tensor, &values));
  for (size_t k = 0; k < gaze_tensor_count(tensor); k++)
    sum[k] += a->shares[i] * (double)values[k];
  free(values);
  return GAZE_OK;
}

static gaze_err average(const averaging *a, const gaze_named_tensor *first) {
  size_t n = gaze_tensor_count(&first->tensor);
  double *sum;
  float *values = NULL;
  gaze_err err;
  GAZE_TRY(gaze_alloc(n, sizeof *sum, &sum));
  for (size_t i = 0; i < a->n; i++)
    GAZE_TRY_DONE(add_share(a, i, first, sum));
  GAZE_TRY_DONE(gaze_alloc(n, sizeof *values, &values));
  for (size_t k = 0; k < n; k++)
    values[k] = (float)sum[k];
  err = gaze_tensor_values_replace(&a->kernels, a->weights[0], first, values);
done:
  free(sum);
  return err;
}

/* What has no values of its own to average, as positions that are counted, has to be the same. */
static gaze_err check_same(const averaging *a, const gaze_named_tensor *first) {
  for (size_t i = 1; i < a->n; i++) {
    const gaze_tensor *tensor;
    GAZE_TRY(find_alike(a, i, first, &tensor));
    if (tensor->dtype != first->tensor.dtype ||
        memcmp(tensor->data, first->tensor.data, gaze_tensor_count(tensor) * gaze_dtype_size(tensor->dtype)) != 0)
      return gaze_fail(GAZE_ERR_UNSUPPORTED,
                       "no mean of tensors of dtype %s that differ: %s in %s and %s: name models in F32, F16 or BF16",
                       gaze_dtype_name(first->tensor.dtype), first->name, a->folders[0], a->folders[i]);
  }
  return GAZE_OK;
}

gaze_err gaze_model_average(const char *const *models, const double *shares, size_t n, const char *folder) {
  averaging a = {.n = n};
  gaze_err err;
  if (!n)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no models to average: name at least one");
  gaze_kernels_init(&a.kernels, gaze_cpu_detect());
  GAZE_TRY_DONE(set_shares(&a, shares));
  GAZE_TRY_DONE(open_models(&a, models));
  for (size_t i = 0; i < gaze_weights_count(a.weights[0]); i++) {
    const gaze_named_tensor *first = gaze_weights_get(a.weights[0], i);
    GAZE_TRY_DONE(gaze_tensor_has_values(&first->tensor) ? average(&a, first) : check_same(&a, first));
  }
  err = gaze_model_folder_write_weights(a.folders[0], a.weights[0], folder);
done:
  averaging_fini(&a);
  return err;
}
