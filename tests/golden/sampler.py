"""Probabilities after transformers' processors, for test_sampler_probabilities.c.

Logits are those of PyTorch's generator, rounded to f32; processors run in float64, in the order of generate().
"""

import json
import os

import numpy
import torch
from transformers.generation import logits_process as process

SEED = 11
SETTINGS = [
    {"temperature": 1.0},
    {"temperature": 0.7},
    {"temperature": 2.5},
    {"temperature": 1.0, "top_k": 1},
    {"temperature": 1.0, "top_k": 5},
    {"temperature": 0.8, "top_k": 40},
    {"temperature": 1.0, "top_p": 0.9},
    {"temperature": 1.3, "top_p": 0.5},
    {"temperature": 1.0, "top_p": 0.01},
    {"temperature": 1.0, "min_p": 0.1},
    {"temperature": 1.5, "min_p": 0.02},
    {"temperature": 1.0, "repetition_penalty": 1.3},
    {"temperature": 0.9, "repetition_penalty": 0.8},
    {"temperature": 1.0, "repetition_penalty": 1.2, "penalty_window": 4},
    {"temperature": 0.8, "top_k": 50, "top_p": 0.9},
    {"temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.05},
    {"temperature": 0.7, "top_k": 30, "top_p": 0.8, "min_p": 0.1, "repetition_penalty": 1.15},
    {"temperature": 0.7, "top_p": 0.8, "min_p": 0.1, "repetition_penalty": 1.15, "penalty_window": 7},
]
SIZES = [3, 64, 500]
SEEN = 12  # ids that were seen, some of them twice


def processors(settings):
    made = []
    if "repetition_penalty" in settings:
        made.append(process.RepetitionPenaltyLogitsProcessor(settings["repetition_penalty"]))
    made.append(process.TemperatureLogitsWarper(settings["temperature"]))
    if "top_k" in settings:
        made.append(process.TopKLogitsWarper(settings["top_k"]))
    if "top_p" in settings:
        made.append(process.TopPLogitsWarper(settings["top_p"]))
    if "min_p" in settings:
        made.append(process.MinPLogitsWarper(settings["min_p"]))
    return process.LogitsProcessorList(made)


def probabilities(logits, ids, settings):
    window = settings.get("penalty_window", len(ids))
    scores = processors(settings)(torch.tensor([ids[-window:]]), logits.double()[None])
    return scores.softmax(-1)[0]


def make_logits(size, generator):
    """Random; two of them equal and one far below, as a mask leaves it."""
    logits = torch.randn(size, generator=generator) * 3
    if size > 10:
        logits[7] = logits[3]
        logits[9] = -1e4
    return logits


def write(folder):
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(SEED)
    cases = []
    folder = os.path.join(folder, "sampler")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "values.f32"), "wb") as file:
        for size in SIZES:
            for settings in SETTINGS:
                logits = make_logits(size, generator)
                ids = torch.randint(size, (SEEN,), generator=generator).tolist()
                file.write(logits.numpy().tobytes())
                file.write(probabilities(logits, ids, settings).numpy().astype(numpy.float32).tobytes())
                cases.append({"size": size, "settings": settings, "seen": ids})
    with open(os.path.join(folder, "cases.json"), "w") as file:
        json.dump(cases, file, indent=1)
        file.write("\n")
