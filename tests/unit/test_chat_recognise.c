#include "text/chat_jinja.h"

#include "core/base/file.h"
#include "core/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"

#define CHATML                                                                                                         \
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" \
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

static gaze_err read(const char *jinja, gaze_chat_template *chat) {
  return gaze_chat_template_read(jinja, strlen(jinja), "test", chat);
}

static void check_known(const char *jinja, const char *name, const char *system, bool starts) {
  gaze_chat_template chat;
  assert_int_equal(read(jinja, &chat), GAZE_OK);
  assert_string_equal(gaze_chat_template_name(&chat), name);
  assert_string_equal(chat.system ? chat.system : "none", system ? system : "none");
  assert_int_equal(gaze_chat_template_starts(&chat), starts);
  gaze_chat_template_fini(&chat);
}

static void check_refused(const char *jinja, gaze_err err) {
  gaze_chat_template chat;
  check_fails(read(jinja, &chat), err, "--template", NULL);
  gaze_chat_template_fini(&chat);
}

static void wordings(void **state) {
  check_known(CHATML, "chatml", NULL, false);
  check_known("{{ bos_token }}" CHATML, "chatml", NULL, true);
  check_known("{# a note: '<|user|>' #}" CHATML "\n", "chatml", NULL, false);
  check_known("{% if tools %}{{ '<tools>' }}{% else %}{% if messages[0].role != \"system\" %}"
              "{{ \"<|im_start|>system\\nIt's \\\"me\\\".<|im_end|>\\n\" }}{% endif %}{% endif %}" CHATML,
              "chatml", "It's \"me\".", false);
}

/* A small change of what is written, or of when, is another template. */
static void what_is_not_known(void **state) {
  const char *const changes[][2] = {
      {"<|im_end|>\\n", "<|im_end|>\\n\\n"},
      {"<|im_end|>", "<|im_stop|>"},
      {"assistant\\n", "assistant\\nSure:"},
      {"message['content']", "message['content'].lower()"},
      {"message['content']", "message['content'].strip()"},
      {"{% endfor %}", "{{ eos_token }}{% endfor %}"},
      {"{% endfor %}", "{{ date }}{% endfor %}"},
      {"{% endfor %}", " {% endfor %}"},
      {"{% endfor %}", "{{ '[INST]' }}{% endfor %}"},
      {"{{ '<|im_start|>' ", "{{ ' <|im_start|>' "},
      {"{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}", ""},
  };
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    char jinja[1000] = CHATML, rest[1000];
    char *at = strstr(jinja, changes[i][0]);
    assert_non_null(at);
    strcpy(rest, at + strlen(changes[i][0]));
    strcpy(at, changes[i][1]);
    strcat(jinja, rest);
    check_refused(jinja, GAZE_ERR_UNSUPPORTED);
  }
  check_refused("", GAZE_ERR_UNSUPPORTED);
  check_refused("{{ messages }}", GAZE_ERR_UNSUPPORTED);
}

static void broken_texts(void **state) {
  const char *const texts[] = {
      "{{ 'a", "{{ x", "{% if x %}",   "{# x",   "{{ raise_exception('a'", "{% for m in x %}", "{% else %}", "{{ 'a\\",
      "{%",    "{{",   "{% elif x %}", "{% set", "{% if a %}{{ -"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    check_refused(texts[i], GAZE_ERR_FORMAT);
  char deep[65 * 10 + 1] = "";
  for (int i = 0; i < 65; i++)
    strcat(deep, "{% if a %}");
  check_refused(deep, GAZE_ERR_FORMAT);
}

static void names(void **state) {
  char *list;
  gaze_chat_template chat;
  assert_int_equal(gaze_chat_template_names(&list), GAZE_OK);
  assert_non_null(strstr(list, "chatml, "));
  assert_null(strstr(strstr(list, "phi-3") + 1, "phi-3"));
  free(list);
  check_fails(gaze_chat_template_find("chatlm", &chat), GAZE_ERR_NOT_FOUND, "chatlm", "there are smolvlm", NULL);
  gaze_chat_template_fini(&chat);
  assert_int_equal(gaze_chat_template_find("llama-3", &chat), GAZE_OK);
  assert_string_equal(gaze_chat_template_stops(&chat)[0], "<|eot_id|>");
  assert_null(gaze_chat_template_stops(&chat)[1]);
  gaze_chat_template_fini(&chat);
}

static void check_folder(const char *name) {
  gaze_chat_template chat;
  assert_int_equal(gaze_chat_template_open(test_folder, &chat), GAZE_OK);
  assert_string_equal(gaze_chat_template_name(&chat), name);
  gaze_chat_template_fini(&chat);
}

#define SOLAR                                                                                                     \
  "{% for m in messages %}{% if m['role'] == 'system' %}{{ '### System:\\n' + m['content'] + '\\n\\n' }}{% elif " \
  "m['role'] == 'user' %}{{ '### User:\\n' + m['content'] + '\\n\\n' }}{% else %}{{ '### Assistant:\\n' + "       \
  "m['content'] }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '### Assistant:\\n' }}{% endif %}"

static void save(const char *name, json_t *value) {
  json_t *json = json_pack("{so}", "chat_template", value);
  assert_int_equal(gaze_json_save(test_path(name), json), GAZE_OK);
  json_decref(json);
}

static void files_of_a_folder(void **state) {
  gaze_chat_template chat;
  check_fails(gaze_chat_template_open(test_folder, &chat), GAZE_ERR_NOT_FOUND, "neither", "--template", NULL);
  save("tokenizer_config.json", json_null());
  check_fails(gaze_chat_template_open(test_folder, &chat), GAZE_ERR_NOT_FOUND, "tokenizer_config.json", NULL);
  save("tokenizer_config.json", json_integer(3));
  check_fails(gaze_chat_template_open(test_folder, &chat), GAZE_ERR_FORMAT, "tokenizer_config.json", NULL);
  save("tokenizer_config.json",
       json_pack("[{ssss}{ssss}]", "name", "tool_use", "template", "x", "name", "default", "template", SOLAR));
  check_folder("solar");
  save("chat_template.json", json_string(CHATML));
  check_folder("chatml");
  write_text(test_path("chat_template.jinja"), SOLAR);
  check_folder("solar");
  write_text(test_path("chat_template.jinja"), "Hello");
  check_fails(gaze_chat_template_open(test_folder, &chat), GAZE_ERR_UNSUPPORTED, "chat_template.jinja", NULL);
}

static void check_written(const gaze_chat_template *chat) {
  char *jinja;
  gaze_chat_template again;
  assert_int_equal(gaze_chat_jinja_write(chat, "<image>", &jinja), GAZE_OK);
  assert_int_equal(!jinja, gaze_chat_template_thinks(chat));
  if (!jinja)
    return;
  assert_int_equal(read(jinja, &again), GAZE_OK);
  assert_string_equal(gaze_chat_template_name(&again), gaze_chat_template_name(chat));
  assert_string_equal(again.system ? again.system : "none", chat->system ? chat->system : "none");
  assert_true(again.starts == chat->starts && again.trims == chat->trims);
  *strstr(jinja, "message['role']") = 'M'; /* a change, and it is a stranger */
  gaze_chat_template_fini(&again);
  assert_int_not_equal(read(jinja, &again), GAZE_OK);
  gaze_chat_template_fini(&again);
  free(jinja);
}

/* What gaze writes it knows again, with a system text of its own, too. */
static void written_texts_are_known(void **state) {
  char own[] = "It's\\me,\n{{ you }} \xc3\xa9", nothing[] = "";
  char *const systems[] = {NULL, own, nothing};
  for (const gaze_chat_format *format = gaze_chat_formats; format->name; format++)
    for (size_t i = 0; i < (format->flags & GAZE_CHAT_SYSTEM_NONE ? 1u : 3u); i++)
      for (unsigned starts = 0; starts < 2; starts++) {
        const gaze_chat_template chat = {
            .format = format, .system = systems[i], .starts = starts, .trims = format->trims};
        check_written(&chat);
      }
}

/* Texts of data whose renderings are transformers' (test_chat_template). */
static void texts_are_written_so(void **state) {
  static const char *const names[] = {"chatml", "llama-2", "mistral-v3", "phi-3", "smolvlm", "vicuna-v1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[600], *jinja;
    uint8_t *wanted;
    size_t size;
    gaze_chat_template chat;
    snprintf(path, sizeof path, "%s/tests/golden/chat_templates/written-%s.jinja", getenv("GAZE_SOURCE_ROOT"),
             names[i]);
    assert_int_equal(gaze_chat_template_find(names[i], &chat), GAZE_OK);
    assert_int_equal(gaze_chat_jinja_write(&chat, "<image>", &jinja), GAZE_OK);
    if (getenv("GAZE_WRITE"))
      write_text(path, jinja);
    assert_int_equal(gaze_file_read(path, 1 << 16, &wanted, &size), GAZE_OK);
    assert_int_equal(size, strlen(jinja));
    assert_memory_equal(wanted, jinja, size);
    free(wanted);
    free(jinja);
    gaze_chat_template_fini(&chat);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wordings),
      cmocka_unit_test(what_is_not_known),
      cmocka_unit_test(broken_texts),
      cmocka_unit_test(names),
      cmocka_unit_test(files_of_a_folder),
      cmocka_unit_test(written_texts_are_known),
      cmocka_unit_test(texts_are_written_so),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
