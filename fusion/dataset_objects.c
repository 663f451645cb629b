/* Boxes around the things of a picture. */
#include "fusion/dataset_build.h"

#include <math.h>

static gaze_err fail_objects(const gaze_dataset *dataset, const gaze_sample *sample) {
  return gaze_fail(
      GAZE_ERR_FORMAT,
      "wrong objects of sample %s: %s: make \"objects\" a list of [name, x, y, width, height], fractions of "
      "the picture",
      sample->key, dataset->path);
}

/* Annotators' boxes stand out a little now and then; what is more than that was no fraction. */
static bool read_fraction(const json_t *value, float *out) {
  if (!json_is_number(value))
    return false;
  *out = (float)json_number_value(value);
  return isfinite(*out) && *out >= -0.05f && *out <= 1.05f;
}

static bool read_box(const json_t *row, gaze_object *out) {
  return json_array_size(row) == 5 && json_string_length(json_array_get(row, 0)) > 0 &&
         read_fraction(json_array_get(row, 1), &out->x) && read_fraction(json_array_get(row, 2), &out->y) &&
         read_fraction(json_array_get(row, 3), &out->width) && read_fraction(json_array_get(row, 4), &out->height) &&
         out->width >= 0 && out->height >= 0;
}

gaze_err gaze_dataset_read_objects(gaze_dataset *dataset, const json_t *list, gaze_sample *sample) {
  size_t n = json_array_size(list);
  gaze_object *objects;
  if (!list || json_is_null(list))
    return GAZE_OK;
  if (!json_is_array(list))
    return fail_objects(dataset, sample);
  GAZE_TRY(gaze_dataset_take(dataset, n * sizeof *objects, &objects));
  for (size_t i = 0; i < n; i++) {
    const json_t *row = json_array_get(list, i), *name = json_array_get(row, 0);
    if (!read_box(row, &objects[i]))
      return fail_objects(dataset, sample);
    GAZE_TRY(gaze_dataset_text(dataset, json_string_value(name), json_string_length(name), &objects[i].name));
  }
  sample->objects = objects;
  sample->n_objects = n;
  return GAZE_OK;
}
