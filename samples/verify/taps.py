"""Hooks that note what the towers of a reference compute on the way, under the names that gaze gives the same things.

taps = Taps(ids); siglip(taps, model); then run the model: taps is {name: float32 [rows, columns]}.
"""

import numpy as np


class Taps(dict):
    """What hooks note, as [rows, columns]; of a batch padded for the reference the rows that count.

    ids: the texts' ids without what only fills the batch; the last of a text is the one that CLIP pools."""

    def __init__(self, ids):
        self.ids = ids

    def keep(self, name, module, of_input=False, row=None):
        """row: of [B, T, C] this one alone; "last": of each text the last that counts."""

        def hook(_, inputs, output):
            value = inputs[0] if of_input else output
            value = np.asarray((value[0] if isinstance(value, tuple) else value).detach())
            if row == "last":
                value = np.stack([value[i, len(ids) - 1] for i, ids in enumerate(self.ids)])
            elif row is not None:
                value = value[:, row]
            elif name.startswith("text.") and value.ndim == 3 and value.shape[0] == len(self.ids):
                value = np.concatenate([value[i, : len(ids)] for i, ids in enumerate(self.ids)])
            self.note(name, value)

        module.register_forward_hook(hook)

    def note(self, name, value):
        value = np.asarray(value)
        self[name] = np.ascontiguousarray(value.reshape(-1, value.shape[-1]), dtype=np.float32)

    def pre_norm_tower(self, prefix, layers, norm1, norm2):
        for i, layer in enumerate(layers):
            block = f"{prefix}.block{i:02}"
            self.keep(block + ".norm1", getattr(layer, norm1))
            self.keep(block + ".attn", getattr(layer, norm2), of_input=True)
            self.keep(block + ".norm2", getattr(layer, norm2))
            self.keep(block, layer)

    def bert(self, model):
        self.keep("text.embedded", model.embeddings)
        for i, layer in enumerate(model.encoder.layer):
            self.keep(f"text.block{i:02}.attn", layer.attention.output)
            self.keep(f"text.block{i:02}", layer)


def clip_vision(taps, model):
    vision = model.vision_model
    taps.keep("vision.embedded", vision.embeddings)
    taps.keep("vision.pre_norm", vision.pre_layrnorm)
    taps.pre_norm_tower("vision", vision.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("vision.pooled", vision.post_layernorm)
    taps.keep("vision.embedding", model.visual_projection)


def clip(taps, model):
    """transformers' CLIPModel."""
    text = model.text_model
    clip_vision(taps, model)
    taps.keep("text.embedded", text.embeddings)
    taps.pre_norm_tower("text", text.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("text.pooled", model.text_projection, of_input=True)
    taps.keep("text.embedding", model.text_projection)


def chinese_clip(taps, model):
    """transformers' ChineseCLIPModel."""
    clip_vision(taps, model)
    taps.bert(model.text_model)
    taps.keep("text.pooled", model.text_projection, of_input=True)
    taps.keep("text.embedding", model.text_projection)


def siglip(taps, model):
    """transformers' SiglipModel."""
    vision, text = model.vision_model, model.text_model
    taps.keep("vision.embedded", vision.embeddings)
    taps.pre_norm_tower("vision", vision.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("vision.final_norm", vision.post_layernorm)
    taps.keep("vision.map.norm2", vision.head.layernorm)
    taps.keep("vision.embedding", vision.head)
    taps.keep("text.embedded", text.embeddings)
    taps.pre_norm_tower("text", text.encoder.layers, "layer_norm1", "layer_norm2")
    taps.keep("text.pooled", text.head, of_input=True)
    taps.keep("text.embedding", text.head)


def timm_trunk(taps, trunk):
    """timm's image encoder of SigLIP."""
    taps.keep("vision.embedded", trunk.blocks[0], of_input=True)
    taps.pre_norm_tower("vision", trunk.blocks, "norm1", "norm2")
    taps.keep("vision.final_norm", trunk.norm)
    taps.keep("vision.map.norm2", trunk.attn_pool.norm)
    taps.keep("vision.embedding", trunk)


def open_clip_vision(taps, visual):
    """open_clip's own image encoder, or timm's inside its wrapper."""
    if hasattr(visual, "trunk"):
        return timm_trunk(taps, visual.trunk)
    taps.keep("vision.embedded", visual.ln_pre, of_input=True)
    taps.keep("vision.pre_norm", visual.ln_pre)
    taps.pre_norm_tower("vision", visual.transformer.resblocks, "ln_1", "ln_2")
    taps.keep("vision.pooled", visual.ln_post, row=0)
    return taps.keep("vision.embedding", visual)


def open_clip_text(taps, text):
    """open_clip's own text encoder, which may be the model itself, or one of transformers inside its wrapper. What
    it gives (text.embedding) is no module's output in the model itself: whoever runs it notes that."""
    if not hasattr(text.transformer, "resblocks"):
        return taps.bert(text.transformer)
    taps.keep("text.embedded", text.transformer.resblocks[0], of_input=True)
    taps.pre_norm_tower("text", text.transformer.resblocks, "ln_1", "ln_2")
    return taps.keep("text.pooled", text.ln_final, row="last")
