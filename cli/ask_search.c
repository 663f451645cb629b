#include "cli/ask_search.h"

#include "cli/answering.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ask_search_arguments ask_search_given;

enum { USUAL_PHOTOS = 4, NOTE_TOKENS = 96 };

/* A photo that was found, and what was seen on it. */
typedef struct found_photo {
  const gaze_hit *hit; /* borrowed */
  gaze_answer note;    /* text NULL: it could not be looked at, */
  char *error;         /* for this reason */
} found_photo;

bool ask_search_wanted(void) { return ask_search_given.query != NULL; }

int ask_search_check(bool has_pictures) {
  bool filters = sought.top || sought.folder || sought.after || sought.before || sought.camera || sought.min_score > -1;
  if (!ask_search_wanted() && (filters || ask_search_given.model || given.database))
    return report_usage("nothing to search for: options of the search without --search: say what to look for with it");
  if (ask_search_wanted() && !*ask_search_given.query)
    return report_usage("no query: --search: say what to look for: --search \"a red bus\"");
  if (ask_search_wanted() && has_pictures)
    return report_usage("two kinds of pictures: --image and --search: give one of them");
  return STATUS_DONE;
}

int ask_search_refuse(void) {
  report("a model that does not see: %s: --search needs one with an image encoder",
         given.model ? given.model : getenv("GAZE_MODEL"));
  return STATUS_FAILED;
}

static const char *file_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Each photo has a conversation of its own: what was seen on one does not colour the next. */
static gaze_err look(gaze_chat *chat, const char *question, found_photo *photo) {
  char *text;
  gaze_answer_options options = asked.answer;
  options.text = NULL;
  options.think = false;
  options.max_tokens = options.max_tokens && options.max_tokens < NOTE_TOKENS ? options.max_tokens : NOTE_TOKENS;
  gaze_chat_clear(chat);
  gaze_err err = gaze_chat_add_picture_file(chat, photo->hit->path);
  if (err != GAZE_OK)
    return err;
  text = answering_text("%s\nAnswer in one short sentence, from this picture alone.", question);
  err = gaze_chat_ask(chat, text, &options, &photo->note);
  free(text);
  return err;
}

/* Returns how many photos could be looked at; the others are named. */
static size_t look_at_all(gaze_chat *chat, const char *question, found_photo *photos, size_t n) {
  size_t seen = 0;
  for (size_t i = 0; i < n && !interrupted; i++) {
    if (given.verbose)
      report("looking at %zu of %zu: %s", i + 1, n, photos[i].hit->path);
    gaze_err err = look(chat, question, &photos[i]);
    if (err == GAZE_OK) {
      seen++;
      if (given.verbose)
        report("%s: %s", file_name(photos[i].hit->path), photos[i].note.text);
      continue;
    }
    photos[i].error = answering_text("%s", gaze_last_error());
    report_error(err);
  }
  return seen;
}

/* What was seen as one text, and the question; yours: free(). */
static char *make_prompt(const char *question, const found_photo *photos, size_t n) {
  char *text = NULL;
  size_t size, number = 0;
  FILE *stream = open_memstream(&text, &size);
  if (!stream)
    return answering_text("%s", question);
  fputs("Some photos were looked at, one by one. This was seen:\n", stream);
  for (size_t i = 0; i < n; i++)
    if (photos[i].note.text)
      fprintf(stream, "%zu. %s: %s\n", ++number, file_name(photos[i].hit->path), photos[i].note.text);
  fprintf(stream, "Answer from this, and say by number which photos the answer is from.\n%s", question);
  fclose(stream);
  return text;
}

static void print_json(const gaze_answer *answer, const found_photo *photos, size_t n) {
  json_t *object = answering_json(answer), *seen = json_array(), *failed = json_array();
  for (size_t i = 0; i < n; i++) {
    json_t *path = json_text(photos[i].hit->path);
    if (photos[i].note.text)
      json_array_append_new(seen, json_pack("{s:o, s:o, s:o}", "path", path, "score", json_float(photos[i].hit->score),
                                            "answer", json_text(photos[i].note.text)));
    else
      json_array_append_new(failed, json_pack("{s:o, s:o}", "path", path, "error", json_text(photos[i].error)));
  }
  json_object_set_new(object, "query", json_text(ask_search_given.query));
  json_object_set_new(object, "photos", seen);
  json_object_set_new(object, "failed", failed);
  json_print(object, stdout);
}

static void print_photos(const found_photo *photos, size_t n) {
  puts("\n\nscore\tfilepath");
  for (size_t i = 0; i < n; i++)
    if (photos[i].note.text)
      printf("%.3f\t%s\n", (double)photos[i].hit->score, photos[i].hit->path);
}

static int answer_from(gaze_chat *chat, const char *question, const found_photo *photos, size_t n) {
  gaze_answer answer = {0};
  char *prompt = make_prompt(question, photos, n);
  gaze_chat_clear(chat);
  gaze_err err = answering_ask(chat, prompt, given.json, &answer);
  free(prompt);
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json)
    print_json(&answer, photos, n);
  else {
    print_photos(photos, n);
    answering_tell_end(&answer);
  }
  gaze_answer_fini(&answer);
  return interrupted ? STATUS_INTERRUPTED : STATUS_DONE;
}

static int look_and_answer(gaze_chat *chat, const char *question, const gaze_hit *hits, size_t n) {
  found_photo *photos = memory_resize(NULL, n, sizeof *photos);
  for (size_t i = 0; i < n; i++)
    photos[i] = (found_photo){.hit = &hits[i]};
  size_t seen = look_at_all(chat, question, photos, n);
  int status = interrupted ? STATUS_INTERRUPTED : STATUS_FAILED;
  if (seen && !interrupted)
    status = answer_from(chat, question, photos, n);
  for (size_t i = 0; i < n; i++) {
    gaze_answer_fini(&photos[i].note);
    free(photos[i].error);
  }
  free(photos);
  return status;
}

static int find(gaze_hit **hits, size_t *n) {
  char *own = NULL;
  int status = ask_search_given.model ? STATUS_DONE : searching_find_model("--search-model", &own);
  const char *model = ask_search_given.model ? ask_search_given.model : own;
  if (status == STATUS_DONE && model)
    status = searching_find(ask_search_given.query, model, hits, n);
  free(own);
  return status;
}

int ask_search(gaze_chat *chat, const char *question) {
  gaze_hit *hits = NULL;
  size_t n = 0;
  sought.top = sought.top ? sought.top : USUAL_PHOTOS;
  int status = find(&hits, &n);
  if (status == STATUS_DONE && n == 0) {
    report("nothing found: %s: search with other words, or run gaze index", ask_search_given.query);
    status = STATUS_NOTHING;
  }
  if (status == STATUS_DONE)
    status = look_and_answer(chat, question, hits, n);
  free(hits);
  return status;
}
