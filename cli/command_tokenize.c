#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

static bool no_special;

static const option_row options[] = {
    {"no-special", 0, OPTION_SWITCH, NULL, &no_special, "without the start and end tokens", 0, 0},
    {0},
};

static void print_ids(gaze_model *model, const int32_t *ids, size_t n) {
  json_t *numbers = json_array(), *tokens = json_array();
  for (size_t i = 0; i < n; i++) {
    const char *token = gaze_token_text(model, ids[i]);
    if (!given.json)
      printf("%d\t%s\n", ids[i], token ? token : "");
    json_array_append_new(numbers, json_integer(ids[i]));
    json_array_append_new(tokens, json_text(token ? token : ""));
  }
  json_t *both = json_pack("{s:o, s:o}", "ids", numbers, "tokens", tokens);
  if (given.json)
    json_print(both, stdout);
  else
    json_decref(both);
}

static int tokenize(const char *text) {
  gaze_model *model = NULL;
  int32_t *ids = NULL;
  size_t n;
  gaze_err err = gaze_model_open_tokenizer(given.model, &model);
  if (err == GAZE_OK)
    err = gaze_tokenize(model, text, no_special, &ids, &n);
  if (err == GAZE_OK)
    print_ids(model, ids, n);
  free(ids);
  gaze_model_close(model);
  return err == GAZE_OK ? STATUS_DONE : report_error(err);
}

static int run(const word_list *words) {
  if (words->n != 1)
    return report_usage("one text is needed, not %zu: gaze tokenize: write it in quotes, or - for standard input",
                        words->n);
  if (strcmp(words->items[0], "-") != 0)
    return tokenize(words->items[0]);
  size_t size;
  char *text = stream_read(stdin, &size);
  if (strlen(text) != size) {
    free(text);
    report("no text: standard input: it holds a zero byte; give UTF-8 text");
    return STATUS_FAILED;
  }
  if (size && text[size - 1] == '\n')
    text[size - 1] = 0;
  int status = tokenize(text);
  free(text);
  return status;
}

const command_row tokenize_command = {
    .name = "tokenize",
    .summary = "show the pieces a model reads a text as",
    .usage = "[options] TEXT|-",
    .examples = "  gaze tokenize \"a photo of a cat\"\n"
                "  echo \"고양이 사진\" | gaze tokenize --json -\n"
                "  gaze tokenize -m model.gguf \"Hello\"\n",
    .options = options,
    .run = run,
};
