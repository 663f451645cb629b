"""Writes what the reference implementation computes for a checkpoint, for `gaze model verify` to compare with.

make_reference.py MODEL [--out FOLDER]

MODEL is a folder as transformers reads it (config.json: CLIP, SigLIP, Chinese-CLIP) or as open_clip does
(open_clip_config.json). FOLDER is MODEL/gaze-reference unless said otherwise. It is run once, where torch, Pillow,
safetensors and transformers or open_clip are; gaze itself needs none of them.

FOLDER/picture0.png, ...      pictures that this script draws
FOLDER/cases.json             texts and their ids, versions of the packages, what was compared and how
FOLDER/reference.safetensors  rgb0, ... [h, w, 3] as decoded; resized0, ... [S, S, 3] after resize and crop; pixels
                              [B, 3, S, S]; ids and offsets of texts; every tap, named as gaze names it;
                              embeddings.pictures, embeddings.texts (unit); similarity [B, T] (logits)

The reference runs in float64, open_clip's of more than a billion weights in float32. Pictures are resized by Pillow.
"""

import argparse
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import sys
from unittest.mock import MagicMock

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import taps as hooks  # noqa: E402

SEED = 22
SHAPES = [(1.67, 1.25), (1, 1), (0.8, 1.3), (2.3, 1.63)]  # of the model's input: wide, as it is, too small, larger
TEXTS = [
    "a dog",
    "A red bus on the street, and two people waiting.",
    "고양이 사진 \U0001f408",
    "",
    "It's 1984: don't PANIC!",
    "一只猫坐在沙发上",
    " ".join(["a cat and a dog and a bus and a ball and a tree and a house and a boat"] * 8),
]
PACKAGES = ["torch", "transformers", "open_clip_torch", "timm", "pillow", "tokenizers", "safetensors", "numpy"]
TOO_MANY_WEIGHTS = 1e9  # for float64
TOO_MANY_BYTES = 64e6  # of taps: then those that others surround are left out


def scene(width, height, seed, noise=40):
    """Waves of colour under noise, with saturated spots where a cubic overshoots."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    waves = [127 + 120 * np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in random.uniform(0.3, 2, (3, 3))]
    pixels = np.stack(waves, axis=-1) + random.normal(0, noise, (height, width, 3))
    pixels[random.random((height, width)) < 0.05] = 255
    pixels[random.random((height, width)) < 0.05] = 0
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def stand_in_for_torchvision():
    """open_clip and timm import torchvision, for pictures alone, which are prepared here."""
    if importlib.util.find_spec("torchvision"):
        return
    for name in ("", ".transforms", ".transforms.functional", ".transforms.v2", ".ops", ".ops.misc", ".datasets", ".io",
                 ".models", ".models.feature_extraction", ".utils"):
        module = MagicMock()
        module.__spec__ = importlib.machinery.ModuleSpec("torchvision" + name, None)
        module.__version__ = "0"
        sys.modules["torchvision" + name] = module


def made_up_ids(start, end, vocabulary, context):
    """Where there is no tokenizer: texts of no, few and all tokens that fit, none of them special."""
    random = np.random.default_rng(SEED)
    top = min(i for i in (start, end, vocabulary) if i is not None and i > vocabulary // 2)
    room = context - (start is not None) - 1
    rows = [random.integers(4, top, min(n, room)).tolist() for n in (0, 3, room, 1)]
    return [([] if start is None else [start]) + row + [end] for row in rows]


def padded(ids, pad):
    """[T, longest], and its mask."""
    longest = max(map(len, ids))
    return ([row + [pad] * (longest - len(row)) for row in ids],
            [[1] * len(row) + [0] * (longest - len(row)) for row in ids])


def widen(module):
    """A module's own weights, not those of modules in it."""
    for value in module.parameters(recurse=False):
        value.data = value.data.double()


def narrow(module):
    for value in module.parameters(recurse=False):
        value.data = value.data.float()


class Transformers:
    """A checkpoint of transformers."""

    package = "transformers"
    # model_type: the processor that Pillow resizes for
    processors = {"clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor",
                  "chinese_clip": "ChineseCLIPImageProcessor"}

    def __init__(self, folder):
        import torch
        from transformers import AutoConfig, AutoModel
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        self.folder, self.config = folder, AutoConfig.from_pretrained(folder)
        self.family = self.config.model_type
        if self.family not in self.processors:
            sys.exit(f"not a family that gaze runs: {folder}: model_type {self.family}")
        self.size, self.text = self.config.vision_config.image_size, self.config.text_config
        # Eager attention takes its softmax in float32, whatever the weights are.
        how = "eager" if self.family == "chinese_clip" else "sdpa"
        self.model = AutoModel.from_pretrained(folder, attn_implementation=how, dtype=torch.float32).eval()

    def processor(self):
        said = {}
        for name in ("preprocessor_config.json", "processor_config.json"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path) as file:
                    said = json.load(file)
                said = said.get("image_processor") or said
        said = said.get("image_processor_type", "").removesuffix("Pil").removesuffix("Fast")
        name = said if said in self.processors.values() else self.processors[self.family]
        family = next(key for key, value in self.processors.items() if value == name)
        try:
            module = importlib.import_module(f"transformers.models.{family}.image_processing_pil_{family}")
            return getattr(module, name + "Pil").from_pretrained(self.folder)
        except ModuleNotFoundError:  # before transformers 5 the plain name is Pillow's
            return getattr(importlib.import_module("transformers"), name).from_pretrained(self.folder)

    def prepare(self, pictures):
        processor = self.processor()
        resized = processor(pictures, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"]
        pixels = processor(pictures, return_tensors="np")["pixel_values"]
        return [np.asarray(part).transpose(1, 2, 0).astype(np.uint8) for part in resized], pixels

    def end(self):
        """The id that is pooled, or None; 2 in configurations from before 2023 means the highest."""
        if self.family != "clip":
            return None
        return self.text.vocab_size - 1 if self.text.eos_token_id == 2 else self.text.eos_token_id

    def tokenize(self, texts):
        if not any(os.path.exists(os.path.join(self.folder, name)) for name in
                   ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")):
            return None
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self.folder)
        context, end = self.text.max_position_embeddings, self.end()
        filled = {"padding": "max_length"} if self.family == "siglip" else {}
        ids = tokenizer(texts, truncation=True, max_length=context, **filled)["input_ids"]
        return ids if end is None else [row[: row.index(end) + 1] for row in ids]

    def make_up(self):
        context, words = self.text.max_position_embeddings, self.text.vocab_size
        if self.family == "clip":
            start = words - 2 if self.text.eos_token_id == 2 else self.text.bos_token_id
            return made_up_ids(start, self.end(), words, context)
        ids = made_up_ids(None, (self.text.pad_token_id or 0) + 1, words, context)
        return padded(ids, self.text.pad_token_id or 0)[0] if self.family == "siglip" else ids

    def widen(self):
        """To float64, matrices only while they are used: the numbers are the same, and they need half the memory."""
        import torch

        for module in self.model.modules():
            if type(module) is torch.nn.Linear:
                module.register_forward_pre_hook(lambda module, _: widen(module))
                module.register_forward_hook(lambda module, _, output: narrow(module))
            elif type(module) is torch.nn.Embedding:
                module.register_forward_hook(lambda module, _, rows: rows.double())
            else:
                widen(module)
        return torch.float64

    def run(self, pixels, ids):
        import torch

        noted = hooks.Taps(ids)
        getattr(hooks, self.family)(noted, self.model)
        rows, mask = padded(ids, self.text.pad_token_id or 0)
        with torch.no_grad():
            out = self.model(pixel_values=pixels, input_ids=torch.tensor(rows), attention_mask=torch.tensor(mask))
        return noted, out.image_embeds, out.text_embeds, out.logits_per_image


class OpenClip:
    """A checkpoint of open_clip."""

    package, family = "open_clip_torch", "open_clip"

    def __init__(self, folder):
        stand_in_for_torchvision()
        with open(os.path.join(folder, "open_clip_config.json")) as file:
            self.config = json.load(file)
        self.folder = folder
        self.model = self.build(dict(self.config["model_cfg"])).eval()
        weights = self.weights()
        self.model.load_state_dict(weights, strict=False)
        missing = set(self.model.state_dict()) - set(weights)
        if [name for name in missing if not name.endswith(("attn_mask", "position_ids", "token_type_ids"))]:
            sys.exit(f"missing weights: {folder}: {sorted(missing)[0]}")
        self.settings(self.config)

    def weights(self):
        import torch
        from safetensors.torch import load_file

        path = os.path.join(self.folder, "open_clip_model.safetensors")
        if os.path.exists(path):
            return load_file(path)
        return torch.load(os.path.join(self.folder, "open_clip_pytorch_model.bin"), weights_only=True)

    def settings(self, config):
        model = config["model_cfg"]
        self.size, self.words = model["vision_cfg"]["image_size"], model["text_cfg"]
        self.pictures = config.get("preprocess_cfg", {})

    def build(self, model):
        from open_clip.model import CLIP, CustomTextCLIP

        text = dict(model["text_cfg"])
        if "hf_model_name" in text:
            text["hf_model_pretrained"] = False
            beside = os.path.join(self.folder, text["hf_model_name"])
            text["hf_model_name"] = beside if os.path.isdir(beside) else text["hf_model_name"]
        vision = dict(model["vision_cfg"])
        if "timm_model_name" in vision:
            vision["timm_model_pretrained"] = False
        own = not model.pop("custom_text", False) and "hf_model_name" not in text
        return (CLIP if own else CustomTextCLIP)(**dict(model, text_cfg=text, vision_cfg=vision))

    def fit(self, picture):
        """torchvision's Resize and CenterCrop on a Pillow picture, or the squash."""
        size, mode = self.size, self.pictures.get("resize_mode", "shortest")
        filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
        how = filters[self.pictures.get("interpolation", "bicubic")]
        if mode == "squash":
            return picture.resize((size, size), how)
        if mode != "shortest":
            sys.exit(f"not implemented: {self.folder}: resize_mode {mode}")
        short = min(picture.size)
        picture = picture.resize([int(size * side / short) for side in picture.size], how)
        left, top = (int(round((side - size) / 2)) for side in picture.size)
        return picture.crop((left, top, left + size, top + size))

    def prepare(self, pictures):
        mean = np.array(self.pictures.get("mean", [0.48145466, 0.4578275, 0.40821073]), np.float32)
        deviation = np.array(self.pictures.get("std", [0.26862954, 0.26130258, 0.27577711]), np.float32)
        resized = [np.array(self.fit(picture)) for picture in pictures]
        pixels = [((part.astype(np.float32) / 255 - mean) / deviation).transpose(2, 0, 1) for part in resized]
        return resized, np.stack(pixels)

    def tokenize(self, texts):
        import open_clip

        if "hf_tokenizer_name" not in self.words:
            tokenizer = open_clip.SimpleTokenizer(context_length=self.words.get("context_length", 77))
            if tokenizer.vocab_size != self.words.get("vocab_size", 49408):
                return None
        elif os.path.exists(os.path.join(self.folder, "tokenizer.json")):
            tokenizer = open_clip.get_tokenizer("local-dir:" + self.folder)
        else:
            return None
        ids = np.asarray(tokenizer(texts)).tolist()
        if "hf_model_name" in self.words:
            pad = self.model.text.config.pad_token_id
            return [[i for i in row if i != pad] for row in ids]
        return ids if self.filled() else [row[: row.index(max(row)) + 1] for row in ids]

    def filled(self):
        return self.words.get("pool_type", "argmax") == "last"

    def make_up(self):
        context = self.words.get("context_length", 77)
        if "hf_model_name" in self.words:
            return made_up_ids(None, 2, self.model.text.config.vocab_size, context)
        words = self.words.get("vocab_size", 49408)
        if self.filled():
            return padded(made_up_ids(None, 1, words, context), self.words.get("pad_id", 0))[0]
        return made_up_ids(words - 2, words - 1, words, context)

    def widen(self):
        import torch

        weights = sum(parameter.numel() for parameter in self.model.parameters())
        dtype = torch.float64 if weights < TOO_MANY_WEIGHTS else torch.float32
        self.model.to(dtype)
        return dtype

    def run(self, pixels, ids):
        import torch

        noted, model = hooks.Taps(ids), self.model
        text = model.text if hasattr(model, "text") else model
        hooks.open_clip_vision(noted, model.visual)
        hooks.open_clip_text(noted, text)
        pad = text.config.pad_token_id if "hf_model_name" in self.words else 0
        rows = torch.tensor(padded(ids, pad)[0])
        if not hasattr(text, "config"):  # open_clip's own attention mask is of the whole context
            rows = torch.nn.functional.pad(rows, (0, self.words.get("context_length", 77) - rows.shape[1]))
        with torch.no_grad():
            pictures, words = model.encode_image(pixels), model.encode_text(rows)
            noted.note("text.embedding", words)
            pictures, words = (torch.nn.functional.normalize(value, dim=-1) for value in (pictures, words))
            logits = model.logit_scale.exp() * pictures @ words.T
            bias = getattr(model, "logit_bias", None)
        return noted, pictures, words, logits if bias is None else logits + bias


def slim(noted):
    """Real models' taps are large: the norms go first, then what attention adds to."""
    said = "all"
    for ending, what in ((".norm1", "blocks and attention"), (".norm2", "blocks and attention"), (".attn", "blocks")):
        if sum(value.nbytes for value in noted.values()) > TOO_MANY_BYTES:
            noted = {name: value for name, value in noted.items() if not name.endswith(ending)}
            said = what
    return noted, said


def versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def draw(size, out):
    """Pictures as files and as Pillow reads them back."""
    names = [f"picture{i}.png" for i in range(len(SHAPES))]
    for i, (name, (width, height)) in enumerate(zip(names, SHAPES)):
        scene(int(width * size), int(height * size), SEED + i, noise=20).save(os.path.join(out, name), optimize=True)
    return names, [Image.open(os.path.join(out, name)).convert("RGB") for name in names]


def run(source, pixels, ids):
    import torch

    dtype = source.widen()
    noted, pictures, words, logits = source.run(torch.from_numpy(pixels).to(dtype), ids)
    noted, said = slim(noted)
    tensors = dict(noted)
    for name, value in (("embeddings.pictures", pictures), ("embeddings.texts", words), ("similarity", logits)):
        tensors[name] = value.detach().float().numpy()
    return tensors, said, str(dtype).removeprefix("torch.")


def write(source, out):
    """Fills the folder out from a checkpoint."""
    from safetensors.numpy import save_file

    os.makedirs(out, exist_ok=True)
    names, pictures = draw(source.size, out)
    resized, pixels = source.prepare(pictures)
    pixels = np.ascontiguousarray(pixels, dtype=np.float32)
    ids = source.tokenize(TEXTS)
    texts = TEXTS if ids else None
    ids = ids or source.make_up()
    tensors, said, dtype = run(source, pixels, ids)
    for i, (picture, part) in enumerate(zip(pictures, resized)):
        tensors |= {f"rgb{i}": np.array(picture), f"resized{i}": np.ascontiguousarray(part)}
    tensors |= {"pixels": pixels, "ids": np.concatenate([np.array(row, dtype=np.int32) for row in ids]),
                "offsets": np.cumsum([0] + [len(row) for row in ids], dtype=np.int32)}
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()},
              os.path.join(out, "reference.safetensors"))
    cases = {
        "format": 1, "family": source.family, "reference": source.package, "versions": versions(), "seed": SEED,
        "dtype": dtype, "taps": said, "orientation_followed": False, "alpha": "dropped", "pictures": names,
        "texts": [{"text": text, "ids": row} for text, row in zip(texts, ids)] if texts else [],
        "token_ids": "compared" if texts else "made up: no tokenizer in the folder",
    }
    with open(os.path.join(out, "cases.json"), "w") as file:
        json.dump(cases, file, indent=1, ensure_ascii=False)
        file.write("\n")


def open_source(folder):
    if os.path.exists(os.path.join(folder, "config.json")):
        return Transformers(folder)
    if os.path.exists(os.path.join(folder, "open_clip_config.json")):
        return OpenClip(folder)
    return sys.exit(f"no model: {folder}: expected config.json or open_clip_config.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--out", metavar="FOLDER")
    options = parser.parse_args()
    out = options.out or os.path.join(options.model, "gaze-reference")
    write(open_source(options.model), out)
    print(f"{out}: written; now: gaze model verify {options.model}")


if __name__ == "__main__":
    main()
