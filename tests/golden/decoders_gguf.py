"""GGUF files of data/decoders by the package gguf, converted by llama.cpp's rules, and what becomes of rounded weights.

data/decoders_gguf/NAME.gguf          the weights of data/decoders/NAME under GGUF's names, without a tokenizer
data/decoders_gguf/wide-NAME.safetensors  logits [T, V] of a decoder of width 256, whose weights are made again of a
                                      counter (wide_weights here, and in test_decoders_gguf.c), for ids 3, 4, 5, ...
"""

import json
import os

import numpy as np

SEED = 59
FILES = {"llama": "F16", "llama3": "F32", "llama-linear": "BF16", "qwen2": "BF16", "phi3": "F16",
         "phi3-near": "F16", "phi3-far": "F16"}
WIDE = {"vocab_size": 256, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
        "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0, "tie_word_embeddings": False}
WIDE_IDS = 16
# Of matrices within blocks. With 3 a matrix keeps the length of what it is given, and blocks of such random numbers make
# so much of small errors that Q4_K itself stays below 0.99, whoever chooses its scales: print_bound says 0.98825 of llama
# with 3, 0.99412 with 2.
GAIN = 2


def interleave(rows, heads):
    """llama.cpp's llama turns neighbours: of each head's rows the first half and the second take turns."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def llama3_factors(config):
    """One divisor for each pair of a head, as convert_hf_to_gguf has it."""
    rope = config.get("rope_parameters") or config["rope_scaling"]
    head = config["hidden_size"] // config["num_attention_heads"]
    theta = rope.get("rope_theta") or config["rope_theta"]
    low, high, context = rope["low_freq_factor"], rope["high_freq_factor"], rope["original_max_position_embeddings"]
    factors = []
    for frequency in theta ** (-np.arange(0, head, 2) / head):
        wave = 2 * np.pi / frequency
        if wave < context / high:
            factors.append(1.0)
        elif wave > context / low:
            factors.append(rope["factor"])
        else:
            smooth = (context / wave - low) / (high - low)
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def describe(writer, config):
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    heads = config["num_attention_heads"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config.get("head_dim") or config["hidden_size"] // heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("rope_theta") or config["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    if rope.get("rope_type") == "linear":
        import gguf

        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def add_longrope(writer, config):
    """Both lists of factors as tensors, and by how much the context was stretched (Phi3MiniModel)."""
    rope, original = config["rope_parameters"], config["original_max_position_embeddings"]
    stretched = config["max_position_embeddings"] / original
    writer.add_rope_scaling_orig_ctx_len(original)
    writer.add_rope_scaling_attn_factors(np.sqrt(1 + np.log(stretched) / np.log(original)) if stretched > 1 else 1.0)
    for name in ("long", "short"):
        writer.add_tensor(f"rope_factors_{name}.weight", np.array(rope[name + "_factor"], dtype=np.float32))


def convert(source, path, name, kind):
    import gguf
    from safetensors.torch import load_file

    with open(os.path.join(source, "config.json")) as file:
        config = json.load(file)
    type = config["model_type"]
    arch = {"llama": gguf.MODEL_ARCH.LLAMA, "qwen2": gguf.MODEL_ARCH.QWEN2, "phi3": gguf.MODEL_ARCH.PHI3}[type]
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    describe(writer, config)
    for key, value in sorted(load_file(os.path.join(source, "model.safetensors")).items()):
        value = value.float().numpy()
        if key == "lm_head.weight" and config["tie_word_embeddings"]:
            continue
        if type == "llama" and key.endswith("q_proj.weight"):
            value = interleave(value, config["num_attention_heads"])
        if type == "llama" and key.endswith("k_proj.weight"):
            value = interleave(value, config["num_key_value_heads"])
        wanted = gguf.GGMLQuantizationType[kind if value.ndim > 1 else "F32"]
        writer.add_tensor(names.get_name(key, try_suffixes=(".weight", ".bias")), gguf.quantize(value, wanted),
                          raw_dtype=wanted)
    if name == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    if (config.get("rope_parameters") or {}).get("rope_type") == "longrope":
        add_longrope(writer, config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def uniform(stream, n):
    """n numbers in [-1, 1) with 24 bits: splitmix64 (Steele et al. 2014) of a counter."""
    with np.errstate(over="ignore"):
        z = (np.uint64(stream) << np.uint64(32)) + np.arange(1, n + 1, dtype=np.uint64)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def wide_weights(model, gain=GAIN):
    """Tensor i by name has stream i: vectors 1 + u / 4 (biases u / 4), embeddings u, the head u * sqrt(3 / columns); other
    matrices u * sqrt(gain / columns)."""
    import torch

    with torch.no_grad():
        for stream, (name, parameter) in enumerate(sorted(model.named_parameters())):
            values = uniform(stream, parameter.numel()).reshape(tuple(parameter.shape))
            if parameter.ndim == 1:
                values = values / 4 + (0 if name.endswith("bias") else 1)
            elif "embed" not in name:
                values = values * np.float64(np.sqrt(np.float32((3 if "head" in name else gain) / parameter.shape[1])))
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).double())
    return model.eval()


def nearest_in_q4_k(values):
    """As near as Q4_K could come to a matrix if scales and minima of its parts were not rounded: of many grids with
    least squares the best."""
    x = values.reshape(-1, 32)
    least, most = np.minimum(x.min(1, keepdims=True), 0), x.max(1, keepdims=True)
    error, nearest = np.full((len(x), 1), np.inf), x.copy()
    for steps in np.linspace(12.5, 17.5, 21):
        scale, first = (most - least) / steps, least
        for _ in range(4):
            q = np.clip(np.round((x - first) / scale), 0, 15)
            mean, centre = q.mean(1, keepdims=True), x.mean(1, keepdims=True)
            scale = ((q - mean) * (x - centre)).mean(1, keepdims=True) / np.maximum(q.var(1, keepdims=True), 1e-12)
            first = centre - scale * mean
        y = scale * np.clip(np.round((x - first) / scale), 0, 15) + first
        now = ((y - x) ** 2).sum(1, keepdims=True)
        nearest, error = np.where(now < error, y, nearest), np.minimum(now, error)
    return nearest.reshape(values.shape)


def wide_logits(model):
    import torch

    with torch.no_grad():
        return model(torch.arange(3, 3 + WIDE_IDS)[None]).logits[0].numpy()


def print_bound(model, type, gain):
    """What Q4_K costs at its best, the head left as it is."""
    import torch

    wanted = wide_logits(wide_weights(model, gain)).ravel()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 and "head" not in name:
                parameter.copy_(torch.from_numpy(nearest_in_q4_k(parameter.numpy())))
    got = wide_logits(model).ravel()
    print(f"{type}, gain {gain}: Q4_K at its best: cosine {got @ wanted / np.sqrt((got @ got) * (wanted @ wanted)):.5f}")


def write_wide(folder, type):
    import torch
    from safetensors.numpy import save_file
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(type, **WIDE)
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float64)
    for gain in (3, GAIN):
        print_bound(model, type, gain)
    logits = wide_logits(wide_weights(model))
    save_file({"logits": logits.astype(np.float32)}, os.path.join(folder, f"wide-{type}.safetensors"))


def write(data):
    from clip import quiet

    quiet()
    folder = os.path.join(data, "decoders_gguf")
    os.makedirs(folder, exist_ok=True)
    for name, kind in FILES.items():
        convert(os.path.join(data, "decoders", name), os.path.join(folder, name + ".gguf"), name, kind)
    for type in ("llama", "qwen2"):
        write_wide(folder, type)
