#!/usr/bin/env python3
"""Write LLaVA's JSON from captions and from the names of classes.

    write-records.py captions OUT.json TAR...
    write-records.py names OUT.json TAR KOREAN.tsv

captions: every caption is a record of its own, asked for with one of DESCRIBE. names: every picture with `name` is asked
what it shows in English or, as often, in Korean, by its class in KOREAN.tsv. Pictures stay in their tars, where
`gaze train llava` finds them by name. The same tars give the same file.
"""
import json
import os
import random
import re
import sys
import tarfile

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
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def read(path):
    """(name of the picture, its JSON) of every sample."""
    samples = {}
    with tarfile.open(path) as tar:
        for member in tar:
            key, ending = os.path.splitext(member.name)
            if ending in ENDINGS:
                samples.setdefault(key, {})["picture"] = member.name
            elif ending == ".json":
                samples.setdefault(key, {})["about"] = json.load(tar.extractfile(member))
    return [(s["picture"], s["about"]) for s in samples.values() if len(s) == 2]


def tidy(caption):
    """A sentence: a capital, a stop, no blank in front of signs."""
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(caption.split())).strip(' ".')
    return text[:1].upper() + text[1:] + ("" if text.endswith(("!", "?")) else ".")


def with_article(name):
    return ("an " if name[0].lower() in "aeiou" else "a ") + name


def record(identity, picture, question, answer):
    said = [{"from": "human", "value": "<image>\n" + question}, {"from": "gpt", "value": answer}]
    return {"id": identity, "image": picture, "conversations": said}


def write_captions(tars, chance):
    for tar in tars:
        for picture, about in read(tar):
            for i, caption in enumerate(about.get("captions", [])):
                if re.search("[a-z]", caption):
                    yield record(f"{picture}-{i}", picture, chance.choice(DESCRIBE), tidy(caption))


def write_names(tar, korean_path, chance):
    with open(korean_path, encoding="utf-8") as file:
        korean = {row[0]: row[1].split("|")[0] for row in (line.rstrip("\n").split("\t") for line in file)}
    for picture, about in read(tar):
        name = about["name"]
        if chance.random() < 0.5 and about["class"] in korean:
            question, answer = chance.choice(NAME_KOREAN)
            yield record(picture, picture, question, answer.format(korean[about["class"]]))
        else:
            question, answer = chance.choice(NAME)
            yield record(picture, picture, question, answer.format(with_article(name), bare=name))


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("captions", "names"):
        sys.exit(__doc__)
    kind, out, *sources = sys.argv[1:]
    chance = random.Random(1)
    records = list(write_captions(sources, chance) if kind == "captions" else write_names(*sources, chance))
    with open(out, "w", encoding="utf-8") as file:
        json.dump(records, file, ensure_ascii=False, separators=(",", ":"))
    print(f"{len(records)} records: {out}")


if __name__ == "__main__":
    main()
