#include "cli/command.h"
#include "cli/model_average.h"
#include "cli/model_list.h"
#include "cli/model_merge_lora.h"
#include "cli/model_pull.h"
#include "cli/model_quantize.h"
#include "cli/model_verify.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int list(const word_list *words) {
  return words->n ? report_usage("unexpected word: %s: gaze model list takes none", words->items[0])
                  : model_list_print();
}

static gaze_err model_info(char **json) {
  bool answers;
  gaze_model *model = NULL;
  gaze_err err = gaze_model_answers(given.model, &answers);
  if (err == GAZE_OK && answers)
    return gaze_assistant_info_json(given.model, json);
  if (err == GAZE_OK)
    err = settings_open_model(&model);
  if (err == GAZE_OK)
    err = gaze_model_info_json(model, json);
  gaze_model_close(model);
  return err;
}

static int info(const word_list *words) {
  if (words->n > 1)
    return report_usage("unexpected word: %s: gaze model info takes one model", words->items[1]);
  if (words->n == 1)
    given.model = words->items[0];
  char *json = NULL;
  const char *ending = given.model ? strrchr(given.model, '.') : NULL;
  bool gguf = ending && strcasecmp(ending, ".gguf") == 0;
  gaze_err err = gguf ? gaze_gguf_info_json(given.model, &json) : model_info(&json);
  return err == GAZE_OK ? json_print_given(json, given.json) : report_error(err);
}

static const command_row list_command = {
    .name = "model list",
    .summary = "the models that are on this machine",
    .usage = "[options]",
    .about = "Looks into the model folder ($XDG_DATA_HOME/gaze/models) and the Hugging Face cache. A model there whose "
             "download is not finished is named as such; gaze model pull goes on with it.",
    .examples = "  gaze model list\n",
    .run = list,
};

static const command_row info_command = {
    .name = "model info",
    .summary = "family, sizes, data types and context of a model",
    .usage = "[options] [MODEL]",
    .about = "MODEL may be a GGUF file of any kind: its metadata, sizes and data types are shown.",
    .examples = "  gaze model info\n  gaze model info openai/clip-vit-base-patch32\n  gaze model info vicuna.gguf\n",
    .run = info,
};

static const command_row *const children[] = {
    &model_average_command, &list_command,           &info_command,         &model_merge_lora_command,
    &model_pull_command,    &model_quantize_command, &model_verify_command, NULL};

const command_row model_command = {
    .name = "model",
    .summary = "which models there are, what they are, and more of them",
    .usage = "average|list|info|merge-lora|pull|quantize|verify [options]",
    .examples = "  gaze model list\n  gaze model info gaze-mini\n  gaze model pull openai/clip-vit-base-patch32\n",
    .children = children,
};
