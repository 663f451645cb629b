#!/usr/bin/env python3
"""Write questions about pictures from captions and from the names of classes, and the words of conversations as texts.

    write-records.py captions OUT.tar TAR...
    write-records.py names OUT.json TAR KOREAN.tsv
    write-records.py apart OUT.tar PICTURES TALK.json...
    write-records.py short OUT.tar PICTURES TALK.json...
    write-records.py texts OUT.txt FILE...

captions: the pictures with `qa`, in which every caption answers a question of its own, one of DESCRIBE. names: in LLaVA's JSON, every second picture of a tar with
`name` is asked what it shows, in English or, as often, in Korean, by its class in KOREAN.tsv. apart: the turns of
LLaVA's JSON as questions that are each for itself, with the pictures of a folder or a tar; what is asked of one twice
in the same words is asked once. short: of those the ones that are answered in a word or two, for a measure. texts: a line for each turn of LLaVA's JSON, and for each question of a tar's `qa` with its answer. The same files give the same file.
"""
import json
import os
import random
import re
import sys

import tars

DESCRIBE = [
    "Describe the picture.",
    "Describe the picture.",
    "Describe the image.",
    "What does the picture show?",
    "What is in this photo?",
    "Describe this photo in a sentence.",
]
NAME = [
    ("What is this?", "This is {}."),
    ("What is this?", "It is {}."),
    ("What is in the picture?", "The picture shows {}."),
    ("what is this?", "{bare}"),
]
NAME_KOREAN = [("이것은 무엇인가요?", "{}입니다."), ("무엇이 보이나요?", "{}입니다."), ("이게 뭐예요?", "{}")]


def tidy(caption):
    """A sentence: a capital, a stop, no blank in front of signs."""
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(caption.split())).strip(" .")
    if text.count('"') % 2 or re.fullmatch('"[^"]*"', text):  # around the whole, or without another
        text = text.strip('"').strip(" .")
    return text[:1].upper() + text[1:] + ("" if text.endswith(("!", "?")) else ".")


def with_article(name):
    if name in ("sunglasses", "binoculars", "swimming trunks"):
        return name
    return ("an " if name[0].lower() in "aeiou" else "a ") + name


def record(identity, picture, question, answer):
    said = [{"from": "human", "value": "<image>\n" + question}, {"from": "gpt", "value": answer}]
    return {"id": identity, "image": picture, "conversations": said}


def write_captions(out, paths, chance):
    """How many."""
    n = 0
    with tars.create(out) as tar:
        for path in paths:
            for name, picture, about in tars.read(path):
                captions = [tidy(caption) for caption in about.get("captions", []) if re.search("[a-z]", caption)]
                if captions:
                    qa = [(chance.choice(DESCRIBE), caption) for caption in captions]
                    tars.add_sample(tar, name, picture, {"qa": qa})
                    n += len(qa)
    return n


def read_turns(talk, short):
    """Picture, question, answer. short: no sentences."""
    with open(talk, encoding="utf-8") as file:
        for said in json.load(file):
            texts = [turn["value"].replace("<image>", "").strip() for turn in said["conversations"]]
            for question, answer in zip(texts[::2], texts[1::2]):
                if not (short and answer.endswith(".")):
                    yield said["image"], question, answer


def read_pictures(where):
    if os.path.isdir(where):
        for name in sorted(os.listdir(where)):
            if name.endswith(".png"):
                with open(os.path.join(where, name), "rb") as file:
                    yield name, file.read()
    else:
        yield from ((name, picture) for name, picture, _ in tars.read(where))


def write_apart(out, pictures, talks, short=False):
    """How many."""
    asked = {}
    for talk in talks:
        for name, question, answer in read_turns(talk, short):
            asked.setdefault(name, {}).setdefault(question, answer)
    with tars.create(out) as tar:
        for name, picture in read_pictures(pictures):
            if name in asked:
                tars.add_sample(tar, name, picture, {"qa": list(asked[name].items())})
    return sum(map(len, asked.values()))


def write_names(tar, korean_path, chance):
    with open(korean_path, encoding="utf-8") as file:
        korean = {row[0]: row[1].split("|")[0] for row in (line.rstrip("\n").split("\t") for line in file)}
    for picture, _, about in tars.read(tar)[::2]:
        name = about["name"]
        if chance.random() < 0.5 and about["class"] in korean:
            question, answer = chance.choice(NAME_KOREAN)
            yield record(picture, picture, question, answer.format(korean[about["class"]]))
        else:
            question, answer = chance.choice(NAME)
            yield record(picture, picture, question, answer.format(with_article(name), bare=name))


def write_texts(paths):
    for path in paths:
        if path.endswith(".tar"):
            for _, _, about in tars.read(path):
                yield from (f"{question} {answer}" for question, answer in about.get("qa", []))
        else:
            with open(path, encoding="utf-8") as file:
                for said in json.load(file):
                    yield from (" ".join(turn["value"].replace("<image>", "").split()) for turn in said["conversations"])


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("captions", "names", "apart", "short", "texts"):
        sys.exit(__doc__)
    kind, out, *sources = sys.argv[1:]
    chance = random.Random(1)
    if kind == "captions":
        n = write_captions(out, sources, chance)
    elif kind in ("apart", "short"):
        n = write_apart(out, sources[0], sources[1:], short=kind == "short")
    else:
        written = list(write_texts(sources) if kind == "texts" else write_names(*sources, chance))
        n = len(written)
        with open(out, "w", encoding="utf-8") as file:
            if kind == "texts":
                file.writelines(line + "\n" for line in written)
            else:
                json.dump(written, file, ensure_ascii=False, separators=(",", ":"))
    print(f"{n} written: {out}")


if __name__ == "__main__":
    main()
