"""Tiny random CLIPs, and everything that transformers computes on the way through them.

data/clip/quick/             model folder with a tokenizer: quick_gelu, heads of 12 and 8; gaze-reference/ beside it
data/clip/exact/             model folder without: gelu, eps 1e-6 and 1e-4, no two sizes alike
data/clip/exact-f16/, -bf16/ the same weights rounded
data/clip/MODEL.safetensors  its inputs (pixels; ids, offsets) and every tap, named as gaze names them
data/clip/texts.json         text, ids as the tokenizer gives them, vector, vector under a configuration of old (quick)
data/clip/pictures.json      file, vector (quick)
data/clip/picture*.png       what quick's pixels were made of
data/clip/defaults.json      CLIPConfig().to_dict()

The reference runs in float64 on the stored weights; what it gives is rounded to float32 once.
"""

import json
import os
import shutil
import sys

import numpy as np

from resize import dump, scene

import make_reference  # beside taps in samples/verify, which resize.py put on the path
import taps

sys.modules["torchvision"] = None  # transformers is to do without: its resize is not Pillow's

SEED = 20
PICTURES = [(40, 30), (24, 24), (19, 33)]  # wide, as it is, tall and smaller than the model's input
TEXTS = [
    "a dog",
    "A red bus on the street, and two people waiting.",
    "고양이 \U0001f408",
    "",
    "a photo of a cat",
    "two dogs<|endoftext|> run over the grass",  # pooled at the first end
    "a cat and a dog and a bus and a ball and a tree and a house and a boat",  # longer than the context
]
CORPUS = TEXTS + [
    "a photo of a red ball on the grass",
    "고양이 사진",
    "two people and a dog waiting for the bus",
    "a small brown horse stands under the trees near the water",
]

QUICK = {
    "projection_dim": 16,
    "logit_scale_init_value": 3.1,
    "vision_config": {"hidden_size": 36, "intermediate_size": 60, "num_hidden_layers": 2, "num_attention_heads": 3,
                      "image_size": 24, "patch_size": 8, "projection_dim": 16},
    "text_config": {"hidden_size": 24, "intermediate_size": 52, "num_hidden_layers": 2, "num_attention_heads": 3,
                    "vocab_size": 600, "max_position_embeddings": 16, "projection_dim": 16, "bos_token_id": 598,
                    "eos_token_id": 599, "pad_token_id": 599},
}
EXACT = {
    "projection_dim": 20,
    "logit_scale_init_value": 2.6592,
    "vision_config": {"hidden_size": 32, "intermediate_size": 72, "num_hidden_layers": 3, "num_attention_heads": 4,
                      "image_size": 20, "patch_size": 6, "projection_dim": 20, "hidden_act": "gelu",
                      "layer_norm_eps": 1e-6},
    "text_config": {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 6,
                    "vocab_size": 50, "max_position_embeddings": 9, "projection_dim": 20, "hidden_act": "gelu",
                    "layer_norm_eps": 1e-4, "bos_token_id": 48, "eos_token_id": 49, "pad_token_id": 49},
}


def quiet():
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def make_model(config):
    """Random weights under which every part counts: attention is not uniform, gains not one, biases not zero."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    # The default attention takes its softmax in float32, this one in the weights' own type.
    model = CLIPModel._from_config(CLIPConfig(**config), attn_implementation="sdpa").eval()
    random = np.random.default_rng(SEED)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name == "logit_scale":
                continue
            values = random.standard_normal(tuple(parameter.shape))
            if parameter.ndim > 1 and "position" not in name and "token_embedding" not in name:
                values *= 1.5 / np.sqrt(np.prod(parameter.shape[1:]))
            elif "norm" in name or "layrnorm" in name:
                values = 0.3 * values + name.endswith("weight")
            parameter.copy_(torch.from_numpy(0.7 * values if name.endswith("bias") else values))
    return model


def make_tokenizer(folder):
    """CLIP's vocabulary in small: 256 bytes, 256 bytes at a word's end, 86 merges, start and end."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import CLIPTokenizer

    frame = CLIPTokenizer()._tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer, learner.pre_tokenizer = frame.normalizer, frame.pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=2000, end_of_word_suffix="</w>", show_progress=False)
    learner.train_from_iterator(CORPUS, trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]][:86]
    assert len(merges) == 86
    alphabet = [chr(point) for point in (*range(33, 127), *range(161, 173), *range(174, 324))]
    assert sorted(alphabet) == sorted(pre_tokenizers.ByteLevel.alphabet())
    words = alphabet + [byte + "</w>" for byte in alphabet] + [a + b for a, b in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges, model_max_length=16)
    tokenizer.save_pretrained(folder)
    return tokenizer


def image_processor(**options):
    """CLIPImageProcessor by Pillow."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    return CLIPImageProcessorPil(**options)


def pad(ids, end):
    """[B, longest] and its mask, as the tokenizer pads."""
    longest = max(map(len, ids))
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in ids]
    return np.array([row + [end] * (longest - len(row)) for row in ids]), np.array(mask)


def run(model, pixels, ids):
    """Every tap as {name: [rows, columns]}; of text the rows up to the end that is pooled."""
    import torch

    noted = taps.Taps(ids)
    model = model.double()
    taps.clip(noted, model)
    padded, mask = pad(ids, model.config.text_config.pad_token_id)
    with torch.no_grad():
        model(pixel_values=torch.from_numpy(pixels).double(), input_ids=torch.from_numpy(padded),
              attention_mask=torch.from_numpy(mask))
    return noted


def save_taps(path, pixels, ids, noted, only=None):
    from safetensors.numpy import save_file

    tensors = {name: value for name, value in noted.items() if not only or name.endswith(only)}
    tensors["pixels"] = pixels
    tensors["ids"] = np.concatenate([np.array(row, dtype=np.int32) for row in ids])
    tensors["offsets"] = np.cumsum([0] + [len(row) for row in ids], dtype=np.int32)
    save_file(tensors, path)


def reload(folder, **changes):
    """What transformers reads back from a folder, in the dtype it lies there."""
    from transformers import CLIPConfig, CLIPModel

    config = CLIPConfig.from_pretrained(folder)
    for key, value in changes.items():
        setattr(config.text_config, key, value)
    return CLIPModel.from_pretrained(folder, config=config, dtype="auto", attn_implementation="sdpa").eval()


def unit(rows):
    return np.round(rows.astype(float) / np.linalg.norm(rows, axis=1, keepdims=True), 9).tolist()


def write_quick(folder):
    from transformers import AutoTokenizer

    place = os.path.join(folder, "quick")
    make_model(QUICK).save_pretrained(place)
    make_tokenizer(place)
    processor = image_processor(size={"shortest_edge": 24}, crop_size={"height": 24, "width": 24})
    processor.save_pretrained(place)
    names = [f"picture{i}.png" for i in range(len(PICTURES))]
    pictures = [scene(*size, seed=200 + i, noise=20) for i, size in enumerate(PICTURES)]
    for name, picture in zip(names, pictures):
        picture.save(os.path.join(folder, name), optimize=True)
    pixels = processor(pictures, return_tensors="np")["pixel_values"].astype(np.float32)
    tokenizer = AutoTokenizer.from_pretrained(place)
    end = tokenizer.eos_token_id
    whole = tokenizer(TEXTS)["input_ids"]
    cut = tokenizer(TEXTS, truncation=True, max_length=16)["input_ids"]
    ids = [row[: row.index(end) + 1] for row in cut]
    noted = run(reload(place), pixels, ids)
    save_taps(os.path.join(folder, "quick.safetensors"), pixels, ids, noted)
    uncut = run(reload(place), pixels, cut)["text.embedding"]
    old = run(reload(place, bos_token_id=0, eos_token_id=2, pad_token_id=1), pixels, cut)["text.embedding"]
    assert np.array_equal(uncut, old) and np.allclose(uncut, noted["text.embedding"], atol=1e-6)
    dump([{"file": name, "vector": row} for name, row in zip(names, unit(noted["vision.embedding"]))], folder,
         "pictures.json")
    dump([{"text": text, "ids": row, "vector": vector, "old": before} for text, row, vector, before
          in zip(TEXTS, whole, unit(uncut), unit(old))], folder, "texts.json")
    make_reference.write(make_reference.Transformers(place), os.path.join(place, "gaze-reference"))


def write_exact(folder):
    import torch

    random = np.random.default_rng(SEED)
    pixels = random.standard_normal((3, 3, 20, 20)).astype(np.float32)
    ids = [[48, *random.integers(0, 48, n).tolist(), 49] for n in (0, 3, 7, 1)]
    for name, dtype in ("exact", torch.float32), ("exact-f16", torch.float16), ("exact-bf16", torch.bfloat16):
        place = os.path.join(folder, name)
        make_model(EXACT).to(dtype).save_pretrained(place)
        only = None if dtype == torch.float32 else (".embedding", ".pooled")
        save_taps(place + ".safetensors", pixels, ids, run(reload(place), pixels, ids), only)


def write(folder):
    """Fills folder/clip."""
    from transformers import CLIPConfig

    quiet()
    folder = os.path.join(folder, "clip")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_quick(folder)
    write_exact(folder)
    with open(os.path.join(folder, "defaults.json"), "w") as file:
        json.dump(CLIPConfig().to_dict(), file, indent=1, sort_keys=True)
