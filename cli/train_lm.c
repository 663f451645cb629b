#include "cli/train_lm.h"

#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/train_lists.h"
#include "cli/trainer.h"
#include "gaze_train.h"

#include <math.h>
#include <stdio.h>

static gaze_train_lm_options options; /* defaults, then what was given */

static struct { word_list train_data, val_data, prompts; } arguments;

static const option_row rows[] = {
    {"model", 'm', OPTION_TEXT, "MODEL", &given.model, "a language model to go on from, a folder or a name [a new one]",
     0, 0},
    {"train-data", 0, OPTION_LIST, "FILE::FILE", &arguments.train_data,
     "text files, JSON lines with \"text\" (.jsonl), tars with captions; {000..009} counts; may be given several times",
     0, 0},
    {"val-data", 0, OPTION_LIST, "FILE::FILE", &arguments.val_data, "perplexity is measured on these", 0, 0},
    {"documents", 0, OPTION_CHOICE, "paragraphs|lines|files", &options.documents,
     "where a document ends in a text file: at blank lines, at each line, with the file [paragraphs]", 0, 0},
    {"max-bad", 0, OPTION_SIZE, "N", &options.max_bad,
     "so many rows that cannot be read are passed over, and named in OUT/bad-rows.txt [0]", 0, 1e15},
    {"tokenizer", 0, OPTION_TEXT, "FOLDER", &options.tokenizer, "vocabulary of a new model [that of -m]", 0, 0},
    {"config", 0, OPTION_TEXT, "FILE", &options.config, "a config.json that says how large a new model is", 0, 0},
    {"layers", 0, OPTION_SIZE, "N", &options.layers, "of a new model [8]", 1, 1000},
    {"dim", 0, OPTION_SIZE, "N", &options.dim, "its width [256]", 8, 65536},
    {"heads", 0, OPTION_SIZE, "N", &options.heads, "its heads [4]", 1, 1024},
    {"kv-heads", 0, OPTION_SIZE, "N", &options.kv_heads, "heads of keys and values, shared by the others [as --heads]",
     1, 1024},
    {"mlp-dim", 0, OPTION_SIZE, "N", &options.mlp_dim, "width of its MLPs [8/3 of --dim]", 8, 1e6},
    {"untied", 0, OPTION_SWITCH, NULL, &options.untied, "its head is not its embeddings", 0, 0},
    {"context", 0, OPTION_SIZE, "N", &options.context,
     "tokens of the longest piece that is learned from [256, or all that the model reads]", 2, 1e6},
    {"batch-size", 0, OPTION_SIZE, "N", &options.run.batch_size,
     "so many times --context tokens are looked at together [16]", 1, 1e6},
    {"accum-freq", 0, OPTION_SIZE, "N", &options.run.accum_freq,
     "batches to one step, with the exact gradient of all [1]", 1, 1e6},
    {"steps", 0, OPTION_COUNT, "N", &options.steps, "how long it learns [as --epochs says]", 1, 1e15},
    {"epochs", 0, OPTION_DOUBLE, "N", &options.run.epochs, "how often the texts are gone through [1]", 1e-6, 1e9},
    {"lr", 0, OPTION_DOUBLE, "X", &options.run.lr, "learning rate [0.001]", 0, 1e3},
    {"opt", 0, OPTION_CHOICE, "adamw|muon", &options.run.optimizer,
     "muon steps the matrices inside of blocks, AdamW the rest [adamw]", 0, 0},
    {"beta1", 0, OPTION_DOUBLE, "X", &options.run.beta1, "AdamW [0.9]", 0, 0.999999},
    {"beta2", 0, OPTION_DOUBLE, "X", &options.run.beta2, "AdamW [0.95]", 0, 0.999999999},
    {"eps", 0, OPTION_DOUBLE, "X", &options.run.eps, "AdamW [1e-8]", 1e-30, 1},
    {"wd", 0, OPTION_DOUBLE, "X", &options.run.weight_decay, "weight decay [0.1]", 0, 1e3},
    {"warmup", 0, OPTION_COUNT, "N", &options.run.warmup, "steps in which the learning rate rises [100]", 0, 1e15},
    {"lr-scheduler", 0, OPTION_CHOICE, "cosine|const|const-cooldown", &options.run.lr_scheduler, "[cosine]", 0, 0},
    {"cooldown", 0, OPTION_COUNT, "N", &options.cooldown,
     "of const-cooldown: the last steps, in which the rate falls to 0", 0, 1e15},
    {"grad-clip-norm", 0, OPTION_DOUBLE, "X", &options.run.grad_clip_norm, "longest gradient, 0 for any [1]", 0, 1e9},
    {"grad-checkpointing", 0, OPTION_SWITCH, NULL, &options.run.grad_checkpointing, "less memory, a third more time", 0,
     0},
    {"seed", 0, OPTION_COUNT, "N", &options.run.seed, "of all that is random", 0, 9e15},
    LORA_ROWS(options.lora) /* of -m */
    {"out", 'o', OPTION_TEXT, "FOLDER", &options.out, "where the model goes, with the run's checkpoints and log", 0, 0},
    {"resume", 0, OPTION_TEXT, "FILE|latest", &options.run.resume, "go on from a checkpoint, bit for bit", 0, 0},
    {"save-every", 0, OPTION_COUNT, "N", &options.run.save_every,
     "steps between checkpoints, 0 for the end alone [500]", 0, 1e15},
    {"val-every", 0, OPTION_COUNT, "N", &options.val_every, "steps between measures, 0 for the end alone [500]", 0,
     1e15},
    {"log-every-n-steps", 0, OPTION_COUNT, "N", &options.run.log_every_n_steps, "steps a line of metrics.jsonl [20]", 1,
     1e15},
    {"stop-after", 0, OPTION_COUNT, "N", &options.run.stop_after, "stop with a checkpoint after N steps of this call",
     1, 1e15},
    {"save-dtype", 0, OPTION_CHOICE, "f32|f16|bf16", &options.run.model_dtype, "of the model written [f32]", 0, 0},
    {"prompt", 0, OPTION_LIST, "TEXT", &arguments.prompts,
     "what the model writes behind it is shown with each measure; may be given several times", 0, 0},
    {"sample-tokens", 0, OPTION_SIZE, "N", &options.sample_tokens, "how much it writes [48]", 1, 1e5},
    {"sample-temperature", 0, OPTION_FLOAT, "X", &options.sample_temperature, "how boldly, 0 for the likeliest [0.8]",
     0, 100},
    {0},
};

static void show(void *user, const gaze_train_progress *progress) {
  char line[200], left[40];
  (void)user;
  progress_format_left(left, sizeof left, progress->seconds_left);
  snprintf(line, sizeof line, "step %llu/%llu  loss %.4f  perplexity %.1f  lr %.2e  %.0f tokens/s  %s",
           (unsigned long long)progress->step, (unsigned long long)progress->steps, progress->loss, exp(progress->loss),
           progress->lr, progress->tokens_per_second, left);
  trainer_show(line);
}

static int run(const word_list *words) {
  path_list train_data, val_data;
  if (words->n)
    return report_usage("unexpected word: %s: name files with --train-data", words->items[0]);
  path_list_init(&train_data, &arguments.train_data);
  path_list_init(&val_data, &arguments.val_data);
  options.train_data = (const char *const *)train_data.items;
  options.n_train_data = train_data.n;
  options.val_data = (const char *const *)val_data.items;
  options.n_val_data = val_data.n;
  options.prompts = arguments.prompts.items;
  options.n_prompts = arguments.prompts.n;
  options.model = given.model;
  trainer_begin(&options.run, show);
  int status = trainer_end(gaze_train_lm(&options), "model", options.out);
  path_list_fini(&train_data);
  path_list_fini(&val_data);
  return status;
}

static void prepare(void) { gaze_train_lm_defaults(&options); }

const command_row train_lm_command = {
    .name = "train lm",
    .summary = "learn language from texts",
    .usage = "[options] --train-data FILE --out FOLDER",
    .about = "What is written is a model in LLaMA's layout, which transformers reads and gaze ask and gaze chat run. "
             "Documents lie side by side in a batch and do not see each other. Ctrl-C stops with a checkpoint; "
             "--resume latest goes on, and is needed where FOLDER holds a run already.",
    .examples =
        "  gaze train tokenizer --kind lm --out words captions.txt\n"
        "  gaze train lm --tokenizer words --documents lines --train-data captions.txt --out model --epochs 10 \\\n"
        "    --prompt \"A man\" --precision bf16\n"
        "  gaze train lm -m model --train-data \"more.jsonl::captions-{000..003}.tar\" --out tuned --lr 1e-4\n",
    .options = rows,
    .prepare = prepare,
    .run = run,
};
