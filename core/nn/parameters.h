/* The parameters of a model as one list: what the loader fills, the optimiser steps and a checkpoint holds. */
#ifndef GAZE_CORE_NN_PARAMETERS_H
#define GAZE_CORE_NN_PARAMETERS_H

#include "core/base/memory.h"
#include "core/kernels/matmul.h"
#include "core/tensor/tensor.h"

typedef struct gaze_low_rank gaze_low_rank;

/* Numbers somewhere else, borrowed: in a mapped file, or in the parameter arena while training. Only linear looks at
 * the dtype; vectors are always f32. */
typedef struct gaze_weight {
  const void *data;
  gaze_dtype dtype;           /* any floating one, quantised ones too, with I8 only `packed` */
  const gaze_packed *packed;  /* the same as products like it best, bf16 or int8; NULL: not */
  const gaze_low_rank *added; /* what learns beside it (low_rank.h); NULL: nothing */
} gaze_weight;

static inline const float *gaze_f32(gaze_weight weight) { return (const float *)weight.data; }

/* n numbers of a weight in F32, F16, BF16 or blocks from number `first` on, as f32; whole blocks. */
void gaze_weight_widen(const gaze_kernels *kernels, float *values, gaze_weight weight, size_t first, size_t n);
/* The other way: n numbers into F32, F16, BF16 or blocks. */
void gaze_weight_narrow(const gaze_kernels *kernels, void *out, const float *values, gaze_dtype dtype, size_t n);

typedef struct gaze_parameter {
  char name[64];        /* "vision.block03.q_weight" */
  gaze_weight *weight;  /* borrowed from the model */
  float **gradient;     /* borrowed; NULL where the model is only run */
  size_t rows, columns; /* a vector has one column, a scalar one of both */
  bool decay;           /* weight decay applies: matrices, not gains, biases or temperature */
  bool frozen;          /* locked: neither gradient nor step */
  double pace;          /* its learning rate, in those of the run; 0: the same */
} gaze_parameter;

typedef struct gaze_parameters {
  gaze_parameter *items;
  size_t n, capacity;
} gaze_parameters;

GAZE_CHECKED gaze_err gaze_parameters_add(gaze_parameters *list, const char *prefix, const char *name,
                                          gaze_weight *weight, float **gradient, size_t rows, size_t columns);
void gaze_parameters_fini(gaze_parameters *list);
size_t gaze_parameter_count(const gaze_parameter *parameter); /* elements */
/* A matrix that linear layers alone read: NAME_weight or NAME_projection. */
bool gaze_parameter_is_product(const gaze_parameter *parameter);

/* Initial values: gains 1, biases 0, all else normal of this deviation, the stream-th numbers of a seed. values: the
 * arena that the parameter is bound to. */
void gaze_parameter_randomise(const gaze_parameter *parameter, float *values, double deviation, uint64_t seed,
                              uint64_t stream);

/* Elements of all, each rounded up to a cache line: the size of a parameter arena in floats. */
size_t gaze_parameters_size(const gaze_parameters *list);
/* Points every weight into values and every gradient into gradients (NULL: leaves them), both
 * [gaze_parameters_size] floats in list order. */
void gaze_parameters_bind(const gaze_parameters *list, float *values, float *gradients);

#endif
