"""The training step of bench_train in PyTorch: transformers' CLIPModel of the same sizes, AdamW, f32 or bf16 autocast.

    python tests/bench/train_step.py [STEPS] [BATCH] [f32|bf16]
"""
import json
import resource
import sys
import time

import torch
from transformers import CLIPConfig, CLIPModel

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 5
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 256
bf16 = len(sys.argv) > 3 and sys.argv[3] == "bf16"
torch.manual_seed(1)
tower = dict(hidden_size=256, intermediate_size=1024, num_attention_heads=4, hidden_act="quick_gelu")
config = CLIPConfig(
    text_config=dict(tower, num_hidden_layers=3, vocab_size=5000, max_position_embeddings=24, eos_token_id=4999),
    vision_config=dict(tower, num_hidden_layers=6, image_size=96, patch_size=12),
    projection_dim=256, attn_implementation="sdpa")
model = CLIPModel(config)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2)
pixels = torch.randn(batch, 3, 96, 96)
ids = torch.randint(0, 4999, (batch, 24))
ids[:, -1] = 4999


def step():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        loss = model(input_ids=ids, pixel_values=pixels, return_loss=True).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


step()
start = time.perf_counter()
for _ in range(steps):
    loss = step()
seconds = time.perf_counter() - start
print(json.dumps({"bench": "train", "framework": f"torch {torch.__version__}", "precision": "bf16" if bf16 else "f32",
                  "batch": batch, "threads": torch.get_num_threads(),
                  "samples_per_second": round(batch * steps / seconds, 1),
                  "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "loss": round(loss, 4)}))
