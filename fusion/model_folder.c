#include "fusion/model_folder.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_saved_dtype_find(const char *name, gaze_dtype *out) {
  static const struct {
    const char *name;
    gaze_dtype dtype;
  } dtypes[] = {{"f32", GAZE_DTYPE_F32}, {"f16", GAZE_DTYPE_F16}, {"bf16", GAZE_DTYPE_BF16}};
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(name, dtypes[i].name) == 0) {
      *out = dtypes[i].dtype;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_ARGUMENT, "unknown dtype: %s: use f32, f16 or bf16", name);
}

static gaze_err copy_file(const char *from_folder, const char *to_folder, const char *name) {
  char *from = NULL, *to = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_path_join(from_folder, name, &from));
  GAZE_TRY_DONE(gaze_path_join(to_folder, name, &to));
  if (gaze_file_exists(from))
    err = gaze_file_copy(from, to);
done:
  free(from);
  free(to);
  return err;
}

gaze_err gaze_tokenizer_copy(const char *from_folder, const char *to_folder) {
  static const char *const files[] = {
      "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
      "merges.txt",     "tokenizer.model",       "chat_template.jinja",     "chat_template.json"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    GAZE_TRY(copy_file(from_folder, to_folder, files[i]));
  return GAZE_OK;
}
