#include "cli/command.h"
#include "cli/progress_bar.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "gaze_train.h"

#include <string.h>

static gaze_instructions_options options;
static const char *kinds;

static const option_row rows[] = {
    {"out", 'o', OPTION_TEXT, "FILE", &options.out, "LLaVA's JSON; FILE.bad.jsonl names what was left out", 0, 0},
    {"kinds", 0, OPTION_TEXT, "KIND,...", &kinds,
     "of records, of each picture one a kind [conversation,detail,reasoning]", 0, 0},
    {"turns", 0, OPTION_SIZE, "N", &options.turns, "most questions of a conversation, by rules [6]", 1, 32},
    {"korean", 0, OPTION_DOUBLE, "SHARE", &options.korean, "of the records in Korean, 0 to 1 [0]", 0, 1},
    {"seed", 0, OPTION_COUNT, "N", &options.seed, "by rules the same seed writes the same file [0]", 0, 0x1p53},
    {"max-samples", 0, OPTION_COUNT, "N", &options.max_samples, "take the first N pictures alone", 1, 1e15},
    {"max-bad", 0, OPTION_COUNT, "N", &options.max_bad, "stop when more rows than this are bad [100]", 0, 1e15},
    {"image-folder", 0, OPTION_TEXT, "FOLDER", &options.image_folder,
     "write the pictures there, under the names that the records have", 0, 0},
    {"endpoint", 0, OPTION_TEXT, "URL", &options.endpoint,
     "an OpenAI-compatible service writes, https://HOST/v1; its key is in GAZE_API_KEY or OPENAI_API_KEY", 0, 0},
    {"endpoint-model", 0, OPTION_TEXT, "NAME", &options.endpoint_model, "of the service's models", 0, 0},
    {"rate", 0, OPTION_DOUBLE, "N", &options.rate, "most requests a minute [any]", 0, 1e6},
    {"tries", 0, OPTION_SIZE, "N", &options.tries, "of a request, before the run stops [6]", 1, 1000},
    {"timeout", 0, OPTION_DOUBLE, "SECONDS", &options.timeout, "of a request [300]", 0.001, 86400},
    {"retry-pause", 0, OPTION_DOUBLE, "SECONDS", &options.pause, "before the second try, then doubled [1]", 0, 3600},
    {"temperature", 0, OPTION_DOUBLE, "T", &options.temperature, "of the service's model [its own]", 0, 100},
    {"max-tokens", 0, OPTION_SIZE, "N", &options.max_tokens, "longest answer of the service [its own]", 1, 1e6},
    {"retry-rejected", 0, OPTION_SWITCH, NULL, &options.retry_rejected,
     "ask again where an earlier answer was set aside", 0, 0},
    {0},
};

static void prepare(void) { gaze_make_instructions_defaults(&options); }

static int read_kinds(void) {
  const struct {
    const char *name;
    bool *wanted;
  } names[] = {{"conversation", &options.conversation}, {"detail", &options.detail}, {"reasoning", &options.reasoning}};
  const size_t n = sizeof names / sizeof *names;
  for (size_t i = 0; kinds && i < n; i++)
    *names[i].wanted = false;
  for (const char *at = kinds; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    size_t length = strcspn(at, ","), i = 0;
    while (i < n && (strlen(names[i].name) != length || strncmp(names[i].name, at, length) != 0))
      i++;
    if (i == n)
      return report_usage("unknown kind: --kinds %s: give some of conversation,detail,reasoning", kinds);
    *names[i].wanted = true;
  }
  return STATUS_DONE;
}

static void show(void *user, const gaze_instructions_progress *progress) {
  progress_show((size_t)progress->pictures, (size_t)progress->all, NULL);
}

static int print_summary(char *taken) {
  json_t *summary = json_loads(taken, 0, NULL);
  json_int_t bad = json_integer_value(json_object_get(summary, "bad"));
  if (bad)
    report("%lld bad row%s left out: %s: it says why", (long long)bad, bad == 1 ? "" : "s",
           json_string_value(json_object_get(summary, "bad_file")));
  json_decref(summary);
  return json_print_given(taken, given.json);
}

static int run(const word_list *words) {
  if (words->n == 0)
    return report_usage("no data: gaze make-instructions: name tars, folders or tables with captions or objects");
  if (!options.out)
    return report_usage("no file to write: gaze make-instructions: name it with --out FILE");
  if (!options.endpoint != !options.endpoint_model)
    return report_usage("an endpoint is two things: gaze make-instructions: give --endpoint and --endpoint-model");
  int status = read_kinds();
  if (status != STATUS_DONE)
    return status;
  options.data = words->items;
  options.n_data = words->n;
  options.stop = &interrupted;
  options.progress = show;
  char *summary;
  watch_interrupts();
  progress_begin(given.quiet);
  gaze_err err = gaze_make_instructions(&options, &summary);
  progress_clear();
  return err == GAZE_OK ? print_summary(summary) : report_error(err);
}

const command_row make_instructions_command = {
    .name = "make-instructions",
    .summary = "write questions and answers about pictures from their captions and boxes",
    .usage = "[options] --out FILE.json TAR|FOLDER|CSV...",
    .about =
        "Data are WebDataset tars, folders in which KEY.jpg lies beside KEY.json or KEY.txt, or CSV files. In KEY.json "
        "\"captions\" are texts and \"objects\" [name, x, y, width, height] in fractions of the picture. Without "
        "--endpoint rules write: what there is and what not, how many, where, of what colour, who does what, "
        "descriptions, and what follows from it, with as much yes as no for every thing. \"image\" of a record is the "
        "picture's "
        "name in the tar or folder: training finds it there, or in --image-folder. A run with --endpoint keeps every "
        "answer in FILE.journal.jsonl, and the same command goes on where it stopped.",
    .examples =
        "  gaze make-instructions --out train.json cocomini-train.tar flickr8k-train.tar\n"
        "  gaze make-instructions --korean 0.1 --kinds conversation --image-folder pictures --out c.json a.tar\n"
        "  gaze make-instructions --endpoint http://localhost:8080/v1 --endpoint-model qwen --rate 60 --out "
        "q.json a.tar\n",
    .options = rows,
    .prepare = prepare,
    .run = run,
};
