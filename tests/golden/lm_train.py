"""Tiny random language decoders trained by PyTorch for twenty steps, a document at a time, so that none can see another.

data/lm_train/RUN.json               transformers' configuration of the model
data/lm_train/RUN.start.safetensors  its weights before the first step
data/lm_train/RUN.safetensors        gradient.NAME: of the first step, before clipping; weights.NAME [2, N]: every
                                     seventh weight after the first step and after the last
data/lm_train/samples.safetensors    ids and labels of the documents [12, 9], -100 where nothing is asked and behind the
                                     end; lengths; and of each step the documents [20, 6]
data/lm_train/runs.json              options of each run, and of each step loss, gradient norm and rate

The loss is the mean over a step's labels. Weights lie there in float16, so that both sides start from the same numbers;
PyTorch computes in float64. Matrices decay, vectors do not.
"""

import json
import os
import shutil

import numpy as np

from clip import quiet
from clip_train import learned, make_optimizer, single
from resize import dump

SEED = 23
STEPS, BATCH, DOCUMENTS, LONGEST, STRIDE = 20, 6, 12, 9, 7
VOCABULARY, NO_LABEL = 40, -100

SIZES = {"vocab_size": VOCABULARY, "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
         "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 16, "bos_token_id": 1,
         "eos_token_id": 2, "rms_norm_eps": 1e-5}
# The norm of the gradients passes clip_norm in some steps only.
RUNS = [
    {"name": "llama", "tie_word_embeddings": False, "lr_scheduler": "cosine", "lr": 2e-3, "warmup": 4, "cooldown": 0,
     "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "clip_norm": 3.8},
    {"name": "qwen2", "tie_word_embeddings": True, "lr_scheduler": "const-cooldown", "lr": 1e-3, "warmup": 3,
     "cooldown": 8, "weight_decay": 0.2, "beta1": 0.9, "beta2": 0.98, "eps": 1e-6, "clip_norm": 3.9},
]


def make_samples():
    """Documents of two to nine ids, a quarter of which are not asked; one whole document is not."""
    random = np.random.default_rng(SEED)
    lengths = random.integers(2, LONGEST + 1, DOCUMENTS).astype(np.int32)
    ids = random.integers(0, VOCABULARY, (DOCUMENTS, LONGEST)).astype(np.int32)
    labels = random.integers(0, VOCABULARY, (DOCUMENTS, LONGEST)).astype(np.int32)
    behind = np.arange(LONGEST)[None] >= lengths[:, None]
    labels[behind | (random.random(labels.shape) < 0.25)] = NO_LABEL
    labels[3] = NO_LABEL
    ids[behind] = 0
    batches = np.stack([random.permutation(DOCUMENTS)[:BATCH] for _ in range(STEPS)]).astype(np.int32)
    return {"ids": ids, "labels": labels, "lengths": lengths, "batches": batches}


def batch_loss(model, samples, chosen):
    import torch
    from torch.nn import functional

    losses, asked = [], 0
    for document in chosen:
        length = samples["lengths"][document]
        labels = torch.from_numpy(samples["labels"][document][:length]).long()
        logits = model(torch.from_numpy(samples["ids"][document][:length]).long()[None]).logits[0]
        losses.append(functional.cross_entropy(logits, labels, ignore_index=NO_LABEL, reduction="sum"))
        asked += int((labels != NO_LABEL).sum())
    return sum(losses) / asked


def make_model(run):
    """Weights under which every part counts, in numbers that float16 holds."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(run["name"], **SIZES, tie_word_embeddings=run["tie_word_embeddings"])
    config._attn_implementation = "sdpa"  # eager has its softmax in float32
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float64)
    random = np.random.default_rng(SEED)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            values = random.standard_normal(tuple(parameter.shape))
            if "norm" in name:
                values = 1 + 0.3 * values
            elif parameter.ndim > 1:
                values *= 1.2 / np.sqrt(parameter.shape[1])
            else:
                values *= 0.3
            parameter.copy_(torch.from_numpy(values.astype(np.float16)))
    return model


def train(model, samples, run):
    """Tensors of RUN.safetensors, and the figures of each step."""
    import torch

    optimizer, schedule = make_optimizer(model, run)
    steps, after = [], []
    for step, chosen in enumerate(samples["batches"]):
        optimizer.zero_grad()
        loss = batch_loss(model, samples, chosen)
        loss.backward()
        if step == 0:
            tensors = {"gradient." + name: single(parameter.grad) for name, parameter in learned(model)}
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), run["clip_norm"])
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        figures = {"loss": loss.item(), "norm": norm.item(), "rate": rate}
        steps.append({name: float(f"{value:.12g}") for name, value in figures.items()})
        if step in (0, STEPS - 1):
            after.append({name: single(parameter.detach().reshape(-1)[::STRIDE]) for name, parameter in learned(model)})
    return tensors | {"weights." + name: np.stack([first[name] for first in after]) for name in after[0]}, steps


def write(folder):
    """Fills folder/lm_train."""
    import torch
    from safetensors.numpy import save_file

    quiet()
    torch.set_num_threads(1)  # sums in one order
    folder = os.path.join(folder, "lm_train")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    samples, runs = make_samples(), []
    save_file(samples, os.path.join(folder, "samples.safetensors"))
    for run in RUNS:
        model = make_model(run)
        with open(os.path.join(folder, run["name"] + ".json"), "w") as file:
            json.dump(model.config.to_diff_dict(), file, indent=1, sort_keys=True)
        save_file({name: parameter.detach().numpy().astype(np.float16) for name, parameter in learned(model)},
                  os.path.join(folder, run["name"] + ".start.safetensors"))
        tensors, steps = train(model, samples, run)
        save_file(tensors, os.path.join(folder, run["name"] + ".safetensors"))
        norms = [step["norm"] for step in steps]
        assert min(norms) < run["clip_norm"] < max(norms), (run["name"], norms)
        runs.append(run | {"steps": steps})
    dump(runs, folder, "runs.json")
