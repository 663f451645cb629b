/* Lists of sentences that come with gaze; fusion/templates holds them, meson turns them into template_lists.h. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/labels.h"
#include "fusion/template_lists.h"

#include <string.h>

static const char *const imagenet[] = {GAZE_LIST_IMAGENET}, *const simple[] = {GAZE_LIST_SIMPLE},
                         *const background[] = {GAZE_LIST_BACKGROUND};

static const struct {
  const char *name;
  const char *const *items;
  size_t n;
} lists[] = {{"imagenet", imagenet, sizeof imagenet / sizeof *imagenet},
             {"simple", simple, sizeof simple / sizeof *simple}};

gaze_err gaze_templates_get(const char *name, const char ***templates, size_t *n) {
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (strcmp(name, lists[i].name) == 0) {
      const char **copy;
      GAZE_TRY(gaze_alloc(lists[i].n, sizeof *copy, &copy));
      memcpy(copy, lists[i].items, lists[i].n * sizeof *copy);
      *templates = copy;
      *n = lists[i].n;
      return GAZE_OK;
    }
  if (strcmp(name, "-") != 0 && !gaze_file_exists(name))
    return gaze_fail(GAZE_ERR_ARGUMENT, "no such templates: %s: name a file, or one of the lists imagenet and simple",
                     name);
  return gaze_templates_open(name, templates, n);
}

const char *const *gaze_background_prompts(size_t *n) {
  *n = sizeof background / sizeof *background;
  return background;
}
