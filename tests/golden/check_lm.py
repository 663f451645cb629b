"""A language model that gaze trained, in transformers: its perplexity on held-out texts, a line each, must be what gaze
logged last.

    python tests/golden/check_lm.py MODEL TEXTS
"""

import json
import math
import os
import sys


def perplexity(model, tokenizer, texts):
    """A document at a time between its marks, in pieces of the context."""
    import torch

    front, end, context = model.generation_config.bos_token_id, model.generation_config.eos_token_id, model.config.max_position_embeddings
    total, asked = 0.0, 0
    for text in texts:
        ids = torch.tensor([front, *tokenizer(text, add_special_tokens=False)["input_ids"], end])
        for first in range(0, len(ids) - 1, context):
            piece = ids[first:first + context + 1]
            with torch.no_grad():
                logits = model(piece[None, :-1]).logits[0]
            total += torch.nn.functional.cross_entropy(logits, piece[1:], reduction="sum").item()
            asked += len(piece) - 1
    return math.exp(total / asked)


def main(folder, path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa")
    with open(path, encoding="utf-8") as file:
        texts = [line.strip() for line in file if line.strip()]
    with open(os.path.join(folder, "metrics.jsonl")) as file:
        logged = [json.loads(line)["eval"]["metrics"]["perplexity"] for line in file if '"perplexity"' in line][-1]
    found = perplexity(model, AutoTokenizer.from_pretrained(folder), texts)
    print(f"transformers {found:.6f}, gaze {logged:.6f}, ratio - 1 = {found / logged - 1:.2g}")
    return abs(found / logged - 1) > 1e-5


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
