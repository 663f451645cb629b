#include "core/base/memory.h"
#include "fusion/clip.h"

#include <string.h>

/* What checkpoints carry besides weights: counters, masks, poolers that nobody asks, sizes that OpenAI's files repeat.
 */
static bool is_leftover(const void *user, const char *name) {
  (void)user;
  static const char *const ends[] = {"position_ids",        "inv_freq",          "attn_mask",
                                     "pooler.dense.weight", "pooler.dense.bias", "token_type_ids",
                                     "input_resolution",    "context_length",    "vocab_size"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (gaze_ends_with(name, ends[i]))
      return true;
  return false;
}

gaze_err gaze_clip_load(gaze_clip *clip, const gaze_kernels *kernels, const char *folder) {
  gaze_load how = {.kernels = kernels,
                   .names = gaze_clip_names,
                   .config = "config.json",
                   .is_leftover = is_leftover,
                   .bound = clip->values != NULL};
  memcpy(how.keeps, clip->keeps, sizeof how.keeps);
  GAZE_TRY(gaze_weights_open(folder, &clip->weights));
  GAZE_TRY(gaze_parameters_load(&clip->parameters, clip->weights, &how, &clip->loaded));
  if (!clip->loaded.borrows) { /* all copied: the files are not needed any more */
    gaze_weights_close(clip->weights);
    clip->weights = NULL;
  }
  return GAZE_OK;
}
