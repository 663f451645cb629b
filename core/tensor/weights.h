/* The named tensors of a model, whatever files hold them (core/tensor/weight_files.h), read in place from the mapped
 * files. */
#ifndef GAZE_CORE_TENSOR_WEIGHTS_H
#define GAZE_CORE_TENSOR_WEIGHTS_H

#include "core/tensor/gguf.h"

typedef struct gaze_weights gaze_weights;

/* path: a folder, or a GGUF (any part of one in several). Shards and their index must say the same: a tensor that the
 * index places in a file which lacks it, that it does not name, or that is in two files is GAZE_ERR_MISMATCH; so are
 * parts of a GGUF that do not belong together. */
GAZE_CHECKED gaze_err gaze_weights_open(const char *path, gaze_weights **out);
void gaze_weights_close(gaze_weights *weights);
/* As gaze_map_forget, of all files: when most of what they hold will not be read again. */
void gaze_weights_forget(const gaze_weights *weights);
size_t gaze_weights_count(const gaze_weights *weights);
const gaze_named_tensor *gaze_weights_get(const gaze_weights *weights, size_t i);    /* by name, ascending */
const gaze_tensor *gaze_weights_find(const gaze_weights *weights, const char *name); /* borrowed; NULL: absent */

/* From now on a tensor that there is (`name`) is another of the same shape. memory: what its data lie in, taken:
 * free().
 */
GAZE_CHECKED gaze_err gaze_weights_replace(gaze_weights *weights, const char *name, const gaze_tensor *tensor,
                                           void *memory);

/* With the model's metadata: the GGUF, or its first part; borrowed. NULL: the weights lie in other files. */
const gaze_gguf *gaze_weights_gguf(const gaze_weights *weights);

/* For messages: path of the file in which a tensor lies; of one that is absent, where it should be named: the index, or
 * the one file there is. Borrowed. */
const char *gaze_weights_path(const gaze_weights *weights, const char *name);

#endif
