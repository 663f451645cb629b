"""A model that gaze trained to look and talk, in transformers: the mean loss of its answers must be what gaze finds.

    gaze train llava --stage 2 -m MODEL --train-data TALK.json --batch-size 1000 --steps 1 --log-every-n-steps 1 --out RUN
    python tests/golden/check_llava.py MODEL TALK.json RUN

The first step's loss is that of MODEL itself, over all samples if a batch holds them. TALK.json is LLaVA's, with one
picture and any turns, or without a picture; its chat template must be ChatML.
"""

import json
import os
import sys

sys.modules["torchvision"] = None  # transformers is to do without: its resize is not Pillow's


def loss_of(model, tokenizer, processor, sample, folder):
    """Sum over what is asked, and how much that is: answers and <|im_end|>, each piece encoded for itself."""
    import torch
    from PIL import Image

    vision = model.config.vision_config
    rows, pixels, ids, asked = (vision.image_size // vision.patch_size) ** 2, None, [], []
    if sample.get("image"):
        picture = Image.open(os.path.join(folder, sample["image"])).convert("RGB")
        pixels = processor(picture, return_tensors="pt")["pixel_values"].double()
    for turn in sample["conversations"]:
        human = turn["from"] == "human"
        value = turn["value"].replace("<image>\n", "<image>" * rows + "\n")
        front = "<|im_start|>user\n" if human else "<|im_start|>assistant\n"
        for text, wanted in ((front, False), (value + "<|im_end|>", not human), ("\n", False)):
            piece = tokenizer(text, add_special_tokens=False)["input_ids"]
            ids += piece
            asked += [wanted] * len(piece)
    ids, asked = torch.tensor(ids), torch.tensor(asked)
    with torch.no_grad():
        logits = model(input_ids=ids[None], pixel_values=pixels).logits[0]
    losses = torch.nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none")[asked[1:]]
    return losses.sum().item(), len(losses)


def main(folder, talk, run):
    import torch
    from transformers import AutoTokenizer, LlavaForConditionalGeneration
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.set_num_threads(1)
    model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa").eval()
    tokenizer, processor = AutoTokenizer.from_pretrained(folder), CLIPImageProcessorPil.from_pretrained(folder)
    with open(talk, encoding="utf-8") as file:
        found = [loss_of(model, tokenizer, processor, sample, os.path.dirname(talk)) for sample in json.load(file)]
    mean = sum(loss for loss, _ in found) / sum(n for _, n in found)
    with open(os.path.join(run, "metrics.jsonl")) as file:
        logged = json.loads(file.readline())["loss"]
    print(f"transformers {mean:.6f}, gaze {logged:.6f}, ratio - 1 = {mean / logged - 1:.2g}")
    return abs(mean / logged - 1) > 1e-4


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
