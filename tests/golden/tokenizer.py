"""Texts, and the ids that the reference tokenizers give them. Written with tokenizers 0.23, transformers 5,
open_clip_torch 3.3 (its tokenizer.py alone, loaded as a file), ftfy 6.3.

data/tokenizer/texts.txt         sentences to learn a vocabulary from, a line each
data/tokenizer/vocab.json        what the learner below makes of them, in CLIP's order of ids, with merges.txt
data/tokenizer/tokenizer.json    the same as transformers saves it, <|startoftext|> as OpenAI's file has it
data/tokenizer/saved.json        the same as transformers saves it
data/tokenizer/merges.txt.gz     the merges for open_clip
data/tokenizer/nasty.json        [{text or hex, small, pair, clean, clip, clip_clean}]: ids by those three, and by CLIP's
                                 own vocabulary through tokenizer.json and through open_clip
data/tokenizer/mojibake.json     [[text, ftfy.fix_text(text)]]: UTF-8 read as each code page, damaged, mixed, and texts
                                 that only look like it
data/tokenizer/html.json         [[text, html.unescape(text)]]: every name, and mixtures
data/tokenizer/captions.json     per 1,000 captions of Flickr8k: how many ids, and their FNV-1a hash

CLIP's vocabulary and Flickr8k are in ../shared beside the project (or $GAZE_SHARED).
"""

import gzip
import importlib.util
import json
import os
import random
import re
import sys
import tarfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get("GAZE_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
START, END = "<|startoftext|>", "<|endoftext|>"
SIZE, MIN_FREQUENCY = 1200, 2

NASTY = [
    "", " ", "a", "A photo of a cat.", "a photo of a cat, sitting on a mat; 2 dogs & 3 birds!",
    "고양이 사진", "강아지가 잔디밭에서 뛰어논다", "ㅋㅋㅋ ㅎㅎ ㄱㅏ", "\u1100\u1161\u11a8 \u1112\u1161\u11ab\u1100\u1173\u11af",
    "가\u11a8 각\u11a8", "한글과English를섞어123쓰기", "日本語のテキスト、漢字とカナ", "中文句子。没有空格", "ภาษาไทยไม่มีช่องว่าง",
    "😀😃 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇰🇷 1️⃣", "❤️❤", "☺️ ™ © ®", "e\u0301 = é, a\u0308\u0323 a\u0323\u0308", "Z\u0351\u036b\u0343\u036aalgo\u0321\u0336",
    "\u0301 starts with a mark", "o\u0302\u0301\u0323 q\u0323\u0307 q\u0307\u0323", "\u212b \u2126 \uf900 \u0958",
    "\t tabs\tand\nnewlines\r\nand\rreturns\x0b\x0c", "nbsp\u00a0thin\u2009ideographic\u3000line\u2028paragraph\u2029next\u0085end",
    "zero\u200bwidth\u200cjoin\u200der\ufeffbom\u2060", "soft\u00adhyphen \u202ertl\u202c", "\x01\x02\x1b[31mred\x1b[0m\x7f\x1c\x1d\x1f",
    "it's I'm you're we've she'd they'll can't 's", "IT'S I'M YOU'RE WE'VE SHE'D THEY'LL CAN'T", "'S 'Re 'vE 'LL 'D 'T 'M",
    "it\u2019s \u201cquoted\u201d \u2018single\u2019", "''s '''ll 'sun 'tis 'relay 'mad", "'\u017f \u017fs K \u212a \u212bngstr\u00f6m",
    "0123456789 3.14 1,000,000 10% #1", "１２３ ＡＢＣ ａｂｃ ！？", "² ½ Ⅻ ⅷ ① ৪৫ ٣٤ 〇", "ﬁ ﬂ ﬃ ﬅ ĳ ǆ ŉ", "ﾊﾞ ｶﾞ ﾡ ￥ ￣",
    "İstanbul Iğdır ıI DİYARBAKIR", "Straße STRASSE ß ẞ", "ΟΔΥΣΣΕΥΣ Σ ΣΑΣ ΑΣ' ΑΣ. Α.Σ Α'Σ'Α", "ὈΔΥΣΣΕΎΣ ᾼ ᾈ Ω", "ДОМ Ёлка Ӂ", "ǅ ǈ Ǆ ΐ ŉ ẖ",
    "ԱՐԵՎ ᲒᲐᲛᲐᲠᲯᲝᲑᲐ Ა Ꭰ ꭰ 𐐀 𞤀", "שָׁלוֹם עולם", "مرحبا بالعالم ١٢٣", "हिन्दी में क्षत्रिय", "தமிழ் ಕನ್ನಡ",
    "<|startoftext|>", "<|endoftext|>", "a<|endoftext|>b", "x<|startoftext|>y!", "<|STARTOFTEXT|>!?", "a <|EndOfText|>! b",
    ".<|startoftext|>. <|startoftext|>'s", "<|startoftext|><|endoftext|><|endoftext|>", "<|endoftext", "<|endoftext|", "<<|endoftext|>>",
    "<start_of_text>", "<end_of_text>", "a<END_OF_TEXT>b", "x <start_of_text>! y", "<\u017ftart_of_text>", "e\u0301<|endoftext|>\u0301",
    "&amp; &lt;b&gt; &quot;q&quot; &#39;s &#x27;t", "&amp;amp; &amp;lt; &amp;amp;amp;", "&notit; &notin; &not &copy2 &AMP &amp", "&#0; &#128; &#x80; &#xD800; &#1114112; &#1; &#xfdd0; &#13;",
    "&hearts; &NotEqualTilde; &nbsp;x &CounterClockwiseContourIntegral;", "&;&#;&#x;&#xg; & &a; &foo;", "<b>&amp;eacute;</b> &eacute;", "&eacute;\n<i>&eacute;</i>", "don&rsquo;t &#8217;s it&#x2019;s",
    "snake_case kebab-case CamelCase path/to/file.txt", "http://example.com/?q=a+b&c=d#e", "user@example.org", "!!!...---***", "?!?!", "()[]{}<>|\\^~`", "$100 €50 ₩1000 £5",
    "a" * 1000, "ab" * 700, "the quick brown fox jumps over the lazy dog " * 20, "고" * 300, "!" * 500, "1" * 200, " " * 300 + "x" + " " * 300,
    "".join(chr(0x61 + i * i % 26) for i in range(10000)), "aaaaaaa bbbbbbb ababababa", "\ufffd \ufffc \uffff \U0010ffff", "\ue000 private \U000f0000",
    "I donâ€™t knowâ€¦ â€œyesâ€\x9d", "ÐŸÑ€Ð¸Ð²ÐµÑ‚ ê³ ì–‘ì\x9d´ ðŸ˜€", "VOILÃ  CAFÃ‰", "한글 Ã©tÃ© P&EACUTE;REZ",
]
BROKEN = [b"caf\xe9 au lait", b"\xff\xfe", b"\xc3", b"a\xc3(b", b"\xe2\x82", b"\xe2\x82 \xe2(\xa1", b"\xf0\x9f\x98", b"\xf0\x9f\x98x",
          b"\xed\xa0\x80 \xed\xbf\xbf", b"\xc0\xaf \xe0\x80\xaf", b"\xf4\x90\x80\x80 \xf5\x80", b"\x80\xbf ok", b"\xea\xb3\xa0\xec\x96"]


# What mojibake is made of: people's sentences. None of them may be touched as it is.
SAID = [
    "“It’s a dog’s life” – don’t you think…?", "Le cœur a ses raisons : déjà vu, à l’hôtel, ça coûte 5 €.", "¿Qué tal, señor Muñoz? ¡El pingüino comió piñón!",
    "Größe, Öl und Straße: „schön“ – für 3 € mehr.", "Zażółć gęślą jaźń, Łódź!", "Příliš žluťoučký kůň úpěl ďábelské ódy.", "Привет, мир! «Объект» №5 — ещё ёлка.",
    "Καλημέρα, Κόσμε: ώρα για ύπνο.", "İstanbul’da ılık çğüş ağacı", "고양이가 ‘한글’을 읽는다", "日本語の「猫」は…", "Tiếng Việt: phố Hà Nội, đường ữ",
    "Āda ēd ķirsi, ģimene ļoti šūpo", "Às vezes vou à praia, àquela água", "مرحبا بالعالم", "हिन्दी में", "👍🏽 😀 ❤️ ✔ 🇰🇷", "I ❤ NY ™ © 20°C ½ 10²", "ﬁn … ‘œuf’ ß",
]
# Proper texts that look odd.
MEANT = [
    "¯\\_(ツ)_/¯ (°_°) (ò_ó) ┻━┻︵ヽ(`Д´)ﾉ︵┻━┻", "NESTLÉ™ CAFÉ® ÀÉÎÕÜ", "«Où ?» – «À Évry»", "Ångström: 5 Å ± 2 µm, 30° × 2", "§5 ¶2 † ‡ 3‰ €5 £5 5¢ 100¥", "π ≈ 3 √2 ∞ ∑ ∂ ≠", "É a vida… «não»! Ô, AÇÃO",
    "└─ tree ├── src │ ▒▒░", "ДОМ – это «дом»; №5 µ", "ΑΒΓ «Ελλάδα» ΰ", "x² + y³ = ½", "Œuvre œuf, bœuf", "Ø Æ Å ø æ å ß ÿ Ÿ", "ŁÓDŹ Żabka ŠKODA Žižek", "façade? naïve! café, résumé.", "ÂGE, Â la", "à ² ou à 2",
]
# Broken in ways of their own.
BAD = [
    "donâ€™t", "â€œquotedâ€\x9d â€“ dash", "â€œlost byteâ€\ufffd", "sÃ³", "voilÃ le travail", "Ã la carte", "Ã s vezes, Ã quele, Ã quela, Ã quilo, Ã quel", "âœ” good", "schÃ¶n ÃƒÂ¼ber ÃƒÆ’Ã‚Â¼",
    "Ãƒ" + "ƒ" * 12 + "한", "cafÃ© and café", "한글 Ã©tÃ© 한글", "caf\xe9 \x91quoted\x92 \x85 \x81", "한 \x93\x94", "í\xa0½í¸\x80 smile", "í\xa0\x81í°\ufffd", "null À\x80!", "end À\n", "í\xa0½í¸\n",
    "Ã?tÃ? Â? â€? ð??? ðŸ˜? ðŸ˜€", "\x1a Ã© \ufffd", "Â\xa0 Â° Â» «Â ", "a Â b. Â c", "Â ", "Ã ", "x Ã ", "вЂ™ вЂњ РџСЂРёРІРµС‚", "ГўВЂВ™ s", "ÎšÎ±Î»Î·", "Ãlvaro", "√© ‚Äô ≈°", "à¤¹à¤¿à¤¨à¥\x8dà¤¦à¥€", "ØØ±Ø­Ø¨Ø§",
    "Ã©\r\n<b>&eacute; Ã©</b>\nÃ¨ &eacute;", "&Atilde;&copy; &ATILDE;&COPY;", "&amp;Atilde;&amp;copy;", "\r\n\r Ã©\u2028\x85", "\x1b[\u06631m\x1b[1;2mÃ©\x1b[x\x1b[", "&" + "amp;" * 12 + "lt;", "P&EACUTE;REZ &SZLIG; &NAPOS; &FFILIG; &GTDOT; &nTILDE; &NTILDE",
    "ß€ é€ É€ a É€ Å€uro", "š€ Š€ ž™ 5€ё", "ǉ ﬅ Ã¼ﬁ", "Ã is a letter", "a\u0301 Ã©\u0323\u0301",
]

# Each needs one rule of the heuristic, or one of what the decoder makes up for.
ALONE = [
    "≈ê", " Ø¢", "ã¡±", "aŁ‹", "Γé░", "×³", "Ù—Ù‚", "à²¶", "√¥", "≈¢", "‚âä", "a,Â ", "Β°Γ©", "¬ª¬ ",
    "\x8e\x82a", "Ađ\x9f\x98 A", "Â˝Đ ", "â\x85 ", "à \x87Z", "в†„А\n", "ó£¥ˆÃ", "τÅåa", "ŰÂ•â¬", ".Â Ù†", "â¬Ù ", "Ù…Ù—",
]


def sentences():
    """English, Korean and signs; the seed makes them the same every time."""
    chance = random.Random(7)
    things = ["dog", "cat", "bus", "horse", "house", "child", "woman", "man", "boat", "bird", "flower", "elephant", "café", "jalapeño"]
    colours, places = ["red", "blue", "green", "yellow", "small", "big", "old"], ["beach", "street", "grass", "mountain", "table", "snow"]
    verbs, signs = ["running", "sitting", "standing", "sleeping", "jumping"], ["!", ".", " .", " :)", " 😀", " ❤️", "...", "?!"]
    korean = [["개", "고양이", "버스", "말", "집", "아이", "꽃"], ["빨간", "파란", "작은", "큰"], ["해변", "거리", "잔디밭", "눈밭"]]
    for _ in range(400):
        thing, colour, verb, place = map(chance.choice, (things, colours, verbs, places))
        yield f"{chance.choice(['A', 'The', 'One', 'Two'])} {colour} {thing}{chance.choice(['', 's', chr(39) + 's'])} {verb} {chance.choice(['on', 'in', 'near'])} the {place}{chance.choice(signs)}"
        if chance.random() < 0.3:
            thing, colour, place = map(chance.choice, korean)
            yield f"{place}에 있는 {colour} {thing} 사진 {chance.randrange(2000)}"


def byte_letters():
    """CLIP's byte alphabet: {byte: character}, in the order of its ids."""
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in visible]
    return {**{b: chr(b) for b in visible}, **{b: chr(256 + i) for i, b in enumerate(hidden)}}


CLIP_PATTERN = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def learn(texts, size, min_frequency, pattern=CLIP_PATTERN, folds=True, ending="</w>", others=514):
    """Merges, plainly: counts all pairs anew for each. The most frequent first, then the smaller spelling in UTF-8."""
    import regex
    import unicodedata

    pattern = regex.compile(pattern)
    letters = byte_letters()
    words = Counter()
    for text in texts:
        text = unicodedata.normalize("NFC", text)
        for piece in pattern.findall(text.lower() if folds else text):
            spelled = [letters[b] for b in piece.encode()]
            words[(*spelled[:-1], spelled[-1] + ending)] += 1
    merges, known = [], set(letters.values())
    while len(merges) < size - others:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        pairs = {p: n for p, n in pairs.items() if n >= min_frequency and p[0] + p[1] not in known}
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p[0].encode(), p[1].encode()))
        merges.append(best)
        known.add(best[0] + best[1])
        merged = Counter()
        for word, count in words.items():
            merged[replace(word, best)] += count
        words = merged
    return merges


def replace(word, pair):
    out, i = [], 0
    while i < len(word):
        both = word[i:i + 2] == pair
        out.append(pair[0] + pair[1] if both else word[i])
        i += 2 if both else 1
    return tuple(out)


def number(merges):
    letters = list(byte_letters().values())
    spellings = letters + [c + "</w>" for c in letters] + [a + b for a, b in merges] + [START, END]
    return {spelling: i for i, spelling in enumerate(spellings)}


def pair_tokenizer(folder):
    """The tokenizer that transformers makes of vocab.json and merges.txt, and nothing else."""
    import tempfile
    from transformers import CLIPTokenizer

    with tempfile.TemporaryDirectory() as alone:
        for name in ("vocab.json", "merges.txt"):
            with open(os.path.join(folder, name), "rb") as source, open(os.path.join(alone, name), "wb") as copy:
                copy.write(source.read())
        return CLIPTokenizer.from_pretrained(alone)


def open_clip_module():
    package = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("open_clip_tokenizer", os.path.join(package, "tokenizer.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def open_clip_tokenizer(path):
    return open_clip_module().SimpleTokenizer(bpe_path=path)


def write_vocabulary(folder):
    texts = list(sentences())
    merges = learn(texts, SIZE, MIN_FREQUENCY)
    lines = [f"{a} {b}" for a, b in merges]
    with open(os.path.join(folder, "texts.txt"), "w", encoding="utf-8") as out:
        out.write("".join(text + "\n" for text in texts))
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as out:
        out.write("#version: 0.2\n" + "".join(line + "\n" for line in lines))
    with open(os.path.join(folder, "vocab.json"), "w", encoding="utf-8") as out:
        json.dump(number(merges), out, ensure_ascii=False)
    with open(os.path.join(folder, "merges.txt.gz"), "wb") as out:  # open_clip takes an empty last line for a merge
        out.write(gzip.compress(("#version: 0.2\n" + "\n".join(lines)).encode(), mtime=0))
    saved = json.loads(pair_tokenizer(folder).backend_tokenizer.to_str())
    with open(os.path.join(folder, "saved.json"), "w", encoding="utf-8") as out:
        json.dump(saved, out, ensure_ascii=False, separators=(",", ":"))
    saved["added_tokens"][0]["normalized"] = True
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as out:
        json.dump(saved, out, ensure_ascii=False, separators=(",", ":"))


def write_nasty(folder):
    from tokenizers import Tokenizer

    def by_json(path):
        tokenizer = Tokenizer.from_file(path)
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids

    pair = pair_tokenizer(folder).backend_tokenizer
    small, clip = by_json(os.path.join(folder, "tokenizer.json")), by_json(os.path.join(SHARED, "tokenizers", "clip-tokenizer.json"))
    small_clean = open_clip_tokenizer(os.path.join(folder, "merges.txt.gz")).encode
    clip_clean = open_clip_tokenizer(os.path.join(SHARED, "tokenizers", "clip-bpe-merges.txt.gz")).encode
    with open(os.path.join(folder, "nasty.json"), "w", encoding="ascii") as out:
        for i, source in enumerate(NASTY + BROKEN):
            text = source if isinstance(source, str) else source.decode("utf-8", errors="replace")
            case = {"text": source} if isinstance(source, str) else {"hex": source.hex()}
            case |= {"small": small(text), "pair": pair.encode(text, add_special_tokens=False).ids, "clip": clip(text)}
            case |= {"clean": small_clean(text), "clip_clean": clip_clean(text)}
            out.write(("[" if i == 0 else ",\n") + json.dumps(case, separators=(",", ":")))
        out.write("]\n")


def damage(chance, text):
    """What happens to mojibake on its way: no-break spaces become spaces, characters are lost."""
    kind = chance.randrange(3)
    if kind == 0:
        return text.replace("\xa0", " ")
    lost = "\ufffd?"[kind - 1]
    return "".join(lost if ord(char) > 0x7F and chance.random() < 0.2 else char for char in text)


def mojibake(chance):
    """Texts that ftfy has something to do about, and texts that it must leave alone."""
    from ftfy.badness import MOJIBAKE_CATEGORIES
    from ftfy.chardata import CHARMAP_ENCODINGS
    from html.entities import html5

    yield from SAID + MEANT + BAD + ALONE
    for i, said in enumerate(SAID):
        for k, encoding in enumerate(CHARMAP_ENCODINGS):
            once = said.encode().decode(encoding)
            yield once
            if (i + k) % 4 == 0:
                yield said[:20].encode().decode(encoding).encode().decode(CHARMAP_ENCODINGS[chance.randrange(3)])
            yield damage(chance, said.encode().decode(encoding))
            yield chance.choice([said + " " + once[:24], once[:24] + chance.choice(["\n", "\r\n", " | "]) + said])
    ranges = re.compile("(.)-(.)")
    classes = [ranges.sub(lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), members) for members in MOJIBAKE_CATEGORIES.values()]
    classes += ["abz AZ.,?!_5\n", "ŒœÂÃÎÐ×ØÙà√≈‚вВГРСΒΓΞΟβā"]
    for _ in range(400):
        yield "".join(chance.choice(chance.choice(classes)) for _ in range(chance.randrange(2, 16)))
    names = sorted({name.rstrip(";").upper() for name in html5})
    for start in range(0, len(names), 100):
        yield " ".join("&" + name + ";" for name in names[start:start + 100])


def write_mojibake(folder):
    import ftfy

    assert all(ftfy.fix_encoding(text) == text for text in SAID + MEANT)
    texts = list(dict.fromkeys(mojibake(random.Random(9))))
    with open(os.path.join(folder, "mojibake.json"), "w", encoding="utf-8") as out:
        out.write("[" + ",\n".join(json.dumps([t, ftfy.fix_text(t)], ensure_ascii=False) for t in texts) + "]\n")


def write_html(folder):
    import html
    from html.entities import html5

    chance = random.Random(8)
    parts = ["&", "#", "x", "X", ";", "amp", "lt", "not", "notin", "9", "12", "fffe", " ", "\n", "\f", "<", "é", "AMP", "acute", "&amp;", "#8217;"]
    names = sorted(html5)
    texts = [" ".join("&" + name for name in names[i:i + 50]) for i in range(0, len(names), 50)]
    texts += ["".join(f"&#{i};" for i in range(1, 400)), "&#xD800; &#xDFFF; &#x10FFFF; &#x110000; &#99999999999; &#xFDD0; &#xE000;"]
    texts += ["".join(chance.choices(parts, k=12)) for _ in range(300)]
    with open(os.path.join(folder, "html.json"), "w", encoding="utf-8") as out:
        out.write("[" + ",\n".join(json.dumps([t, html.unescape(t)], ensure_ascii=False) for t in texts) + "]\n")


def flickr_captions():
    for name in ("flickr8k-train", "flickr8k-dev"):
        with tarfile.open(os.path.join(SHARED, "data", f"{name}.tar")) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    yield from json.load(tar.extractfile(member))["captions"]


def write_captions(folder):
    from tokenizers import Tokenizer

    captions = list(flickr_captions())
    tokenizer = Tokenizer.from_file(os.path.join(SHARED, "tokenizers", "clip-tokenizer.json"))
    blocks = []
    for start in range(0, len(captions), 1000):
        hash, n = 0xCBF29CE484222325, 0
        for encoding in tokenizer.encode_batch(captions[start:start + 1000], add_special_tokens=False):
            n += len(encoding.ids)
            for id in encoding.ids + [0xFFFFFFFF]:
                hash = (hash ^ id) * 0x100000001B3 % 2**64
        blocks.append({"ids": n, "hash": f"{hash:016x}"})
    with open(os.path.join(folder, "captions.json"), "w", encoding="ascii") as out:
        json.dump({"captions": len(captions), "blocks": blocks}, out, indent=0)
        out.write("\n")


def check(folder):
    """A vocabulary that gaze learned: transformers and tokenizers read it and agree."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    auto, plain, pair = AutoTokenizer.from_pretrained(folder), Tokenizer.from_file(os.path.join(folder, "tokenizer.json")), pair_tokenizer(folder)
    with open(os.path.join(folder, "vocab.json"), encoding="utf-8") as file:
        vocabulary = json.load(file)
    assert type(auto).__name__.startswith("CLIPTokenizer") and len(auto) == len(vocabulary), type(auto)
    assert auto.bos_token_id == vocabulary[START] == len(vocabulary) - 2 and auto.eos_token_id == len(vocabulary) - 1
    for text in NASTY:
        ids = plain.encode(text).ids
        assert auto(text)["input_ids"] == ids == pair(text)["input_ids"], text
        assert ids[0] == auto.bos_token_id and ids[-1] == auto.eos_token_id


def write(folder):
    """Fills folder/tokenizer."""
    folder = os.path.join(folder, "tokenizer")
    os.makedirs(folder, exist_ok=True)
    write_vocabulary(folder)
    write_nasty(folder)
    write_mojibake(folder)
    write_html(folder)
    write_captions(folder)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        check(sys.argv[1])
    else:
        write(os.path.join(HERE, "data"))
