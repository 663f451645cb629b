/* What the operations of a pickle work on, and what its calls make. Private to the files pickle*.c. */
#ifndef GAZE_CORE_TENSOR_PICKLE_MACHINE_H
#define GAZE_CORE_TENSOR_PICKLE_MACHINE_H

#include "core/tensor/pickle.h"

/* Most values on the stack, in the memo, in tuples and in dictionaries. The largest checkpoints have some hundred
 * thousand: four dozen values a tensor, three tensors a parameter with an optimiser's state. */
#define GAZE_PICKLE_LIMIT ((size_t)1 << 21)
#define GAZE_PICKLE_TENSORS ((size_t)1 << 18) /* most tensors, and most storages */

typedef enum gaze_pickle_kind {
  GAZE_PICKLE_NONE, /* None, floats and lists: nothing asks what is in them */
  GAZE_PICKLE_MARK,
  GAZE_PICKLE_INTEGER, /* bools too */
  GAZE_PICKLE_STRING,
  GAZE_PICKLE_TUPLE,
  GAZE_PICKLE_LIST,
  GAZE_PICKLE_DICT,
  GAZE_PICKLE_GLOBAL,
  GAZE_PICKLE_STORAGE,
  GAZE_PICKLE_TENSOR
} gaze_pickle_kind;

typedef struct gaze_pickle_value {
  gaze_pickle_kind kind;
  uint32_t size; /* bytes of a string, items of a tuple */
  union {
    int64_t integer;
    const char *text; /* borrowed from the pickle */
    size_t first;     /* tuple: its items start here in the list of items */
    size_t id;        /* dict: its number; global, storage, tensor: place in its table */
  };
} gaze_pickle_value;

typedef struct gaze_pickle_list {
  gaze_pickle_value *items; /* [n] */
  size_t n, capacity;
} gaze_pickle_list;

typedef struct gaze_pickle_pair {
  size_t dict;
  gaze_pickle_value key, value;
} gaze_pickle_pair;

typedef struct gaze_pickle_storage {
  const uint8_t *data;
  size_t n; /* elements */
  gaze_dtype dtype;
} gaze_pickle_storage;

typedef struct gaze_pickle_tensor {
  gaze_tensor tensor;
  bool contiguous;
} gaze_pickle_tensor;

typedef struct gaze_pickle_machine {
  const uint8_t *at, *end; /* what is left of the pickle */
  const char *name;        /* for messages */
  gaze_storage_find *find;
  void *user;
  gaze_pickle_list stack, memo, items; /* items: of all tuples */
  gaze_pickle_pair *pairs;             /* [n_pairs], of all dictionaries, in the order they came */
  size_t n_pairs, pairs_capacity, n_dicts;
  gaze_pickle_storage *storages;
  size_t n_storages, storages_capacity;
  gaze_pickle_tensor *tensors;
  size_t n_tensors, tensors_capacity;
  bool stopped;
} gaze_pickle_machine;

/* From the first operation to STOP; the stack then holds one value. */
GAZE_CHECKED gaze_err gaze_pickle_run(gaze_pickle_machine *m);
void gaze_pickle_fini(gaze_pickle_machine *m);

GAZE_CHECKED gaze_err gaze_pickle_fail(const gaze_pickle_machine *m, const char *what);       /* GAZE_ERR_FORMAT */
GAZE_CHECKED gaze_err gaze_pickle_fail_limit(const gaze_pickle_machine *m, const char *what); /* GAZE_ERR_LIMIT */
/* what: "os system"; GAZE_ERR_UNSUPPORTED. */
GAZE_CHECKED gaze_err gaze_pickle_refuse(const gaze_pickle_machine *m, const char *what);
/* n bytes of the pickle. */
GAZE_CHECKED gaze_err gaze_pickle_take(gaze_pickle_machine *m, size_t n, const uint8_t **out);
/* The next n bytes, 8 at most, as a little-endian number without sign. */
GAZE_CHECKED gaze_err gaze_pickle_take_number(gaze_pickle_machine *m, size_t n, uint64_t *out);
/* The last value on the stack; a mark is none. */
GAZE_CHECKED gaze_err gaze_pickle_pop(gaze_pickle_machine *m, gaze_pickle_value *out);
/* GAZE_ERR_LIMIT where list holds GAZE_PICKLE_LIMIT values. */
GAZE_CHECKED gaze_err gaze_pickle_push(const gaze_pickle_machine *m, gaze_pickle_list *list, gaze_pickle_value value);
gaze_pickle_value gaze_pickle_new_dict(gaze_pickle_machine *m);

/* The name of a function or class; "module", "name" without ends. */
GAZE_CHECKED gaze_err gaze_pickle_global(const gaze_pickle_machine *m, const char *module, size_t module_length,
                                         const char *name, size_t name_length, gaze_pickle_value *out);
/* What function makes of its arguments. */
GAZE_CHECKED gaze_err gaze_pickle_call(gaze_pickle_machine *m, const gaze_pickle_value *function,
                                       const gaze_pickle_value *arguments, gaze_pickle_value *out);
/* The storage that an identity, a tuple, stands for. */
GAZE_CHECKED gaze_err gaze_pickle_open_storage(gaze_pickle_machine *m, const gaze_pickle_value *identity,
                                               gaze_pickle_value *out);

#endif
