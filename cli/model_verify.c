#include "cli/model_verify.h"

#include "cli/report.h"
#include "cli/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *reference;

static const option_row verify_options[] = {
    {"reference", 0, OPTION_TEXT, "FOLDER", &reference, "what to compare with [MODEL/gaze-reference]", 0, 0},
    {0},
};

/* A line: a stage, or blocks of a tower one after another that ended alike. */
typedef struct line {
  char name[64];   /* empty: nothing yet */
  int first, last; /* blocks; -1: none */
  const char *status, *detail;
  bool measured;
  double max_abs, relative, cosine;
} line;

static void print_line(const line *l) {
  char name[96];
  if (l->first >= 0 && l->last > l->first)
    snprintf(name, sizeof name, "%s%02d..%02d", l->name, l->first, l->last);
  else if (l->first >= 0)
    snprintf(name, sizeof name, "%s%02d", l->name, l->first);
  else
    snprintf(name, sizeof name, "%s", l->name);
  printf("%-24s %-8s", name, l->status);
  if (l->measured)
    printf("  max %-8.2g relative %-8.2g cosine %.7f", l->max_abs, l->relative, l->cosine);
  if (l->detail)
    printf("  %s", l->detail);
  putchar('\n');
}

/* What is null in JSON was infinite or no number. */
static double number(const json_t *stage, const char *key) {
  const json_t *value = json_object_get(stage, key);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

static line read_line(const json_t *stage, bool grouped) {
  line l = {.first = -1,
            .last = -1,
            .status = json_string_value(json_object_get(stage, "status")),
            .detail = json_string_value(json_object_get(stage, "detail")),
            .measured = json_object_get(stage, "max_abs") != NULL,
            .max_abs = number(stage, "max_abs"),
            .relative = number(stage, "relative"),
            .cosine = number(stage, "cosine")};
  const char *name = json_string_value(json_object_get(stage, "stage")), *block = strstr(name, ".block");
  int length = (int)strlen(name);
  if (grouped && block && sscanf(block, ".block%d", &l.first) == 1) {
    l.last = l.first;
    length = (int)(block - name) + (int)strlen(".block");
  }
  snprintf(l.name, sizeof l.name, "%.*s", length, name);
  return l;
}

static double worse(double a, double b) { return isnan(a) || a > b ? a : b; }

/* Whether l could be added to the blocks that are collected. */
static bool join(line *blocks, const line *l) {
  if (l->first < 0 || strcmp(blocks->name, l->name) != 0 || strcmp(blocks->status, l->status) != 0)
    return false;
  blocks->last = l->last;
  blocks->max_abs = worse(blocks->max_abs, l->max_abs);
  blocks->relative = worse(blocks->relative, l->relative);
  blocks->cosine = -worse(-blocks->cosine, -l->cosine);
  return true;
}

static void print_stages(const json_t *result) {
  line pending = {.status = ""};
  size_t i;
  json_t *stage;
  json_array_foreach(json_object_get(result, "stages"), i, stage) {
    line l = read_line(stage, !given.verbose);
    if (join(&pending, &l))
      continue;
    if (*pending.name)
      print_line(&pending);
    pending = l;
  }
  if (*pending.name)
    print_line(&pending);
}

static void print_result(const json_t *result) {
  const char *first = json_string_value(json_object_get(result, "first"));
  print_stages(result);
  if (!first) {
    puts("PASS");
    return;
  }
  printf("look at: %s\nFAIL: %s\n", json_string_value(json_object_get(result, "hint")), first);
}

static int print_verified(void) {
  gaze_model_options options = {
      .threads = given.threads, .cpu = given.cpu, .precision = settings_precision(), .verbose = given.verbose};
  bool same;
  char *json;
  gaze_err err = gaze_model_verify(given.model, &options, reference, &same, &json);
  if (err != GAZE_OK)
    return report_error(err);
  json_t *result = json_loads(json, 0, NULL);
  free(json);
  if (given.json) {
    json_print(result, stdout);
  } else {
    print_result(result);
    json_decref(result);
  }
  return same ? STATUS_DONE : STATUS_FAILED;
}

static int verify(const word_list *words) {
  if (words->n > 1)
    return report_usage("unexpected word: %s: gaze model verify takes one model", words->items[1]);
  if (words->n == 1)
    given.model = words->items[0];
  return print_verified();
}

const command_row model_verify_command = {
    .name = "model verify",
    .summary = "compare a model with what the original implementation computed, stage by stage",
    .usage = "[options] [MODEL]",
    .about = "Runs stored pictures and texts through the model and prints for each stage how far it is from the "
             "reference: decode, resize, pixels, token ids, each block of both towers, embeddings, similarity. The "
             "last line is PASS, or FAIL with the first stage that parts, and the exit status 0 or 1. "
             "samples/verify/make_reference.py writes the reference once, where transformers or open_clip is.",
    .examples = "  python3 samples/verify/make_reference.py ~/models/my-clip\n"
                "  gaze model verify ~/models/my-clip\n",
    .options = verify_options,
    .run = verify,
};
