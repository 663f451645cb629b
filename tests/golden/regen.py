"""Writes the golden fixtures from the reference implementations, and measures gaze's models with them.

regen.py [MODULE...]              writes data/ again, all of it or what MODULE (clip, resize, ...) writes
regen.py --check [MODULE...]      writes it elsewhere and says which files differ from data/
regen.py --check-model FOLDER     loads a model that gaze trained in transformers and compares ids and vectors with
         [--gaze PROGRAM]         those of the program (default: build/cli/gaze)

Needs torch, transformers, Pillow, tokenizers, open_clip_torch, safetensors, ftfy, peft and numpy; data/versions.json says
which versions, and with which seeds, wrote what is committed.
"""

import argparse
import filecmp
import importlib
import importlib.metadata
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")
MODULES = [
    "resize",
    "pictures",
    "tokenizer",
    "tokenizer_kinds",
    "tokenizer_lm",
    "clip",
    "classifier",
    "families",
    "llava",
    "assistants",
    "clip_train",
    "lm_train",
    "llava_train",
    "lora_train",
    "distill",
    "weights",
    "decoders",
    "decoders_gguf",
    "stories",
    "sampler",
    "chat_template",
    "answer_scores",
    "quants",
    "gguf_files",
    "tokenizer_decoders",
]
PACKAGES = [
    "torch",
    "transformers",
    "pillow",
    "tokenizers",
    "open_clip_torch",
    "safetensors",
    "ftfy",
    "numpy",
    "sentencepiece",
    "jinja2",
    "gguf",
    "ctransformers",
    "pycocoevalcap",
    "salesforce-lavis",
    "peft",
]


def existing(names):
    return [name for name in names or MODULES if os.path.exists(os.path.join(HERE, name + ".py"))]


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def write(folder, names):
    """Each module fills its part of folder; versions.json says with what."""
    path = os.path.join(folder, "versions.json")
    versions = {}
    if os.path.exists(path):
        with open(path) as file:
            versions = json.load(file)
    for name in existing(names):
        module = importlib.import_module(name)
        module.write(folder)
        versions[name] = {package: version(package) for package in PACKAGES}
        versions[name]["python"] = sys.version.split()[0]
        if hasattr(module, "SEED"):
            versions[name]["seed"] = module.SEED
    with open(path, "w") as file:
        json.dump(versions, file, indent=1, sort_keys=True)
        file.write("\n")


def files_below(folder):
    return {os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names}


def check(names):
    """How many files differ from data/."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, names)
        parts = {path.split(os.sep)[0] for path in files_below(folder)} - {"versions.json"}
        paths = {path for path in files_below(DATA) | files_below(folder) if path.split(os.sep)[0] in parts}
        different = 0
        for path in sorted(paths):
            ours, theirs = os.path.join(DATA, path), os.path.join(folder, path)
            if not (os.path.exists(ours) and os.path.exists(theirs) and filecmp.cmp(ours, theirs, shallow=False)):
                print("differs:", path)
                different += 1
        print(f"{len(paths)} files, {different} differ")
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=" ".join(existing(None)))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--check-model", metavar="FOLDER")
    parser.add_argument("--gaze", default=os.path.join(HERE, "..", "..", "build", "cli", "gaze"))
    options = parser.parse_args()
    sys.path.insert(0, HERE)
    if options.check_model:
        return importlib.import_module("check_model").check(options.check_model, options.gaze)
    if options.check:
        return check(options.modules) > 0
    write(DATA, options.modules)
    return 0


if __name__ == "__main__":
    sys.exit(main())
