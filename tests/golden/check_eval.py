"""Compares what `gaze eval` prints with the same figures by NumPy, from the vectors that `gaze embed` writes.

check_eval.py MODEL classification TAR --labels-file FILE [--templates NAME] [--templates-file FILE] [--gaze PROGRAM]
check_eval.py MODEL retrieval TAR [--gaze PROGRAM]

Labels are `CLASS<TAB>LABEL[|SYNONYM...]` lines. Scores that differ by less than 1e-6 count as equal: gaze adds in
float32, NumPy here in float64, so a figure is right when it lies between those of both orders of such pairs.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile

import numpy as np

NEAR = 1e-6
PLAIN = "a photo of a {}."
LISTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fusion", "templates")


def run_gaze(gaze, model, *words):
    command = [gaze, words[0], *words[1:], "--model", model, "--quiet"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def unpack(tar, folder):
    """[(picture, its JSON)] in the tar's order."""
    samples = {}
    with tarfile.open(tar) as archive:
        for member in archive:
            key, _, ending = member.name.partition(".")
            if ending in ("jpg", "png", "webp"):
                samples.setdefault(key, {})["picture"] = os.path.join(folder, f"{len(samples)}.{ending}")
                with open(samples[key]["picture"], "wb") as file:
                    file.write(archive.extractfile(member).read())
            elif ending == "json":
                samples.setdefault(key, {})["json"] = json.load(archive.extractfile(member))
    return [(sample["picture"], sample["json"]) for sample in samples.values() if len(sample) == 2]


def embed(gaze, model, folder, option, lines):
    """Unit vectors of pictures (--files-from) or texts (--text-file), float64."""
    names, out = os.path.join(folder, "names.txt"), os.path.join(folder, "vectors.npy")
    with open(names, "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
    run_gaze(gaze, model, "embed", option, names, "--out", out)
    vectors = np.load(out).astype(np.float64)
    assert len(vectors) == len(lines), (len(vectors), len(lines))
    return vectors


def ranks(scores, right):
    """Of the right columns of each row: how many beat it, nearly equal ones against it and for it."""
    row = scores[np.arange(len(scores)), right][:, None]
    return np.sum(scores > row - NEAR, axis=1) - 1, np.sum(scores > row + NEAR, axis=1)


def shares(metrics, name, pair, depth, of=np.mean):
    metrics[name] = tuple(float(of(rank < depth)) for rank in pair)


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]


def classify(options, folder):
    labels = [line.split("\t") for line in read_lines(options.labels_file)]
    templates = read_lines(options.templates_file) if options.templates_file else []
    if options.templates:
        templates += read_lines(os.path.join(LISTS, options.templates + ".txt"))
    templates = templates or [PLAIN]
    samples = unpack(options.tar, folder)
    place = {name: i for i, (name, _) in enumerate(labels)}
    samples = [(picture, place[about["class"]]) for picture, about in samples if about["class"] in place]
    right = np.array([label for _, label in samples])
    pictures = embed(options.gaze, options.model, folder, "--files-from", [picture for picture, _ in samples])
    classes = []
    for _, names in labels:
        prompts = [template.replace("{}", name) for name in names.split("|") for template in templates]
        mean = embed(options.gaze, options.model, folder, "--text-file", prompts).mean(axis=0)
        classes.append(mean / np.linalg.norm(mean))
    pair = ranks(pictures @ np.array(classes).T, right)
    metrics = {}
    shares(metrics, "acc1", pair, 1)
    shares(metrics, "acc5", pair, 5)
    shares(metrics, "mean_per_class_recall", pair, 1, lambda hits: np.mean([hits[right == i].mean() for i in set(right)]))
    words = ["--labels-file", options.labels_file]
    if options.templates_file:
        words += ["--templates-file", options.templates_file]
    if options.templates:
        words += ["--templates", options.templates]
    return metrics, words


def retrieve(options, folder):
    samples = unpack(options.tar, folder)
    captions = [(text, i) for i, (_, about) in enumerate(samples) for text in about["captions"]]
    owner = np.array([i for _, i in captions])
    pictures = embed(options.gaze, options.model, folder, "--files-from", [picture for picture, _ in samples])
    texts = embed(options.gaze, options.model, folder, "--text-file", [text for text, _ in captions])
    scores = texts @ pictures.T
    of_texts = ranks(scores, owner)
    best = [[], []]
    for i in range(len(samples)):
        mine = np.flatnonzero(owner == i)
        each = ranks(np.broadcast_to(scores[:, i], (len(mine), len(captions))), mine)
        for found, rank in zip(best, each):
            found.append(rank.min())
    metrics = {}
    for depth in (1, 5, 10):
        shares(metrics, f"image_retrieval_recall@{depth}", of_texts, depth)
        shares(metrics, f"text_retrieval_recall@{depth}", [np.array(rank) for rank in best], depth)
    return metrics, []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("task", choices=["classification", "retrieval"])
    parser.add_argument("tar")
    parser.add_argument("--labels-file")
    parser.add_argument("--templates", choices=["imagenet", "simple"])
    parser.add_argument("--templates-file")
    parser.add_argument("--gaze", default=os.path.join(os.path.dirname(__file__), "..", "..", "build", "cli", "gaze"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wanted, words = (classify if options.task == "classification" else retrieve)(options, folder)
    printed = run_gaze(options.gaze, options.model, "eval", options.task, "--data", options.tar, *words, "--json")
    got = json.loads(printed)["metrics"]
    wrong = 0
    for name, (low, high) in wanted.items():
        right = low - 1e-6 <= got[name] <= high + 1e-6
        wrong += not right
        print(f"{name:28} gaze {got[name]:.6f}  NumPy {low:.6f}{'' if low == high else f' to {high:.6f}'}"
              f"  {'equal' if right else 'DIFFERENT'}")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
