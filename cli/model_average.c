#include "cli/model_average.h"

#include "cli/report.h"
#include "cli/settings.h"
#include "cli/train_lists.h"

#include <stdlib.h>

static const char *shares, *out;

static const option_row rows[] = {
    {"shares", 0, OPTION_TEXT, "X::X", &shares, "what each model counts [all alike]", 0, 0},
    {"out", 'o', OPTION_TEXT, "FOLDER", &out, "where the model goes", 0, 0},
    {0},
};

static int write_average(const path_list *models) {
  double *numbers;
  int status = number_list_parse(shares, models, "shares", &numbers);
  if (status != STATUS_DONE)
    return status;
  gaze_err err = gaze_model_average((const char *const *)models->items, numbers, models->n, out);
  free(numbers);
  return report_model(err, out, given.json);
}

static int average(const word_list *words) {
  if (!words->n || !out)
    return report_usage("models and a folder are wanted: gaze model average: MODEL..., and --out");
  path_list models;
  path_list_init(&models, words);
  int status = write_average(&models);
  path_list_fini(&models);
  return status;
}

const command_row model_average_command = {
    .name = "model average",
    .summary = "one model of several that were tuned from the same one",
    .usage = "[--shares X::X] --out FOLDER MODEL...",
    .about =
        "Each weight is the mean of theirs; dtype, tokenizer and configuration are the first one's. Models that were "
        "tuned from one in different ways often know together what each of them learned (model soups); a model "
        "averaged with the one it was tuned from keeps more of what that one knew (WiSE-FT). Models that have not "
        "the same tensors are refused.",
    .examples = "  gaze model average --out both tuned-on-photos tuned-on-drawings\n"
                "  gaze model average --shares 1::3 --out gently openai/clip-vit-base-patch32 tuned\n",
    .options = rows,
    .run = average,
};
