#!/usr/bin/env python3
"""Write more questions about rooms (DAQUAR) from those that people asked about them.

    ask-rooms.py IN.tar OUT.tar [--copies N] [--kept X] [--presence N] [--seed N]

A language model soon knows the answer to each of a few thousand questions by its words, and then no picture is needed. So of
every question words are left out, others in every copy, and each thing that a room's questions and answers name is an answer
to "what is in the picture ?". --presence: so many things that are there, and as many of other rooms', are asked for with yes and
no. The same samples and seed give the same file.
"""
import argparse
import collections
import os
import random

import tars

COLOURS = frozenset("white brown red black blue pink green gray yellow orange purple beige".split())
LEAST = 5  # answers that a word has to be before it is a thing wherever it stands


def answers_of(about):
    """Each by itself where an answer is several."""
    return [part.strip() for row in about["qa"] for part in str(row[1]).split(",")]


def is_thing(word):
    return word not in COLOURS and not word.isdigit()


class Rooms:
    """samples: [(name of the picture, its bytes, its JSON)]."""

    def __init__(self, samples):
        counts = collections.Counter(answer for _, _, about in samples for answer in answers_of(about))
        self.known = {word for word, n in counts.items() if n >= LEAST and is_thing(word)}
        self.things = {name: self.find_things(about) for name, _, about in samples}
        self.all = [thing for name in self.things for thing in self.things[name] if thing in self.known]

    def find_things(self, about):
        named = {word for row in about["qa"] for word in row[0].split() if word in self.known}
        return sorted(named | {answer for answer in answers_of(about) if is_thing(answer)})

    def ask_presence(self, name, n, chance):
        here = [thing for thing in self.things[name] if thing in self.known]
        here = chance.sample(here, min(n, len(here)))
        away = set()
        while len(away) < len(here):
            thing = chance.choice(self.all)
            if thing not in self.things[name]:
                away.add(thing)
        asked = [(thing, "yes") for thing in here] + [(thing, "no") for thing in sorted(away)]
        return [(f"is there a {thing} in the picture ?", answer) for thing, answer in asked]


def leave_out(question, least, chance):
    """Its first two words, which say what kind of question it is, stay; of the others a share between least and all."""
    kept = chance.uniform(least, 1)
    return " ".join(word for i, word in enumerate(question.split()) if i < 2 or word == "?" or chance.random() < kept)


def ask(rooms, name, about, options, chance):
    asked = [(leave_out(row[0], options.kept, chance), row[1]) for row in about["qa"]]
    asked += [("what is in the picture ?", thing) for thing in rooms.things[name]]
    asked += rooms.ask_presence(name, options.presence, chance)
    chance.shuffle(asked)
    return asked


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tar")
    parser.add_argument("out")
    parser.add_argument("--copies", type=int, default=1, help="of every room, each with questions of its own [1]")
    parser.add_argument("--kept", type=float, default=0.3, help="least share of a question's words that stay [0.3]")
    parser.add_argument("--presence", type=int, default=0, help="things that are there, and that are not, a room [0]")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    samples = [sample for sample in tars.read(options.tar) if sample[2].get("qa")]
    rooms, chance, n = Rooms(samples), random.Random(options.seed), 0
    with tars.create(options.out) as tar:
        for copy in range(options.copies):
            for name, picture, about in samples:
                asked = ask(rooms, name, about, options, chance)
                key, ending = os.path.splitext(name)
                tars.add_sample(tar, f"{key}-{copy}{ending}", picture, {"qa": asked})
                n += len(asked)
    print(f"{n} written: {options.out}")


if __name__ == "__main__":
    main()
