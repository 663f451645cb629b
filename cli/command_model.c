#include "cli/command.h"
#include "cli/model_list.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list(const word_list *words) {
  return words->n ? report_usage("unexpected word: %s: gaze model list takes none", words->items[0])
                  : model_list_print();
}

static int info(const word_list *words) {
  if (words->n > 1)
    return report_usage("unexpected word: %s: gaze model info takes one model", words->items[1]);
  if (words->n == 1)
    given.model = words->items[0];
  gaze_model *model = NULL;
  char *json = NULL;
  gaze_err err = settings_open_model(&model);
  if (err == GAZE_OK)
    err = gaze_model_info_json(model, &json);
  gaze_model_close(model);
  return err == GAZE_OK ? json_print_given(json, given.json) : report_error(err);
}

static const char *quantize_to = "int8";

static const option_row quantize_options[] = {
    {"to", 0, OPTION_CHOICE, "int8|bf16", &quantize_to, "of the matrices of linear layers [int8]", 0, 0},
    {0},
};

static int quantize(const word_list *words) {
  if (words->n != 2)
    return report_usage("two words are wanted: gaze model quantize: a model, and the folder that is to be made");
  gaze_precision precision = strcmp(quantize_to, "bf16") == 0 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_INT8;
  gaze_err err = gaze_model_quantise(words->items[0], precision, words->items[1]);
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json)
    json_print(json_pack("{s:o, s:s}", "model", json_text(words->items[1]), "to", quantize_to), stdout);
  else
    puts(words->items[1]);
  return STATUS_DONE;
}

static const command_row list_command = {
    .name = "model list",
    .summary = "the models that are on this machine",
    .usage = "[options]",
    .about = "Looks into the model folder ($XDG_DATA_HOME/gaze/models) and the Hugging Face cache.",
    .examples = "  gaze model list\n",
    .run = list,
};

static const command_row info_command = {
    .name = "model info",
    .summary = "family, sizes, data types and context of a model",
    .usage = "[options] [MODEL]",
    .examples = "  gaze model info\n  gaze model info openai/clip-vit-base-patch32\n",
    .run = info,
};

static const command_row quantize_command = {
    .name = "model quantize",
    .summary = "a copy of a model with smaller weights",
    .usage = "[options] MODEL FOLDER",
    .about =
        "The matrices of linear layers become int8, a scale a row, or bf16; everything else is copied. The copy opens "
        "in a fraction of the time with the --precision it was made for.",
    .examples = "  gaze model quantize --to int8 openai/clip-vit-base-patch32 clip-int8\n"
                "  gaze classify -m clip-int8 --precision int8 --labels cat,dog photo.jpg\n",
    .options = quantize_options,
    .run = quantize,
};

static const command_row *const children[] = {&list_command, &info_command, &quantize_command, NULL};

const command_row model_command = {
    .name = "model",
    .summary = "which models there are and what they are",
    .usage = "list|info|quantize [options]",
    .examples = "  gaze model list\n  gaze model info gaze-mini\n",
    .children = children,
};
