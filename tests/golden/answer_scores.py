"""Scores of answers and captions, for test_answer_scores.c.

Captions: pycocoevalcap with its own PTBTokenizer, which needs Java. Answers: VQA's evaluation, in the copy of
salesforce-lavis, of which no more is loaded than that file. Both are fed pieces put together by chance and sentences
with what captions have.
"""

import contextlib
import importlib.util
import io
import json
import os
import random

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

SEED = 5

SENTENCES = [
    "A dog's ball isn't here.",
    "Two men (one in red, one in blue) look up!",
    'The sign says "No Parking", and the bus doesn\'t stop.',
    "It's a T.V. on Main St. near the U.S. flag",
    "Mr. Lee and Dr. Kim can't find their kids' toys ...",
    "They're on a well-known street; he's selling ice-cream -- cold.",
    "A 3-year-old boy, 2.5 feet tall, eats 1,000 grapes at 10:30.",
    "A black/white cat and/or a grey one? Who knows?!",
    "The man cannot wait; he's gonna jump, she wanna run, we gotta go",
    "Women's bags cost $5.50 or 50% more @ the market & the mall",
    "A rock 'n' roll band from the '80s plays at 7 o'clock",
    "\u201cCurly\u201d quotes \u2013 and dashes \u2014 don\u2019t matter\u2026",
    "A caf\u00e9 with \u00bd price pi\u00f1ata and na\u00efve art",
    "A man wearing AT&T shirt and a M&M cap",
    "a man ,with no space .A woman , with many  spaces .",
    "The boy's sitting on James' chair, 'quietly' reading",
    "He'd've gone if they'd let him; I'm sure you'll see we've won",
    "No. 5 runs past no. 7 in lane #3",
    "Ice cream [vanilla] {large} costs \u00a33 or \u20ac4",
    "A t-shirt reads: go! go! go!!",
    "Cap'n Jim says ma'am, c'mon y'all, ol' friends",
    "\ub450 \uba85\uc774 \ubc14\ub2e4 \uc55e\uc5d0 \uc11c \uc788\ub2e4.",
    "A dog-walker walks 2 dogs -- 3 cats - and a bird_house",
    "'Tis a bird, 'twas a plane, get 'em 'cause it's late",
    "UPPER CASE ISN'T LOWER CASE",
    "5 ft. tall, 10' x 20', size 12/25",
    "x",
    "!?",
    "A skate board . ",
]
PLAIN = "dog dogs man woman red black running on in the a two of with grass ball and sits near".split()
FIXED = ["t-shirt", "it's", "isn't", "dog's", "10:30", "1,000", "3.5", "black/white", "can't", "St.", "Mr.", "they're"]
SIGNS = ["", "", "", "", ",", ".", "!", "?", ";", ":", " ,", " .", '"', ")", "'", "...", " -", "--"]
OPENINGS = ["", "", "", "", "", '"', "(", "'", "- "]

ANSWERS = "yes no a an the red two Three none ten 3 3.5 1,000 dog's t-shirt left/right e-mail New York St. O.K. 100% 두 개".split()
JOINTS = [" ", " ", " ", ", ", ",", " - ", "-", "/", ". ", ".", "! ", "?", "; ", " (", ") ", '"', "\n", "\t", "_"]


def load_vqa():
    folder = importlib.util.find_spec("lavis").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("vqa_eval", os.path.join(folder, "common", "vqa_tools", "vqa_eval.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.VQAEval


class Questions:
    """What VQAEval asks of its questions and results."""

    def __init__(self, qa):
        self.qa = qa

    def getQuesIds(self):
        return list(self.qa)


def normalise(judge, text):
    """As the evaluation's loop prepares an answer."""
    text = text.replace("\n", " ").replace("\t", " ").strip()
    return judge.processDigitArticle(judge.processPunctuation(text))


def answer_texts(judge, chance):
    texts = list(judge.contractions) + list(judge.contractions.values()) + list(judge.manualMap)
    texts += ["", " ", "A", "the", "Yes.", "No, it isn't", "The red one!", "2 . 5", "3.", ".5", "a.b", "u.s.a.", "IM HERE"]
    for _ in range(250):
        text = chance.choice(ANSWERS)
        for _ in range(chance.randrange(4)):
            text += chance.choice(JOINTS) + chance.choice(ANSWERS)
        texts.append(text)
    return sorted(set(texts))


def consensus(make, chance):
    """Ten people's answers and one more, all normalised, with what the evaluation gives it."""
    judge = make()
    kinds = [normalise(judge, text) for text in ["yes", "no", "Red", "2 dogs", "left"]]
    qa, answers = {}, {}
    for i in range(60):
        spread = 1 + i % 5
        truths = [chance.choice(kinds[:spread]) for _ in range(10)]
        qa[i] = {
            "answers": [{"answer": text, "answer_id": k} for k, text in enumerate(truths)],
            "question_type": "what",
            "answer_type": "other",
        }
        answers[i] = {"answer": chance.choice(kinds[: spread + 1])}
    judge = make(Questions(qa), Questions(answers), n=13)
    with contextlib.redirect_stdout(io.StringIO()):
        judge.evaluate()
    return [
        {
            "truths": [truth["answer"] for truth in qa[i]["answers"]],
            "answer": answers[i]["answer"],
            "accuracy": judge.evalQA[i] / 100,
        }
        for i in qa
    ]


def make_sentence(chance):
    parts = []
    for _ in range(chance.randrange(1, 14)):
        word = chance.choice(FIXED if chance.random() < 0.2 else PLAIN)
        sign = chance.choice(SIGNS)
        if sign[:1] == "." and (word[-1] == "." or len(word) == 1):  # whose period it is depends on the next caption
            sign = ""
        parts.append(chance.choice(OPENINGS) + word + sign)
    return " ".join(parts)


def tokenize(texts):
    """One caption a picture; a last line that is none ends no sentence."""
    given = {i: [{"caption": text}] for i, text in enumerate(texts + ["end of all"])}
    return [given[0] for given in PTBTokenizer().tokenize(given).values()][:-1]


def score(captions):
    """captions: [(caption, references)]."""
    flat = tokenize([text for caption, references in captions for text in [caption, *references]])
    given, wanted = {}, {}
    for i, (_, references) in enumerate(captions):
        given[i], *wanted[i] = flat[: 1 + len(references)]
        given[i] = [given[i]]
        flat = flat[1 + len(references) :]
    bleu = Bleu(4).compute_score(wanted, given, verbose=0)[0]
    rouge = Rouge().compute_score(wanted, given)[0]
    cider, each = Cider().compute_score(wanted, given)
    return {
        "captions": [{"caption": caption, "references": references} for caption, references in captions],
        "scores": {**{f"Bleu_{k + 1}": float(bleu[k]) for k in range(4)}, "ROUGE_L": float(rouge), "CIDEr": float(cider)},
        "each_cider": [float(value) for value in each],
    }


def sentence(chance, length):
    return " ".join(chance.choice(PLAIN) for _ in range(length))


def vary(chance, text):
    words = text.split()
    for _ in range(chance.randrange(3)):
        words[chance.randrange(len(words))] = chance.choice(PLAIN)
    return " ".join(words[: chance.randrange(2, len(words) + 1)])


def caption_sets(chance):
    alike = []
    for _ in range(25):
        base = sentence(chance, chance.randrange(5, 16))
        alike.append((vary(chance, base), [vary(chance, base) + chance.choice([" .", "", "!"]) for _ in range(5)]))
    apart = [(sentence(chance, chance.randrange(1, 9)), [sentence(chance, chance.randrange(1, 9))]) for _ in range(10)]
    people = [
        ("A dog's running on the grass.", ["A black dog runs on grass.", "The dog's running, isn't it?", "Dogs run."]),
        ("Two men (in red) sit.", ["Two men sit in a T.V. room.", "A man & a man, sitting."]),
        ("the the the the the", ["the dog and the man", "a dog"]),
        ("!!", ["a dog", "a cat"]),
        ("...", ["a bus", "..."]),
    ]
    exact = [(text, [text]) for text in (sentence(chance, length) for length in (1, 2, 3, 4, 9))]
    between = [(sentence(chance, 4), [sentence(chance, 5), sentence(chance, 3)])]  # as near to both lengths
    return [alike, apart, people, exact, alike[:1], between]


def write(folder):
    chance = random.Random(SEED)
    make = load_vqa()
    place = os.path.join(folder, "answer_scores")
    os.makedirs(place, exist_ok=True)
    texts = SENTENCES + [make_sentence(chance) for _ in range(300)]
    data = {
        "normalised": [[text, normalise(make(), text)] for text in answer_texts(make(), chance)],
        "consensus": consensus(make, chance),
        "words": [list(pair) for pair in zip(texts, tokenize(texts))],
        "sets": [score(captions) for captions in caption_sets(chance)],
    }
    for name, part in data.items():
        with open(os.path.join(place, name + ".json"), "w", encoding="utf-8") as file:
            json.dump(part, file, ensure_ascii=False, indent=0)
            file.write("\n")
