#include "fusion/model_folder.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/model_files.h"

#include <dirent.h>
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

/* Configurations and tokenizers; not weights, and not what lies in folders. */
static bool is_copied(const char *name) {
  static const char *const endings[] = {".json", ".txt", ".model", ".gz", ".md", ".jinja"};
  if (strstr(name, ".index.json"))
    return false;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (gaze_ends_with(name + 1, endings[i])) /* something stands before the ending */
      return true;
  return false;
}

static gaze_err copy_others(const char *from, const char *to) {
  DIR *folder = opendir(from);
  if (!folder)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", from);
  gaze_err err = GAZE_OK;
  for (struct dirent *entry; err == GAZE_OK && (entry = readdir(folder));) {
    char *source = NULL, *target = NULL;
    if (!is_copied(entry->d_name))
      continue;
    err = gaze_path_join(from, entry->d_name, &source);
    if (err == GAZE_OK)
      err = gaze_path_join(to, entry->d_name, &target);
    if (err == GAZE_OK && gaze_file_exists(source))
      err = gaze_file_copy(source, target);
    free(source);
    free(target);
  }
  closedir(folder);
  return err;
}

/* A configuration that lies in a folder of its own. user: const char **, the new model's folder. */
static gaze_err copy_deeper(void *user, const char *path, const char *name) {
  const char *to = *(const char *const *)user, *slash = strchr(name, '/');
  char *folder = NULL, *target = NULL;
  gaze_err err;
  if (!slash)
    return GAZE_OK;
  GAZE_TRY_DONE(gaze_format(&folder, "%s/%.*s", to, (int)(slash - name), name));
  GAZE_TRY_DONE(gaze_path_join(to, name, &target));
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(gaze_file_copy(path, target));
done:
  free(folder);
  free(target);
  return err;
}

static gaze_err write_files(const char *from, const gaze_named_tensor *tensors, size_t n, const char *weights,
                            const char *folder) {
  if (gaze_file_exists(weights))
    return gaze_fail(GAZE_ERR_ARGUMENT, "a model is there already: %s: name a new folder", folder);
  GAZE_TRY(gaze_folder_make(folder));
  GAZE_TRY(copy_others(from, folder));
  GAZE_TRY(gaze_model_configurations_visit(from, copy_deeper, &folder));
  return gaze_safetensors_save(weights, tensors, n);
}

gaze_err gaze_model_folder_write(const char *from, const gaze_named_tensor *tensors, size_t n, const char *folder) {
  char *weights;
  GAZE_TRY(gaze_path_join(folder, "model.safetensors", &weights));
  gaze_err err = write_files(from, tensors, n, weights, folder);
  free(weights);
  return err;
}

gaze_err gaze_model_folder_write_weights(const char *from, const gaze_weights *weights, const char *folder) {
  size_t n = gaze_weights_count(weights);
  gaze_named_tensor *tensors;
  GAZE_TRY(gaze_alloc(n, sizeof *tensors, &tensors));
  for (size_t i = 0; i < n; i++)
    tensors[i] = *gaze_weights_get(weights, i);
  gaze_err err = gaze_model_folder_write(from, tensors, n, folder);
  free(tensors);
  return err;
}
