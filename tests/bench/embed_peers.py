"""What bench_embed measures, in PyTorch (transformers) and ONNX Runtime: JPEG bytes to image vectors, one picture and a
batch, f32, bf16 and dynamic int8. Milliseconds a picture, the least of several runs, on all processors.

    [RUNS=5] [PRECISION=int8] python tests/bench/embed_peers.py MODEL FILE...

Needs torch, transformers, Pillow, onnx and onnxruntime. MODEL: a CLIP or SigLIP folder of transformers.
"""
import io
import json
import os
import sys
import tempfile
import time

sys.modules["torchvision"] = None  # Pillow resizes, as for gaze

import numpy as np
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel

RUNS = int(os.environ.get("RUNS", "5"))
ONLY = os.environ.get("PRECISION")  # one of the three; all where it is not set
MEAN, DEVIATION = (np.array(x, dtype=np.float32).reshape(3, 1, 1) for x in (
    (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)))


def prepare(blob, size):
    """CLIP's: the shorter side to size, the centre."""
    picture = Image.open(io.BytesIO(blob)).convert("RGB")
    width, height = picture.size
    scale = size / min(width, height)
    wide, high = max(size, int(width * scale)), max(size, int(height * scale))
    picture = picture.resize((wide, high), Image.BICUBIC)
    left, top = (wide - size) // 2, (high - size) // 2
    pixels = np.asarray(picture.crop((left, top, left + size, top + size)), dtype=np.float32).transpose(2, 0, 1)
    return (pixels / 255 - MEAN) / DEVIATION


class Tower(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.vision = model.vision_model
        self.projection = getattr(model, "visual_projection", torch.nn.Identity())

    def forward(self, pixels):
        return self.projection(self.vision(pixel_values=pixels).pooler_output)


def least(run, blobs, size):
    def once(part):
        start = time.perf_counter()
        run(np.stack([prepare(blob, size) for blob in part]))
        return 1e3 * (time.perf_counter() - start) / len(part)

    once(blobs[:12])
    return min(once(blobs) for _ in range(RUNS)), min(once(blobs[:1]) for _ in range(RUNS))


def tell(peer, precision, blobs, figures):
    print(json.dumps({"bench": "embed", "peer": peer, "precision": precision, "one_ms": round(figures[1], 1),
                      "batch": len(blobs), "batch_ms": round(figures[0], 1)}), flush=True)


def export(tower, size, folder):
    path = os.path.join(folder, "tower.onnx")
    torch.onnx.export(tower, (torch.zeros(2, 3, size, size),), path, input_names=["pixels"], output_names=["out"],
                      dynamic_axes={"pixels": {0: "batch"}, "out": {0: "batch"}}, opset_version=17, dynamo=False)
    return path


def run_onnx(tower, size, blobs):
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        plain = export(tower, size, folder)
        small = os.path.join(folder, "int8.onnx")
        for precision, path in (("f32", plain), ("int8", small)):
            if ONLY not in (None, precision):
                continue
            if precision == "int8":
                quantize_dynamic(plain, small, weight_type=QuantType.QInt8)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = os.cpu_count()
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            tell(f"onnxruntime {onnxruntime.__version__}", precision, blobs,
                 least(lambda pixels: session.run(None, {"pixels": pixels}), blobs, size))


def main():
    config = AutoConfig.from_pretrained(sys.argv[1])
    size = config.vision_config.image_size
    blobs = [open(path, "rb").read() for path in sys.argv[2:]]
    tower = Tower(AutoModel.from_pretrained(sys.argv[1], dtype=torch.float32, attn_implementation="sdpa")).eval()
    for precision, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        if ONLY not in (None, precision):
            continue
        tower.to(dtype)

        def run(pixels, dtype=dtype):
            with torch.inference_mode():
                return tower(torch.from_numpy(pixels).to(dtype)).float().numpy()

        tell(f"torch {torch.__version__}", precision, blobs, least(run, blobs, size))
    if ONLY != "bf16":
        run_onnx(tower.float(), size, blobs)


if __name__ == "__main__":
    main()
