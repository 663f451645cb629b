"""Files of weights as PyTorch and transformers write them, and some that nobody should.

data/weights/good/NAME.bin           what torch.save wrote
data/weights/good/NAME.safetensors   the tensors that torch.load gets out of it
data/weights/refused/NAME.bin        what must not be read: NAME says why, refused.json which words the message has
data/weights/sharded*/               a folder of shards with their index, and all tensors in whole.safetensors
"""

import collections
import io
import json
import os
import pickle
import shutil
import struct
import zipfile

SEED = 41


def tensors():
    """One of each dtype that has a safetensors name, scalars and empty ones among them."""
    import torch

    torch.manual_seed(SEED)
    return {
        "single": torch.randn(3, 5),
        "half": torch.randn(4, 2).half(),
        "brain": torch.randn(7).bfloat16(),
        "double": torch.randn(2, 2, 2, dtype=torch.float64),
        "long": torch.arange(5) - 2**40,
        "int": torch.arange(4, dtype=torch.int32) - 2,
        "char": torch.arange(3, dtype=torch.int8) - 1,
        "byte": torch.arange(3, dtype=torch.uint8),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
    }


def bytes_of(value):
    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def good_values():
    """name: (what is saved, the tensors that are in it)."""
    import torch

    plain = tensors()
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    ordered = module.state_dict()
    whole = torch.randn(6, 4)
    shared = {"rows": whole[2:4], "all": whole, "again": whole, "last": whole.view(-1)[20:], "one": whole[:1]}
    shared["positions"] = torch.arange(4).expand(1, -1)
    parameter = torch.nn.Parameter(torch.randn(3, 2))
    bools = {"mask": torch.tensor([True, False, True])}
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    trained = {"epoch": 3, "name": "a run", "loss": 0.25, "done": None, "best": [1, 2.5, "x", (4, True)], "steps": 2**40,
               "seen": {i: -i for i in range(1001)},  # more than one SETITEMS sets
               "state_dict": collections.OrderedDict(("module." + key, value) for key, value in ordered.items()),
               "optimizer": optimizer.state_dict()}
    many = {f"{i}": row for i, row in enumerate(torch.arange(260).half())}  # more than a byte counts in the memo
    return {
        "plain": (plain, plain),
        "ordered": (ordered, ordered),
        "shared": (shared, shared),
        "parameter": ({"p": parameter, "q": torch.nn.Parameter(torch.ones(2).half(), requires_grad=False)}, None),
        "bools": (bools, {"mask": bools["mask"].to(torch.uint8)}),
        "trained": (trained, ordered),
        "many": (many, many),
    }


class Odd:
    """Pickles as a call of function with arguments."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class Stateful:
    """Pickles as an object with attributes."""

    def __init__(self):
        self.harmless = 1


def archive(data_pkl, entries=(), folder="archive", method=zipfile.ZIP_STORED):
    """What torch.save would make of a pickle: data/0 holds eight floats."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        parts = [("data.pkl", data_pkl), ("byteorder", b"little"), ("data/0", struct.pack("<8f", *range(8))),
                 ("version", b"3\n"), *entries]
        for name, value in dict(parts).items():
            file.writestr(zipfile.ZipInfo(f"{folder}/{name}"), value, method)
    return buffer.getvalue()


def text(value):
    value = value.encode()
    return b"X" + struct.pack("<I", len(value)) + value


def storage(kind="FloatStorage", key="0", count=b"K\x08"):
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + count + b"tQ"


def tensor(offset=b"K\x00", shape=b"K\x08\x85", stride=b"K\x01\x85", of=None):
    head = b"ctorch._utils\n_rebuild_tensor_v2\n("
    return head + (of or storage()) + offset + shape + stride + b"\x89ccollections\nOrderedDict\n)RtR"


def dictionary(value, key="weight"):
    return b"\x80\x02}" + text(key) + value + b"s."


def refused_files():
    """name: (bytes, words of the message)."""
    import torch

    names = {}

    def add(name, value, *words):
        names[name] = (value, words)

    def add_pickle(name, value, *words):
        add(name, archive(value), *words)

    def called(*call):
        return pickle.dumps({"weight": Odd(*call)}, protocol=2)

    add_pickle("system", called(os.system, "true"), "calls something", "posix system")
    add_pickle("eval", called(eval, "1"), "calls something", "eval")
    add_pickle("getattr", called(getattr, 1, "real"), "calls something", "getattr")
    add_pickle("object", pickle.dumps({"weight": Stateful()}, protocol=2), "calls something", "weights Stateful")
    add_pickle("load", dictionary(b"ctorch\nload\n" + text("x") + b"\x85R"), "calls something", "torch load")
    add_pickle("instance", dictionary(b"(ios\nsystem\n"), "INST")
    add_pickle("obj", dictionary(b"(cos\nsystem\n" + text("true") + b"o"), "calls something", "os system")
    add_pickle("newobj", dictionary(b"ccollections\nOrderedDict\n)\x81"), "NEWOBJ")
    add_pickle("stack-global", dictionary(text("os") + text("system") + b"\x93"), "STACK_GLOBAL")
    add_pickle("extension", dictionary(b"\x82\x01"), "EXT1")
    add_pickle("call-tensor", dictionary(tensor() + b")R"), "REDUCE of what is no function")
    add_pickle("call-class", dictionary(b"ctorch\nFloatStorage\nK\x08\x85R"), "calls something", "torch FloatStorage")
    add_pickle("dict-of", dictionary(b"ccollections\nOrderedDict\n]\x85R"), "OrderedDict of something")
    add_pickle("arguments", dictionary(b"ccollections\nOrderedDict\n]R"), "no tuple")
    add_pickle("build-tensor", dictionary(tensor() + b"}b"), "BUILD of what is no dictionary")
    add_pickle("escape", dictionary(b"c\x1b[31mred\nx\xff\n"), "calls something", "?[31mred x?")
    add_pickle("protocol-4", pickle.dumps({"a": 1}, protocol=4), "protocol 4")
    add_pickle("text-protocol", pickle.dumps({"a": 1}, protocol=0), "DICT")
    add_pickle("unknown-operation", dictionary(b"\xff"), "unknown operation")
    add_pickle("no-tensors", pickle.dumps({"a": 1, "b": {"c": None}}, protocol=2), "without tensors")
    add_pickle("no-dictionary", pickle.dumps([1, 2], protocol=2), "another value than a dictionary")
    itself = {}
    itself["state_dict"] = itself
    add_pickle("recursive", pickle.dumps(itself, protocol=2), "without tensors")
    inside = []
    inside.append((inside,))
    add_pickle("recursive-list", pickle.dumps(inside, protocol=2), "another value than a dictionary")
    add_pickle("deep", b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".", "another value than a dictionary")
    add_pickle("deep-tuples", b"\x80\x02)" + b"\x85" * 5000 + b".", "another value than a dictionary")
    doubling = b"\x80\x02)q\x00" + b"".join(b"h%ch%c\x86q%c" % (i, i, i + 1) for i in range(60)) + b"."
    add_pickle("doubling", doubling, "more than one value")
    add_pickle("memo-gap", b"\x80\x02}r\xff\xff\xff\xff.", "gap in the memo")
    add_pickle("memo-empty", b"\x80\x02h\x00.", "memo does not hold")
    add_pickle("text-too-long", b"\x80\x02X\xff\xff\xff\xffabc.", "early end")
    add_pickle("mark-missing", b"\x80\x02}u.", "mark that is not there")
    add_pickle("mark-popped", b"\x80\x02}(K\x01s.", "not there")
    add_pickle("mark-in-tuple", b"\x80\x02(K\x01\x86.", "tuple without its items")
    add_pickle("half-pair", b"\x80\x02}(K\x01K\x02K\x03u.", "key without a value")
    add_pickle("stack-empty", b"\x80\x02a.", "not there")
    add_pickle("behind-stop", dictionary(tensor()) + b"}.", "more than one value")
    add_pickle("no-stop", dictionary(tensor())[:-1], "early end")
    add_pickle("long-number", dictionary(b"\x8a\x09" + b"\1" * 9), "64 bits")
    add_pickle("offset", dictionary(tensor(offset=b"K\x01")), "beyond its storage")
    add_pickle("offset-negative", dictionary(tensor(offset=b"J\xff\xff\xff\xff")), "a tensor in")
    add_pickle("offset-long", dictionary(tensor(offset=b"\x8a\x01\xff")), "a tensor in")  # -1
    add_pickle("offset-huge", dictionary(tensor(offset=b"\x8a\x08" + b"\xff" * 7 + b"\x7f")), "beyond its storage")
    side = b"\x8a\x08" + b"\0" * 7 + b"\x40"
    add_pickle("shape-huge", dictionary(tensor(shape=side + side + b"\x86", stride=side + b"K\x01\x86")), "the shape")
    add_pickle("shape-negative", dictionary(tensor(shape=b"J\xf8\xff\xff\xff\x85")), "the shape")
    add_pickle("shape-text", dictionary(tensor(shape=text("8") + b"\x85")), "the shape")
    add_pickle("strides-fewer", dictionary(tensor(stride=b")")), "the shape")
    nine = b"(" + b"K\x01" * 9 + b"t"
    add_pickle("nine-sides", dictionary(tensor(shape=nine, stride=nine)), "the shape")
    add_pickle("storage-absent", dictionary(tensor(of=storage(key="1"))), "storage that is not there")
    add_pickle("storage-climbs", dictionary(tensor(of=storage(key="../data.pkl"))), "storage that is not there")
    add_pickle("storage-large", dictionary(tensor(of=storage(count=b"K\x09"))), "larger than its bytes")
    add_pickle("storage-kind", dictionary(tensor(of=storage("ShortStorage"))), "calls something", "ShortStorage")
    add_pickle("storage-short", dictionary(b"(" + text("storage") + b"tQ"), "identity of a storage")
    add_pickle("storage-none", dictionary(b"NQ"), "identity of a storage")
    add_pickle("name-line", dictionary(tensor(), "a\nb"), "name of a tensor")
    add_pickle("name-zero", dictionary(tensor(), "a\0b"), "name of a tensor")
    add_pickle("name-empty", dictionary(tensor(), ""), "name of a tensor")
    add_pickle("name-number", b"\x80\x02}K\x01" + tensor() + b"s.", "name of a tensor")
    twice = b"\x80\x02}" + (text("w") + tensor() + b"s") * 2 + b"."
    add_pickle("name-twice", twice, "two tensors of one name")

    whole = torch.randn(4, 3)
    add("transposed", bytes_of({"turned.weight": whole.t()}), "transposed or strided", "turned.weight")
    add("columns", bytes_of({"columns": whole[:, 1]}), "transposed or strided", "columns")
    add("expanded", bytes_of({"expanded": whole[0].expand(3, -1)}), "transposed or strided", "expanded")
    buffer = io.BytesIO()
    torch.save({"weight": whole}, buffer, _use_new_zipfile_serialization=False)
    add("old-format", buffer.getvalue()[:64], "before 1.6")  # behind them, addresses in memory are names
    right = dictionary(tensor())
    add("deflated", archive(right, method=zipfile.ZIP_DEFLATED), "compressed entry", "archive/data.pkl")
    add("script", archive(right, [("constants.pkl", b"\x80\x02).")]), "TorchScript")
    add("big-endian", archive(right, [("byteorder", b"big")]), "byte order")
    add("two-pickles", archive(right, [("other/data.pkl", right)]), "two pickles")
    add("no-pickle", archive(right).replace(b"data.pkl", b"data.txt"), "no data.pkl")
    encrypted = bytearray(archive(right))
    encrypted[encrypted.rindex(b"PK\1\2") + 8] |= 1
    add("encrypted", bytes(encrypted), "encrypted entry")
    add("same-name", archive(right, [("data/1", b"x" * 4)]).replace(b"data/1", b"data/0"), "two entries of one name")
    return names


def write_file(folder, name, value):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(value)


def save(values, path):
    from safetensors.torch import save_file

    save_file({key: value.detach().contiguous().clone() for key, value in values.items()}, path)


def write_good(folder):
    import torch

    os.makedirs(folder)
    for name, (value, wanted) in good_values().items():
        path = os.path.join(folder, name)
        torch.save(value, path + ".bin")
        if wanted is None:
            wanted = torch.load(path + ".bin", weights_only=True)
        save(wanted, path + ".safetensors")
    # Re-packed by another program: no alignment, and the sizes that zip64 keeps elsewhere.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, zipfile.ZipFile(os.path.join(folder, "plain.bin")) as from_torch:
        for entry in from_torch.infolist():
            with file.open(zipfile.ZipInfo("odd/" + entry.filename.split("/", 1)[1]), "w", force_zip64=True) as out:
                out.write(from_torch.read(entry))
    write_file(folder, "repacked.bin", buffer.getvalue())
    save(tensors(), os.path.join(folder, "repacked.safetensors"))


def write_refused(folder):
    os.makedirs(folder)
    words = {}
    for name, (value, said) in refused_files().items():
        write_file(folder, name + ".bin", value)
        words[name] = said
    with open(os.path.join(folder, "refused.json"), "w") as file:
        json.dump(words, file, indent=1)
        file.write("\n")


def write_sharded(folder, index, pattern, save_one):
    os.makedirs(folder)
    values = tensors()
    names = sorted(values)
    parts = [names[:4], names[4:7], names[7:]]
    places = {}
    for i, part in enumerate(parts):
        file = pattern % (i + 1, len(parts))
        save_one({name: values[name] for name in part}, os.path.join(folder, file))
        places.update({name: file for name in part})
    size = sum(value.numel() * value.element_size() for value in values.values())
    with open(os.path.join(folder, index), "w") as file:
        json.dump({"metadata": {"total_size": size}, "weight_map": places}, file, indent=1)
        file.write("\n")
    save(values, os.path.join(folder, "whole.safetensors"))


def write(folder):
    """Fills folder/weights."""
    import torch

    folder = os.path.join(folder, "weights")
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(SEED)
    write_good(os.path.join(folder, "good"))
    write_refused(os.path.join(folder, "refused"))
    write_sharded(os.path.join(folder, "sharded"), "model.safetensors.index.json", "model-%05d-of-%05d.safetensors",
                  save)
    write_sharded(os.path.join(folder, "sharded-pickles"), "pytorch_model.bin.index.json",
                  "pytorch_model-%05d-of-%05d.bin", torch.save)
