/* From the pairs of an adapter to the model's own tensors. */
#include "core/base/memory.h"
#include "core/nn/parameters.h"
#include "fusion/adapter.h"
#include "fusion/tensor_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct applying {
  const gaze_adapter *adapter;
  const gaze_kernels *kernels;
  gaze_weights *weights;
  const char *base;
} applying;

enum { NAME = 256 };

/* A tensor's name as today's transformers has it: parts of models that look and talk have moved. */
static void modernise(const char *name, char out[NAME]) {
  static const char *const moved[][2] = {{"language_model.lm_head.", "lm_head."},
                                         {"language_model.model.", "model.language_model."},
                                         {"vision_tower.", "model.vision_tower."},
                                         {"model.vision_tower.vision_model.", "model.vision_tower."},
                                         {"multi_modal_projector.", "model.multi_modal_projector."}};
  snprintf(out, NAME, "%s", name);
  for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
    size_t length = strlen(moved[i][0]), to = strlen(moved[i][1]);
    size_t rest = strncmp(out, moved[i][0], length) == 0 ? strlen(out + length) : NAME;
    if (to + rest >= NAME)
      continue;
    memmove(out + to, out + length, rest + 1);
    memcpy(out, moved[i][1], to);
  }
}

/* The model's tensor of this name, by whichever transformers wrote the two; NULL: there is none. */
static const gaze_named_tensor *find(const gaze_weights *weights, const char *name) {
  char wanted[NAME], own[NAME];
  modernise(name, wanted);
  for (size_t i = 0; i < gaze_weights_count(weights); i++) {
    const gaze_named_tensor *named = gaze_weights_get(weights, i);
    modernise(named->name, own);
    if (strcmp(own, wanted) == 0)
      return named;
  }
  return NULL;
}

static gaze_err find_target(const applying *a, const char *name, const char *part, const gaze_named_tensor **out) {
  *out = find(a->weights, name);
  if (!*out)
    return gaze_fail(GAZE_ERR_MISMATCH, "adapter of another model: %s in %s: %s has no %s", part, a->adapter->folder,
                     a->base, name);
  if (gaze_tensor_has_values(&(*out)->tensor))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "nothing can be added to weights of dtype %s: %s in %s: name the model in F32, "
                   "F16 or BF16",
                   gaze_dtype_name((*out)->tensor.dtype), (*out)->name, a->base);
}

static gaze_err check_shape(const applying *a, const char *name, const gaze_tensor *found, size_t rows,
                            size_t columns) {
  gaze_tensor wanted = {.rank = 2, .shape = {rows, columns}};
  char has[64], needs[64];
  if (found->rank == 2 && found->shape[0] == rows && found->shape[1] == columns)
    return GAZE_OK;
  gaze_tensor_shape_text(found, has, sizeof has);
  gaze_tensor_shape_text(&wanted, needs, sizeof needs);
  return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape in an adapter: %s in %s: it is %s where r %zu and %s ask for %s",
                   name, a->adapter->folder, has, a->adapter->rank, a->base, needs);
}

static gaze_err widen(const applying *a, const char *name, const gaze_tensor *tensor, float **out) {
  return gaze_tensor_values(a->kernels, name, tensor, out);
}

/* values are taken. */
static gaze_err replace(const applying *a, const gaze_named_tensor *target, float *values) {
  return gaze_tensor_values_replace(a->kernels, a->weights, target, values);
}

/* A is "base_model.model.MODULE.lora_A.weight", and B differs in one letter. */
typedef struct pair {
  const char *a_name;
  char b_name[NAME];
  const gaze_tensor *a, *b;
} pair;

/* W + s B A */
static gaze_err add_pair(const applying *a, const gaze_named_tensor *target, const pair *p) {
  float *w = NULL, *x = NULL, *y = NULL;
  size_t out = target->tensor.shape[0], in = target->tensor.shape[1], r = a->adapter->rank;
  gaze_err err;
  GAZE_TRY_DONE(widen(a, target->name, &target->tensor, &w));
  GAZE_TRY_DONE(widen(a, p->a_name, p->a, &x));
  GAZE_TRY_DONE(widen(a, p->b_name, p->b, &y));
  a->kernels->gemm(false, false, out, in, r, (float)a->adapter->scale, y, r, x, in, 1, w, in);
  err = replace(a, target, w);
  w = NULL;
done:
  free(w);
  free(x);
  free(y);
  return err;
}

/* The other half of a pair, whose name has this letter instead. */
static gaze_err find_partner(const applying *a, const char *part, char letter, char name[NAME],
                             const gaze_tensor **out) {
  snprintf(name, NAME, "%s", part);
  name[strlen(name) - strlen("A.weight")] = letter;
  *out = gaze_weights_find(a->adapter->weights, name);
  return *out ? GAZE_OK
              : gaze_fail(GAZE_ERR_MISMATCH, "missing tensor of an adapter: %s in %s: %s is there, get it again", name,
                          a->adapter->folder, part);
}

/* Pairs are handled by their A. */
static gaze_err apply_pair(const applying *a, const gaze_named_tensor *A, const char *module) {
  char name[NAME];
  const gaze_named_tensor *target;
  pair p = {.a_name = A->name, .a = &A->tensor};
  snprintf(name, sizeof name, "%.*s.weight", (int)(strlen(module) - strlen(".lora_A.weight")), module);
  GAZE_TRY(find_partner(a, A->name, 'B', p.b_name, &p.b));
  GAZE_TRY(find_target(a, name, A->name, &target));
  if (target->tensor.rank != 2)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "adapter of what is no linear layer: %s in %s: merge it with peft", A->name,
                     a->adapter->folder);
  GAZE_TRY(check_shape(a, p.a_name, p.a, a->adapter->rank, target->tensor.shape[1]));
  GAZE_TRY(check_shape(a, p.b_name, p.b, target->tensor.shape[0], a->adapter->rank));
  return add_pair(a, target, &p);
}

/* What was learned as a whole. */
static gaze_err apply_whole(const applying *a, const gaze_named_tensor *part, const char *name) {
  const gaze_named_tensor *target;
  float *values;
  GAZE_TRY(find_target(a, name, part->name, &target));
  if (!gaze_tensor_same_shape(&part->tensor, &target->tensor)) {
    char has[64], needs[64];
    gaze_tensor_shape_text(&part->tensor, has, sizeof has);
    gaze_tensor_shape_text(&target->tensor, needs, sizeof needs);
    return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape in an adapter: %s in %s: it is %s where %s has %s", part->name,
                     a->adapter->folder, has, a->base, needs);
  }
  GAZE_TRY(widen(a, part->name, &part->tensor, &values));
  return replace(a, target, values);
}

static gaze_err apply_part(const applying *a, const gaze_named_tensor *part) {
  static const char front[] = "base_model.model.";
  const gaze_tensor *partner;
  char name[NAME];
  const char *module = part->name + strlen(front);
  if (strlen(part->name) >= NAME || strncmp(part->name, front, strlen(front)) != 0)
    return gaze_fail(GAZE_ERR_FORMAT, "tensor that is no adapter's: %s in %s: names begin with %s", part->name,
                     a->adapter->folder, front);
  if (gaze_ends_with(module, ".lora_B.weight"))
    return find_partner(a, part->name, 'A', name, &partner);
  return gaze_ends_with(module, ".lora_A.weight") ? apply_pair(a, part, module) : apply_whole(a, part, module);
}

gaze_err gaze_adapter_apply(const gaze_adapter *adapter, const gaze_kernels *kernels, gaze_weights *weights,
                            const char *base) {
  const applying a = {adapter, kernels, weights, base};
  size_t n = gaze_weights_count(adapter->weights);
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(apply_part(&a, gaze_weights_get(adapter->weights, i)));
  return n ? GAZE_OK : gaze_fail(GAZE_ERR_FORMAT, "adapter without tensors: %s: it is damaged", adapter->folder);
}
