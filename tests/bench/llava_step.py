"""The training step of bench_llava in PyTorch: transformers' LlavaForConditionalGeneration of the same sizes, whose
features are there already, AdamW, f32 or bf16 autocast. With `answers` logits are made of the rows that are asked alone,
which its users have to write themselves; with a program the two take turns, and ratios come last.

    [ROUNDS=3] python tests/bench/llava_step.py [STEPS] [BATCH] [f32|bf16] [all|answers] [BENCH_LLAVA]
"""
import json
import os
import resource
import subprocess
import sys
import time

VOCABULARY, WIDTH, PICTURE, FEATURES, QUESTION, ANSWER = 5000, 320, 64, 256, 24, 40
ROWS = PICTURE + QUESTION + ANSWER
given = dict(enumerate(sys.argv))
steps, batch, precision = int(given.get(1, 10)), int(given.get(2, 8)), given.get(3, "f32")
answers, program = given.get(4) == "answers", given.get(5)


def make_model():
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    text = LlamaConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=864, num_hidden_layers=6,
                       num_attention_heads=5, max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=True,
                       use_cache=False)
    vision = CLIPVisionConfig(hidden_size=FEATURES, intermediate_size=4 * FEATURES, num_hidden_layers=1, image_size=64,
                              patch_size=8, num_attention_heads=4)
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=VOCABULARY - 1, tie_word_embeddings=True)
    model = LlavaForConditionalGeneration._from_config(config, attn_implementation="sdpa")
    model.model.vision_tower = torch.nn.Identity()
    return model


def measure():
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(1)
    model = make_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.999), eps=1e-8)
    features = torch.randn(batch, PICTURE, FEATURES)
    ids = torch.randint(0, VOCABULARY - 1, (batch, ROWS))
    ids[:, :PICTURE] = VOCABULARY - 1
    labels = torch.full((batch, ROWS), -100)
    labels[:, PICTURE + QUESTION:-1] = ids[:, PICTURE + QUESTION + 1:]
    asked = labels != -100

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            inner = model.model
            rows = inner.get_input_embeddings()(ids)
            seen = inner.multi_modal_projector(features)
            rows = rows.masked_scatter((ids == VOCABULARY - 1)[..., None], seen.to(rows.dtype))
            hidden = inner.language_model(inputs_embeds=rows, use_cache=False).last_hidden_state
            if answers:
                loss = cross_entropy(model.lm_head(hidden[asked]).float(), labels[asked])
            else:
                loss = cross_entropy(model.lm_head(hidden).float().flatten(0, 1), labels.flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    step()
    start = time.perf_counter()
    for _ in range(steps):
        loss = step()
    seconds = time.perf_counter() - start
    return {"bench": "llava", "framework": f"torch {torch.__version__}", "precision": precision, "batch": batch,
            "logits": "answers" if answers else "all", "threads": torch.get_num_threads(),
            "parameters": sum(p.numel() for p in model.parameters()), "rows_per_second": round(batch * ROWS * steps / seconds),
            "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "loss": round(loss, 4)}


def say(command):
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    print(line, flush=True)
    return json.loads(line)


def compare():
    ours, theirs = [], []
    for _ in range(int(os.environ.get("ROUNDS", "3"))):
        ours.append(say([program, str(steps), str(batch), precision]))
        theirs.append(say([sys.executable, *sys.argv[:5]]))
    best = [max(run["rows_per_second"] for run in runs) for runs in (ours, theirs)]
    most = [max(run["resident_mb"] for run in runs) for runs in (ours, theirs)]
    print(json.dumps({"bench": "llava", "precision": precision, "speed": round(best[0] / best[1], 2),
                      "memory": round(most[0] / most[1], 2)}))


if program:
    compare()
else:
    print(json.dumps(measure()))
