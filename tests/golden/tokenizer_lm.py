"""A vocabulary for language models, learned plainly, and the tokenizer.json that the tokenizers library saves of it.

data/tokenizer_lm/merges.txt      of the sentences of data/tokenizer/texts.txt, two lines of them a text
data/tokenizer_lm/tokenizer.json  cut as Qwen2's tokenizer cuts
data/tokenizer_lm/ids.json        texts, and their ids
"""

import json
import os
import shutil

from tokenizer import HERE, NASTY, byte_letters, learn

SIZE, MIN_FREQUENCY = 800, 2
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>"]
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def texts():
    with open(os.path.join(HERE, "data", "tokenizer", "texts.txt"), encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    return ["\n".join(lines[i:i + 2]) for i in range(0, len(lines), 2)]


def make_tokenizer(merges):
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    spellings = list(byte_letters().values()) + [a + b for a, b in merges] + SPECIALS
    tokenizer = Tokenizer(models.BPE(vocab={text: i for i, text in enumerate(spellings)}, merges=merges,
                                     continuing_subword_prefix="", end_of_word_suffix=""))
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIALS])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    return tokenizer


def write(folder):
    """Fills folder/tokenizer_lm."""
    folder = os.path.join(folder, "tokenizer_lm")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    merges = learn(texts(), SIZE, MIN_FREQUENCY, PATTERN, False, "", 256 + len(SPECIALS))
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as out:
        out.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    tokenizer = make_tokenizer(merges)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as out:
        json.dump(json.loads(tokenizer.to_str()), out, ensure_ascii=False, separators=(",", ":"))
    said = [*texts()[:20], *[text for text in NASTY if len(text) < 60], "<|im_start|>user\n<image>\nHow many?<|im_end|>\n<|endoftext|>"]
    with open(os.path.join(folder, "ids.json"), "w", encoding="utf-8") as out:
        json.dump([[text, tokenizer.encode(text).ids] for text in said], out, ensure_ascii=False, indent=0)
        out.write("\n")
