#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/train_clip.h"
#include "cli/train_llava.h"
#include "cli/train_lm.h"
#include "gaze_train.h"

#include <stdio.h>

static gaze_train_tokenizer_options tokenizer_arguments = {.vocab_size = 8192, .min_frequency = 2};

static const option_row tokenizer_options[] = {
    {"kind", 0, OPTION_CHOICE, "clip|lm", &tokenizer_arguments.kind,
     "for gaze train clip, without case; for gaze train lm, with all that a text has, and marks for conversations "
     "[clip]",
     0, 0},
    {"vocab-size", 0, OPTION_SIZE, "N", &tokenizer_arguments.vocab_size, "most entries [8192]", 260, 1e7},
    {"min-frequency", 0, OPTION_SIZE, "N", &tokenizer_arguments.min_frequency, "merge only pairs seen this often [2]",
     1, 1e9},
    {"documents", 0, OPTION_CHOICE, "paragraphs|lines|files", &tokenizer_arguments.documents,
     "where a text ends in a text file [lines]", 0, 0},
    {"out", 'o', OPTION_TEXT, "FOLDER", &tokenizer_arguments.folder, "where tokenizer.json goes", 0, 0},
    {0},
};

static int run_tokenizer(const word_list *files) {
  if (files->n == 0)
    return report_usage("no texts: gaze train tokenizer: name text files, a text a line, or tars with captions");
  if (!tokenizer_arguments.folder)
    return report_usage("no folder to write to: gaze train tokenizer: name it with --out FOLDER");
  tokenizer_arguments.files = files->items;
  tokenizer_arguments.n_files = files->n;
  gaze_err err = gaze_train_tokenizer(&tokenizer_arguments);
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json)
    json_print(json_pack("{s:o}", "tokenizer", json_text(tokenizer_arguments.folder)), stdout);
  else
    puts(tokenizer_arguments.folder);
  return STATUS_DONE;
}

static const command_row tokenizer_command = {
    .name = "train tokenizer",
    .summary = "learn a vocabulary from texts",
    .usage = "[options] --out FOLDER FILE...",
    .about = "FILE is a text file, JSON lines with \"text\" (.jsonl), or a WebDataset tar whose captions are taken. "
             "What is written is a byte-level BPE: every text in every script can be written with it.",
    .examples = "  gaze train tokenizer --vocab-size 8192 --out tokenizer captions.txt flickr8k-train.tar\n"
                "  gaze train tokenizer --kind lm --documents paragraphs --out words book.txt\n",
    .options = tokenizer_options,
    .run = run_tokenizer,
};

static const command_row *const children[] = {&tokenizer_command, &train_clip_command, &train_lm_command,
                                              &train_llava_command, NULL};

const command_row train_command = {
    .name = "train",
    .summary = "learn a vocabulary or a model from pictures and texts",
    .usage = "tokenizer|clip|lm|llava [options]",
    .examples = "  gaze train tokenizer --out tokenizer captions.txt\n"
                "  gaze train clip --tokenizer tokenizer --train-data train.tar --val-data dev.tar --name first\n"
                "  gaze train lm --tokenizer words --train-data book.txt --out model --prompt \"Once upon a time\"\n",
    .children = children,
};
