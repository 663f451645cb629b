/* Whole models that look and talk, from questions and picture files to rows, logits and text, equal to transformers. */
#include "clip_fixtures.h"
#include "nearness.h"
#include "tests/unit/data_files.h"

#include "fusion/chat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where the model lies, and what is wanted of it. */
static const char *const families[][2] = {{"llava", "llava"},
                                          {"llava-new", "llava-new"},
                                          {"next", "next"},
                                          {"next-mistral", "next-mistral"},
                                          {"onevision", "onevision"},
                                          {"longrope", "longrope"},
                                          {"opened", "opened"},
                                          {"smolvlm", "smolvlm"},
                                          {"original", "original"},
                                          {"nano", "nano"},
                                          {"qwen", "qwen"},
                                          {"idefics3", "idefics3"},
                                          {"next-original", "next"},
                                          {"next-mistral-original", "next-mistral"},
                                          {"onevision-original", "onevision"},
                                          {"pair/model.gguf", "original"},
                                          {"smolvlm-pair/model.gguf", "smolvlm"}};
enum { LLAVA = 0, ONEVISION = 4, LONGROPE = 5, FAMILIES = sizeof families / sizeof *families };

static const char *path_of(const char *name) {
  char inner[128];
  snprintf(inner, sizeof inner, "../assistants/%s", name);
  return clip_path(inner);
}

static void check(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

/* A model, and what is wanted of it. */
typedef struct subject {
  const char *name;
  gaze_assistant *assistant;
  json_t *conversations;
  gaze_safetensors *logits;
} subject;

static gaze_assistant *open_assistant(const char *name, gaze_assistant_options options) {
  gaze_assistant *assistant;
  if (strcmp(name, "pair/model.gguf") == 0) /* it has no template of its own */
    options.chat_template = "vicuna-v1";
  check(gaze_assistant_open(path_of(name), &options, &assistant));
  return assistant;
}

static void subject_take(subject *s, size_t family, gaze_assistant *assistant) {
  char file[64];
  const char *wanted = families[family][1];
  *s = (subject){.name = families[family][0], .assistant = assistant};
  assert_true(gaze_assistant_sees(s->assistant));
  snprintf(file, sizeof file, "%s.json", wanted);
  check(gaze_json_open(path_of(file), &s->conversations));
  snprintf(file, sizeof file, "%s.safetensors", wanted);
  check(gaze_safetensors_open(path_of(file), &s->logits));
}

static void subject_open(subject *s, size_t family, gaze_precision precision) {
  gaze_assistant_options options = {.model.precision = precision, .cache = GAZE_CACHE_F32};
  subject_take(s, family, open_assistant(families[family][0], options));
}

static void subject_close(subject *s) {
  gaze_assistant_close(s->assistant);
  json_decref(s->conversations);
  gaze_safetensors_close(s->logits);
}

static const json_t *turn_of(const subject *s, size_t conversation, size_t turn) {
  return json_array_get(json_object_get(json_array_get(s->conversations, conversation), "turns"), turn);
}

static size_t turns_of(const subject *s, size_t conversation) {
  return json_array_size(json_object_get(json_array_get(s->conversations, conversation), "turns"));
}

static void add_pictures(gaze_chat *chat, const json_t *turn) {
  const json_t *pictures = json_object_get(turn, "pictures"), *name;
  size_t i;
  json_array_foreach(pictures, i, name) {
    char file[64];
    snprintf(file, sizeof file, "pictures/%s", json_string_value(name));
    check(gaze_chat_add_picture_file(chat, path_of(file)));
  }
}

/* Text and ending are those of the reference where all of its ids were asked for. */
static void ask(const subject *s, gaze_chat *chat, const json_t *turn, gaze_answer_options options) {
  gaze_answer answer;
  size_t n = json_array_size(json_object_get(turn, "answer"));
  bool whole = !options.max_tokens;
  if (whole)
    options.max_tokens = n;
  add_pictures(chat, turn);
  check(gaze_chat_ask(chat, text_of(turn, "question"), &options, &answer));
  if (whole && strcmp(answer.text, text_of(turn, "text")) != 0)
    fail_msg("%s: \"%s\", wanted \"%s\"", s->name, answer.text, text_of(turn, "text"));
  if (whole)
    assert_string_equal(answer.ending, text_of(turn, "ending"));
  gaze_answer_fini(&answer);
}

/* The first turns of a conversation, and the one behind them with other options. */
static gaze_chat *converse(const subject *s, size_t conversation, size_t turn, gaze_answer_options last) {
  gaze_chat *chat;
  const json_t *system = json_object_get(json_array_get(s->conversations, conversation), "system");
  check(gaze_chat_new(s->assistant, json_string_value(system), &chat));
  for (size_t t = 0; t < turn; t++)
    ask(s, chat, turn_of(s, conversation, t), (gaze_answer_options){0});
  ask(s, chat, turn_of(s, conversation, turn), last);
  return chat;
}

static const float *wanted_logits(const subject *s, size_t conversation, size_t turn, const char *which) {
  char name[32];
  snprintf(name, sizeof name, "%zu.%zu.%s", conversation, turn, which);
  const gaze_tensor *tensor = find_tensor(s->logits, name);
  assert_int_equal(gaze_tensor_count(tensor), s->assistant->decoder.config.vocabulary);
  return tensor->data;
}

static void check_rows(const subject *s, const gaze_chat *chat, const json_t *turn, size_t n) {
  const json_t *ids = json_object_get(turn, "ids");
  for (size_t i = 0; i < n && i < json_array_size(ids); i++) {
    int64_t wanted = json_integer_value(json_array_get(ids, i)), got = chat->prompt.keys[i];
    if ((got < 0 ? -1 : got) != wanted)
      fail_msg("%s, \"%s\": row %zu is %lld, not %lld", s->name, text_of(turn, "question"), i, (long long)got,
               (long long)wanted);
  }
  assert_int_equal(n, json_array_size(ids));
}

static void check_logits(const subject *s, size_t conversation, size_t turn, const char *which, const float *got) {
  double error =
      relative_error(got, wanted_logits(s, conversation, turn, which), s->assistant->decoder.config.vocabulary);
  if (!(error <= 1e-4))
    fail_msg("%s: %s logits of turn %zu of conversation %zu: relative error %g", s->name, which, turn, conversation,
             error);
}

static void check_turn(const subject *s, size_t conversation, size_t turn) {
  gaze_chat *chat = converse(s, conversation, turn, (gaze_answer_options){.max_tokens = 1});
  check_rows(s, chat, turn_of(s, conversation, turn), chat->prompt.n - 1);
  check_logits(s, conversation, turn, "first", s->assistant->logits);
  gaze_chat_free(chat);
  chat = converse(s, conversation, turn, (gaze_answer_options){0});
  check_logits(s, conversation, turn, "last", s->assistant->logits);
  gaze_chat_free(chat);
  gaze_chat_free(converse(s, conversation, turn, (gaze_answer_options){.look_up = true}));
}

static void check_turns(const subject *s) {
  for (size_t c = 0; c < json_array_size(s->conversations); c++)
    for (size_t t = 0; t < turns_of(s, c); t++)
      check_turn(s, c, t);
}

static void questions_are_answered_alike(void **state) {
  subject s;
  subject_open(&s, (size_t)(uintptr_t)*state, GAZE_PRECISION_F32);
  check_turns(&s);
  subject_close(&s);
}

/* A folder as two GGUF files; what has no template of its own is asked with LLaVA's. Of GGUF's Phi-3 special tokens
 * take the white space behind them, which LLaMA's tokenizer does not do. */
static void written_pairs_answer_alike(void **state) {
  for (size_t f = 0; f < FAMILIES; f++) {
    subject s;
    char file[64], *projector;
    gaze_assistant *assistant;
    const char *name = families[f][0];
    if (strstr(name, ".gguf") || f == LONGROPE)
      continue;
    snprintf(file, sizeof file, "%s.gguf", name);
    check(gaze_model_write_gguf(path_of(name), GAZE_TO_F16, test_path(file), &projector));
    snprintf(file, sizeof file, "mmproj-%s-f16.gguf", name);
    assert_string_equal(projector, test_path(file));
    gaze_assistant_options options = {.cache = GAZE_CACHE_F32, .projector = projector};
    options.chat_template = strcmp(name, "original") == 0 ? "vicuna-v1" : NULL;
    snprintf(file, sizeof file, "%s.gguf", name);
    check(gaze_assistant_open(test_path(file), &options, &assistant));
    subject_take(&s, f, assistant);
    check_turns(&s);
    subject_close(&s);
    free(projector);
  }
}

/* Of the last row of each conversation's first question. */
static void check_narrow_products(gaze_precision precision, double least) {
  for (size_t f = 0; f < FAMILIES; f++) {
    subject s;
    subject_open(&s, f, precision);
    for (size_t c = 0; c < json_array_size(s.conversations); c++) {
      gaze_chat *chat = converse(&s, c, 0, (gaze_answer_options){.max_tokens = 1});
      double found =
          cosine(s.assistant->logits, wanted_logits(&s, c, 0, "first"), s.assistant->decoder.config.vocabulary);
      if (!(found >= least))
        fail_msg("%s in precision %d: conversation %zu: cosine %.6f", s.name, (int)precision, c, found);
      gaze_chat_free(chat);
    }
    subject_close(&s);
  }
}

static void narrow_products_come_near(void **state) {
  check_narrow_products(GAZE_PRECISION_BF16, 0.999);
  check_narrow_products(GAZE_PRECISION_INT8, 0.995);
}

/* Rows of a question with pictures, read up to every seventh row and on from there. */
static void check_pieces(const subject *s, size_t conversation, size_t turn) {
  gaze_chat *chat = converse(s, conversation, turn, (gaze_answer_options){.max_tokens = 1});
  gaze_reading reading;
  gaze_prompt prompt = chat->prompt;
  size_t whole = chat->prompt.n - 1, read;
  check(gaze_reading_init(&reading, s->assistant));
  for (size_t end = 3; end < whole + 7; end += 7) {
    prompt.n = end < whole ? end : whole;
    check(gaze_reading_go_on(s->assistant, &reading, &prompt, gaze_chat_picture_rows, chat, NULL, s->assistant->logits,
                             &read));
    bool turns = prompt.n > reading.near && prompt.n - reading.near <= 7;
    assert_int_equal(read, turns || prompt.n < 7 ? prompt.n : prompt.n - (end - 7));
  }
  check_logits(s, conversation, turn, "first", s->assistant->logits);
  gaze_reading_fini(&reading);
  gaze_chat_free(chat);
}

static void pieces_are_read_as_the_whole(void **state) {
  for (size_t f = 0; f < FAMILIES; f++) {
    subject s;
    subject_open(&s, f, GAZE_PRECISION_F32);
    check_pieces(&s, 2, 0);
    check_pieces(&s, 3, 1);
    subject_close(&s);
  }
}

/* What cannot be read is refused when it is given, and the conversation goes on as if it had not been. */
static void pictures_that_cannot_be_read_are_refused(void **state) {
  subject s;
  subject_open(&s, LLAVA, GAZE_PRECISION_F32);
  gaze_chat *chat = converse(&s, 0, 0, (gaze_answer_options){0});
  check_fails(gaze_chat_add_picture(chat, "GIF89a", 6, "a.gif"), GAZE_ERR_UNSUPPORTED, "a.gif", NULL);
  check_fails(gaze_chat_add_picture_file(chat, path_of("llava.json")), GAZE_ERR_FORMAT, "llava.json", NULL);
  check_fails(gaze_chat_add_picture_file(chat, path_of("none.png")), GAZE_ERR_NOT_FOUND, "none.png", NULL);
  ask(&s, chat, turn_of(&s, 0, 1), (gaze_answer_options){0});
  gaze_chat_free(chat);
  subject_close(&s);
}

/* A picture that is lost behind a question's back; where it counts among others, the first one is seen as before. */
static void pictures_that_cannot_be_looked_at_are_forgotten(void **state) {
  subject s;
  gaze_answer answer;
  subject_open(&s, ONEVISION, GAZE_PRECISION_F32);
  gaze_chat *chat = converse(&s, 0, 0, (gaze_answer_options){0});
  check(gaze_chat_add_picture_file(chat, path_of("pictures/high.png")));
  chat->pictures[1].size = 40;
  gaze_chat_drop_pixels(&chat->pictures[1], 1); /* as where many wait: it is decoded anew */
  check_fails(gaze_chat_ask(chat, "What?", NULL, &answer), GAZE_ERR_FORMAT, "high.png", NULL);
  ask(&s, chat, turn_of(&s, 0, 1), (gaze_answer_options){0});
  gaze_chat_free(chat);
  subject_close(&s);
}

/* Where the first picture's rows change with the second, which waits for a question that is short enough. */
static void pictures_wait_for_a_shorter_question(void **state) {
  subject s;
  gaze_answer answer;
  static char question[2000];
  memset(question, '1', sizeof question - 1);
  subject_open(&s, ONEVISION, GAZE_PRECISION_F32);
  gaze_assistant_close(s.assistant);
  s.assistant = open_assistant("onevision", (gaze_assistant_options){.cache = GAZE_CACHE_F32, .context = 200});
  gaze_chat *chat = converse(&s, 3, 0, (gaze_answer_options){0});
  json_t *turn = json_deep_copy(turn_of(&s, 3, 1));
  add_pictures(chat, turn);
  json_array_clear(json_object_get(turn, "pictures"));
  check_fails(gaze_chat_ask(chat, question, NULL, &answer), GAZE_ERR_LIMIT, "question too long", NULL);
  ask(&s, chat, turn, (gaze_answer_options){0});
  json_decref(turn);
  gaze_chat_free(chat);
  subject_close(&s);
}

static void long_questions_leave_the_conversation_as_it_was(void **state) {
  subject s;
  gaze_answer answer;
  static char question[2000];
  memset(question, 'w', sizeof question - 1);
  subject_open(&s, LLAVA, GAZE_PRECISION_F32);
  gaze_assistant_close(s.assistant);
  s.assistant = open_assistant("llava", (gaze_assistant_options){.cache = GAZE_CACHE_F32, .context = 128});
  gaze_chat *chat = converse(&s, 0, 0, (gaze_answer_options){0});
  check_fails(gaze_chat_ask(chat, question, NULL, &answer), GAZE_ERR_LIMIT, "question too long", "--context", NULL);
  ask(&s, chat, turn_of(&s, 0, 1), (gaze_answer_options){0});
  gaze_chat_free(chat);
  subject_close(&s);
}

/* Forgetting gives the same as never having known. */
static void a_cleared_conversation_begins_anew(void **state) {
  subject s;
  subject_open(&s, ONEVISION, GAZE_PRECISION_F32);
  gaze_chat *chat = converse(&s, 3, 1, (gaze_answer_options){0});
  gaze_chat_clear(chat);
  ask(&s, chat, turn_of(&s, 0, 0), (gaze_answer_options){0});
  ask(&s, chat, turn_of(&s, 0, 1), (gaze_answer_options){0});
  gaze_chat_free(chat);
  subject_close(&s);
}

/* The answer went beyond what near factors serve: its rows are kept as they were turned, and forgotten with it. */
static void far_rows_are_kept_and_forgotten(void **state) {
  subject s;
  gaze_chat *again;
  subject_open(&s, LONGROPE, GAZE_PRECISION_F32);
  gaze_chat *chat = converse(&s, 0, 0, (gaze_answer_options){0});
  assert_true(chat->reading.far);
  check(gaze_chat_save(chat, test_path("far.chat")));
  check(gaze_chat_new(s.assistant, NULL, &again));
  check(gaze_chat_load(again, test_path("far.chat")));
  assert_true(again->reading.far && again->reading.cache->used > again->reading.near);
  ask(&s, again, turn_of(&s, 0, 1), (gaze_answer_options){0});
  gaze_chat_clear(again);
  ask(&s, again, turn_of(&s, 0, 0), (gaze_answer_options){0});
  gaze_chat_free(again);
  gaze_reading_cut(&chat->reading, 20); /* too few to be far */
  check(gaze_chat_save(chat, test_path("near.chat")));
  check(gaze_chat_new(s.assistant, NULL, &again));
  check(gaze_chat_load(again, test_path("near.chat")));
  assert_int_equal(again->reading.cache->used, 0);
  ask(&s, again, turn_of(&s, 0, 1), (gaze_answer_options){0});
  gaze_chat_free(again);
  gaze_chat_free(chat);
  subject_close(&s);
}

int main(void) {
  static const struct CMUnitTest more[] = {
      cmocka_unit_test_setup_teardown(written_pairs_answer_alike, make_folder, remove_folder),
      cmocka_unit_test(narrow_products_come_near),
      cmocka_unit_test(pieces_are_read_as_the_whole),
      cmocka_unit_test(pictures_that_cannot_be_read_are_refused),
      cmocka_unit_test(pictures_that_cannot_be_looked_at_are_forgotten),
      cmocka_unit_test(pictures_wait_for_a_shorter_question),
      cmocka_unit_test(long_questions_leave_the_conversation_as_it_was),
      cmocka_unit_test(a_cleared_conversation_begins_anew),
      cmocka_unit_test_setup_teardown(far_rows_are_kept_and_forgotten, make_folder, remove_folder)};
  struct CMUnitTest tests[FAMILIES + sizeof more / sizeof *more];
  for (size_t i = 0; i < FAMILIES; i++)
    tests[i] = (struct CMUnitTest){
        .name = families[i][0], .test_func = questions_are_answered_alike, .initial_state = (void *)(uintptr_t)i};
  memcpy(tests + FAMILIES, more, sizeof more);
  return cmocka_run_group_tests_name("assistants", tests, NULL, NULL);
}
