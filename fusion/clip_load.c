/* Weights in: from files of any of the families' layouts to the parameters. */
#include "fusion/clip_names.h"

#include "core/base/memory.h"
#include "core/tensor/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a parameter was found; tensor NULL: it is none of a model's, such as the head towards a teacher. */
typedef struct source {
  const gaze_tensor *tensor;
  gaze_tensor_place place;
  gaze_int8 int8; /* of the parameter's part, where the tensor is I8 */
} source;

/* Patches lie as [C, 3, p, p], vectors have one side, scalars none; ones in front do not count. */
static gaze_tensor expected_shape(const gaze_clip *clip, const gaze_parameter *parameter,
                                  const gaze_tensor_place *place) {
  size_t p = clip->config.vision.patch_size, rows = parameter->rows * place->parts, columns = parameter->columns;
  if (strcmp(parameter->name, "vision.patch_weight") == 0)
    return (gaze_tensor){.rank = 4, .shape = {rows, 3, p, p}};
  if (columns == 1)
    return (gaze_tensor){.rank = 1, .shape = {rows}};
  return (gaze_tensor){.rank = 2, .shape = {place->transposed ? columns : rows, place->transposed ? rows : columns}};
}

static bool same_shape(const gaze_tensor *found, const gaze_tensor *expected) {
  int extra = found->rank - expected->rank;
  if (gaze_tensor_count(expected) == 1)
    return gaze_tensor_count(found) == 1;
  for (int i = 0; i < extra; i++)
    if (found->shape[i] != 1)
      return false;
  return extra >= 0 &&
         memcmp(found->shape + extra, expected->shape, (size_t)expected->rank * sizeof *expected->shape) == 0;
}

static gaze_err check_tensor(const gaze_clip *clip, const gaze_parameter *parameter, const source *s) {
  gaze_tensor expected = expected_shape(clip, parameter, &s->place);
  const char *path = gaze_weights_path(clip->weights, s->place.name);
  if (!same_shape(s->tensor, &expected)) {
    char wanted[64], found[64];
    gaze_tensor_shape_text(&expected, wanted, sizeof wanted);
    gaze_tensor_shape_text(s->tensor, found, sizeof found);
    return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape of %s: %s has %s where config.json says %s", s->place.name, path,
                     found, wanted);
  }
  gaze_dtype dtype = s->tensor->dtype;
  if (dtype == GAZE_DTYPE_F32 || dtype == GAZE_DTYPE_F16 || dtype == GAZE_DTYPE_BF16 || dtype == GAZE_DTYPE_I8)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "weights of dtype %s: %s in %s: save them as F32, F16 or BF16",
                   gaze_dtype_name(dtype), s->place.name, path);
}

/* A tensor's companion of n numbers in f32; *out NULL where there is none. */
static gaze_err find_companion(const gaze_clip *clip, const char *name, const char *ending, size_t n,
                               const gaze_tensor **out) {
  char full[200];
  snprintf(full, sizeof full, "%s%s", name, ending);
  *out = gaze_weights_find(clip->weights, full);
  if (!*out || ((*out)->dtype == GAZE_DTYPE_F32 && (*out)->rank == 1 && (*out)->shape[0] == n &&
                (uintptr_t)(*out)->data % _Alignof(float) == 0))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape or dtype: %s in %s: %zu numbers in F32 belong to %s", full,
                   gaze_weights_path(clip->weights, full), n, name);
}

/* What belongs to a matrix in I8. */
static gaze_err find_int8(const gaze_clip *clip, const gaze_parameter *parameter, source *s) {
  const gaze_tensor *scales, *columns;
  size_t rows = parameter->rows, first = s->place.part * rows;
  GAZE_TRY(find_companion(clip, s->place.name, ".scales", rows * s->place.parts, &scales));
  GAZE_TRY(find_companion(clip, s->place.name, ".columns", parameter->columns, &columns));
  if (!scales || !gaze_parameter_is_product(parameter) || s->place.transposed)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "weights of dtype I8 without scales: %s in %s: gaze model quantize makes them", s->place.name,
                     gaze_weights_path(clip->weights, s->place.name));
  s->int8 = (gaze_int8){(int8_t *)(uintptr_t)s->tensor->data + first * parameter->columns,
                        (float *)(uintptr_t)scales->data + first, columns ? (float *)(uintptr_t)columns->data : NULL};
  return GAZE_OK;
}

/* The first of its places where there is a tensor. */
static gaze_err find_source(const gaze_clip *clip, const gaze_parameter *parameter, source *out) {
  gaze_tensor_place place;
  size_t turn = 0;
  *out = (source){0};
  while (!out->tensor && gaze_clip_tensor_place(parameter->name, &turn, &place)) {
    out->tensor = gaze_weights_find(clip->weights, place.name);
    if (out->tensor || !*out->place.name)
      out->place = place;
  }
  if (!*out->place.name)
    return GAZE_OK;
  if (!out->tensor)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "missing tensor: %s in %s: configuration and weights belong to different models", out->place.name,
                     gaze_weights_path(clip->weights, out->place.name));
  GAZE_TRY(check_tensor(clip, parameter, out));
  return out->tensor->dtype == GAZE_DTYPE_I8 ? find_int8(clip, parameter, out) : GAZE_OK;
}

/* What checkpoints carry besides weights: counters, masks, poolers that nobody asks, sizes that OpenAI's files repeat.
 */
static bool is_leftover(const char *name) {
  static const char *const ends[] = {"position_ids",        "inv_freq",          "attn_mask",
                                     "pooler.dense.weight", "pooler.dense.bias", "token_type_ids",
                                     "input_resolution",    "context_length",    "vocab_size"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (gaze_ends_with(name, ends[i]))
      return true;
  return false;
}

/* NAME.scales and NAME.columns of a NAME in I8. */
static bool is_companion(const gaze_clip *clip, const char *name) {
  const char *dot = strrchr(name, '.');
  char base[200];
  if (!dot || (strcmp(dot, ".scales") != 0 && strcmp(dot, ".columns") != 0))
    return false;
  snprintf(base, sizeof base, "%.*s", (int)(dot - name), name);
  const gaze_tensor *tensor = gaze_weights_find(clip->weights, base);
  return tensor && tensor->dtype == GAZE_DTYPE_I8;
}

/* Every tensor of the files must have been asked for: what is left over would belong to another model. */
static gaze_err check_unused(const gaze_clip *clip, const source *sources) {
  for (size_t i = 0; i < gaze_weights_count(clip->weights); i++) {
    const gaze_named_tensor *named = gaze_weights_get(clip->weights, i);
    bool used = is_leftover(named->name) || is_companion(clip, named->name);
    for (size_t j = 0; j < clip->parameters.n && !used; j++)
      used = sources[j].tensor == &named->tensor;
    if (!used)
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "tensor nobody uses: %s in %s: configuration and weights belong to different models",
                       named->name, gaze_weights_path(clip->weights, named->name));
  }
  return GAZE_OK;
}

/* A model that is only run reads F32 tensors where they lie, and BF16 and I8 where products are so. */
static bool can_borrow(const gaze_clip *clip, const gaze_parameter *parameter, const source *s) {
  gaze_dtype dtype = s->tensor->dtype;
  bool table = strcmp(parameter->name, "text.token_embedding") == 0; /* read row by row */
  bool wanted = dtype == GAZE_DTYPE_F32 || (dtype == GAZE_DTYPE_I8 && clip->keeps_int8) ||
                (table && (dtype == GAZE_DTYPE_F16 || dtype == GAZE_DTYPE_BF16)) ||
                (dtype == GAZE_DTYPE_BF16 && clip->keeps_bf16 && gaze_parameter_is_product(parameter));
  return !clip->vision.stack.gradients && wanted && !s->place.transposed &&
         (uintptr_t)s->tensor->data % gaze_dtype_size(dtype) == 0;
}

static gaze_weight weight_of(const gaze_tensor *tensor) {
  return (gaze_weight){.data = tensor->data, .dtype = tensor->dtype};
}

static void widen_int8(float *values, const gaze_parameter *parameter, const gaze_int8 *int8) {
  for (size_t r = 0; r < parameter->rows; r++)
    for (size_t c = 0; c < parameter->columns; c++) {
      float value = (float)int8->values[r * parameter->columns + c] * int8->scales[r];
      values[r * parameter->columns + c] = int8->columns ? value * int8->columns[c] : value;
    }
}

/* values [rows, columns] from the parameter's part of the tensor, or from its transpose. */
static gaze_err copy_values(const gaze_kernels *kernels, float *values, const gaze_parameter *parameter,
                            const source *s) {
  size_t rows = parameter->rows, columns = parameter->columns, count = rows * columns;
  if (s->int8.values) {
    widen_int8(values, parameter, &s->int8);
    return GAZE_OK;
  }
  if (!s->place.transposed) {
    gaze_weight_widen(kernels, values, weight_of(s->tensor), s->place.part * count, count);
    return GAZE_OK;
  }
  float *stored; /* [columns, rows] */
  GAZE_TRY(gaze_alloc(count, sizeof *stored, &stored));
  gaze_weight_widen(kernels, stored, weight_of(s->tensor), 0, count);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      values[r * columns + c] = stored[c * rows + r];
  free(stored);
  return GAZE_OK;
}

/* Room for what cannot be borrowed, in a model that is only run. */
static gaze_err allocate_copies(gaze_clip *clip, const source *sources) {
  size_t size = 0;
  for (size_t i = 0; i < clip->parameters.n; i++)
    if (sources[i].tensor && !can_borrow(clip, &clip->parameters.items[i], &sources[i]))
      size += gaze_arena_cost(gaze_parameter_count(&clip->parameters.items[i]), sizeof(float)) / sizeof(float);
  return size ? gaze_alloc(size, sizeof(float), &clip->values) : GAZE_OK;
}

static gaze_err fill_parameters(gaze_clip *clip, const gaze_kernels *kernels, const source *sources) {
  bool bound = clip->values != NULL; /* all parameters have their place there already */
  if (!bound)
    GAZE_TRY(allocate_copies(clip, sources));
  float *next = clip->values;
  if (clip->keeps_int8)
    GAZE_TRY(gaze_alloc(clip->parameters.n, sizeof *clip->int8, &clip->int8));
  for (size_t i = 0; i < clip->parameters.n; i++) {
    const gaze_parameter *parameter = &clip->parameters.items[i];
    const source *s = &sources[i];
    size_t count = gaze_parameter_count(parameter);
    if (!s->tensor)
      continue;
    clip->stored[s->tensor->dtype] += count;
    if (bound) {
      GAZE_TRY(copy_values(kernels, clip->values + (gaze_f32(*parameter->weight) - clip->values), parameter, s));
    } else if (can_borrow(clip, parameter, s)) {
      size_t size = gaze_dtype_size(s->tensor->dtype);
      *parameter->weight = (gaze_weight){.data = (const char *)s->tensor->data + s->place.part * count * size,
                                         .dtype = s->tensor->dtype};
      if (clip->int8)
        clip->int8[i] = s->int8;
      clip->borrows = true;
    } else {
      GAZE_TRY(copy_values(kernels, next, parameter, s));
      *parameter->weight = (gaze_weight){.data = next};
      next += gaze_arena_cost(count, sizeof *next) / sizeof *next;
    }
  }
  return GAZE_OK;
}

static gaze_err load_parameters(gaze_clip *clip, const gaze_kernels *kernels) {
  source *sources = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(clip->parameters.n, sizeof *sources, &sources));
  for (size_t i = 0; i < clip->parameters.n; i++)
    GAZE_TRY_DONE(find_source(clip, &clip->parameters.items[i], &sources[i]));
  GAZE_TRY_DONE(check_unused(clip, sources));
  GAZE_TRY_DONE(fill_parameters(clip, kernels, sources));
done:
  free(sources);
  return err;
}

gaze_err gaze_clip_load(gaze_clip *clip, const gaze_kernels *kernels, const char *folder) {
  GAZE_TRY(gaze_weights_open(folder, &clip->weights));
  GAZE_TRY(load_parameters(clip, kernels));
  if (!clip->borrows) { /* all copied: the files are not needed any more */
    gaze_weights_close(clip->weights);
    clip->weights = NULL;
  }
  return GAZE_OK;
}
