"""Folders that gaze train llava wrote, in transformers.

    python tests/golden/check_llava_folder.py PICTURES "a.png|QUESTION|ANSWER|b.png,c.png|QUESTION" FOLDER...

PICTURES is where the pictures lie; FOLDER.safetensors what gaze makes of the conversation (tests/unit/test_llava_folder.c):
ids, pixels, logits of the last rows. The processor must give the same ids and pixels, the model the same logits to 1e-4
of their size. 77: cannot be asked.
"""

import os
import sys

sys.modules["torchvision"] = None  # transformers is to do without: its resize is not Pillow's
try:
    import numpy as np
    import torch
    from PIL import Image
    from safetensors.numpy import load_file
    from transformers import AutoProcessor, LlavaForConditionalGeneration
except ImportError:
    sys.exit(77)

PIXELS = 1e-6  # of numbers around 1: gaze resizes in Pillow's integers, and only rescaling rounds


def conversation_of(folder, words):
    """Of pictures, question and answer in turn."""
    messages = []
    for i in range(0, len(words), 3):
        pictures = [{"type": "image", "image": Image.open(os.path.join(folder, name))} for name in words[i].split(",")]
        messages.append({"role": "user", "content": [*pictures, {"type": "text", "text": words[i + 1]}]})
        if i + 2 < len(words):
            messages.append({"role": "assistant", "content": [{"type": "text", "text": words[i + 2]}]})
    return messages


def differs(folder, conversation):
    made, processor = load_file(folder + ".safetensors"), AutoProcessor.from_pretrained(folder)
    inputs = processor.apply_chat_template(conversation, add_generation_prompt=True, tokenize=True, return_dict=True,
                                           return_tensors="pt")
    ids, pixels = inputs["input_ids"][0].numpy(), inputs["pixel_values"].numpy()
    if ids.tolist() != made["ids"].tolist():
        print("ids:", ids.tolist(), "gaze's:", made["ids"].tolist(), processor.tokenizer.decode(ids), sep="\n")
        return True
    off = np.abs(pixels - made["pixels"]).max()
    model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa").eval()
    with torch.no_grad():
        logits = model(input_ids=inputs["input_ids"], pixel_values=inputs["pixel_values"].double()).logits[0].numpy()
    logits = logits[-len(made["logits"]):]
    worst = (np.abs(logits - made["logits"]).max(axis=1) / np.abs(logits).max(axis=1)).max()
    print(f"{len(ids)} ids alike, pixels within {off:.1g}, logits of {len(logits)} rows within {worst:.1g}")
    return not (off <= PIXELS and worst <= 1e-4)


def main(pictures, words, *folders):
    torch.set_num_threads(1)
    conversation = conversation_of(pictures, words.split("|"))
    return int(any([differs(folder, conversation) for folder in folders]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
