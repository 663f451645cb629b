#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/train_clip.h"
#include "gaze_train.h"

#include <stdio.h>

static struct {
  size_t vocab_size, min_frequency;
  const char *out;
} tokenizer_arguments = {.vocab_size = 8192, .min_frequency = 2};

static const option_row tokenizer_options[] = {
    {"vocab-size", 0, OPTION_SIZE, "N", &tokenizer_arguments.vocab_size, "most entries [8192]", 514, 1e7},
    {"min-frequency", 0, OPTION_SIZE, "N", &tokenizer_arguments.min_frequency, "merge only pairs seen this often [2]",
     1, 1e9},
    {"out", 'o', OPTION_TEXT, "FOLDER", &tokenizer_arguments.out, "where tokenizer.json goes", 0, 0},
    {0},
};

static int run_tokenizer(const word_list *files) {
  if (files->n == 0)
    return report_usage("no texts: gaze train tokenizer: name text files, a text a line, or tars with captions");
  if (!tokenizer_arguments.out)
    return report_usage("no folder to write to: gaze train tokenizer: name it with --out FOLDER");
  gaze_err err = gaze_train_tokenizer_data(files->items, files->n, tokenizer_arguments.vocab_size,
                                           tokenizer_arguments.min_frequency, tokenizer_arguments.out);
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json)
    json_print(json_pack("{s:o}", "tokenizer", json_text(tokenizer_arguments.out)), stdout);
  else
    puts(tokenizer_arguments.out);
  return STATUS_DONE;
}

static const command_row tokenizer_command = {
    .name = "train tokenizer",
    .summary = "learn a vocabulary from captions",
    .usage = "[options] --out FOLDER FILE...",
    .about = "FILE is a text file, a text a line, or a WebDataset tar whose captions are taken. What is written is "
             "CLIP's kind "
             "of byte-level BPE, and every text in every script can be written with it.",
    .examples = "  gaze train tokenizer --vocab-size 8192 --out tokenizer captions.txt flickr8k-train.tar\n",
    .options = tokenizer_options,
    .run = run_tokenizer,
};

static const command_row *const children[] = {&tokenizer_command, &train_clip_command, NULL};

const command_row train_command = {
    .name = "train",
    .summary = "learn a vocabulary or a model from pictures with captions",
    .usage = "tokenizer|clip [options]",
    .examples = "  gaze train tokenizer --out tokenizer captions.txt\n"
                "  gaze train clip --tokenizer tokenizer --train-data train.tar --val-data dev.tar --name first\n",
    .children = children,
};
