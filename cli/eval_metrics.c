#include "cli/eval_metrics.h"

#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>

static void print_lines(json_t *metrics) {
  const char *key;
  json_t *value;
  json_object_foreach(metrics, key, value) {
    if (json_is_integer(value))
      printf("%-28s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(value));
    else
      printf("%-28s %.4f\n", key, json_number_value(value));
  }
}

/* "exact_match: what color       0.9700 of 312" */
static void print_kinds(const json_t *result, const char *name) {
  const char *key;
  json_t *value;
  json_object_foreach(json_object_get(result, name), key, value)
      printf("exact_match: %-15s %.4f of %" JSON_INTEGER_FORMAT "\n", key,
             json_number_value(json_object_get(value, "exact_match")),
             json_integer_value(json_object_get(value, "questions")));
}

static const char *text_of(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

int metrics_print(char *text) {
  json_t *result = json_loads(text, 0, NULL), *failures = json_object_get(result, "failed"), *failure;
  size_t failed = json_array_size(failures), i;
  free(text);
  json_array_foreach(failures, i, failure)
      report("sample left out: %s: %s", text_of(failure, "path"), text_of(failure, "error"));
  if (given.json) {
    json_print(json_incref(result), stdout);
  } else {
    print_lines(json_object_get(result, "metrics"));
    print_kinds(result, "answer_types");
    print_kinds(result, "question_types");
    if (failed)
      printf("%-28s %zu\n", "failed", failed);
  }
  json_decref(result);
  return batch_status(failed + 1, failed); /* what has figures has a good sample */
}
