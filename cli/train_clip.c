#include "cli/train_clip.h"

#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/train_lists.h"
#include "cli/trainer.h"
#include "gaze_train.h"

#include <stdlib.h>

static gaze_train_clip_options options; /* defaults, then what was given */

static struct {
  word_list train_data, val_data, zeroshot_data, class_labels, class_templates;
  const char *upsampling, *groups, *class_weights;
  bool teacher_vectors;
  double teacher_weight;
} arguments;

static const option_row rows[] = {
    {"train-data", 0, OPTION_LIST, "FILE::FILE", &arguments.train_data,
     "tars (KEY.jpg with KEY.txt or KEY.json) or CSV/TSV files; {000..009} counts; may be given several times", 0, 0},
    {"train-data-upsampling-factors", 0, OPTION_TEXT, "X::X", &arguments.upsampling,
     "how often the samples of each file are drawn relative to the others [1]", 0, 0},
    {"train-data-groups", 0, OPTION_TEXT, "N::N", &arguments.groups,
     "so many neighbours of each file come one after another, as each other's hard negatives [1]", 0, 0},
    {"train-num-samples", 0, OPTION_COUNT, "N", &options.train_num_samples, "samples of an epoch [all]", 1, 1e15},
    {"val-data", 0, OPTION_LIST, "FILE::FILE", &arguments.val_data, "retrieval is measured on these", 0, 0},
    {"zeroshot-data", 0, OPTION_LIST, "TAR::TAR", &arguments.zeroshot_data,
     "zero-shot classes are measured on these, with the first --class-labels", 0, 0},
    {"dataset-type", 0, OPTION_CHOICE, "webdataset|csv|auto", &options.dataset_type, "[auto]", 0, 0},
    {"csv-img-key", 0, OPTION_TEXT, "NAME", &options.csv_img_key, "column of paths [filepath]", 0, 0},
    {"csv-caption-key", 0, OPTION_TEXT, "NAME", &options.csv_caption_key, "column of captions [title]", 0, 0},
    {"csv-separator", 0, OPTION_TEXT, "CHARACTER", &options.csv_separator, "[found by looking]", 0, 0},
    {"class-labels", 0, OPTION_LIST, "FILE::FILE", &arguments.class_labels,
     "CLASS<TAB>LABEL[|SYNONYM...] lines: texts for samples with a class and no caption", 0, 0},
    {"class-templates", 0, OPTION_LIST, "FILE::FILE", &arguments.class_templates,
     "for each file of labels, sentences with {} [a photo of a {}.]", 0, 0},
    {"class-weights", 0, OPTION_TEXT, "X::X", &arguments.class_weights, "how often each file of labels is drawn [1]", 0,
     0},
    {"tokenizer", 0, OPTION_TEXT, "FOLDER", &options.tokenizer, "vocabulary of a new model [that of -m]", 0, 0},
    {"image-size", 0, OPTION_SIZE, "N", &options.image_size, "of a new model, pixels", 8, 4096},
    {"patch-size", 0, OPTION_SIZE, "N", &options.patch_size, "of a new model, pixels", 1, 512},
    {"width", 0, OPTION_SIZE, "N", &options.vision_width, "of the image tower", 8, 65536},
    {"layers", 0, OPTION_SIZE, "N", &options.vision_layers, "of the image tower", 1, 256},
    {"heads", 0, OPTION_SIZE, "N", &options.vision_heads, "of the image tower", 1, 256},
    {"text-width", 0, OPTION_SIZE, "N", &options.text_width, "of the text tower", 8, 65536},
    {"text-layers", 0, OPTION_SIZE, "N", &options.text_layers, "of the text tower", 1, 256},
    {"text-heads", 0, OPTION_SIZE, "N", &options.text_heads, "of the text tower", 1, 256},
    {"context", 0, OPTION_SIZE, "N", &options.context, "most tokens of a text", 3, 65536},
    {"dim", 0, OPTION_SIZE, "N", &options.dim, "of the shared space", 1, GAZE_DIM_MAX},
    {"batch-size", 0, OPTION_SIZE, "N", &options.run.batch_size, "samples that are looked at together", 2, 1e7},
    {"accum-freq", 0, OPTION_SIZE, "N", &options.run.accum_freq, "batches to one step, with the exact gradient of all",
     1, 1e6},
    {"epochs", 0, OPTION_DOUBLE, "N", &options.run.epochs, "how often the data are gone through", 1e-6, 1e9},
    {"lr", 0, OPTION_DOUBLE, "X", &options.run.lr, "learning rate", 0, 1e3},
    {"opt", 0, OPTION_CHOICE, "adamw|muon", &options.run.optimizer,
     "muon steps the matrices inside of blocks, AdamW the rest [adamw]", 0, 0},
    {"beta1", 0, OPTION_DOUBLE, "X", &options.run.beta1, "AdamW", 0, 0.999999},
    {"beta2", 0, OPTION_DOUBLE, "X", &options.run.beta2, "AdamW", 0, 0.999999999},
    {"eps", 0, OPTION_DOUBLE, "X", &options.run.eps, "AdamW", 1e-30, 1},
    {"wd", 0, OPTION_DOUBLE, "X", &options.run.weight_decay, "weight decay", 0, 1e3},
    {"warmup", 0, OPTION_COUNT, "N", &options.run.warmup, "steps in which the learning rate rises", 0, 1e15},
    {"lr-scheduler", 0, OPTION_CHOICE, "cosine|const|const-cooldown", &options.run.lr_scheduler, "[cosine]", 0, 0},
    {"epochs-cooldown", 0, OPTION_DOUBLE, "N", &options.epochs_cooldown,
     "of const-cooldown: the last epochs, in which the rate falls to 0", 0, 1e9},
    {"grad-clip-norm", 0, OPTION_DOUBLE, "X", &options.run.grad_clip_norm, "longest gradient, 0 for any", 0, 1e9},
    {"grad-checkpointing", 0, OPTION_SWITCH, NULL, &options.run.grad_checkpointing, "less memory, a third more time", 0,
     0},
    {"siglip", 0, OPTION_SWITCH, NULL, &options.siglip, "SigLIP's sigmoid loss", 0, 0},
    {"lock-image", 0, OPTION_SWITCH, NULL, &options.lock_image, "the image tower does not learn", 0, 0},
    {"lock-image-unlocked-groups", 0, OPTION_INT, "N", &options.lock_image_unlocked_groups,
     "but its last N groups do: projection, then blocks from the end", 0, 1000},
    {"lock-text", 0, OPTION_SWITCH, NULL, &options.lock_text, "the text tower does not learn", 0, 0},
    {"force-patch-dropout", 0, OPTION_DOUBLE, "X", &options.patch_dropout, "part of the patches to leave out", 0, 0.99},
    {"teacher-vectors", 0, OPTION_SWITCH, NULL, &arguments.teacher_vectors,
     "learn from KEY.teacher.npy of the tars too", 0, 0},
    {"teacher-weight", 0, OPTION_DOUBLE, "X", &arguments.teacher_weight, "how much that counts [1]", 1e-9, 1e9},
    {"teacher-texts", 0, OPTION_TEXT, "FILE.npy", &options.text_vectors,
     "learn from a teacher's vectors of the texts in FILE.txt too", 0, 0},
    {"teacher-texts-weight", 0, OPTION_DOUBLE, "X", &options.text_teacher_weight, "how much that counts [1]", 0, 1e9},
    {"distill-model", 0, OPTION_TEXT, "FOLDER", &options.distill_model,
     "a CLIP of any size whose similarities are imitated, too", 0, 0},
    {"crop-scale", 0, OPTION_DOUBLE, "X", &options.scale_low, "smallest part of a picture to crop", 0.01, 1},
    {"color-jitter", 0, OPTION_DOUBLE, "X", &options.color_jitter, "strength", 0, 1},
    {"grayscale", 0, OPTION_DOUBLE, "P", &options.grayscale, "how often colours are taken away", 0, 1},
    {"flip", 0, OPTION_DOUBLE, "P", &options.flip,
     "how often left and right change places, except where the text names a side", 0, 1},
    {"seed", 0, OPTION_COUNT, "N", &options.run.seed, "of all that is random", 0, 9e15},
    {"workers", 0, OPTION_INT, "N", &options.workers, "threads that prepare pictures", 1, 1024},
    {"logs", 0, OPTION_TEXT, "FOLDER", &options.logs, "where runs are kept [logs]", 0, 0},
    {"name", 0, OPTION_TEXT, "NAME", &options.name, "of this run, a folder in it [clip]", 0, 0},
    {"resume", 0, OPTION_TEXT, "FILE|latest", &options.run.resume, "go on from a checkpoint, bit for bit", 0, 0},
    {"save-frequency", 0, OPTION_DOUBLE, "X", &options.save_frequency, "epochs between checkpoints", 0, 1e9},
    {"val-frequency", 0, OPTION_DOUBLE, "X", &options.val_frequency, "epochs between measures, 0 for the end alone", 0,
     1e9},
    {"zeroshot-frequency", 0, OPTION_DOUBLE, "X", &options.zeroshot_frequency, "the same for --zeroshot-data", 0, 1e9},
    {"log-every-n-steps", 0, OPTION_COUNT, "N", &options.run.log_every_n_steps, "steps a line of metrics.jsonl", 1,
     1e15},
    {"stop-after", 0, OPTION_COUNT, "N", &options.run.stop_after, "stop with a checkpoint after N steps of this call",
     1, 1e15},
    {"save-dtype", 0, OPTION_CHOICE, "f32|f16|bf16", &options.run.model_dtype, "of the model written", 0, 0},
    {0},
};

static void show(void *user, const gaze_train_progress *progress) {
  char line[200], left[40];
  (void)user;
  progress_format_left(left, sizeof left, progress->seconds_left);
  snprintf(line, sizeof line, "step %llu/%llu  loss %.4f  lr %.2e  scale %.1f  %.0f samples/s  %s",
           (unsigned long long)progress->step, (unsigned long long)progress->steps, progress->loss, progress->lr,
           progress->scale, progress->samples_per_second, left);
  trainer_show(line);
}

static void set_model(void) {
  options.model = given.model;
  options.teacher_weight = !arguments.teacher_vectors ? 0 : arguments.teacher_weight > 0 ? arguments.teacher_weight : 1;
}

static int train(void) {
  char *folder = NULL;
  trainer_begin(&options.run, show);
  gaze_err err = gaze_train_clip(&options);
  if (options.logs && options.name && asprintf(&folder, "%s/%s", options.logs, options.name) < 0)
    folder = NULL;
  int status = trainer_end(err, "run", folder);
  free(folder);
  return status;
}

static int check_arguments(const word_list *words) {
  if (words->n)
    return report_usage("unexpected word: %s: name files with --train-data", words->items[0]);
  if (arguments.train_data.n == 0)
    return report_usage("no data: gaze train clip: name it with --train-data FILE");
  if (arguments.teacher_weight > 0 && !arguments.teacher_vectors)
    return report_usage("no teacher: --teacher-weight: it needs --teacher-vectors");
  return STATUS_DONE;
}

enum { TRAIN_DATA, CLASS_LABELS, CLASS_TEMPLATES, VAL_DATA, ZEROSHOT_DATA, N_LISTS };
enum { UPSAMPLING, GROUPS, CLASS_WEIGHTS, N_NUMBERS };
static size_t n_templates;
static const struct {
  const word_list *given;
  const char *const **paths;
  size_t *n;
} lists[N_LISTS] = {
    [TRAIN_DATA] = {&arguments.train_data, &options.train_data, &options.n_train_data},
    [CLASS_LABELS] = {&arguments.class_labels, &options.class_labels, &options.n_class_labels},
    [CLASS_TEMPLATES] = {&arguments.class_templates, &options.class_templates, &n_templates},
    [VAL_DATA] = {&arguments.val_data, &options.val_data, &options.n_val_data},
    [ZEROSHOT_DATA] = {&arguments.zeroshot_data, &options.zeroshot_data, &options.n_zeroshot_data},
};

/* Sets the lists of the options; paths: [N_LISTS], numbers: [N_NUMBERS], both to be freed in any case. */
static int set_lists(path_list *paths, double **numbers) {
  for (int i = 0; i < N_LISTS; i++) {
    path_list_init(&paths[i], lists[i].given);
    *lists[i].paths = paths[i].n ? (const char *const *)paths[i].items : NULL;
    *lists[i].n = paths[i].n;
  }
  if (n_templates && n_templates != options.n_class_labels)
    return report_usage("%zu files of templates for %zu of labels: --class-templates: give one each, separated by ::",
                        n_templates, options.n_class_labels);
  const path_list *data = &paths[TRAIN_DATA];
  int status = number_list_parse(arguments.upsampling, data, "train-data-upsampling-factors", &numbers[UPSAMPLING]);
  if (status == STATUS_DONE)
    status = number_list_parse(arguments.groups, data, "train-data-groups", &numbers[GROUPS]);
  if (status == STATUS_DONE)
    status = number_list_parse(arguments.class_weights, &paths[CLASS_LABELS], "class-weights", &numbers[CLASS_WEIGHTS]);
  options.upsampling = numbers[UPSAMPLING];
  options.groups = numbers[GROUPS];
  options.class_weights = numbers[CLASS_WEIGHTS];
  return status;
}

static int run(const word_list *words) {
  path_list paths[N_LISTS] = {0};
  double *numbers[N_NUMBERS] = {NULL};
  int status = check_arguments(words);
  if (status == STATUS_DONE)
    status = set_lists(paths, numbers);
  if (status == STATUS_DONE) {
    set_model();
    status = train();
  }
  for (int i = 0; i < N_LISTS; i++)
    path_list_fini(&paths[i]);
  for (int i = 0; i < N_NUMBERS; i++)
    free(numbers[i]);
  return status;
}

static void prepare(void) { gaze_train_clip_defaults(&options); }

const command_row train_clip_command = {
    .name = "train clip",
    .summary = "learn a shared space for pictures and texts",
    .usage = "[options] --train-data FILE",
    .about =
        "Everything of a run is in logs/NAME: checkpoints, metrics.jsonl, the model, and report.html with curves and a "
        "page of pictures with their best captions. Ctrl-C stops with a checkpoint; --resume latest goes on, and is "
        "needed "
        "where logs/NAME holds a run already.",
    .examples =
        "  gaze train clip --tokenizer tokenizer --train-data train.tar --val-data dev.tar --epochs 20 --name first\n"
        "  gaze train clip --train-data \"a.tar::b-{000..009}.tar\" --train-data-upsampling-factors 1::2 --name mixed "
        "\\\n"
        "    --tokenizer tokenizer --precision bf16 --batch-size 512 --accum-freq 4\n"
        "  gaze train clip --train-data train.tar --name first --resume latest\n",
    .options = rows,
    .prepare = prepare,
    .run = run,
};
