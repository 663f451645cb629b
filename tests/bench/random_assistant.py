"""Models that see and answer, of true shapes and with random weights: for times and memory, not for sense.

    python tests/bench/random_assistant.py onevision FOLDER   LLaVA-OneVision-0.5B, transformers' layout in F16 (1.8 GB)
    python tests/bench/random_assistant.py pair FOLDER        LLaVA-1.5-7B as GGUF, model.gguf in Q4_0 and mmproj.gguf
                                                              in F16 (4.5 GB); asked with --template vicuna-v1

A block of random numbers is written over and over, which nothing that is measured sees. Vocabularies have the true
sizes; their words are letters, pairs and triples of them.
"""
import json
import os
import random
import shutil
import struct
import sys

TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "chat_templates")
CHANCE = random.Random(7)
TILE = 1 << 16  # numbers that repeat


def f16_tile():
    return struct.pack(f"<{TILE}e", *(CHANCE.gauss(0, 0.02) for _ in range(TILE)))


def q4_0_tile():
    """Blocks of 32: a scale, 16 bytes."""
    return b"".join(struct.pack("<e", 0.004) + CHANCE.randbytes(16) for _ in range(TILE // 32))


def write_repeated(file, tile, size):
    start = CHANCE.randrange(len(tile) // 18) * 18  # whole numbers, and whole blocks of Q4_0
    file.write(tile[start:][:size])
    left = size - min(size, len(tile) - start)
    for _ in range(left // len(tile)):
        file.write(tile)
    file.write(tile[:left % len(tile)])


def count(shape):
    return count(shape[1:]) * shape[0] if shape else 1


def is_gain(name):
    return "norm" in name and name.endswith("weight") or "_ln" in name or ".ln" in name and name.endswith("weight")


def llama_shapes(width, mlp, layers, heads, kv_heads, names, biased=False):
    """names: of norms, q, k, v, out, gate, up, down, "%d" the layer."""
    head = width // heads
    for layer in range(layers):
        norm1, q, k, v, out, norm2, gate, up, down = (name % layer for name in names)
        yield norm1 + ".weight", (width,)
        for name, rows in ((q, width), (k, kv_heads * head), (v, kv_heads * head)):
            yield name + ".weight", (rows, width)
            if biased:
                yield name + ".bias", (rows,)
        yield out + ".weight", (width, width)
        yield norm2 + ".weight", (width,)
        yield gate + ".weight", (mlp, width)
        yield up + ".weight", (mlp, width)
        yield down + ".weight", (width, mlp)


def encoder_shapes(width, mlp, layers, names):
    """names: of norms, q, k, v, out, up, down, "%d" the layer."""
    for layer in range(layers):
        for name, shape in zip(names, [(width,), *[(width, width)] * 4, (width,), (mlp, width), (width, mlp)]):
            yield name % layer + ".weight", shape
            yield name % layer + ".bias", shape[:1]


# LLaVA-OneVision

QWEN = {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14,
        "num_key_value_heads": 2, "max_position_embeddings": 32768, "rope_theta": 1000000.0, "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True, "vocab_size": 152000, "model_type": "qwen2", "eos_token_id": 151645}
SO400M = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 26, "num_attention_heads": 16,
          "image_size": 384, "patch_size": 14, "model_type": "siglip_vision_model", "vision_use_head": False}
GRIDS = [[384 * rows, 384 * columns] for rows in range(1, 7) for columns in range(1, 7)]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<video>"]


def onevision_shapes():
    width, patches, eye, decoder = SO400M["hidden_size"], (SO400M["image_size"] // 14)**2, "vision_tower.vision_model.", "language_model.model."
    yield decoder + "embed_tokens.weight", (QWEN["vocab_size"], QWEN["hidden_size"])
    parts = ("input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
             "post_attention_layernorm", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
    yield from llama_shapes(QWEN["hidden_size"], QWEN["intermediate_size"], QWEN["num_hidden_layers"], QWEN["num_attention_heads"],
                            QWEN["num_key_value_heads"], [decoder + "layers.%d." + part for part in parts], True)
    yield decoder + "norm.weight", (QWEN["hidden_size"],)
    yield eye + "embeddings.patch_embedding.weight", (width, 3, 14, 14)
    yield eye + "embeddings.patch_embedding.bias", (width,)
    yield eye + "embeddings.position_embedding.weight", (patches, width)
    parts = ("layer_norm1", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "layer_norm2", "mlp.fc1", "mlp.fc2")
    yield from encoder_shapes(width, SO400M["intermediate_size"], SO400M["num_hidden_layers"], [eye + "encoder.layers.%d." + part for part in parts])
    for kind in ("weight", "bias"):
        yield eye + "post_layernorm." + kind, (width,)
    yield "multi_modal_projector.linear_1.weight", (QWEN["hidden_size"], width)
    yield "multi_modal_projector.linear_1.bias", (QWEN["hidden_size"],)
    yield "multi_modal_projector.linear_2.weight", (QWEN["hidden_size"], QWEN["hidden_size"])
    yield "multi_modal_projector.linear_2.bias", (QWEN["hidden_size"],)
    yield "image_newline", (QWEN["hidden_size"],)


def write_safetensors(path, shapes):
    tile, ones, at, header = f16_tile(), struct.pack("<e", 1), 0, {}
    for name, shape in shapes:
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + 2 * count(shape)]}
        at += 2 * count(shape)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes:
            size = count(shape)
            if is_gain(name):
                file.write(ones * size)
            elif name.endswith("bias"):
                file.write(bytes(2 * size))
            else:
                write_repeated(file, tile, 2 * size)


def byte_letters():
    """What byte-level tokenizers write for the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + i) for i in range(len(other))]


def byte_words(n):
    """Letters, all pairs, and triples up to n; and what they are made of."""
    letters = byte_letters()
    pairs = [(a, b) for a in letters for b in letters]
    triples = [(a + b, c) for c in letters for a, b in pairs][:n - len(letters) - len(pairs)]
    return letters + [a + b for a, b in pairs + triples], pairs + triples


def save_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file)


def make_onevision(folder):
    words, merges = byte_words(151643)
    split = {"type": "Sequence", "pretokenizers": [{"type": "Split", "behavior": "Isolated", "invert": False, "pattern": {"Regex":
             "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
             {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}]}
    save_json(folder, "tokenizer.json", {
        "added_tokens": [{"id": 151643 + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for i, text in enumerate(SPECIAL)],
        "normalizer": {"type": "NFC"}, "pre_tokenizer": split, "decoder": {"type": "ByteLevel", "add_prefix_space": False,
        "trim_offsets": False, "use_regex": False}, "post_processor": None, "model": {"type": "BPE", "dropout": None, "unk_token": None,
        "fuse_unk": False, "byte_fallback": False, "vocab": {word: i for i, word in enumerate(words)},
        "merges": [" ".join(pair) for pair in merges]}})
    save_json(folder, "config.json", {
        "model_type": "llava_onevision", "image_token_index": 151646, "text_config": QWEN, "vision_config": SO400M,
        "image_grid_pinpoints": GRIDS, "projector_hidden_act": "gelu", "vision_aspect_ratio": "anyres_max_9", "vision_feature_layer": -1,
        "vision_feature_select_strategy": "full", "tie_word_embeddings": True})
    save_json(folder, "preprocessor_config.json", {
        "image_processor_type": "LlavaOnevisionImageProcessor", "image_grid_pinpoints": GRIDS, "size": {"height": 384, "width": 384},
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 3, "do_pad": True, "do_resize": True, "do_rescale": True, "do_normalize": True})
    save_json(folder, "tokenizer_config.json", {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"})
    shutil.copy(os.path.join(TEMPLATES, "onevision.jinja"), os.path.join(folder, "chat_template.jinja"))
    write_safetensors(os.path.join(folder, "model.safetensors"), list(onevision_shapes()))


# GGUF

F32, F16, Q4_0 = 0, 1, 2  # ggml's numbers
U32, FLOAT, BOOL, TEXT, ARRAY, I32 = 4, 6, 7, 8, 9, 5


def gguf_text(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def gguf_value(kind, value):
    if kind == TEXT:
        return gguf_text(value)
    return struct.pack({U32: "<I", FLOAT: "<f", BOOL: "<?", I32: "<i"}[kind], value)


def gguf_field(key, kind, value):
    if isinstance(value, list):
        return gguf_text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + b"".join(gguf_value(kind, one) for one in value)
    return gguf_text(key) + struct.pack("<I", kind) + gguf_value(kind, value)


def stored_size(kind, shape):
    return {F32: 4 * count(shape), F16: 2 * count(shape), Q4_0: count(shape) // 32 * 18}[kind]


def write_gguf(path, fields, shapes, matrices):
    """matrices: the type of what has two sides or more; vectors are F32."""
    kinds = {name: matrices if len(shape) > 1 else F32 for name, shape in shapes}
    tile, at = q4_0_tile() if matrices == Q4_0 else f16_tile(), 0
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(fields)) + b"".join(gguf_field(*field) for field in fields)
    for name, shape in shapes:
        head += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), kinds[name], at)
        at += stored_size(kinds[name], shape)
        at += -at % 32
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % 32))
        for name, shape in shapes:
            size = stored_size(kinds[name], shape)
            if kinds[name] == F32:
                file.write(struct.pack("<f", 1 if is_gain(name) else 0) * count(shape))
            else:
                write_repeated(file, tile, size)
            file.write(bytes(-size % 32))


def piece_words(n):
    """SentencePiece's: special ones, bytes, letters, pairs and triples; their scores and kinds."""
    letters = ["\u2581", *map(chr, range(33, 127))]
    longer = [a + b for a in letters for b in letters]
    longer += [a + b for b in letters for a in longer]
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters, *longer][:n]
    return words, [0.0] * 259 + [-float(i) for i in range(n - 259)], [2, 3, 3] + [6] * 256 + [1] * (n - 259)


def vicuna_fields():
    words, scores, kinds = piece_words(32000)
    sizes = [("context_length", 4096), ("embedding_length", 4096), ("block_count", 32), ("feed_forward_length", 11008),
             ("attention.head_count", 32), ("attention.head_count_kv", 32), ("rope.dimension_count", 128), ("vocab_size", 32000)]
    return [("general.architecture", TEXT, "llama"), *(("llama." + key, U32, value) for key, value in sizes),
            ("llama.attention.layer_norm_rms_epsilon", FLOAT, 1e-5), ("tokenizer.ggml.model", TEXT, "llama"),
            ("tokenizer.ggml.tokens", TEXT, words), ("tokenizer.ggml.scores", FLOAT, scores), ("tokenizer.ggml.token_type", I32, kinds),
            ("tokenizer.ggml.bos_token_id", U32, 1), ("tokenizer.ggml.eos_token_id", U32, 2)]


def vicuna_shapes():
    yield "token_embd.weight", (32000, 4096)
    parts = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")
    yield from llama_shapes(4096, 11008, 32, 32, 32, ["blk.%d." + part for part in parts])
    yield "output_norm.weight", (4096,)
    yield "output.weight", (32000, 4096)


def mmproj_fields():
    sizes = [("image_size", 336), ("patch_size", 14), ("embedding_length", 1024), ("feed_forward_length", 4096), ("block_count", 23),
             ("attention.head_count", 16), ("projection_dim", 768)]
    return [("general.architecture", TEXT, "clip"), ("clip.has_vision_encoder", BOOL, True), ("clip.has_llava_projector", BOOL, True),
            ("clip.projector_type", TEXT, "mlp"), *(("clip.vision." + key, U32, value) for key, value in sizes),
            ("clip.vision.attention.layer_norm_epsilon", FLOAT, 1e-5), ("clip.use_gelu", BOOL, False),
            ("clip.vision.image_mean", FLOAT, [0.48145466, 0.4578275, 0.40821073]),
            ("clip.vision.image_std", FLOAT, [0.26862954, 0.26130258, 0.27577711])]


def mmproj_shapes():
    yield "v.patch_embd.weight", (1024, 3, 14, 14)
    yield "v.class_embd", (1024,)
    yield "v.position_embd.weight", (577, 1024)
    yield "v.pre_ln.weight", (1024,)
    yield "v.pre_ln.bias", (1024,)
    parts = ("ln1", "attn_q", "attn_k", "attn_v", "attn_out", "ln2", "ffn_up", "ffn_down")
    yield from encoder_shapes(1024, 4096, 23, ["v.blk.%d." + part for part in parts])
    yield "mm.0.weight", (4096, 1024)
    yield "mm.0.bias", (4096,)
    yield "mm.2.weight", (4096, 4096)
    yield "mm.2.bias", (4096,)


def make_pair(folder):
    write_gguf(os.path.join(folder, "model.gguf"), vicuna_fields(), list(vicuna_shapes()), Q4_0)
    write_gguf(os.path.join(folder, "mmproj.gguf"), mmproj_fields(), list(mmproj_shapes()), F16)


def main():
    makers = {"onevision": make_onevision, "pair": make_pair}
    if len(sys.argv) != 3 or sys.argv[1] not in makers:
        sys.exit(__doc__)
    os.makedirs(sys.argv[2], exist_ok=True)
    makers[sys.argv[1]](sys.argv[2])


main()
