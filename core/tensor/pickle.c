#include "core/tensor/pickle.h"

#include "core/base/memory.h"
#include "core/tensor/pickle_machine.h"

#include <stdlib.h>
#include <string.h>

#define TENSOR_NAME_MAX 1024 /* bytes */

typedef struct dict_tensors {
  gaze_named_tensor *tensors; /* [n] */
  size_t n;
} dict_tensors;

static bool is_key(const gaze_pickle_value *key, const char *text) {
  return key->kind == GAZE_PICKLE_STRING && key->size == strlen(text) && memcmp(key->text, text, key->size) == 0;
}

/* The dictionary with the model's tensors: the outermost one, or its member state_dict, as training programs write it
 * beside an optimiser's state. */
static gaze_err find_dict(const gaze_pickle_machine *m, size_t *out) {
  const gaze_pickle_value *root = &m->stack.items[0];
  *out = root->id;
  if (root->kind != GAZE_PICKLE_DICT)
    return gaze_pickle_fail(m, "another value than a dictionary");
  for (size_t i = 0; i < m->n_pairs; i++)
    if (m->pairs[i].dict == root->id && m->pairs[i].value.kind == GAZE_PICKLE_DICT &&
        is_key(&m->pairs[i].key, "state_dict"))
      *out = m->pairs[i].value.id;
  return GAZE_OK;
}

static gaze_err copy_name(const gaze_pickle_machine *m, const gaze_pickle_value *key, char **out) {
  bool good = key->kind == GAZE_PICKLE_STRING && key->size > 0 && key->size <= TENSOR_NAME_MAX;
  for (size_t i = 0; good && i < key->size; i++)
    good = (unsigned char)key->text[i] >= ' ' && key->text[i] != 0x7f;
  if (!good)
    return gaze_pickle_fail(m, "the name of a tensor");
  return gaze_format(out, "%.*s", (int)key->size, key->text);
}

static gaze_err add_tensor(const gaze_pickle_machine *m, const gaze_pickle_pair *pair, dict_tensors *out) {
  const gaze_pickle_tensor *made = &m->tensors[pair->value.id];
  gaze_named_tensor *tensor = &out->tensors[out->n];
  GAZE_TRY(copy_name(m, &pair->key, &tensor->name));
  out->n++;
  tensor->tensor = made->tensor;
  if (!made->contiguous)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "transposed or strided tensor: %s in %s: save its .contiguous(), or convert it to safetensors",
                     tensor->name, m->name);
  return GAZE_OK;
}

/* DistributedDataParallel puts it before all names. */
static void take_off_prefix(dict_tensors *out) {
  static const char prefix[] = "module.";
  const size_t length = sizeof prefix - 1;
  for (size_t i = 0; i < out->n; i++)
    if (strncmp(out->tensors[i].name, prefix, length) != 0 || !out->tensors[i].name[length])
      return;
  for (size_t i = 0; i < out->n; i++)
    memmove(out->tensors[i].name, out->tensors[i].name + length, strlen(out->tensors[i].name + length) + 1);
}

static bool is_tensor_of(const gaze_pickle_pair *pair, size_t dict) {
  return pair->dict == dict && pair->value.kind == GAZE_PICKLE_TENSOR;
}

static size_t count_tensors(const gaze_pickle_machine *m, size_t dict) {
  size_t n = 0;
  for (size_t i = 0; i < m->n_pairs; i++)
    n += is_tensor_of(&m->pairs[i], dict);
  return n;
}

static gaze_err collect(const gaze_pickle_machine *m, dict_tensors *out) {
  size_t dict;
  GAZE_TRY(find_dict(m, &dict));
  GAZE_TRY(gaze_alloc(count_tensors(m, dict) + 1, sizeof *out->tensors, &out->tensors));
  for (size_t i = 0; i < m->n_pairs; i++)
    if (is_tensor_of(&m->pairs[i], dict))
      GAZE_TRY(add_tensor(m, &m->pairs[i], out));
  if (out->n == 0)
    return gaze_pickle_fail(m, "a dictionary without tensors");
  take_off_prefix(out);
  gaze_named_tensors_sort(out->tensors, out->n);
  for (size_t i = 1; i < out->n; i++)
    if (strcmp(out->tensors[i - 1].name, out->tensors[i].name) == 0)
      return gaze_pickle_fail(m, "two tensors of one name");
  return GAZE_OK;
}

gaze_err gaze_pickle_parse(const void *bytes, size_t size, const char *name, gaze_storage_find *find, void *user,
                           gaze_named_tensor **tensors, size_t *n) {
  gaze_pickle_machine m = {.at = bytes, .end = (const uint8_t *)bytes + size, .name = name, .find = find, .user = user};
  dict_tensors found = {0};
  gaze_err err = gaze_pickle_run(&m);
  if (err == GAZE_OK)
    err = collect(&m, &found);
  gaze_pickle_fini(&m);
  if (err != GAZE_OK) {
    gaze_named_tensors_free(found.tensors, found.n);
    return err;
  }
  *tensors = found.tensors;
  *n = found.n;
  return GAZE_OK;
}
