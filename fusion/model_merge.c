/* A model that needs its adapter no more. */
#include "core/base/memory.h"
#include "fusion/adapter.h"
#include "fusion/model.h"
#include "fusion/model_folder.h"

#include <stdlib.h>

/* All tensors of the weights, in their order; yours: free(). */
static gaze_err list_tensors(const gaze_weights *weights, gaze_named_tensor **out) {
  size_t n = gaze_weights_count(weights);
  GAZE_TRY(gaze_alloc(n, sizeof **out, out));
  for (size_t i = 0; i < n; i++)
    (*out)[i] = *gaze_weights_get(weights, i);
  return GAZE_OK;
}

/* base: the model's folder. */
static gaze_err merge(const gaze_adapter *adapter, const char *base, const char *folder) {
  gaze_kernels kernels;
  gaze_weights *weights;
  gaze_named_tensor *tensors = NULL;
  gaze_err err;
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  GAZE_TRY(gaze_weights_open(base, &weights));
  GAZE_TRY_DONE(gaze_adapter_apply(adapter, &kernels, weights, base));
  GAZE_TRY_DONE(list_tensors(weights, &tensors));
  err = gaze_model_folder_write(base, tensors, gaze_weights_count(weights), folder);
done:
  free(tensors);
  gaze_weights_close(weights);
  return err;
}

gaze_err gaze_model_merge(const char *model, const char *adapter_folder, const char *folder) {
  gaze_adapter adapter;
  char *base = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_adapter_open(adapter_folder, &adapter));
  GAZE_TRY_DONE(model ? gaze_model_find(model, &base) : gaze_adapter_find_base(&adapter, &base));
  err = merge(&adapter, base, folder);
done:
  gaze_adapter_fini(&adapter);
  free(base);
  return err;
}
