/* WebDataset: members of one sample lie side by side and share the path up to the first dot of the file name. */
#include "fusion/dataset_build.h"
#include "fusion/npy.h"
#include "fusion/tar.h"

#include <stdio.h>
#include <string.h>

static const char *const part_names[GAZE_PARTS] = {"picture", "text", "JSON", "teacher vector"};

static const struct {
  const char *extension; /* in lower case */
  gaze_sample_part part;
} extensions[] = {{"jpg", GAZE_PART_PICTURE},        {"jpeg", GAZE_PART_PICTURE}, {"png", GAZE_PART_PICTURE},
                  {"webp", GAZE_PART_PICTURE},       {"txt", GAZE_PART_TEXT},     {"json", GAZE_PART_FIELDS},
                  {"teacher.npy", GAZE_PART_TEACHER}};

/* The name "folder/a.teacher.npy" has the key "folder/a". NULL: the member belongs to no sample. */
static const char *find_extension(const char *name) {
  const char *slash = strrchr(name, '/');
  const char *file = slash ? slash + 1 : name;
  const char *dot = strchr(file, '.');
  return dot && dot > file ? dot + 1 : NULL;
}

gaze_sample_part gaze_sample_part_of(const char *name) {
  const char *extension = find_extension(name);
  for (size_t i = 0; extension && i < sizeof extensions / sizeof *extensions; i++)
    if (strcasecmp(extension, extensions[i].extension) == 0)
      return extensions[i].part;
  return GAZE_PARTS;
}

static gaze_err read_string(gaze_dataset *dataset, const gaze_sample *sample, const json_t *json, const char *key,
                            const char **out) {
  const json_t *value = json_object_get(json, key);
  if (!value || json_is_null(value))
    return GAZE_OK;
  if (!json_is_string(value))
    return gaze_dataset_fail(dataset, sample->key, "make \"class\" and \"name\" texts");
  return gaze_dataset_text(dataset, json_string_value(value), json_string_length(value), out);
}

/* The caption of KEY.txt, if any, and those of KEY.json. */
static gaze_err read_captions(gaze_dataset *dataset, const gaze_span *text, const json_t *list, gaze_sample *sample) {
  size_t length = text->data ? text->size : 0;
  const char *first = NULL;
  while (length && strchr(" \r\n\t", text->data[length - 1]))
    length--;
  if (length)
    GAZE_TRY(gaze_dataset_text(dataset, (const char *)text->data, length, &first));
  return gaze_dataset_texts(dataset, sample->key, "captions", list, first, &sample->captions, &sample->n_captions);
}

static gaze_err read_fields(gaze_dataset *dataset, const gaze_dataset_options *options, const gaze_sample_group *group,
                            const json_t *json, gaze_sample *sample) {
  const json_t *augment = json_object_get(json, "augment");
  if (json && !json_is_object(json))
    return gaze_dataset_fail(dataset, sample->key, "make it an object");
  if (augment && !json_is_boolean(augment) && !json_is_null(augment))
    return gaze_dataset_fail(dataset, sample->key, "make \"augment\" true or false");
  sample->fixed = json_is_false(augment);
  GAZE_TRY(read_string(dataset, sample, json, "class", &sample->class_id));
  GAZE_TRY(read_string(dataset, sample, json, "name", &sample->name));
  GAZE_TRY(gaze_dataset_read_qa(dataset, json_object_get(json, "qa"), sample));
  if (!sample->n_questions)
    GAZE_TRY(gaze_dataset_read_turns(dataset, json_object_get(json, "conversations"), sample));
  if (options->objects)
    GAZE_TRY(gaze_dataset_read_objects(dataset, json_object_get(json, "objects"), sample));
  return read_captions(dataset, &group->parts[GAZE_PART_TEXT], json_object_get(json, "captions"), sample);
}

static gaze_err read_teacher(const gaze_dataset *dataset, const gaze_span *bytes, gaze_sample *sample) {
  char name[512];
  snprintf(name, sizeof name, "%s.teacher.npy in %s", sample->key, dataset->path);
  gaze_tensor vector;
  GAZE_TRY(gaze_npy_parse(bytes->data, bytes->size, name, &vector));
  if (vector.dtype != GAZE_DTYPE_F16 || vector.rank != 1)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "teacher vector of another kind: %s: make it float16 of one dimension",
                     name);
  sample->teacher = vector.data;
  sample->teacher_dim = vector.shape[0];
  return GAZE_OK;
}

static gaze_err parse_fields(const gaze_dataset *dataset, const gaze_sample_group *group, json_t **json) {
  const gaze_span *bytes = &group->parts[GAZE_PART_FIELDS];
  if (!bytes->data)
    return GAZE_OK;
  char name[512];
  snprintf(name, sizeof name, "%s.json in %s", group->key, dataset->path);
  return gaze_json_parse(bytes->data, bytes->size, name, json);
}

static gaze_err add_group(gaze_dataset *dataset, const gaze_dataset_options *options, const gaze_sample_group *group) {
  const gaze_span *picture = &group->parts[GAZE_PART_PICTURE];
  gaze_sample sample = {0};
  GAZE_TRY(gaze_dataset_text(dataset, group->key, strlen(group->key), &sample.key));
  GAZE_TRY(gaze_dataset_text(dataset, group->file, strlen(group->file), &sample.file));
  if (dataset->is_folder) {
    GAZE_TRY(gaze_dataset_place(dataset, options, sample.file, &sample.path));
  } else {
    sample.picture = picture->data;
    sample.picture_size = picture->size;
  }
  json_t *json = NULL;
  GAZE_TRY(parse_fields(dataset, group, &json));
  gaze_err err = read_fields(dataset, options, group, json, &sample);
  json_decref(json);
  GAZE_TRY(err);
  if (group->parts[GAZE_PART_TEACHER].data)
    GAZE_TRY(read_teacher(dataset, &group->parts[GAZE_PART_TEACHER], &sample));
  return gaze_dataset_add(dataset, &sample);
}

gaze_err gaze_sample_group_finish(gaze_dataset *dataset, const gaze_dataset_options *options,
                                  const gaze_sample_group *group) {
  if (group->parts[GAZE_PART_PICTURE].data)
    return gaze_dataset_leave_out(dataset, options, group->key, add_group(dataset, options, group));
  return group->key[0] ? gaze_dataset_miss_picture(dataset, options, group->key) : GAZE_OK;
}

gaze_err gaze_sample_group_add(gaze_dataset *dataset, const gaze_dataset_options *options, gaze_sample_group *group,
                               const char *name, gaze_span bytes) {
  const char *extension = find_extension(name);
  if (!extension)
    return GAZE_OK;
  size_t length = (size_t)(extension - name) - 1;
  if (strncmp(group->key, name, length) != 0 || group->key[length]) {
    GAZE_TRY(gaze_sample_group_finish(dataset, options, group));
    *group = (gaze_sample_group){0};
    memcpy(group->key, name, length);
  }
  gaze_sample_part part = gaze_sample_part_of(name);
  if (part == GAZE_PARTS)
    return GAZE_OK;
  if (group->parts[part].data)
    return gaze_fail(GAZE_ERR_FORMAT, "two files for the %s of sample %s: %s: keep one", part_names[part], group->key,
                     dataset->path);
  if (part == GAZE_PART_PICTURE)
    memcpy(group->file, name, strlen(name) + 1);
  group->parts[part] = bytes;
  return GAZE_OK;
}

gaze_err gaze_dataset_read_tar(gaze_dataset *dataset, const gaze_dataset_options *options) {
  gaze_tar tar;
  gaze_tar_init(&tar, dataset->map.data, dataset->map.size, dataset->path);
  gaze_sample_group group = {0};
  for (;;) {
    gaze_tar_member member;
    bool found;
    GAZE_TRY(gaze_tar_next(&tar, &member, &found));
    if (!found)
      return gaze_sample_group_finish(dataset, options, &group);
    GAZE_TRY(gaze_sample_group_add(dataset, options, &group, member.name, (gaze_span){member.data, member.size}));
  }
}
