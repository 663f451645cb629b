"""What bench_eye measures, beside llama.cpp: LLaVA-1.5's image encoder (CLIP L/14 at 336 pixels, the 23 blocks of 24
that are run) and projector (two products, to 4,096) with random weights in one mmproj file in F16, one picture.

    [ROUNDS=3] python tests/bench/eye_peers.py LLAMA_MTMD_CLI BENCH_EYE FOLDER

Needs gguf, numpy and Pillow. LLAMA_MTMD_CLI: llama.cpp's program of that name; it wants a language model, too, of which
one layer is made. Files are made in FOLDER where they are missing, 620 MB. The two take turns; JSON lines, the least of
all rounds last.
"""
import json
import os
import re
import subprocess
import sys

import gguf
import numpy as np

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SIDE, PATCH, WIDTH, HIDDEN, LAYERS, HEADS, DIM = 336, 14, 1024, 4096, 23, 16, 4096
random = np.random.default_rng(3)


def matrix(*shape):
    return (random.random(shape, dtype=np.float32) * 0.05 - 0.025).astype(np.float16)


def close(file):
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def add_linear(file, name, rows, columns):
    file.add_tensor(name + ".weight", matrix(rows, columns))
    file.add_tensor(name + ".bias", np.zeros(rows, dtype=np.float32))


def add_norm(file, name):
    file.add_tensor(name + ".weight", np.ones(WIDTH, dtype=np.float32))
    file.add_tensor(name + ".bias", np.zeros(WIDTH, dtype=np.float32))


def write_mmproj(path):
    file = gguf.GGUFWriter(path, "clip")
    file.add_bool("clip.has_vision_encoder", True)
    file.add_bool("clip.use_gelu", False)
    file.add_string("clip.projector_type", "mlp")
    for key, value in (("image_size", SIDE), ("patch_size", PATCH), ("embedding_length", WIDTH),
                       ("feed_forward_length", HIDDEN), ("block_count", LAYERS), ("projection_dim", 768),
                       ("attention.head_count", HEADS)):
        file.add_uint32("clip.vision." + key, value)
    file.add_array("clip.vision.feature_layer", [LAYERS])
    file.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    file.add_array("clip.vision.image_mean", [0.48145466, 0.4578275, 0.40821073])
    file.add_array("clip.vision.image_std", [0.26862954, 0.26130258, 0.27577711])
    file.add_tensor("v.patch_embd.weight", matrix(WIDTH, 3, PATCH, PATCH))
    file.add_tensor("v.class_embd", matrix(WIDTH).astype(np.float32))
    file.add_tensor("v.position_embd.weight", matrix((SIDE // PATCH) ** 2 + 1, WIDTH).astype(np.float32))
    add_norm(file, "v.pre_ln")
    for i in range(LAYERS):
        block = f"v.blk.{i}."
        add_norm(file, block + "ln1")
        add_norm(file, block + "ln2")
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            add_linear(file, block + part, WIDTH, WIDTH)
        add_linear(file, block + "ffn_up", HIDDEN, WIDTH)
        add_linear(file, block + "ffn_down", WIDTH, HIDDEN)
    add_linear(file, "mm.0", DIM, WIDTH)
    add_linear(file, "mm.2", DIM, DIM)
    close(file)


def write_language_model(path):
    """One narrow layer, for bytes alone."""
    heads, size, hidden, vocabulary = 1, 64, 64, 259
    file = gguf.GGUFWriter(path, "llama")
    for add, value in ((file.add_context_length, 4096), (file.add_embedding_length, DIM), (file.add_block_count, 1),
                       (file.add_feed_forward_length, hidden), (file.add_head_count, heads),
                       (file.add_head_count_kv, heads), (file.add_key_length, size), (file.add_value_length, size),
                       (file.add_rope_dimension_count, size), (file.add_layer_norm_rms_eps, 1e-6),
                       (file.add_vocab_size, vocabulary), (file.add_tokenizer_model, "llama"),
                       (file.add_token_list, [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % i for i in range(256)]),
                       (file.add_token_scores, [0.0] * vocabulary),
                       (file.add_token_types, [2, 3, 3] + [6] * 256)):
        add(value)
    file.add_tensor("token_embd.weight", matrix(vocabulary, DIM))
    file.add_tensor("output.weight", matrix(vocabulary, DIM))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        file.add_tensor(name + ".weight", np.ones(DIM, dtype=np.float32))
    for name, rows, columns in (("attn_q", size, DIM), ("attn_k", size, DIM), ("attn_v", size, DIM),
                                ("attn_output", DIM, size), ("ffn_gate", hidden, DIM), ("ffn_up", hidden, DIM),
                                ("ffn_down", DIM, hidden)):
        file.add_tensor(f"blk.0.{name}.weight", matrix(rows, columns))
    close(file)


def write_picture(path):
    from PIL import Image

    Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)


def run_llama(program, files):
    """Milliseconds that it says one picture took; the first of three warms it."""
    told = subprocess.run([program, "-m", files["model"], "--mmproj", files["mmproj"], "-p", "a", "-n", "1", "-t",
                           str(len(os.sched_getaffinity(0))), "--chat-template", "vicuna", "--temp", "0", "--verbosity", "4"] +
                          ["--image", files["picture"]] * 3, capture_output=True, errors="replace", check=True)
    found = [float(ms) for ms in re.findall(r"(?:slice encoded|encoding done) in (\d+) ms", told.stdout + told.stderr)]
    if not found:
        sys.exit("llama.cpp says no time:\n" + told.stderr[-2000:])
    return min(found)


def run_gaze(program, files):
    told = subprocess.run([program, files["mmproj"]], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in told.stdout.splitlines()]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    llama, gaze, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    files = {"mmproj": "mmproj-f16.gguf", "model": "language.gguf", "picture": "picture.png"}
    makers = {"mmproj": write_mmproj, "model": write_language_model, "picture": write_picture}
    for key, name in files.items():
        files[key] = os.path.join(folder, name)
        if not os.path.exists(files[key]):
            makers[key](files[key])
    peer, own = [], {}
    for _ in range(ROUNDS):
        peer.append(run_llama(llama, files))
        print(json.dumps({"bench": "eye", "peer": "llama.cpp f16", "ms": peer[-1]}), flush=True)
        for line in run_gaze(gaze, files):
            print(json.dumps(line), flush=True)
            own.setdefault(line["precision"], []).append(line["ms"])
    print(json.dumps({"bench": "eye", "llama_cpp_f16_ms": min(peer)} |
                     {name: {"ms": min(ms), "times_as_fast": round(min(peer) / min(ms), 2)} for name, ms in own.items()}))


if __name__ == "__main__":
    main()
