#include "cli/command.h"
#include "cli/eval_metrics.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>

static struct {
  word_list data, templates;
  const char *labels_file, *templates_file, *templates_name;
  bool reject;
} arguments;

#define DATA_OPTION \
  { "data", 0, OPTION_LIST, "TAR", &arguments.data, "the set, as WebDataset tars; may be given several times", 0, 0 }

static const option_row classification_options[] = {
    DATA_OPTION,
    {"labels-file", 0, OPTION_TEXT, "FILE", &arguments.labels_file,
     "CLASS<TAB>LABEL[|SYNONYM...] lines, or a label a line", 0, 0},
    TEMPLATE_OPTION(&arguments.templates),
    TEMPLATES_OPTION(&arguments.templates_name),
    TEMPLATES_FILE_OPTION(&arguments.templates_file),
    {"reject", 0, OPTION_SWITCH, NULL, &arguments.reject,
     "how often \"none of these\" (classify --none) wins: false_reject, and with the right label away, true_reject", 0,
     0},
    NO_CACHE_OPTION,
    STRICT_OPTION,
    {0},
};

static const option_row retrieval_options[] = {DATA_OPTION, STRICT_OPTION, {0}};

static int check_arguments(const char *name, const word_list *words) {
  if (words->n)
    return report_usage("unexpected word: %s: name the set with --data TAR", words->items[0]);
  if (arguments.data.n == 0)
    return report_usage("no data: gaze %s: name the set with --data TAR", name);
  return STATUS_DONE;
}

static int measure_classes(void) {
  gaze_model *model = NULL;
  char *metrics = NULL;
  gaze_err err = settings_open_model(&model);
  if (err == GAZE_OK)
    err = (arguments.reject ? gaze_eval_rejection : gaze_eval_classification)(
        model, arguments.data.items, arguments.data.n, arguments.labels_file, arguments.templates.items,
        arguments.templates.n, &metrics);
  int status = err == GAZE_OK ? metrics_print(metrics) : report_error(err);
  gaze_model_close(model);
  return status;
}

static int classification(const word_list *words) {
  int status = check_arguments("eval classification", words);
  if (status == STATUS_DONE && !arguments.labels_file)
    status = report_usage("no labels: gaze eval classification: name the classes with --labels-file FILE");
  char *storage = NULL;
  const char **list = NULL;
  if (status == STATUS_DONE && arguments.templates_name)
    status = templates_add(arguments.templates_name, &arguments.templates, &list);
  if (status == STATUS_DONE && arguments.templates_file)
    status = templates_read(arguments.templates_file, &arguments.templates, &storage);
  if (status == STATUS_DONE)
    status = measure_classes();
  free(list);
  free(storage);
  return status;
}

static int retrieval(const word_list *words) {
  int status = check_arguments("eval retrieval", words);
  if (status != STATUS_DONE)
    return status;
  gaze_model *model = NULL;
  char *metrics = NULL;
  gaze_err err = settings_open_model(&model);
  if (err == GAZE_OK)
    err = gaze_eval_retrieval(model, arguments.data.items, arguments.data.n, &metrics);
  status = err == GAZE_OK ? metrics_print(metrics) : report_error(err);
  gaze_model_close(model);
  return status;
}

static const command_row classification_command = {
    .name = "eval classification",
    .summary = "zero-shot classes: acc1, acc5, mean_per_class_recall",
    .usage = "[options] --data TAR --labels-file FILE",
    .about =
        "A sample is right where its class is the best label's; in a labels file without tabs, where the label equals "
        "the sample's name, else its class. A sample that cannot be read is named on standard error, and the figures "
        "are "
        "those of the others.",
    .examples = "  gaze eval classification --data val.tar --labels-file classes.tsv\n"
                "  gaze eval classification --json --data val.tar --labels-file classes.tsv --template \"{} 사진\"\n",
    .options = classification_options,
    .run = classification,
};

static const command_row retrieval_command = {
    .name = "eval retrieval",
    .summary = "captions to pictures and back: recall at 1, 5 and 10",
    .usage = "[options] --data TAR",
    .about = "A sample that cannot be read is named on standard error, and the figures are those of the others.",
    .examples = "  gaze eval retrieval --data flickr8k-dev.tar\n",
    .options = retrieval_options,
    .run = retrieval,
};

static const command_row *const children[] = {&classification_command, &retrieval_command, &eval_vqa_command,
                                              &eval_captioning_command, NULL};

const command_row eval_command = {
    .name = "eval",
    .summary = "measure a model on a set of pictures",
    .usage = "classification|retrieval|vqa|captioning [options]",
    .examples = "  gaze eval retrieval --data flickr8k-dev.tar\n"
                "  gaze eval vqa -m llava-folder --data easyvqa-test.tar --short\n"
                "  gaze eval classification --data val.tar --labels-file classes.tsv\n",
    .children = children,
};
