/* gaze eval vqa and gaze eval captioning: models that answer. */
#include "cli/answering.h"
#include "cli/command.h"
#include "cli/eval_metrics.h"
#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>

static struct {
  word_list data, known;
  gaze_eval_options eval;
  bool no_image, shuffle_images, short_answers;
} arguments;

#define PICTURES_OPTION                                         \
  {                                                             \
    "images", 0, OPTION_TEXT, "FOLDER", &arguments.eval.folder, \
        "that relative paths of pictures are of "               \
        "[where the set lies]",                                 \
        0, 0                                                    \
  }
#define MAX_TOKENS_OPTION(usual) \
  { "max-tokens", 'n', OPTION_SIZE, "N", &asked.answer.max_tokens, "longest answer [" usual "]", 1, 1e6 }
/* How the set is gone through. */
#define RUN_OPTIONS                                                                                                 \
  {"no-image", 0, OPTION_SWITCH, NULL, &arguments.no_image, "withhold the pictures: what is known without looking", \
   0,          0},                                                                                                  \
      {"shuffle-images", 0, OPTION_SWITCH, NULL, &arguments.shuffle_images, "show pictures of other rows", 0, 0},   \
      {"seed", 0, OPTION_COUNT, "N", &arguments.eval.seed, "of whose picture is shown instead [0]", 0, 0x1p53},     \
      {"limit", 0, OPTION_SIZE, "N", &arguments.eval.limit, "the first N rows alone", 1, 0x1p53},                   \
      {"out", 0, OPTION_TEXT, "FILE", &arguments.eval.predictions, "the answers, a line of JSON each", 0, 0},       \
      {"resume", 0, OPTION_SWITCH, NULL, &arguments.eval.resume, "take from --out what was answered before", 0, 0}, \
      {"max-bad",                                                                                                   \
       0,                                                                                                           \
       OPTION_SIZE,                                                                                                 \
       "N",                                                                                                         \
       &arguments.eval.max_bad,                                                                                     \
       "stop at more rows than this that cannot be used [100]",                                                     \
       0,                                                                                                           \
       0x1p53},                                                                                                     \
      STRICT_OPTION, ANSWERING_MODEL_OPTIONS

static const option_row vqa_options[] = {
    EVAL_DATA_OPTION(&arguments.data),
    PICTURES_OPTION,
    {"prompt", 0, OPTION_TEXT, "TEXT", &arguments.eval.prompt, "what is asked, {} stands for the question [{}]", 0, 0},
    {"short", 0, OPTION_SWITCH, NULL, &arguments.short_answers,
     "behind each question: \"Answer the question using a single word or phrase.\", as LLaVA has it", 0, 0},
    {"known", 0, OPTION_LIST, "FILE", &arguments.known,
     "a set with answers: also measure what looking questions up in it gives", 0, 0},
    MAX_TOKENS_OPTION("16"),
    RUN_OPTIONS,
    {0},
};

static const option_row captioning_options[] = {
    EVAL_DATA_OPTION(&arguments.data),
    PICTURES_OPTION,
    {"prompt", 0, OPTION_TEXT, "TEXT", &arguments.eval.prompt, "what is asked [Describe the picture.]", 0, 0},
    MAX_TOKENS_OPTION("64"),
    RUN_OPTIONS,
    {0},
};

static void prepare_vqa(void) {
  asked.answer.max_tokens = 16;
  arguments.eval.max_bad = 100;
}

static void prepare_captioning(void) {
  asked.answer.max_tokens = 64;
  arguments.eval.max_bad = 100;
}

static int check_arguments(const char *name, const word_list *words) {
  if (words->n)
    return report_usage("unexpected word: %s: name the set with --data FILE", words->items[0]);
  if (arguments.data.n == 0)
    return report_usage("no data: gaze %s: name the set with --data FILE", name);
  if (arguments.no_image && arguments.shuffle_images)
    return report_usage("--no-image and --shuffle-images: both: measure one after the other");
  if (arguments.short_answers && arguments.eval.prompt)
    return report_usage("--short and --prompt: both: write the request into --prompt");
  if (arguments.eval.resume && !arguments.eval.predictions)
    return report_usage("nothing to resume: --resume: name the answers so far with --out FILE");
  return STATUS_DONE;
}

static void show_progress(void *user, size_t done, size_t total, const char *key) {
  (void)user;
  progress_show(done, total, key);
}

static void finish_options(gaze_eval_options *options) {
  if (arguments.short_answers)
    options->prompt = "{}\nAnswer the question using a single word or phrase.";
  if (arguments.no_image)
    options->pictures = GAZE_EVAL_WITHHELD;
  if (arguments.shuffle_images)
    options->pictures = GAZE_EVAL_SHUFFLED;
  options->system = asked.system;
  options->answer = asked.answer;
  options->known = arguments.known.items;
  options->n_known = arguments.known.n;
  options->progress = show_progress;
}

typedef gaze_err measure_fn(gaze_assistant *assistant, const char *const *paths, size_t n,
                            const gaze_eval_options *options, char **metrics);

static int measure(const char *name, const word_list *words, measure_fn *run) {
  gaze_assistant *assistant = NULL;
  char *metrics = NULL;
  int status = check_arguments(name, words);
  if (status != STATUS_DONE)
    return status;
  watch_interrupts();
  gaze_err err = answering_open(given.model, &assistant);
  finish_options(&arguments.eval);
  progress_begin(given.quiet);
  if (err == GAZE_OK)
    err = run(assistant, arguments.data.items, arguments.data.n, &arguments.eval, &metrics);
  progress_clear();
  status = err == GAZE_OK ? metrics_print(metrics) : report_error(err);
  answering_close(assistant);
  return status;
}

static int measure_vqa(const word_list *words) { return measure("eval vqa", words, gaze_eval_vqa); }

static int measure_captioning(const word_list *words) {
  return measure("eval captioning", words, gaze_eval_captioning);
}

#define SETS                                                                                                          \
  "A row that cannot be used (a picture that cannot be read, broken JSON, no answer) is named on standard error and " \
  "left out. --no-image and --shuffle-images tell what a model knows without looking: only what it does better with " \
  "the pictures, it sees. "

const command_row eval_vqa_command = {
    .name = "eval vqa",
    .summary = "questions about pictures: exact match, by type; yes and no as POPE has it",
    .usage = "[options] --data FILE",
    .about = "Sets are WebDataset tars (or folders alike) whose samples have \"qa\", tables with the columns filepath, "
             "question and "
             "answer, and LLaVA's JSON; each question is asked by itself. Answers are compared in the form that VQA's "
             "evaluation gives them: exact_match is with any of a question's answers; consensus, where there are "
             "several, counts a third for each person who said the same. Questions of yes and no count as no where "
             "the answer has the word no, not or 아니요. " SETS,
    .examples = "  gaze eval vqa -m llava-folder --data easyvqa-test.tar --known easyvqa-train.tar\n"
                "  gaze eval vqa -m llava-folder --data questions.jsonl --images photos --short --out answers.jsonl\n"
                "  gaze eval vqa -m llava-folder --data daquar-eval.tar --no-image\n",
    .options = vqa_options,
    .prepare = prepare_vqa,
    .run = measure_vqa,
};

const command_row eval_captioning_command = {
    .name = "eval captioning",
    .summary = "descriptions of pictures: BLEU, ROUGE-L, CIDEr",
    .usage = "[options] --data FILE",
    .about = "Sets are WebDataset tars (or folders alike) whose samples have captions, tables with the columns "
             "filepath and title, and "
             "LLaVA's JSON. Figures are those of coco-caption; CIDEr goes up to 10. " SETS,
    .examples = "  gaze eval captioning -m llava-folder --data flickr8k-dev.tar --out captions.jsonl\n"
                "  gaze eval captioning -m llava-folder --data flickr8k-dev.tar --shuffle-images\n",
    .options = captioning_options,
    .prepare = prepare_captioning,
    .run = measure_captioning,
};
