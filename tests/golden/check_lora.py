"""An adapter that gaze trained, in peft: the logits of base + adapter must be those of the model that gaze merged.

    gaze train llava --stage 2 -m MODEL --lora-rank 8 --train-data TALK.json --out ADAPTER
    gaze model merge-lora --adapter ADAPTER --out MERGED
    python tests/golden/check_lora.py MODEL ADAPTER MERGED

MODEL is LLaVA-1.5 in transformers' layout, in float32.
"""

import sys

sys.modules["torchvision"] = None  # transformers is to do without: its resize is not Pillow's


def main(base, adapter, merged):
    import torch
    from peft import PeftModel
    from transformers import LlavaForConditionalGeneration

    torch.set_num_threads(1)
    torch.manual_seed(1)
    model, joined = (LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float64).eval() for folder in (base, merged))
    config = model.config
    size, patch = config.vision_config.image_size, config.vision_config.patch_size
    ids = torch.randint(0, config.image_token_id, (1, 12))
    ids = torch.cat([ids, torch.full((1, (size // patch) ** 2), config.image_token_id), ids], 1)
    inputs = {"input_ids": ids, "pixel_values": torch.randn(1, 3, size, size, dtype=torch.float64)}
    with torch.no_grad():
        before = model(**inputs).logits
        beside = PeftModel.from_pretrained(model, adapter).double()(**inputs).logits
        after = joined(**inputs).logits
    error, moved = ((after - beside).norm() / beside.norm()).item(), ((beside - before).norm() / before.norm()).item()
    print(f"merged by gaze against base + adapter in peft: {error:.2g}; what the adapter changed: {moved:.2g}")
    return error > 1e-6 or moved < 1e-3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
