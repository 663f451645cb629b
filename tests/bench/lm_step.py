"""The training step of bench_lm in PyTorch: transformers' LlamaForCausalLM of the same sizes, AdamW, f32 or bf16 autocast.

    python tests/bench/lm_step.py [STEPS] [BATCH] [f32|bf16]
"""
import json
import resource
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 5
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 8
bf16 = len(sys.argv) > 3 and sys.argv[3] == "bf16"
torch.manual_seed(1)
config = LlamaConfig(vocab_size=8192, hidden_size=320, intermediate_size=864, num_hidden_layers=6, num_attention_heads=5,
                     max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=True, use_cache=False,
                     attn_implementation="sdpa")
model = LlamaForCausalLM(config)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2)
ids = torch.randint(0, 8192, (batch, 513))


def step():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        logits = model(input_ids=ids[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


step()
start = time.perf_counter()
for _ in range(steps):
    loss = step()
seconds = time.perf_counter() - start
print(json.dumps({"bench": "lm", "framework": f"torch {torch.__version__}", "precision": "bf16" if bf16 else "f32",
                  "batch": batch, "threads": torch.get_num_threads(), "parameters": sum(p.numel() for p in model.parameters()),
                  "tokens_per_second": round(batch * 512 * steps / seconds),
                  "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "loss": round(loss, 4)}))
