"""Tiny random models of the families besides CLIP's own, and everything that their references compute on the way.

data/families/siglip/       transformers' SigLIP: tanh GELU, pooling by attention, texts filled up
data/families/siglip2/      the same with Gemma's tokenizer, data/families/chinese-words/ with BERT's: from texts on;
                            siglip2/gaze-reference-left/ is of texts that are filled up in front
data/families/sentences/    a BERT alone, as sentence-transformers keeps it; sentences.json: texts and vectors
data/families/siglip-timm/  the same family as open_clip stores it: timm's image encoder, open_clip's text tower
data/families/chinese/      transformers' Chinese-CLIP: BERT as text tower
data/families/open/         open_clip's own towers: quick GELU, heads of 10
data/families/open-both/    the same with texts that are seen both ways, filled up and pooled at their last row;
                            gaze-reference-causal/ is the same weights with a causal mask
data/families/xlmr/         open_clip's CLIP with XLM-R as text tower, mean pooling, two projections; its sizes are in
                            text/, which hf_model_name names
data/families/MODEL/gaze-reference/  what `gaze model verify` compares with
data/families/MODEL.safetensors  its inputs (pixels; ids, offsets) and its taps, named as gaze names them

The references run in float64; what they give is rounded to float32 once. open_clip and timm want torchvision for
pictures alone, which are not used here; a stand-in takes its place.
"""

import json
import os
import shutil
import sys

import numpy as np

from clip import make_reference, quiet, save_taps, taps, unit

SEED = 21
PAD = 1
VISION = {"hidden_size": 36, "intermediate_size": 60, "num_hidden_layers": 2, "num_attention_heads": 3,
          "image_size": 24, "patch_size": 8}
TEXT = {"hidden_size": 36, "intermediate_size": 52, "num_hidden_layers": 2, "num_attention_heads": 3, "vocab_size": 90,
        "max_position_embeddings": 12, "pad_token_id": PAD, "bos_token_id": 2, "eos_token_id": 3}


def fill(model):
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


def randomise(model):
    fill(model)
    return model.double().eval()


def inputs(filled):
    """Pixels, and ids: of 1 to 12 tokens, filled up with PAD where the family does so."""
    random = np.random.default_rng(SEED)
    pixels = random.standard_normal((3, 3, 24, 24)).astype(np.float32)
    ids = [[2, *random.integers(4, 90, n).tolist(), 3] for n in (0, 3, 10, 1)]
    return pixels, [row + [PAD] * (12 - len(row) if filled else 0) for row in ids]


def padded(ids):
    import torch

    longest = max(map(len, ids))
    return (torch.tensor([row + [PAD] * (longest - len(row)) for row in ids]),
            torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids]))


def save_weights(folder, name, state, config=None, open_clip=None):
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


def save(folder, name, model, state, pixels, ids, noted, config=None, open_clip=None):
    save_weights(folder, name, state, config, open_clip)
    save_taps(os.path.join(folder, name + ".safetensors"), pixels, ids, noted)


def save_processor(folder, name, family, side=24):
    """preprocessor_config.json of transformers' processor of that family, which squashes."""
    import importlib

    module = importlib.import_module(f"transformers.models.{family}.image_processing_pil_{family}")
    options = {"size": {"height": side, "width": side}} | ({} if family == "siglip" else {"do_center_crop": False})
    processor = make_reference.Transformers.processors[family] + "Pil"
    getattr(module, processor)(**options).save_pretrained(os.path.join(folder, name))


def save_reference(folder, name, source=None, out="gaze-reference"):
    place = os.path.join(folder, name)
    make_reference.write(source or make_reference.open_source(place), os.path.join(place, out))


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
    noted = taps.Taps(ids)
    taps.siglip(noted, model)
    with torch.no_grad():
        model(pixel_values=torch.from_numpy(pixels).double(), input_ids=torch.tensor(ids))
    save(folder, "siglip", model, state, pixels, ids, noted, config=slim(config))
    save_processor(folder, "siglip", "siglip")
    save_reference(folder, "siglip")


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
    noted = taps.Taps(ids)
    taps.timm_trunk(noted, trunk)
    taps.open_clip_text(noted, text)
    noted.keep("text.embedding", text)
    with torch.no_grad():
        trunk(torch.from_numpy(pixels).double())
        text(torch.tensor(ids))
    config = {"model_type": "siglip",
              "vision_config": dict(VISION, intermediate_size=72, hidden_act="gelu"),
              "text_config": dict(TEXT, intermediate_size=72)}
    save(folder, "siglip-timm", model, state, pixels, ids, noted, config=config)
    save_processor(folder, "siglip-timm", "siglip")
    save_reference(folder, "siglip-timm", timm_source(model, state))


def timm_source(model, state):
    """timm has no tiny SigLIP that a configuration could name: the towers come as they are."""
    model.encode_image, model.encode_text = model["visual"]["trunk"], model["text"]
    model.logit_scale, model.logit_bias = state["logit_scale"], state["logit_bias"]
    source = object.__new__(make_reference.OpenClip)
    source.model = model
    half = [0.5, 0.5, 0.5]
    source.settings({"model_cfg": {"vision_cfg": {"image_size": 24},
                                   "text_cfg": {"context_length": 12, "vocab_size": 90, "pool_type": "last", "pad_id": PAD}},
                     "preprocess_cfg": {"mean": half, "std": half, "resize_mode": "squash"}})
    return source


def write_chinese(folder):
    import torch
    from transformers import ChineseCLIPConfig, ChineseCLIPModel

    text = dict(TEXT, hidden_size=24, intermediate_size=40, num_attention_heads=4, type_vocab_size=2, hidden_dropout_prob=0)
    config = ChineseCLIPConfig(vision_config=dict(VISION), text_config=text, projection_dim=20)
    model = randomise(ChineseCLIPModel._from_config(config, attn_implementation="eager"))
    state = {k: v.clone() for k, v in model.state_dict().items()}
    pixels, ids = inputs(filled=False)
    noted = taps.Taps(ids)
    taps.chinese_clip(noted, model)
    rows, mask = padded(ids)
    with torch.no_grad():
        model(pixel_values=torch.from_numpy(pixels).double(), input_ids=rows, attention_mask=mask)
    save(folder, "chinese", model, state, pixels, ids, noted, config=slim(config))
    save_processor(folder, "chinese", "chinese_clip")
    save_reference(folder, "chinese")


def write_with_words(folder, name, kind, family, text, tokenizer_class=None, also_left=False):
    """A model whose folder has a tokenizer: one of data/tokenizer_kinds. It is compared from files and texts on.
    also_left: gaze-reference-left/ is the same with what fills a text up in front of it."""
    from transformers import AutoTokenizer, ChineseCLIPConfig, ChineseCLIPModel, SiglipConfig, SiglipModel

    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "tokenizer_kinds", kind)
    tokenizer = AutoTokenizer.from_pretrained(source)
    text = dict(TEXT, vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **text)
    kinds = {"siglip": (SiglipConfig, SiglipModel, {}), "chinese_clip": (ChineseCLIPConfig, ChineseCLIPModel, {"projection_dim": 20})}
    configuration, model, more = kinds[family]
    config = configuration(vision_config=dict(VISION), text_config=text, **more)
    made = randomise(model._from_config(config, attn_implementation="eager"))
    save_weights(folder, name, made.state_dict(), config=slim(config))
    for file in os.listdir(source):
        shutil.copy(os.path.join(source, file), os.path.join(folder, name, file))
    said = os.path.join(folder, name, "tokenizer_config.json")
    with open(said) as file:
        settings = json.load(file) | ({"tokenizer_class": tokenizer_class} if tokenizer_class else {})
    save_processor(folder, name, family)
    for side, out in (("left", "gaze-reference-left"), ("right", "gaze-reference"))[not also_left:]:
        with open(said, "w") as file:
            json.dump(settings | {"padding_side": side}, file, indent=1)
        save_reference(folder, name, out=out)


def write_siglip2(folder):
    """SigLIP 2: the same towers, Gemma's tokenizer in lower case."""
    write_with_words(folder, "siglip2", "gemma", "siglip", {"max_position_embeddings": 16}, "Siglip2Tokenizer",
                     also_left=True)


def write_chinese_words(folder):
    write_with_words(folder, "chinese-words", "bert", "chinese_clip",
                     {"hidden_size": 24, "intermediate_size": 40, "num_attention_heads": 4, "max_position_embeddings": 20})


def write_sentences(folder):
    """A BERT with the files that sentence-transformers keeps beside it, and the vectors that these define."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "tokenizer_kinds", "bert")
    tokenizer = AutoTokenizer.from_pretrained(source)
    config = BertConfig(vocab_size=len(tokenizer), hidden_size=24, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=40, max_position_embeddings=20, pad_token_id=tokenizer.pad_token_id)
    model = BertModel._from_config(config, attn_implementation="sdpa")
    fill(model)
    said = {k: v for k, v in config.to_diff_dict().items() if k not in ("dtype", "transformers_version")}
    save_weights(folder, "sentences", model.state_dict(), config=said)
    place = os.path.join(folder, "sentences")
    for file in os.listdir(source):
        shutil.copy(os.path.join(source, file), place)
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [{"idx": i, "name": str(i), "path": path, "type": "sentence_transformers.models." + kind}
               for i, (path, kind) in enumerate(kinds)]
    pooling = {"word_embedding_dimension": 24, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
               "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}
    settings = {"max_seq_length": 12, "do_lower_case": False}
    os.makedirs(os.path.join(place, "1_Pooling"))
    cases = sentence_cases(model.double().eval(), tokenizer, settings["max_seq_length"])
    for name, content in (("modules.json", modules), ("1_Pooling/config.json", pooling), ("sentences.json", cases),
                          ("sentence_bert_config.json", settings)):
        with open(os.path.join(place, name), "w") as file:
            json.dump(content, file, indent=1)
            file.write("\n")


def sentence_cases(model, tokenizer, context):
    """Unit vectors by the mean over all tokens, and by the first."""
    import torch

    cases = []
    for text in make_reference.TEXTS:
        inputs = tokenizer([text], truncation=True, max_length=context, return_tensors="pt")
        with torch.no_grad():
            states = model(**inputs)[0][0].numpy()
        cases.append({"text": text, "mean": unit(states.mean(0)[None])[0], "first": unit(states[:1])[0]})
    return cases


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
    noted = taps.Taps(ids)
    taps.open_clip_vision(noted, model.visual)
    taps.open_clip_text(noted, model)
    rows = torch.tensor([row + [0] * (12 - len(row)) for row in ids])
    with torch.no_grad():
        model.encode_image(torch.from_numpy(pixels).double())
        noted.note("text.embedding", model.encode_text(rows))
    config = {"model_cfg": settings,
              "preprocess_cfg": {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}}
    save(folder, "open", model, state, pixels, ids, noted, open_clip=config)
    save_reference(folder, "open")


def write_open_both(folder):
    from open_clip.model import CLIP

    text = {"context_length": 12, "vocab_size": 90, "width": 24, "heads": 2, "layers": 2, "pool_type": "last",
            "no_causal_mask": True, "pad_id": PAD}
    vision = {"image_size": 24, "patch_size": 8, "width": 30, "head_width": 10, "layers": 2, "mlp_ratio": 2.0}
    settings = {"embed_dim": 24, "init_logit_bias": -10, "vision_cfg": vision, "text_cfg": text}
    model = randomise(CLIP(**settings))
    model.logit_scale.data.fill_(2.3)
    model.logit_bias.data.fill_(-7.5)
    state = {k: v.clone() for k, v in model.state_dict().items() if "attn_mask" not in k}
    half = [0.5, 0.5, 0.5]
    preprocess = {"mean": half, "std": half, "interpolation": "bilinear", "resize_mode": "squash"}
    save_weights(folder, "open-both", state, open_clip={"model_cfg": settings, "preprocess_cfg": preprocess})
    save_reference(folder, "open-both")
    source = make_reference.open_source(os.path.join(folder, "open-both"))
    source.model = source.build(dict(settings, text_cfg=dict(text, no_causal_mask=False))).eval()
    source.model.load_state_dict({k: v.float() for k, v in state.items()}, strict=False)
    save_reference(folder, "open-both", source, "gaze-reference-causal")


def write_xlmr(folder):
    import torch
    from open_clip.hf_model import MeanPooler
    from open_clip.model import CLIPVisionCfg, _build_vision_tower
    from transformers import XLMRobertaConfig, XLMRobertaModel

    sizes = {"image_size": 24, "patch_size": 8, "width": 40, "head_width": 10, "layers": 2}
    visual = _build_vision_tower(20, CLIPVisionCfg(**sizes))
    words = XLMRobertaConfig(vocab_size=90, hidden_size=24, num_hidden_layers=2, num_attention_heads=4,
                             intermediate_size=40, max_position_embeddings=16, type_vocab_size=1, pad_token_id=1,
                             layer_norm_eps=1e-5)
    text = XLMRobertaModel._from_config(words, attn_implementation="eager")
    projection = torch.nn.Sequential(torch.nn.Linear(24, 22, bias=False), torch.nn.GELU(), torch.nn.Linear(22, 20, bias=False))
    model = torch.nn.ModuleDict({"visual": visual, "text": torch.nn.ModuleDict({"transformer": text, "proj": projection})})
    randomise(model)
    state = {k: v.clone() for k, v in model.state_dict().items()} | {"logit_scale": torch.tensor(2.7)}
    pixels, ids = inputs(filled=False)
    noted = taps.Taps(ids)
    taps.open_clip_vision(noted, visual)
    noted.bert(text)
    rows, mask = padded(ids)
    with torch.no_grad():
        visual(torch.from_numpy(pixels).double())
        pooled = MeanPooler()(text(input_ids=rows, attention_mask=mask), mask)
        noted.note("text.pooled", pooled)
        noted.note("text.embedding", projection(pooled))
    tower = {"hf_model_name": "text", "hf_tokenizer_name": "text", "hf_pooler_type": "mean_pooler",
             "hf_proj_type": "mlp", "context_length": 12}
    half = [0.5, 0.5, 0.5]
    config = {"model_cfg": {"embed_dim": 20, "vision_cfg": sizes, "text_cfg": tower},
              "preprocess_cfg": {"mean": half, "std": half}}
    save(folder, "xlmr", model, state, pixels, ids, noted, open_clip=config)
    os.makedirs(os.path.join(folder, "xlmr", "text"))
    with open(os.path.join(folder, "xlmr", "text", "config.json"), "w") as file:
        json.dump({k: v for k, v in words.to_diff_dict().items() if k not in ("dtype", "transformers_version")}, file,
                  indent=1, sort_keys=True)
        file.write("\n")
    save_reference(folder, "xlmr")


def write(folder):
    """Fills folder/families."""
    sys.modules.pop("torchvision", None)
    make_reference.stand_in_for_torchvision()
    quiet()
    folder = os.path.join(folder, "families")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for part in (write_siglip, write_siglip2, write_siglip_timm, write_chinese, write_chinese_words, write_sentences,
                 write_open_clip, write_open_both, write_xlmr):
        part(folder)
