"""Small tokenizers of every kind but CLIP's, and the ids that their reference implementations give. Written with
tokenizers 0.23, transformers 5 and sentencepiece 0.2.

data/tokenizer_kinds/FOLDER/     one tokenizer each, laid out as a checkpoint has it:
    bert         vocab.txt, lower case           bert_json       tokenizer.json, cased
    siglip       spiece.model with all of nmt_nfkc, tokenizer_class SiglipTokenizer
    siglip_json  tokenizer.json of the same pieces, without a post_processor
    open_siglip  tokenizer.json as T5's, open_clip_config.json with clean "canonicalize"
    xlmr         sentencepiece.bpe.model         xlmr_json       tokenizer.json
    llama        tokenizer.model: BPE with byte_fallback, pieces of the user's own
    gemma        tokenizer.json: BPE with byte_fallback, lower case by tokenizer_config.json
    llama_json   tokenizer.json of such pieces, with Prepend
    bytes        tokenizer.model: Unigram with byte_fallback
    bytes_json   tokenizer.json of the same pieces, with a list of normalizers and Metaspace
data/tokenizer_kinds/ids.json    {"texts": [{text or hex}], "kinds": {FOLDER: {"ids": [...], "context": [...]}}}: a list a
                                 text, without what goes around it, and cut to CONTEXT with it; of a list longer than
                                 LONG its length and FNV-1a hash
"""

import json
import os
import random
import sys

from tokenizer import BROKEN, NASTY, open_clip_module, sentences

HERE = os.path.dirname(os.path.abspath(__file__))
CONTEXT, LONG = 12, 60
SIGN = "\u2581"

MORE = [
    "東京タワーの写真、とても高い。", "カタカナとひらがなとＡＢＣ", "ｶﾀｶﾅ ﾃﾞｰﾀ", "は゛か゜ が ぱ", "一只猫坐在垫子上。", "两只狗在草地上奔跑！", "繁體中文：臺灣", "漢字かな交じり文に123と英語",
    "𠮷野家 㐀 豈 \u2f800", "▁ leading sign", "a▁b ▁▁c▁", " ▁ ", "▁", "<unk>", "</s>", "a</s>", "x </s> y", " </s>", "<unk> cat", "<s> <pad> <mask>", "a <mask> b", "a  <mask>b", "[CLS] a [SEP]",
    "[MASK]ed [UNK]", "[mask]", "<eos><bos><pad>", "a\n\n\nb", "a\t\tb", "   three   spaces   ", "<0x41> <0xE2>", "##ing #tag", "\x00", "a\x00b", "\x00\x01\x02", "\u200b\u200b", "\u0301", "a\u0301\u0302\u0303\u0304\u0305",
    "Ａ\u0301Ｂ", "ﬁ\u0301", "①\u20dd", "ㅎ\u1161", "각\u11a8", "\U0001f9d1\u200d\U0001f91d\u200d\U0001f9d1", "naïve café Ünïcödé", "ÀÉÎÕÜ", "İ I ı i", "ΣΑΣ-Σ.Σ ΑΣ", "don't_stop-me.now!", "«quotes» “curly” ‚low‘",
    "word" * 40, "無" * 200, "개" * 200, "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 " * 30, "".join(chr(0xAC00 + i * 37 % 11172) for i in range(10000)), "".join(chr(0x4E00 + i * 61 % 20000) for i in range(10000)),
    "the cat " * 1250, " " * 10000, "\u3000" * 50 + "end", "🙂" * 2500, "x" * 10000, "é" * 5000,
]
JAPANESE = ["犬が公園で走っている", "猫が窓のそばで眠っている", "赤いバスが道を走る", "子供がボールで遊ぶ写真", "海辺に立つ女性と青い空", "テーブルの上のコーヒーとケーキ"]
CHINESE = ["一只狗在草地上奔跑", "一只猫在窗边睡觉", "红色的公共汽车在街上", "一个孩子在玩球", "海边站着一个女人", "桌子上有一杯咖啡和蛋糕"]
USER = ["<tag>", "▁▁", "\n\n", "2024"]
RULES = {"Ａ": "A", "Ａ\u0301": "Á", "Ｂ": "B", "Ｃ": "C", "１": "1", "２": "2", "３": "3", "ﬁ": "fi", "ﬂ": "fl", "①": "1", "\u3000": " ", "\t": " ", "\n": " ", "\u00a0": " ", "\u200b": " ", "\u00ad": "",
         "e\u0301": "é", "a\u0308": "ä", "…": "...", "㍿": "株式会社", "\x01": "", "か\u3099": "が", "は\u3099": "ば", "\ufeff": "", "™": "TM", "½": "1⁄2"}


def words():
    """Made-up words of some scripts, few of them often; the seed makes them the same every time."""
    chance = random.Random(11)
    scripts = [[c + v for c in "bcdfghjklmnprstvwz" for v in ("a", "e", "i", "o", "u", "er", "in", "ou", "é")], [chr(0xAC00 + i) for i in range(0, 11172, 61)],
               [chr(i) for i in range(0x3042, 0x3094)], [chr(i) for i in range(0x30A2, 0x30F4)], [chr(0x4E00 + i) for i in range(0, 20000, 97)],
               [chr(i) for i in range(0x430, 0x450)], [chr(i) for i in range(0x3B1, 0x3CA)], [chr(i) for i in range(0x5D0, 0x5EB)], list("0123456789"), [chr(i) for i in range(0x1F600, 0x1F640)]]
    known = [["".join(chance.choices(script, k=chance.randint(1, 4))) for _ in range(120)] for script in scripts]
    for _ in range(1500):
        ours = known[min(int(chance.expovariate(0.35)), len(known) - 1)]
        chosen = [ours[min(int(chance.expovariate(0.06)), 119)] for _ in range(chance.randint(2, 12))]
        yield " ".join(word.capitalize() if chance.random() < 0.1 else word for word in chosen) + chance.choice([".", "!", "?", "", ", -", " (x)"])


def corpus():
    texts = [*sentences(), *words()]
    for i in range(60):
        for lines in (JAPANESE, CHINESE):
            texts.append(f"{lines[i % 6]}、{lines[i * 5 % 6]}。{i}")
    return texts


def train_pieces(path, kind, size, whole_map=False, **options):
    """A SentencePiece model; whole_map: with all of nmt_nfkc, 240 kB, rather than RULES."""
    import tempfile

    import sentencepiece

    with tempfile.TemporaryDirectory() as folder:
        if options.get("normalization_rule_name"):
            rule = {}
        elif whole_map:
            rule = {"normalization_rule_name": "nmt_nfkc"}
        else:
            rules = os.path.join(folder, "rules.tsv")
            with open(rules, "w", encoding="utf-8") as out:
                for source, target in sorted(RULES.items()):
                    out.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
            rule = {"normalization_rule_tsv": rules}
        texts = os.path.join(folder, "texts.txt")
        with open(texts, "w", encoding="utf-8") as out:
            out.write("".join(text + "\n" for text in corpus()))
        sentencepiece.SentencePieceTrainer.train(input=texts, model_prefix=os.path.join(folder, "m"), model_type=kind, vocab_size=size, hard_vocab_limit=False,
                                                 num_threads=1, minloglevel=2, character_coverage=0.9995, **rule, **options)
        with open(os.path.join(folder, "m.model"), "rb") as source:
            model = clean_model(source.read())
        with open(path, "wb") as out:
            out.write(model)


def clean_model(data):
    """Without the names of this machine's files."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto.FromString(data)
    model.trainer_spec.ClearField("input")
    model.trainer_spec.ClearField("model_prefix")
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    return model.SerializeToString()


def proto_of(path):
    from sentencepiece import sentencepiece_model_pb2

    with open(path, "rb") as file:
        return sentencepiece_model_pb2.ModelProto.FromString(file.read())


def save_json(path, tokenizer, change=None):
    data = json.loads(tokenizer.to_str())
    if change:
        change(data)
    with open(path, "w", encoding="utf-8") as out:
        json.dump(data, out, ensure_ascii=False, separators=(",", ":"))


def save_config(folder, **config):
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as out:
        json.dump(config, out, ensure_ascii=False, indent=1)
        out.write("\n")


def word_pieces(root, size):
    """Of SentencePiece's, whose learner makes the same every time."""
    path = os.path.join(root, "words.model")
    train_pieces(path, "bpe", size)
    pieces = [p.piece for p in proto_of(path).pieces if p.type == 1]
    os.remove(path)
    for piece in pieces:
        bare = piece.replace(SIGN, "")
        if bare:
            yield bare if piece.startswith(SIGN) else "##" + bare
        if len(bare) == 1:
            yield from (bare, "##" + bare)


def write_bert(root, size):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = list(word_pieces(root, size))
    with open(os.path.join(root, "bert", "vocab.txt"), "w", encoding="utf-8") as out:
        out.write("".join(piece + "\n" for piece in dict.fromkeys(special + [piece.lower() for piece in pieces])))
    save_config(os.path.join(root, "bert"), tokenizer_class="BertTokenizer", do_lower_case=True)
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(dict.fromkeys(special + pieces))}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(special)
    save_json(os.path.join(root, "bert_json", "tokenizer.json"), tokenizer)


def unigram_json(path, normalizer, pre_tokenizer, byte_fallback=False):
    from tokenizers import AddedToken, Tokenizer, models

    proto = proto_of(path)
    tokenizer = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], proto.trainer_spec.unk_id, byte_fallback))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer(proto), pre_tokenizer
    tokenizer.add_tokens([AddedToken(p.piece, normalized=False, special=True) for p in proto.pieces if p.type == 3])
    return tokenizer


def write_siglip(root, size, whole_map):
    import string

    from tokenizers import Regex, normalizers, pre_tokenizers

    path = os.path.join(root, "siglip", "spiece.model")
    train_pieces(path, "unigram", size, whole_map, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    save_config(os.path.join(root, "siglip"), tokenizer_class="SiglipTokenizer", model_max_length=64, pad_token="</s>", eos_token="</s>", unk_token="<unk>")
    signs = "".join("\\" + c for c in string.punctuation)
    steps = [normalizers.Lowercase(), normalizers.Replace(Regex(f"[{signs}]"), ""), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    tokenizer = unigram_json(path, lambda proto: normalizers.Sequence(steps), pre_tokenizers.Metaspace())
    save_json(os.path.join(root, "siglip_json", "tokenizer.json"), tokenizer)
    save_config(os.path.join(root, "siglip_json"), tokenizer_class="SiglipTokenizer", pad_token="</s>", eos_token={"content": "</s>"}, unk_token="<unk>")


def write_open_siglip(root, size, whole_map):
    from tokenizers import Regex, normalizers, pre_tokenizers, processors

    folder = os.path.join(root, "open_siglip")
    path = os.path.join(folder, "spiece.model")
    train_pieces(path, "unigram", size, whole_map, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    tokenizer = unigram_json(path, lambda proto: normalizers.Sequence([normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=False),
                                                                       normalizers.Replace(Regex(" {2,}"), SIGN)]), pre_tokenizers.Metaspace(prepend_scheme="first"))
    os.remove(path)
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [("</s>", 1)])
    save_json(os.path.join(folder, "tokenizer.json"), tokenizer)
    save_config(folder, tokenizer_class="T5Tokenizer", pad_token="</s>", eos_token="</s>", unk_token="<unk>")
    with open(os.path.join(folder, "open_clip_config.json"), "w", encoding="utf-8") as out:
        json.dump({"model_cfg": {"text_cfg": {"hf_tokenizer_name": "open_siglip", "tokenizer_kwargs": {"clean": "canonicalize"}}}}, out)


def write_xlmr(root, size, whole_map):
    from transformers import XLMRobertaTokenizer

    path = os.path.join(root, "xlmr", "sentencepiece.bpe.model")
    train_pieces(path, "unigram", size, whole_map)
    proto = proto_of(path)
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(p.piece, p.score) for p in proto.pieces[3:]] + [("<mask>", 0.0)]
    tokenizer = XLMRobertaTokenizer(vocab=vocab, _spm_precompiled_charsmap=proto.normalizer_spec.precompiled_charsmap)
    save_json(os.path.join(root, "xlmr_json", "tokenizer.json"), tokenizer.backend_tokenizer)
    save_config(os.path.join(root, "xlmr_json"), tokenizer_class="XLMRobertaTokenizer", pad_token="<pad>", mask_token={"content": "<mask>", "lstrip": True})


def merges_of(proto):
    pieces = {p.piece: (-p.score, i) for i, p in enumerate(proto.pieces) if p.type == 1}
    pairs = [(rank, (piece[:i], piece[i:])) for piece, rank in pieces.items() for i in range(1, len(piece)) if piece[:i] in pieces and piece[i:] in pieces]
    return [pair for _, pair in sorted(pairs)]


def write_bpe(root, size):
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

    options = {"byte_fallback": True, "add_dummy_prefix": False, "remove_extra_whitespaces": False}
    path = os.path.join(root, "gemma", "tokenizer.model")
    train_pieces(path, "bpe", size, normalization_rule_name="identity", pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", **options)
    proto = proto_of(path)
    os.remove(path)
    vocab = {p.piece: i for i, p in enumerate(proto.pieces)}
    tokenizer = Tokenizer(models.BPE(vocab, merges_of(proto), unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", SIGN)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.post_processor = processors.TemplateProcessing("$A <eos>", "$A <eos> $B <eos>", [("<eos>", 1)])
    tokenizer.add_tokens([AddedToken(piece, normalized=False, special=True) for piece in ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>")])
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in ("\n\n", "\n\n\n", SIGN * 2, SIGN * 3, "<table>")])
    save_json(os.path.join(root, "gemma", "tokenizer.json"), tokenizer)
    save_config(os.path.join(root, "gemma"), tokenizer_class="GemmaTokenizer", add_bos_token=False, add_eos_token=True, do_lower_case=True, bos_token="<bos>",
                eos_token="<eos>", pad_token="<pad>", unk_token="<unk>")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SIGN), normalizers.Replace(" ", SIGN)])
    tokenizer.pre_tokenizer = None
    tokenizer.post_processor = processors.TemplateProcessing("<bos> $A", "<bos> $A <bos> $B", [("<bos>", 2)])
    save_json(os.path.join(root, "llama_json", "tokenizer.json"), tokenizer)
    train_pieces(os.path.join(root, "llama", "tokenizer.model"), "bpe", size, byte_fallback=True, remove_extra_whitespaces=False, user_defined_symbols=USER, split_digits=True)
    save_config(os.path.join(root, "llama"), add_bos_token=True, add_eos_token=False, tokenizer_class="LlamaTokenizer", bos_token="<s>", eos_token="</s>")


def write_bytes(root, size, whole_map):
    from tokenizers import Regex, normalizers, pre_tokenizers

    path = os.path.join(root, "bytes", "tokenizer.model")
    train_pieces(path, "unigram", size, whole_map, byte_fallback=True, user_defined_symbols=USER)
    steps = [normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(left=False), normalizers.Replace(Regex(" {2,}"), SIGN)]
    tokenizer = unigram_json(path, lambda proto: normalizers.Sequence([*steps, normalizers.NFD(), normalizers.StripAccents()]),
                             pre_tokenizers.Sequence([pre_tokenizers.Split(Regex("[!?]+"), "isolated"), pre_tokenizers.Metaspace(prepend_scheme="first")]), True)
    save_json(os.path.join(root, "bytes_json", "tokenizer.json"), tokenizer)


KINDS = ["bert", "bert_json", "siglip", "siglip_json", "open_siglip", "xlmr", "xlmr_json", "llama", "llama_json", "gemma", "bytes", "bytes_json"]


def build(root, size=1000, whole_map=False):
    for kind in KINDS:
        os.makedirs(os.path.join(root, kind), exist_ok=True)
    write_bert(root, size)
    write_siglip(root, size, True)
    write_open_siglip(root, size, whole_map)
    write_xlmr(root, size, whole_map)
    write_bpe(root, size)
    write_bytes(root, size, whole_map)


class Pieces:
    """A SentencePiece model by its own library; fairseq: with XLM-R's ids, as transformers' class for it numbered them."""

    def __init__(self, path, fairseq=False, front=(), behind=()):
        import sentencepiece

        self.model = sentencepiece.SentencePieceProcessor(model_file=path)
        self.fairseq, self.front, self.behind = fairseq, list(front), list(behind)

    def plain(self, texts):
        ids = self.model.encode(texts)
        return [[i + 1 if i else 3 for i in list] for list in ids] if self.fairseq else ids

    def whole(self, texts, context):
        room = context - len(self.front) - len(self.behind)
        return [self.front + ids[:room] + self.behind for ids in self.plain(texts)]


class Fast:
    """A tokenizer.json by the tokenizers library; prepare: what happens to a text before."""

    def __init__(self, path, prepare=None, change=None, behind=()):
        from tokenizers import Tokenizer

        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        if change:
            change(data)
        self.tokenizer, self.prepare, self.behind = Tokenizer.from_str(json.dumps(data)), prepare or (lambda text: text), list(behind)

    def plain(self, texts):
        return [e.ids for e in self.tokenizer.encode_batch([self.prepare(t) for t in texts], add_special_tokens=False)]

    def whole(self, texts, context):
        self.tokenizer.enable_truncation(context - len(self.behind))
        ids = [e.ids + self.behind for e in self.tokenizer.encode_batch([self.prepare(t) for t in texts])]
        self.tokenizer.no_truncation()
        return ids


class Slow:
    """A tokenizer of transformers."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def plain(self, texts):
        return [self.tokenizer.encode(text, add_special_tokens=False) for text in texts]

    def whole(self, texts, context):
        return [self.tokenizer.encode(text, truncation=True, max_length=context) for text in texts]


def canonical(text):
    """SigLIP's preparation, of transformers' class."""
    from transformers import SiglipTokenizer

    class Bare:
        do_lower_case = True
        remove_punctuation = SiglipTokenizer.remove_punctuation

    return SiglipTokenizer.canonicalize_text(Bare(), text)


def references(root):
    from transformers import BertTokenizer, SiglipTokenizer, Siglip2Tokenizer

    def at(*names):
        return os.path.join(root, *names)

    siglip = SiglipTokenizer.from_pretrained(at("siglip"))
    open_clip = open_clip_module().get_clean_fn("canonicalize")
    return {"bert": Slow(BertTokenizer.from_pretrained(at("bert"))), "bert_json": Fast(at("bert_json", "tokenizer.json")), "siglip": Slow(siglip),
            "siglip_json": Fast(at("siglip_json", "tokenizer.json"), canonical, behind=[1]), "open_siglip": Fast(at("open_siglip", "tokenizer.json"), open_clip),
            "xlmr": Pieces(at("xlmr", "sentencepiece.bpe.model"), True, [0], [2]),
            "xlmr_json": Fast(at("xlmr_json", "tokenizer.json")), "llama": Pieces(at("llama", "tokenizer.model"), front=[1]),
            "gemma": Slow(Siglip2Tokenizer.from_pretrained(at("gemma"))), "bytes": Pieces(at("bytes", "tokenizer.model"), front=[1]),
            "llama_json": Fast(at("llama_json", "tokenizer.json")), "bytes_json": Fast(at("bytes_json", "tokenizer.json"))}


def shorten(ids):
    if len(ids) <= LONG:
        return ids
    hash = 0xCBF29CE484222325
    for id in ids:
        hash = (hash ^ id) * 0x100000001B3 % 2**64
    return {"n": len(ids), "hash": f"{hash:016x}"}


SPECIAL = ("<s>", "</s>", "<pad>", "<unk>", "<mask>")


def apart(kind, text):
    """Texts that spell special tokens, where the reference is a library that does not look for them."""
    return kind in ("xlmr", "siglip_json", "llama", "bytes") and any(token in text for token in SPECIAL)


def write(folder):
    root = os.path.join(folder, "tokenizer_kinds")
    os.makedirs(root, exist_ok=True)
    build(root)
    cases = [{"text": text} for text in NASTY + MORE] + [{"hex": text.hex()} for text in BROKEN]
    texts = NASTY + MORE + [text.decode("utf-8", errors="replace") for text in BROKEN]
    kinds = {}
    for kind, reference in references(root).items():
        lists = {"ids": [shorten(ids) for ids in reference.plain(texts)], "context": reference.whole(texts, CONTEXT)}
        kinds[kind] = {key: [None if apart(kind, text) else ids for text, ids in zip(texts, ours)] for key, ours in lists.items()}
    with open(os.path.join(root, "ids.json"), "w", encoding="ascii") as out:
        out.write('{"context": %d, "texts": [\n' % CONTEXT + ",\n".join(json.dumps(case) for case in cases) + '],\n"kinds": {\n')
        out.write(",\n".join(f'"{kind}": ' + json.dumps(lists, separators=(",", ":")) for kind, lists in kinds.items()) + "}}\n")


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    write(os.path.join(HERE, "data"))
