#include "cli/model_merge_lora.h"

#include "cli/report.h"
#include "cli/settings.h"

static const char *adapter, *out;

static const option_row rows[] = {
    {"adapter", 0, OPTION_TEXT, "FOLDER", &adapter,
     "what was learned, as gaze train llava --lora-rank and peft write it", 0, 0},
    {"out", 'o', OPTION_TEXT, "FOLDER", &out, "where the model goes", 0, 0},
    {0},
};

static int merge(const word_list *words) {
  if (words->n)
    return report_usage("unexpected word: %s: name folders with --adapter and --out", words->items[0]);
  if (!adapter || !out)
    return report_usage("two folders are wanted: gaze model merge-lora: --adapter, and --out");
  return report_model(gaze_model_merge(given.model, adapter, out), out, given.json);
}

const command_row model_merge_lora_command = {
    .name = "model merge-lora",
    .summary = "join a model with what LoRA learned beside it",
    .usage = "[-m MODEL] --adapter FOLDER --out FOLDER",
    .about =
        "What is written is a model like the one that the adapter belongs to, in its dtype, which needs the adapter "
        "no more; without -m it is the one that the adapter names. The adapter may be peft's. gaze ask -m FOLDER "
        "answers from an adapter's folder as it is, too.",
    .examples = "  gaze model merge-lora --adapter tuned --out merged\n"
                "  gaze model merge-lora -m llava-hf/llava-1.5-7b-hf --adapter tuned --out merged\n",
    .options = rows,
    .run = merge,
};
