#include "text/normalizer.h"

#include <string.h>

enum { GROWTH_MAX = 64 /* points made of one: more than any normal form, and an end to steps that multiply */ };

void gaze_normalizer_fini(gaze_normalizer *normalizer) {
  gaze_charsmap_fini(&normalizer->charsmap);
  gaze_trie_fini(&normalizer->fixed);
  normalizer->n = 0;
}

gaze_normalizer_step *gaze_normalizer_add(gaze_normalizer *normalizer, gaze_normalizer_kind kind) {
  if (normalizer->n == GAZE_NORMALIZER_STEPS_MAX)
    return NULL;
  gaze_normalizer_step *step = &normalizer->steps[normalizer->n++];
  memset(step, 0, sizeof *step);
  step->kind = kind;
  return step;
}

bool gaze_normalizer_set_text(gaze_normalizer_step *step, const char *text) {
  for (size_t rest = strlen(text), length; rest; rest -= length, text += length) {
    if (step->n_text == GAZE_NORMALIZER_TEXT_MAX)
      return false;
    length = gaze_point_decode((const uint8_t *)text, rest, &step->text[step->n_text++]);
  }
  return true;
}

bool gaze_normalizer_add_bert(gaze_normalizer *normalizer, bool clean, bool spread, bool strip, bool lower) {
  if (normalizer->n + 5 > GAZE_NORMALIZER_STEPS_MAX)
    return false;
  if (clean)
    gaze_normalizer_add(normalizer, GAZE_NORMALIZE_CLEAN);
  if (spread)
    gaze_normalizer_add(normalizer, GAZE_NORMALIZE_SPREAD);
  if (strip) {
    gaze_normalizer_add(normalizer, GAZE_NORMALIZE_FORM)->form = GAZE_FORM_NFD;
    gaze_normalizer_add(normalizer, GAZE_NORMALIZE_DROP_MARKS);
  }
  if (lower)
    gaze_normalizer_add(normalizer, GAZE_NORMALIZE_LOWER);
  return true;
}

static gaze_err strip(const gaze_normalizer_step *step, const int32_t *source, size_t n, gaze_points *out) {
  size_t start = 0;
  while (step->left && start < n && gaze_point_is_space(source[start]))
    start++;
  while (step->right && n > start && gaze_point_is_space(source[n - 1]))
    n--;
  return gaze_points_append(out, source + start, n - start);
}

static gaze_err replace(const gaze_normalizer_step *step, const int32_t *source, size_t n, gaze_points *out) {
  for (size_t i = 0, length; i < n; i += length) {
    length = gaze_pattern_match(&step->pattern, source, n, i);
    if (length) {
      GAZE_TRY(gaze_points_append(out, step->text, step->n_text));
    } else {
      GAZE_TRY(gaze_points_push(out, source[i]));
      length = 1;
    }
  }
  return GAZE_OK;
}

static gaze_err prepend(const gaze_normalizer_step *step, const int32_t *source, size_t n, gaze_points *out) {
  if (n)
    GAZE_TRY(gaze_points_append(out, step->text, step->n_text));
  return gaze_points_append(out, source, n);
}

/* A point, changed; -1: it goes. By tokenizers' Nmt. */
static int32_t nmt(int32_t point) {
  if ((point >= 1 && point <= 8) || point == 0xB || (point >= 0xE && point <= 0x1F) || point == 0x7F || point == 0x8F ||
      point == 0x9F)
    return -1;
  bool space = point == 9 || point == 0xA || point == 0xC || point == 0xD || point == 0x1680 ||
               (point >= 0x200B && point <= 0x200F) || point == 0x2028 || point == 0x2029 || point == GAZE_SPACE_SIGN ||
               point == 0xFEFF || point == 0xFFFD;
  return space ? ' ' : point;
}

static int32_t clean(int32_t point) {
  if (point == '\t' || point == '\n' || point == '\r')
    return ' ';
  if (!point || point == 0xFFFD || gaze_point_is_control(point))
    return -1;
  return gaze_point_is_space(point) ? ' ' : point;
}

static int32_t drop_mark(int32_t point) { return point >= 0x300 && gaze_point_is_mark(point, false) ? -1 : point; }

static int32_t drop_any_mark(int32_t point) { return point >= 0x300 && gaze_point_is_mark(point, true) ? -1 : point; }

static gaze_err change_each(int32_t (*change)(int32_t), const int32_t *source, size_t n, gaze_points *out) {
  for (size_t i = 0; i < n; i++) {
    int32_t point = change(source[i]);
    if (point >= 0)
      GAZE_TRY(gaze_points_push(out, point));
  }
  return GAZE_OK;
}

/* The blocks that BERT took for Chinese. */
static bool is_chinese(int32_t point) {
  return (point >= 0x4E00 && point <= 0x9FFF) || (point >= 0x3400 && point <= 0x4DBF) ||
         (point >= 0x20000 && point <= 0x2A6DF) || (point >= 0x2A700 && point <= 0x2B73F) ||
         (point >= 0x2B740 && point <= 0x2B81F) || (point >= 0x2B920 && point <= 0x2CEAF) ||
         (point >= 0xF900 && point <= 0xFAFF) || (point >= 0x2F800 && point <= 0x2FA1F);
}

static gaze_err spread(const int32_t *source, size_t n, gaze_points *out) {
  for (size_t i = 0; i < n; i++) {
    const int32_t spaced[] = {' ', source[i], ' '};
    bool chinese = is_chinese(source[i]);
    GAZE_TRY(gaze_points_append(out, chinese ? spaced : source + i, chinese ? 3 : 1));
  }
  return GAZE_OK;
}

/* Lower case first, which looks at the neighbours; then no punctuation of ASCII, runs of white space one space, and
 * none at the ends: as big_vision prepares prompts. */
static gaze_err canonicalize(const gaze_normalizer_step *step, const int32_t *source, size_t n, gaze_points *out) {
  size_t kept = 0;
  bool pending = false;
  GAZE_TRY(step->left ? gaze_points_lower_words(out, source, n) : gaze_points_append(out, source, n));
  for (size_t i = 0; i < out->n; i++) {
    int32_t point = out->at[i];
    bool space = gaze_point_is_python_space(point);
    pending = pending || (space && kept);
    if (space || (point < 0x80 && gaze_point_is_punctuation(point)))
      continue;
    if (pending)
      out->at[kept++] = ' ';
    pending = false;
    out->at[kept++] = point;
  }
  out->n = kept;
  return GAZE_OK;
}

static gaze_err lower(const int32_t *source, size_t n, gaze_points *out) {
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(gaze_points_lower(out, source[i]));
  return GAZE_OK;
}

static gaze_err run_step(const gaze_normalizer *normalizer, const gaze_normalizer_step *step, const int32_t *source,
                         size_t n, gaze_points *out) {
  switch (step->kind) {
  case GAZE_NORMALIZE_FORM:
    return gaze_points_form(out, source, n, step->form);
  case GAZE_NORMALIZE_LOWER:
    return lower(source, n, out);
  case GAZE_NORMALIZE_STRIP:
    return strip(step, source, n, out);
  case GAZE_NORMALIZE_DROP_MARKS:
    return change_each(step->left ? drop_any_mark : drop_mark, source, n, out);
  case GAZE_NORMALIZE_REPLACE:
    return replace(step, source, n, out);
  case GAZE_NORMALIZE_PREPEND:
    return prepend(step, source, n, out);
  case GAZE_NORMALIZE_NMT:
    return change_each(nmt, source, n, out);
  case GAZE_NORMALIZE_CHARSMAP:
    return gaze_normalize_charsmap(normalizer, source, n, out);
  case GAZE_NORMALIZE_CLEAN:
    return change_each(clean, source, n, out);
  case GAZE_NORMALIZE_SPREAD:
    return spread(source, n, out);
  case GAZE_NORMALIZE_CANONICAL:
    return canonicalize(step, source, n, out);
  case GAZE_NORMALIZE_SENTENCEPIECE:
    return gaze_normalize_sentencepiece(normalizer, source, n, out);
  }
  return GAZE_OK;
}

/* Whether what a step makes of source [n >= 1] begins with what source begins with, as tokenizers aligns the two: a
 * replacement counts as the last point of what it replaces. */
static bool keeps_front(const gaze_normalizer_step *step, const int32_t *source, size_t n) {
  size_t length;
  switch (step->kind) {
  case GAZE_NORMALIZE_STRIP:
    return !step->left || !gaze_point_is_space(source[0]);
  case GAZE_NORMALIZE_REPLACE:
    length = gaze_pattern_match(&step->pattern, source, n, 0);
    return length == 0 || (length == 1 && step->n_text);
  case GAZE_NORMALIZE_DROP_MARKS:
    return !gaze_point_is_mark(source[0], step->left);
  case GAZE_NORMALIZE_NMT:
    return nmt(source[0]) >= 0;
  case GAZE_NORMALIZE_CLEAN:
    return clean(source[0]) >= 0;
  default:
    return true;
  }
}

gaze_err gaze_normalize(const gaze_normalizer *normalizer, const int32_t *source, size_t n, gaze_points *out,
                        bool *front) {
  gaze_points spare = {0};
  out->n = 0;
  *front = true;
  gaze_err err = gaze_points_append(out, source, n);
  for (size_t i = 0; i < normalizer->n && err == GAZE_OK; i++) {
    spare.n = 0;
    *front = *front && (!out->n || keeps_front(&normalizer->steps[i], out->at, out->n));
    err = run_step(normalizer, &normalizer->steps[i], out->at, out->n, &spare);
    gaze_points_swap(out, &spare);
    if (err == GAZE_OK && out->n / GROWTH_MAX > n + 16)
      err =
          gaze_fail(GAZE_ERR_LIMIT, "a tokenizer makes more than %d characters of one: %zu of %zu: get its file again",
                    GROWTH_MAX, out->n, n);
  }
  gaze_points_fini(&spare);
  return err;
}
