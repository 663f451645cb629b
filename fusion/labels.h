/* Label files: a label a line, or `CLASS<TAB>LABEL[|SYNONYM...]`. And template files: a line with {} each. */
#ifndef GAZE_FUSION_LABELS_H
#define GAZE_FUSION_LABELS_H

#include "core/base/error.h"

typedef struct gaze_label {
  const char *class_id;        /* NULL in a file without tabs */
  const char *text;            /* "LABEL|SYNONYM" as it stands */
  const char *const *synonyms; /* [n_synonyms], the first is the label */
  size_t n_synonyms;
} gaze_label;

typedef struct gaze_labels {
  gaze_label *items;
  size_t n;
  char *storage; /* what the pointers point into */
} gaze_labels;

GAZE_CHECKED gaze_err gaze_labels_open(const char *path, gaze_labels *out);
void gaze_labels_fini(gaze_labels *labels);
/* Index of the label of a sample (its class, else its name), -1: none. */
ptrdiff_t gaze_labels_find(const gaze_labels *labels, const char *class_id, const char *name);

/* Lines that hold {}, blank lines and # comments left out. *templates: yours: one free() for all of it. */
GAZE_CHECKED gaze_err gaze_templates_open(const char *path, const char ***templates, size_t *n);
/* Sentences of what pictures may show when no label is right; borrowed, [*n]. */
const char *const *gaze_background_prompts(size_t *n);
/* template with {} replaced; yours: free(). */
GAZE_CHECKED gaze_err gaze_template_fill(const char *pattern, const char *label, char **out);

#endif
