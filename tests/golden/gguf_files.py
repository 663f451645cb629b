"""GGUF files by the package gguf.

data/gguf/all.gguf               a value of each type of metadata, a tensor of each type that is read
data/gguf/all.safetensors        the tensors' numbers
data/gguf/parts-0000K-of-00002   the same tensors in two files, as llama.cpp's gguf-split cuts them
"""

import os

SEED = 47
KINDS = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]


def add_values(writer):
    import gguf

    kind = gguf.GGUFValueType
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_uint64("test.u64", 2**64 - 1)
    writer.add_int64("test.i64", -(2**62))
    writer.add_float32("test.f32", 0.5)
    writer.add_float64("test.f64", 1e-300)
    writer.add_bool("test.yes", True)
    writer.add_bool("test.no", False)
    writer.add_string("test.string", "한국 \0 text")
    writer.add_string("test.empty", "")
    writer.add_array("test.strings", ["one", "", "세 개"])
    writer.add_key_value("test.integers", [-1, 2, 2**31 - 1], kind.ARRAY, sub_type=kind.INT32)
    writer.add_key_value("test.numbers", [0.25, -2.0], kind.ARRAY, sub_type=kind.FLOAT32)


def tensors(random):
    """name: (numbers, bytes as they lie in the file, type)."""
    import gguf
    import numpy
    from quants import SMALL, random_blocks

    made = {}
    for name in KINDS:
        kind = gguf.GGMLQuantizationType[name]
        if name.endswith("_K"):
            raw = random_blocks(name, random)[:4].reshape(4, -1)
        elif name in SMALL or name == "BF16":
            raw = gguf.quantize(random.normal(0, 1, (3, 64)).astype(numpy.float32), kind)
        else:
            raw = random.normal(0, 1, (2, 3, 5)).astype(numpy.float16 if name == "F16" else numpy.float32)
        made["blk.0." + name] = (gguf.dequantize(raw, kind).reshape(raw.shape[:-1] + (-1,)), raw, kind)
    one = numpy.array([1.5], dtype=numpy.float32)
    made["one"] = (one, one, gguf.GGMLQuantizationType.F32)
    return made


def write_gguf(path, add, some):
    import gguf

    writer = gguf.GGUFWriter(path, "test")
    add(writer)
    for name, (_, raw, kind) in some.items():
        writer.add_tensor(name, raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write(folder):
    import numpy
    from safetensors.numpy import save_file

    folder = os.path.join(folder, "gguf")
    os.makedirs(folder, exist_ok=True)
    made = tensors(numpy.random.default_rng(SEED))
    write_gguf(os.path.join(folder, "all.gguf"), add_values, made)
    save_file({name: numpy.ascontiguousarray(value) for name, (value, _, _) in made.items()}, os.path.join(folder, "all.safetensors"))
    names = list(made)
    for part, some in enumerate([names[:5], names[5:]]):

        def add_split(writer):
            writer.add_uint16("split.no", part)
            writer.add_uint16("split.count", 2)
            writer.add_int32("split.tensors.count", len(names))

        write_gguf(os.path.join(folder, "parts-%05d-of-00002.gguf" % (part + 1)), add_split, {name: made[name] for name in some})
