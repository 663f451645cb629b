"""Tiny random models of the families besides CLIP's own, and everything that their references compute on the way.

data/families/siglip/       transformers' SigLIP: tanh GELU, pooling by attention, texts filled up
data/families/siglip-timm/  the same family as open_clip stores it: timm's image encoder, open_clip's text tower
data/families/chinese/      transformers' Chinese-CLIP: BERT as text tower
data/families/open/         open_clip's own towers: quick GELU, heads of 10
data/families/xlmr/         weights alone: open_clip's CLIP with XLM-R as text tower, mean pooling, two projections
data/families/MODEL.safetensors  its inputs (pixels; ids, offsets) and its taps, named as gaze names them

The references run in float64; what they give is rounded to float32 once. open_clip and timm want torchvision for
pictures alone, which are not used here; a stand-in takes its place.
"""

import importlib.machinery
import json
import os
import shutil
import sys
from unittest.mock import MagicMock

import numpy as np

from clip import quiet, save_taps

SEED = 21
PAD = 1
VISION = {"hidden_size": 36, "intermediate_size": 60, "num_hidden_layers": 2, "num_attention_heads": 3,
          "image_size": 24, "patch_size": 8}
TEXT = {"hidden_size": 36, "intermediate_size": 52, "num_hidden_layers": 2, "num_attention_heads": 3, "vocab_size": 90,
        "max_position_embeddings": 12, "pad_token_id": PAD, "bos_token_id": 2, "eos_token_id": 3}


def stand_in_for_torchvision():
    for name in ("", ".transforms", ".transforms.functional", ".transforms.v2", ".ops", ".ops.misc", ".datasets", ".io",
                 ".models", ".models.feature_extraction", ".utils"):
        module = MagicMock()
        module.__spec__ = importlib.machinery.ModuleSpec("torchvision" + name, None)
        module.__version__ = "0"
        sys.modules["torchvision" + name] = module


def randomise(model):
    """Random weights under which every part counts."""
    import torch

    random = np.random.default_rng(SEED)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name in ("logit_scale", "logit_bias"):
                continue
            values = random.standard_normal(tuple(parameter.shape))
            if parameter.ndim > 1 and "embedding" not in name and "pos_embed" not in name and parameter.shape[0] > 1:
                values *= 1.5 / np.sqrt(np.prod(parameter.shape[1:]))
            elif "norm" in name.lower() or "ln_" in name:
                values = 0.3 * values + name.endswith("weight")
            parameter.copy_(torch.from_numpy(0.7 * values if name.endswith("bias") else values))
    return model.double().eval()


def inputs(filled):
    """Pixels, and ids: of 1 to 12 tokens, filled up with PAD where the family does so."""
    random = np.random.default_rng(SEED)
    pixels = random.standard_normal((3, 3, 24, 24)).astype(np.float32)
    ids = [[2, *random.integers(4, 90, n).tolist(), 3] for n in (0, 3, 10, 1)]
    return pixels, [row + [PAD] * (12 - len(row) if filled else 0) for row in ids]


class Taps(dict):
    """What hooks note, as [rows, columns]; of a batch padded for the reference the rows that count."""

    def __init__(self, ids):
        self.ids = ids

    def keep(self, name, module, of_input=False):
        def hook(_, inputs, output):
            value = inputs[0] if of_input else output
            value = (value[0] if isinstance(value, tuple) else value).detach()
            if name.startswith("text.") and value.ndim == 3 and value.shape[0] == len(self.ids):
                value = np.concatenate([value[i, : len(row)] for i, row in enumerate(self.ids)])
            self[name] = np.ascontiguousarray(np.asarray(value).reshape(-1, value.shape[-1]), dtype=np.float32)

        module.register_forward_hook(hook)

    def note(self, name, value):
        self[name] = np.ascontiguousarray(value.detach().numpy(), dtype=np.float32)

    def pre_norm_tower(self, prefix, layers, norm1, norm2):
        for i, layer in enumerate(layers):
            block = f"{prefix}.block{i:02}"
            self.keep(block + ".norm1", getattr(layer, norm1))
            self.keep(block + ".attn", getattr(layer, norm2), of_input=True)
            self.keep(block, layer)

    def bert(self, model):
        self.keep("text.embedded", model.embeddings)
        for i, layer in enumerate(model.encoder.layer):
            self.keep(f"text.block{i:02}.attn", layer.attention.output)
            self.keep(f"text.block{i:02}", layer)


def padded(ids):
    import torch

    longest = max(map(len, ids))
    return (torch.tensor([row + [PAD] * (longest - len(row)) for row in ids]),
            torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids]))


def save(folder, name, model, state, pixels, ids, taps, config=None, open_clip=None):
    """state: the weights to write, as float32; config: what goes into config.json."""
    from safetensors.torch import save_file

    place = os.path.join(folder, name)
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    weights = {key: value.float().contiguous() for key, value in state.items()}
    file = "open_clip_model.safetensors" if open_clip or name in ("siglip-timm", "xlmr") else "model.safetensors"
    save_file(weights, os.path.join(place, file))
    for content, target in ((config, "config.json"), (open_clip, "open_clip_config.json")):
        if content:
            with open(os.path.join(place, target), "w") as out:
                json.dump(content, out, indent=1, sort_keys=True)
                out.write("\n")
    save_taps(os.path.join(folder, name + ".safetensors"), pixels, ids, taps)


def slim(config, keys=None):
    """What a checkpoint's config.json says: what differs from the class's defaults."""
    from transformers import PretrainedConfig

    said = config.to_diff_dict()
    for part in ("vision_config", "text_config"):
        default = type(getattr(config, part))().to_dict()
        said[part] = {k: v for k, v in getattr(config, part).to_dict().items() if k in default and default[k] != v}
    return {k: v for k, v in said.items() if k in ("model_type", "projection_dim", "vision_config", "text_config")} | {
        "model_type": config.model_type}


def write_siglip(folder):
    import torch
    from transformers import SiglipConfig, SiglipModel

    config = SiglipConfig(vision_config=dict(VISION), text_config=dict(TEXT))
    model = SiglipModel._from_config(config, attn_implementation="sdpa")
    with torch.no_grad():
        model.logit_scale.fill_(2.3)
        model.logit_bias.fill_(-7.5)
    state = {k: v.clone() for k, v in randomise(model).state_dict().items()}
    pixels, ids = inputs(filled=True)
    taps = Taps(ids)
    vision, text = model.vision_model, model.text_model
    taps.keep("vision.embedded", vision.embeddings)
    taps.pre_norm_tower("vision", vision.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("vision.final_norm", vision.post_layernorm)
    taps.keep("vision.map.norm2", vision.head.layernorm)
    taps.keep("vision.embedding", vision.head)
    taps.keep("text.embedded", text.embeddings)
    taps.pre_norm_tower("text", text.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("text.embedding", text.head)
    with torch.no_grad():
        model(pixel_values=torch.from_numpy(pixels).double(), input_ids=torch.tensor(ids))
    save(folder, "siglip", model, state, pixels, ids, taps, config=slim(config))


def write_siglip_timm(folder):
    import timm
    import torch
    from open_clip.model import CLIPTextCfg, _build_text_tower

    trunk = timm.create_model("vit_base_patch16_siglip_224", embed_dim=36, depth=2, num_heads=3, img_size=24,
                              patch_size=8, mlp_ratio=2, num_classes=0)
    text = _build_text_tower(36, CLIPTextCfg(context_length=12, vocab_size=90, width=36, heads=3, layers=2, mlp_ratio=2,
                                             no_causal_mask=True, proj_bias=True, pool_type="last",
                                             norm_kwargs={"eps": 1e-6}, act_kwargs={"approximate": "tanh"}))
    model = torch.nn.ModuleDict({"visual": torch.nn.ModuleDict({"trunk": trunk}), "text": text})
    randomise(model)
    state = {k: v.clone() for k, v in model.state_dict().items() if "attn_mask" not in k}
    state |= {"logit_scale": torch.tensor([2.3]), "logit_bias": torch.tensor([-7.5])}
    pixels, ids = inputs(filled=True)
    taps = Taps(ids)
    taps.pre_norm_tower("vision", trunk.blocks, "norm1", "norm2")
    taps.keep("vision.final_norm", trunk.norm)
    taps.keep("vision.embedding", trunk)
    taps.keep("text.embedding", text)
    with torch.no_grad():
        trunk(torch.from_numpy(pixels).double())
        text(torch.tensor(ids))
    config = {"model_type": "siglip",
              "vision_config": dict(VISION, intermediate_size=72, hidden_act="gelu"),
              "text_config": dict(TEXT, intermediate_size=72)}
    save(folder, "siglip-timm", model, state, pixels, ids, taps, config=config)


def write_chinese(folder):
    import torch
    from transformers import ChineseCLIPConfig, ChineseCLIPModel

    text = dict(TEXT, hidden_size=24, intermediate_size=40, num_attention_heads=4, type_vocab_size=2, hidden_dropout_prob=0)
    config = ChineseCLIPConfig(vision_config=dict(VISION), text_config=text, projection_dim=20)
    model = randomise(ChineseCLIPModel._from_config(config, attn_implementation="eager"))
    state = {k: v.clone() for k, v in model.state_dict().items()}
    pixels, ids = inputs(filled=False)
    taps = Taps(ids)
    vision = model.vision_model
    taps.keep("vision.embedded", vision.embeddings)
    taps.keep("vision.pre_norm", vision.pre_layrnorm)
    taps.pre_norm_tower("vision", vision.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("vision.pooled", vision.post_layernorm)
    taps.keep("vision.embedding", model.visual_projection)
    taps.bert(model.text_model)
    taps.keep("text.embedding", model.text_projection)
    rows, mask = padded(ids)
    with torch.no_grad():
        model(pixel_values=torch.from_numpy(pixels).double(), input_ids=rows, attention_mask=mask)
    save(folder, "chinese", model, state, pixels, ids, taps, config=slim(config))


def open_clip_taps(taps, model):
    visual = model.visual
    taps.keep("vision.pre_norm", visual.ln_pre)
    taps.pre_norm_tower("vision", visual.transformer.resblocks, "ln_1", "ln_2")
    taps.keep("vision.embedding", visual)


def write_open_clip(folder):
    import torch
    from open_clip.model import CLIP

    settings = {"embed_dim": 20, "quick_gelu": True,
                "vision_cfg": {"image_size": 24, "patch_size": 8, "width": 40, "head_width": 10, "layers": 2, "mlp_ratio": 3.0},
                "text_cfg": {"context_length": 12, "vocab_size": 90, "width": 24, "heads": 2, "layers": 2}}
    model = randomise(CLIP(**settings))
    model.logit_scale.data.fill_(2.7)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    pixels, ids = inputs(filled=False)
    ids = [row[:-1] + [89] for row in ids]  # the highest id is what open_clip pools
    ids = [[min(i, 88) for i in row[:-1]] + row[-1:] for row in ids]
    taps = Taps(ids)
    open_clip_taps(taps, model)
    taps.pre_norm_tower("text", model.transformer.resblocks, "ln_1", "ln_2")
    rows = torch.tensor([row + [0] * (12 - len(row)) for row in ids])
    with torch.no_grad():
        model.encode_image(torch.from_numpy(pixels).double())
        taps.note("text.embedding", model.encode_text(rows))
    config = {"model_cfg": settings,
              "preprocess_cfg": {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}}
    save(folder, "open", model, state, pixels, ids, taps, open_clip=config)


def write_xlmr(folder):
    import torch
    from open_clip.hf_model import MeanPooler
    from open_clip.model import CLIPVisionCfg, _build_vision_tower
    from transformers import XLMRobertaConfig, XLMRobertaModel

    visual = _build_vision_tower(20, CLIPVisionCfg(image_size=24, patch_size=8, width=40, head_width=10, layers=2))
    text = XLMRobertaModel._from_config(
        XLMRobertaConfig(vocab_size=90, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
                         max_position_embeddings=16, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5),
        attn_implementation="eager")
    projection = torch.nn.Sequential(torch.nn.Linear(24, 22, bias=False), torch.nn.GELU(), torch.nn.Linear(22, 20, bias=False))
    model = torch.nn.ModuleDict({"visual": visual, "text": torch.nn.ModuleDict({"transformer": text, "proj": projection})})
    randomise(model)
    state = {k: v.clone() for k, v in model.state_dict().items()} | {"logit_scale": torch.tensor(2.7)}
    pixels, ids = inputs(filled=False)
    taps = Taps(ids)
    open_clip_taps(taps, model)
    taps.bert(text)
    rows, mask = padded(ids)
    with torch.no_grad():
        visual(torch.from_numpy(pixels).double())
        pooled = MeanPooler()(text(input_ids=rows, attention_mask=mask), mask)
        taps.note("text.pooled", pooled)
        taps.note("text.embedding", projection(pooled))
    save(folder, "xlmr", model, state, pixels, ids, taps)


def write(folder):
    """Fills folder/families."""
    sys.modules.pop("torchvision", None)
    stand_in_for_torchvision()
    quiet()
    folder = os.path.join(folder, "families")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for part in (write_siglip, write_siglip_timm, write_chinese, write_open_clip, write_xlmr):
        part(folder)
