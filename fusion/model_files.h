/* What a model's folder holds besides its weights and its tokenizer: for what opens, names, copies and fetches it. */
#ifndef GAZE_FUSION_MODEL_FILES_H
#define GAZE_FUSION_MODEL_FILES_H

#include "core/base/json.h"

/* Beside a BERT's config.json: what sentence-transformers says of it. */
#define GAZE_SENTENCE_MODULES "modules.json"
#define GAZE_SENTENCE_POOLING_FOLDER "1_Pooling"
#define GAZE_SENTENCE_POOLING GAZE_SENTENCE_POOLING_FOLDER "/config.json"
#define GAZE_SENTENCE_SETTINGS "sentence_bert_config.json"

/* Names in any model's folder of what says of which towers it is, how pictures are prepared and texts pooled; no model
 * has all of them. NULL behind the last. */
extern const char *const gaze_model_configurations[];

/* path: name in the model's folder, a file. */
typedef gaze_err gaze_model_file_fn(void *user, const char *path, const char *name);
/* Each configuration that is there, always in the same order, last that of open_clip's text tower. place: a folder, or
 * a file that is the whole model and has none. */
GAZE_CHECKED gaze_err gaze_model_configurations_visit(const char *place, gaze_model_file_fn *visit, void *user);

/* The path of open_clip_config.json, where it is what the folder goes by: there is no config.json; else NULL. Yours:
 * free(). */
GAZE_CHECKED gaze_err gaze_open_clip_path(const char *folder, char **path);
/* The name in a model's folder of its text tower's configuration, by that file's contents: "text/config.json". It need
 * not be there. NULL: the tower is open_clip's own, or one of the hub. Yours: free(). */
GAZE_CHECKED gaze_err gaze_open_clip_words(const json_t *json, char **name);

#endif
