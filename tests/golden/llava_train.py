"""The tiny random LLaVA of data/llava/llava trained by PyTorch for twenty steps, a conversation at a time, so that none
can see another.

data/llava_train/samples.safetensors  pixels [4, 3, 14, 14]; ids and labels of the conversations [12, L], where -1 is a
                                      picture's row and -100 nothing that is asked; lengths; pictures: which picture
                                      each has, -1 for none; of each step the conversations [20, 6]
data/llava_train/RUN.safetensors      gradient.NAME: of the projector's weights in the first step, before clipping;
                                      weights.NAME: of the projector after the last step; of blocks of the image
                                      encoder that learn the same under layers.N.NAME
data/llava_train/runs.json            options of each run, and of each step loss, gradient norm and rate

In stage 1 the projector learns alone, in stage 2 with the language model and at a rate of its own, and with the last
blocks of the image encoder that are run, at theirs. The loss is the mean
over a step's labels. PyTorch computes in float64. Matrices decay, vectors do not.
"""

import os
import shutil

import numpy as np

from clip import quiet
from clip_train import learned, single
from resize import dump

SEED = 29
STEPS, BATCH, CONVERSATIONS, PICTURES, WORDS, NO_LABEL = 20, 6, 12, 4, 9, -100
HERE = os.path.dirname(os.path.abspath(__file__))

RUNS = [
    {"name": "stage1", "stage": 1, "lr": 4e-3, "projector_lr": 4e-3, "warmup": 4, "weight_decay": 0.1, "beta1": 0.9,
     "beta2": 0.95, "eps": 1e-8, "clip_norm": 1.0},
    {"name": "stage2", "stage": 2, "lr": 1e-3, "projector_lr": 3e-3, "warmup": 3, "weight_decay": 0.0, "beta1": 0.9,
     "beta2": 0.999, "eps": 1e-8, "clip_norm": 3.6},
    {"name": "block", "stage": 2, "vision_blocks": 1, "lr": 1e-3, "projector_lr": 3e-3, "vision_lr": 2e-3, "warmup": 3,
     "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "clip_norm": 3.6},
    {"name": "blocks", "stage": 2, "vision_blocks": 2, "lr": 1e-3, "projector_lr": 2e-3, "vision_lr": 4e-3, "warmup": 3,
     "weight_decay": 0.0, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "clip_norm": 3.6},
]


PARTS = {"projector": "projector_lr", "vision": "vision_lr", "language": "lr"}  # of a parameter's name, and its rate


def part_of(name):
    return next((part for part in ("projector", "vision") if part in name), "language")


def open_model(folder):
    import torch
    from transformers import LlavaForConditionalGeneration

    place = os.path.join(folder, "llava", "llava")
    if not os.path.isdir(place):
        place = os.path.join(HERE, "data", "llava", "llava")
    return LlavaForConditionalGeneration.from_pretrained(place, dtype=torch.float64, attn_implementation="sdpa").eval()


def make_samples(config, rows):
    """Conversations of a few words before and behind a picture; a third have none; a quarter of the words is not asked,
    nor is any picture's row."""
    random = np.random.default_rng(SEED)
    longest = rows + 2 * WORDS
    ids = np.zeros((CONVERSATIONS, longest), np.int32)
    labels = np.full((CONVERSATIONS, longest), NO_LABEL, np.int32)
    lengths, pictures = np.zeros(CONVERSATIONS, np.int32), np.full(CONVERSATIONS, -1, np.int32)
    for i in range(CONVERSATIONS):
        before, behind = random.integers(1, WORDS + 1, 2)
        middle = rows if i % 3 else 0
        words = random.integers(1, config.image_token_id, before + behind)  # PyTorch does not train the padding, 0
        row = np.concatenate([words[:before], np.full(middle, -1), words[before:]])
        asked = random.integers(0, config.image_token_id, len(row))
        asked[(random.random(len(row)) < 0.25) | (row < 0)] = NO_LABEL
        ids[i, :len(row)], labels[i, :len(row)], lengths[i] = row, asked, len(row)
        if middle:
            pictures[i] = random.integers(0, PICTURES)
    size = config.vision_config.image_size
    batches = np.stack([random.permutation(CONVERSATIONS)[:BATCH] for _ in range(STEPS)]).astype(np.int32)
    return {"pixels": random.standard_normal((PICTURES, 3, size, size)).astype(np.float32), "ids": ids, "labels": labels,
            "lengths": lengths, "pictures": pictures, "batches": batches}


def batch_loss(model, samples, chosen):
    import torch
    from torch.nn import functional

    losses, asked = [], 0
    for i in chosen:
        length, picture = samples["lengths"][i], samples["pictures"][i]
        ids = torch.from_numpy(samples["ids"][i][:length]).long()
        ids[ids < 0] = model.config.image_token_id
        labels = torch.from_numpy(samples["labels"][i][:length]).long()
        pixels = None if picture < 0 else torch.from_numpy(samples["pixels"][picture][None]).double()
        logits = model(input_ids=ids[None], pixel_values=pixels).logits[0]
        losses.append(functional.cross_entropy(logits, labels, ignore_index=NO_LABEL, reduction="sum"))
        asked += int((labels != NO_LABEL).sum())
    return sum(losses) / asked


def make_optimizer(model, run):
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

    groups = []
    for part, rate in PARTS.items():
        for decays in (False, True):
            some = [p for name, p in learned(model) if part_of(name) == part and (p.ndim >= 2) == decays]
            groups.append({"params": some, "lr": run.get(rate), "weight_decay": run["weight_decay"] if decays else 0.0})
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=run["lr"],
                                  betas=(run["beta1"], run["beta2"]), eps=run["eps"])
    warmup = LinearLR(optimizer, 1 / run["warmup"], 1, run["warmup"] - 1)
    cosine = CosineAnnealingLR(optimizer, STEPS - run["warmup"])
    return optimizer, SequentialLR(optimizer, [warmup, cosine], [run["warmup"]])


def blocks_that_learn(model, run):
    """The last of those that are run."""
    used = model.config.vision_config.num_hidden_layers + 1 + model.config.vision_feature_layer
    return [f"layers.{used - 1 - i}." for i in range(run.get("vision_blocks", 0))]


def learns(name, model, run):
    if part_of(name) == "vision":
        return any("." + block in name for block in blocks_that_learn(model, run))
    return part_of(name) == "projector" or run["stage"] == 2


def shown(model, run):
    """What the test looks at: (name, parameter) of projector and blocks."""
    found = [(name.split("projector.")[1], p) for name, p in model.named_parameters() if "projector." in name]
    return found + [(name[name.index("layers."):], p) for name, p in learned(model) if part_of(name) == "vision"]


def train(model, samples, run):
    """Tensors of RUN.safetensors, and the figures of each step."""
    import torch

    for name, parameter in model.named_parameters():
        parameter.requires_grad = learns(name, model, run)
    optimizer, schedule = make_optimizer(model, run)
    steps = []
    for step, chosen in enumerate(samples["batches"]):
        optimizer.zero_grad()
        loss = batch_loss(model, samples, chosen)
        loss.backward()
        if step == 0:
            tensors = {"gradient." + name: single(p.grad) for name, p in shown(model, run)}
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in learned(model)], run["clip_norm"])
        optimizer.step()
        schedule.step()
        steps.append({"loss": float(f"{loss.item():.12g}"), "norm": float(f"{norm.item():.12g}")})
    return tensors | {"weights." + name: single(p.detach()) for name, p in shown(model, run)}, steps


def write(folder):
    """Fills folder/llava_train."""
    import torch
    from safetensors.numpy import save_file

    quiet()
    torch.set_num_threads(1)  # sums in one order
    place = os.path.join(folder, "llava_train")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    model, runs = open_model(folder), []
    vision = model.config.vision_config
    samples = make_samples(model.config, (vision.image_size // vision.patch_size) ** 2)
    save_file(samples, os.path.join(place, "samples.safetensors"))
    for run in RUNS:
        model = open_model(folder)
        tensors, steps = train(model, samples, run)
        save_file(tensors, os.path.join(place, run["name"] + ".safetensors"))
        norms = [step["norm"] for step in steps]
        assert min(norms) < run["clip_norm"] < max(norms), (run["name"], norms)
        runs.append(run | {"steps": steps})
    dump(runs, place, "runs.json")
