/* Locked towers: LiT (Zhai et al. 2022), in open_clip's groups. */
#include "fusion/clip.h"

#include <stdio.h>
#include <string.h>

static bool begins_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

/* Group of one of the image tower's parameters, counted from its input. */
static size_t group_of(const gaze_vit_config *config, const char *name) {
  size_t layer;
  if (sscanf(name, "vision.block%zu.", &layer) == 1)
    return layer + 1;
  if (begins_with(name, "vision.final_norm"))
    return config->layers;
  return strcmp(name, "vision.projection") == 0 ? config->layers + 1 : 0;
}

static size_t first_unlocked(const gaze_vit_config *config, bool image, size_t unlocked_groups) {
  size_t groups = config->layers + 2;
  return !image || unlocked_groups >= groups ? 0 : groups - unlocked_groups;
}

void gaze_clip_lock(gaze_clip *clip, bool image, size_t unlocked_groups, bool text) {
  size_t first = first_unlocked(&clip->config.vision, image, unlocked_groups), layers = clip->config.vision.layers;
  for (size_t i = 0; i < clip->parameters.n; i++) {
    gaze_parameter *parameter = &clip->parameters.items[i];
    if (begins_with(parameter->name, "vision."))
      parameter->frozen = group_of(&clip->config.vision, parameter->name) < first;
    else if (begins_with(parameter->name, "text."))
      parameter->frozen = text;
    if (parameter->frozen)
      *parameter->gradient = NULL;
  }
  size_t below = first > 0 ? first - 1 : 0; /* blocks: the first group is none */
  clip->vision.stack.frozen = below < layers ? below : layers;
  clip->text.stack.frozen = text ? clip->config.text.layers : 0;
}
