#include "fusion/stages.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* JSON has no infinities. */
static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

gaze_err gaze_stages_add(gaze_stages *stages, const char *name, gaze_stage_status status,
                         const gaze_difference *difference, const char *detail) {
  static const char *const words[] = {"same", "parts", "shown", "skipped"};
  json_t *row = json_pack("{s:s, s:s}", "stage", name, "status", words[status]);
  bool failed = !row;
  if (!stages->list)
    stages->list = json_array();
  if (difference) {
    failed |= json_object_set_new(row, "max_abs", number(difference->max_abs)) != 0;
    failed |= json_object_set_new(row, "relative", number(gaze_difference_relative(difference))) != 0;
    failed |= json_object_set_new(row, "cosine", number(difference->lowest_cosine)) != 0;
  }
  if (detail)
    failed |= json_object_set_new(row, "detail", json_string(detail)) != 0;
  if (status == GAZE_STAGE_PARTS && !*stages->first)
    snprintf(stages->first, sizeof stages->first, "%s", name);
  if (json_array_append_new(stages->list, row) != 0 || failed)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: the stages of a verification: free some");
  return GAZE_OK;
}

void gaze_stages_fini(gaze_stages *stages) { json_decref(stages->list); }

const char *gaze_stage_hint(const char *name) {
  static const struct {
    const char *end, *hint;
  } hints[] = {{"decode", "how the file is decoded: orientation, transparency, colours"},
               {"resize", "the image processor's resample, size and crop_size"},
               {"pixels", "the image processor's image_mean and image_std"},
               {"token ids", "the tokenizer's files: another vocabulary, other merges, lower case"},
               {".embedded", "the weights of patches, tokens and positions"},
               {".pre_norm", "layer_norm_eps, the weights of the first norm"},
               {"norm1", "layer_norm_eps, the weights of the norm"},
               {"norm2", "layer_norm_eps, the weights of the norm"},
               {".final_norm", "layer_norm_eps, the weights of the norm"},
               {".attn", "the number of heads, the causal mask, the weights of attention"},
               {".pooled", "which row is pooled, the last norm"},
               {".embedding", "the projection's weights"},
               {"similarity", "logit_scale and logit_bias"}};
  size_t length = strlen(name);
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
    size_t end = strlen(hints[i].end);
    if (length >= end && strcmp(name + length - end, hints[i].end) == 0)
      return hints[i].hint;
  }
  return strstr(name, ".block") ? "the activation (hidden_act, quick_gelu), the weights of the MLP"
                                : "the product where no step is listened to: whether --cpu c gives the same";
}
