"""Pictures, and what Pillow and transformers' processors make of them. Written with Pillow 13.0, transformers 5.

data/resize/resize.json      source, box, size, Pillow's filter, result: equal bytes
data/resize/formats.json     file, options, result: what Image.convert("RGB") gives
data/resize/preprocess.json  source, preprocessor_config, result (.npy, [3, S, S])
"""

import json
import os
import sys

import numpy as np
from PIL import Image

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "verify"))

from make_reference import scene  # noqa: E402

BILINEAR, BICUBIC, LANCZOS = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def save(image, folder, name):
    image.save(os.path.join(folder, name), optimize=True)
    return name


def dump(cases, folder, name):
    with open(os.path.join(folder, name), "w") as file:
        file.write("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]\n")


# source size, result size, box: down, up, both ways, one pixel, odd, tall (Pillow 13 turns its passes around), boxes
SHAPES = [
    ((31, 17), (16, 16), None),
    ((31, 17), (62, 34), None),
    ((17, 31), (40, 9), None),
    ((40, 60), (7, 50), None),
    ((1, 1), (5, 3), None),
    ((50, 1), (9, 4), None),
    ((1, 50), (4, 9), None),
    ((33, 33), (1, 1), None),
    ((33, 21), (33, 21), None),
    ((33, 21), (33, 9), None),
    ((33, 21), (12, 21), None),
    ((12, 90), (30, 20), None),
    ((90, 12), (20, 30), None),
    ((64, 48), (13, 11), (3, 5, 40, 29)),
    ((64, 48), (32, 32), (0.25, 1.75, 63.5, 47.125)),
    ((64, 48), (24, 20), (30.1, 20.2, 31.3, 21.4)),
    ((64, 48), (20, 16), (10, 10, 30, 26)),
    ((20, 64), (9, 13), (2.5, 0, 17.25, 63.75)),
    ((90, 60), (24, 16), None),
    ((5, 4), (37, 41), None),
    ((111, 67), (48, 48), None),
]


def write_resizes(folder):
    cases = []
    for i, (size, target, box) in enumerate(SHAPES):
        source = scene(*size, seed=i)
        source_name = save(source, folder, f"source{i:02}.png")
        for filter in (BILINEAR, BICUBIC, LANCZOS):
            result = save(source.resize(target, filter, box=box), folder, f"resized{i:02}-{int(filter)}.png")
            cases.append({"source": source_name, "box": box, "size": target, "filter": int(filter), "result": result})
    dump(cases, folder, "resize.json")


def on_white(image):
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white


def with_alpha(width, height, seed):
    image = scene(width, height, seed, noise=5)
    image.putalpha(scene(width, height, seed + 1).convert("L"))
    return image


def write_formats(folder):
    cases = []

    def add(name, image, tolerance, drop_alpha=False, result=None, **options):
        path = os.path.join(folder, name)
        if image is not None:
            image.save(path, **options)
        if result is None:
            result = Image.open(path).convert("RGB") if drop_alpha else on_white(Image.open(path))
        result_name = save(result, folder, f"{name.replace('.', '-')}{'-dropped' if drop_alpha else ''}.png")
        cases.append({"file": name, "drop_alpha": drop_alpha, "tolerance": tolerance, "result": result_name})

    photo = scene(37, 23, seed=100, noise=8)
    for subsampling in (0, 1, 2):
        add(f"chroma{subsampling}.jpg", photo, 1, quality=90, subsampling=subsampling)
    add("progressive.jpg", photo, 1, quality=85, progressive=True)
    add("grey.jpg", photo.convert("L"), 1, quality=90)
    inks = np.concatenate([255 - np.array(photo), np.array(photo.convert("L"))[..., None] // 3], axis=-1)
    add("cmyk.jpg", Image.fromarray(inks, mode="CMYK"), 1, quality=95)

    add("bits.png", photo.convert("1"), 0)
    add("grey.png", photo.convert("L"), 0)
    palette = photo.quantize(16)
    add("palette.png", palette, 0)
    add("palette-alpha.png", palette, 0, transparency=bytes([0, 64, 128, 200, 255]))
    add("palette-alpha.png", None, 0, drop_alpha=True)
    add("alpha.png", with_alpha(37, 23, 101), 0)
    add("alpha.png", None, 0, drop_alpha=True)
    add("grey-alpha.png", with_alpha(37, 23, 102).convert("LA"), 0)
    key = Image.new("RGB", (9, 7), (10, 20, 30))
    key.putpixel((4, 3), (11, 20, 30))
    add("colour-key.png", key, 0, transparency=(10, 20, 30))
    deep = np.random.default_rng(7).integers(0, 65536, (11, 13), dtype=np.uint16)
    high = Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")  # Pillow itself clips at 255
    add("deep.png", Image.fromarray(deep), 0, result=high)

    add("lossy.webp", photo, 1, quality=80)
    add("lossless.webp", photo, 0, lossless=True)
    add("alpha.webp", with_alpha(37, 23, 103), 0, lossless=True, exact=True)
    add("alpha.webp", None, 0, drop_alpha=True)
    frames = [scene(20, 16, seed, noise=3) for seed in (104, 105)]
    add("animated.webp", frames[0], 0, save_all=True, append_images=frames[1:], lossless=True)
    dump(cases, folder, "formats.json")


def padded(image, size):
    """open_clip's "longest": ResizeKeepRatio, then CenterCropOrPad with the mean colour."""
    shrink = max(image.size) / size
    small = image.resize([max(1, round(side / shrink)) for side in image.size], BICUBIC)
    whole = Image.new("RGB", (size, size), tuple(int(mean * 255) for mean in MEAN))
    whole.paste(small, ((size - small.width) // 2, (size - small.height) // 2))
    pixels = np.array(whole).transpose(2, 0, 1) / 255
    return (pixels - np.array(MEAN)[:, None, None]) / np.array(DEVIATION)[:, None, None]


def write_preprocessing(folder):
    sys.modules.setdefault("torchvision", None)  # the Pillow processors do without it
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    clip, siglip = "CLIPImageProcessor", "SiglipImageProcessor"
    configs = [
        {"image_processor_type": clip, "size": {"shortest_edge": 12}, "crop_size": {"height": 12, "width": 12}},
        {"image_processor_type": clip, "size": {"shortest_edge": 17}, "crop_size": {"height": 12, "width": 12}},
        {"image_processor_type": clip, "size": {"shortest_edge": 9}, "crop_size": {"height": 12, "width": 12}},
        {"image_processor_type": clip, "size": 12, "crop_size": 12, "resample": 2},
        {"image_processor_type": clip, "size": {"height": 12, "width": 12}, "do_center_crop": False,
         "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]},
        {"image_processor_type": siglip, "size": {"height": 12, "width": 12}},
        {"image_processor_type": siglip, "size": {"height": 12, "width": 12}, "resample": 2, "do_normalize": False},
        {"image_processor_type": clip, "size": {"longest_edge": 12}, "do_pad": True},
    ]
    cases = []
    for i, config in enumerate(configs):
        for j, source_name in enumerate(("source20.png", "source12.png", "source17.png")):  # wide, very wide, tall
            source = Image.open(os.path.join(folder, source_name))
            options = {key: value for key, value in config.items() if key != "image_processor_type"}
            if "do_pad" in config:
                pixels = padded(source, 12)
            else:
                processor = (CLIPImageProcessorPil if config["image_processor_type"] == clip else SiglipImageProcessorPil)
                pixels = processor(**options)(source, return_tensors="np")["pixel_values"][0]
            result = f"input{i}{j}.npy"
            np.save(os.path.join(folder, result), np.ascontiguousarray(pixels, dtype="<f4"))
            cases.append({"source": source_name, "config": config, "result": result})
    dump(cases, folder, "preprocess.json")


def write(folder):
    """Fills folder/resize."""
    folder = os.path.join(folder, "resize")
    os.makedirs(folder, exist_ok=True)
    write_resizes(folder)
    write_formats(folder)
    write_preprocessing(folder)


if __name__ == "__main__":
    write(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data"))
