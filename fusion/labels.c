#include "fusion/labels.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/names.h"

#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT (64u << 20)

/* Cuts the next line off *text, without its end and the blanks around it. NULL: no more. */
static char *next_line(char **text) {
  char *line = *text;
  if (!*line)
    return NULL;
  size_t length = strcspn(line, "\n");
  *text = line + length + (line[length] == '\n');
  while (length && strchr(" \r\t", line[length - 1]))
    length--;
  line[length] = 0;
  return line + strspn(line, " ");
}

/* The text of a file, behind the byte order mark if there is one. *storage is what must be freed. */
static gaze_err read_text(const char *path, char **storage, char **text) {
  uint8_t *bytes;
  size_t size;
  GAZE_TRY(gaze_file_read(path, FILE_LIMIT, &bytes, &size));
  if (strlen((char *)bytes) != size) {
    free(bytes);
    return gaze_fail(GAZE_ERR_FORMAT, "not a text file: %s: save it as UTF-8", path);
  }
  *storage = (char *)bytes;
  *text = *storage + (strncmp(*storage, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
  return GAZE_OK;
}

static size_t count_char(const char *text, char wanted) {
  size_t n = 0;
  for (; *text; text++)
    n += *text == wanted;
  return n;
}

/* Cuts text at each '|' into names, empty ones left out. */
static size_t split_synonyms(char *text, const char **names) {
  size_t n = 0;
  for (char *bar = text; text; text = bar ? bar + 1 : NULL) {
    bar = strchr(text, '|');
    if (bar)
      *bar = 0;
    if (*text)
      names[n++] = text;
  }
  return n;
}

/* Where the copies of labels and their synonyms go. */
typedef struct label_room {
  const char **names;
  char *text;
} label_room;

static void read_label(char *line, label_room *room, gaze_label *label) {
  char *tab = strchr(line, '\t');
  *label = (gaze_label){0};
  if (tab) {
    *tab = 0;
    label->class_id = line;
    line = tab + 1;
  }
  label->text = line;
  label->synonyms = room->names;
  label->n_synonyms = split_synonyms(strcpy(room->text, line), room->names);
  room->names += label->n_synonyms;
  room->text += strlen(line) + 1;
}

static gaze_err check_label(const gaze_labels *labels, gaze_names *classes, const char *path, size_t line) {
  const gaze_label *label = &labels->items[labels->n - 1];
  if (!label->n_synonyms || (label->class_id && !*label->class_id) || strchr(label->text, '\t'))
    return gaze_fail(GAZE_ERR_FORMAT, "not a label: %s line %zu: write LABEL or CLASS<TAB>LABEL|SYNONYM", path, line);
  if (!label->class_id != !labels->items[0].class_id)
    return gaze_fail(GAZE_ERR_FORMAT, "some lines have a class and some have none: %s line %zu: give all or none one",
                     path, line);
  if (!label->class_id)
    return GAZE_OK;
  size_t number;
  GAZE_TRY(gaze_names_number(classes, NULL, label->class_id, &number));
  if (number + 1 < labels->n)
    return gaze_fail(GAZE_ERR_FORMAT, "class %s for the second time: %s line %zu: put its names on one line",
                     label->class_id, path, line);
  return GAZE_OK;
}

static gaze_err read_labels(char *text, const char *path, label_room room, gaze_names *classes, gaze_labels *out) {
  size_t number = 1;
  for (char *line; (line = next_line(&text)); number++)
    if (*line) {
      read_label(line, &room, &out->items[out->n++]);
      GAZE_TRY(check_label(out, classes, path, number));
    }
  return out->n ? GAZE_OK : gaze_fail(GAZE_ERR_FORMAT, "no labels: %s: write a label a line", path);
}

gaze_err gaze_labels_open(const char *path, gaze_labels *out) {
  char *bytes = NULL, *text = NULL;
  GAZE_TRY(read_text(path, &bytes, &text));
  size_t length = strlen(text), lines = count_char(text, '\n') + 1, most_names = lines + count_char(text, '|');
  gaze_labels labels = {0};
  gaze_names classes = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(lines, sizeof *labels.items, &labels.items));
  GAZE_TRY_DONE(gaze_alloc(1, most_names * sizeof(char *) + 2 * (length + 1), &labels.storage));
  label_room room = {(const char **)(void *)labels.storage, labels.storage + most_names * sizeof(char *)};
  char *copy = strcpy(room.text, text);
  room.text += length + 1;
  GAZE_TRY_DONE(read_labels(copy, path, room, &classes, &labels));
  *out = labels;
done:
  if (err != GAZE_OK)
    gaze_labels_fini(&labels);
  gaze_names_fini(&classes);
  free(bytes);
  return err;
}

void gaze_labels_fini(gaze_labels *labels) {
  free(labels->items);
  free(labels->storage);
  *labels = (gaze_labels){0};
}

static bool is_called(const gaze_label *label, const char *name) {
  if (label->class_id)
    return strcmp(label->class_id, name) == 0;
  for (size_t i = 0; i < label->n_synonyms; i++)
    if (strcmp(label->synonyms[i], name) == 0)
      return true;
  return false;
}

static ptrdiff_t find_one(const gaze_labels *labels, const char *name) {
  for (size_t i = 0; name && i < labels->n; i++)
    if (is_called(&labels->items[i], name))
      return (ptrdiff_t)i;
  return -1;
}

ptrdiff_t gaze_labels_find(const gaze_labels *labels, const char *class_id, const char *name) {
  bool by_class = labels->n && labels->items[0].class_id;
  ptrdiff_t found = find_one(labels, by_class ? class_id : name);
  return found >= 0 ? found : find_one(labels, by_class ? name : class_id);
}

/* Fills templates (room for all of them) from text; pointers go into text. */
static gaze_err read_templates(char *text, const char *path, const char **templates, size_t *n) {
  size_t number = 1;
  for (char *line; (line = next_line(&text)); number++) {
    if (!*line || *line == '#')
      continue;
    if (!strstr(line, "{}"))
      return gaze_fail(GAZE_ERR_FORMAT, "template without {}: %s line %zu: write {} where the label goes", path,
                       number);
    templates[(*n)++] = line;
  }
  return *n ? GAZE_OK : gaze_fail(GAZE_ERR_FORMAT, "no templates: %s: write lines that hold {}", path);
}

gaze_err gaze_templates_open(const char *path, const char ***templates, size_t *n) {
  char *bytes = NULL, *text = NULL;
  GAZE_TRY(read_text(path, &bytes, &text));
  size_t lines = count_char(text, '\n') + 1, found = 0;
  const char **list = NULL;
  gaze_err err = gaze_alloc(1, lines * sizeof *list + strlen(text) + 1, &list);
  if (err == GAZE_OK)
    err = read_templates(strcpy((char *)(list + lines), text), path, list, &found);
  free(bytes);
  if (err != GAZE_OK) {
    free(list);
    return err;
  }
  *templates = list;
  *n = found;
  return GAZE_OK;
}

gaze_err gaze_template_fill(const char *pattern, const char *label, char **out) {
  size_t holes = 0, length = strlen(label);
  for (const char *hole = pattern; (hole = strstr(hole, "{}")); hole += 2)
    holes++;
  char *text;
  GAZE_TRY(gaze_alloc(1, strlen(pattern) + holes * length + 1, &text));
  char *end = text;
  for (const char *hole; (hole = strstr(pattern, "{}")); pattern = hole + 2) {
    end = mempcpy(end, pattern, (size_t)(hole - pattern));
    end = mempcpy(end, label, length);
  }
  strcpy(end, pattern);
  *out = text;
  return GAZE_OK;
}
