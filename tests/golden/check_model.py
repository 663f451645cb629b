"""A model that gaze trained, in transformers: the same ids, the same vectors. Run by regen.py --check-model."""

import glob
import json
import os
import shutil
import sys
import tempfile

import numpy as np

from check_eval import embed, run_gaze
from clip import quiet, unit  # clip keeps torchvision away

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = os.path.join(HERE, "..", "..", "samples", "pictures")
TEXTS = [
    "a photo of a dog", "", "A Red BUS, on the street!", "고양이 사진", "빨간 자동차가 집 옆에 있다", "\U0001f408 on a \U0001f6f9",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 가족 사진 \u2764\ufe0f", "two dogs<|endoftext|> run", "e\u0301te\u0301 1234 ½ ﬁsh",
    "a very long sentence about " + "a dog and a cat and " * 20 + "a bus",
]
LIMIT = 1e-5  # of a vector: ||difference|| / ||reference||


def reference(folder, pictures, texts):
    """Ids, and unit vectors of pictures and texts, in float64."""
    import torch
    from PIL import Image
    from transformers import AutoTokenizer, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    quiet()
    model, about = CLIPModel.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa",
                                             output_loading_info=True)
    unknown = {kind: names for kind, names in about.items() if names}
    assert not unknown, unknown
    tokenizer = AutoTokenizer.from_pretrained(folder)
    processor = CLIPProcessor(CLIPImageProcessorPil.from_pretrained(folder), tokenizer)
    inputs = processor(text=texts, images=[Image.open(path) for path in pictures], return_tensors="pt", padding=True,
                       truncation=True, max_length=model.config.text_config.max_position_embeddings)
    inputs["pixel_values"] = inputs["pixel_values"].double()
    with torch.no_grad():
        result = model.eval()(**inputs)
    return [tokenizer(text)["input_ids"] for text in texts], result.image_embeds.numpy(), result.text_embeds.numpy()


def compare(name, got, wanted):
    """Prints how far the vectors are apart; how many are too far."""
    errors = np.linalg.norm(got - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    cosines = np.sum(np.array(unit(got)) * np.array(unit(wanted)), axis=1)
    print(f"{name}: {len(got)} vectors, largest absolute difference {np.abs(got - wanted).max():.2e}, "
          f"largest relative error {errors.max():.2e}, smallest cosine {cosines.min():.9f}")
    return int(np.sum(~(errors <= LIMIT)))


def captions():
    with open(os.path.join(PICTURES, "captions.json"), encoding="utf-8") as file:
        return [text for texts in json.load(file).values() for text in texts]


def check(model, gaze):
    """Exit status: 0 when everything agrees."""
    pictures, texts = sorted(glob.glob(os.path.join(PICTURES, "*.png"))), captions() + [text for text in TEXTS if text]
    with tempfile.TemporaryDirectory() as folder:
        snapshot = shutil.copytree(model, os.path.join(folder, "model"))  # it may be in training
        wanted_ids, of_pictures, of_texts = reference(snapshot, pictures, texts)
        wrong = compare("pictures", embed(gaze, snapshot, folder, "--files-from", pictures), of_pictures)
        wrong += compare("texts", embed(gaze, snapshot, folder, "--text-file", texts), of_texts)
        different = 0
        for text, wanted in list(zip(texts, wanted_ids))[-len(TEXTS) - 6 :]:
            got = json.loads(run_gaze(gaze, snapshot, "tokenize", "--json", text))["ids"]
            if got != wanted:
                different += 1
                print(f"ids of {text!r}: gaze {got}, transformers {wanted}", file=sys.stderr)
        print(f"ids: {len(TEXTS) + 6} texts, {different} differ")
    return int(wrong + different > 0)
