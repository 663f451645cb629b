"""The tiny random LLaVA of data/llava/llava with pairs of small matrices by peft, trained by PyTorch for twenty steps on
the conversations of data/llava_train (llava_train.py).

data/lora_train/start.safetensors  the pairs before the first step, under peft's names; B is not zero, so that every
                                   gradient counts from the first step on
data/lora_train/adapter/           what peft wrote after the last step: adapter_config.json, adapter_model.safetensors
data/lora_train/rslora/            another adapter, as peft begins one with use_rslora, layers of the language model and
                                   of the image encoder and a list of targets; in float16
data/lora_train/gradient.safetensors  of the pairs in the first step, before clipping
data/lora_train/logits.safetensors  of the rows of conversation 1, of base + adapter in float64, for both adapters
data/lora_train/run.json           options, and of each step loss and gradient norm

The projector learns as a whole, at a rate of its own. PyTorch computes in float64. Dropout is random and cannot be
equal; tests/grad and tests/unit have it.
"""

import json
import os
import shutil

import numpy as np

from clip import quiet
from clip_train import learned, single
from llava import save_json
from llava_train import NO_LABEL, STEPS, batch_loss, make_optimizer, make_samples, open_model

SEED = 31
TARGETS = "q_proj|v_proj|o_proj|up_proj|down_proj"
RUN = {"name": "lora", "stage": 2, "rank": 3, "alpha": 5, "lr": 4e-3, "projector_lr": 2e-3, "warmup": 3,
       "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "clip_norm": 3.0}


def add_pairs(model, **options):
    """Random pairs: of peft's own B is zero."""
    import torch
    from peft import LoraConfig, get_peft_model

    made = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **options)).eval()
    random = np.random.default_rng(SEED)
    with torch.no_grad():
        for name, parameter in sorted(made.named_parameters()):
            if "lora_" in name:
                parameter.copy_(torch.from_numpy(0.3 * random.standard_normal(tuple(parameter.shape)).astype(np.float32)))
    return made


def plain(name):
    return name.replace(".default", "").replace(".modules_to_save", "")


def pairs_of(model):
    return [(plain(name), p) for name, p in model.named_parameters() if "lora_" in name]


def train(model, samples):
    """Gradients of the first step, and the figures of each."""
    import torch

    optimizer, schedule = make_optimizer(model, RUN)
    steps = []
    for step, chosen in enumerate(samples["batches"]):
        optimizer.zero_grad()
        loss = batch_loss(model, samples, chosen)
        loss.backward()
        if step == 0:
            gradients = {name: single(p.grad) for name, p in pairs_of(model)}
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in learned(model)], RUN["clip_norm"])
        optimizer.step()
        schedule.step()
        steps.append({"loss": float(f"{loss.item():.12g}"), "norm": float(f"{norm.item():.12g}")})
    return gradients, steps


def save(model, place, dtype):
    """As peft does, in this dtype; what names this machine's folder is made relative."""
    for _, parameter in learned(model):
        parameter.data = parameter.data.to(dtype)
    model.save_pretrained(place)
    os.remove(os.path.join(place, "README.md"))
    path = os.path.join(place, "adapter_config.json")
    with open(path) as file:
        config = json.load(file)
    config["base_model_name_or_path"] = "tiny/llava"
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()  # a set's order differs from run to run
    save_json(config, place, "adapter_config.json")


def logits_of(model, samples):
    import torch

    ids = torch.from_numpy(samples["ids"][1][:samples["lengths"][1]]).long()
    ids[ids < 0] = model.config.image_token_id
    pixels = torch.from_numpy(samples["pixels"][samples["pictures"][1]][None]).double()
    with torch.no_grad():
        return single(model.double()(input_ids=ids[None], pixel_values=pixels).logits[0])


def write(folder):
    """Fills folder/lora_train."""
    import torch
    from safetensors.numpy import save_file

    quiet()
    torch.set_num_threads(1)  # sums in one order
    place = os.path.join(folder, "lora_train")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    model = open_model(folder)
    vision = model.config.vision_config
    samples = make_samples(model.config, (vision.image_size // vision.patch_size) ** 2)
    model = add_pairs(model, r=RUN["rank"], lora_alpha=RUN["alpha"], modules_to_save=["multi_modal_projector"],
                      target_modules=rf".*language_model\.layers\..*\.({TARGETS})").double()
    save_file({name: single(p.detach()) for name, p in pairs_of(model)}, os.path.join(place, "start.safetensors"))
    gradients, steps = train(model, samples)
    norms = [step["norm"] for step in steps]
    assert min(norms) < RUN["clip_norm"] < max(norms), norms
    save_file(gradients, os.path.join(place, "gradient.safetensors"))
    save(model, os.path.join(place, "adapter"), torch.float32)
    logits = {"adapter": logits_of(model, samples)}
    other = add_pairs(open_model(folder), r=2, lora_alpha=3, use_rslora=True, target_modules=["q_proj", "down_proj", "fc1"])
    save(other, os.path.join(place, "rslora"), torch.float16)
    logits["rslora"] = logits_of(other, samples)
    save_file(logits, os.path.join(place, "logits.safetensors"))
    save_json(RUN | {"targets": TARGETS.replace("|", ","), "steps": steps}, place, "run.json")
