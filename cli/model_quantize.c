#include "cli/model_quantize.h"

#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <string.h>

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

const command_row model_quantize_command = {
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
