"""Conversations as transformers renders them with the Jinja texts of chat_templates/, for test_chat_template.c.

chat_template.py FOLDER OUT   does the same for the Jinja texts of another folder, as of models at hand; then
                              build/tests/golden/test_chat_template OUT FOLDER says which are refused, and fails where
                              one is not refused but rendered otherwise than transformers does
"""

import glob
import json
import os
import sys

from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURE = None
SIGNS = "Say </s><|im_end|> [/INST] {{ messages }} {% if %}"


def user(*parts):
    return ["user", *parts]


CONVERSATIONS = [
    [user("Hi")],
    [user("  Two\n\nlines \n")],
    [["system", "Be brief."], user("What is it?")],
    [["system", "\n Be brief. "], user(" \tWhat is it?\n")],
    [["system", ""], user("Hi")],
    [user("One"), ["assistant", "1"], user("Two")],
    [user("One "), ["assistant", " 1\n"], user(" Two")],
    [["system", "Count."], user("One"), ["assistant", "1"], user("Two"), ["assistant", "2"], user("Three")],
    [["system", "Count."], user("One"), ["assistant", "1"]],
    [user(SIGNS)],
    [user("고양이 ∑ 🐈"), ["assistant", "é"], user("\u3000ok\u00a0")],
    [user("Why?"), ["assistant", "<think>\nwell\n</think>\n\nSo."], user("And?")],
    [user("Why?"), ["assistant", "<think>\nwell\n</think>\n\nSo."]],
    [user(PICTURE, "What is it?")],
    [user("What is it?", PICTURE)],
    [user(PICTURE, PICTURE, " Which? "), ["assistant", "Both."], user("Sure?")],
    [["system", "Look."], user(PICTURE, "This?"), ["assistant", "Yes."], user(PICTURE, "And this?")],
    [user("First", PICTURE, "second")],
]
WHOLE = [0, 5, 7, 8, 12]  # of which what stands without a generation prompt is kept, too


def wants_list(jinja):
    return "selectattr('type'" in jinja or "line['type']" in jinja or "content['type']" in jinja


def message(parts, as_list):
    content = [{"type": "image"} if part is PICTURE else {"type": "text", "text": part} for part in parts[1:]]
    return {"role": parts[0], "content": content if as_list else parts[1]}


def render(compiled, conversation, as_list, answer):
    """None: refused, or without a way to hold a picture."""
    if not as_list and any(part is PICTURE for parts in conversation for part in parts):
        return None
    messages = [message(parts, as_list) for parts in conversation]
    try:
        return compiled.render(messages=messages, tools=None, documents=None, bos_token="<s>", eos_token="</s>",
                               add_generation_prompt=answer, date_string="26 Jul 2024")
    except Exception:
        return None


def cases_of(jinja):
    as_list = wants_list(jinja)
    compiled = _compile_jinja_template(jinja)
    # Some always ask for an answer, some never behind an answer, some leave off the end of the last turn.
    whole = "add_generation_prompt" in jinja and "not loop.last" not in jinja
    picky = "messages[-1]['role'] != 'assistant'" in jinja or "add_generation_prompt" not in jinja
    return {
        "picture": "<|image_pad|>" if "<|image_pad|>" in jinja else "<image>",
        "answer": [None if picky and conversation[-1][0] == "assistant" else render(compiled, conversation, as_list, True)
                   for conversation in CONVERSATIONS],
        "whole": [render(compiled, conversation, as_list, False) if whole and i in WHOLE else None
                  for i, conversation in enumerate(CONVERSATIONS)],
    }


def write_cases(source, path):
    templates = {}
    for name in sorted(glob.glob(os.path.join(source, "*.jinja"))):
        with open(name, encoding="utf-8", newline="") as file:
            jinja = file.read()
        try:
            templates[os.path.basename(name)] = cases_of(jinja)
        except Exception as error:
            print(os.path.basename(name), "is no template of transformers:", error, file=sys.stderr)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"conversations": CONVERSATIONS, "templates": templates}, file, indent=0, ensure_ascii=False)
        file.write("\n")


def write(folder):
    folder = os.path.join(folder, "chat_template")
    os.makedirs(folder, exist_ok=True)
    write_cases(os.path.join(HERE, "chat_templates"), os.path.join(folder, "cases.json"))


if __name__ == "__main__":
    write_cases(sys.argv[1], sys.argv[2])
