"""Tokenizers of language decoders: one small vocabulary, cut as each family cuts, and the ids and texts that the
reference implementations give. Written with tokenizers 0.23, transformers 5, sentencepiece 0.2, gguf 0.19.

data/tokenizer_decoders/
    model.json      "model" of every family of bytes: its merges cross words, so that each cut shows in the ids
    bytes.gguf      the same vocabulary, whose tokenizer.ggml.pre the tests exchange
    llama.gguf      a SentencePiece model; pieces.json: the same as "model" of a tokenizer.json
    gpt2/ qwen2/    vocab.json and merges.txt as transformers' classes read them
    families.json   {FAMILY: {"rest": tokenizer.json without its model, "model": "bytes" or "pieces", "pre": its names in
                    GGUF, "ids": [...], "plain": [...], "said": [...]}}: per text its ids, those where special tokens are
                    text (null: the same), and what they say (null: the text, false: not
                    kept); of lists longer than LONG length and hash
    texts.json      [{text or hex, times}], [[ids, said by bytes, said by pieces, said by Metaspace]] of ids by chance
"""

import json
import os
import random
import sys
from collections import Counter

from tokenizer import BROKEN, NASTY
from tokenizer_kinds import MORE, SIGN, corpus, merges_of, proto_of, save_config, train_pieces

HERE = os.path.dirname(os.path.abspath(__file__))
LONG, SEED, MERGES = 16, 5, 500
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|eot_id|>"]
ADDED = ["<tool>", "    "]

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
ENDINGS, SPACES = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|", r"|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = ENDINGS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES
QWEN2 = ENDINGS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
          r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACES)
CASED = ("A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481"
         "\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57"
         "\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d"
         "\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787"
         "\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
         "\U0001e900-\U0001e943")
CHINESE = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
SIGNS = "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
DEEPSEEK3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" + SPACES

TEXTS = [
    "It's IT'S we'Re they'LL I'\u017f 'S's ''s don't", "x = 10000 + 42; // 3.14159 ２０２６ ½¾ ⅻ 1234567890123", "def f(x):\n    return x  # odd\n\n\n\tprint( x )\r\n\r\n", "  \n  \n\nend  ", "a \n", "a\n ", " \u00a0\u3000x\u2003\ty", "...\n\n!!!\r\n??", "hello\x00\x01\x02world",
    "<|im_start|>user\nHello<|im_end|>", "a<tool>b <|eot_id|> <|endoftext|>x    y", "<|im_st", "<|endoftext|><|endoftext|>", "XMLHttpRequest camelCase ÜBERgroß İstanbul ǅ", "e\u0301a\u0300 \u0301\u0302 a\u20dd", "$100 €50 +=~^|<>`", "#hash @user /path/to \\x", "다. 안녕하세요?! 漢字とかな、カナ。中文；测试",
    "\u2028\u2029\x85\x0b\x0c", "\U0001f468\u200d\U0001f469\u200d\U0001f467 👍🏽", "Ꭰꭰ𐐀𐐨 Աա Გ ა ᲐΩKÅ",
]
LONG_TEXTS = [("ab", 5000), ("the cat 12 ", 1000), (" \n", 5000), ("!?", 5000), ("\t", 10000), ("漢字", 5000), ("👍", 2500), ("a 1! ", 2000), ("한", 3334)]


def bytes_of(text):
    from tokenizers import pre_tokenizers

    return "".join(piece for piece, _ in pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text))


def learn():
    """Merges of the bytes of whole texts; of pairs as frequent the one of least spelling."""
    from tokenizers import pre_tokenizers

    chance = random.Random(SEED)
    texts = [text for text in (*corpus()[::9], *TEXTS, *NASTY[:60]) if "<|" not in text]
    joined = "".join(text + chance.choice(["\n", "\n\n", " ", "  ", "\r\n", "\t", " 123", "'s ", ".\n", " 20 "]) for text in texts)
    row, merges = list(bytes_of(joined)), []
    for _ in range(MERGES):
        pairs = Counter(zip(row, row[1:]))
        (left, right), n = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        merges.append((left, right))
        new, i = [], 0
        while i < len(row):
            both = i + 1 < len(row) and row[i] == left and row[i + 1] == right
            new.append(left + right if both else row[i])
            i += 2 if both else 1
        row = new
    spellings = dict.fromkeys([*sorted(pre_tokenizers.ByteLevel.alphabet()), *(left + right for left, right in merges)])
    return {spelling: i for i, spelling in enumerate(spellings)}, merges


def families():
    """{name: (pre_tokenizer, normalizer, model's options, names in GGUF)}."""
    from tokenizers import Regex, normalizers, pre_tokenizers

    def splits(*patterns, last=None, digits=False):
        steps = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
        steps += [pre_tokenizers.Digits(individual_digits=True)] if digits else []
        return pre_tokenizers.Sequence([*steps, last or pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])

    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    chinese = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
    return {
        "gpt2": (gpt2, None, {}, ["gpt-2", "phi-2"]), "gpt2_prefix": (pre_tokenizers.ByteLevel(add_prefix_space=True), None, {}, []),
        "llama3": (splits(LLAMA3), None, {"ignore_merges": True}, ["llama-bpe"]), "phi4": (splits(LLAMA3), None, {}, ["dbrx"]),
        "qwen2": (splits(QWEN2), normalizers.NFC(), {}, []), "qwen2_bare": (splits(QWEN2), None, {}, ["qwen2"]),
        "deepseek_llm": (splits(r"[\r\n]", rf"\s?[{CASED}]+", SIGNS, r"\s+$", CHINESE, digits=True), None, {}, ["deepseek-llm"]),
        "deepseek_coder": (splits(r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", CHINESE, digits=True), None, {}, ["deepseek-coder"]),
        "deepseek_v3": (splits(r"\p{N}{1,3}", chinese, DEEPSEEK3), None, {}, ["deepseek-v3"]),
        "smollm": (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2]), None, {}, ["smollm", "exaone"]),
        "tekken": (splits(TEKKEN), None, {"ignore_merges": True}, ["tekken"]),
        "default": (splits(r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"), None, {}, ["default"]),
    }


def bytes_tokenizer(vocabulary, merges, family):
    from tokenizers import AddedToken, Tokenizer, decoders, models, processors

    cut, normalizer, options, _ = family
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, **options))
    tokenizer.pre_tokenizer, tokenizer.decoder = cut, decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in ADDED])
    first = tokenizer.token_to_id(SPECIAL[0])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(f"{SPECIAL[0]} $A", f"{SPECIAL[0]} $A {SPECIAL[0]} $B", [(SPECIAL[0], first)])])
    return tokenizer


def piece_tokenizers(proto):
    """LLaMA's older way, its newer, Phi-3's, and Metaspace both ways."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary = {p.piece: i for i, p in enumerate(proto.pieces)}
    row = [decoders.Replace(SIGN, " "), decoders.ByteFallback(), decoders.Fuse()]
    older = normalizers.Sequence([normalizers.Prepend(SIGN), normalizers.Replace(" ", SIGN)])
    newer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    always = pre_tokenizers.Metaspace(prepend_scheme="always")
    kinds = {"llama": (older, None, decoders.Sequence([*row, decoders.Strip(" ", 1, 0)])), "llama_first": (None, newer, decoders.Sequence([*row, decoders.Strip(" ", 1, 0)])),
             "phi3": (older, None, decoders.Sequence([*row, decoders.Strip(" ", 1, 0)])), "metaspace": (None, always, decoders.Metaspace(prepend_scheme="always"))}
    for name, (normalizer, cut, decoder) in kinds.items():
        tokenizer = Tokenizer(models.BPE(vocabulary, merges_of(proto), unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        if normalizer:
            tokenizer.normalizer = normalizer
        if cut:
            tokenizer.pre_tokenizer = cut
        tokenizer.decoder = decoder
        tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", 1)])
        tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in ("<unk>", "<s>", "</s>")])
        if name == "phi3":
            tokenizer.add_special_tokens([AddedToken(text, normalized=False, rstrip=True, special=True) for text in ("<|im_end|>", "<|im_start|>")])
        yield name, tokenizer


def fnv(ids):
    hash = 0xCBF29CE484222325
    for id in ids:
        hash = (hash ^ id) * 0x100000001B3 % 2**64
    return {"n": len(ids), "hash": f"{hash:016x}"} if len(ids) > LONG else ids


def results(tokenizer, texts):
    """Ids, those of plain text where they differ, what is said where it differs."""
    ids = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    said = [tokenizer.decode(list) for list in ids]
    tokenizer.encode_special_tokens = True
    plain = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    tokenizer.encode_special_tokens = False
    return {"ids": [fnv(list) for list in ids], "plain": [None if a == b else fnv(a) for a, b in zip(plain, ids)], "said": [None if a == b else a if len(a) < 300 else False for a, b in zip(said, texts)]}


def write_gguf(path, model, tokens, kinds, scores=None, merges=None, **more):
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    if scores:
        writer.add_token_scores(scores)
    if merges:
        writer.add_token_merges([" ".join(pair) for pair in merges])
    for key, value in more.items():
        getattr(writer, "add_" + key)(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def dump(path, value):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=True, separators=(",", ":"))
        out.write("\n")


def write_pairs(root, vocabulary, merges, texts):
    """vocab.json with merges.txt, by transformers' classes."""
    import transformers

    for name, kind in (("gpt2", "GPT2Tokenizer"), ("qwen2", "Qwen2Tokenizer")):
        folder = os.path.join(root, name)
        os.makedirs(folder, exist_ok=True)
        dump(os.path.join(folder, "vocab.json"), {**vocabulary, SPECIAL[0]: len(vocabulary)})
        with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as out:
            out.write("#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges))
        added = {str(len(vocabulary) + i): {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True} for i, text in enumerate(SPECIAL[:3])}
        save_config(folder, tokenizer_class=kind, bos_token=None if name == "qwen2" else SPECIAL[0], eos_token=SPECIAL[2], pad_token=SPECIAL[0], unk_token=SPECIAL[0], add_prefix_space=False,
                    added_tokens_decoder=added)
        tokenizer = getattr(transformers, kind).from_pretrained(folder)
        yield name + "_pair", {"ids": [fnv(tokenizer.encode(text, add_special_tokens=False)) for text in texts]}


def chances(decoders, size):
    """Rows of ids, many of them single bytes, and what they say."""
    chance = random.Random(SEED)
    for _ in range(150):
        ids = [chance.randrange(3, 259) if chance.random() < 0.6 else chance.randrange(size) for _ in range(chance.randrange(1, 9))]
        yield [ids, *(decoder.decode(ids) for decoder in decoders)]


def write(folder):
    root = os.path.join(folder, "tokenizer_decoders")
    os.makedirs(root, exist_ok=True)
    short = [text for text in NASTY + MORE + TEXTS if len(text) < 1000]
    texts = short + [text * times for text, times in LONG_TEXTS] + [text.decode("utf-8", errors="replace") for text in BROKEN]
    vocabulary, merges = learn()
    found, decoders = {}, []
    for name, family in families().items():
        tokenizer = bytes_tokenizer(vocabulary, merges, family)
        data = json.loads(tokenizer.to_str())
        model = {**data.pop("model"), "ignore_merges": False}
        data["ignore_merges"] = family[2].get("ignore_merges", False)
        found[name] = {"rest": data, "model": "bytes", "pre": family[3], **results(tokenizer, texts)}
        decoders = decoders or [tokenizer]
    dump(os.path.join(root, "model.json"), model)
    tokens = [*vocabulary, *SPECIAL, *ADDED]
    kinds = [1] * len(vocabulary) + [3] * len(SPECIAL) + [4] * len(ADDED)
    write_gguf(os.path.join(root, "bytes.gguf"), "gpt2", tokens, kinds, merges=merges, eos_token_id=len(vocabulary) + 2, bos_token_id=len(vocabulary), add_bos_token=True)
    path = os.path.join(root, "pieces.model")
    train_pieces(path, "bpe", 1300, byte_fallback=True, remove_extra_whitespaces=False, normalization_rule_name="identity")
    proto = proto_of(path)
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    os.remove(path)
    pieces = proto.pieces
    write_gguf(os.path.join(root, "llama.gguf"), "llama", [p.piece for p in pieces], [p.type for p in pieces], scores=[p.score for p in pieces], bos_token_id=1, eos_token_id=2, unk_token_id=0,
               add_bos_token=True, add_eos_token=False, add_space_prefix=True)
    for name, tokenizer in piece_tokenizers(proto):
        data = json.loads(tokenizer.to_str())
        pieces_model = data.pop("model")
        found[name] = {"rest": data, "model": "pieces", "pre": [], **results(tokenizer, texts)}
        decoders += [tokenizer] if name in ("llama", "metaspace") else []
    dump(os.path.join(root, "pieces.json"), pieces_model)
    found["sentencepiece"] = {"plain": [fnv(list) for list in processor.encode(texts)]}
    found.update(write_pairs(root, vocabulary, merges, texts))
    with open(os.path.join(root, "families.json"), "w", encoding="ascii") as out:
        out.write("{" + ",\n".join(json.dumps(name) + ":" + json.dumps(value, separators=(",", ":")) for name, value in found.items()) + "}\n")
    cases = [{"text": text} for text in short] + [{"text": text, "times": times} for text, times in LONG_TEXTS] + [{"hex": text.hex()} for text in BROKEN]
    dump(os.path.join(root, "texts.json"), {"texts": cases, "chances": list(chances(decoders, len(vocabulary)))})


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    write(os.path.join(HERE, "data"))
