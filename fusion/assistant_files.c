/* The files of an assistant: which they are, what they say of the decoder and of the eye, and their weights. */
#include "fusion/assistant.h"

#include "core/base/file.h"
#include "fusion/adapter.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err check_answers(const char *folder, const char *type) {
  static const char *const comparing[] = {"clip", "siglip", "siglip2", "chinese_clip", "bert"};
  for (size_t i = 0; i < sizeof comparing / sizeof *comparing; i++)
    if (strcmp(type, comparing[i]) == 0)
      return gaze_fail(GAZE_ERR_UNSUPPORTED,
                       "a model that compares and does not answer: %s (model_type \"%s\"): name a language model",
                       folder, type);
  return GAZE_OK;
}

/* Of a model in transformers' layouts; a decoder alone, or with an eye whose configuration holds the decoder's. */
static gaze_err read_folder(gaze_assistant *assistant, gaze_decoder_config *decoder, gaze_llava_config *eye,
                            bool *sees) {
  json_t *config;
  const char *type;
  GAZE_TRY(gaze_json_open_in(assistant->path, "config.json", &config));
  gaze_err err = gaze_json_string(config, "model_type", "", &type);
  if (err == GAZE_OK)
    err = check_answers(assistant->path, type);
  *sees = err == GAZE_OK && !gaze_decoder_is_family(type);
  if (err == GAZE_OK && !*sees)
    err = gaze_decoder_config_read(config, decoder);
  json_decref(config);
  if (err != GAZE_OK || !*sees)
    return err;
  GAZE_TRY(gaze_llava_files_open(assistant->path, &assistant->files));
  GAZE_TRY(gaze_llava_config_read(&assistant->files, eye));
  return gaze_decoder_config_read(eye->text, decoder);
}

/* Of NAME.gguf: mmproj-NAME-KIND.gguf. */
static bool is_own_projector(const char *name, const char *path) {
  const char *slash = strrchr(path, '/'), *own = slash ? slash + 1 : path;
  size_t n = strlen(own) - strlen(".gguf"), front = strlen("mmproj-");
  return strncmp(name, "mmproj-", front) == 0 && strncmp(name + front, own, n) == 0 && name[front + n] == '-';
}

/* The name of the one mmproj*.gguf in a folder, or of the one among several that is named for the file. False: there is
 * none. */
static bool choose_projector(DIR *files, const char *path, char chosen[NAME_MAX + 1]) {
  size_t n = 0, own = 0;
  for (struct dirent *entry; (entry = readdir(files));) {
    if (strncmp(entry->d_name, "mmproj", 6) != 0 || !gaze_ends_with(entry->d_name, ".gguf"))
      continue;
    bool is_own = is_own_projector(entry->d_name, path);
    n++;
    own += is_own;
    if (n == 1 || (is_own && own == 1))
      snprintf(chosen, NAME_MAX + 1, "%s", entry->d_name);
  }
  return own == 1 || (n == 1 && !own);
}

/* *out NULL: there is none, or nobody knows which of several. */
static gaze_err find_projector(const char *path, char **out) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path)) : strdup("."), name[NAME_MAX + 1];
  DIR *files = folder ? opendir(folder) : NULL;
  gaze_err err = GAZE_OK;
  *out = NULL;
  if (files && choose_projector(files, path, name))
    err = gaze_path_join(folder, name, out);
  if (files)
    closedir(files);
  free(folder);
  return err;
}

/* Two files of which each says what it was made of, and not the same. */
static gaze_err warn_of_strangers(const gaze_gguf *file, const gaze_gguf *projector) {
  static const char *const keys[] = {GAZE_PAIR_KEY, "general.base_model.0.repo_url", "general.base_model.0.name"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    gaze_gguf_text a = {0}, b = {0};
    GAZE_TRY(gaze_gguf_string(file, keys[i], &a));
    GAZE_TRY(gaze_gguf_string(projector, keys[i], &b));
    if (!a.bytes || !b.bytes)
      continue;
    if (a.length != b.length || memcmp(a.bytes, b.bytes, a.length) != 0)
      gaze_warn("made of two models: %s and %s differ in %s: answers about pictures may make no sense",
                gaze_gguf_name(file), gaze_gguf_name(projector), keys[i]);
    return GAZE_OK;
  }
  return GAZE_OK;
}

/* Of a GGUF, and of the one that sees for it. */
static gaze_err read_gguf(gaze_assistant *assistant, gaze_decoder_config *decoder, gaze_llava_config *eye, bool *sees) {
  char *path = NULL;
  assistant->gguf = gaze_weights_gguf(assistant->weights);
  GAZE_TRY(gaze_decoder_config_read_gguf(assistant->gguf, decoder));
  if (assistant->options.projector)
    GAZE_TRY(gaze_strdup(assistant->options.projector, &path));
  else
    GAZE_TRY(find_projector(assistant->path, &path));
  *sees = path != NULL;
  gaze_err err = path ? gaze_weights_open(path, &assistant->projector) : GAZE_OK;
  free(path);
  if (err == GAZE_OK && *sees && gaze_weights_gguf(assistant->projector))
    err = warn_of_strangers(assistant->gguf, gaze_weights_gguf(assistant->projector));
  if (err == GAZE_OK && *sees)
    err = gaze_llava_config_read_mmproj(assistant->projector, eye);
  return err;
}

static bool is_leftover(const void *user, const char *name) {
  return gaze_decoder_is_leftover(user, name) || gaze_llava_is_picture_tensor(name);
}

static void keep_all(bool keeps[GAZE_DTYPES]) {
  for (gaze_dtype dtype = 0; dtype < GAZE_DTYPES; dtype++)
    keeps[dtype] = dtype == GAZE_DTYPE_F16 || dtype == GAZE_DTYPE_BF16 || gaze_dtype_is_quantised(dtype);
}

static gaze_err load_decoder(gaze_assistant *assistant, gaze_decoder_config *config, bool sees) {
  gaze_decoder *decoder = &assistant->decoder;
  if (sees && !gaze_decoder_has_head(assistant->weights)) /* what model it is a part of says otherwise at times */
    config->tied = true;
  GAZE_TRY(gaze_decoder_init(decoder, config, false));
  gaze_load how = {.kernels = &assistant->kernels,
                   .names = config->fused_gguf ? gaze_decoder_fused_names : gaze_decoder_names,
                   .config = assistant->gguf ? "its metadata" : "config.json",
                   .is_leftover = is_leftover,
                   .user = &decoder->config};
  keep_all(how.keeps);
  GAZE_TRY(gaze_decoder_list(decoder, &assistant->parameters));
  GAZE_TRY(gaze_parameters_load(&assistant->parameters, assistant->weights, &how, &assistant->loaded));
  gaze_decoder_tie(decoder);
  return GAZE_OK;
}

static gaze_err load_eye(gaze_assistant *assistant, const gaze_llava_config *config) {
  bool keeps[GAZE_DTYPES];
  size_t C = assistant->decoder.config.block.dim;
  if (config->projector.D != C)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "eye of another model: its rows have %zu numbers where %s has %zu: use the files of one model",
                     config->projector.D, assistant->path, C);
  keep_all(keeps);
  GAZE_TRY(gaze_alloc(1, sizeof *assistant->eye, &assistant->eye));
  GAZE_TRY(gaze_eye_init(assistant->eye, config));
  return gaze_eye_load(assistant->eye, &assistant->kernels,
                       assistant->projector ? assistant->projector : assistant->weights, assistant->files.tower_folder,
                       keeps);
}

static gaze_err open_weights(gaze_assistant *assistant) {
  gaze_adapter adapter;
  GAZE_TRY(gaze_weights_open(assistant->path, &assistant->weights));
  if (!assistant->adapter)
    return GAZE_OK;
  gaze_err err = gaze_adapter_open(assistant->adapter, &adapter);
  if (err == GAZE_OK)
    err = gaze_adapter_apply(&adapter, &assistant->kernels, assistant->weights, assistant->path);
  gaze_adapter_fini(&adapter);
  return err;
}

gaze_err gaze_assistant_open_files(gaze_assistant *assistant) {
  gaze_decoder_config decoder;
  gaze_llava_config eye;
  bool sees;
  bool is_file = gaze_ends_with(assistant->path, ".gguf");
  if (is_file)
    GAZE_TRY(gaze_weights_open(assistant->path, &assistant->weights));
  GAZE_TRY((is_file ? read_gguf : read_folder)(assistant, &decoder, &eye, &sees));
  if (!is_file)
    GAZE_TRY(open_weights(assistant));
  GAZE_TRY(load_decoder(assistant, &decoder, sees));
  return sees ? load_eye(assistant, &eye) : GAZE_OK;
}

void gaze_assistant_close_files(gaze_assistant *assistant) {
  if (assistant->eye)
    gaze_eye_fini(assistant->eye);
  free(assistant->eye);
  gaze_decoder_fini(&assistant->decoder);
  gaze_parameters_fini(&assistant->parameters);
  gaze_loaded_fini(&assistant->loaded);
  gaze_prepared_fini(&assistant->prepared);
  gaze_weights_close(assistant->projector);
  gaze_weights_close(assistant->weights);
  gaze_llava_files_close(&assistant->files);
}
