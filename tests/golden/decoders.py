"""Tiny random language decoders in the layouts of their families, and what transformers gives for them.

data/decoders/NAME/          config.json and model.safetensors
data/decoders/NAME.json      a prompt's ids, and the 32 that follow greedily
data/decoders/NAME.safetensors  logits of every row of the prompt, [T, V], and of the row behind the 32

The references run in float64; what they give is rounded to float32 once. EXAONE 3 is LLaMA under names of its own, which
transformers does not know; its reference is the LLaMA that it was made of.
"""

import json
import os
import shutil

import numpy as np

from clip import quiet

SEED = 41
PROMPT = 21
FOLLOWING = 32
MARGIN = 1e-3  # between the best two logits of a greedy step: what two orders of summing cannot turn round
SIZES = {"vocab_size": 96, "hidden_size": 36, "intermediate_size": 52, "num_hidden_layers": 2, "num_attention_heads": 6,
         "num_key_value_heads": 2, "max_position_embeddings": 128, "bos_token_id": 1, "eos_token_id": 2}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}

LONGROPE = {"rope_type": "longrope", "short_factor": [1.0, 1.15, 1.3], "long_factor": [1.2, 2.5, 6.5]}

FAMILIES = {
    "llama": ("llama", {"num_key_value_heads": 6}),
    "llama-linear": ("llama", {"rope_scaling": {"rope_type": "linear", "factor": 2.5}, "num_hidden_layers": 3}),
    "llama3": ("llama", {"rope_theta": 5e5, "rope_scaling": LLAMA3, "rms_norm_eps": 1e-5}),
    "smollm2": ("llama", {"tie_word_embeddings": True, "num_attention_heads": 9, "num_key_value_heads": 3,
                          "rope_theta": 1e5, "rms_norm_eps": 1e-5}),
    "mistral": ("mistral", {"sliding_window": 7, "num_key_value_heads": 1}),
    "qwen2": ("qwen2", {"rope_theta": 1e6, "tie_word_embeddings": True, "head_dim": 6}),
    "qwen3": ("qwen3", {"rope_theta": 1e6, "head_dim": 10}),
    "phi3": ("phi3", {"sliding_window": None, "pad_token_id": 0, "rms_norm_eps": 1e-5}),
    "phi3-near": ("phi3", {"pad_token_id": 0, "rope_scaling": LONGROPE, "original_max_position_embeddings": 64}),
    "phi3-far": ("phi3", {"pad_token_id": 0, "rope_scaling": LONGROPE, "original_max_position_embeddings": 16}),
    "exaone": ("llama", {"rms_norm_eps": 1e-5}),
}

EXAONE = (("model.embed_tokens", "transformer.wte"), ("model.norm", "transformer.ln_f"), ("model.layers.", "transformer.h."),
          ("input_layernorm", "ln_1"), ("post_attention_layernorm", "ln_2"), ("self_attn.o_proj", "attn.attention.out_proj"),
          ("self_attn.", "attn.attention."), ("mlp.gate_proj", "mlp.c_fc_0"), ("mlp.up_proj", "mlp.c_fc_1"),
          ("mlp.down_proj", "mlp.c_proj"))


def randomise(model, seed):
    """Random weights under which every part counts."""
    import torch

    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            values = random.standard_normal(tuple(parameter.shape))
            if "norm" in name:
                values = 1 + 0.3 * values
            elif parameter.ndim > 1 and "embed" not in name:
                values *= 1.6 / np.sqrt(parameter.shape[1])
            parameter.copy_(torch.from_numpy(values).to(torch.bfloat16))
    return model.double().eval()


def make(type, settings):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(type, **{**SIZES, **settings})
    config._attn_implementation = "eager"
    return AutoModelForCausalLM.from_config(config, dtype=torch.float64)


def follow(model, prompt):
    """Logits of the prompt's rows and of the row behind the last id; the ids; the least margin."""
    import torch

    ids, margin = list(prompt), np.inf
    for step in range(FOLLOWING + 1):
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].numpy()
        if step == 0:
            first = logits
        if step == FOLLOWING:
            return first, logits[-1], ids[len(prompt):], margin
        best = np.sort(logits[-1])[-2:]
        margin = min(margin, best[1] - best[0])
        ids.append(int(logits[-1].argmax()))


def search(type, settings):
    """The first seed whose greedy steps are all clear."""
    for seed in range(SEED, SEED + 40):
        model = randomise(make(type, settings), seed)
        prompt = np.random.default_rng(seed).integers(3, SIZES["vocab_size"], PROMPT).tolist()
        logits, last, following, margin = follow(model, prompt)
        if margin > MARGIN and len(set(following)) > 8:
            return model, prompt, logits, last, following
    raise RuntimeError(f"no seed with clear steps: {type} {settings}")


def save_model(folder, name, model):
    import torch
    from safetensors.torch import save_file

    place = os.path.join(folder, name)
    shutil.rmtree(place, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(place)
    for file in os.listdir(place):
        if file not in ("config.json", "model.safetensors"):
            os.remove(os.path.join(place, file))
    if name != "exaone":
        return
    from safetensors.torch import load_file

    state = load_file(os.path.join(place, "model.safetensors"))
    for old, new in EXAONE:
        state = {key.replace(old, new): value for key, value in state.items()}
    save_file(state, os.path.join(place, "model.safetensors"))
    path = os.path.join(place, "config.json")
    with open(path) as file:
        config = json.load(file)
    renamed = {"num_hidden_layers": "num_layers", "rms_norm_eps": "layer_norm_epsilon", "hidden_act": "activation_function"}
    config = {renamed.get(key, key): value for key, value in config.items()}
    config["model_type"] = "exaone"
    with open(path, "w") as file:
        json.dump(config, file, indent=2)


def write(data):
    from safetensors.numpy import save_file

    """Fills data/decoders."""
    quiet()
    folder = os.path.join(data, "decoders")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, (type, settings) in FAMILIES.items():
        model, prompt, logits, last, following = search(type, settings)
        save_model(folder, name, model)
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump({"prompt": prompt, "following": following}, file)
        save_file({"logits": logits.astype(np.float32), "last": last.astype(np.float32)},
                  os.path.join(folder, name + ".safetensors"))
