/* A model that needs its adapter no more. */
#include "fusion/adapter.h"
#include "fusion/model.h"
#include "fusion/model_folder.h"

#include <stdlib.h>

/* base: the model's folder. */
static gaze_err merge(const gaze_adapter *adapter, const char *base, const char *folder) {
  gaze_kernels kernels;
  gaze_weights *weights;
  gaze_err err;
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  GAZE_TRY(gaze_weights_open(base, &weights));
  GAZE_TRY_DONE(gaze_adapter_apply(adapter, &kernels, weights, base));
  err = gaze_model_folder_write_weights(base, weights, folder);
done:
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
