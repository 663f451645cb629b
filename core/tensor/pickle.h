/* The pickle of a state dictionary, as torch.save writes it (protocol 2): a reader of the few operations that takes,
 * which makes nothing but plain values and refuses all others by name, so that no program hides in a model. Operations:
 * Python's pickletools. */
#ifndef GAZE_CORE_TENSOR_PICKLE_H
#define GAZE_CORE_TENSOR_PICKLE_H

#include "core/tensor/safetensors.h"

/* Bytes of the storage `key` (length bytes); false: there is none. */
typedef bool gaze_storage_find(void *user, const char *key, size_t length, const uint8_t **data, size_t *size);

/* The tensors of the state dictionary: of the dictionary that the pickle is, or of its member state_dict; what is no
 * tensor in it is left out. A prefix "module." that all names have is taken off. Tensors of bools are U8. Views other
 * than contiguous ones are GAZE_ERR_UNSUPPORTED by name. name: for messages. *tensors is yours, ascending by name:
 * gaze_named_tensors_free. */
GAZE_CHECKED gaze_err gaze_pickle_parse(const void *bytes, size_t size, const char *name, gaze_storage_find *find,
                                        void *user, gaze_named_tensor **tensors, size_t *n);

#endif
