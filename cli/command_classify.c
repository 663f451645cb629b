#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_TOP 5 /* labels a picture on a terminal; a script that reads JSON gets all */

static struct {
  const char *labels, *labels_file, *templates_file, *templates_name, *none, *files_from;
  word_list templates;
  size_t top;
  float min_score;
} arguments;

static const option_row options[] = {
    {"labels", 'l', OPTION_TEXT, "A,B,C", &arguments.labels, "the names to choose from, a|b for synonyms", 0, 0},
    {"labels-file", 0, OPTION_TEXT, "FILE", &arguments.labels_file, "a label a line, or CLASS<TAB>LABEL[|SYNONYM...]",
     0, 0},
    TEMPLATE_OPTION(&arguments.templates),
    TEMPLATES_OPTION(&arguments.templates_name),
    TEMPLATES_FILE_OPTION(&arguments.templates_file),
    {"none", 0, OPTION_TEXT, "TEXT", &arguments.none,
     "an answer more, called so, for pictures that show none of the labels: \"none of these\"", 0, 0},
    {"min-score", 0, OPTION_FLOAT, "S", &arguments.min_score,
     "leave out labels with a lower probability, 0 to 1; exit status 3 when no label of any picture is left", 0, 1},
    {"top", 't', OPTION_SIZE, "K", &arguments.top, "the best K labels a picture [5; all with --json]", 1, 1e9},
    {"files-from", 0, OPTION_TEXT, "FILE", &arguments.files_from, "pictures, a path a line", 0, 0},
    NO_CACHE_OPTION,
    STRICT_OPTION,
    {0},
};

/* Everything that lives as long as the command. */
typedef struct classification {
  gaze_model *model;
  gaze_classifier *classifier;
  word_list labels, templates, paths;
  char *labels_storage, *templates_storage, *paths_storage;
  const char **templates_list;
  size_t n;             /* answers: the labels, then --none */
  float *probabilities; /* [n] */
  size_t *order;        /* [n]: best first */
  char **names;         /* [n]: without their synonyms */
  json_t *results;      /* with --json */
  bool has_header;      /* of text: no result, no header */
  bool matched;         /* a label reached --min-score */
} classification;

static char *trim(char *text) {
  text += strspn(text, " \t");
  for (char *end = text + strlen(text); end > text && strchr(" \t", end[-1]);)
    *--end = 0;
  return text;
}

static int read_labels(classification *c) {
  if (arguments.labels_file) {
    int status = lines_read(arguments.labels_file, &c->labels, &c->labels_storage);
    for (size_t i = 0; i < c->labels.n; i++) {
      const char *tab = strchr(c->labels.items[i], '\t');
      c->labels.items[i] = tab ? tab + 1 : c->labels.items[i];
    }
    if (status != STATUS_DONE)
      return status;
  } else if (arguments.labels) {
    char *rest = c->labels_storage = strdup(arguments.labels);
    for (char *label; (label = strsep(&rest, ","));)
      if (*(label = trim(label)))
        word_list_add(&c->labels, label);
  }
  return c->labels.n ? STATUS_DONE
                     : report_usage("no labels: gaze classify: name them with --labels cat,dog or --labels-file FILE");
}

static int read_arguments(classification *c, const word_list *words) {
  for (size_t i = 0; i < words->n; i++)
    word_list_add(&c->paths, words->items[i]);
  for (size_t i = 0; i < arguments.templates.n; i++)
    word_list_add(&c->templates, arguments.templates.items[i]);
  int status = STATUS_DONE;
  if (arguments.files_from)
    status = lines_read(arguments.files_from, &c->paths, &c->paths_storage);
  if (status == STATUS_DONE && arguments.templates_name)
    status = templates_add(arguments.templates_name, &c->templates, &c->templates_list);
  if (status == STATUS_DONE && arguments.templates_file)
    status = templates_read(arguments.templates_file, &c->templates, &c->templates_storage);
  if (status == STATUS_DONE && c->paths.n == 0)
    status = report_usage("no pictures: gaze classify: name at least one file, or - for standard input");
  return status == STATUS_DONE ? read_labels(c) : status;
}

static void make_room(classification *c) {
  c->n = c->labels.n + (arguments.none != NULL);
  c->probabilities = memory_resize(NULL, c->n, sizeof *c->probabilities);
  c->order = memory_resize(NULL, c->n, sizeof *c->order);
  c->names = memory_resize(NULL, c->n, sizeof *c->names);
  for (size_t i = 0; i < c->labels.n; i++)
    c->names[i] = strndup(c->labels.items[i], strcspn(c->labels.items[i], "|"));
  if (arguments.none)
    c->names[c->labels.n] = strdup(arguments.none);
}

static gaze_err open_classifier(classification *c) {
  gaze_err err = settings_open_model(&c->model);
  if (err == GAZE_OK)
    err =
        gaze_classifier_new(c->model, c->labels.items, c->labels.n, c->templates.items, c->templates.n, &c->classifier);
  if (err == GAZE_OK && arguments.none)
    err = gaze_classifier_add_none(c->classifier, c->model);
  make_room(c);
  return err;
}

static int by_probability(const void *a, const void *b, void *probabilities) {
  size_t i = *(const size_t *)a, j = *(const size_t *)b;
  float p = ((const float *)probabilities)[i], q = ((const float *)probabilities)[j];
  return p != q ? (p < q) - (p > q) : (i > j) - (i < j);
}

/* Orders the answers by their probability for a picture; returns how many of them to tell. */
static size_t rank(classification *c, const float *vector) {
  gaze_classifier_run(c->classifier, vector, c->probabilities);
  for (size_t i = 0; i < c->n; i++)
    c->order[i] = i;
  qsort_r(c->order, c->n, sizeof *c->order, by_probability, c->probabilities);
  size_t wanted = arguments.top ? arguments.top : given.json ? c->n : TEXT_TOP, told = 0;
  for (; told < c->n && told < wanted && c->probabilities[c->order[told]] >= arguments.min_score; told++)
    c->matched |= c->order[told] < c->labels.n;
  return told;
}

static void tell_text(void *user, const char *path, const float *vector, const char *message) {
  classification *c = user;
  size_t n = vector ? rank(c, vector) : 0;
  if (n && !c->has_header)
    puts("score\tlabel\tfilepath");
  c->has_header |= n > 0;
  for (size_t i = 0; i < n; i++)
    printf("%.3f\t%s\t%s\n", (double)c->probabilities[c->order[i]], c->names[c->order[i]], path);
}

static void tell_json(void *user, const char *path, const float *vector, const char *message) {
  classification *c = user;
  size_t n = vector ? rank(c, vector) : 0;
  json_t *results = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(results, json_pack("{s:o, s:o}", "label", json_text(c->names[c->order[i]]), "score",
                                             json_float(c->probabilities[c->order[i]])));
  json_t *picture = json_pack("{s:o, s:o}", "path", json_text(path), "results", results);
  if (!vector)
    json_object_set_new(picture, "failed", json_text(message ? message : ""));
  json_array_append_new(c->results, picture);
}

static int classify(classification *c) {
  size_t failed;
  gaze_err err = open_classifier(c);
  if (err != GAZE_OK)
    return report_error(err);
  c->results = json_array();
  int status = pictures_embed(c->model, &c->paths, given.json ? tell_json : tell_text, c, &failed);
  if (given.json)
    json_print(c->results, stdout);
  else
    json_decref(c->results);
  if (status == STATUS_DONE)
    status = batch_status(c->paths.n, failed);
  return status == STATUS_DONE && arguments.min_score > 0 && !c->matched ? STATUS_NOTHING : status;
}

static int run(const word_list *words) {
  classification c = {0};
  int status = read_arguments(&c, words);
  if (status == STATUS_DONE)
    status = classify(&c);
  gaze_classifier_free(c.classifier);
  gaze_model_close(c.model);
  for (size_t i = 0; c.names && i < c.n; i++)
    free(c.names[i]);
  free(c.names);
  free(c.probabilities);
  free(c.order);
  free(c.labels.items);
  free(c.templates.items);
  free(c.paths.items);
  free(c.labels_storage);
  free(c.templates_storage);
  free(c.templates_list);
  free(c.paths_storage);
  return status;
}

const command_row classify_command = {
    .name = "classify",
    .summary = "name what is in pictures, from labels you type",
    .usage = "[options] --labels A,B,C IMAGE...",
    .about =
        "The labels need not be known to the model beforehand. Each goes into every template, and each picture gets a "
        "probability for each label: of a softmax over the labels, or, from a model trained with the sigmoid loss "
        "(SigLIP), "
        "for each label by itself. A picture that cannot be read is named on standard error and the others go on.",
    .examples = "  gaze classify --labels cat,dog,\"sports car\" photo.jpg\n"
                "  gaze classify --labels-file birds.txt --template \"a photo of a {}, a kind of bird.\" *.jpg\n"
                "  gaze classify --labels-file birds.txt --templates imagenet --none \"no bird\" *.jpg\n"
                "  gaze classify --labels indoors,outdoors --json - < photo.jpg\n",
    .options = options,
    .reads_pictures = true,
    .run = run,
};
