"""open_clip's lists of templates, and the classes that its build_zero_shot_classifier makes of clip.py's model `quick`.

data/classifier/classes.json  lists: count and CRC-32 of "TEMPLATE\\n" one after another; labels; classes: a unit vector
                              each, of the seven simple templates

The model runs in float64 on the stored weights. open_clip's two files are read by themselves: as a package it asks for
torchvision, which clip.py keeps away.
"""

import importlib.util
import json
import os
import zlib

import numpy as np

from clip import pad, quiet, reload

HERE = os.path.dirname(os.path.abspath(__file__))
LABELS = ["dog", "cat", "red bus", "고양이", "photo of two people waiting under the trees near the house"]


def part_of_open_clip(name):
    place = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location(name, os.path.join(place, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Quick:
    """As open_clip asks a model and its tokenizer."""

    def __init__(self):
        from transformers import AutoTokenizer

        place = os.path.join(HERE, "data", "clip", "quick")
        self.model, self.words = reload(place).double(), AutoTokenizer.from_pretrained(place)

    def tokenize(self, texts):
        import torch

        ids, end = self.words(texts, truncation=True, max_length=16)["input_ids"], self.words.eos_token_id
        return torch.from_numpy(np.stack(pad([row[: row.index(end) + 1] for row in ids], end)))

    def encode_text(self, tokens, normalize):
        assert normalize
        hidden = self.model.text_model(input_ids=tokens[0], attention_mask=tokens[1]).pooler_output
        vectors = self.model.text_projection(hidden)
        return vectors / vectors.norm(dim=-1, keepdim=True)


def about(templates):
    lines = "".join(template("{}") + "\n" for template in templates)
    return {"count": len(templates), "crc32": zlib.crc32(lines.encode())}


def write(folder):
    """Fills folder/classifier."""
    quiet()
    folder = os.path.join(folder, "classifier")
    os.makedirs(folder, exist_ok=True)
    lists, quick = part_of_open_clip("zero_shot_metadata"), Quick()
    classes = part_of_open_clip("zero_shot_classifier").build_zero_shot_classifier(
        quick, quick.tokenize, LABELS, lists.SIMPLE_IMAGENET_TEMPLATES, num_classes_per_batch=2)
    cases = {"imagenet": about(lists.OPENAI_IMAGENET_TEMPLATES), "simple": about(lists.SIMPLE_IMAGENET_TEMPLATES),
             "labels": LABELS, "classes": np.round(classes.numpy().T, 9).tolist()}
    with open(os.path.join(folder, "classes.json"), "w") as file:
        json.dump(cases, file, indent=1)
        file.write("\n")
