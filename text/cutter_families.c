#include "text/cutter_families.h"

#include <stdlib.h>
#include <string.h>

#define ENDINGS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
#define SPACES "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define LLAMA3_PATTERN ENDINGS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACES
#define QWEN2_PATTERN ENDINGS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACES
#define QWEN35_PATTERN \
  ENDINGS "[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" SPACES
#define CAPITALS "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define SMALL "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define TEKKEN_PATTERN                                                                      \
  "[^\\r\\n\\p{L}\\p{N}]?" CAPITALS "*" SMALL "+|[^\\r\\n\\p{L}\\p{N}]?" CAPITALS "+" SMALL \
  "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES
/* Letters that have a case, as the model's own expression lists them. */
#define CASED_LETTERS                                                                                 \
  "A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF"        \
  "\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5"   \
  "\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA"       \
  "\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45"       \
  "\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE"         \
  "\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102" \
  "\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139"          \
  "\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3"   \
  "\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06"       \
  "\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\U00010400-\U0001044F\U000104B0-\U000104D3"                 \
  "\U000104D8-\U000104FB\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF"              \
  "\U0001E900-\U0001E943"
#define CHINESE "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+"

enum { PATTERNS_MAX = 6, NAMES_MAX = 12 };

typedef struct family {
  const char *names[NAMES_MAX + 1];
  const char *patterns[PATTERNS_MAX + 1]; /* applied in this order, each to the pieces of the one before */
  bool whole_first, starts;
} family;

static const family families[] = {
    {.names = {"gpt-2", "gpt2", "mpt", "olmo", "phi-2", "jais", "trillion", "modern-bert"},
     .patterns = {GAZE_GPT2_PATTERN}},
    {.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"},
     .patterns = {LLAMA3_PATTERN},
     .whole_first = true,
     .starts = true},
    {.names = {"dbrx", "smaug-bpe"}, .patterns = {LLAMA3_PATTERN}},
    {.names = {"qwen2", "stablelm2", "deepseek-r1-qwen", "megrez"}, .patterns = {QWEN2_PATTERN}},
    {.names = {"qwen35"}, .patterns = {QWEN35_PATTERN}},
    {.names = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"},
     .patterns = {"\\p{N}", GAZE_GPT2_PATTERN}},
    {.names = {"deepseek-llm"},
     .patterns = {"[\\r\\n]", "\\s?[" CASED_LETTERS "]+",
                  "\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+", "\\s+$", CHINESE, "\\p{N}"}},
    {.names = {"deepseek-coder"}, .patterns = {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CHINESE, "\\p{N}"}},
    {.names = {"deepseek-v3", "hunyuan-dense"},
     .patterns = {"\\p{N}{1,3}", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
                  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
                  "?[\\p{P}\\p{S}]+[\\r\\n]*" SPACES}},
    {.names = {"tekken"}, .patterns = {TEKKEN_PATTERN}, .whole_first = true, .starts = true},
    {.names = {"default"}, .patterns = {"[\\p{P}\\$\\+<=>\\^~\\|]+", GAZE_GPT2_PATTERN, "\\p{N}+", "[0-9][0-9][0-9]"}},
};

static const family *find_family(const char *name, size_t size) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    for (const char *const *known = families[i].names; *known; known++)
      if (strlen(*known) == size && !memcmp(*known, name, size))
        return &families[i];
  return NULL;
}

bool gaze_cutter_add_family(gaze_cutter *cutter, const char *name, size_t size, gaze_cutter_family *out) {
  const family *found = find_family(name, size);
  if (!found)
    return false;
  gaze_cutter_step *step = NULL;
  for (const char *const *text = found->patterns; *text; text++) {
    step = gaze_cutter_add(cutter, GAZE_CUT_PATTERN);
    step->matches = GAZE_CUT_ISOLATED;
    if (!gaze_pattern_read(&step->pattern, *text))
      abort(); /* it reads its own patterns */
  }
  step->kind = GAZE_CUT_BYTES;
  step->sign = ' ';
  *out = (gaze_cutter_family){found->whole_first, found->starts};
  return true;
}

const char *gaze_cutter_family_pattern(const char *name) {
  const family *found = find_family(name, strlen(name));
  return found ? found->patterns[0] : NULL;
}

static bool same_atom(const gaze_pattern *p, const gaze_pattern_atom *a, const gaze_pattern *q,
                      const gaze_pattern_atom *b) {
  bool same = a->ascii[0] == b->ascii[0] && a->ascii[1] == b->ascii[1] && a->categories == b->categories &&
              a->space == b->space && a->property == b->property && a->inverted == b->inverted &&
              a->opens == b->opens && a->front == b->front && a->behind == b->behind && a->least == b->least &&
              a->most == b->most && a->n_ranges == b->n_ranges;
  for (size_t i = 0; same && i < a->n_ranges; i++)
    same = p->ranges[a->first + i].low == q->ranges[b->first + i].low &&
           p->ranges[a->first + i].high == q->ranges[b->first + i].high;
  return same;
}

static bool same_pattern(const gaze_pattern *p, const gaze_pattern *q) {
  bool same = p->n == q->n;
  for (size_t i = 0; same && i < p->n; i++)
    same = same_atom(p, &p->atoms[i], q, &q->atoms[i]);
  return same;
}

/* tokenizers' Digits and an expression for a digit are the same. */
static bool same_step(const gaze_cutter_step *own, const gaze_cutter_step *of_family) {
  gaze_pattern digit;
  if (own->matches != GAZE_CUT_ISOLATED || own->inverted || own->whole || own->prefix != GAZE_PREFIX_NEVER)
    return false;
  bool digits = own->pattern.n == 1 && own->pattern.atoms[0].property == gaze_point_is_number &&
                gaze_pattern_read(&digit, "\\p{N}");
  return same_pattern(digits ? &digit : &own->pattern, &of_family->pattern);
}

const char *gaze_cutter_find_family(const gaze_cutter *cutter, bool whole_first) {
  size_t n = cutter->n;
  const gaze_cutter_step *last = n ? &cutter->steps[n - 1] : NULL;
  if (!last || last->kind != GAZE_CUT_BYTES)
    return NULL;
  n -= last->whole && last->prefix == GAZE_PREFIX_NEVER; /* it cuts nothing */
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    gaze_cutter known = {.n = 0};
    gaze_cutter_family ignored;
    const char *name = families[i].names[0];
    gaze_cutter_add_family(&known, name, strlen(name), &ignored);
    bool same = families[i].whole_first == whole_first && known.n == n;
    for (size_t k = 0; same && k < n; k++)
      same = same_step(&cutter->steps[k], &known.steps[k]);
    if (same)
      return name;
  }
  return NULL;
}
