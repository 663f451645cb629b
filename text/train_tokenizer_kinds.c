/* The kinds of tokenizers that can be learned, and what their files say besides vocabulary and merges. */
#include "text/cutter_families.h"
#include "text/tokenizer_parts.h"
#include "text/train_tokenizer.h"

#include <stdlib.h>
#include <string.h>

/* All of tokenizer.json but vocabulary, merges and ids: what transformers writes for CLIP. */
static const char clip_tokenizer[] =
    "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
    "{\"id\":0,\"content\":\"<|startoftext|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true},"
    "{\"id\":0,\"content\":\"<|endoftext|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true}],"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\" \"},{\"type\":\"Lowercase\"}]},"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
    "\"<\\\\|startoftext\\\\|>|<\\\\|endoftext\\\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|"
    "[^\\\\s\\\\p{L}\\\\p{N}]+\"},\"behavior\":\"Removed\",\"invert\":true},{\"type\":\"ByteLevel\","
    "\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}]},"
    "\"post_processor\":{\"type\":\"RobertaProcessing\",\"sep\":[\"<|endoftext|>\",0],\"cls\":[\"<|startoftext|>\",0],"
    "\"trim_offsets\":false,\"add_prefix_space\":false},"
    "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},"
    "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<|endoftext|>\",\"continuing_subword_prefix\":\"\","
    "\"end_of_word_suffix\":\"</w>\",\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false}}";

static const char clip_config[] =
    "{\"tokenizer_class\":\"CLIPTokenizer\",\"do_lower_case\":true,\"errors\":\"replace\","
    "\"add_prefix_space\":false,\"bos_token\":\"<|startoftext|>\",\"eos_token\":\"<|endoftext|>\","
    "\"pad_token\":\"<|endoftext|>\",\"unk_token\":\"<|endoftext|>\"}";

static const char clip_specials[] =
    "{\"bos_token\":\"<|startoftext|>\",\"eos_token\":\"<|endoftext|>\",\"pad_token\":\"<|endoftext|>\","
    "\"unk_token\":\"<|endoftext|>\"}";

#define ADDED(content)                                                               \
  "{\"id\":0,\"content\":\"" content                                                 \
  "\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false," \
  "\"special\":true}"
#define LM_ADDED ADDED(GAZE_TOKEN_END) "," ADDED("<|im_start|>") "," ADDED("<|im_end|>") "," ADDED("<image>")
#define BYTES "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,\"use_regex\":false}"
#define BYTES_DECODER "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}"

/* As Qwen2's: case and spaces stay, every digit is a piece of its own. The pattern is put in. */
static const char lm_tokenizer[] =
    "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[" LM_ADDED "],"
    "\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":["
    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\"},\"behavior\":\"Isolated\",\"invert\":false}," BYTES "]},"
    "\"post_processor\":" BYTES ",\"decoder\":" BYTES_DECODER ",\"model\":{\"type\":\"BPE\",\"dropout\":null,"
    "\"unk_token\":null,\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":\"\",\"fuse_unk\":false,"
    "\"byte_fallback\":false,\"ignore_merges\":false}}";

/* ChatML, so that a model can be talked to. */
static const char lm_config[] =
    "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"add_prefix_space\":false,"
    "\"clean_up_tokenization_spaces\":false,\"eos_token\":\"<|endoftext|>\",\"pad_token\":\"<|endoftext|>\","
    "\"chat_template\":\"{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\\n' }}{% endif %}\"}";

static const char lm_specials[] = "{\"eos_token\":\"<|endoftext|>\",\"pad_token\":\"<|endoftext|>\"}";

static const gaze_learned_kind kinds[] = {{.name = "clip",
                                           .word_ends = true,
                                           .specials = {GAZE_TOKEN_START, GAZE_TOKEN_END},
                                           .tokenizer = clip_tokenizer,
                                           .config = clip_config,
                                           .specials_map = clip_specials},
                                          {.name = "lm",
                                           .family = "qwen2",
                                           .specials = {GAZE_TOKEN_END, "<|im_start|>", "<|im_end|>", "<image>"},
                                           .tokenizer = lm_tokenizer,
                                           .config = lm_config,
                                           .specials_map = lm_specials}};

gaze_err gaze_learned_kind_find(const char *name, const gaze_learned_kind **out) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, name) == 0) {
      *out = &kinds[i];
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_ARGUMENT, "unknown kind of tokenizer: %s: use clip or lm", name);
}

void gaze_learned_kind_rules(const gaze_learned_kind *kind, gaze_normalizer *normalizer, gaze_cutter *cutter) {
  gaze_cutter_family family;
  if (!kind->family) {
    gaze_tokenizer_set_clip_rules(normalizer, cutter);
    return;
  }
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_FORM)->form = GAZE_FORM_NFC;
  if (!gaze_cutter_add_family(cutter, kind->family, strlen(kind->family), &family))
    abort(); /* it is one of ours */
}
