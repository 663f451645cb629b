"""Tiny random models that look and talk, whole: tokenizer, chat template, image encoder and decoder in the layouts that
people have, and what transformers answers to questions about pictures.

data/assistants/FAMILY/        a model: llava (transformers' names of old), llava-new (today's), next (a Vicuna),
                               next-mistral, opened (its template writes <s>), longrope (with a Phi-3), onevision, smolvlm, idefics3 (the first SmolVLM); original (LLaVA's own
                               layout, the encoder in vision_tower/), nano (nanoLLaVA), qwen (LLaVA-OneVision's own)
data/assistants/FAMILY-original/  next, next-mistral and onevision in LLaVA's own layout
data/assistants/pair/          the weights of `original` as GGUF files, decoder and mmproj, the way llama.cpp stores them
data/assistants/smolvlm-pair/  the same of `smolvlm`
data/assistants/pictures/      what is looked at
data/assistants/FAMILY.json    conversations: {"system": text or null, "turns": [{"question", "pictures": [file],
                               "ids": all rows up to the answer, -1 for a picture's, "answer": ids, "text", "ending"}]}
data/assistants/FAMILY.safetensors  C.T.first and C.T.last: logits of the rows that the answer's first and last id of
                               turn T of conversation C were chosen from

The references run in float64 over weights that bfloat16 holds, with all rows read anew for each id. Ids of texts: a
question's spellings of special tokens are text; behind an answer its very ids stay, and what the template appends is cut
as it would be behind text; where a second picture changes the rows of the first, all is put together anew from texts.
`original`, `nano` and `qwen` are no classes of transformers: they are its LLaVA-1.5 or LLaVA-OneVision under other names, their rows
put together as LLaVA's and nanoLLaVA's code does, texts between pictures cut one by one. The processors of OneVision
and SmolVLM need torchvision for videos; their functions of pictures are called without.
"""

import functools
import json
import os
import random
import shutil
import types

import numpy as np

import llava
from llava import CLIP, SIGLIP, picture, processor, said, save_json

SEED = 53
ANSWER = 20  # ids
MARGIN = 1e-3  # as of decoders.py
HERE = os.path.dirname(os.path.abspath(__file__))
TYPED = "\ue000"  # stands for the < of special tokens that a person typed
PICTURES = {"wide.png": (40, 30), "high.png": (9, 31)}
QUESTIONS = ["What is in the picture?", "And which colour has the cat there?", "Does <image> or </s> or <|im_end|> stop it?"]
WORDS = ("the a cat dog sits on mat and red blue what is there picture of colour which has in it two birds are green user "
         "assistant answer system yes no house tree small large left right under").split()
DECODER = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4,
           "num_key_value_heads": 2, "max_position_embeddings": 1024}


def texts():
    chance = random.Random(SEED)
    return [" ".join(chance.choice(WORDS) for _ in range(chance.randrange(3, 9))).capitalize() + chance.choice(".?!\n")
            for _ in range(200)] + QUESTIONS


# Tokenizers


def learn(alphabet, pre_tokenizer, normalizer, merges):
    """Vocabulary and merges of texts()."""
    from tokenizers import Tokenizer, models, trainers

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizer
    if normalizer:
        learner.normalizer = normalizer
    learner.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=merges + 300, initial_alphabet=alphabet, show_progress=False))
    model = json.loads(learner.to_str())["model"]
    made = [tuple(pair) for pair in model["merges"]][:merges]
    letters = [piece for piece in model["vocab"] if len(piece) == 1]
    return letters, made


def llama_pieces():
    from tokenizers import normalizers, pre_tokenizers

    sign = "\u2581"
    letters, merges = learn([chr(c) for c in range(33, 127)], pre_tokenizers.Split(" ", "merged_with_next"),
                            normalizers.Sequence([normalizers.Prepend(" ")]), 100)
    letters = sorted({letter.replace(" ", sign) for letter in letters if letter != "\n"})
    joined = list(dict.fromkeys((left + right).replace(" ", sign) for left, right in merges if "\n" not in left + right))
    return ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *joined, *letters], len(joined)


def sentencepiece_model(pieces, joined):
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto()
    for i, piece in enumerate(pieces):
        kind = 2 if i == 0 else 3 if i < 3 else 6 if i < 259 else 1
        model.pieces.add(piece=piece, score=-float(i - 259) if i >= 259 else 0.0, type=kind)
    model.trainer_spec.model_type = 2
    model.trainer_spec.byte_fallback = True
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = True
    return model


def llama_tokenizer(added):
    """As transformers' of LLaMA, older way."""
    from tokenizer_kinds import merges_of
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors

    proto = sentencepiece_model(*llama_pieces())
    vocabulary = {piece.piece: i for i, piece in enumerate(proto.pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges_of(proto), unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in ("<unk>", "<s>", "</s>", *added)])
    return tokenizer


def bytes_tokenizer(cut, normalizer, special):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    _, merges = learn(alphabet, cut, None, 120)
    vocabulary = {spelling: i for i, spelling in enumerate(dict.fromkeys([*alphabet, *(left + right for left, right in merges)]))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer, tokenizer.decoder = cut, decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.add_special_tokens(special)
    return tokenizer


def qwen_tokenizer(special):
    from tokenizer_decoders import QWEN2
    from tokenizers import Regex, normalizers, pre_tokenizers

    cut = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN2), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return bytes_tokenizer(cut, normalizers.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *special])


def smol_tokenizer():
    from tokenizers import pre_tokenizers

    cut = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    places = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    return bytes_tokenizer(cut, None, ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<fake_token_around_image>", *places, "<global-img>", "<image>", "<end_of_utterance>"])


def cut_text(tokenizer, text):
    """Ids as the reference gives them, where what was typed is text."""
    special = sorted((added.content for added in tokenizer.get_added_tokens_decoder().values()), key=len, reverse=True)
    ids, at, begin = [], 0, 0

    def flush(end):
        if end > begin:
            tokenizer.encode_special_tokens = True
            ids.extend(tokenizer.encode(text[begin:end].replace(TYPED, "<"), add_special_tokens=False).ids)
            tokenizer.encode_special_tokens = False

    while at < len(text):
        found = next((one for one in special if text.startswith(one, at)), None)
        if found:
            flush(at)
            ids.append(tokenizer.token_to_id(found))
            begin = at = at + len(found)
        else:
            at += 1
    flush(at)
    if TYPED not in text:
        assert ids == tokenizer.encode(text, add_special_tokens=False).ids, text
    return ids


def typed(question):
    return question.replace("<", TYPED)


# Families


class Family:
    """What a family does with pictures and texts."""

    begins = []  # ids in front of all
    multiple = True  # several pictures are looked at in the same way as one
    ends = None  # the file that names one id more that ends an answer

    def __init__(self, name):
        self.name = name

    def render(self, messages, answer):
        from transformers.utils.chat_template_utils import _compile_jinja_template

        with open(os.path.join(HERE, "chat_templates", self.jinja + ".jinja"), encoding="utf-8", newline="") as file:
            compiled = _compile_jinja_template(file.read())
        return compiled.render(messages=messages, add_generation_prompt=answer, bos_token="<s>", eos_token="</s>")

    def message(self, role, text, pictures=0):
        return {"role": role, "content": [{"type": "image"}] * pictures + [{"type": "text", "text": text}]}

    def look(self, images):
        return self.pictures([images], return_tensors="np")

    def expanded(self, text, inputs, first=0):
        parts = text.split("<image>")
        return "".join([parts[0], *(self.expand(inputs, first + i) + part for i, part in enumerate(parts[1:]))])

    def rows(self, text, inputs):
        """Ids of a text, rows of pictures being the image token."""
        return cut_text(self.tokenizer, self.expanded(text, inputs))

    def behind(self, text, inputs, first):
        """Ids of what a template appends to an answer."""
        front = cut_text(self.tokenizer, "a")
        ids = cut_text(self.tokenizer, "a" + self.expanded(text, inputs, first))
        assert ids[:len(front)] == front
        return ids[len(front):]

    def said(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=True)


def stand_in(cls, **fields):
    """What a processor's functions of pictures look at."""
    self = types.SimpleNamespace(image_token="<image>", **fields)
    for name in ("_get_number_of_features", "_get_unpadded_features"):
        if hasattr(cls, name):
            setattr(self, name, functools.partial(getattr(cls, name), self))
    return functools.partial(cls.replace_image_token, self)


def vocabulary(tokenizer):
    return -(-tokenizer.get_vocab_size() // 64) * 64


class Llava(Family):
    jinja, begins, added = "llava", [1], ["<image>", "<pad>"]
    crop = {"size": {"shortest_edge": 14}, "crop_size": {"height": 14, "width": 14}}

    def __init__(self, name):
        super().__init__(name)
        self.tokenizer, self.stops = llama_tokenizer(self.added), [2]
        self.image = self.tokenizer.token_to_id("<image>")
        self.build()

    def text_config(self):
        from transformers import LlamaConfig

        return LlamaConfig(**DECODER, vocab_size=vocabulary(self.tokenizer), bos_token_id=1, eos_token_id=2)

    def build(self):
        from transformers import CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration
        from transformers.models.llava.processing_llava import LlavaProcessor

        self.config = LlavaConfig(vision_config=CLIPVisionConfig(**CLIP), text_config=self.text_config(), image_token_index=self.image)
        self.model_class = LlavaForConditionalGeneration
        self.pictures = processor("llava", **self.crop)
        self.expand = stand_in(LlavaProcessor, patch_size=4, num_additional_image_tokens=1, vision_feature_select_strategy="default")

    def look(self, images):
        return self.pictures(images, return_tensors="np")

    def save(self, folder, state):
        if self.old:
            save_tensors(folder, llava.old_names(llava.nested(state, "model.vision_tower.")))
        else:
            save_tensors(folder, state, "float16")
        save_json(said(self.config), folder, "config.json")
        save_tokenizer(folder, self.tokenizer, self.words)
        shutil.copy(os.path.join(HERE, "chat_templates", self.jinja + ".jinja"), os.path.join(folder, "chat_template.jinja"))
        self.pictures.save_pretrained(folder)

    words = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "legacy": True}

    @property
    def old(self):
        return self.name in ("llava", "next", "longrope")


class Next(Llava):
    grids = [[14, 28], [28, 14], [28, 28], [42, 14], [14, 42]]

    def build(self):
        from transformers import CLIPVisionConfig, LlavaNextConfig, LlavaNextForConditionalGeneration
        from transformers.models.llava_next.processing_llava_next import LlavaNextProcessor

        self.config = LlavaNextConfig(vision_config=CLIPVisionConfig(**CLIP), text_config=self.text_config(), image_token_index=self.image,
                                      image_grid_pinpoints=self.grids)
        self.model_class = LlavaNextForConditionalGeneration
        self.pictures = processor("llava_next", image_grid_pinpoints=self.grids, **self.crop)
        self.expand = stand_in(LlavaNextProcessor, image_processor=self.pictures, patch_size=4, num_additional_image_tokens=1,
                               vision_feature_select_strategy="default")


class NextMistral(Next):
    jinja, ends = "llava-mistral", "text_config"

    def text_config(self):
        from transformers import MistralConfig

        return MistralConfig(**DECODER, vocab_size=vocabulary(self.tokenizer), bos_token_id=1, eos_token_id=2, sliding_window=None)


class Opened(NextMistral):
    """The template writes the start of a text, which the tokenizer itself does not."""

    jinja, begins, ends = "mistral-v1", [], None
    words = dict(NextMistral.words, add_bos_token=False)

    def __init__(self, name):
        from tokenizers import processors

        super().__init__(name)
        self.tokenizer.post_processor = processors.TemplateProcessing("$A", "$A $B", [])

    def message(self, role, text, pictures=0):
        return {"role": role, "content": "<image>\n" * pictures + text}


class LongRope(Llava):
    """LLaVA with a Phi-3 whose positions change where the first answer of the first conversation is half said."""

    def text_config(self):
        from transformers import Phi3Config

        return Phi3Config(**DECODER, vocab_size=vocabulary(self.tokenizer), bos_token_id=1, eos_token_id=2, pad_token_id=0,
                          sliding_window=None, original_max_position_embeddings=56,
                          rope_scaling={"rope_type": "longrope", "short_factor": [1.0, 1.15, 1.3], "long_factor": [1.2, 2.5, 6.5]})


class OneVision(Llava):
    jinja, begins, multiple, ends, video = "onevision", [], False, "generation_config", "<video>"
    words = {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}

    def __init__(self, name):
        Family.__init__(self, name)
        self.tokenizer = qwen_tokenizer(["<image>", "<video>"])
        self.stops = [self.tokenizer.token_to_id("<|im_end|>")]
        self.image = self.tokenizer.token_to_id("<image>")
        self.build()

    def text_config(self):
        from transformers import Qwen2Config

        return Qwen2Config(**DECODER, vocab_size=vocabulary(self.tokenizer), tie_word_embeddings=True, bos_token_id=None, eos_token_id=self.stops[0])

    def build(self):
        from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration, SiglipVisionConfig
        from transformers.models.llava_onevision.processing_llava_onevision import LlavaOnevisionProcessor

        grids = [[12 * rows, 12 * columns] for rows in range(1, 7) for columns in range(1, 7)]
        self.config = LlavaOnevisionConfig(vision_config=SiglipVisionConfig(**SIGLIP, vision_use_head=False), text_config=self.text_config(),
                                           image_token_index=self.image, video_token_index=self.tokenizer.token_to_id(self.video),
                                           image_grid_pinpoints=grids, vision_aspect_ratio="anyres_max_3")
        self.model_class = LlavaOnevisionForConditionalGeneration
        self.pictures = processor("llava_onevision", image_grid_pinpoints=grids, size={"height": 12, "width": 12},
                                  image_mean=[0.5] * 3, image_std=[0.5] * 3)
        self.expand = stand_in(LlavaOnevisionProcessor, image_processor=self.pictures, num_image_tokens=9, vision_aspect_ratio="anyres_max_3",
                               vision_feature_select_strategy="full")

    def look(self, images):
        return self.pictures([images], return_tensors="np")


class Qwen(OneVision):
    """LLaVA-OneVision as it was first released, with Qwen 2's own tokenizer and template. What language model it is the class
    tells."""

    jinja, video = "qwen2", "\u00fe"

    def __init__(self, name):
        Family.__init__(self, name)
        self.tokenizer = qwen_tokenizer([])
        self.stops = [self.tokenizer.token_to_id("<|im_end|>")]
        self.image = self.tokenizer.token_to_id("\u00ff")
        self.build()

    def message(self, role, text, pictures=0):
        return {"role": role, "content": "<image>\n" * pictures + text}

    def rows(self, text, inputs):
        return self.behind(text, inputs, 0)

    def behind(self, text, inputs, first):
        front, *parts = text.split("<image>")
        ids = cut_text(self.tokenizer, front)
        for i, part in enumerate(parts):
            ids += [self.image] * self.expand(inputs, first + i).count("<image>") + cut_text(self.tokenizer, part)
        return ids

    def save(self, folder, state):
        save_original(folder, self, state, {"model_type": "llava", "architectures": ["LlavaQwenForCausalLM"]})
        save_tokenizer(folder, self.tokenizer, self.words)


class SmolVlm(OneVision):
    jinja, multiple, ends = "smolvlm", True, None
    words = {"tokenizer_class": "GPT2Tokenizer", "bos_token": "<|im_start|>", "eos_token": "<end_of_utterance>",
             "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>"}

    def __init__(self, name):
        Family.__init__(self, name)
        self.tokenizer = smol_tokenizer()
        self.stops = [self.tokenizer.token_to_id("<end_of_utterance>")]
        self.image = self.tokenizer.token_to_id("<image>")
        self.build()

    def build(self):
        from transformers import LlamaConfig, SmolVLMConfig, SmolVLMForConditionalGeneration
        from transformers.models.smolvlm.processing_smolvlm import SmolVLMProcessor

        text = LlamaConfig(**DECODER, vocab_size=vocabulary(self.tokenizer), bos_token_id=1, eos_token_id=self.stops[0], pad_token_id=2)
        self.config = SmolVLMConfig(vision_config=dict(SIGLIP, image_size=16), text_config=text, scale_factor=2, image_token_id=self.image)
        self.model_class = SmolVLMForConditionalGeneration
        self.pictures = processor("smolvlm", size={"longest_edge": 48}, max_image_size={"longest_edge": 16})
        self.expand = stand_in(SmolVLMProcessor, fake_image_token="<fake_token_around_image>", global_image_token="<global-img>", image_seq_len=4)

    def look(self, images):
        return self.pictures([images], return_tensors="np", return_row_col_info=True)


class Idefics3(SmolVlm):
    """SmolVLM's first release, at the scale of its 2.2B."""

    def build(self):
        from transformers import Idefics3Config, Idefics3ForConditionalGeneration, LlamaConfig
        from transformers.models.idefics3.processing_idefics3 import Idefics3Processor

        text = LlamaConfig(**DECODER, vocab_size=vocabulary(self.tokenizer), bos_token_id=1, eos_token_id=self.stops[0], pad_token_id=2)
        self.config = Idefics3Config(vision_config=dict(SIGLIP, image_size=24), text_config=text, scale_factor=3, image_token_id=self.image)
        self.model_class = Idefics3ForConditionalGeneration
        self.pictures = processor("idefics3", size={"longest_edge": 72}, max_image_size={"longest_edge": 24})
        self.expand = stand_in(Idefics3Processor, fake_image_token="<fake_token_around_image>", global_image_tag="<global-img>", image_seq_len=4)


class Original(Llava):
    """LLaVA's own layout and conversation, pictures padded to squares; the image token stands for what it has no id for."""

    added = []
    crop = dict(Llava.crop, do_pad=True)
    system = ("A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
              "polite answers to the user's questions.")

    def build(self):
        self.image = self.tokenizer.token_to_id("<0xFF>")
        super().build()

    def text_config(self):
        config = super().text_config()
        config.vocab_size = self.tokenizer.get_vocab_size()
        return config

    def message(self, role, text, pictures=0):
        return {"role": role, "content": "<image>\n" * pictures + text}

    def render(self, messages, answer):
        system = self.system
        if messages[0]["role"] == "system":
            system, messages = messages[0]["content"], messages[1:]
        turns = ["USER: " + turn["content"] + " " if turn["role"] == "user" else "ASSISTANT: " + turn["content"] + "</s>" for turn in messages]
        return system + " " + "".join(turns) + "ASSISTANT:"

    def rows(self, text, inputs):
        return self.spread(text, inputs, 0)

    def behind(self, text, inputs, first):
        return self.spread(text, inputs, first)

    def spread(self, text, inputs, first):
        parts = text.split("<image>")
        ids = cut_text(self.tokenizer, parts[0])
        for part in parts[1:]:
            ids += [self.image] * 9 + cut_text(self.tokenizer, part)
        return ids

    def save(self, folder, state):
        save_tensors(folder, llava.original_names({key: value for key, value in state.items() if "vision_tower" not in key}))
        save_json(said(self.config.text_config) | {
            "model_type": "llava", "architectures": ["LlavaLlamaForCausalLM"], "mm_vision_tower": "someone/vision-tower",
            "mm_hidden_size": 12, "mm_projector_type": "mlp2x_gelu", "mm_vision_select_layer": -2, "mm_vision_select_feature": "patch",
            "mm_use_im_start_end": False, "image_aspect_ratio": "pad"}, folder, "config.json")
        save_sentencepiece(folder)
        tower = os.path.join(folder, "vision_tower")
        os.makedirs(tower)
        nested = llava.nested(state, "model.vision_tower.")
        save_tensors(tower, {key.removeprefix("model.vision_tower."): value for key, value in nested.items() if "vision_tower" in key})
        save_json(said(self.config.vision_config), tower, "config.json")
        processor("llava", **Llava.crop).save_pretrained(tower)
        llava.rename_processor(tower, "CLIPImageProcessor")


class Nano(OneVision):
    """The reference throws the encoder's last layer away and takes what the one before it leaves: hidden_states[-2]."""

    jinja, multiple, ends = "nanollava", True, None

    def __init__(self, name):
        Family.__init__(self, name)
        self.tokenizer = qwen_tokenizer([])
        self.stops = [self.tokenizer.token_to_id("<|im_end|>")]
        self.image = self.tokenizer.token_to_id("\u00ff")
        self.build()

    def build(self):
        from transformers import LlavaConfig, LlavaForConditionalGeneration, SiglipVisionConfig

        self.config = LlavaConfig(vision_config=SiglipVisionConfig(**SIGLIP, vision_use_head=False), text_config=self.text_config(),
                                  image_token_index=self.image, vision_feature_select_strategy="full")
        self.model_class = LlavaForConditionalGeneration
        self.pictures = processor("llava", size={"height": 12, "width": 12}, crop_size={"height": 12, "width": 12}, do_pad=True,
                                  image_mean=[0.5] * 3, image_std=[0.5] * 3)

    def look(self, images):
        return self.pictures(images, return_tensors="np")

    message, rows, behind, spread = Original.message, Original.rows, Original.behind, Original.spread

    def save(self, folder, state):
        save_tensors(folder, llava.original_names(llava.nested(state, "model.vision_tower.")))
        save_json(said(self.config.text_config) | {
            "model_type": "llava-qwen2", "architectures": ["LlavaQwen2ForCausalLM"], "mm_hidden_size": 12, "mm_projector_type": "mlp2x_gelu",
            "mm_vision_tower": "google/siglip-so400m-patch14-384", "mm_vision_select_layer": -2, "image_aspect_ratio": "pad"}, folder, "config.json")
        save_tokenizer(folder, self.tokenizer, self.words)
        shutil.copy(os.path.join(HERE, "chat_templates", self.jinja + ".jinja"), os.path.join(folder, "chat_template.jinja"))
        tower = os.path.join(folder, "vision_tower")
        os.makedirs(tower)
        save_json(said(self.config.vision_config), tower, "config.json")
        processor("siglip", size={"height": 12, "width": 12}).save_pretrained(tower)


# LLaVA's own layout


def save_sentencepiece(folder):
    with open(os.path.join(folder, "tokenizer.model"), "wb") as file:
        file.write(sentencepiece_model(*llama_pieces()).SerializeToString(deterministic=True))
    save_json({"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False, "bos_token": "<s>",
               "eos_token": "</s>", "unk_token": "<unk>", "legacy": True}, folder, "tokenizer_config.json")


def save_original(folder, family, state, more={}):
    """Of a family with grids: all but the tokenizer. more: of config.json."""
    save_tensors(folder, llava.original_names(llava.nested(state, "model.vision_tower.")))
    save_json(llava.original_of_grids(family.config) | more, folder, "config.json")
    shutil.copy(os.path.join(HERE, "chat_templates", family.jinja + ".jinja"), os.path.join(folder, "chat_template.jinja"))
    llava.write_tower(folder, family.config)
    if family.ends == "generation_config":
        save_json({"eos_token_id": family.stops}, folder, "generation_config.json")


def write_original(folder, family, state):
    """The same weights in the other layout."""
    place = os.path.join(folder, family.name + "-original")
    os.makedirs(place)
    save_original(place, family, state)
    if family.name == "onevision":
        save_tokenizer(place, family.tokenizer, family.words)
    else:
        save_sentencepiece(place)


# GGUF


def gguf_name(name):
    """A decoder's tensor as llama.cpp names it; None: it is of another part."""
    name = name.removeprefix("model.").replace("text_model.", "language_model.")
    if name == "lm_head.weight":
        return "output.weight"
    if not name.startswith("language_model."):
        return None
    for ours, theirs in (("language_model.", ""), ("embed_tokens", "token_embd"), ("layers.", "blk."), ("input_layernorm", "attn_norm"),
                         ("post_attention_layernorm", "ffn_norm"), ("self_attn.o_proj", "attn_output"), ("self_attn.", "attn_"),
                         ("_proj", ""), ("mlp.", "ffn_")):
        name = name.replace(ours, theirs)
    return "output_norm.weight" if name == "norm.weight" else name


def pairs_apart(weight, heads):
    """llama.cpp turns neighbours, transformers the two halves of a head."""
    return weight.reshape(heads, 2, -1, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def write_decoder(path, config, state, add_words):
    import gguf

    file = gguf.GGUFWriter(path, "llama")
    file.add_context_length(config.max_position_embeddings)
    file.add_embedding_length(config.hidden_size)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_block_count(config.num_hidden_layers)
    file.add_head_count(config.num_attention_heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    add_words(file)
    for key, value in sorted(state.items()):
        name, value = gguf_name(key), value.float().numpy()
        if name and ("attn_q" in name or "attn_k" in name):
            value = pairs_apart(value, config.num_attention_heads if "attn_q" in name else config.num_key_value_heads)
        if name and value.ndim == 1:
            file.add_tensor(name, np.ascontiguousarray(value))
        elif name:
            kind = gguf.GGMLQuantizationType.BF16
            file.add_tensor(name, gguf.quantize(np.ascontiguousarray(value), kind), raw_dtype=kind)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def write_llava_pair(folder, family, state):
    def add_words(file):
        pieces = sentencepiece_model(*llama_pieces()).pieces
        file.add_tokenizer_model("llama")
        file.add_token_list([piece.piece for piece in pieces])
        file.add_token_scores([piece.score for piece in pieces])
        file.add_token_types([piece.type for piece in pieces])
        file.add_bos_token_id(1)
        file.add_eos_token_id(2)

    place = os.path.join(folder, "pair")
    os.makedirs(place)
    write_decoder(os.path.join(place, "model.gguf"), family.config.text_config, state, add_words)
    llava.write_mmproj(place, "mmproj", state, family.config.vision_config,
                       {"clip.projector_type": "mlp", "clip.has_llava_projector": True, "clip.use_gelu": False,
                        "clip.vision.feature_layer": [2]} | llava.CLIP_COLOURS, 2)


def write_smolvlm_pair(folder, family, state):
    def add_words(file):
        vocabulary = sorted(family.tokenizer.get_vocab().items(), key=lambda item: item[1])
        special = family.tokenizer.get_added_tokens_decoder()
        size = family.config.text_config.vocab_size
        padding = [f"[PAD{i}]" for i in range(len(vocabulary), size)]
        file.add_tokenizer_model("gpt2")
        file.add_tokenizer_pre("smollm")
        file.add_token_list([piece for piece, _ in vocabulary] + padding)
        file.add_token_types([3 if id in special else 1 for _, id in vocabulary] + [5] * len(padding))
        file.add_token_merges([" ".join(pair) for pair in json.loads(family.tokenizer.to_str())["model"]["merges"]])
        file.add_eos_token_id(family.stops[0])
        file.add_add_bos_token(False)
        with open(os.path.join(HERE, "chat_templates", "smolvlm.jinja"), encoding="utf-8", newline="") as jinja:
            file.add_chat_template(jinja.read())

    place = os.path.join(folder, "smolvlm-pair")
    os.makedirs(place)
    write_decoder(os.path.join(place, "model.gguf"), family.config.text_config, state, add_words)
    half = [0.5, 0.5, 0.5]
    llava.write_mmproj(place, "mmproj", state, family.config.vision_config,
                       {"clip.projector_type": "idefics3", "clip.use_gelu": True, "clip.vision.projector.scale_factor": 2,
                        "clip.vision.preproc_image_size": 48, "clip.vision.image_mean": half, "clip.vision.image_std": half}, 3)


FAMILIES = {"llava": Llava, "llava-new": Llava, "next": Next, "next-mistral": NextMistral, "opened": Opened, "longrope": LongRope, "onevision": OneVision, "smolvlm": SmolVlm,
            "idefics3": Idefics3, "original": Original, "nano": Nano, "qwen": Qwen}
OTHERS = {"original": write_llava_pair, "smolvlm": write_smolvlm_pair, "next": write_original, "next-mistral": write_original,
          "onevision": write_original}


def save_tokenizer(folder, tokenizer, config):
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(json.loads(tokenizer.to_str()), file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    save_json(config, folder, "tokenizer_config.json")


def save_tensors(folder, state, dtype="bfloat16"):
    import torch
    from safetensors.torch import save_file

    save_file({key: value.to(getattr(torch, dtype)).contiguous().clone() for key, value in state.items()},
              os.path.join(folder, "model.safetensors"), {"format": "pt"})


# References


def words_of(tokenizer):
    """Ids that answers are to be made of."""
    vocabulary = tokenizer.get_vocab()
    added = tokenizer.get_added_tokens_decoder()
    return [id for piece, id in sorted(vocabulary.items()) if id not in added and piece.isascii() is not None and
            not piece.startswith("<0x") and piece.strip("\u2581\u0120").isascii() and piece.strip("\u2581\u0120")]


def make(family, seed):
    """Random weights that bfloat16 holds, under which every part counts and answers are made of words."""
    import torch

    model = family.model_class._from_config(family.config, attn_implementation="eager").eval()
    chance = np.random.default_rng(seed)
    rare = np.ones(family.config.text_config.vocab_size, bool)
    rare[words_of(family.tokenizer)] = False
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            values = chance.standard_normal(tuple(parameter.shape))
            if "norm" in name or "layrnorm" in name:
                values = 0.3 * values + name.endswith("weight")
            elif parameter.ndim > 1 and "embed" not in name:
                values *= 1.5 / np.sqrt(np.prod(parameter.shape[1:]))
            elif family.config.text_config.tie_word_embeddings:
                values *= 0.3  # else the head says the last id again
            if len(values) == len(rare):
                values[rare] *= 0.3
            parameter.copy_(torch.from_numpy(0.7 * values if name.endswith("bias") else values).to(torch.bfloat16))
    return model.double()


def answer(family, model, ids, inputs):
    """What follows greedily: ids, the logits of the first and of the last, the least margin."""
    import torch

    arguments = {key: torch.as_tensor(value) for key, value in (inputs or {}).items() if key not in ("rows", "cols")}
    if inputs:
        arguments["pixel_values"] = arguments["pixel_values"].double()
    following, margin, first = [], np.inf, None
    while len(following) < ANSWER and not (following and following[-1] in family.stops):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids + following]), use_cache=False, **arguments).logits[0, -1].numpy()
        best = np.sort(logits)[-2:]
        margin = min(margin, best[1] - best[0])
        first = logits if first is None else first
        following.append(int(logits.argmax()))
    return following, first, logits, margin


class Refused(Exception):
    pass


def converse(family, model, noted, key, system, turns):
    """One conversation, as it is written down."""
    messages = [family.message("system", system)] if system is not None else []
    ids, images, out, text = [], [], [], ""
    for turn, (question, names) in enumerate(turns):
        again = turn and names and not family.multiple
        messages.append(family.message("user", typed(question), len(names)))
        new = [picture(*PICTURES[name]) for name in names]
        images += new
        inputs = family.look(images) if images else None
        whole = family.render(messages, True)
        if turn and not again:
            mark = family.render(messages[:-2] + [family.message("assistant", "\ue001"), messages[-1]], True)
            appended = mark[mark.index("\ue001") + 1:]
            kept = out[-1]["answer"]
            kept = kept[:-1] if kept[-1] in family.stops else kept
            ids = ids + kept + family.behind(appended, inputs, len(images) - len(new))
        else:
            ids = family.begins + family.rows(whole, inputs)
        following, first, last, margin = answer(family, model, ids, inputs)
        if margin < MARGIN or any(id not in family.answers for id in following if id not in family.stops):
            raise Refused(f"{family.name}: margin {margin}")
        if len(set(following)) < len(following) // 3:
            raise Refused(f"{family.name}: {following} says the same again and again")
        noted[f"{key}.{turn}.first"], noted[f"{key}.{turn}.last"] = first, last
        text = family.said(following[:-1] if following[-1] in family.stops else following)
        out.append({"question": question, "pictures": names, "ids": [-1 if id == family.image else id for id in ids],
                    "answer": following, "text": text, "ending": "end" if following[-1] in family.stops else "length"})
        messages.append(family.message("assistant", text))
    return {"system": system, "turns": out}


CONVERSATIONS = [
    (None, [(QUESTIONS[0], ["wide.png"]), (QUESTIONS[1], [])]),
    (None, [(QUESTIONS[2], []), (QUESTIONS[0], ["high.png"])]),
    ("You see\n and answer.", [(QUESTIONS[1], ["high.png", "wide.png"])]),
    (None, [(QUESTIONS[2], ["high.png"]), (QUESTIONS[0], ["wide.png"])]),
]


def converse_all(family, seed):
    """The model, conversations, logits."""
    model, noted = make(family, seed), {}
    vocabulary = range(family.tokenizer.get_vocab_size())
    family.answers = set(vocabulary) - set(family.tokenizer.get_added_tokens_decoder()) - {family.image}
    if family.ends:
        # Answers of chance never end: one id of the first is made an end.
        first = converse(family, model, {}, "", *CONVERSATIONS[0])["turns"][0]["answer"]
        family.stops = family.stops + [next(id for i, id in enumerate(first) if i > 7 and id not in first[:i])]
    return model, [converse(family, model, noted, i, *one) for i, one in enumerate(CONVERSATIONS)], noted


def search(kind, name):
    """The first seed whose greedy steps are all clear."""
    for seed in range(SEED, SEED + 40):
        family = kind(name)
        try:
            return family, *converse_all(family, seed)
        except Refused as refused:
            print(refused)
    raise RuntimeError("no seed with clear steps: " + name)


def save_family(folder, family, model):
    place = os.path.join(folder, family.name)
    os.makedirs(place)
    if family.ends == "text_config":
        family.config.text_config.eos_token_id = family.stops
    if family.ends == "generation_config":
        save_json({"eos_token_id": family.stops}, place, "generation_config.json")
    state = model.state_dict()
    if family.config.text_config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    family.save(place, state)
    if family.name in OTHERS:
        OTHERS[family.name](folder, family, state)


def write(data):
    """Fills data/assistants."""
    import torch
    from clip import quiet
    from safetensors.numpy import save_file

    quiet()
    torch.set_num_threads(1)
    folder = os.path.join(data, "assistants")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "pictures"))
    for name, size in PICTURES.items():
        picture(*size).save(os.path.join(folder, "pictures", name))
    for name, kind in FAMILIES.items():
        family, model, conversations, noted = search(kind, name)
        save_family(folder, family, model)
        with open(os.path.join(folder, name + ".json"), "w") as file:
            file.write("[" + ",\n".join(json.dumps(one) for one in conversations) + "]\n")
        save_file({key: value.astype(np.float32) for key, value in noted.items()}, os.path.join(folder, name + ".safetensors"))
