/* The folder that peft reads. */
#include "core/base/file.h"
#include "core/nn/save.h"
#include "fusion/lora.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gaze_err gaze_lora_name_base(const char *name, char **out) {
  *out = gaze_folder_exists(name) ? realpath(name, NULL) : NULL;
  return *out ? GAZE_OK : gaze_strdup(name, out);
}

/* A regular expression, so that no layer of the same name outside of these modules is meant. */
static gaze_err targets_text(const gaze_lora_options *options, const char *modules, char **out) {
  char *names;
  GAZE_TRY(gaze_strdup(options->targets, &names));
  for (char *comma = names; (comma = strchr(comma, ','));)
    *comma = '|';
  const char *part = strstr(modules, "language_model") ? "language_model\\." : "";
  gaze_err err = gaze_format(out, ".*%slayers\\..*\\.(%s)", part, names);
  free(names);
  return err;
}

static json_t *number(double value) {
  return value == rint(value) && fabs(value) < 1e9 ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *config_of(const gaze_lora_options *o, const gaze_lora_base *base, const char *targets) {
  json_t *whole = base->whole_modules ? json_deep_copy(base->whole_modules) : json_null();
  return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:o, s:s, s:b, s:b, s:b, s:b, s:b, s:{}, s:{}}", "peft_type",
                   "LORA", "task_type", "CAUSAL_LM", "base_model_name_or_path", base->model, "r", (json_int_t)o->rank,
                   "lora_alpha", number(o->alpha), "lora_dropout", json_real(o->dropout), "target_modules", targets,
                   "modules_to_save", whole, "bias", "none", "fan_in_fan_out", 0, "init_lora_weights", 1, "use_rslora",
                   0, "use_dora", 0, "inference_mode", 1, "rank_pattern", "alpha_pattern");
}

static gaze_err make_config(const gaze_lora *lora, const gaze_lora_base *base, json_t **out) {
  char *targets;
  GAZE_TRY(targets_text(&lora->options, base->modules, &targets));
  *out = config_of(&lora->options, base, targets);
  free(targets);
  return *out ? GAZE_OK : gaze_fail(GAZE_ERR_MEMORY, "out of memory: what an adapter says of itself: free memory");
}

static gaze_err save_config(const gaze_lora *lora, const gaze_lora_base *base, const char *path) {
  json_t *json;
  GAZE_TRY(make_config(lora, base, &json));
  gaze_err err = gaze_json_save(path, json);
  json_decref(json);
  return err;
}

/* The place of a parameter that begins with `modules`. */
static bool find_place(const gaze_name_table *names, const char *parameter, const char *modules,
                       gaze_tensor_place *place) {
  for (size_t turn = 0; gaze_tensor_place_next(names, parameter, &turn, place);)
    if (strncmp(place->name, modules, strlen(modules)) == 0 && place->parts == 1)
      return true;
  return false;
}

static gaze_err fail_nameless(const char *parameter) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "no name for an adapter's part: %s: train it as a whole", parameter);
}

/* A matrix with one column is one all the same. */
static void shape(const void *user, const gaze_parameter *parameter, gaze_tensor *tensor) {
  if (gaze_ends_with(parameter->name, ".B"))
    *tensor = (gaze_tensor){.data = tensor->data, .rank = 2, .shape = {parameter->rows, parameter->columns}};
}

/* What is written: parameters, and a name for each. */
typedef struct writing {
  gaze_parameters list;
  gaze_name_pattern *patterns; /* [list.n]; their names are its own */
} writing;

static void writing_fini(writing *w) {
  for (size_t i = 0; w->patterns && i < w->list.n; i++)
    free((char *)(uintptr_t)w->patterns[i].tensor);
  free(w->patterns);
  gaze_parameters_fini(&w->list);
}

static gaze_err add(writing *w, const gaze_parameter *parameter, const char *module, const char *ending) {
  char *name;
  GAZE_TRY(gaze_format(&name, "base_model.model.%s%s", module, ending));
  w->list.items[w->list.n] = *parameter;
  w->patterns[w->list.n] = (gaze_name_pattern){.parameter = w->list.items[w->list.n].name, .tensor = name};
  w->list.n++;
  return GAZE_OK;
}

static gaze_err list_pairs(writing *w, const gaze_lora *lora, const gaze_lora_base *base) {
  gaze_tensor_place place;
  for (size_t i = 0; i < lora->targets.n; i++) {
    if (!find_place(base->names, lora->targets.items[i].name, base->modules, &place))
      return fail_nameless(lora->targets.items[i].name);
    place.name[strlen(place.name) - strlen(".weight")] = 0;
    GAZE_TRY(add(w, &lora->learned.items[2 * i], place.name, ".lora_A.weight"));
    GAZE_TRY(add(w, &lora->learned.items[2 * i + 1], place.name, ".lora_B.weight"));
  }
  return GAZE_OK;
}

/* In whichever of the modules it is. */
static gaze_err add_whole(writing *w, const gaze_lora_base *base, const gaze_parameter *parameter) {
  gaze_tensor_place place;
  for (size_t i = 0; i < json_array_size(base->whole_modules); i++) {
    char *module;
    GAZE_TRY(gaze_format(&module, "model.%s.", json_string_value(json_array_get(base->whole_modules, i))));
    bool found = find_place(base->whole_names, parameter->name, module, &place);
    free(module);
    if (found)
      return add(w, parameter, place.name, "");
  }
  return fail_nameless(parameter->name);
}

static gaze_err list_whole(writing *w, const gaze_lora_base *base) {
  for (size_t i = 0; base->whole && i < base->whole->n; i++)
    GAZE_TRY(add_whole(w, base, &base->whole->items[i]));
  return GAZE_OK;
}

static gaze_err save_tensors(const gaze_lora *lora, const gaze_kernels *kernels, const gaze_lora_base *base,
                             const char *path, gaze_dtype dtype) {
  writing w = {0};
  size_t n = lora->learned.n + (base->whole ? base->whole->n : 0);
  gaze_err err;
  GAZE_TRY_DONE(gaze_grow(&w.list.items, &w.list.capacity, n, sizeof *w.list.items));
  GAZE_TRY_DONE(gaze_alloc(n, sizeof *w.patterns, &w.patterns));
  GAZE_TRY_DONE(list_pairs(&w, lora, base));
  GAZE_TRY_DONE(list_whole(&w, base));
  const gaze_save how = {.kernels = kernels, .names = {w.patterns, w.list.n}, .dtype = dtype, .shape = shape};
  err = gaze_parameters_save(&w.list, &how, path);
done:
  writing_fini(&w);
  return err;
}

gaze_err gaze_lora_save(const gaze_lora *lora, const gaze_kernels *kernels, const gaze_lora_base *base,
                        const char *folder, gaze_dtype dtype) {
  char *config = NULL, *tensors = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(gaze_path_join(folder, "adapter_config.json", &config));
  GAZE_TRY_DONE(gaze_path_join(folder, "adapter_model.safetensors", &tensors));
  GAZE_TRY_DONE(save_config(lora, base, config));
  GAZE_TRY_DONE(save_tensors(lora, kernels, base, tensors, dtype));
done:
  free(config);
  free(tensors);
  return err;
}

static gaze_err compare(const json_t *before, const json_t *now, const char *path) {
  static const char *const keys[] = {"r", "lora_alpha", "lora_dropout", "target_modules"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const json_t *a = json_object_get(before, keys[i]), *b = json_object_get(now, keys[i]);
    if (!json_equal(a, b) && !(json_is_number(a) && json_number_value(a) == json_number_value(b)))
      return gaze_fail(GAZE_ERR_MISMATCH, "adapter of another run: %s: its %s is another, give what it began with",
                       path, keys[i]);
  }
  return GAZE_OK;
}

/* A folder may have moved, so that another name is no error. */
static void warn_of_base(const json_t *before, const char *now, const char *path) {
  const char *name = json_string_value(json_object_get(before, "base_model_name_or_path"));
  if (name && strcmp(name, now) != 0)
    gaze_warn("an adapter of %s: %s: it goes on beside %s, which must be the same model", name, path, now);
}

gaze_err gaze_lora_check_resumed(const gaze_lora *lora, const gaze_lora_base *base, const char *folder) {
  char *path;
  json_t *before = NULL, *now = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_path_join(folder, "adapter_config.json", &path));
  if (gaze_file_exists(path)) {
    GAZE_TRY_DONE(make_config(lora, base, &now));
    GAZE_TRY_DONE(gaze_json_open(path, &before));
    GAZE_TRY_DONE(compare(before, now, path));
    warn_of_base(before, base->model, path);
  }
done:
  json_decref(before);
  json_decref(now);
  free(path);
  return err;
}
