#!/usr/bin/env python3
"""Write captions into the samples of a WebDataset tar that have none.

    add-captions.py IN.tar OUT.tar

The captions come from what people have marked in the picture: from `objects`
(boxes: how many of what, the larger first, what is left of what), else from
`qa` (what was answered to "what is ..." and "how many ..."). Nothing is
guessed: a sample without either keeps its JSON, and captions that are there
already are left alone. The same input gives the same output.
"""
import argparse
import json
import random
import re
import tarfile

import tars

NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SPOKEN = {"tv": "television", "remote": "remote control", "sports ball": "ball",
          "mouse": "computer mouse", "potted plant": "plant in a pot", "tie": "necktie",
          "couch": "sofa", "frisbee": "frisbee", "dining table": "table", "tvmonitor": "television"}
PLURAL = {"person": "people", "knife": "knives", "sheep": "sheep", "skis": "pairs of skis",
          "scissors": "pairs of scissors", "plant in a pot": "plants in pots",
          "mouse": "mice", "shelf": "shelves"}
NO_ARTICLE = {"skis", "scissors", "broccoli", "paper", "clothing", "furniture", "toilet paper",
              "food", "luggage", "stationery", "clothing detergent", "glassware", "jewellery"}
COLOURS = set("""red green blue white black brown gray grey yellow orange pink purple violet beige
maroon cream golden gold silver transparent cobalt teal dark light""".split())
ROOMS = [("bedroom", {"bed", "night stand"}), ("bathroom", {"toilet", "bathtub", "shower curtain"}),
         ("kitchen", {"stove", "oven", "refrigerator", "dishwasher", "electric cooker"}),
         ("living room", {"sofa"}), ("classroom", {"blackboard"})]


def plural(name):
    if name in PLURAL:
        return PLURAL[name]
    if re.search(r"(s|x|sh|ch)$", name):
        return name + "es"
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    return name + "s"


def looks_plural(name):
    return name.endswith("s") and not re.search(r"(ss|us|is|ens|gas)$", name)


def one(name):
    if name in NO_ARTICLE or looks_plural(name):
        return name
    vowel = name[0] in "aeiou" and not re.match(r"(uni|use|one|eu)", name)
    return ("an " if vowel else "a ") + name


def some(name, count):
    if count == 1:
        return one(name)
    if name in NO_ARTICLE and name not in PLURAL:
        return name
    if name == "person" and count > 5:
        return "a group of people"
    return (NUMBERS[count] if count < 6 else "several") + " " + plural(name)


def many(name, count):
    return one(name) if count == 1 else name if name in NO_ARTICLE else plural(name)


def listed(parts):
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def from_objects(objects, rng):
    counts, areas = {}, {}
    for name, _, _, wide, high in objects:
        name = SPOKEN.get(name, name)
        counts[name] = counts.get(name, 0) + 1
        areas[name] = areas.get(name, 0) + wide * high
    order = sorted(counts, key=lambda name: -areas[name])
    if not order:
        return []
    captions = ["a photo of " + listed([some(n, counts[n]) for n in order[:4]]),
                listed([some(n, counts[n]) for n in order[:2]]),
                "a picture with " + listed([many(n, counts[n]) for n in order[:6]])]
    if len(order) > 1:
        captions.append("a photo of " + many(order[0], counts[order[0]]))
    if len(order) > 2:
        more = sorted(rng.sample(order[1:], min(3, len(order) - 1)), key=order.index)
        captions.append(listed([many(n, counts[n]) for n in order[:1] + more]))
    lone = [o for o in objects if counts[SPOKEN.get(o[0], o[0])] == 1]
    lone.sort(key=lambda o: -o[3] * o[4])
    if len(lone) > 1:
        first, second = ((SPOKEN.get(o[0], o[0]), o[1] + o[3] / 2) for o in lone[:2])
        if abs(first[1] - second[1]) > 0.25:
            if first[1] > second[1]:
                first, second = second, first
            captions.append(f"{one(first[0])} to the left of {one(second[0])}")
    return list(dict.fromkeys(captions))


PLACE = re.compile(r"what (?:is|are)(?: the)?(?: objects?| things?| items?)?(?: kept| placed| found)? "
                   r"((?:on|in|under|above|below|beneath|behind|in front of|inside|on top of|"
                   r"to the left of|to the right of|beside|near) the [a-z ]+)\?$")
HOW_MANY = re.compile(r"how many ([a-z]+(?: [a-z]+)?) (?:are|is) (?:there|visible|seen)\b")


def from_qa(qa):
    seen, counts, placed = [], {}, []
    for question, answer in qa:
        question = re.sub(r"\s*\bimage ?\d+\b", "", question)
        number = HOW_MANY.match(question)
        if number and answer.isdigit() and 2 <= int(answer) <= 9 and \
                not COLOURS & set(number[1].split()):
            counts[number[1]] = int(answer)
        if not question.startswith("what ") or re.search(r"colou?r|shape|how many|\bnot\b", question):
            continue
        names = [a.strip().replace("_", " ") for a in answer.split(",")]
        names = [n for n in names if n and not n.isdigit() and n not in COLOURS and
                 n not in ("yes", "no", "wall", "room", "floor")]
        for name in names:
            if name not in seen:
                seen.append(name)
        place = PLACE.match(question)
        if place and names and len(place[1].split()) <= 6:
            placed.append(listed([one(n) for n in names]) + " " + place[1].strip())
    if not seen:
        return []
    kinds = [kind for kind, signs in ROOMS if signs & set(seen)]
    kind = kinds[0] if len(kinds) == 1 else "room"
    said = [f"{NUMBERS[count]} {name}" for name, count in counts.items()]
    rest = [one(n) for n in seen
            if not any(n in name or name in plural(n) for name in counts)]
    captions = [f"a photo of a {kind} with " + listed((said + rest)[:4]),
                f"an indoor photo of {one(seen[0])}",
                f"a room with " + listed([one(n) for n in seen[:6]])]
    captions += list(dict.fromkeys(placed))[:4]
    return list(dict.fromkeys(captions))


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("input")
    args.add_argument("output")
    args = args.parse_args()
    given = total = 0
    with tarfile.open(args.input) as source, tars.create(args.output) as tar:
        for info in source:
            if not info.isfile():
                continue
            data = source.extractfile(info).read()
            if info.name.endswith(".json"):
                total += 1
                sample = json.loads(data)
                if not sample.get("captions"):
                    if sample.get("objects"):
                        captions = from_objects(sample["objects"], random.Random(info.name))
                    else:
                        captions = from_qa(sample.get("qa", []))
                    if captions:
                        sample["captions"] = captions
                        data = json.dumps(sample, ensure_ascii=False,
                                          separators=(",", ":")).encode()
                        given += 1
            tars.add(tar, info.name, data)
    print(f"{args.output}: {total} samples, captions written for {given}")


if __name__ == "__main__":
    main()
