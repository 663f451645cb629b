"""Tiny random models that look and talk, in the layouts that people have, and what transformers makes of pictures in
them.

data/llava/llava/       LLaVA-1.5 as transformers first stored it; its processor crops
data/llava/original/    the same weights in LLaVA's own layout, pictures padded to squares; vision_tower/ has the encoder
data/llava/nano/        nanoLLaVA: SigLIP in the same file, its last layer unused
data/llava/next/        LLaVA-NeXT with a Mistral
data/llava/onevision/   LLaVA-OneVision: grids up to 6 x 6, shrunk to what three tiles have
data/llava/next-original/, onevision-original/  the same weights of these two in LLaVA's own layout
data/llava/smolvlm/     SmolVLM
data/llava/original.gguf, next.gguf, smolvlm.gguf  encoder and projector as llama.cpp's mmproj files hold them; old.gguf
                        is the first with an MLP's products named the other way around
data/llava/FAMILY.safetensors  per picture K of SIZES: pixels.K, features.K, rows.K; two in one conversation: pair.K;
                        ids and logits of a prompt around picture 0
data/llava/names.json   the names of the image encoder's and projector's tensors in today's transformers
data/llava/plans.json   pictures of many sizes: rows and tiles under the released models' settings
data/llava/released/    config.json and preprocessor_config.json of those, made by transformers' classes

The references run in float64. Pictures are formulas (picture()), so that they need no file.
"""

import copy
import functools
import json
import os
import shutil
import sys
import types

import numpy as np

sys.modules["torchvision"] = None  # transformers is to do without: its resize is not Pillow's

SEED = 23
SIZES = [(40, 30), (1, 1), (1, 1000), (336, 336), (1023, 767), (5000, 100)]
PAIR = [(40, 30), (9, 31)]
COUNTED = [(1, 1), (1, 1000), (1000, 1), (336, 336), (337, 335), (640, 480), (480, 640), (1023, 767), (5000, 100), (100, 5000),
           (1024, 1024), (1920, 1080), (672, 672), (2304, 2304), (3000, 2000), (511, 513), (512, 512), (384, 768), (65, 97),
           (4096, 3072), (1333, 800), (799, 1201)]
CLIP = {"hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 3, "image_size": 14,
        "patch_size": 4}
SIGLIP = dict(CLIP, image_size=12)
TEXT = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "vocab_size": 64, "max_position_embeddings": 4096, "pad_token_id": 0, "bos_token_id": 1,
        "eos_token_id": 2}
IMAGE = 60  # the image token


def picture(width, height):
    from PIL import Image

    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    red, green, blue = (x * x + 3 * y) >> 3, (x * y >> 4) + 5 * x, 7 * y + (x ^ y)
    return Image.fromarray((np.stack([red, green, blue], axis=-1) & 255).astype(np.uint8))


def processor(family, **options):
    import importlib

    name = {"llava": "LlavaImageProcessor", "llava_next": "LlavaNextImageProcessor", "siglip": "SiglipImageProcessor",
            "llava_onevision": "LlavaOnevisionImageProcessor", "smolvlm": "SmolVLMImageProcessor",
            "idefics3": "Idefics3ImageProcessor"}[family]
    module = importlib.import_module(f"transformers.models.{family}.image_processing_pil_{family}")
    return getattr(module, name + "Pil")(**options)


def make(config, model):
    """Random weights under which every part counts, in double."""
    import torch

    made = model._from_config(config, attn_implementation="sdpa").eval()
    random = np.random.default_rng(SEED)
    with torch.no_grad():
        for name, parameter in sorted(made.named_parameters()):
            values = random.standard_normal(tuple(parameter.shape))
            if parameter.ndim > 1 and "embed" not in name:
                values *= 1.5 / np.sqrt(np.prod(parameter.shape[1:]))
            elif "norm" in name or "layrnorm" in name:
                values = 0.3 * values + name.endswith("weight")
            parameter.copy_(torch.from_numpy(0.7 * values if name.endswith("bias") else values))
    return made.double()


def save(folder, name, state, config):
    from safetensors.torch import save_file

    place = os.path.join(folder, name)
    os.makedirs(place, exist_ok=True)
    save_file({key: value.float().contiguous().clone() for key, value in state.items()},
              os.path.join(place, "model.safetensors"), {"format": "pt"})
    save_json(config, place, "config.json")
    return place


def save_json(content, *place):
    with open(os.path.join(*place), "w") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.write("\n")


def said(config):
    """config.json as transformers writes it."""
    return json.loads(config.to_json_string())


class Caught:
    """What goes into a module, and what comes out."""

    def __init__(self, module):
        module.register_forward_hook(self.keep)

    def keep(self, _, inputs, output):
        self.input, self.output = inputs[0], output


def note_picture(noted, key, pixels, features, rows):
    noted[f"pixels.{key}"] = np.ascontiguousarray(np.asarray(pixels), dtype=np.float32)
    noted[f"features.{key}"] = features.float().numpy()
    noted[f"rows.{key}"] = rows.float().numpy()


def save_noted(folder, name, noted):
    from safetensors.numpy import save_file

    # strided arrays would be written as they lie in memory
    save_file({key: np.ascontiguousarray(value) for key, value in noted.items()}, os.path.join(folder, name + ".safetensors"))


def note_logits(noted, model, **images):
    """A prompt around the rows of picture 0."""
    import torch

    ids = [1, 7, 19] + [IMAGE] * len(noted["rows.0"]) + [33, 4, 58, 11]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids]), **images).logits
    noted["ids"], noted["logits"] = np.array(ids, dtype=np.int32), logits[0].float().numpy()


def encode(model, projector, inputs):
    """Pixels of the tiles, features and rows of each picture of inputs."""
    import torch

    caught = Caught(projector)
    arguments = {key: torch.as_tensor(value) for key, value in inputs.items()}
    arguments["pixel_values"] = arguments["pixel_values"].double()
    with torch.no_grad():
        rows = model.model.get_image_features(**arguments).pooler_output
    return arguments, caught.input, rows


def old_names(state):
    """As transformers named tensors until version 4.52."""
    names = {"model.language_model.": "language_model.model.", "lm_head.": "language_model.lm_head.",
             "model.vision_tower.": "vision_tower.", "model.multi_modal_projector.": "multi_modal_projector.",
             "model.image_newline": "image_newline"}
    return renamed(state, names)


def renamed(state, names):
    out = {}
    for key, value in state.items():
        start = next((start for start in names if key.startswith(start)), "")
        out[names.get(start, "") + key[len(start):]] = value
    return out


def original_names(state):
    """As LLaVA's own code names them; of `nested` ones."""
    return renamed(state, {"model.vision_tower.": "model.vision_tower.vision_tower.", "model.language_model.": "model.",
                           "model.multi_modal_projector.linear_1.": "model.mm_projector.0.",
                           "model.multi_modal_projector.linear_2.": "model.mm_projector.2."})


def nested(state, start):
    """The encoder's tensors below `vision_model.`, where released files have them."""
    return {key.replace(start, start + "vision_model.") if key.startswith(start) and "vision_model." not in key else key: value
            for key, value in state.items()}


def text_config(kind, **more):
    from transformers import LlamaConfig, MistralConfig, Qwen2Config

    return {"llama": LlamaConfig, "mistral": MistralConfig, "qwen2": Qwen2Config}[kind](**TEXT, **more)


def write_llava(folder, names):
    """transformers' layout of old, and LLaVA's own of the same weights."""
    from transformers import CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration

    config = LlavaConfig(vision_config=CLIPVisionConfig(**CLIP), text_config=text_config("llama"), image_token_index=IMAGE)
    model = make(config, LlavaForConditionalGeneration)
    state = model.state_dict()
    names["llava"] = sorted(key for key in state if "language" not in key and "lm_head" not in key)
    whole = nested(state, "model.vision_tower.")
    crop = {"size": {"shortest_edge": 14}, "crop_size": {"height": 14, "width": 14}}
    for name, options in (("llava", crop), ("original", dict(crop, do_pad=True))):
        noted, pictures = {}, processor("llava", **options)
        for key, size in enumerate(SIZES):
            inputs = pictures(picture(*size), return_tensors="np")
            arguments, features, rows = encode(model, model.model.multi_modal_projector, inputs)
            note_picture(noted, key, inputs["pixel_values"], features, rows[0])
            if not key:
                first = arguments
        note_logits(noted, model, **first)
        save_noted(folder, name, noted)
        if name == "llava":
            pictures.save_pretrained(save(folder, name, old_names(whole), said(config)))
    write_original(folder, model, whole)


def mmproj_name(name):
    """A tensor of today's transformers as llama.cpp names it; None: it is left out."""
    name = name.replace("vision_model.", "").removeprefix("model.")
    for ours, theirs in (("vision_tower.", "v."), ("embeddings.patch_embedding", "patch_embd"),
                         ("embeddings.class_embedding", "class_embd"), ("embeddings.position_embedding", "position_embd"),
                         ("pre_layrnorm", "pre_ln"), ("post_layernorm", "post_ln"), ("encoder.layers.", "blk."),
                         ("layer_norm", "ln"), ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"),
                         ("self_attn.v_proj", "attn_v"), ("self_attn.out_proj", "attn_out"), ("mlp.fc1", "ffn_up"),
                         ("mlp.fc2", "ffn_down"), ("multi_modal_projector.linear_1", "mm.0"),
                         ("multi_modal_projector.linear_2", "mm.2"), ("connector.modality_projection.proj", "mm.model.fc"),
                         ("image_newline", "model.image_newline")):
        name = name.replace(ours, theirs)
    return name


def write_mmproj(folder, name, state, vision, metadata, layers, turned=False):
    """An mmproj file of the encoder's first layers. turned: fc1 is ffn_down."""
    import gguf

    file = gguf.GGUFWriter(os.path.join(folder, name + ".gguf"), "clip")
    file.add_bool("clip.has_vision_encoder", True)
    sizes = {"image_size": vision.image_size, "patch_size": vision.patch_size, "embedding_length": vision.hidden_size,
             "feed_forward_length": vision.intermediate_size, "block_count": layers, "projection_dim": 7,
             "attention.head_count": vision.num_attention_heads}
    for key, value in sizes.items():
        file.add_uint32("clip.vision." + key, value)
    file.add_float32("clip.vision.attention.layer_norm_epsilon", vision.layer_norm_eps)
    for key, value in metadata.items():
        add = {bool: file.add_bool, str: file.add_string, int: file.add_uint32, list: file.add_array}[type(value)]
        add(key, value)
    for key, value in sorted(state.items()):
        if "language_model" in key or "text_model" in key or "lm_head" in key:
            continue
        if "layers." in key and int(key.split("layers.")[1].split(".")[0]) >= layers:
            continue
        if key.startswith("model.vision_model."):
            key = key.replace("model.vision_model.", "model.vision_tower.")
        to = mmproj_name(key)
        if turned:
            to = to.replace("ffn_up", "ffn_x").replace("ffn_down", "ffn_up").replace("ffn_x", "ffn_down")
        file.add_tensor(to, np.ascontiguousarray(value.float().numpy()))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


CLIP_COLOURS = {"clip.vision.image_mean": [0.48145466, 0.4578275, 0.40821073],
                "clip.vision.image_std": [0.26862954, 0.26130258, 0.27577711]}


def write_original(folder, model, whole):
    vision = model.config.vision_config
    said_so = {"clip.projector_type": "mlp", "clip.has_llava_projector": True, "clip.use_gelu": False} | CLIP_COLOURS
    write_mmproj(folder, "original", whole, vision, said_so | {"clip.vision.feature_layer": [2]}, 2)
    write_mmproj(folder, "old", whole, vision, said_so, 2, turned=True)
    own = original_names({key: value for key, value in whole.items() if "vision_tower" not in key})
    config = said(model.config.text_config) | {
        "model_type": "llava", "architectures": ["LlavaLlamaForCausalLM"], "mm_vision_tower": "someone/vision-tower",
        "mm_hidden_size": 12, "mm_projector_type": "mlp2x_gelu", "mm_vision_select_layer": -2,
        "mm_vision_select_feature": "patch", "mm_use_im_start_end": False, "image_aspect_ratio": "pad"}
    place = save(folder, "original", own, config)
    tower = {key.removeprefix("model.vision_tower."): value for key, value in whole.items() if "vision_tower" in key}
    place = save(place, "vision_tower", tower, said(model.config.vision_config))
    processor("llava", size={"shortest_edge": 14}, crop_size={"height": 14, "width": 14}).save_pretrained(place)
    rename_processor(place, "CLIPImageProcessor")


def rename_processor(place, name):
    path = os.path.join(place, "preprocessor_config.json")
    with open(path) as file:
        content = json.load(file)
    save_json(dict(content, image_processor_type=name), path)


def write_nano(folder, names):
    """The reference throws the encoder's last layer away and takes what the one before it leaves: hidden_states[-2]."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration, SiglipVisionConfig

    text = text_config("qwen2", tie_word_embeddings=True)
    config = LlavaConfig(vision_config=SiglipVisionConfig(**SIGLIP, vision_use_head=False), text_config=text, image_token_index=IMAGE,
                         vision_feature_select_strategy="full")
    model = make(config, LlavaForConditionalGeneration)
    noted = {}
    pictures = processor("siglip", size={"height": 12, "width": 12})
    square = processor("llava", size={"height": 12, "width": 12}, crop_size={"height": 12, "width": 12}, do_pad=True,
                       image_mean=[0.5] * 3, image_std=[0.5] * 3)
    for key, size in enumerate(SIZES):
        inputs = square(picture(*size), return_tensors="np")
        arguments, features, rows = encode(model, model.model.multi_modal_projector, inputs)
        note_picture(noted, key, inputs["pixel_values"], features, rows[0])
        if not key:
            note_logits(noted, model, **arguments)
    save_noted(folder, "nano", noted)
    state = original_names(nested(model.state_dict(), "model.vision_tower."))
    content = said(text) | {"model_type": "llava-qwen2", "architectures": ["LlavaQwen2ForCausalLM"], "mm_hidden_size": 12,
                            "mm_vision_tower": "google/siglip-so400m-patch14-384", "mm_projector_type": "mlp2x_gelu",
                            "mm_vision_select_layer": -2, "image_aspect_ratio": "pad"}
    place = save(folder, "nano", state, content)
    os.makedirs(os.path.join(place, "vision_tower"), exist_ok=True)
    save_json(said(config.vision_config), place, "vision_tower", "config.json")
    pictures.save_pretrained(os.path.join(place, "vision_tower"))


def write_grids(folder, name, family, model_class, config, names, layout, **options):
    model = make(config, model_class)
    state = model.state_dict()
    names[name] = sorted(key for key in state if "language" not in key and "lm_head" not in key)
    pictures = processor(family, image_grid_pinpoints=config.image_grid_pinpoints, **options)
    noted = {}
    for key, size in enumerate(SIZES):
        inputs = pictures(picture(*size), return_tensors="np")
        inputs.pop("batch_num_images", None)
        arguments, features, rows = encode(model, model.model.multi_modal_projector, inputs)
        note_picture(noted, key, inputs["pixel_values"][0], features, rows[0])
        if not key:
            note_logits(noted, model, **arguments)
    if family == "llava_onevision":
        inputs = pictures([[picture(*size) for size in PAIR]], return_tensors="np")
        arguments, features, rows = encode(model, model.model.multi_modal_projector, inputs)
        for key in range(2):
            note_picture(noted, f"pair.{key}", inputs["pixel_values"][key], features[key:key + 1], rows[key])
    save_noted(folder, name, noted)
    if family == "llava_next":
        grids = [side for pair in config.image_grid_pinpoints for side in reversed(pair)]
        write_mmproj(folder, name, state, config.vision_config,
                     {"clip.projector_type": "mlp", "clip.use_gelu": False, "clip.vision.image_grid_pinpoints": grids,
                      "clip.vision.mm_patch_merge_type": "spatial_unpad"} | CLIP_COLOURS, 2)
    whole = nested(state, "model.vision_tower.")
    pictures.save_pretrained(save(folder, name, layout(whole), said(config)))
    place = save(folder, name + "-original", original_names(whole), original_of_grids(config))
    write_tower(place, config)


def original_of_grids(config):
    """config.json of LLaVA's own layout for what config, of transformers, says; widths of grids first."""
    onevision = config.model_type == "llava_onevision"
    grids = [[width, height] for height, width in config.image_grid_pinpoints]
    return said(config.text_config) | {
        "model_type": "llava_qwen" if onevision else "llava_" + config.text_config.model_type, "mm_hidden_size": 12,
        "mm_vision_tower": "someone/vision-tower", "mm_projector_type": "mlp2x_gelu", "mm_vision_select_layer": -2,
        "mm_vision_select_feature": "patch", "mm_use_im_start_end": False, "mm_patch_merge_type": "spatial_unpad",
        "image_aspect_ratio": "anyres_max_3" if onevision else "anyres",
        "image_grid_pinpoints": "(1x1),...,(6x6)" if onevision else str([tuple(pair) for pair in grids])}


def write_tower(place, config):
    """The encoder's own configuration, whose weights lie with the model's; of SigLIP the last layer is thrown away."""
    vision, siglip = said(config.vision_config), config.model_type == "llava_onevision"
    tower = os.path.join(place, "vision_tower")
    os.makedirs(tower, exist_ok=True)
    save_json(vision | {"num_hidden_layers": vision["num_hidden_layers"] + siglip}, tower, "config.json")
    if siglip:
        return processor("siglip", size={"height": 12, "width": 12}).save_pretrained(tower)
    processor("llava", size={"shortest_edge": 14}, crop_size={"height": 14, "width": 14}).save_pretrained(tower)
    rename_processor(tower, "CLIPImageProcessor")


def write_next(folder, names):
    from transformers import CLIPVisionConfig, LlavaNextConfig, LlavaNextForConditionalGeneration

    grids = [[14, 28], [28, 14], [28, 28], [42, 14], [14, 42]]
    config = LlavaNextConfig(vision_config=CLIPVisionConfig(**CLIP), text_config=text_config("mistral", sliding_window=None),
                             image_token_index=IMAGE, image_grid_pinpoints=grids)
    write_grids(folder, "next", "llava_next", LlavaNextForConditionalGeneration, config, names, old_names,
                size={"shortest_edge": 14}, crop_size={"height": 14, "width": 14})


def write_onevision(folder, names):
    from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration, SiglipVisionConfig

    grids = [[12 * rows, 12 * columns] for rows in range(1, 7) for columns in range(1, 7)]
    config = LlavaOnevisionConfig(vision_config=SiglipVisionConfig(**SIGLIP, vision_use_head=False),
                                  text_config=text_config("qwen2"), image_token_index=IMAGE, video_token_index=61,
                                  image_grid_pinpoints=grids, vision_aspect_ratio="anyres_max_3")
    write_grids(folder, "onevision", "llava_onevision", LlavaOnevisionForConditionalGeneration, config, names,
                lambda state: state, size={"height": 12, "width": 12}, image_mean=[0.5] * 3, image_std=[0.5] * 3)


def write_smolvlm(folder, names):
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    config = SmolVLMConfig(vision_config=dict(SIGLIP, image_size=16), text_config=text_config("llama"), scale_factor=2,
                           image_token_id=IMAGE)
    model = make(config, SmolVLMForConditionalGeneration)
    state = model.state_dict()
    names["smolvlm"] = sorted(key for key in state if "text_model" not in key and "lm_head" not in key)
    pictures = processor("smolvlm", size={"longest_edge": 48}, max_image_size={"longest_edge": 16})
    noted = {}
    for key, size in enumerate(SIZES):
        inputs = pictures(picture(*size), return_tensors="np")
        assert inputs["pixel_attention_mask"].all()  # tiles are always full
        arguments, features, rows = encode(model, model.model.connector, inputs)
        note_picture(noted, key, inputs["pixel_values"][0], features, rows[0])
        if not key:
            note_logits(noted, model, **arguments)
    save_noted(folder, "smolvlm", noted)
    half = [0.5, 0.5, 0.5]
    write_mmproj(folder, "smolvlm", state, config.vision_config,
                 {"clip.projector_type": "idefics3", "clip.use_gelu": True, "clip.vision.projector.scale_factor": 2,
                  "clip.vision.preproc_image_size": 48, "clip.vision.image_mean": half, "clip.vision.image_std": half}, 3)
    pictures.save_pretrained(save(folder, "smolvlm", state, said(config)))
    check_positions()


def check_positions():
    """Positions of a full tile are counted in fractions and rounded: for the grids of released models they are plain."""
    import torch

    for n in (4, 26, 27, 32):
        bounds = torch.arange(1 / n, 1.0, 1 / n)
        places = torch.clamp(torch.arange(n, dtype=torch.float32) * (1.0 / torch.tensor([n])), max=1 - 1e-6)
        assert torch.bucketize(places, bounds, right=True).tolist() == list(range(n))


def next_tokens(cls, processor_, side, width, height, **more):
    self = types.SimpleNamespace(image_processor=processor_, patch_size=14, num_additional_image_tokens=0,
                                 num_image_tokens=(side // 14) ** 2, vision_aspect_ratio="anyres_max_9", **more)
    self._get_unpadded_features = functools.partial(cls._get_unpadded_features, self)
    return cls._get_number_of_features(self, height, width, side, side)


def released():
    """name: (config, image processor, function of a picture's size that counts rows, tiles)."""
    from transformers import (CLIPVisionConfig, LlavaNextConfig, LlavaOnevisionConfig, MistralConfig, Qwen2Config, SiglipVisionConfig,
                              SmolVLMConfig)
    from transformers.models.smolvlm.processing_smolvlm import get_image_prompt_string
    from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches
    from transformers.models.llava_next.processing_llava_next import LlavaNextProcessor
    from transformers.models.llava_onevision.processing_llava_onevision import LlavaOnevisionProcessor

    half = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    clip = CLIPVisionConfig(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16,
                            image_size=336, patch_size=14, projection_dim=768)
    so400m = SiglipVisionConfig(hidden_size=1152, intermediate_size=4304, num_hidden_layers=26, num_attention_heads=16,
                                image_size=384, patch_size=14, vision_use_head=False)
    out = {}
    next_pictures = processor("llava_next", size={"shortest_edge": 336}, crop_size={"height": 336, "width": 336})
    one_pictures = processor("llava_onevision", **half)
    next_config = LlavaNextConfig(vision_config=clip, text_config=MistralConfig(intermediate_size=14336, sliding_window=None))
    one_config = LlavaOnevisionConfig(vision_config=so400m, text_config=Qwen2Config(hidden_size=896))
    for name, config, pictures, cls, side in (("next", next_config, next_pictures, LlavaNextProcessor, 336),
                                              ("onevision", one_config, one_pictures, LlavaOnevisionProcessor, 384)):
        def count(width, height, pictures=pictures, cls=cls, side=side):
            return {"tokens": next_tokens(cls, pictures, side, width, height),
                    "tiles": image_size_to_num_patches([height, width], pictures.image_grid_pinpoints, side)}

        out[name] = (config, pictures, count)
    for name, side, patch, scale, vision in (("smolvlm-500m", 512, 16, 4, {"hidden_size": 768, "num_attention_heads": 12}),
                                             ("smolvlm-2b", 384, 14, 3, {"intermediate_size": 4304, "num_hidden_layers": 27})):
        config = SmolVLMConfig(vision_config=dict(vision, image_size=side, patch_size=patch), scale_factor=scale,
                               text_config={"model_type": "llama", "hidden_size": 960}, image_token_id=49190)
        pictures = processor("smolvlm", size={"longest_edge": 4 * side}, max_image_size={"longest_edge": side})

        def count(width, height, pictures=pictures, n=(side // patch // scale) ** 2):
            made = pictures(picture(width, height), return_tensors="np", return_row_col_info=True)
            text = get_image_prompt_string(made["rows"][0][0], made["cols"][0][0], 1, "<fake_token_around_image>", "<image>",
                                           "<global-img>")
            return {"tokens": made["pixel_values"].shape[1] * n, "tiles": made["pixel_values"].shape[1], "text": text}

        out[name] = (config, pictures, count)
    return out


def write_plans(folder):
    plans = {}
    for name, (config, pictures, count) in released().items():
        place = os.path.join(folder, "released", name)
        os.makedirs(place)
        save_json(said(config), place, "config.json")
        pictures.save_pretrained(place)
        plans[name] = [{"width": width, "height": height} | count(width, height) for width, height in COUNTED]
    save_json(plans, folder, "plans.json")


def write(folder):
    """Fills folder/llava."""
    import torch
    from clip import quiet

    quiet()
    torch.set_num_threads(1)
    folder = os.path.join(folder, "llava")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    names = {}
    for one in (write_llava, write_nano, write_next, write_onevision, write_smolvlm):
        one(folder, names)
    save_json(names, folder, "names.json")
    write_plans(folder)
