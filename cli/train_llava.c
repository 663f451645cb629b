#include "cli/train_llava.h"

#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/train_lists.h"
#include "cli/trainer.h"
#include "gaze_train.h"

#include <stdio.h>
#include <stdlib.h>

static gaze_train_llava_options options; /* defaults, then what was given */

static struct {
  word_list train_data, val_data, image_data;
  const char *stage;
} arguments;

static const option_row rows[] = {
    {"model", 'm', OPTION_TEXT, "MODEL", &given.model, "a LLaVA to go on from, a folder or a name [a new one]", 0, 0},
    {"stage", 0, OPTION_CHOICE, "1|2", &arguments.stage,
     "1: the projector learns, from captions; 2: projector and language model learn, from conversations [1]", 0, 0},
    {"train-data", 0, OPTION_LIST, "FILE::FILE", &arguments.train_data,
     "tars with captions and qa, LLaVA's JSON; {000..009} counts; may be given several times", 0, 0},
    {"val-data", 0, OPTION_LIST, "FILE::FILE", &arguments.val_data,
     "how well the answers of these are foreseen is measured", 0, 0},
    {"image-data", 0, OPTION_LIST, "TAR::TAR", &arguments.image_data,
     "tars in which pictures that JSON names are looked for, besides --train-data", 0, 0},
    {"image-folder", 0, OPTION_TEXT, "FOLDER", &options.image_folder, "where the pictures that JSON names lie", 0, 0},
    {"max-bad", 0, OPTION_SIZE, "N", &options.max_bad,
     "so many pictures, conversations and questions that are no good are passed over, and named in OUT/bad-rows.txt "
     "[0]",
     0, 1e15},
    {"vision", 0, OPTION_TEXT, "MODEL", &options.vision, "a CLIP or SigLIP that a new model sees with", 0, 0},
    {"vision-layer", 0, OPTION_INT, "N", &options.vision_layer,
     "the encoder's block that a new model looks behind, from the end if below 0 [-2 of a CLIP, -1 of a SigLIP]", -1000,
     1000},
    {"vision-select", 0, OPTION_CHOICE, "patch|cls_patch", &options.vision_select,
     "rows that a new model looks at: a CLIP's patches, or its class token, too [patch]", 0, 0},
    {"language", 0, OPTION_TEXT, "MODEL", &options.language, "the language model that it speaks with", 0, 0},
    LORA_ROWS(options.lora) /* of stage 2 */
    {"template", 0, OPTION_TEXT, "NAME", &options.chat_template, "chat template [the language model's own]", 0, 0},
    {"blind", 0, OPTION_SWITCH, NULL, &options.blind, "leave pictures out: learn what can be known without looking", 0,
     0},
    {"context", 0, OPTION_SIZE, "N", &options.context,
     "tokens of the longest sample, its picture's included [as many as the model reads]", 2, 1e6},
    {"batch-size", 0, OPTION_SIZE, "N", &options.run.batch_size, "samples that are looked at together [16]", 1, 1e6},
    {"accum-freq", 0, OPTION_SIZE, "N", &options.run.accum_freq,
     "batches to one step, with the exact gradient of all [1]", 1, 1e6},
    {"steps", 0, OPTION_COUNT, "N", &options.steps, "how long it learns [as --epochs says]", 1, 1e15},
    {"epochs", 0, OPTION_DOUBLE, "N", &options.run.epochs, "how often the samples are gone through [1]", 1e-6, 1e9},
    {"lr", 0, OPTION_DOUBLE, "X", &options.run.lr,
     "learning rate of the language model in stage 2 [2e-5, with LoRA 2e-4]", 1e-30, 1e3},
    {"projector-lr", 0, OPTION_DOUBLE, "X", &options.projector_lr,
     "of the projector [0.001 in stage 1, 2e-5 in stage 2]", 1e-30, 1e3},
    {"vision-blocks", 0, OPTION_SIZE, "N", &options.vision_blocks,
     "so many of the image encoder's blocks, the last that are run, learn in stage 2 [0]", 0, 1e3},
    {"vision-lr", 0, OPTION_DOUBLE, "X", &options.vision_lr, "of those blocks [a fifth of --lr]", 1e-30, 1e3},
    {"lock-language", 0, OPTION_SWITCH, NULL, &options.lock_language,
     "the language model stays as it is: in stage 2 the projector learns, and --vision-blocks", 0, 0},
    {"opt", 0, OPTION_CHOICE, "adamw|muon", &options.run.optimizer,
     "muon steps the matrices inside of blocks, AdamW the rest [adamw]", 0, 0},
    {"beta1", 0, OPTION_DOUBLE, "X", &options.run.beta1, "AdamW [0.9]", 0, 0.999999},
    {"beta2", 0, OPTION_DOUBLE, "X", &options.run.beta2, "AdamW [0.999]", 0, 0.999999999},
    {"eps", 0, OPTION_DOUBLE, "X", &options.run.eps, "AdamW [1e-8]", 1e-30, 1},
    {"wd", 0, OPTION_DOUBLE, "X", &options.run.weight_decay, "weight decay [0]", 0, 1e3},
    {"warmup", 0, OPTION_COUNT, "N", &options.run.warmup, "steps in which the learning rate rises [100]", 0, 1e15},
    {"lr-scheduler", 0, OPTION_CHOICE, "cosine|const|const-cooldown", &options.run.lr_scheduler, "[cosine]", 0, 0},
    {"cooldown", 0, OPTION_COUNT, "N", &options.cooldown,
     "of const-cooldown: the last steps, in which the rate falls to 0", 0, 1e15},
    {"grad-clip-norm", 0, OPTION_DOUBLE, "X", &options.run.grad_clip_norm, "longest gradient, 0 for any [1]", 0, 1e9},
    {"grad-checkpointing", 0, OPTION_SWITCH, NULL, &options.run.grad_checkpointing, "less memory, a third more time", 0,
     0},
    {"seed", 0, OPTION_COUNT, "N", &options.run.seed, "of all that is random", 0, 9e15},
    {"out", 'o', OPTION_TEXT, "FOLDER", &options.out, "where the model goes, with the run's checkpoints and log", 0, 0},
    {"resume", 0, OPTION_TEXT, "FILE|latest", &options.run.resume, "go on from a checkpoint, bit for bit", 0, 0},
    {"save-every", 0, OPTION_COUNT, "N", &options.run.save_every,
     "steps between checkpoints, 0 for the end alone [500]", 0, 1e15},
    {"log-every-n-steps", 0, OPTION_COUNT, "N", &options.run.log_every_n_steps, "steps a line of metrics.jsonl [20]", 1,
     1e15},
    {"val-every", 0, OPTION_COUNT, "N", &options.val_every, "steps between measures, 0 for the end alone [500]", 0,
     1e15},
    {"stop-after", 0, OPTION_COUNT, "N", &options.run.stop_after, "stop with a checkpoint after N steps of this call",
     1, 1e15},
    {"save-dtype", 0, OPTION_CHOICE, "f32|f16|bf16", &options.run.model_dtype, "of the model written [f32]", 0, 0},
    {0},
};

static void show(void *user, const gaze_train_progress *progress) {
  char line[200], left[40];
  (void)user;
  progress_format_left(left, sizeof left, progress->seconds_left);
  snprintf(line, sizeof line, "step %llu/%llu  loss %.4f  lr %.2e  %.1f samples/s  %s",
           (unsigned long long)progress->step, (unsigned long long)progress->steps, progress->loss, progress->lr,
           progress->samples_per_second, left);
  trainer_show(line);
}

static int run(const word_list *words) {
  path_list train_data, val_data, image_data;
  if (words->n)
    return report_usage("unexpected word: %s: name files with --train-data", words->items[0]);
  path_list_init(&train_data, &arguments.train_data);
  options.train_data = (const char *const *)train_data.items;
  options.n_train_data = train_data.n;
  path_list_init(&val_data, &arguments.val_data);
  options.val_data = (const char *const *)val_data.items;
  options.n_val_data = val_data.n;
  path_list_init(&image_data, &arguments.image_data);
  options.image_data = (const char *const *)image_data.items;
  options.n_image_data = image_data.n;
  options.stage = arguments.stage ? atoi(arguments.stage) : options.stage;
  options.model = given.model;
  trainer_begin(&options.run, show);
  int status = trainer_end(gaze_train_llava(&options), "model", options.out);
  path_list_fini(&train_data);
  path_list_fini(&val_data);
  path_list_fini(&image_data);
  return status;
}

static void prepare(void) { gaze_train_llava_defaults(&options); }

const command_row train_llava_command = {
    .name = "train llava",
    .summary = "teach a language model to see",
    .usage = "[options] --train-data FILE --out FOLDER",
    .about =
        "What is written is a model in LLaVA's layout, which transformers reads and gaze ask and gaze chat run, with "
        "the "
        "chat template that it learned by. The image encoder stays as it is, but for --vision-blocks, and looks at "
        "each "
        "picture once; what it saw is kept as FOLDER/features until the run is over. A sample of LLaVA's JSON may have "
        "several pictures (\"image\": a list, an <image> for each); boxes become questions and answers by gaze "
        "make-instructions. Ctrl-C stops with a checkpoint; "
        "--resume latest goes on, and is needed where FOLDER holds a run already.",
    .examples =
        "  gaze train llava --stage 1 --vision gaze-mini --language speaker --train-data captions.tar --out aligned\n"
        "  gaze train llava --stage 2 -m aligned --train-data \"talk.json::qa-{000..003}.tar\" --out tuned --lr 1e-4\n",
    .options = rows,
    .prepare = prepare,
    .run = run,
};
