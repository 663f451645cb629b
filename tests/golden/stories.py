"""What the trained decoder ../shared/weights/stories260K.bin says, by transformers and by llama2.c's own arithmetic.

data/stories/stories.json   prompts with their ids, the ids that follow greedily and their text; a story with its ids and
                            the mean of its negative log likelihoods; logits of its last row

Both implementations run in float64 and must agree here; stories_folder.c makes the same folder for gaze.
"""

import json
import os
import struct

import numpy as np

SEED = 0  # nothing is drawn
FOLLOWING = 60
MARGIN = 1e-3  # least lead of the best id in a greedy step that is kept
PROMPTS = ["Once upon a time", "Lily and Tom went to the park.", "The little dog", "One day, a boy named Tim",
           "\"Can I play with you?\" asked", "There was a big", "Mom said", "The sun was", "A cat and a bird",
           "Ben found a shiny"]
STORY = ("Once upon a time, there was a little girl named Mia. She had a red ball. One day, she went to the park with "
         "her mom. A big dog ran to her and took the ball. Mia was sad. \"Please give it back,\" she said. The dog "
         "wagged its tail and put the ball at her feet. Mia smiled, and they played until the sun went down. From that "
         "day on, they were good friends.")


def shared():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("GAZE_SHARED", os.path.join(here, "..", "..", "..", "shared"))


def read_weights():
    """llama2.c's checkpoint: seven sizes, then the tensors in turn, those of all layers together."""
    with open(os.path.join(shared(), "weights", "stories260K.bin"), "rb") as file:
        data = file.read()
    dim, hidden, layers, heads, kv_heads, vocabulary, context = struct.unpack("<7i", data[:28])
    values = np.frombuffer(data, dtype="<f4", offset=28)
    size, tensors, at = dim // heads, {}, 0
    shapes = {"embed": (vocabulary, dim), "norm1": (layers, dim), "q": (layers, dim, dim),
              "k": (layers, kv_heads * size, dim), "v": (layers, kv_heads * size, dim), "o": (layers, dim, dim),
              "norm2": (layers, dim), "gate": (layers, hidden, dim), "down": (layers, dim, hidden),
              "up": (layers, hidden, dim), "norm": (dim,)}
    for name, shape in shapes.items():
        n = int(np.prod(shape))
        tensors[name] = values[at:at + n].reshape(shape).astype(np.float64)
        at += n
    return {"dim": dim, "hidden": hidden, "layers": layers, "heads": heads, "kv_heads": kv_heads,
            "vocabulary": vocabulary, "context": context}, tensors


def read_pieces(n):
    with open(os.path.join(shared(), "weights", "tok512.bin"), "rb") as file:
        data = file.read()
    pieces, at = [], 4
    for _ in range(n):
        score, size = struct.unpack("<fi", data[at:at + 8])
        pieces.append((data[at + 8:at + 8 + size].decode(), score))
        at += 8 + size
    return pieces


def make_tokenizer(pieces):
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as format

    model = format.ModelProto()
    for i, (text, score) in enumerate(pieces):
        piece = model.pieces.add()
        piece.score = score if i > 258 else 0
        piece.type = 2 if i == 0 else 3 if i < 3 else 6 if i < 259 else 1
        piece.piece = (["<unk>", "<s>", "</s>"][i] if i < 3 else f"<0x{i - 3:02X}>" if i < 259
                       else text.replace(" ", "\u2581"))
    model.trainer_spec.model_type = 2
    model.trainer_spec.byte_fallback = True
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.remove_extra_whitespaces = False
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def make_transformers(sizes, tensors):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    size = sizes["dim"] // sizes["heads"]
    config = LlamaConfig(vocab_size=sizes["vocabulary"], hidden_size=sizes["dim"], intermediate_size=sizes["hidden"],
                         num_hidden_layers=sizes["layers"], num_attention_heads=sizes["heads"],
                         num_key_value_heads=sizes["kv_heads"], max_position_embeddings=sizes["context"],
                         rms_norm_eps=1e-5, tie_word_embeddings=True, attn_implementation="eager")

    def halves(rows):
        return rows.reshape(-1, size // 2, 2, rows.shape[-1]).swapaxes(1, 2).reshape(rows.shape)

    state = {"model.embed_tokens.weight": tensors["embed"], "model.norm.weight": tensors["norm"],
             "lm_head.weight": tensors["embed"]}
    for i in range(sizes["layers"]):
        layer = f"model.layers.{i}."
        state[layer + "input_layernorm.weight"] = tensors["norm1"][i]
        state[layer + "post_attention_layernorm.weight"] = tensors["norm2"][i]
        for name in "qkvo":
            rows = tensors[name][i]
            state[layer + f"self_attn.{name}_proj.weight"] = halves(rows) if name in "qk" else rows
        for name in ("gate", "up", "down"):
            state[layer + f"mlp.{name}_proj.weight"] = tensors[name][i]
    model = LlamaForCausalLM(config).double().eval()
    model.load_state_dict({key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in state.items()})
    return model


def by_transformers(model, ids):
    import torch

    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy()


def by_llama2c(sizes, tensors, ids):
    """Neighbours of a head are turned; everything else as in any LLaMA."""
    heads, kv_heads, size = sizes["heads"], sizes["kv_heads"], sizes["dim"] // sizes["heads"]
    angles = np.arange(len(ids))[:, None] * 10000.0 ** (-np.arange(0, size, 2) / size)
    turn = np.exp(1j * angles)[:, None]

    def norm(x, gain):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * gain

    def turned(x, n):
        pairs = x.reshape(len(ids), n, size // 2, 2)
        made = (pairs[..., 0] + 1j * pairs[..., 1]) * turn
        return np.stack([made.real, made.imag], -1).reshape(len(ids), n, size)

    x = tensors["embed"][ids]
    hidden = np.triu(np.full((len(ids), len(ids)), -np.inf), 1)
    for i in range(sizes["layers"]):
        h = norm(x, tensors["norm1"][i])
        q, k = turned(h @ tensors["q"][i].T, heads), turned(h @ tensors["k"][i].T, kv_heads)
        v = (h @ tensors["v"][i].T).reshape(len(ids), kv_heads, size)
        k, v = (np.repeat(part, heads // kv_heads, 1) for part in (k, v))
        scores = np.einsum("thd,shd->hts", q, k) / np.sqrt(size) + hidden
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        x = x + np.einsum("hts,shd->thd", weights, v).reshape(x.shape) @ tensors["o"][i].T
        h = norm(x, tensors["norm2"][i])
        gate = h @ tensors["gate"][i].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ tensors["up"][i].T)) @ tensors["down"][i].T
    return norm(x, tensors["norm"]) @ tensors["embed"].T


def follow(run, ids):
    """Greedy steps, as long as the best id leads clearly."""
    found = list(ids)
    for _ in range(FOLLOWING):
        logits = run(found)[-1]
        best = np.sort(logits)[-2:]
        assert best[1] - best[0] > MARGIN, "a step that is not clear: choose another prompt"
        found.append(int(logits.argmax()))
    return found[len(ids):]


def write(data):
    from clip import quiet

    if not os.path.exists(os.path.join(shared(), "weights", "stories260K.bin")):
        print("stories: no ../shared/weights/stories260K.bin, data/stories stays as it is")
        return
    quiet()
    sizes, tensors = read_weights()
    tokenizer = make_tokenizer(read_pieces(sizes["vocabulary"]))
    model = make_transformers(sizes, tensors)
    prompts = []
    for prompt in PROMPTS:
        ids = [1] + tokenizer.encode(prompt)
        following = follow(lambda all: by_transformers(model, all), ids)
        assert following == follow(lambda all: by_llama2c(sizes, tensors, all), ids)
        prompts.append({"prompt": prompt, "ids": ids, "following": following, "text": tokenizer.decode(ids[1:] + following)})
    ids = [1] + tokenizer.encode(STORY)
    logits = by_transformers(model, ids)
    assert abs(logits - by_llama2c(sizes, tensors, ids)).max() < 1e-4  # transformers turns in f32
    losses = np.log(np.exp(logits[:-1]).sum(-1)) - logits[np.arange(len(ids) - 1), ids[1:]]
    os.makedirs(os.path.join(data, "stories"), exist_ok=True)
    with open(os.path.join(data, "stories", "stories.json"), "w") as file:
        json.dump({"prompts": prompts, "story": STORY, "ids": ids, "perplexity": float(np.exp(losses.mean())),
                   "last": [round(float(value), 7) for value in logits[-1]]}, file, indent=1)
        file.write("\n")
