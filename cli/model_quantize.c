#include "cli/model_quantize.h"

#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *quantize_to = "int8";

static const option_row quantize_options[] = {
    {"to", 0, OPTION_CHOICE, "int8|bf16|q8_0|q4_k|q4_k_m|f16|f32", &quantize_to,
     "of the matrices of linear layers [int8]; all but the first two make a GGUF file", 0, 0},
    {0},
};

static gaze_err make(const char *model, const char *target, char **projector) {
  static const char *const kinds[] = {[GAZE_TO_F32] = "f32",
                                      [GAZE_TO_F16] = "f16",
                                      [GAZE_TO_Q8_0] = "q8_0",
                                      [GAZE_TO_Q4_K] = "q4_k",
                                      [GAZE_TO_Q4_K_M] = "q4_k_m"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(quantize_to, kinds[i]) == 0)
      return gaze_model_write_gguf(model, (gaze_quantisation)i, target, projector);
  return gaze_model_quantise(model, strcmp(quantize_to, "bf16") == 0 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_INT8,
                             target);
}

static void print_json(const char *target, const char *projector) {
  json_t *made = json_pack("{s:o, s:s}", "model", json_text(target), "to", quantize_to);
  if (projector)
    json_object_set_new(made, "projector", json_text(projector));
  json_print(made, stdout);
}

static int quantize(const word_list *words) {
  char *projector = NULL;
  if (words->n != 2)
    return report_usage("two words are wanted: gaze model quantize: a model, and what is to be made");
  gaze_err err = make(words->items[0], words->items[1], &projector);
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json)
    print_json(words->items[1], projector);
  else
    printf("%s\n%s%s", words->items[1], projector ? projector : "", projector ? "\n" : "");
  free(projector);
  return STATUS_DONE;
}

const command_row model_quantize_command = {
    .name = "model quantize",
    .summary = "a copy of a model with smaller weights",
    .usage = "[options] MODEL FOLDER|FILE.gguf",
    .about =
        "The matrices of linear layers become int8, a scale a row, or bf16; everything else is copied. The copy opens "
        "in a fraction of the time with the --precision it was made for. A language model becomes one GGUF file with "
        "its tokenizer and chat template; of one that sees, a second one beside it, mmproj-NAME-f16.gguf, is what it "
        "sees with: gaze and llama.cpp take both.",
    .examples = "  gaze model quantize --to int8 openai/clip-vit-base-patch32 clip-int8\n"
                "  gaze classify -m clip-int8 --precision int8 --labels cat,dog photo.jpg\n"
                "  gaze model quantize --to q8_0 Qwen/Qwen2.5-0.5B-Instruct qwen.gguf\n",
    .options = quantize_options,
    .run = quantize,
};
