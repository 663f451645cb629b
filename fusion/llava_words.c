/* What a model's folder says of words: its tokenizer, and the chat template it was trained with as a text that others
 * run, which puts pictures in their places. */
#include "core/base/file.h"
#include "fusion/llava.h"
#include "fusion/model_folder.h"
#include "text/chat_jinja.h"

#include <stdlib.h>
#include <string.h>

/* Whether the folder's own text looks for pictures among what is said. */
static gaze_err knows_pictures(const char *folder, bool *out) {
  char *jinja, *path;
  GAZE_TRY(gaze_chat_template_text(folder, &jinja, &path));
  *out = jinja && strstr(jinja, "image");
  free(jinja);
  free(path);
  return GAZE_OK;
}

static gaze_err save_template(const gaze_assistant *words, const char *folder) {
  char *jinja, *path;
  const char *image = gaze_tokenizer_text(words->tokenizer, words->image_token);
  GAZE_TRY(gaze_chat_jinja_write(&words->chat, image ? image : "<image>", &jinja));
  if (!jinja)
    return GAZE_OK;
  gaze_err err = gaze_path_join(folder, "chat_template.jinja", &path);
  if (err == GAZE_OK) {
    err = gaze_file_replace(path, jinja, strlen(jinja));
    free(path);
  }
  free(jinja);
  return err;
}

gaze_err gaze_llava_save_words(const gaze_assistant *words, bool chosen, const char *folder) {
  bool whole = false;
  GAZE_TRY(gaze_tokenizer_copy(words->path, folder));
  if (!words->chat.format)
    return GAZE_OK;
  if (!chosen)
    GAZE_TRY(knows_pictures(words->path, &whole));
  return whole ? GAZE_OK : save_template(words, folder);
}
