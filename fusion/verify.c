#include "fusion/verify.h"

#include "core/base/memory.h"

#include <stdlib.h>

gaze_err gaze_verify_judge(gaze_verification *v, const char *name, const gaze_difference *difference, double tolerance,
                           const char *detail) {
  bool same = gaze_difference_relative(difference) <= tolerance;
  return gaze_stages_add(&v->stages, name, same ? GAZE_STAGE_SAME : GAZE_STAGE_PARTS, difference, detail);
}

/* Without one, or with one of a kind that gaze does not read, the rest can be verified. reason: yours, free(). */
static gaze_err open_tokenizer(gaze_model *model, char **reason) {
  gaze_err err = gaze_tokenizer_open(model->folder, &model->tokenizer);
  if (err == GAZE_ERR_NOT_FOUND)
    return gaze_strdup("no tokenizer in the folder", reason);
  return err == GAZE_ERR_UNSUPPORTED ? gaze_strdup(gaze_last_error(), reason) : err;
}

static const char *precision_name(const gaze_model *model) {
  gaze_precision precision = model->options.precision;
  return precision == GAZE_PRECISION_F32 ? "f32" : precision == GAZE_PRECISION_BF16 ? "bf16" : "int8";
}

static gaze_err write_result(const gaze_verification *v, bool *same, char **json) {
  const char *first = v->stages.first;
  json_t *result =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:s}", "path", v->model->folder, "family", v->model->clip.config.family,
                "reference", v->reference.folder, "precision", precision_name(v->model), "kernels",
                v->model->kernels.level, "stages", v->stages.list, "result", *first ? "FAIL" : "PASS");
  if (*first && (json_object_set_new(result, "first", json_string(first)) != 0 ||
                 json_object_set_new(result, "hint", json_string(gaze_stage_hint(first))) != 0)) {
    json_decref(result);
    result = NULL; /* out of memory, as the next line says */
  }
  gaze_err err = gaze_json_text(result, JSON_COMPACT | JSON_REAL_PRECISION(9), json);
  json_decref(result);
  if (err == GAZE_OK)
    *same = !*first;
  return err;
}

static gaze_err verify(gaze_model *model, const char *reference, bool *same, char **json) {
  gaze_verification v = {.model = model};
  char *reason = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_model_check_pictures(model));
  GAZE_TRY_DONE(open_tokenizer(model, &reason));
  v.no_tokenizer = reason;
  GAZE_TRY_DONE(gaze_reference_open(reference, model, &v.reference));
  GAZE_TRY_DONE(gaze_verify_inputs(&v));
  GAZE_TRY_DONE(gaze_verify_towers(&v));
  GAZE_TRY_DONE(write_result(&v, same, json));
done:
  gaze_stages_fini(&v.stages);
  gaze_reference_fini(&v.reference);
  free(reason);
  return err;
}

gaze_err gaze_model_verify(const char *name, const gaze_model_options *options, const char *reference, bool *same,
                           char **json) {
  gaze_model *model;
  GAZE_TRY(gaze_model_open_towers(name, options, &model));
  gaze_err err = verify(model, reference, same, json);
  gaze_model_close(model);
  return err;
}
