#!/usr/bin/env python3
"""Write questions of presence ("is there a dog in the picture?") from captions.

    ask-presence.py IN.tar OUT.tar [--seed N] [--least N] [--most N]

The answer is yes where the noun is in three or more of a picture's captions, no where it is in none; where it is in one or
two, nobody asks. A noun is asked as often with yes as with no, of at most --most pictures each, drawn by the seed; one
that fewer than --least pictures have is left out. OUT.tar has the pictures that are asked about, each with its `qa` and
what else its JSON had; the same captions and seed give the same file.
"""
import argparse
import os
import random
import re

import tars

# What is asked, and the words that it stands in captions as.
NOUNS = {
    "is there a dog": "dog dogs puppy puppies",
    "is there a cat": "cat cats kitten kittens",
    "is there a horse": "horse horses pony",
    "is there a bird": "bird birds",
    "is there a man": "man men",
    "is there a woman": "woman women lady ladies",
    "is there a boy": "boy boys",
    "is there a girl": "girl girls",
    "is there a child": "child children kid kids toddler baby",
    "is there a ball": "ball balls football basketball baseball",
    "is there a bicycle": "bicycle bicycles bike bikes",
    "is there a skateboard": "skateboard skateboards skateboarder skateboarding",
    "is there a beach": "beach",
    "is there a pool": "pool pools",
    "is there a rock": "rock rocks boulder boulders",
    "is there a mountain": "mountain mountains",
    "is there a field": "field fields",
    "is there a street": "street streets road",
    "is there a hat": "hat hats cap caps",
    "is there a shirt": "shirt shirts",
    "is there a jacket": "jacket jackets coat coats",
    "is there a frisbee": "frisbee frisbees",
    "is there a stick": "stick sticks",
    "is there a toy": "toy toys",
    "is there a car": "car cars",
    "is there a tree": "tree trees",
    "is there a building": "building buildings",
    "is there a crowd": "crowd crowds",
    "is there a wave": "wave waves",
    "is there a bench": "bench benches",
    "is there water": "water ocean sea lake river pool waves",
    "is there snow": "snow snowy",
    "is there grass": "grass grassy",
    "is there sand": "sand sandy",
    "are there people": "people men women children kids boys girls crowd group",
}


def in_captions(about, words):
    """In how many captions one of the words stands."""
    return sum(not words.isdisjoint(re.findall("[a-z]+", text.lower())) for text in about["captions"])


def choose(samples, options):
    """{key: [(question, answer)]}, and how often each noun is asked with either answer."""
    chosen, counts = {}, {}
    for question, words in NOUNS.items():
        counted = [(key, in_captions(about, set(words.split()))) for key, _, _, about in samples]
        sides = {"yes": [key for key, n in counted if n >= 3], "no": [key for key, n in counted if n == 0]}
        n = min(len(sides["yes"]), len(sides["no"]), options.most)
        if n < options.least:
            continue
        chance = random.Random(f"{options.seed} {question}")
        counts[question] = n
        for answer, keys in sides.items():
            for key in chance.sample(keys, n):
                chosen.setdefault(key, []).append((question + " in the picture?", answer))
    return chosen, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tar")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=int, default=5, help="pictures with yes that a noun needs [5]")
    parser.add_argument("--most", type=int, default=50, help="pictures of a noun with either answer [50]")
    options = parser.parse_args()
    samples = [(os.path.splitext(name)[0], name, picture, about)
               for name, picture, about in tars.read(options.tar) if about.get("captions")]
    chosen, counts = choose(samples, options)
    with tars.create(options.out) as tar:
        for key, name, picture, about in samples:
            if key in chosen:
                tars.add_sample(tar, name, picture, {**about, "qa": chosen[key]})
    for question, n in counts.items():
        print(f"{question}: {n} yes, {n} no")
    print(f"{2 * sum(counts.values())} questions, {len(chosen)} pictures: {options.out}")


if __name__ == "__main__":
    main()
