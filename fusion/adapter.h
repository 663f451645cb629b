/* What LoRA learned (lora.h) put into the model that it was learned beside: a folder of peft's, by gaze or by others.
 */
#ifndef GAZE_FUSION_ADAPTER_H
#define GAZE_FUSION_ADAPTER_H

#include "core/base/json.h"
#include "core/kernels/kernels.h"
#include "core/tensor/weights.h"

typedef struct gaze_adapter {
  char *folder;
  char *base;   /* the model that it names; empty: none */
  size_t rank;  /* r */
  double scale; /* of B A: alpha / r, or alpha / sqrt(r) */
  gaze_weights *weights;
} gaze_adapter;

/* Whether a folder is an adapter's: it has adapter_config.json, and no config.json of a whole model. */
bool gaze_adapter_is_folder(const char *folder);
/* The fields that adapter_config.json has; what would not be W + s B A, or only in places, is GAZE_ERR_UNSUPPORTED by
 * name. path: for messages. */
GAZE_CHECKED gaze_err gaze_adapter_read(const json_t *json, const char *path, gaze_adapter *adapter);
/* fini in any case. */
GAZE_CHECKED gaze_err gaze_adapter_open(const char *folder, gaze_adapter *adapter);
void gaze_adapter_fini(gaze_adapter *adapter);

/* Folder of the model that it names; yours: free(). */
GAZE_CHECKED gaze_err gaze_adapter_find_base(const gaze_adapter *adapter, char **folder);

/* Puts W + s B A in place of every W that it has pairs for, and what was learned as a whole in place of that; in the
 * dtype that the model's files have. base: their folder, for messages. GAZE_ERR_MISMATCH names the tensor that is
 * missing, of another shape, or none of the model's. */
GAZE_CHECKED gaze_err gaze_adapter_apply(const gaze_adapter *adapter, const gaze_kernels *kernels,
                                         gaze_weights *weights, const char *base);

#endif
