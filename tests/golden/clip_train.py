"""A tiny random CLIP trained by PyTorch for twenty steps, with the contrastive and with the sigmoid loss.

data/clip_train/config.json          the model, transformers' configuration
data/clip_train/start.safetensors    its weights before the first step, and what it learns from: pixels, ids (padded),
                                     lengths, classes, and of each step the samples [20, 8]
data/clip_train/RUN.safetensors      gradient.NAME: of the first step, before clipping; weights.NAME [2, N]: every
                                     eleventh weight after the first step and after the last
data/clip_train/runs.json            options of each run, and of each step loss, gradient norm, rate and temperature

Weights and pixels lie there in float16, so that both sides start from the same numbers; PyTorch computes in float64.
Samples of one class are no negatives of each other. Matrices decay, vectors and scalars do not, as open_clip has it.
"""

import json
import math
import os
import shutil

import numpy as np

from clip import make_model, pad, quiet
from resize import dump

SEED = 21
STEPS, BATCH, SAMPLES, STRIDE = 20, 8, 12, 11
START, END = 38, 39

CONFIG = {
    "projection_dim": 16,
    "vision_config": {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
                      "image_size": 12, "patch_size": 4, "projection_dim": 16},
    "text_config": {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
                    "vocab_size": 40, "max_position_embeddings": 9, "projection_dim": 16, "bos_token_id": START,
                    "eos_token_id": END, "pad_token_id": END},
}
# The norm of the gradients passes clip_norm in some steps only; the temperature leaves its bounds and is put back.
RUNS = [
    {"name": "info_nce", "sigmoid": False, "lr_scheduler": "cosine", "lr": 1e-3, "warmup": 5, "cooldown": 0,
     "weight_decay": 0.2, "beta1": 0.9, "beta2": 0.98, "eps": 1e-6, "clip_norm": 50.0, "logit_scale": 4.62,
     "logit_bias": 0.0},
    {"name": "sigmoid", "sigmoid": True, "lr_scheduler": "const-cooldown", "lr": 2e-3, "warmup": 3, "cooldown": 8,
     "weight_decay": 0.1, "beta1": 0.85, "beta2": 0.95, "eps": 1e-5, "clip_norm": 0.6, "logit_scale": -0.2,
     "logit_bias": -2.0},
]


def make_samples():
    """Pictures of noise, texts of one to nine tokens; fewer classes than a batch has samples."""
    random = np.random.default_rng(SEED)
    texts = [[START, *random.integers(0, START, n).tolist(), END] for n in random.integers(0, 8, SAMPLES)]
    batches = [random.permutation(SAMPLES)[:BATCH] for _ in range(STEPS)]
    return {
        "pixels": random.standard_normal((SAMPLES, 3, 12, 12)).astype(np.float16),
        "ids": pad(texts, END)[0].astype(np.int32),
        "lengths": np.array([len(text) for text in texts], dtype=np.int32),
        "classes": np.arange(SAMPLES, dtype=np.int32) % (BATCH - 1),
        "batches": np.array(batches, dtype=np.int32),
    }


def contrastive_loss(images, texts, classes, scale, bias, sigmoid):
    """Of unit rows images and texts [N, D]."""
    import torch
    from torch.nn import functional

    logits = scale * images @ texts.T
    own = torch.eye(len(classes), dtype=torch.bool)
    left_out = (classes[:, None] == classes[None]) & ~own
    if sigmoid:
        losses = -functional.logsigmoid((2 * own.double() - 1) * (logits + bias))
        return losses.masked_fill(left_out, 0).sum() / len(classes)
    logits = logits.masked_fill(left_out, -math.inf)
    labels = torch.arange(len(classes))
    return (functional.cross_entropy(logits, labels) + functional.cross_entropy(logits.T, labels)) / 2


def batch_loss(model, samples, chosen, run):
    import torch

    lengths = samples["lengths"][chosen]
    mask = np.arange(samples["ids"].shape[1])[None] < lengths[:, None]
    output = model(pixel_values=torch.from_numpy(samples["pixels"][chosen]).double(),
                   input_ids=torch.from_numpy(samples["ids"][chosen]).long(),
                   attention_mask=torch.from_numpy(mask.astype(int)))
    return contrastive_loss(output.image_embeds, output.text_embeds, torch.from_numpy(samples["classes"][chosen]),
                            model.logit_scale.exp(), model.logit_bias, run["sigmoid"])


def make_optimizer(model, run):
    """AdamW and its schedule, from what PyTorch has."""
    from torch.optim import AdamW
    from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR

    parameters = list(model.parameters())
    groups = [{"params": [p for p in parameters if p.ndim >= 2], "weight_decay": run["weight_decay"]},
              {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0}]
    optimizer = AdamW(groups, lr=run["lr"], betas=(run["beta1"], run["beta2"]), eps=run["eps"])
    warmup = LinearLR(optimizer, 1 / run["warmup"], 1, run["warmup"] - 1)
    if run["lr_scheduler"] == "cosine":
        return optimizer, SequentialLR(optimizer, [warmup, CosineAnnealingLR(optimizer, STEPS - run["warmup"])],
                                       [run["warmup"]])
    fall = LinearLR(optimizer, 1, 0, run["cooldown"])
    return optimizer, SequentialLR(optimizer, [warmup, ConstantLR(optimizer, 1), fall],
                                   [run["warmup"], STEPS - run["cooldown"]])


def open_model(weights, run):
    import torch
    from transformers import CLIPConfig, CLIPModel

    model = CLIPModel._from_config(CLIPConfig(**CONFIG), attn_implementation="sdpa").double()
    model.load_state_dict({name: value.double() for name, value in weights.items()})
    model.logit_bias = torch.nn.Parameter(torch.tensor(run["logit_bias"], dtype=torch.float64),
                                          requires_grad=run["sigmoid"])
    with torch.no_grad():
        model.logit_scale.fill_(run["logit_scale"])
    return model


def single(values):
    return values.numpy().astype(np.float32)


def learned(model):
    return [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]


def train(weights, samples, run):
    """Tensors of RUN.safetensors, and the figures of each step."""
    import torch

    model = open_model(weights, run)
    optimizer, schedule = make_optimizer(model, run)
    steps, after = [], []
    for step, chosen in enumerate(samples["batches"]):
        optimizer.zero_grad()
        loss = batch_loss(model, samples, chosen, run)
        loss.backward()
        if step == 0:
            tensors = {"gradient." + name: single(parameter.grad) for name, parameter in learned(model)}
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), run["clip_norm"])
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        figures = {"loss": loss.item(), "norm": norm.item(), "rate": rate, "logit_scale": model.logit_scale.item()}
        steps.append({name: float(f"{value:.12g}") for name, value in figures.items()})
        if step in (0, STEPS - 1):
            after.append({name: single(parameter.detach().reshape(-1)[::STRIDE]) for name, parameter in learned(model)})
    return tensors | {"weights." + name: np.stack([first[name] for first in after]) for name in after[0]}, steps


def write(folder):
    """Fills folder/clip_train."""
    import torch
    from safetensors.numpy import save_file

    quiet()
    torch.set_num_threads(1)  # sums in one order
    folder = os.path.join(folder, "clip_train")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    model = make_model(CONFIG).half()
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(model.config.to_diff_dict(), file, indent=1, sort_keys=True)
    weights, samples = dict(model.state_dict()), make_samples()
    save_file({name: value.numpy() for name, value in weights.items()} | samples,
              os.path.join(folder, "start.safetensors"))
    runs = []
    for run in RUNS:
        tensors, steps = train(weights, samples, run)
        save_file(tensors, os.path.join(folder, run["name"] + ".safetensors"))
        norms = [step["norm"] for step in steps]
        assert min(norms) < run["clip_norm"] < max(norms)
        runs.append(run | {"steps": steps})
    dump(runs, folder, "runs.json")
